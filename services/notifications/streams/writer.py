"""One shard's transactional producer. Kafka transactions serve for fencing alone.

Initialising the transactional id ends every older producer of it: what they had begun is undone, what they still try is
refused. It is never initialised twice by one writer, so a writer that was fenced can only be thrown away.
"""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiokafka.producer.sender as sender
from aiokafka import AIOKafkaProducer
from aiokafka.errors import IllegalOperation, KafkaError
from aiokafka.structs import RecordMetadata

from services.notifications.streams import transactional_id
from shared.messaging.failpoints import reach
from shared.messaging.kafka import client_options
from shared.runtime.errors import Retryable
from shared.runtime.settings import Settings

# A writer that is fenced between two records hears of it from aiokafka's own states, which it asserts or refuses.
ENDED = (KafkaError, IllegalOperation, asyncio.InvalidStateError, AssertionError, TimeoutError, OSError)
ANSWER_WITHIN = 15.0  # seconds; aiokafka's transactional batches never expire by themselves
# Between two transactions the broker may still be marking the first; aiokafka asks again after 20 ms. Asked sooner, the
# median write under load takes 9 ms instead of 11 (measured, four rounds of each in turn).
sender.BACKOFF_OVERRIDE = 0.004
UNFINISHED_MS = 10_000  # after which the broker undoes what a dead owner had begun


class Unwritten(Retryable):
    """It is not known whether these records stand in the log; the next writer finds out."""


class Out(NamedTuple):
    """One record on its way."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class Writer:
    """Opened, it is the only one that can write for its shard."""

    def __init__(self, settings: Settings, shard: int) -> None:
        self._producer = AIOKafkaProducer(
            **client_options(settings),
            transactional_id=transactional_id(shard),
            transaction_timeout_ms=UNFINISHED_MS,
            request_timeout_ms=int(ANSWER_WITHIN * 1000),
        )

    async def __aenter__(self) -> Self:
        try:
            await asyncio.wait_for(self._producer.start(), ANSWER_WITHIN)
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()

    async def write(self, records: Sequence[Out]) -> list[int]:
        """All of them or none; returns their offsets. After any error the writer is of no more use."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self._producer.begin_transaction()
                done = await asyncio.gather(*[await self._send(out) for out in records])
                reach("partner.written")
                await self._producer.commit_transaction()
        except ENDED as error:
            raise Unwritten(f"{len(records)} records: {type(error).__name__}") from error
        reach("partner.committed")
        return [metadata.offset for metadata in done]

    async def _send(self, out: Out) -> asyncio.Future[RecordMetadata]:
        answer = await self._producer.send(out.topic, out.value, out.key, partition=0, headers=out.headers)
        answer.add_done_callback(_heard)  # where a later record is refused, nobody asks about this one any more
        return answer

    async def close(self) -> None:
        """At once: what is not committed is undone by the next writer."""
        stopping = asyncio.create_task(self._producer.stop())
        await asyncio.wait({stopping}, timeout=2.0)
        if not stopping.done():
            stopping.cancel()
            await asyncio.gather(stopping, return_exceptions=True)
            await self._producer.client.close()
        elif not stopping.cancelled():
            stopping.exception()
        self._hear_its_end()

    def _hear_its_end(self) -> None:
        """aiokafka leaves the end of a fenced transaction in futures that nobody asks for, and asyncio complains."""
        batches = self._producer._message_accumulator
        waiters = [batch._drain_waiter for queue in batches._batches.values() for batch in queue]
        waiters += [batch._drain_waiter for batch in batches._pending_batches]
        waiters += [self._producer._txn_manager._transaction_waiter]
        for waiter in waiters:
            if waiter is not None and waiter.done():
                _heard(waiter)


def _heard(answer: asyncio.Future[Any]) -> None:
    """An error that nobody asks for is one that asyncio complains of."""
    if not answer.cancelled():
        answer.exception()


async def fence(settings: Settings, shard: int) -> None:
    """End whatever producers of this shard there are, wherever they run or sleep."""
    async with Writer(settings, shard):
        pass
