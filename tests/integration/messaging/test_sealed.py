"""Sealed events on a real Kafka and a real key store, as the roles of the services.

What is skipped, what waits, what is refused; and nothing of anybody lies anywhere in clear.
"""

import asyncio
import json
from uuid import UUID

import asyncpg
import pytest

from shared.contracts import referral
from shared.contracts.codec import from_kafka, to_kafka
from shared.contracts.compartments import OPENS, Compartment, person_of
from shared.contracts.data import dataschema_of
from shared.contracts.documents.samples import sample_of
from shared.contracts.envelope import Envelope
from shared.contracts.message import Decided
from shared.contracts.sealed import OPENING, close
from shared.contracts.topics import PARTITIONS
from shared.messaging import deadletters, losses
from shared.messaging.kafka import reader as kafka_reader
from shared.messaging.outbox import put_events, source_of
from shared.messaging.publisher import Log
from shared.messaging.restoring import reconcile
from shared.runtime.settings import Settings
from shared.security.keys import NotGranted, open_keys
from shared.security.keystore.store import give_up
from shared.security.masters import masters_of
from tests.integration.messaging.records import WHEN, Record
from tests.integration.messaging.world import TOPIC, fact, new, until, world

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka")]


class Sealing:
    """Hands a reader records as the writer's own service would have sealed them."""

    def __init__(self, w, log) -> None:
        self.w, self.log = w, log

    async def put(self, subject: UUID, sequence: int, person: UUID) -> Record:
        event, id = fact(subject, person=person), new()
        keys = {Compartment.FACTS: await self.w.writer.keys.create(person, Compartment.FACTS)}
        return self.log.put(subject, sequence, id=id, value=close(event, keys, person=person, id=id))


@pytest.fixture
async def two(database, kafka):
    async with world(database) as w:
        w.reader.inbox.cluster = "test"
        yield w


@pytest.fixture
def sealing(two, log):
    return Sealing(two, log)


@pytest.fixture
async def store(database):
    """The key store, as its owner sees it."""
    await database()
    async with database.keys.owner() as owner:
        yield owner


async def erase(database, person: UUID) -> None:
    """As intake does it: nobody else may."""
    async with open_keys(Settings(**await database.settings("intake")), "erasing") as keys:
        await keys.erase(person)


async def account(side):
    return await deadletters.account(side.pool, side.service)


def counted(meter, *labels) -> float:
    return (meter.labels(*labels) if labels else meter)._value.get()


async def test_the_key_store_gives_each_service_the_compartments_that_the_code_says(store):
    rows = await store.fetch("SELECT role, compartment FROM keys.compartment_of")
    given = {role: {row["compartment"] for row in rows if row["role"] == role} for role in OPENS}
    assert given == {role: {part.value for part in parts} for role, parts in OPENS.items()}


async def test_a_sealed_record_has_its_effect_once(two, sealing):
    subject, person = new(), new()
    record = await sealing.put(subject, 1, person)
    for _ in range(2):
        await two.reader.inbox.process([record])
    assert await two.reader.effects(subject) == [1]


async def test_sealed_records_and_those_from_before_are_read_side_by_side(two, sealing, log):
    subject = new()
    await two.reader.inbox.process([log.put(subject, 1), await sealing.put(subject, 2, new()), log.put(subject, 3)])
    assert await two.reader.effects(subject) == [1, 2, 3]


async def test_of_somebody_erased_the_envelope_counts_and_the_rest_is_skipped(two, sealing, database, log):
    subject, person = new(), new()
    told = []

    @two.reader.reactions.on_erased
    async def forget(tx, whose):
        told.append(whose)

    records = [await sealing.put(subject, n, person) for n in (1, 2)]
    await erase(database, person)
    await two.reader.inbox.process([*records, log.put(subject, 3)])
    assert await two.reader.effects(subject) == [3]
    assert await two.reader.parked(subject) is None
    found = await account(two.reader)
    assert (found.applied, found.ignored, found.parked) == (1, 2, 0)
    assert counted(two.reader.meters.erased, TOPIC) == counted(two.reader.meters.ignored, TOPIC) == 2
    assert told == [person]


async def test_of_somebody_erased_a_record_taken_one_by_one_is_skipped_too(two, sealing, database, log):
    subject, person, bad = new(), new(), new()
    two.reader.refuse.add(bad)
    record = await sealing.put(subject, 2, person)
    await erase(database, person)
    await two.reader.inbox.process([log.put(subject, 1), record, log.put(bad, 1, about=bad)])
    found = await account(two.reader)
    assert (found.applied, found.ignored, found.parked) == (1, 1, 1)
    assert counted(two.reader.meters.erased, TOPIC) == 1


async def test_what_was_parked_before_an_erasure_goes_on_without_its_content(two, sealing, database, log):
    subject, person = new(), new()
    second = await sealing.put(subject, 2, person)
    await two.reader.inbox.process([second])
    assert await two.reader.parked(subject) == "gap"
    await erase(database, person)
    two.reader.keys._cache.clear()  # a minute later
    await two.reader.inbox.process([log.put(subject, 1)])
    assert await two.reader.parked(subject) is None
    assert await two.reader.effects(subject) == [1]


async def test_a_missing_key_is_waited_for_and_never_taken_for_an_erasure(two, sealing, store):
    subject, person = new(), new()
    record = await sealing.put(subject, 1, person)
    [kept] = await store.fetch("DELETE FROM keys.person_key WHERE person_id = $1 RETURNING *", person)
    taking = asyncio.create_task(two.reader.inbox.process([record]))

    async def rung() -> bool:
        return counted(two.reader.meters.keys_missing) >= 2

    await until(rung)
    found = await account(two.reader)
    assert (found.applied, found.ignored, found.parked) == (0, 0, 0)
    assert await two.reader.parked(subject) is None
    await store.execute(
        "INSERT INTO keys.person_key (person_id, compartment, wrapped, master) VALUES ($1, $2, $3, $4)",
        person, kept["compartment"], kept["wrapped"], kept["master"],
    )  # fmt: skip
    await taking
    assert await two.reader.effects(subject) == [1]


async def test_a_key_that_is_given_up_holds_up_nobody_and_what_it_closed_is_parked(two, sealing, store, log):
    subject, other, person, somebody = new(), new(), new(), new()
    records = [await sealing.put(subject, 1, person), await sealing.put(other, 1, somebody)]
    await store.execute("DELETE FROM keys.person_key WHERE person_id = $1", person)
    masters = masters_of(two.reader.settings)
    assert await give_up(store, masters, person) == len(Compartment)
    assert await give_up(store, masters, person) == 0, "a key that is there stays"
    assert await give_up(store, masters, somebody) == len(Compartment) - 1
    await two.reader.inbox.process(records)
    [letter] = await deadletters.letters(two.reader.pool, "reporting")
    assert (letter["reason"], letter["detail"]) == ("poison", "tampered: facts")
    assert await two.reader.effects(other) == [1]
    two.writer.keys._cache.clear()  # as of a process that was started since
    await two.reader.inbox.process([await sealing.put(other, 2, person)])
    assert await two.reader.effects(other) == [1, 2], "what is said of them from now on is read"


async def test_nobody_who_was_erased_gets_a_key_by_giving_one_up(two, database, store):
    person = new()
    await erase(database, person)
    assert await give_up(store, masters_of(two.reader.settings), person) == 0


async def test_a_revocation_does_not_wait_for_somebodys_missing_key(two, sealing, store, log):
    waits, revoked, person = new(), new(), new()
    record = await sealing.put(waits, 1, person)
    kept = await store.fetch("DELETE FROM keys.person_key WHERE person_id = $1 RETURNING *", person)
    assert kept
    two.reader.reactions.at_once(Decided.type)  # stands in for a revocation: it is in clear
    taking = asyncio.create_task(two.reader.inbox.process([record, log.put(revoked, 1)]))
    await two.reader.has(revoked, 1)
    assert await two.reader.effects(waits) == []
    taking.cancel()


async def test_a_part_that_was_changed_is_parked_with_its_reason_and_holds_up_nobody_else(two, sealing):
    subject, other, person = new(), new(), new()
    first = await sealing.put(subject, 1, person)
    data = json.loads(first.value)
    facts = data["sealed"]["facts"]
    data["sealed"]["facts"] = facts[:-8] + ("A" if facts[-8] != "A" else "B") + facts[-7:]
    first.value = json.dumps(data, separators=(",", ":")).encode()
    assert first.value.startswith(OPENING)
    await two.reader.inbox.process([first, await sealing.put(subject, 2, person), await sealing.put(other, 1, person)])
    assert await two.reader.effects(subject) == []
    assert await two.reader.effects(other) == [1]
    letter, behind = await deadletters.letters(two.reader.pool, "reporting")
    assert (letter["reason"], letter["detail"]) == ("poison", "tampered: facts")
    assert await deadletters.replay(two.reader.inbox, letter["number"], "ops:test") == "parked"
    assert await deadletters.drop(two.reader.inbox, letter["number"], "ops:test", "changed on the way") == "dropped"
    assert await two.reader.effects(subject) == [2]
    assert behind["sequence"] == 2


async def test_a_part_that_the_role_is_not_given_is_skipped_and_its_key_refused(two):
    person, id, heard = new(), new(), []

    @two.reader.reactions.on(referral.Held.topic)
    async def note(tx, facts):
        heard.extend(facts)

    event = sample_of(referral.Held).model_copy(update={"person": person})
    keys = {Compartment.FACTS: await two.writer.keys.create(person, Compartment.FACTS)}
    data = close(event, {**keys, Compartment.REFERRAL: bytes(32)}, person=person, id=id)
    envelope = Envelope(
        id, source_of(event.topic), event.type, str(event.referral), WHEN, 1, 1, str(person),
        dataschema_of(event.type), None, None, None, data,
    )  # fmt: skip
    await two.reader.inbox.process([Record(event.topic, 0, 0, *to_kafka(envelope))])
    [(_, read)] = heard
    assert (read.referral, read.stage) == (event.referral, event.stage)
    assert not hasattr(read, "hold_reason")
    for keys_of_role in (two.reader.keys, two.writer.keys):
        with pytest.raises(NotGranted):
            await keys_of_role.get(person, Compartment.REFERRAL)


async def test_a_key_outlives_the_transaction_that_was_rolled_back(two):
    subject, person = new(), new()
    with pytest.raises(ZeroDivisionError):
        async with two.writer.pool.acquire() as connection, connection.transaction():
            await put_events(
                connection, subject, [fact(subject, person=person)], partitionkey=person, person=person
            )  # fmt: skip
            raise ZeroDivisionError
    assert await two.writer.sent()
    assert len(await two.reader.keys.get(person, Compartment.FACTS)) == 32


async def on_topic(settings) -> list[bytes]:
    """The values that stand on the writer's topic, as a broker keeps them."""
    consumer = kafka_reader(settings)
    async with consumer:
        ends = await losses.log_ends(consumer, [Log(TOPIC, shard) for shard in range(PARTITIONS)])
        return [record for log, end in ends.items() if end for record in await losses.read(consumer, log, 0, end)]


@pytest.mark.usefixtures("clean_topics")
async def test_nothing_of_anybody_lies_in_clear_on_kafka_or_in_the_archive(two):
    people, subjects = [new() for _ in range(6)], []
    for person in people:
        subjects.append(new())
        await two.writer.say(subjects[-1], 3, about=person, person=person)
    await two.writer.say(new(), 1)  # concerns nobody in particular
    two.writer.start("relay")
    await until(two.writer.sent)
    records = await on_topic(two.writer.settings)
    assert len(records) == 19
    envelopes = [from_kafka(record.key, record.value, record.headers) for record in records]
    of_people = [envelope for envelope in envelopes if UUID(envelope.partitionkey) in people]
    assert len(of_people) == 18
    for envelope in of_people:
        assert set(json.loads(envelope.data)) == {"sealed", "person"}
        assert set(json.loads(envelope.data)["sealed"]) == {"facts"}
        assert not any(
            word in envelope.data for word in (b'"sms"', b"occasion", b"audience", envelope.subject.encode())
        )
    archived = {row["id"]: row["data"] for row in await two.writer.pool.fetch("SELECT id, data FROM event_archive")}
    assert archived == {envelope.id: envelope.data for envelope in envelopes}
    two.reader.start("edge")
    for subject in subjects:
        await two.reader.has(subject, 3)


@pytest.mark.usefixtures("clean_topics")
async def test_a_restored_source_takes_its_sealed_events_back_as_they_are_and_refolds_what_they_say(
    two, database, store
):
    subject, person, gone = new(), new(), new()
    await two.writer.say(subject, 2, person=person)
    await two.writer.say(gone, 1, person=gone)
    two.writer.start("relay")
    await until(two.writer.sent)
    await two.writer.stop()
    before = {row["id"]: row["data"] for row in await two.writer.pool.fetch("SELECT id, data FROM event_archive")}
    await erase(database, gone)
    two.writer.keys._cache.clear()  # a minute later
    owner = await asyncpg.connect(await database("notifications", owner=True))
    await owner.execute("SET search_path = notifications; TRUNCATE event_archive, stream, relay_mark")
    await owner.close()
    heard = []

    async def refold(tx, envelope, event):
        heard.append(event)

    side = two.writer
    assert await reconcile(side.pool, side.settings, side.service, refold, side.keys) == 3
    after = {row["id"]: row["data"] for row in await side.pool.fetch("SELECT id, data FROM event_archive")}
    assert after == before
    assert heard == [fact(subject, person=person)] * 2
    assert all(person_of(event) == person for event in heard)
    await store.execute("DELETE FROM keys.person_key WHERE person_id = $1", person)
    side.keys._cache.clear()
    assert await reconcile(side.pool, side.settings, side.service, refold, side.keys) == 0, "nobody's key is asked for"
