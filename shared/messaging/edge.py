"""The edge to Kafka: FastStream declares, connects and reads in batches; everything after that is the inbox.

Four things are done by hand because the defaults lose records (measured): headers are never decoded before the inbox
sees them, offsets come from the database on every assignment and after every poll that failed, and Kafka's own commits
serve lag alone.
A batch is read while the one before it is with Postgres; they take effect one after the other.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.messaging import unpacking
from shared.messaging.batch import Arrival, KafkaRecord
from shared.messaging.inbox import Inbox
from shared.messaging.kafka import client_options, cluster_id
from shared.runtime.backoff import pause
from shared.runtime.database import OUTAGES
from shared.runtime.settings import Settings

POLL_MS = 100  # it ends as soon as a record is there
MEASURE_EVERY = 2.0  # seconds between looks at lag and liveness
STUCK_AFTER = 60.0  # seconds with records waiting and none taken: the client is made anew
REVOKE_WITHIN = 10.0
ASKED_WITHIN = 5.0

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
        self._under_way: asyncio.Task[None] | None = None  # the batch that is being applied
        self._told: Mapping[TopicPartition, int] = {}
        self._applied: Mapping[tuple[str, int], int] = {}  # offsets as the database last knew them
        self._taken_at = time.monotonic()
        self.assigned: set[TopicPartition] = set()
        self.lag = 0
        self.assigned_once = asyncio.Event()

    async def run(self) -> None:
        """Read until cancelled; whatever breaks is made anew."""
        unpacking.install()
        attempt = 0
        while True:
            try:
                await self._session()
            except (KafkaError, OSError, TimeoutError) as error:
                attempt = 1 if self.assigned else attempt + 1
                log.warning("reader starts again", error=type(error).__name__, attempt=attempt)
                await pause(attempt)
            finally:
                self._inbox.meters.forget_lag(self.assigned)
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
                arrivals = await self._read(message.raw_message)
                message.clear_cache()  # where it holds itself: else each batch waits for the garbage collector
                await self._settled()
                self._under_way = asyncio.create_task(self._apply(arrivals))

        try:
            await broker.start()
            subscriber.consumer.getmany = _until_something(subscriber.consumer.getmany, self._rewind)
            self._taken_at = time.monotonic()
            while True:
                await asyncio.sleep(MEASURE_EVERY)
                await self._tell_kafka(subscriber.consumer)
                await self._measure(subscriber.consumer)
        finally:
            await broker.stop()
            await self._end()

    async def _read(self, records: Sequence[KafkaRecord]) -> Sequence[Arrival]:
        try:
            return await self._inbox.read(records)
        except Exception:  # a bug of ours; the records are not given up for it
            await self._rewind()
            raise

    async def _rewind(self) -> None:
        """A poll that failed may have moved past records that nobody was given: read on where the database is."""
        await self._settled()
        await self._seek()

    async def _apply(self, arrivals: Sequence[Arrival]) -> None:
        self._taken_at = time.monotonic()
        await self._inbox.apply(arrivals)
        self._taken_at = time.monotonic()

    async def _settled(self) -> None:
        """Returns when the batch under way has taken effect; who stops waiting does not stop it."""
        if self._under_way is not None:
            await asyncio.wait({self._under_way})

    async def _end(self) -> None:
        """A batch that can't end in time is undone; its records are read again."""
        if self._under_way is not None:
            await asyncio.wait({self._under_way}, timeout=REVOKE_WITHIN)
            self._under_way.cancel()
            await asyncio.gather(self._under_way, return_exceptions=True)

    async def _tell_kafka(self, consumer: Any) -> None:
        """Kafka's group learns how far the database is: for lag alone, which others watch and scale by."""
        try:
            known = self._applied = await self._inbox.next_offsets()
            places = {place: (place.topic, place.partition) for place in consumer.assignment()}
            reached = {place: known[where] for place, where in places.items() if where in known}
            if reached and reached != self._told:
                await consumer.commit(reached)
                self._told = reached
        except (*OUTAGES, KafkaError) as error:
            log.info("kafka is told later", error=type(error).__name__)

    async def _measure(self, consumer: Any) -> None:
        """Lag per partition: what has not taken effect, whether it was read or not. A client that has records before it
        and reads none is stuck (it happens) and replaced."""
        self.lag = 0
        ends = await self._ends(consumer)
        for place, end in ends.items():
            if consumer._subscription.subscription is None:
                continue
            async with asyncio.timeout(ASKED_WITHIN):  # wait_for may swallow the cancellation that stops us
                self.lag += max(0, end - await consumer.position(place))
            unapplied = max(0, end - self._applied.get((place.topic, place.partition), 0))
            self._inbox.meters.lag.labels(place.topic, place.partition).set(unapplied)
        stuck = time.monotonic() - self._taken_at
        idle = not self._busy.locked() and (self._under_way is None or self._under_way.done())
        if self.lag and stuck > STUCK_AFTER and idle:
            raise TimeoutError(f"no record taken for {stuck:.0f} s")

    async def _ends(self, consumer: Any) -> dict[TopicPartition, int]:
        """As the last answer told them; of a partition that has not answered yet the broker is asked."""
        known = {place: consumer.highwater(place) for place in consumer.assignment()}
        silent = [place for place, end in known.items() if end is None]
        async with asyncio.timeout(ASKED_WITHIN):
            asked = await consumer.end_offsets(silent) if silent else {}
        return {place: end for place, end in (known | asked).items() if end is not None}

    async def on_assigned(self, places: set[TopicPartition]) -> None:
        """Read on where the database says, not where Kafka's group does."""
        await self._seek(places)
        self.assigned = set(places)
        self.assigned_once.set()
        log.info("partitions assigned", count=len(places), cluster=self._inbox.cluster)

    async def _seek(self, places: Iterable[TopicPartition] | None = None) -> None:
        """To where the database is, in `places`, or in all that are ours by then."""
        known = await known_offsets(self._inbox)
        consumer = self._consumer_of()
        for place in consumer.assignment() if places is None else places:
            consumer.seek(place, known.get((place.topic, place.partition), 0))

    async def on_revoked(self, places: set[TopicPartition]) -> None:
        """Let the batch under way end, so that the next owner need not wait for its locks."""
        self.assigned -= places
        self._inbox.meters.forget_lag(places)  # whoever reads them now tells it
        try:
            async with asyncio.timeout(REVOKE_WITHIN), self._busy:
                await self._settled()
        except TimeoutError:
            log.warning("a batch outlives its partitions")


class Remembers(Protocol):
    """What keeps where to read on beside the effect of what was read."""

    async def next_offsets(self) -> dict[tuple[str, int], int]: ...


async def known_offsets(inbox: Remembers) -> dict[tuple[str, int], int]:
    """Waits for a database that is away: aiokafka would go on where Kafka's group is, which may be too far."""
    attempt = 0
    while True:
        try:
            return await inbox.next_offsets()
        except OUTAGES as error:
            attempt += 1
            log.warning("where to read on is asked again", error=type(error).__name__, attempt=attempt)
            await pause(attempt)


class _Seeker(ConsumerRebalanceListener):
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self._edge.on_assigned(assigned)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._edge.on_revoked(revoked)


def _until_something(getmany: Any, rewind: Callable[[], Awaitable[None]]) -> Any:
    """`getmany` that comes back with records only. Empty-handed, FastStream sleeps as long as it has waited, and what
    arrives meanwhile waits too: five milliseconds of every quiet hop.

    Where one partition's records can't be had, aiokafka raises, and forgets what it had drained of the others.
    FastStream goes on after them, so they are read again first.
    """

    async def wait(**how: Any) -> Any:
        try:
            while not (found := await getmany(**how)):
                pass
        except Exception:
            await rewind()
            raise
        return found

    return wait


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
