"""The relay: moves committed events from the outbox to Kafka, in order, and into the archive.

The state is the queue: a row leaves the outbox in the statement that archives it, after the broker's word. Whatever
goes wrong, the relay drops connection, producer and what was in flight, and begins again; the worst that follows is a
duplicate, which every inbox drops.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import structlog
from aiokafka.errors import KafkaError
from asyncpg import Connection, Record

from shared.messaging import losses, tracing
from shared.messaging.bell import Bell
from shared.messaging.failpoints import reach
from shared.messaging.kafka import cluster_id
from shared.messaging.losses import Mark
from shared.messaging.meters import Meters
from shared.messaging.publisher import Log, Publisher, Sent
from shared.messaging.shards import Shards
from shared.runtime import sql
from shared.runtime.backoff import pause
from shared.runtime.database import OUTAGES, connect
from shared.runtime.errors import Retryable
from shared.runtime.settings import Settings

SQL = sql.load(__file__, "relay.sql")
REBALANCE_EVERY = 2.0  # seconds
CHECK_EVERY = 60.0  # seconds between comparisons of the archive with the ends of the logs
BUSY_FOR = 3.0  # seconds after the last event during which the poll is fast
BUSY_POLL = 0.005
WORST = (1 << 62, -1)  # bounds of a shard with nothing in flight: every position is below the low one

log = structlog.get_logger("relay")


class LogCut(Retryable):
    """The broker gave an offset that it had given before: it lost the end of a log."""


class Trouble(Retryable):
    """Something was not acknowledged; begin again with a new producer."""


@dataclass(slots=True)
class Flight:
    """Rows on their way: the answer to come, and the positions to leave out of the next fetch."""

    rows: Sequence[Record]
    answer: asyncio.Task[dict[Log, Sent]]

    def bounds(self) -> dict[int, tuple[int, int]]:
        found: dict[int, tuple[int, int]] = {}
        for shard, group in groupby(self.rows, key=itemgetter("shard")):
            positions = list(map(itemgetter("position"), group))
            found[shard] = (positions[0], positions[-1])
        return found


class Relay:
    """Relays what one service writes. Run as many as you like: each shard has one owner at a time."""

    def __init__(
        self, settings: Settings, service: str, meters: Meters | None = None, bell: Bell | None = None
    ) -> None:
        self._settings = settings
        self._service = service
        self._meters = meters or Meters()
        self._bell = bell or Bell()
        self._one_by_one: frozenset[Log] = frozenset()  # logs whose batch was refused: find the row
        self.cluster = ""
        self.progressed = False
        self.shards: Shards | None = None

    async def run(self) -> None:
        """Relay until cancelled."""
        attempt = 0
        while True:
            try:
                await self._session()
            except (*OUTAGES, KafkaError, Retryable) as error:
                attempt = 1 if self.progressed else attempt + 1
                self.progressed = False
                self._meters.relay_restarts.inc()
                log.warning("relay starts again", error=type(error).__name__, attempt=attempt)
                await pause(attempt)

    async def _session(self) -> None:
        """One connection and one producer, until either fails."""
        connection = await connect(self._settings, f"{self._service} relay")
        try:
            await connection.execute(SQL["settle_plans"])
            self.cluster = await cluster_id(self._settings)
            async with Publisher(self._settings) as publisher:
                self.shards = shards = Shards(connection, self._service)
                await _Session(self, connection, publisher, shards).run()
        finally:
            self.shards = None
            with contextlib.suppress(*OUTAGES):
                await connection.close(timeout=2)


class _Session:
    def __init__(self, relay: Relay, connection: Connection, publisher: Publisher, shards: Shards) -> None:
        self._relay = relay
        self._connection = connection
        self._publisher = publisher
        self._shards = shards
        self._marks: dict[Log, Mark] = {}
        self._batch = relay._settings.relay_batch
        self._idle = relay._settings.relay_idle
        self._rebalance_at = 0.0
        self._check_at = time.monotonic() + CHECK_EVERY

    async def run(self) -> None:
        flight: Flight | None = None
        busy_until = 0.0
        try:
            while True:
                if flight is None:
                    await self._keep_house()
                rung = self._relay._bell.rung
                rows = await self._fetch(flight)
                answers = await flight.answer if flight else {}
                flight_done, flight = flight, None
                trouble = await self._judge(answers)
                if trouble is None and rows and not self._house_work_due():
                    flight = self._send(rows)
                if flight_done:
                    await self._archive(answers)
                    busy_until = time.monotonic() + BUSY_FOR
                if trouble:
                    raise trouble
                if flight is None and not rows:
                    poll = BUSY_POLL if time.monotonic() < busy_until else self._idle
                    await self._relay._bell.wait(poll, since=rung)
        finally:
            if flight:
                flight.answer.cancel()
                await asyncio.gather(flight.answer, return_exceptions=True)

    def _send(self, rows: Sequence[Record]) -> Flight:
        reach("relay.fetched")
        return Flight(rows, asyncio.create_task(self._publish(rows)))

    async def _publish(self, rows: Sequence[Record]) -> dict[Log, Sent]:
        with tracing.publishing(rows):
            return await self._publisher.send(rows, one_by_one=self._relay._one_by_one)

    async def _fetch(self, flight: Flight | None) -> Sequence[Record]:
        bounds = flight.bounds() if flight else {}
        owned = sorted(self._shards.owned)
        low = [bounds.get(shard, WORST)[0] for shard in owned]
        high = [bounds.get(shard, WORST)[1] for shard in owned]
        rows: Sequence[Record] = await self._connection.fetch(SQL["fetch_round"], owned, low, high, self._batch)
        return rows

    async def _judge(self, answers: Mapping[Log, Sent]) -> Exception | None:
        """Look for lost ends and refusals before anything newer leaves; returns what ends this session."""
        if not answers:
            return None
        reach("relay.acknowledged")
        cut = []
        for where, sent in answers.items():
            given = [offset for offset in sent.offsets if offset >= 0]
            if given and where in self._marks and given[0] <= self._marks[where].offset:
                cut.append(where.topic)
                sent.offsets.clear()  # stays queued, so it is read behind what was lost
        if cut:
            return LogCut(f"the broker lost the end of {len(cut)} logs")
        failed = {where: sent for where, sent in answers.items() if sent.error}
        if not failed:
            self._relay._one_by_one = frozenset()
            return None
        return Trouble(", ".join(sorted({type(sent.error).__name__ for sent in failed.values()})))

    async def _archive(self, answers: Mapping[Log, Sent]) -> None:
        shards: list[int] = []
        positions: list[int] = []
        offsets: list[int] = []
        marks: dict[Log, Mark] = {}
        for where, sent in answers.items():
            acknowledged = sent.rows[: len(sent.offsets)]
            shards += [where.shard] * len(acknowledged)
            positions += map(itemgetter("position"), acknowledged)
            offsets += sent.offsets
            if sent.offsets and sent.offsets[-1] >= 0:  # a repeated batch is acknowledged without its offsets
                marks[where] = Mark(sent.offsets[-1], sent.rows[len(sent.offsets) - 1]["id"])
        if positions:
            await self._connection.fetchval(
                SQL["archive_round"], shards, positions, offsets, self._relay.cluster, *losses.columns(marks)
            )
            self._marks |= marks
            self._relay.progressed = True
            self._relay._meters.relayed.inc(len(positions))
            reach("relay.archived")
        await self._set_aside_or_requeue(answers)

    async def _set_aside_or_requeue(self, answers: Mapping[Log, Sent]) -> None:
        """After a refusal the row itself is looked for; after a cut the archive fills the outbox again."""
        careful = set()
        for where, sent in answers.items():
            if not sent.refused:
                continue
            reason = type(sent.error).__name__
            waiting = sent.rows[len(sent.offsets) :]
            if not sent.topic_refused:
                careful.add(where)
                waiting = waiting[:1] if where in self._relay._one_by_one or len(sent.rows) == 1 else []
            for row in waiting:
                await self._connection.execute(SQL["block_row"], row["shard"], row["position"], reason)
            log.error("events blocked", topic=where.topic, shard=where.shard, reason=reason, rows=len(waiting))
        self._relay._one_by_one = frozenset(careful)

    def _house_work_due(self) -> bool:
        return time.monotonic() >= min(self._rebalance_at, self._check_at)

    async def _keep_house(self) -> None:
        """Only between flights: fair shares, the ends of the logs, alarms."""
        if time.monotonic() >= self._rebalance_at:
            gained, lost = await self._shards.rebalance()
            self._marks = {where: mark for where, mark in self._marks.items() if where.shard not in lost}
            if gained:
                await self._compare(gained)
            self._rebalance_at = time.monotonic() + REBALANCE_EVERY
        if time.monotonic() >= self._check_at:
            if await cluster_id(self._relay._settings) != self._relay.cluster:
                raise Trouble("another cluster answers at this address")  # an old producer must not write to it
            await self._compare(self._shards.owned)
            if await self._connection.fetch(SQL["release_blocked"], sorted(self._shards.owned)):
                log.info("blocked events are tried again")
            self._check_at = time.monotonic() + CHECK_EVERY

    async def _compare(self, shards: set[int]) -> None:
        """Hold the archive against the logs; what a log lacks goes back to the outbox."""
        requeued, marks = await losses.requeue(
            self._connection, self._relay._settings, self._relay.cluster, sorted(shards)
        )
        self._marks |= marks
        if requeued:
            self._relay._meters.requeued.inc(requeued)
            log.error("log lost its end; events are published again", rows=requeued)
