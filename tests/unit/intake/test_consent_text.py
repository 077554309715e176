"""The text before a yes has every element of 42 CFR 2.31 (a), in both languages and in plain words."""

import re
from dataclasses import replace
from datetime import date

import pytest

from services.intake import paper
from services.intake.consent_text import Parties, Text, before_choice, chosen
from services.intake.says_consent import COPY, SIGNING, TEXT
from shared.web.reading import GRADE, grade
from tests.unit.intake.test_consents import COURT, HOUSING
from tests.unit.intake.test_says import BLAMES

PARTIES = Parties("Ray", "Welcome Alder", "Cedar House", (("They tell courts.", True), ("Not immigration.", False)))
PAGES = {"TEXT": TEXT, "COPY": COPY, "SIGNING": SIGNING}
ELEMENTS = ("who", "first", "what", "until", "why", "stop", "no", "sign")
CARE = replace(HOUSING, categories=frozenset({"referral", "substance_use"}))


def text_of(lang="en", terms=HOUSING, *, is_own=True, by=None):
    return chosen(before_choice(PARTIES, terms.purpose, lang, is_own=is_own), terms, by)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_every_element_of_the_rule_has_its_part(lang):
    text = text_of(lang)
    assert tuple(part.name for part in text.parts) == ELEMENTS
    said = " ".join(line for part in text.parts for line in part.lines)
    assert all(name in said for name in ("Ray", "Welcome Alder", "Cedar House", "2027"))
    assert "{" not in said + text.title + text.lead


@pytest.mark.parametrize("lang", ["en", "es"])
def test_care_for_drug_or_alcohol_use_says_what_law_guards_it(lang):
    assert "42 CFR" in text_of(lang, CARE).as_json()
    assert "42 CFR" not in text_of(lang).as_json()


def test_at_intake_it_says_on_which_day_it_ends_unless_it_is_said_again():
    assert "Tuesday, December 22, 2026" in text_of(by=date(2026, 12, 22)).as_json()


def test_what_counts_against_them_stays_marked_when_it_is_read_again():
    text = text_of("es", COURT)
    assert Text.from_json(text.as_json()) == text
    assert text.of(("first",))[0].strong == {0}


@pytest.mark.parametrize(
    "other",
    [
        replace(PARTIES, recipient="Cedar Homes"),
        replace(PARTIES, offices=(("They tell courts.", True), ("They tell immigration.", True))),
        replace(PARTIES, name="Rae"),
    ],
)
def test_its_mark_changes_with_anything_that_stands_before_the_choice(other):
    first = before_choice(PARTIES, "referral", "en", is_own=True)
    assert before_choice(PARTIES, "referral", "en", is_own=True).seen == first.seen
    assert before_choice(other, "referral", "en", is_own=True).seen != first.seen
    assert before_choice(PARTIES, "referral", "es", is_own=True).seen != first.seen


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_say_the_same_things_in_plain_words(name):
    english, spanish = PAGES[name]["en"], PAGES[name]["es"]
    assert set(english) == set(spanish)
    for key, line in english.items():
        assert set(re.findall(r"{\w+}", line)) == set(re.findall(r"{\w+}", spanish[key])), key
        assert not BLAMES.search(line), line
    assert grade("\n".join(re.sub(r"{\w+}", "it", line) for line in english.values())) <= GRADE


@pytest.mark.parametrize("name", ["Łukasz “Ray” #let *b* @x $y$ \\ <i>", "王小明"])
def test_a_copy_is_drawn_whatever_somebody_is_called(name):
    parties = replace(PARTIES, name=name)
    text = chosen(before_choice(parties, "referral", "es", is_own=True), HOUSING, None)
    pdf = paper.draw(paper.Sheet(text, "Qué se dijo", ("Usted dijo que sí.",), "Texto"))
    assert pdf.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in pdf
    [title] = re.findall(rb"<dc:title>.*?</dc:title>", pdf, re.DOTALL)
    assert b"Su copia" in title and b"?" not in title  # a tab and its history tell nobody whom it is about
