"""What people read, in both languages: nothing is missing in either, and both are easy to read."""

import re

import pytest

from shared.web.reading import GRADE, grade
from shared.web.reading_es import EASE, ease, syllables
from tests.unit.web.catalogues import beside, catalogues, lines

BOTH, TABLES = catalogues(), beside()
HOLE = re.compile(r"{\w*}")
ENOUGH = 15  # words: of fewer, or of names alone, no grade can be told


def filled(said: object) -> str:
    return "\n".join(HOLE.sub("Dana", line) for line in lines(said))


def words_in(text: str) -> int:
    return len(re.findall(r"\w+", text))


def test_the_catalogues_of_the_house_are_found():
    assert {"shared.web.words.WORDS", "services.intake.says.SHARED", "services.caseplan.pages.mine_words.WORDS"} <= set(
        BOTH
    )
    assert {"shared.web.looks_words.DEEDS", "services.intake.words.CATEGORIES"} <= set(TABLES)


@pytest.mark.parametrize("name", BOTH)
def test_a_key_that_one_language_misses_fails(name):
    english, spanish = BOTH[name]
    assert english.keys() == spanish.keys()
    for key, said in english.items():
        pairs = list(zip(lines(said), lines(spanish[key]), strict=True))
        assert any(en.strip() for en, _ in pairs) and all(bool(en.strip()) == bool(es.strip()) for en, es in pairs), key
        for en, es in pairs:
            assert sorted(set(HOLE.findall(en))) == sorted(set(HOLE.findall(es))), key


@pytest.mark.parametrize("name", TABLES)
def test_words_beside_each_other_are_there_in_both_languages(name):
    for words in TABLES[name]:
        assert words.en.strip() and words.es.strip(), words
        assert set(HOLE.findall(words.en)) == set(HOLE.findall(words.es)), words


@pytest.mark.parametrize("name", BOTH)
def test_english_reads_at_grade_six(name):
    text = filled(BOTH[name][0])
    assert words_in(text) < ENOUGH or grade(text) <= GRADE


@pytest.mark.parametrize("name", BOTH)
def test_spanish_reads_as_easily(name):
    text = filled(BOTH[name][1])
    assert words_in(text) < ENOUGH or ease(text) >= EASE


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_words_read_as_easily_in_both(name):
    english, spanish = (filled([getattr(words, lang) for words in TABLES[name]]) for lang in ("en", "es"))
    assert words_in(english) < ENOUGH or grade(english) <= GRADE
    assert words_in(spanish) < ENOUGH or ease(spanish) >= EASE


@pytest.mark.parametrize(
    ("word", "count"),
    [("casa", 2), ("quiere", 2), ("día", 2), ("leer", 2), ("guerra", 2), ("hoy", 1), ("ciudad", 2), ("viaje", 2),
     ("país", 2), ("leyó", 2), ("pingüino", 3), ("teléfono", 4), ("todavía", 4), ("988", 1)],
)  # fmt: skip
def test_spanish_syllables_are_counted_by_ear(word, count):
    assert syllables(word) == count


def test_a_hard_spanish_text_is_noticed():
    hard = "La autorización para la divulgación de información confidencial requiere reconocimiento documentado."
    assert ease(hard) < 0 < EASE < ease("¿Puede Dana decirle a Cedar House que usted busca un cuarto?")
    assert ease("") == 100
