"""A person's way in: which numbers are no PIN, what each of two PINs opens, how a number that is held is used again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.people import Contact, Person, change_contact, hold, say_safe
from services.intake.signing_in.words import SAYS
from services.intake.ways_in import CODE, check_new_pin, new_code, new_word, opens
from shared.runtime.errors import Invalid
from tests.unit.intake.test_people import HOME, RAY

PERSON = Person(RAY, HOME, None, "en", "sms", True)
OTHER = {"worker": "person", "person": "worker"}


@pytest.mark.parametrize(
    "pin",
    ["000000", "123456", "987654", "456789", "121212", "123123", "112233", "778899", "111122", "0000", "1234", "1985",
     "12345", "1234567", "12a456", "１２３４５６", "", "198512", "121985", "200314", "052071", "310785", "073185",
     "850731"],
)  # fmt: skip
def test_what_others_would_guess_first_is_no_pin(pin):
    with pytest.raises(Invalid) as refused:
        check_new_pin(pin)
    assert refused.value.field == "new"
    assert refused.value.es != str(refused.value), "in both languages"


@pytest.mark.parametrize("pin", ["483920", "907416", "640283"])
def test_six_numbers_of_their_own_are_one(pin):
    assert check_new_pin(pin) == pin


def test_of_all_numbers_most_may_be_chosen():
    def may(pin: str) -> bool:
        try:
            return check_new_pin(pin) == pin
        except Invalid:
            return False

    tried = [f"{number:06}" for number in range(0, 1_000_000, 997)]
    assert sum(map(may, tried)) > 0.85 * len(tried)


def test_one_that_they_type_already_is_not_another():
    with pytest.raises(Invalid, match="do not use yet"):
        check_new_pin("483920", "483920")


@pytest.mark.parametrize(
    ("pin", "second", "sees"),
    [(True, False, "whole"), (False, True, "harmless"), (True, True, "whole"), (False, False, None)],
)
def test_the_first_pin_opens_the_whole_page_and_the_second_the_harmless_one(pin, second, sees):
    assert opens(pin, second) == sees


def test_a_link_is_long_enough_to_be_found_by_nobody_and_short_enough_for_a_text():
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == CODE * 8 // 5 and code.isalnum() and code == code.lower() for code in codes)
    assert all(len(word) == 4 and word.isdecimal() for word in (new_word() for _ in range(50)))


# A number that is held


@given(st.sampled_from([None, "nobody", "worker", "person"]), st.booleans())
def test_nothing_goes_to_a_number_that_is_held(held, safe):
    person, [told] = hold(Person(RAY, HOME, None, "en", "sms", safe, held=held))
    assert (person.held, person.channels, told.channels) == ("nobody", (), ())
    assert told.sealed_contact is None, "which number it is has not changed"


@pytest.mark.parametrize("first", ["worker", "person"])
def test_it_is_used_again_once_both_have_said_that_it_is_safe(first):
    person, _ = hold(PERSON)
    person, told = say_safe(person, first)
    assert (person.held, person.channels, told) == (first, (), ())
    assert say_safe(person, first) == (person, ()), "saying it twice is not the other's word"
    person, [told] = say_safe(person, OTHER[first])
    assert (person.held, person.channels, told.channels) == (None, ("sms",), ("sms",))


@pytest.mark.parametrize("by", ["worker", "person"])
def test_another_number_is_held_as_well_until_the_other_side_agrees(by):
    held, _ = hold(PERSON)
    agreed, _ = say_safe(held, OTHER[by])
    for before in (held, agreed):
        person, [told] = change_contact(before, Contact(way="sms", contact="555-010-2233", safe=True), "c2VhbGVk", by)
        assert (person.held, person.channels, told.channels) == (by, (), ()), "an old word is not about this number"
        person, [told] = say_safe(person, OTHER[by])
        assert person.channels == told.channels == ("sms",)


def test_a_number_that_nobody_calls_safe_waits_for_both():
    person, _ = change_contact(hold(PERSON)[0], Contact(way="sms", contact="555-010-2233"), "c2VhbGVk", "worker")
    assert (person.held, person.safe) == ("nobody", False)


def test_saying_safe_of_a_number_that_is_not_held_changes_nothing():
    unsafe = Person(RAY, HOME, None, "en", "sms", False)
    assert say_safe(unsafe, "worker") == (unsafe, ())


def test_the_pages_of_the_way_in_have_all_their_words_in_both_languages():
    assert set(SAYS["en"]) == set(SAYS["es"])
    assert [key for key in SAYS["en"] if SAYS["en"][key] == SAYS["es"][key] and key != "pin"] == []
