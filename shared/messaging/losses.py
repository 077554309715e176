"""Tail loss: the broker said that it had a record, and after a power cut its log does not hold it.

The archive knows the last record that each log acknowledged, by offset and id. A log that ends earlier, holds
another record there, or belongs to a cluster that never had it, gets the missing events from the archive again.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from asyncpg import Connection, Pool

from shared.messaging.kafka import reader
from shared.messaging.publisher import Log
from shared.runtime import sql
from shared.runtime.database import fetch
from shared.runtime.errors import Retryable
from shared.runtime.settings import Settings

SQL = sql.load(__file__, "relay.sql")
STEP = 2_000  # records read at a time on the way back to the last one that archive and log agree on
READ_WITHIN_MS = 10_000


class Mark(NamedTuple):
    """The last acknowledged record of a log; offset -1: none yet in this cluster."""

    offset: int
    id: UUID | None


class LogUnreadable(Retryable):
    """The log says that it holds records and does not hand them over."""


def columns(marks: Mapping[Log, Mark]) -> tuple[list[str], list[int], list[int], list[UUID | None]]:
    """Marks as the parallel arrays that the statements take."""
    return (
        [where.topic for where in marks],
        [where.shard for where in marks],
        [mark.offset for mark in marks.values()],
        [mark.id for mark in marks.values()],
    )


async def requeue(
    connection: Connection, settings: Settings, cluster: str, shards: Sequence[int]
) -> tuple[int, dict[Log, Mark]]:
    """Queue again what the logs of `shards` lack; returns how many events, and the marks to go on from."""
    topics = [row["topic"] for row in await connection.fetch(SQL["archived_topics"])]
    if not topics or not shards:
        return 0, {}
    known = await connection.fetch(SQL["marks"], cluster, shards)
    marks = {Log(row["topic"], row["shard"]): Mark(row["kafka_offset"], row["last_id"]) for row in known}
    consumer = reader(settings)
    await consumer.start()
    try:
        ends = await log_ends(consumer, [Log(topic, shard) for topic in topics for shard in shards])
        cuts = await find_cuts(connection, consumer, cluster, marks, ends)
    finally:
        await consumer.stop()
    if not cuts:
        return 0, marks
    begun = {where: Mark(first - 1, None) for where, first in cuts.items()}
    async with connection.transaction():
        answer = await connection.execute(SQL["requeue_lost"], cluster, *columns(_first_lost(cuts))[:3])
        await connection.execute(SQL["set_marks"], cluster, *columns(begun))
    return int(answer.rpartition(" ")[2]), marks | begun


def _first_lost(cuts: Mapping[Log, int]) -> dict[Log, Mark]:
    return {where: Mark(first, None) for where, first in cuts.items()}


async def log_ends(consumer: AIOKafkaConsumer, logs: Sequence[Log]) -> dict[Log, int]:
    """The end offset of each log, in the order of `logs`; a topic that does not exist is left out."""
    known = await consumer.topics()
    asked = {TopicPartition(log.topic, log.shard): log for log in logs if log.topic in known}
    ends = await consumer.end_offsets(list(asked)) if asked else {}
    return {log: ends[where] for where, log in asked.items()}  # Kafka answers broker by broker, in no order


async def find_cuts(
    connection: Connection | Pool,
    consumer: AIOKafkaConsumer,
    cluster: str,
    marks: Mapping[Log, Mark],
    ends: Mapping[Log, int],
) -> dict[Log, int]:
    """From where on each log holds other records than the archive says; a log that holds what it should is left out."""
    held = {where: marks[where] for where, end in ends.items() if where in marks and 0 <= marks[where].offset < end}
    ids = await _ids_at(consumer, {where: mark.offset for where, mark in held.items() if mark.id})
    cuts: dict[Log, int] = {}
    for where, end in ends.items():
        mark = marks.get(where)
        if mark is None:
            cuts[where] = 0  # this cluster never had the log: it lacks whatever other clusters were given
        elif mark.offset >= end or (mark.id is not None and ids.get(where, mark.id) != mark.id):
            cuts[where] = await _last_agreed(connection, consumer, cluster, where, min(end, mark.offset + 1)) + 1
    return cuts


async def _last_agreed(
    connection: Connection | Pool, consumer: AIOKafkaConsumer, cluster: str, where: Log, end: int
) -> int:
    """The highest offset below `end` at which log and archive hold the same record; -1 if there is none."""
    while end > 0:
        first = max(0, end - STEP)
        rows = await fetch(connection, SQL["archived_ids"], cluster, where.topic, where.shard, first, end - 1)
        archived = {row["kafka_offset"]: row["id"] for row in rows}
        logged = await read_ids(consumer, where, first, end)
        agreed = [offset for offset, id in logged.items() if archived.get(offset) == id]
        if agreed:
            return max(agreed)
        end = first
    return -1


async def _ids_at(consumer: AIOKafkaConsumer, offsets: Mapping[Log, int]) -> dict[Log, UUID | None]:
    return {
        where: (await read_ids(consumer, where, offset, offset + 1)).get(offset) for where, offset in offsets.items()
    }


async def read_ids(consumer: AIOKafkaConsumer, where: Log, first: int, end: int) -> dict[int, UUID | None]:
    """Offset -> event id of the records of a log from `first` up to, not including, `end`."""
    return {record.offset: _id_of(record.headers) for record in await read(consumer, where, first, end)}


async def read(consumer: AIOKafkaConsumer, where: Log, first: int, end: int) -> list[Any]:
    """The records of a log from `first` up to, not including, `end`."""
    place = TopicPartition(where.topic, where.shard)
    consumer.assign([place])
    consumer.seek(place, first)
    records: list[Any] = []
    while await consumer.position(place) < end:
        answer = await consumer.getmany(place, timeout_ms=READ_WITHIN_MS, max_records=end - first)
        if not answer:
            raise LogUnreadable(f"{where.topic}/{where.shard} from offset {first} does not answer")
        records += [record for record in answer[place] if record.offset < end]
    return records


def _id_of(headers: Sequence[tuple[str, bytes | None]]) -> UUID | None:
    for name, value in headers:
        if name == "ce_id" and value:
            try:
                return UUID(value.decode())
            except ValueError:
                return None
    return None
