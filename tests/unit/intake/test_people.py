"""People: the first help needs a name, and a way to reach somebody is used only where they said that it is safe."""

from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake import words
from services.intake.people import Contact, Person, SelfReferral, assign, change_contact, reached_by, welcome
from shared.contracts import kinds
from shared.contracts.person import ContactChanged, Welcomed, WorkerAssigned
from shared.runtime.errors import Invalid
from shared.web.needs import NEEDS

RAY, DANA, LENA, HOME, CLINIC = (UUID(int=number) for number in range(1, 6))
PERSON = Person(RAY, HOME, None, "en", "sms", True)


def test_eight_questions_at_most_and_one_that_needs_an_answer():
    fields = SelfReferral.model_fields
    assert len(fields) <= 8
    assert [name for name, field in fields.items() if field.is_required()] == ["name"]


@given(way=st.sampled_from([None, *words.WAYS]), safe=st.booleans())
def test_nothing_that_was_not_said_to_be_safe_is_a_channel(way, safe):
    channels = Person(RAY, HOME, None, "en", way, safe).channels
    assert set(channels) <= {way}
    assert channels == () or safe or way == "in_person"


def test_whoever_gives_no_contact_is_told_of_without_one():
    [welcomed] = welcome(Person(RAY, HOME, None, "en"), None)
    assert isinstance(welcomed, Welcomed)
    assert (welcomed.worker, welcomed.channels) == (None, ())


def test_a_contact_is_told_sealed_beside_the_welcome():
    welcomed, contact = welcome(PERSON, "c2VhbGVk")
    assert isinstance(contact, ContactChanged)
    assert welcomed.channels == contact.channels == ("sms",)
    assert contact.sealed_contact == "c2VhbGVk"


def test_naming_the_same_worker_again_is_no_news():
    after, [told] = assign(PERSON, DANA, HOME, "welcomed")
    assert isinstance(told, WorkerAssigned)
    assert (after.worker, told.worker, told.reason) == (DANA, DANA, "welcomed")
    assert assign(after, DANA, HOME, "person_asked") == (after, ())
    assert assign(after, LENA, HOME, "worker_left")[1]


def test_a_way_that_was_taken_back_is_no_channel_any_more():
    after, [told] = change_contact(PERSON, Contact(), None, "worker")
    assert after.channels == told.channels == ()


@pytest.mark.parametrize(
    ("way", "contact", "meant"),
    [
        (None, None, None),
        ("in_person", None, "in_person"),
        (None, "555-0142", "sms"),
        ("voice", "(555) 010-0142 ext. 3", "voice"),
        (None, "ray@example.org", "mail"),
        ("post", "40 Mill Street", "post"),
    ],
)
def test_what_they_wrote_says_how_they_want_to_be_reached(way, contact, meant):
    assert reached_by(Contact(way=way, contact=contact)) == meant


@pytest.mark.parametrize(
    ("way", "contact"), [("sms", None), ("sms", "12"), ("mail", "ray"), ("voice", "ray@example.org"), (None, "12")]
)
def test_half_a_number_is_asked_for_again(way, contact):
    with pytest.raises(Invalid) as refused:
        reached_by(Contact(way=way, contact=contact))
    assert refused.value.field == "contact"


def test_every_code_of_the_contracts_has_words_here():
    for annotated, known in ((kinds.Need, NEEDS), (kinds.Category, words.CATEGORIES)):
        assert set(get_args(annotated)[1].values) == set(known)
    assert set(words.WAYS) <= set(get_args(kinds.Channel)[1].values)
    assert set(words.FIRST) <= set(NEEDS)
