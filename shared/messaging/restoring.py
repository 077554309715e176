"""After a restore: a database set back to an earlier state must not number again what the world already has.

Before a process serves or consumes, it compares the ends of its own topics with what its database remembers. What
the log holds and the database does not was lost by a restore: it goes back into the archive, sequences go on after
it, and the epoch rises above every epoch that was lost, so that readers can tell the lives apart.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer
from asyncpg import Connection, Pool

from shared.contracts.envelope import Envelope
from shared.contracts.events import Event
from shared.contracts.topics import PARTITIONS, TOPICS
from shared.messaging.batch import Arrival
from shared.messaging.batch import read as read_record
from shared.messaging.kafka import cluster_id, reader
from shared.messaging.losses import Mark, find_cuts, log_ends, read
from shared.messaging.publisher import Log
from shared.messaging.sealing import Opener
from shared.runtime import sql
from shared.runtime.database import fetch, transaction
from shared.runtime.settings import Settings
from shared.security.keys import Keys

SQL = sql.load(__file__, "restoring.sql")
STEP = 2_000


class Held(NamedTuple):
    """What a log holds at an offset."""

    offset: int
    envelope: Envelope
    arrival: Arrival


Refold = Callable[[Connection, Envelope, Event], Awaitable[None]]
"""Brings the service's own aggregate to where one of its own, forgotten events says it was."""

log = structlog.get_logger("restoring")


async def nothing_to_refold(tx: Connection, envelope: Envelope, event: Event) -> None:
    """For services whose state others can rebuild."""


async def reconcile(
    pool: Pool, settings: Settings, service: str, refold: Refold = nothing_to_refold, keys: Keys | None = None
) -> int:
    """Take back what the service's own topics hold beyond its database; returns how many events.

    0 on every ordinary start: what was published and not yet archived is still known by its sequence. Bytes go back as
    they are; what was sealed is opened for `refold` alone, which hears nothing of somebody who was erased.
    """
    opener = Opener(service, keys)
    cluster = await cluster_id(settings)
    logs = [Log(topic.name, shard) for topic in TOPICS if topic.owner == service for shard in range(PARTITIONS)]
    consumer = reader(settings)
    await consumer.start()
    try:
        ends = await log_ends(consumer, logs)
        marks = {
            Log(row["topic"], row["shard"]): Mark(row["kafka_offset"], row["last_id"])
            for row in await fetch(pool, SQL["all_marks"], cluster)
        }
        # Since the backup a log may have lost its end and got it again, at other offsets than the backup remembers.
        moved = await find_cuts(pool, consumer, cluster, marks, ends)
        taken = 0
        for where, end in ends.items():
            first = moved[where] if where in moved else marks[where].offset + 1
            taken += await _take(pool, consumer, cluster, where, first, end, refold, opener)
    finally:
        await consumer.stop()
    if taken:
        log.error("the database was restored to an earlier state; its own topics filled the gap", rows=taken)
    return taken


async def _take(
    pool: Pool,
    consumer: AIOKafkaConsumer,
    cluster: str,
    where: Log,
    first: int,
    end: int,
    refold: Refold,
    opener: Opener,
) -> int:
    found = [
        each
        for start in range(first, end, STEP)
        for each in await _held(consumer, where, start, min(end, start + STEP))
    ]
    forgotten = await _forgotten(pool, where.topic, found)
    if not forgotten:  # nothing is opened for it: an ordinary start needs nobody's key
        return 0
    await opener.open([held.arrival for held in forgotten])
    async with transaction(pool) as connection:
        await connection.execute(SQL["lock_life"])
        forgotten = await _forgotten(connection, where.topic, forgotten)  # again, now that nobody else takes them
        if not forgotten:
            return 0
        await connection.execute(SQL["outlive"], max(held.envelope.epoch for held in forgotten))
        for held in forgotten:
            await _remember(connection, cluster, where, held, refold)
    return len(forgotten)


async def _held(consumer: AIOKafkaConsumer, where: Log, first: int, end: int) -> list[Held]:
    found = []
    for record in await read(consumer, where, first, end):
        arrival = read_record(record)
        if arrival.envelope is None:
            log.error("own topic holds a record that is not ours", topic=where.topic, offset=record.offset)
        else:
            found.append(Held(record.offset, arrival.envelope, arrival))
    return found


async def _forgotten(db: Connection | Pool, topic: str, found: Sequence[Held]) -> list[Held]:
    subjects = sorted({held.envelope.subject for held in found})
    rows = await fetch(db, SQL["heads"], topic, subjects) if subjects else []
    heads = {row["subject"]: row["sequence"] for row in rows}
    return in_order([held for held in found if held.envelope.sequence > heads.get(held.envelope.subject, 0)])


def in_order(found: Sequence[Held]) -> list[Held]:
    """Each event once, and those of one subject by their sequence, in the places that the log gives to that subject.

    A log that lost its end may have been given what was in the air before what it had lost.
    """
    once: dict[tuple[str, int], Held] = {}
    for held in found:
        once.setdefault((held.envelope.subject, held.envelope.sequence), held)
    rest: dict[str, list[Held]] = {}
    for (subject, _), held in sorted(once.items(), reverse=True):
        rest.setdefault(subject, []).append(held)
    return [rest[subject].pop() for subject, _ in once]


async def _remember(tx: Connection, cluster: str, where: Log, held: Held, refold: Refold) -> None:
    offset, envelope, arrival = held
    done = await tx.fetchval(
        SQL["remember"], where.topic, envelope.subject, envelope.sequence, envelope.partitionkey, where.shard,
        envelope.id, envelope.epoch, envelope.type, envelope.time, envelope.traceparent, envelope.causationid,
        envelope.actor, envelope.data, cluster, offset,
    )  # fmt: skip
    if not done:
        return  # the log holds it twice
    if arrival.fact is not None:
        await refold(tx, *arrival.fact)
    elif arrival.erased is None:
        log.error("own event can't be read back", topic=where.topic, sequence=envelope.sequence)


async def was_said(tx: Connection, subject: UUID, cause: str | None, type: str | None = None) -> bool:
    """Whether `cause`, heard now, had been heard and acted on before a restore: what came of it is in the archive."""
    known: bool = await tx.fetchval(SQL["was_said"], str(subject), cause, type)
    return known
