"""Sends outbox rows to Kafka and tells, row by row, what the broker said.

A shard is a partition, so the rows of one topic and shard go as ready-made batches: one future a batch instead of one
a record is what makes the relay as fast as a bare producer. Only an acknowledged prefix of each log counts.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from types import TracebackType
from typing import NamedTuple, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.producer.message_accumulator import BatchBuilder
from asyncpg import Record

from shared.contracts.codec import constants_of, lay_out
from shared.contracts.data import dataschema_of
from shared.messaging.kafka import client_options
from shared.messaging.outbox import source_of
from shared.runtime.settings import Settings

BATCH_BYTES = 768 * 1024  # the broker's own limit is 1,048,588; one event is at most 256 KiB
ANSWER_WITHIN = 15.0  # seconds; aiokafka's idempotent batches never expire by themselves
TOPIC_WITHIN = 5.0  # seconds to learn of a topic before it counts as missing
TOPIC_REFUSALS = (InvalidTopicError, TopicAuthorizationFailedError, UnknownTopicOrPartitionError)
ROW_REFUSALS = (MessageSizeTooLargeError, RecordTooLargeError)


class Log(NamedTuple):
    """One partition of one topic."""

    topic: str
    shard: int


@dataclass(slots=True)
class Sent:
    """What came of the rows of one log: `rows[:len(offsets)]` are acknowledged; `error` says why the rest is not."""

    rows: Sequence[Record]
    offsets: list[int] = field(default_factory=list)
    error: Exception | None = None

    @property
    def refused(self) -> bool:
        """The broker will not take it as it is: trying again changes nothing."""
        return isinstance(self.error, (*TOPIC_REFUSALS, *ROW_REFUSALS))

    @property
    def topic_refused(self) -> bool:
        """It is the topic that is missing or closed to us, whatever the row."""
        return isinstance(self.error, TOPIC_REFUSALS)


class Publisher:
    """An idempotent producer, made anew after every trouble: an old one may repeat or lose its numbering."""

    def __init__(self, settings: Settings) -> None:
        self._producer = AIOKafkaProducer(
            **client_options(settings),
            acks="all",
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES,
            max_request_size=4 * BATCH_BYTES,
            request_timeout_ms=int(ANSWER_WITHIN * 1000),
        )
        self._known: set[str] = set()

    async def __aenter__(self) -> Self:
        await asyncio.wait_for(self._producer.start(), ANSWER_WITHIN)
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        # stop() waits for batches that an idempotent producer retries for ever; what is unacknowledged stays queued
        stopping = asyncio.create_task(self._producer.stop())
        await asyncio.wait({stopping}, timeout=2.0)
        if not stopping.done():
            stopping.cancel()
            await asyncio.gather(stopping, return_exceptions=True)
            await self._producer.client.close()
        elif not stopping.cancelled():
            stopping.exception()

    async def send(self, rows: Sequence[Record], *, one_by_one: frozenset[Log] = frozenset()) -> dict[Log, Sent]:
        """Send rows that come in order of position within each shard; never raises for what one log did."""
        logs: dict[Log, list[Record]] = {}
        for (topic, shard), group in groupby(rows, key=itemgetter("topic", "shard")):
            logs.setdefault(Log(topic, shard), []).extend(group)
        sent = await asyncio.gather(*(self._send_log(log, rows, log in one_by_one) for log, rows in logs.items()))
        return dict(zip(logs, sent, strict=True))

    async def _send_log(self, log: Log, rows: Sequence[Record], one_by_one: bool) -> Sent:
        sent = Sent(rows)
        try:
            await self._learn(log.topic)
            start = 0
            while start < len(rows):
                builder, count = self._fill(rows, start, 1 if one_by_one else len(rows))
                answer = await self._producer.send_batch(builder, log.topic, partition=log.shard)
                metadata = await asyncio.wait_for(answer, ANSWER_WITHIN)
                first = metadata.offset
                sent.offsets.extend(range(first, first + count) if first >= 0 else [-1] * count)
                start += count
        except (KafkaError, TimeoutError, OSError) as error:
            sent.error = error
        return sent

    async def _learn(self, topic: str) -> None:
        if topic in self._known:
            return
        try:
            await asyncio.wait_for(self._producer.partitions_for(topic), TOPIC_WITHIN)
        except TimeoutError as error:
            raise UnknownTopicOrPartitionError(topic) from error
        self._known.add(topic)

    def _fill(self, rows: Sequence[Record], start: int, most: int) -> tuple[BatchBuilder, int]:
        builder = self._producer.create_batch()
        count = 0
        for row in rows[start : start + most]:
            key, value, headers = record_of(row)
            if builder.append(timestamp=None, key=key, value=value, headers=headers) is None:
                break
            count += 1
        return builder, count


def record_of(row: Record) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """An outbox row as key, value and headers: what `to_kafka` makes of a fact, without its checks.

    They were made when the row was written (`put_events`) or read from a log (`reconcile`).
    """
    key = row["partitionkey"].encode()
    headers = lay_out(
        constants_of(source_of(row["topic"]), row["type"], dataschema_of(row["type"])),
        key,
        row["id"],
        row["subject"],
        row["at"],
        row["sequence"],
        row["epoch"],
        row["traceparent"],
        row["causationid"],
        row["actor"],
    )
    return key, row["data"], headers
