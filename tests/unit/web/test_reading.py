"""The person's page reads at grade six."""

import re
from pathlib import Path

import pytest

from shared.web.reading import GRADE, grade, longest, sentences, syllables, template_text
from shared.web.templates import SERVICES, SHARED
from shared.web.words import EN

OF_THE_PERSON = ("leave", "my_page", "part_silent", "part_rest", "ask_again", "one_to_mend", "some_to_mend")


def pages_of_the_person() -> list[Path]:
    found = [*SHARED.rglob("*.html"), *SERVICES.glob("*/templates/**/*.html")]
    return [path for path in found if re.search(r'extends "layout_mine.html"', path.read_text())]


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("cat", 1),
        ("made", 1),
        ("needed", 2),
        ("helped", 1),
        ("table", 2),
        ("people", 2),
        ("appointment", 3),
        ("988", 1),
        ("you’re", 1),
    ],
)
def test_syllables_are_counted_by_ear(word, count):
    assert syllables(word) == count


def test_the_grade_is_flesch_and_kincaid_s():
    """Against examples worked in the literature: six words of one syllable; and one of 24 syllables in 13 words."""
    assert grade("The cat sat on the mat.") == pytest.approx(-1.45, abs=0.01)
    platypus = "The Australian platypus is seemingly a hybrid of a mammal and reptilian creature."
    assert grade(platypus) == pytest.approx(11.3, abs=1.9)
    assert grade("") == 0.0


def test_hard_words_are_noticed():
    hard = "Authorization for disclosure of confidential information requires documented acknowledgement."
    assert grade(hard) > 12 > GRADE > grade("May Dana tell Cedar House that you want a room?")


def test_a_template_is_read_as_its_reader_sees_it():
    source = """<h2 id="a">My plan</h2>{# not this #}{% if x %}<p>You can <b>change</b> it.</p>{% endif %}
    {{ ui.field(form, "what", "Write to Dana") }}"""
    assert sentences(template_text(source)) == ["My plan", "You can change it", "Write to Dana"]


@pytest.mark.parametrize("path", pages_of_the_person(), ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_a_page_of_the_person_reads_at_grade_six(path: Path):
    text = template_text(path.read_text())
    assert grade(text) <= GRADE, longest(text)
    assert len(longest(text).split()) <= 25, longest(text)


def test_what_the_frame_says_reads_at_grade_six_too():
    said = "\n".join(words for key, words in EN.items() if key in OF_THE_PERSON or key[:3].isdigit())
    assert grade(said) <= GRADE


def test_there_is_a_page_to_read():
    assert any(path.name == "styleguide_mine.html" for path in pages_of_the_person())
