"""Whether two records may be of one person: a model whose every reason is a sentence."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.matching import (
    FINDS,
    POINTS,
    POSSIBLE,
    Likeness,
    Reason,
    best,
    born,
    plain_contact,
    signs_of,
    sound_of,
    weigh,
)
from shared.runtime.errors import Invalid

R = Reason
TODAY = date(2026, 11, 23)
RECORDS = st.tuples(
    st.text(max_size=30), st.sampled_from([None, "1984", "1984-05-03", "1985-01-01"]),
    st.sampled_from([None, "555-010-7788", "wren@example.org"]),
)  # fmt: skip


def alike(one: tuple[str, str | None, str | None], two: tuple[str, str | None, str | None]) -> Likeness:
    ours, theirs = signs_of(*one), signs_of(*two)
    agree = {sign for sign, _ in ours & theirs}
    return weigh(agree, {sign for sign, _ in ours}, {sign for sign, _ in theirs})


@pytest.mark.parametrize(
    ("one", "two", "reasons"),
    [
        (("Maria Lopez", None, None), ("López, María", None, None), {R.TWO_NAMES}),
        (("Yesenia Gonzalez", "1984", None), ("Jessenia Gonsales", "1984", None), {R.TWO_SOUNDS, R.SAME_YEAR}),
        (("Ray", None, "(555) 010-7788"), ("Ray Ortiz", None, "+1 555 010 7788"), {R.ONE_SOUND, R.SAME_CONTACT}),
        (("Ana Ruiz", "1984-05-03", None), ("Ana Castle", "1984-05-03", None), {R.ONE_SOUND, R.SAME_DATE}),
    ],
)  # fmt: skip
def test_one_person_written_down_twice_is_put_to_a_human(one, two, reasons):
    found = alike(one, two)
    assert set(found.reasons) == reasons
    assert found.is_possible


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("Maria", None, None), ("Maria", None, None)),  # half a network has that name
        (("Ray Ortiz", None, "555-010-7788"), ("Elena Finch", None, "555-010-7788")),  # one household, one phone
        (("Maria Lopez", "1984", None), ("Maria Lopez", "1951", None)),  # a mother and her daughter
        (("Gonzalo Perez", None, None), ("Gonsalo Peres", None, None)),  # by sound alone
        (("Ana Ruiz", "1984-05-03", None), ("Joe Finch", "1984-05-03", None)),
    ],
)  # fmt: skip
def test_two_people_who_share_a_little_are_not(one, two):
    assert not alike(one, two).is_possible


@given(RECORDS, RECORDS)
def test_who_is_compared_with_whom_makes_no_difference(one, two):
    assert alike(one, two) == alike(two, one)


@given(RECORDS)
def test_what_was_not_given_never_counts(record):
    name, _, _ = record
    with_nothing = alike(record, (name, None, None))
    assert not {Reason.SAME_DATE, Reason.SAME_YEAR, Reason.OTHER_YEAR, Reason.SAME_CONTACT} & set(with_nothing.reasons)


@given(RECORDS, RECORDS)
def test_whoever_may_be_one_with_somebody_is_found_by_a_sign_that_finds(one, two):
    """So that what the index does not find would not have been shown either."""
    if alike(one, two).is_possible:
        assert {sign for sign, _ in signs_of(*one) & signs_of(*two)} & FINDS


def test_every_reason_has_points_and_a_sentence():
    assert set(POINTS) == set(Reason)
    assert all(reason.label.endswith(".") and reason.explanation.endswith(".") for reason in Reason)
    assert POINTS[Reason.SAME_CONTACT] < POSSIBLE, "a phone alone is nobody"


@pytest.mark.parametrize(
    ("one", "two"),
    [("catherine", "kathryn"), ("vicente", "bisente"), ("helena", "elena"), ("john", "jon"), ("hernandez", "ernandes"),
     ("philip", "filip"), ("jimenez", "gimenes")],
)  # fmt: skip
def test_a_name_written_by_ear_sounds_as_it_did(one, two):
    assert sound_of(one) == sound_of(two)


@pytest.mark.parametrize("word", ["ana", "ian", "lee", "li", "joe", "o", "wu", "aoi"])
def test_a_short_name_is_not_left_with_one_letter(word):
    assert len(sound_of(word)) > 1 or sound_of(word) == word


def test_a_number_is_the_same_however_it_was_written():
    assert plain_contact("+1 (555) 010-7788") == plain_contact("555 010 7788")
    assert plain_contact(" Wren@Example.org ") == "wren@example.org"


@pytest.mark.parametrize(("typed", "kept"), [("1984", "1984"), (" 1984-05-03 ", "1984-05-03")])
def test_a_year_is_enough(typed, kept):
    assert born(typed, TODAY) == kept


@pytest.mark.parametrize("typed", ["84", "1899", "2027", "1984-13-01", "yesterday", "2026-11-24", "١٩٨٤"])
def test_what_can_be_nobodys_birth_is_refused(typed):
    with pytest.raises(Invalid):
        born(typed, TODAY)


def test_where_two_are_as_much_alike_nobody_is_asked():
    one, two = Likeness((Reason.TWO_NAMES,)), Likeness((Reason.TWO_NAMES, Reason.SAME_YEAR))
    assert best([("a", one), ("b", one)]) is None
    assert best([("a", one), ("b", two)]) == "b"
    assert best([("a", Likeness((Reason.ONE_SOUND,)))]) is None
    assert best([]) is None
