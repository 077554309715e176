"""`relay`: from committed outbox rows to acknowledged, archived records, beside a bare producer of the same bytes."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import asyncpg
from aiokafka import AIOKafkaProducer

from bench.lives import Said, facts
from bench.network import Servers
from bench.rounds import Result, interleave, until
from shared.contracts.codec import to_kafka
from shared.contracts.data import dataschema_of
from shared.contracts.envelope import Envelope
from shared.messaging.kafka import client_options
from shared.messaging.outbox import source_of
from shared.messaging.relay import Relay
from shared.runtime.ids import uuid7

AT_ONCE = 2_000  # records whose answers the bare producer awaits together
BATCH_BYTES = 64 * 1024  # its default of 16 KiB makes it a third slower: the limit is to be a good one
BESIDE = "throughcare.plan.v1"  # same owner, same settings, nothing else on it
COLUMNS = ("shard", "id", "topic", "subject", "sequence", "epoch", "partitionkey", "type", "at", "actor", "data")


async def bench(at: Servers, events: int, rounds: int, say: Callable[[str], None]) -> Result:
    said = list(facts(events))
    records = [_as_record(fact) for fact in said]
    result = Result(
        "relay",
        "events/s from committed outbox rows to acknowledged by the broker and archived",
        f"a bare aiokafka producer of the same bytes, acks=all, idempotent, {AT_ONCE:,} at a time",
        events,
        goal=0.6,
    )
    result.notes["bytes_per_value"] = sum(len(fact.data) for fact in said) // len(said)
    owner = await at.owner("caseplan")
    try:
        async with _relay(at) as relay, _producer(at) as producer:

            async def ours() -> float:
                await owner.execute("TRUNCATE event_archive")
                return await _drain(relay, owner, said)

            async def theirs() -> float:
                return await _send(producer, records)

            return await interleave(result, ours, theirs, rounds, say)
    finally:
        await owner.close()


@asynccontextmanager
async def _relay(at: Servers) -> AsyncIterator[Relay]:
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


async def _drain(relay: Relay, owner: asyncpg.Connection, said: Sequence[Said]) -> float:
    """The clock starts when the backlog is committed and stops when all of it is in the archive."""
    before = _relayed(relay)
    async with owner.transaction():
        await owner.execute("TRUNCATE stream")
        await owner.copy_records_to_table("outbox", records=map(_as_row, said), columns=COLUMNS)
    began = time.perf_counter()
    ended = await until(lambda: _relayed(relay) - before >= len(said))
    kept = await owner.fetchval("SELECT count(*) FROM event_archive")
    if kept != len(said):
        raise RuntimeError(f"{kept} of {len(said)} events are in the archive")
    return ended - began


def _relayed(relay: Relay) -> float:
    return relay._meters.registry.get_sample_value("throughcare_relay_events_total") or 0.0


def _as_row(fact: Said) -> tuple[object, ...]:
    return (
        fact.shard, uuid7(), fact.topic, fact.subject, fact.sequence, 1, fact.partitionkey, fact.type,
        datetime.now(UTC), "worker:bench", fact.data,
    )  # fmt: skip


Record = tuple[bytes, bytes, list[tuple[str, bytes]], int]


def _as_record(fact: Said) -> Record:
    envelope = Envelope(
        uuid7(), source_of(fact.topic), fact.type, fact.subject, datetime.now(UTC), fact.sequence, 1,
        fact.partitionkey, dataschema_of(fact.type), None, None, "worker:bench", fact.data,
    )  # fmt: skip
    return (*to_kafka(envelope), fact.shard)


async def _send(producer: AIOKafkaProducer, records: Sequence[Record]) -> float:
    began = time.perf_counter()
    for start in range(0, len(records), AT_ONCE):
        answers = [
            await producer.send(BESIDE, value, key=key, headers=headers, partition=partition)
            for key, value, headers, partition in records[start : start + AT_ONCE]
        ]
        await asyncio.gather(*answers)
    return time.perf_counter() - began
