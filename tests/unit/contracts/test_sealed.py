"""Sealed data opens for whoever it was sealed for, in the place it was sealed in, and nowhere else."""

import json
from base64 import b64decode, b64encode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shared.contracts  # noqa: F401  defines every event
from shared.contracts import referral
from shared.contracts.compartments import OPENS, Compartment, hidden_from, is_about_a_person
from shared.contracts.data import decode_data, encode_data
from shared.contracts.documents.samples import sample_of
from shared.contracts.envelope import BadRecord, TooLarge
from shared.contracts.events import EVENTS
from shared.contracts.sealed import close, is_sealed, open_parts, take_apart

KINDS = [kind for kind in EVENTS.values() if is_about_a_person(kind)]
KEYS = {part: bytes([number]) * 32 for number, part in enumerate(Compartment)}
PERSON, ID = UUID(int=1), UUID(int=2)
people = st.uuids(version=4)
DECLINED = referral.Declined.type
# Written once, by the code of the first day: it opens for ever.
GOLDEN = (
    b'{"sealed":{"facts":"vdeIBJFQLSxQOtg8uI4atsrYBKC2+Dfnbeazcxi/qlVTMhIQ+8JqT4BsX3kbM6S3hcDNHEB+18vlSaxs'
    b"GKxgCq+fGEfH+rHhgE4n2FeCXP2RPauHIV8jDbK9blWwnq/0O3j9VxG1g1sGxKPU3QtC7Y4QJBfXMRHqVkr/zI/MvrFgYK+ywtH6"
    b"Kd5sLVQ9WyMc62NLsinU7d23wbGGu9LVeEx6v8HKx3WF1JIRWv2bOi4tp4apvuGKtZFb0Prqo7LabVl3YCa3NVqGcCh7yQTgtKf+"
    b"jsP5pnlN2iCcSUhLN77zrpfwcQInYVqAefC3I+7PRnBl5xxVTYNn+X7d1kn//+BxSpBLJFOLE2xKacLEB2dDQcM/mIqWUdZuIeSc"
    b'z1EJQJnWCPVjE9/aT+EDWtWW57x0wnMcaR7Kwl9zPYtZ9Z20W5dP6oUYstTz4bmiqFlQPgf8shuHo4o=","health":"LzpzPDBh'
    b'V7wSw6MQ/VYR3ijGe6yMrsvL9cFX9Ddwjq4sdsvSjin9q32RJRpQeYk5pfPgvGMrOVYMww=="},"person":"00000000-0000-0'
    b'000-0000-000000000001"}'
)


@st.composite
def events(draw):
    """Any type, with all its fields or only those that it must have, and ids of any kind."""
    event = sample_of(draw(st.sampled_from(KINDS)), full=draw(st.booleans()))
    ids = [name for name in type(event).model_fields if isinstance(getattr(event, name), UUID)]
    return event.model_copy(update={name: draw(st.uuids()) for name in ids})


def opened(kind, data, keys=KEYS, *, id=ID):
    return decode_data(kind.type, open_parts(take_apart(data), keys, id=id, type=kind.type))


@given(events(), people, people)
def test_every_event_comes_back_as_it_was(event, person, id):
    data = close(event, KEYS, person=person, id=id)
    assert is_sealed(data)
    assert take_apart(data).person == person
    assert opened(type(event), data, id=id) == event


@given(st.sampled_from(KINDS), people, people, st.data())
def test_of_another_person_event_compartment_or_type_it_never_opens(kind, person, id, draw):
    event = sample_of(kind)
    sealed = take_apart(close(event, KEYS, person=person, id=id))
    elsewhere = draw.draw(people.filter(lambda one: one not in (person, id)))
    other = draw.draw(st.sampled_from([part for part in Compartment if part not in sealed.parts]))
    twin = draw.draw(st.sampled_from([one for one in KINDS if one is not kind]))
    for part in sealed.parts:
        key = {part: KEYS[part]}
        for moved, keys, where, type in (
            (sealed._replace(person=elsewhere), key, id, kind.type),
            (sealed, key, elsewhere, kind.type),
            (sealed, key, id, twin.type),
            (sealed._replace(parts={other: sealed.parts[part]}), {other: KEYS[part]}, id, kind.type),
            (sealed, {part: KEYS[other]}, id, kind.type),
        ):
            with pytest.raises(BadRecord) as refused:
                open_parts(moved, keys, id=where, type=type)
            assert refused.value.reason == "tampered"


@given(st.sampled_from(KINDS), st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_byte_changed_anywhere_in_a_part_is_noticed(kind, where, by):
    sealed = take_apart(close(sample_of(kind), KEYS, person=PERSON, id=ID))
    for part, text in sealed.parts.items():
        closed = bytearray(b64decode(text))
        closed[where % len(closed)] ^= by
        changed = sealed._replace(parts={**sealed.parts, part: b64encode(closed).decode()})
        with pytest.raises(BadRecord, match=f"tampered: {part}"):
            open_parts(changed, KEYS, id=ID, type=kind.type)


@pytest.mark.parametrize("part", ["", "AA", "not base64!", "AAAAAAAAAAAAAAAAAAAA"])
def test_a_part_cut_short_does_not_open(part):
    sealed = take_apart(b'{"sealed":{"facts":"%b"},"person":"%b"}' % (part.encode(), str(PERSON).encode()))
    with pytest.raises(BadRecord, match="tampered: facts"):
        open_parts(sealed, KEYS, id=ID, type=DECLINED)


@pytest.mark.parametrize(
    "data",
    [
        b'{"sealed":{"facts":1},"person":"00000000-0000-0000-0000-000000000001"}',
        b'{"sealed":{"facts":"AA"},"person":"somebody"}',
        b'{"sealed":{"facts":"AA"},"person":7}',
        b'{"sealed":{"facts":"AA"}}',
        b'{"sealed":{"facts":"AA"}',
        b'{"sealed":{"facts":"\xff"},"person":"00000000-0000-0000-0000-000000000001"}',
    ],
)
def test_what_only_looks_sealed_is_bad_data(data):
    assert is_sealed(data)
    with pytest.raises(BadRecord, match="bad_data: sealed"):
        take_apart(data)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_nothing_of_it_can_be_read_without_a_key(kind):
    event = sample_of(kind)
    data = close(event, KEYS, person=PERSON, id=ID)
    assert set(json.loads(data)) == {"sealed", "person"}
    for value in json.loads(encode_data(event)).values():
        if isinstance(value, str) and value != "person" and len(value) > 5:
            assert value.encode() not in data


def test_what_was_sealed_on_the_first_day_opens():
    keys = {Compartment.FACTS: b"\x01" * 32, Compartment.HEALTH: b"\x02" * 32}
    read = opened(referral.Declined, GOLDEN, keys)
    assert (read.reason, read.rule, read.referral) == ("not_eligible", "age", UUID(int=3))


def test_the_same_event_is_never_the_same_bytes():
    event = sample_of(referral.Declined)
    assert len({close(event, KEYS, person=PERSON, id=ID) for _ in range(20)}) == 20


def test_a_reader_without_a_key_has_the_rest_and_no_more():
    event = sample_of(referral.Held)
    sealed = take_apart(close(event, KEYS, person=PERSON, id=ID))
    keys = {part: KEYS[part] for part in OPENS["reporting"]}
    hidden = hidden_from(referral.Held, OPENS["reporting"])
    read = decode_data(event.type, open_parts(sealed, keys, id=ID, type=event.type), hidden)
    assert isinstance(read, referral.Held)
    assert (read.referral, read.stage) == (event.referral, event.stage)
    with pytest.raises(AttributeError):
        _ = read.hold_reason


def test_what_need_not_be_said_reads_as_not_said_where_it_may_not_be_read():
    event = sample_of(referral.Declined)
    assert event.rule is not None
    sealed = take_apart(close(event, KEYS, person=PERSON, id=ID))
    facts = {Compartment.FACTS: KEYS[Compartment.FACTS]}
    hidden = hidden_from(referral.Declined, frozenset(facts))
    read = decode_data(event.type, open_parts(sealed, facts, id=ID, type=event.type), hidden)
    assert read.rule is None
    assert "rule" not in read.model_fields_set


def test_what_may_be_read_is_held_to_its_schema_also_where_the_rest_is_hidden():
    hidden = hidden_from(referral.Declined, OPENS["reporting"])
    data = json.loads(encode_data(sample_of(referral.Declined)))
    with pytest.raises(BadRecord, match="bad_data: referral"):
        decode_data(DECLINED, json.dumps(data | {"referral": "Ray Washington"}).encode(), hidden)
    newer = decode_data(DECLINED, json.dumps(data | {"reason": "not_thought_of_yet"}).encode(), hidden)
    assert newer.reason == "not_thought_of_yet"


def test_of_somebody_who_was_erased_nothing_is_written():
    data = close(sample_of(referral.Declined), {}, person=PERSON, id=ID)
    assert data == b'{"sealed":{},"person":"%b"}' % str(PERSON).encode()
    assert take_apart(data).parts == {}


def test_a_part_of_a_compartment_that_nobody_here_knows_is_left_shut():
    data = close(sample_of(referral.Seen), KEYS, person=PERSON, id=ID)
    newer = data.replace(b'{"sealed":{', b'{"sealed":{"tomorrow":"AAAA",')
    assert opened(referral.Seen, newer) == sample_of(referral.Seen)


def test_data_over_the_limit_is_refused_sealed_as_in_clear(monkeypatch):
    event = sample_of(referral.Seen)
    size = len(close(event, KEYS, person=PERSON, id=ID))
    monkeypatch.setattr("shared.contracts.sealed.LARGEST_VALUE", size)
    assert close(event, KEYS, person=PERSON, id=ID)
    monkeypatch.setattr("shared.contracts.sealed.LARGEST_VALUE", size - 1)
    with pytest.raises(TooLarge):
        close(event, KEYS, person=PERSON, id=ID)
