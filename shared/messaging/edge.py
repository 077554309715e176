"""The edge to Kafka: FastStream declares, connects and reads in batches; everything after that is the inbox.

Three things are done by hand because the defaults lose records (measured): headers are never decoded before
the inbox sees them, offsets come from the database on every assignment, and Kafka's own commits serve lag alone.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.messaging.inbox import Inbox
from shared.messaging.kafka import client_options, cluster_id
from shared.runtime.backoff import pause
from shared.runtime.settings import Settings

POLL_MS = 10  # after an empty poll FastStream waits this long again
MEASURE_EVERY = 5.0  # seconds between looks at lag and liveness
STUCK_AFTER = 60.0  # seconds with records waiting and none taken: the client is made anew
REVOKE_WITHIN = 10.0

log = structlog.get_logger("edge")


class Edge:
    """Feeds an inbox from its topics until cancelled; several processes share the partitions."""

    def __init__(
        self, settings: Settings, inbox: Inbox, *, group: str = "", isolation: str = "read_uncommitted"
    ) -> None:
        self._settings = settings
        self._inbox = inbox
        self._group = group or f"throughcare.{inbox.service}"
        self._isolation = isolation
        self._busy = asyncio.Lock()
        self._taken_at = time.monotonic()
        self.assigned: set[TopicPartition] = set()
        self.lag = 0
        self.assigned_once = asyncio.Event()

    async def run(self) -> None:
        """Read until cancelled; whatever breaks is made anew."""
        attempt = 0
        while True:
            try:
                await self._session()
            except (KafkaError, OSError, TimeoutError) as error:
                attempt = 1 if self.assigned else attempt + 1
                log.warning("reader starts again", error=type(error).__name__, attempt=attempt)
                await pause(attempt)
            finally:
                self.assigned = set()

    async def _session(self) -> None:
        self._inbox.cluster = await cluster_id(self._settings)
        broker = KafkaBroker(
            self._settings.kafka,
            security=_security(self._settings),
            client_id=f"throughcare-{self._inbox.service}",
            allow_auto_create_topics=False,
            logger=None,
        )
        subscriber = broker.subscriber(  # type: ignore[call-overload]  # the stub knows no parser that takes the original
            *self._inbox.reactions.topics,
            group_id=self._group,
            batch=True,
            max_records=self._settings.inbox_batch,
            batch_timeout_ms=POLL_MS,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            isolation_level=self._isolation,
            max_poll_interval_ms=600_000,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            parser=_untouched,
            decoder=_undecoded,
            listener=_Seeker(self),
            no_reply=True,
        )
        self._consumer_of = lambda: subscriber.consumer

        @subscriber
        async def take(message: KafkaMessage) -> None:
            async with self._busy:
                self._taken_at = time.monotonic()
                await self._inbox.process(message.raw_message)
                await message.ack()
                message.clear_cache()  # where it holds itself: else each batch waits for the garbage collector
                self._taken_at = time.monotonic()

        try:
            await broker.start()
            self._taken_at = time.monotonic()
            while True:
                await asyncio.sleep(MEASURE_EVERY)
                await self._measure(subscriber.consumer)
        finally:
            await broker.stop()

    async def _measure(self, consumer: Any) -> None:
        """Lag per partition; a client that has records before it and takes none is stuck (it happens) and replaced."""
        self.lag = 0
        for place in consumer.assignment():
            end, here = consumer.highwater(place), consumer._subscription.subscription
            if end is None or here is None:
                continue
            lag = max(0, end - await asyncio.wait_for(consumer.position(place), 5))
            self._inbox.meters.lag.labels(place.topic, place.partition).set(lag)
            self.lag += lag
        stuck = time.monotonic() - self._taken_at
        if self.lag and stuck > STUCK_AFTER and not self._busy.locked():
            raise TimeoutError(f"no record taken for {stuck:.0f} s")

    async def on_assigned(self, places: set[TopicPartition]) -> None:
        """Read on where the database says, not where Kafka's group does."""
        known = await self._inbox.next_offsets()
        consumer = self._consumer_of()
        for place in places:
            consumer.seek(place, known.get((place.topic, place.partition), 0))
        self.assigned = set(places)
        self.assigned_once.set()
        log.info("partitions assigned", count=len(places), cluster=self._inbox.cluster)

    async def on_revoked(self, places: set[TopicPartition]) -> None:
        """Let the batch under way end, so that the next owner need not wait for its locks."""
        self.assigned -= places
        try:
            async with asyncio.timeout(REVOKE_WITHIN):
                await self._busy.acquire()
            self._busy.release()
        except TimeoutError:
            log.warning("a batch outlives its partitions")


class _Seeker(ConsumerRebalanceListener):
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self._edge.on_assigned(assigned)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._edge.on_revoked(revoked)


async def _untouched(records: Sequence[Any], original: Any) -> Any:
    """FastStream gets one record without headers to carry its bookkeeping; the inbox gets them all as they came."""
    message = await original((replace(records[0], headers=()),))
    message.raw_message = records
    return message


async def _undecoded(message: Any) -> Any:
    return message


def _security(settings: Settings) -> BaseSecurity:
    options = client_options(settings)
    context, tls = options.get("ssl_context"), settings.kafka_security.endswith("SSL")
    if not settings.kafka_security.startswith("SASL"):
        return BaseSecurity(ssl_context=context, use_ssl=tls)
    kinds = {"SCRAM-SHA-512": SASLScram512, "SCRAM-SHA-256": SASLScram256, "PLAIN": SASLPlaintext}
    return kinds[settings.kafka_mechanism](
        username=settings.kafka_user,
        password=settings.kafka_password.get_secret_value(),
        ssl_context=context,
        use_ssl=tls,
    )
