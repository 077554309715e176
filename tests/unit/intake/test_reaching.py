"""Several ways to reach somebody, each with its own safety; a phone that is gone stops all that it could show."""

from datetime import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.people import Person, hold, with_ways
from services.intake.reaching import (
    Quiet,
    Way,
    added,
    changed,
    channels_of,
    hold_all,
    preferred,
    say_safe,
    without,
)
from shared.contracts.person import ContactChanged

RAY, HOME = UUID(int=1), UUID(int=2)
CHANNELS = ("sms", "voice", "mail", "post", "in_person")
SMS = Way(UUID(int=11), "sms", "c21z", safe=True)
MAIL = Way(UUID(int=12), "mail", "bWFpbA==", safe=True)
POST = Way(UUID(int=13), "post", "cG9zdA==", safe=True)
WAYS = st.lists(
    st.builds(
        Way,
        st.uuids(),
        st.sampled_from(CHANNELS),
        st.none(),
        st.booleans(),
        st.sampled_from([None, "nobody", "worker", "person"]),
    ),
    max_size=5,
    unique_by=lambda way: way.id,
).map(tuple)


@given(WAYS)
def test_nothing_that_is_held_or_not_safe_is_a_channel(ways):
    for channel in channels_of(ways):
        assert any(w.channel == channel and (channel == "in_person" or (w.safe and not w.held)) for w in ways)


@given(WAYS, st.sampled_from(["phone_lost", "wrong_number"]))
def test_after_a_lost_phone_or_a_wrong_number_no_number_of_theirs_is_used(ways, because):
    left = channels_of(hold_all(ways, because))
    assert not {"sms", "voice"} & set(left)
    assert because == "wrong_number" or "mail" not in left, "mail is read on the phone too"


def test_one_sides_word_alone_frees_no_way():
    [held] = hold_all((SMS,), "phone_lost")
    [once] = say_safe((held,), SMS.id, "worker")
    assert not once.usable
    assert say_safe((once,), SMS.id, "worker") == (once,)
    [both] = say_safe((once,), SMS.id, "person")
    assert both.usable


def test_another_number_in_place_of_one_that_is_held_waits_for_both_as_well():
    held = hold_all((SMS,), "phone_lost")
    [new] = changed(held, Way(SMS.id, "sms", "bmV3", safe=True), "worker")
    assert (new.contact, new.held, new.usable) == ("bmV3", "worker", False)
    *_, more = added(held, Way(UUID(int=20), "sms", "bW9yZQ==", safe=True), "worker")
    assert not more.usable, "nor does a way beside it get around that"


def test_the_first_is_tried_first_and_goes_by_the_persons_own_row():
    person, [told] = with_ways(Person(RAY, HOME, None, "en"), preferred((SMS, MAIL), MAIL.id))
    assert isinstance(told, ContactChanged)
    assert (person.way, person.contact, [way.channel for way in person.others]) == ("mail", "bWFpbA==", ["sms"])
    assert told.channels == ("mail", "sms")
    assert [way.sealed_contact for way in told.ways or ()] == ["bWFpbA==", "c21z"]


def test_the_last_one_taken_away_leaves_none():
    person, [told] = with_ways(Person(RAY, HOME, None, "en", "sms", True), ())
    assert (person.way, person.ways, told.channels, told.ways) == (None, (), (), ())


def test_a_letter_still_goes_where_a_phone_is_lost():
    person, _ = with_ways(Person(RAY, HOME, None, "en"), (SMS, MAIL, POST))
    after, [told] = hold(person, "phone_lost")
    assert told.channels == ("post",)
    assert [way.channel for way in told.ways] == ["post"]
    assert after.held == "nobody"


def test_quiet_hours_are_told_with_their_way():
    quiet = Way(SMS.id, "sms", "c21z", safe=True, quiet=Quiet(time(14), time(16)))
    _, [told] = with_ways(Person(RAY, HOME, None, "en"), (quiet,))
    assert (told.ways[0].quiet_from, told.ways[0].quiet_until) == (time(14), time(16))


@pytest.mark.parametrize("id", [SMS.id, UUID(int=99)])
def test_taking_one_away_leaves_the_others(id):
    assert set(without((SMS, MAIL), id)) == {SMS, MAIL} - {SMS if id == SMS.id else None}
