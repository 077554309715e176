"""What operators do with dead letters, beside a live inbox: nothing comes back, nothing is left behind, all is in
writing."""

import asyncio
from dataclasses import replace

import pytest

from shared.contracts.codec import to_kafka
from shared.contracts.control import RepairImpossible
from shared.contracts.data import dataschema_of, encode_data
from shared.contracts.envelope import BadRecord, Envelope
from shared.messaging import batch, deadletters
from shared.messaging.inbox import Inbox
from shared.runtime.errors import Conflict, Invalid
from tests.integration.messaging.records import WHEN, Record
from tests.integration.messaging.world import TOPIC, new, until

pytestmark = pytest.mark.network

WHY = "the archive was pruned before its time"


async def letters(reader):
    return await deadletters.letters(reader.pool, "reporting")


async def lines(reader) -> int:
    """How much the service has to say to others."""
    return await reader.pool.fetchval("SELECT count(*) FROM outbox")


async def note_lost(reader):
    await reader.pool.execute("UPDATE progress SET parked = 'lost' WHERE parked = 'gap'")


def answer(subject, from_sequence: int, offset: int = 0) -> Record:
    """The owner's record that says that nobody has an event any more."""
    event = RepairImpossible(
        service="notifications", asker="reporting", wanted_topic=TOPIC, wanted_subject=str(subject),
        from_sequence=from_sequence,
    )  # fmt: skip
    envelope = Envelope(
        id=new(), source="/throughcare/notifications", type=event.type, subject=f"{TOPIC}/{subject}", time=WHEN,
        sequence=offset + 1, epoch=1, partitionkey=str(subject), dataschema=dataschema_of(event.type),
        traceparent=None, causationid=None, actor=None, data=encode_data(event),
    )  # fmt: skip
    key, value, headers = to_kafka(envelope)
    return Record("throughcare.notifications.control.v1", 0, offset, key, value, headers)


def unreadable(record: Record) -> Record:
    """The same, with its place legible and nothing else."""
    return replace(record, value=None)


async def test_a_loss_is_noted_beside_new_records_and_asked_about_once(reader, log):
    subject = new()
    third = log.put(subject, 3)
    await reader.inbox.process([log.put(subject, 1), third])
    await reader.inbox.process([answer(subject, 2), log.put(subject, 4)])
    assert await reader.parked(subject) == "lost"
    await reader.inbox.process([third, log.put(subject, 5)])
    assert await reader.parked(subject) == "lost"
    assert await reader.asked() == [(TOPIC, str(subject), 2)]


async def test_an_answer_to_an_earlier_gap_says_nothing_of_the_next(reader, log):
    subject = new()
    await reader.inbox.process([log.put(subject, 1), log.put(subject, 2), log.put(subject, 4)])
    await reader.inbox.process([answer(subject, 2)])
    assert await reader.parked(subject) == "gap"


async def test_a_loss_is_accepted_in_writing_and_the_rest_goes_on(reader, log):
    subject = new()
    records = [log.put(subject, n) for n in (1, 2, 3, 4, 5, 7)]
    await reader.inbox.process([records[0], *records[3:]])
    await note_lost(reader)
    fourth, fifth, seventh = await letters(reader)
    with pytest.raises(Invalid):
        await deadletters.accept(reader.inbox, fourth["number"], "ops:test", " ")
    assert await deadletters.accept(reader.inbox, fifth["number"], "ops:test", WHY) == "replayed"
    assert await reader.effects(subject) == [1, 4, 5]
    assert await reader.parked(subject) == "gap"  # another one, and its owner has not answered yet
    [waiting] = await letters(reader)
    assert waiting["number"] == seventh["number"]
    [loss] = await deadletters.accepted(reader.pool, "reporting")
    assert (loss["subject"], loss["from_sequence"], loss["to_sequence"]) == (str(subject), 2, 3)
    assert (loss["accepted_by"], loss["because"]) == ("ops:test", WHY)
    await reader.inbox.process(records)
    assert await reader.effects(subject) == [1, 4, 5]


@pytest.mark.parametrize(("sequences", "advice"), [((1, 3), "replay asks once more"), ((1, 1, 2), "replay or drop it")])
async def test_only_a_loss_can_be_accepted(reader, log, sequences: tuple[int, ...], advice: str):
    subject = new()
    await reader.inbox.process([log.put(subject, n) for n in sequences])
    number = (await letters(reader))[0]["number"]
    with pytest.raises(Conflict, match=advice):
        await deadletters.accept(reader.inbox, number, "ops:test", WHY)
    assert await deadletters.accepted(reader.pool, "reporting") == []


async def test_a_letter_behind_a_gap_is_not_dropped_with_what_is_missing(reader, log):
    subject = new()
    await reader.inbox.process([log.put(subject, 1)])
    missing = log.put(subject, 2)
    await reader.inbox.process([unreadable(log.put(subject, 3))])
    [letter] = await letters(reader)
    with pytest.raises(Conflict, match="replay it first"):
        await deadletters.drop(reader.inbox, letter["number"], "ops:test", WHY)
    await note_lost(reader)
    with pytest.raises(Conflict, match="accept it first"):
        await deadletters.drop(reader.inbox, letter["number"], "ops:test", WHY)
    await reader.inbox.process([missing])
    assert await reader.effects(subject) == [1, 2]
    await deadletters.drop(reader.inbox, letter["number"], "ops:test", WHY)
    assert await letters(reader) == []


async def test_a_letter_that_names_no_subject_has_nothing_lost_before_it(reader, log):
    await reader.inbox.process([log.raw()])
    [foreign] = await letters(reader)
    with pytest.raises(Conflict, match="names no subject"):
        await deadletters.accept(reader.inbox, foreign["number"], "ops:test", WHY)


async def test_dropping_takes_a_reason_and_keeps_it(reader, log):
    await reader.inbox.process([log.raw()])
    [foreign] = await letters(reader)
    with pytest.raises(Invalid):
        await deadletters.drop(reader.inbox, foreign["number"], "ops:test", "")
    await deadletters.drop(reader.inbox, foreign["number"], "ops:test", WHY)
    kept = await deadletters.letter(reader.pool, "reporting", foreign["number"])
    assert (kept["state"], kept["settled_by"], kept["because"]) == ("dropped", "ops:test", WHY)


@pytest.mark.parametrize("as_it_comes", [lambda record: record, unreadable], ids=["sound", "unreadable"])
async def test_a_dropped_fork_that_is_read_again_changes_nothing(reader, log, as_it_comes):
    subject = new()
    fork = as_it_comes(log.put(subject, 1))
    await reader.inbox.process([log.put(subject, 1)])
    await reader.inbox.process([fork])
    assert await reader.parked(subject) == "fork"
    [letter] = await letters(reader)
    await deadletters.drop(reader.inbox, letter["number"], "ops:test", WHY)
    before = await lines(reader)
    await reader.inbox.process([fork])
    assert await reader.parked(subject) is None
    assert await letters(reader) == []
    assert await lines(reader) == before
    await reader.inbox.process([log.put(subject, 2)])
    assert await reader.effects(subject) == [1, 2]


async def test_a_dropped_record_of_an_earlier_life_leaves_its_place_to_the_later_one(reader, log):
    subject = new()
    await reader.inbox.process([log.put(subject, 1, epoch=2), log.put(subject, 2, epoch=1)])
    [fork] = await letters(reader)
    await deadletters.drop(reader.inbox, fork["number"], "ops:test", WHY)
    await reader.inbox.process([log.put(subject, 2, epoch=2)])
    assert await reader.effects(subject) == [1, 2]


async def test_an_unreadable_record_in_a_place_that_is_taken_is_a_fork(reader, log):
    subject = new()
    first = log.put(subject, 1)
    await reader.inbox.process([first])
    await reader.inbox.process([unreadable(first)])
    assert await letters(reader) == []  # the same record, already applied
    await reader.inbox.process([unreadable(log.put(subject, 1))])
    assert await reader.parked(subject) == "fork"
    [letter] = await letters(reader)
    assert await deadletters.replay(reader.inbox, letter["number"], "ops:test") == "parked"
    assert await reader.parked(subject) == "fork"


async def test_a_foreign_record_that_has_become_readable_waits_in_its_place(reader, log, monkeypatch):
    subject = new()
    early, missing = log.put(subject, 2), log.put(subject, 1)

    def of_an_older_version(*_):
        raise BadRecord("unsupported_content")

    with monkeypatch.context() as older:
        older.setattr(batch, "from_kafka", of_an_older_version)
        await reader.inbox.process([early])
    [foreign] = await letters(reader)
    assert await deadletters.replay(reader.inbox, foreign["number"], "ops:test") == "parked"
    assert await reader.parked(subject) == "gap"
    [waiting] = await letters(reader)
    assert (waiting["subject"], waiting["kafka_offset"]) == (str(subject), early.offset)
    await reader.inbox.process([missing])
    assert await reader.effects(subject) == [1, 2]


BUSY = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


class Held:
    """A handler that stops at records about one thing until it is let go."""

    def __init__(self, reader) -> None:
        self.about, self.reached, self.go = new(), asyncio.Event(), asyncio.Event()
        self._pool = reader.pool
        self._heard = reader.reactions.to(TOPIC)
        reader.reactions._by_topic[TOPIC] = self._hear

    async def _hear(self, tx, facts) -> None:
        if any(event.about == self.about for _, event in facts):
            self.reached.set()
            await self.go.wait()
        await self._heard(tx, facts)

    async def beside(self, first, second) -> None:
        """Begin `second` while `first` is held; let go once it has ended, or waits for `first`."""
        held = asyncio.create_task(first)
        await self.reached.wait()
        other = asyncio.create_task(second)

        async def settled() -> bool:
            return other.done() or bool(await self._pool.fetchval(BUSY))

        await until(settled)
        self.go.set()
        await asyncio.gather(held, other)


async def rebuilt(reader, *known: Record) -> Inbox:
    """The live inbox after Kafka was made anew, so that letters are of a cluster that is gone."""
    live = Inbox(reader.pool, "reporting", reader.reactions)
    live.cluster = "rebuilt"
    await live.process(known)
    return live


first_sight = pytest.mark.parametrize("first_sight", [True, False], ids=["first batch", "later batch"])


@first_sight
async def test_a_drop_waits_for_the_batch_of_a_rebuilt_cluster(reader, log, first_sight: bool):
    subject, elsewhere, held = new(), new(), Held(reader)
    first, other = log.put(subject, 1), log.put(elsewhere, 1)
    await reader.inbox.process([first, other, log.put(subject, 1)])
    [fork] = await letters(reader)
    live = await rebuilt(reader, *([] if first_sight else [first, other]))
    behind, slow = log.put(subject, 2), log.put(elsewhere, 2, about=held.about)
    await held.beside(live.process([slow, behind]), deadletters.drop(reader.inbox, fork["number"], "ops:test", WHY))
    assert await reader.effects(subject) == [1, 2]
    assert await reader.parked(subject) is None
    assert await letters(reader) == []


@first_sight
async def test_the_batch_of_a_rebuilt_cluster_waits_for_a_replay(reader, log, first_sight: bool):
    subject, bad = new(), new()
    first = log.put(subject, 1)
    reader.refuse.add(bad)
    await reader.inbox.process([first, log.put(subject, 2, about=bad)])
    reader.refuse.clear()
    [poison] = await letters(reader)
    live = await rebuilt(reader, *([] if first_sight else [first]))
    held = Held(reader)
    held.about = bad
    await held.beside(
        deadletters.replay(reader.inbox, poison["number"], "ops:test"), live.process([log.put(subject, 3)])
    )
    assert await reader.effects(subject) == [1, 2, 3]
    assert await reader.parked(subject) is None
    assert await letters(reader) == []
