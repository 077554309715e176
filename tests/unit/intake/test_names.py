"""Names are found by how their words begin, without accents and case."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.names import LONGEST, SHORTEST, WORDS, fits, looked_up, parts_of, words_of


@pytest.mark.parametrize(
    ("name", "sought"),
    [
        ("Maria José", "mari"),
        ("Maria José", "jose"),
        ("Maria José", "JOSÉ  María"),
        ("María José", "maria jo"),
        ("Seán O'Brien", "obrien"),
        ("Seán O’Brien", "o'bri"),
        ("Seán O'Brien", "brien"),
        ("Anna Smith-Jones", "jones"),
        ("Anna Smith-Jones", "smith-jo"),
        ("Łukasz Søren", "lukasz soren"),
        ("Straße", "strasse"),
        ("Li Wei", "li"),
        ("Ngũgĩ wa Thiong'o", "thiongo"),
        ("李小龍", "李小龍"),
        ("Мария", "МАРИ"),
        (unicodedata.normalize("NFD", "Zoë"), "zoe"),
        ("Wolfeschlegelsteinhausen", "wolfeschlegelsteinh"),
    ],
)
def test_a_name_is_found_by_what_people_type_of_it(name, sought):
    words = words_of(sought)
    assert set(looked_up(words)) <= parts_of(name)
    assert fits(name, words)


@pytest.mark.parametrize("sought", ["aria", "mariaa", "jos maria x", "!!"])
def test_what_begins_no_word_finds_nobody(sought):
    words = words_of(sought)
    assert not (words and set(looked_up(words)) <= parts_of("Maria José") and fits("Maria José", words))


def test_short_words_are_looked_up_only_where_there_is_no_better():
    assert looked_up(words_of("maria j")) == ["maria"]
    assert looked_up(words_of("li")) == ["li"]
    assert not {"m", "ma"} & parts_of("Maria"), "beginnings of one or two letters would say too much"


@given(st.text(max_size=300))
def test_whoever_is_sought_by_their_own_name_or_its_beginnings_is_found(name):
    words = words_of(name)
    assert set(looked_up(words)) <= parts_of(name)
    assert fits(name, words)
    for word in words:
        assert word[:SHORTEST] in parts_of(name)


def test_ten_thousand_combining_marks_are_one_letter():
    assert words_of("e" + "\u0301" * 10_000) == ["e"]
    assert len(parts_of(" ".join(f"word{n}" + "x" * 99 for n in range(1000)))) <= 2 * WORDS * LONGEST
