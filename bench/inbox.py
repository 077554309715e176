"""`inbox`: from topic to committed projection, each effect once and in order, beside a bare loop that copies records.

Ours is what runs in a worker of reporting: FastStream's edge, validation, the sequence check, reporting's reactions.
The limit checks nothing: whatever `getmany` hands over is copied into a table, and each copy is committed.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.found import Plan
from bench.lives import facts
from bench.network import Servers
from bench.relay import BATCH_BYTES, BATCHES_OF, EVENTS, Record, as_record
from bench.rounds import Result, interleave, until
from bench.watch import Lap, Watch
from services.reporting.reactions import reactions
from services.reporting.store import PROJECTIONS
from shared.contracts.topics import PARTITIONS
from shared.messaging.edge import Edge
from shared.messaging.inbox import Inbox
from shared.messaging.kafka import client_options
from shared.runtime.database import pool
from shared.runtime.reach import SERVICE, act
from shared.runtime.settings import Settings

BARE = "bare getmany + COPY loop"
COPIED = "CREATE TABLE copied (topic text, partition int, kafka_offset bigint, key bytea, value bytea)"
COLUMNS = ("topic", "partition", "kafka_offset", "key", "value")
MOST = 2_000  # records in one transaction, on both sides


async def bench(at: Servers, plan: Plan) -> Result:
    events = plan.many(EVENTS)
    records = [as_record(fact) for fact in facts(events)]
    topic = "throughcare.referral.v1"
    await fill(at, topic, records)
    settings = at.settings("reporting", inbox_batch=MOST)
    owner = await at.owner("reporting")
    await owner.execute(COPIED)
    try:
        async with pool(settings, "bench", reach=SERVICE) as opened:
            act(SERVICE)

            async def ours() -> Lap:
                await owner.execute(f"TRUNCATE progress, consumer_offset, {', '.join(PROJECTIONS)}")
                return await listen(at, settings, Inbox(opened, "reporting", reactions), events)

            async def theirs() -> Lap:
                await owner.execute("TRUNCATE copied")
                return await _copy(at, settings, opened, topic, events)

            return await interleave(
                "inbox",
                "topic to committed projection, validated, in order, once",
                plan,
                events,
                goal=0.3,
                ours=ours,
                limits={BARE: theirs},
            )
    finally:
        await owner.close()


async def fill(at: Servers, topic: str, records: Sequence[Record]) -> None:
    """As the relay would have left it."""
    options = client_options(at.settings("caseplan"))
    producer = AIOKafkaProducer(**options, acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES)
    await producer.start()
    try:
        for start in range(0, len(records), BATCHES_OF):
            answers = [
                await producer.send(topic, value, key=key, headers=headers, partition=partition)
                for key, value, headers, partition in records[start : start + BATCHES_OF]
            ]
            await asyncio.gather(*answers)
    finally:
        await producer.stop()


class _Timed(Edge):
    """Starts the watch when partitions are assigned: joining a group is no part of the rate."""

    watch: Watch
    at: Servers

    async def on_assigned(self, places: set[TopicPartition]) -> None:
        await super().on_assigned(places)
        self.watch = self.at.watch()


async def listen(at: Servers, settings: Settings, inbox: Inbox, events: int) -> Lap:
    edge = _Timed(settings, inbox)
    edge.at = at
    running = asyncio.create_task(edge.run())
    try:
        ended = await until(lambda: _applied(inbox) >= events)
        return edge.watch.stop(ended)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def _applied(inbox: Inbox) -> float:
    counters: Any = inbox.meters.applied._metrics.values()  # reading the registry would cost more than the inbox does
    return float(sum(counter._value.get() for counter in counters))


async def _copy(at: Servers, settings: Settings, opened: asyncpg.Pool, topic: str, events: int) -> Lap:
    consumer = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        consumer.assign(places)
        copied = 0
        watch = at.watch()
        async with opened.acquire() as connection:
            while copied < events:
                found = await consumer.getmany(timeout_ms=100, max_records=MOST)
                rows = [
                    (record.topic, record.partition, record.offset, record.key, record.value)
                    for some in found.values()
                    for record in some
                ]
                await connection.copy_records_to_table("copied", records=rows, columns=COLUMNS)
                copied += len(rows)
        return watch.stop()
    finally:
        await consumer.stop()
