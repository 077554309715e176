"""Names in every script are names; a tower of marks is none."""

import pytest

from shared.runtime.letters import MOST_MARKS, most_marks, readable

ACUTE, SPACING, ENCLOSING, JOINER = "\u0301", "\u0903", "\u20dd", "\u200d"


@pytest.mark.parametrize(
    "name",
    [
        "María José O’Brien",
        "Nguyễn Thị Hương".encode().decode(),
        "วิสุทธิ์ นิ่มนวล",
        "श्रीमती लक्ष्मी",
        "בְּרֵאשִׁ֖ית",
        "مُحَمَّد",
        "བསྒྲུབས་",
        "👩‍👩‍👧‍👦 Ann",
        "e" + ACUTE * MOST_MARKS,
    ],
)
def test_a_name_that_somebody_has_is_taken_as_it_is(name):
    assert readable(name) == name


@pytest.mark.parametrize("mark", [ACUTE, SPACING, ENCLOSING, "\u034f", "\ufe0f", ACUTE + JOINER])
def test_more_marks_than_anybody_could_read_are_refused_whatever_joins_them(mark):
    with pytest.raises(ValueError, match="fewer"):
        readable("Ann" + mark * (MOST_MARKS + 1) + "a")


def test_marks_count_by_the_letter_and_not_by_the_word():
    assert most_marks(("a" + ACUTE * 3) * 40) == 3
    assert most_marks("") == most_marks("Ann") == 0


def test_ten_thousand_are_counted_at_once():
    assert most_marks("a" + ACUTE * 10_000) == 10_000
