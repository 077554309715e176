"""Every field of a person's event lies in one compartment, and each service is given those that its work needs."""

from typing import Annotated, ClassVar

import pytest

import shared.contracts  # noqa: F401  defines every event
from services.reporting.folding import fold_messages, fold_promises, fold_referrals, fold_setbacks
from shared.contracts import consent, person
from shared.contracts.compartments import (
    OPENS,
    Compartment,
    In,
    fields_in,
    hidden_from,
    is_about_a_person,
    person_of,
)
from shared.contracts.data import decode_data, encode_data
from shared.contracts.documents.samples import MOMENT, envelope_of, sample_of
from shared.contracts.events import EVENTS, Event, topic_of
from shared.contracts.halted import Halted
from shared.contracts.topics import BY_NAME, LISTENS
from shared.messaging.reactions import Fact

ABOUT_PEOPLE = [kind for kind in EVENTS.values() if is_about_a_person(kind)]
FACTS = frozenset({Compartment.FACTS})
COUNTED = {
    "referral": fold_referrals,
    "promise": fold_promises,
    "setback": fold_setbacks,
    "message": fold_messages,
}


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.type)
def test_every_field_lies_in_exactly_one_compartment(kind):
    fields = [name for names in fields_in(kind).values() for name in names]
    assert sorted(fields) == sorted(kind.model_fields)


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.type)
def test_what_lies_outside_of_the_facts_is_sealed(kind):
    assert is_about_a_person(kind) or list(fields_in(kind)) == [Compartment.FACTS]


@pytest.mark.parametrize("kind", ABOUT_PEOPLE, ids=lambda kind: kind.type)
def test_whoever_writes_a_type_has_the_keys_of_all_its_parts(kind):
    assert set(fields_in(kind)) <= OPENS[BY_NAME[topic_of(kind)].owner]


@pytest.mark.parametrize("kind", ABOUT_PEOPLE, ids=lambda kind: kind.type)
def test_the_facts_say_whose_they_are_to_everybody_who_listens(kind):
    assert "person" in fields_in(kind)[Compartment.FACTS]
    assert all(Compartment.FACTS in OPENS[name] for name, topics in LISTENS.items() if topic_of(kind) in topics)


@pytest.mark.parametrize("kind", ABOUT_PEOPLE, ids=lambda kind: kind.type)
def test_what_the_report_counts_lies_in_the_facts(kind):
    """Folded from the facts alone, an event changes the mirror as it does when it is read whole."""
    fold = COUNTED.get(BY_NAME[topic_of(kind)].family)
    if fold is None:
        return
    whole = sample_of(kind)
    data = encode_data(whole)
    facts = decode_data(kind.type, data, hidden_from(kind, FACTS))
    envelope = envelope_of(whole, data)
    assert fold([Fact(envelope, facts)]) == fold([Fact(envelope, whole)])
    assert envelope.time == MOMENT


def test_no_event_has_a_field_that_looks_like_its_seal():
    assert not [kind.type for kind in EVENTS.values() if "sealed" in kind.model_fields]


def test_revocations_and_erasures_act_without_a_key():
    for kind in (consent.Revoked, consent.Lapsed, person.Erased, Halted):
        assert person_of(sample_of(kind)) is None


def test_a_message_for_nobody_in_particular_is_nobodys():
    assert person_of(sample_of(EVENTS["throughcare.message.sent.v1"], full=False)) is None
    assert person_of(sample_of(EVENTS["throughcare.message.sent.v1"])) is not None


def test_a_field_cannot_lie_in_two_places():
    class Torn(Event):
        topic: ClassVar[str] = "throughcare.plan.v1"
        words: Annotated[str, In(Compartment.PLAN), In(Compartment.HEALTH)]

    Torn.type = "torn"
    with pytest.raises(TypeError, match="words lies in one compartment"):
        fields_in(Torn)
