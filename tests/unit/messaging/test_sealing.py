"""What is written is closed and what is read is opened; what can't be, waits, is skipped or is refused."""

from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest

from shared.contracts import agency, consent, plan, referral, setback
from shared.contracts.compartments import Compartment
from shared.contracts.data import dataschema_of, encode_data
from shared.contracts.documents.samples import sample_of
from shared.contracts.envelope import Envelope
from shared.contracts.sealed import is_sealed, take_apart
from shared.messaging.batch import Arrival
from shared.messaging.sealing import Opener, Told, encode_all
from shared.runtime.ids import uuid7
from shared.security.keys import KeyMissing, MemoryKeys

RAY, MARIA = UUID(int=1), UUID(int=2)
WHEN = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Counting(MemoryKeys):
    """Says how often it was asked, and for whom."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Compartment, int]] = []
        self.made = 0

    async def get_many(self, people, compartment, *, alarm=True):
        self.asked.append((compartment, len(set(people))))
        return await super().get_many(people, compartment)

    async def create(self, person, compartment):
        self.made += 1
        return await super().create(person, compartment)


@pytest.fixture
def keys():
    return Counting()


@pytest.fixture
def tx(keys):
    """A connection of a pool that was opened with keys."""
    return SimpleNamespace(keys=keys)


def told(event, person=RAY):
    return Told(uuid7(), event, person)


def arrival(one: Told, data: bytes) -> Arrival:
    envelope = Envelope(
        one.id, "/throughcare/caseplan", one.event.type, "s", WHEN, 1, 1, "k", dataschema_of(one.event.type), None,
        None, None, data,
    )  # fmt: skip
    return Arrival(None, envelope, sealed=take_apart(data))  # type: ignore[arg-type]


async def written(tx, *said: Told) -> list[Arrival]:
    data = await encode_all(tx, said)
    return [arrival(one, text) for one, text in zip(said, data, strict=True)]


async def test_what_is_said_of_somebody_is_sealed_and_comes_back(tx, keys):
    event = sample_of(plan.Signed)
    [record] = await written(tx, told(event))
    assert is_sealed(record.envelope.data)
    await Opener("caseplan", keys).open([record])
    assert record.fact.event == event
    assert (record.sealed, record.bad, record.erased) == (None, None, None)


async def test_public_facts_and_revocations_stay_in_clear_and_need_no_keys():
    nobody = SimpleNamespace()
    public, revoked = sample_of(agency.Registered), sample_of(consent.Revoked)
    data = await encode_all(nobody, [told(public, None), told(revoked, revoked.person)])
    assert data == [encode_data(public), encode_data(revoked)]


async def test_whoever_forgets_to_say_whose_it_is_writes_nothing(tx):
    with pytest.raises(ValueError, match="names a person"):
        await encode_all(tx, [told(sample_of(referral.Sent), None)])


async def test_a_connection_without_keys_writes_nothing_of_anybody():
    with pytest.raises(RuntimeError, match="carries no keys"):
        await encode_all(SimpleNamespace(), [told(sample_of(referral.Sent))])


async def test_a_command_asks_once_for_each_key_however_much_it_says(tx, keys):
    await encode_all(tx, [told(sample_of(referral.Declined))])
    assert keys.made == 2
    keys.asked.clear()
    await encode_all(tx, [told(sample_of(referral.Declined)) for _ in range(20)])
    assert sorted(keys.asked) == [(Compartment.FACTS, 1), (Compartment.HEALTH, 1)]
    assert keys.made == 2


async def test_a_batch_asks_once_for_all_its_people(tx, keys):
    people = [uuid7() for _ in range(50)]
    records = await written(tx, *[told(sample_of(referral.Seen), person) for person in people * 3])
    keys.asked.clear()
    await Opener("reporting", keys).open(records)
    assert keys.asked == [(Compartment.FACTS, 50)]
    assert all(record.fact for record in records)


async def test_a_part_that_a_service_is_not_given_is_skipped_and_nobody_asks_for_its_key(tx, keys):
    event = sample_of(setback.Reported)
    [record] = await written(tx, told(event))
    keys.asked.clear()
    await Opener("reporting", keys).open([record])
    assert keys.asked == [(Compartment.FACTS, 1)]
    assert record.fact.event.setback == event.setback
    assert not hasattr(record.fact.event, "pace")


async def test_a_person_who_was_erased_is_told_apart_from_a_key_that_is_missing(tx, keys):
    erased, missing = await written(tx, told(sample_of(referral.Seen)), told(sample_of(referral.Seen), MARIA))
    await keys.erase(RAY)
    await Opener("reporting", keys).open([erased])
    assert (erased.erased, erased.fact, erased.bad) == (RAY, None, None)
    with pytest.raises(KeyMissing):
        await Opener("reporting", MemoryKeys()).open([missing])
    assert missing.sealed is not None
    await Opener("reporting", keys).open([missing])
    assert missing.fact is not None


async def test_what_happens_to_somebody_erased_is_said_without_saying_what(tx, keys):
    await keys.erase(RAY)
    [record] = await written(tx, told(sample_of(referral.Paused)))
    assert record.sealed.parts == {}
    await Opener("reporting", MemoryKeys()).open([record])
    assert record.erased == RAY


async def test_a_record_moved_to_another_id_or_type_does_not_open(tx, keys):
    [sound] = await written(tx, told(sample_of(referral.Seen)))
    for changed in ({"id": uuid7()}, {"type": referral.Sent.type}):
        envelope = sound.envelope
        fields = {name: getattr(envelope, name) for name in Envelope.__slots__} | changed
        moved = Arrival(None, Envelope(**fields), sealed=take_apart(envelope.data))
        await Opener("reporting", keys).open([moved])
        assert moved.fact is None
        assert (moved.bad.reason, moved.bad.subject, moved.bad.id) == ("tampered", "s", fields["id"])


async def test_sealed_records_and_no_keys_is_a_mistake_of_ours(tx):
    records = await written(tx, told(sample_of(referral.Seen)))
    with pytest.raises(RuntimeError, match="no keys"):
        await Opener("reporting", None).open(records)
