"""The outbox: events are written in the transaction of the change they tell of, and leave by the relay.

No dual write: what is not committed was never said, and what is committed will be. The caller holds the lock on
its aggregate's row (for a new one its own insert is that lock), so that positions follow sequences.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID
from zlib import crc32

from asyncpg import Connection

from shared.contracts.attributes import check_text
from shared.contracts.events import Event
from shared.contracts.topics import BY_NAME, PARTITIONS
from shared.messaging.failpoints import MUTANT
from shared.messaging.sealing import Told, encode_all
from shared.runtime import sql
from shared.runtime.ids import uuid7
from shared.runtime.traces import traceparent

SQL = sql.load(__file__, "outbox.sql")
_PUT = SQL["put_events_unlocked" if MUTANT == "no_aggregate_lock" else "put_events"]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an event was written: the id of the command or event before it, and who acted (`role:id`, never a name)."""

    causationid: str | None = None
    actor: str | None = None


def shard_of(partitionkey: str) -> int:
    """The partition of a key. crc32, because Python's own hash differs from process to process."""
    return crc32(partitionkey.encode()) % PARTITIONS


def source_of(topic: str) -> str:
    """The CloudEvents source of everything on `topic`: its one owner."""
    return f"/throughcare/{BY_NAME[topic].owner}"


async def put_events(
    tx: Connection,
    subject: UUID | str,
    events: Sequence[Event],
    *,
    partitionkey: UUID | str,
    person: UUID | None = None,
    cause: Cause = Cause(),
) -> list[UUID]:
    """Queue what happened to one aggregate, in order, inside `tx`; returns the event ids.

    `subject` is the aggregate's id; `partitionkey` is the person (or agency) and counts only for the aggregate's first
    event, since an aggregate never changes its partition. `person` is whose facts these are: their keys close them, and
    public facts of agencies and programs name nobody. Raises TooLarge over 256 KiB of data and BadAttribute for
    text that no header may hold (both Permanent): what is written here is sent without another look.
    """
    if not events:
        return []
    for name, text in _texts(subject, partitionkey, cause):
        check_text(text, name)
    topics = {event.topic for event in events}
    if len(topics) != 1:
        raise ValueError(f"one aggregate writes one topic, not {sorted(topics)}")
    ids = [uuid7() for _ in events]
    await tx.execute(
        _PUT,
        topics.pop(),
        str(subject),
        str(partitionkey),
        shard_of(str(partitionkey)),
        ids,
        [event.type for event in events],
        await encode_all(tx, [Told(id, event, person) for id, event in zip(ids, events, strict=True)]),
        traceparent(cause.causationid),
        cause.causationid,
        cause.actor,
    )
    return ids


class Saying(NamedTuple):
    """One event of one aggregate, among those of others; the names are those of `put_events`."""

    subject: UUID
    event: Event
    partitionkey: UUID
    person: UUID | None = None


async def put_of_each(tx: Connection, said: Sequence[Saying], *, cause: Cause = Cause()) -> None:
    """Queue what happened to many aggregates of one topic: the same as `put_events` for each, a statement for all.

    Of an aggregate that is named twice the later event follows the earlier. A caller who holds no other lock may run
    beside others who do the same.
    """
    if not said:
        return
    for name, text in _texts(said[0].subject, said[0].partitionkey, cause):
        check_text(text, name)
    [topic] = {one.event.topic for one in said}
    first = list({one.subject: one for one in reversed(said)}.values())
    ids = [uuid7() for _ in first]
    await tx.execute(
        SQL["put_of_each"],
        topic,
        [str(one.subject) for one in first],
        [str(one.partitionkey) for one in first],
        [shard_of(str(one.partitionkey)) for one in first],
        ids,
        [one.event.type for one in first],
        await encode_all(tx, [Told(id, one.event, one.person) for id, one in zip(ids, first, strict=True)]),
        traceparent(cause.causationid),
        cause.causationid,
        cause.actor,
    )
    taken = set(map(id, first))
    await put_of_each(tx, [one for one in said if id(one) not in taken], cause=cause)


def _texts(subject: UUID | str, partitionkey: UUID | str, cause: Cause) -> Iterator[tuple[str, str]]:
    yield "subject", str(subject)
    yield "partitionkey", str(partitionkey)
    if cause.causationid is not None:
        yield "causationid", cause.causationid
    if cause.actor is not None:
        yield "actor", cause.actor


async def put_again(tx: Connection, topic: str, subject: str, from_sequence: int) -> bool:
    """Queue archived events once more for a reader who lacks them; False when nobody here has the first of them.

    Later ones say nothing about it: whoever asks has heard one of those, or would not know that something is missing.
    """
    held: bool = await tx.fetchval(SQL["holds"], topic, subject, from_sequence)
    await tx.execute(SQL["put_again"], topic, subject, from_sequence)
    return held
