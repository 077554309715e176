"""`relay`: from committed outbox rows to acknowledged, archived records, beside a bare producer of the same bytes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import asyncpg
from aiokafka import AIOKafkaProducer

from bench.found import Plan
from bench.lives import Said, facts
from bench.network import Servers
from bench.rounds import Result, interleave, until
from bench.watch import Lap
from shared.contracts.codec import to_kafka
from shared.contracts.data import dataschema_of
from shared.contracts.envelope import Envelope
from shared.messaging.kafka import client_options
from shared.messaging.outbox import source_of
from shared.messaging.relay import Relay
from shared.runtime.ids import uuid7

EVENTS = 100_000
AT_ONCE = 2_000  # records whose answers the bare producer awaits together
BATCHES_OF = 6_144  # as many as the relay takes in a round
BATCH_BYTES = 768 * 1024  # as the relay's; with the default of 16 KiB a bare producer is a third slower
BARE = f"bare aiokafka producer of the same bytes, {AT_ONCE:,} sends awaited at a time"
BESIDE = "throughcare.plan.v1"  # same owner, same settings, nothing else on it
COLUMNS = ("shard", "id", "topic", "subject", "sequence", "epoch", "partitionkey", "type", "at", "actor", "data")


async def bench(at: Servers, plan: Plan) -> Result:
    said = list(facts(plan.many(EVENTS)))
    records = [as_record(fact) for fact in said]
    owner = await at.owner("caseplan")
    try:
        async with relaying(at) as relay, _producer(at) as producer:
            result = await interleave(
                "relay",
                "committed outbox rows to acknowledged by the broker and archived",
                plan,
                len(said),
                goal=0.6,
                ours=lambda: drain(at, relay, owner, said),
                limits={
                    f"bare aiokafka producer, {AT_ONCE:,} sends awaited at a time": lambda: _send(
                        at, producer, records
                    ),
                    "the same producer, given whole batches": lambda: _send_batches(at, producer, records),
                },
            )
    finally:
        await owner.close()
    result.extra["bytes_per_value"] = sum(len(fact.data) for fact in said) // len(said)
    return result


@asynccontextmanager
async def relaying(at: Servers) -> AsyncIterator[Relay]:
    relay = Relay(at.settings("caseplan"), "caseplan")
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.shards is not None and len(relay.shards.owned) == 12)
    try:
        yield relay
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@asynccontextmanager
async def _producer(at: Servers) -> AsyncIterator[AIOKafkaProducer]:
    options = client_options(at.settings("caseplan"))
    producer = AIOKafkaProducer(**options, acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def drain(at: Servers, relay: Relay, owner: asyncpg.Connection, said: Sequence[Said]) -> Lap:
    """The clock starts when the backlog is committed and stops when all of it is in the archive."""
    before = _relayed(relay)
    await owner.execute("TRUNCATE event_archive")
    async with owner.transaction():
        await owner.copy_records_to_table("outbox", records=map(as_row, said), columns=COLUMNS)
    watch = at.watch()
    lap = watch.stop(await until(lambda: _relayed(relay) - before >= len(said)))
    kept = await owner.fetchval("SELECT count(*) FROM event_archive")
    if kept != len(said):
        raise RuntimeError(f"{kept} of {len(said)} events are in the archive")
    return lap


def _relayed(relay: Relay) -> float:
    count: float = relay._meters.relayed._value.get()  # reading the registry would cost more than the relay does
    return count


def as_row(fact: Said) -> tuple[object, ...]:
    return (
        fact.shard, fact.id or uuid7(), fact.topic, fact.subject, fact.sequence, 1, fact.partitionkey, fact.type,
        datetime.now(UTC), "worker:bench", fact.data,
    )  # fmt: skip


Record = tuple[bytes, bytes, list[tuple[str, bytes]], int]


def as_record(fact: Said) -> Record:
    envelope = Envelope(
        fact.id or uuid7(), source_of(fact.topic), fact.type, fact.subject, datetime.now(UTC), fact.sequence, 1,
        fact.partitionkey, dataschema_of(fact.type), None, None, "worker:bench", fact.data,
    )  # fmt: skip
    return (*to_kafka(envelope), fact.shard)


async def _send(at: Servers, producer: AIOKafkaProducer, records: Sequence[Record]) -> Lap:
    watch = at.watch()
    for start in range(0, len(records), AT_ONCE):
        answers = [
            await producer.send(BESIDE, value, key=key, headers=headers, partition=partition)
            for key, value, headers, partition in records[start : start + AT_ONCE]
        ]
        await asyncio.gather(*answers)
    return watch.stop()


async def _send_batches(at: Servers, producer: AIOKafkaProducer, records: Sequence[Record]) -> Lap:
    """What the relay does with its rows, without the rows: the most that this client can do."""
    watch = at.watch()
    for start in range(0, len(records), BATCHES_OF):
        by_partition: dict[int, list[Record]] = {}
        for record in records[start : start + BATCHES_OF]:
            by_partition.setdefault(record[3], []).append(record)
        answers = []
        for partition, some in by_partition.items():
            batch = producer.create_batch()
            for key, value, headers, _ in some:
                if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                    raise RuntimeError("the batch is full")
            answers.append(await producer.send_batch(batch, BESIDE, partition=partition))
        await asyncio.gather(*answers)
    return watch.stop()
