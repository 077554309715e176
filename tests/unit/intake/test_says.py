"""The person's pages: grade six, the same in both languages, and never a word that blames."""

import re
from pathlib import Path

import pytest

from services.intake import says, words
from services.intake.signing_in.words import SAYS
from shared.web.needs import NEEDS
from shared.web.reading import GRADE, grade, template_text

PAGES = {name: table for name, table in vars(says).items() if name.isupper()} | {"SIGN_IN": SAYS}
TEMPLATES = Path(says.__file__).parent / "templates"
BLAMES = re.compile(
    r"offender|inmate|client|violat|fail|non-?compli|refus|submit|process|authoriz|consent", re.IGNORECASE
)


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_say_the_same_things(name):
    english, spanish = PAGES[name]["en"], PAGES[name]["es"]
    assert set(english) == set(spanish)
    for key in english:
        assert set(re.findall(r"{\w+}", english[key])) == set(re.findall(r"{\w+}", spanish[key])), key


@pytest.mark.parametrize("name", PAGES)
def test_english_is_written_for_grade_six(name):
    text = "\n".join(re.sub(r"{\w+}", "it", line) for line in PAGES[name]["en"].values())
    assert grade(text) <= GRADE


@pytest.mark.parametrize("name", PAGES)
def test_no_word_blames_or_sounds_like_an_office(name):
    for line in PAGES[name]["en"].values():
        assert not BLAMES.search(line), line


def test_the_codes_people_read_are_plain_too():
    for table in (NEEDS, words.CATEGORIES, words.WAYS):
        assert all(known.en and known.es for known in table.values())
        assert grade("\n".join(known.en for known in table.values())) <= GRADE


OF_THE_PERSON = (
    "start.html", "start_done.html", "start_gone.html", "shared.html", "consent_ask.html", "pin.html",
    "choose_pin.html", "own_pin.html", "wrong_number.html", "questions.html", "consent_copy.html",
)  # fmt: skip
LOOKS = re.compile(r'"(wide|plain|tight|wide plain)"')  # how a button looks is nothing that it says


@pytest.mark.parametrize("name", OF_THE_PERSON)
def test_templates_of_the_persons_pages_hold_no_sentence_of_their_own(name):
    """All they say stands in says.py, in both languages; titles are the staff's."""
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    shown = template_text(LOOKS.sub('""', re.sub(r"{% block title %}.*?{% endblock %}", "", source)))
    assert not re.search(r"[A-Za-z]{3,} [a-z]{2,}", shown), shown.split()
