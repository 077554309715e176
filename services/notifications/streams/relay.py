"""Writes partners' rows to their logs. Run as many as you like: each shard has one owner at a time.

A round numbers rows, writes them as one transaction a shard, and archives them. Whatever goes wrong, the shard's writer
is thrown away with all that was in hand; the next one is initialised, looks at the log, and reads the rows again.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

import structlog
from asyncpg import Connection

from services.notifications.database import TROUBLE_WITH_KAFKA
from services.notifications.settings import Voice
from services.notifications.streams import OWNERS, rows, topic_of
from services.notifications.streams.log import PartnerLogs
from services.notifications.streams.recovery import Recovery, absent_partners, has_lost_an_end, recover
from services.notifications.streams.rows import Row
from services.notifications.streams.writer import Out, Unwritten, Writer
from shared.messaging.bell import Bell
from shared.messaging.failpoints import reach
from shared.messaging.kafka import cluster_id
from shared.messaging.shards import Shards
from shared.process import Running
from shared.runtime.backoff import pause
from shared.runtime.database import OUTAGES, connect
from shared.runtime.errors import Permanent, Retryable
from shared.runtime.settings import Settings
from shared.security.keys import Keys

BATCH = 500  # rows per shard and round
BUSY_POLL, BUSY_FOR = 0.005, 3.0  # seconds between looks after the last row, and how long
REBALANCE_EVERY = 2.0
OPEN_EVERY = 0.02  # between looks for shards that need a writer
BEAT_EVERY = 0.5  # seconds between looks for heartbeats that are due
CHECK_EVERY = 60.0  # seconds between comparisons with the ends of the logs

log = structlog.get_logger("partner relay")


class Ready(NamedTuple):
    """A row and the record that it is."""

    row: Row
    out: Out


class OtherCluster(Retryable):
    """Kafka is another one than when this session began."""


async def relay_to_partners(running: Running) -> None:
    """The worker's task, until cancelled."""
    await PartnerRelay(running.settings, Voice(), running.bell, running.keys).run()


class PartnerRelay:
    """The owner of some shards of partners. Its keys close what it says of people whose news it withholds."""

    def __init__(self, settings: Settings, voice: Voice, bell: Bell | None = None, keys: Keys | None = None) -> None:
        self._settings = settings
        self._voice = voice
        self._bell = bell or Bell()
        self._keys = keys
        self.progressed = False
        self.shards: Shards | None = None

    async def run(self) -> None:
        """Relay until cancelled."""
        attempt = 0
        while True:
            try:
                await self._session()
            except TROUBLE_WITH_KAFKA as error:
                attempt = 1 if self.progressed else attempt + 1
                self.progressed = False
                log.warning("partner relay starts again", error=type(error).__name__, attempt=attempt)
                await pause(attempt)

    async def _session(self) -> None:
        connection = await connect(self._settings, "notifications partner relay", self._keys)
        try:
            await connection.execute(rows.SQL["settle_plans"])
            cluster = await cluster_id(self._settings)
            async with PartnerLogs(self._settings) as logs, contextlib.AsyncExitStack() as stack:
                self.shards = Shards(connection, OWNERS)
                session = Session(self, connection, Recovery(connection, self._settings, logs, cluster))
                stack.push_async_callback(session.close)
                await session.run()
        finally:
            self.shards = None
            with contextlib.suppress(*OUTAGES):
                await connection.close(timeout=2)


class Session:
    """One connection, and one writer for each shard that has something to write."""

    def __init__(self, relay: PartnerRelay, connection: Connection, recovery: Recovery) -> None:
        assert relay.shards is not None
        self._relay = relay
        self._settings = relay._settings
        self._every = relay._voice.heartbeat_seconds
        self._connection = connection
        self._recovery = recovery
        self._shards = relay.shards
        self._writers: dict[int, Writer] = {}
        self._absent: set[UUID] = set()
        self._rebalance_at = self._beat_at = self._open_at = 0.0
        self._check_at = time.monotonic() + CHECK_EVERY

    async def run(self) -> None:
        busy_until = 0.0
        while True:
            await self._keep_house()
            rung = self._relay._bell.rung
            if await self.round():
                self._relay.progressed = True
                busy_until = time.monotonic() + BUSY_FOR
            else:
                poll = BUSY_POLL if time.monotonic() < busy_until else self._settings.relay_idle
                await self._relay._bell.wait(poll, since=rung)

    async def round(self) -> int:
        """Write what waits; returns how many records left. Rows are read only once their writer is open."""
        await self._open_writers()
        if not self._writers:
            return 0
        picked = await rows.pick_up(self._connection, self._writers, self._absent, BATCH)
        if not picked:
            return 0
        reach("partner.numbered")
        ready, broken = _make_ready(picked)
        if broken:
            log.error("rows can't be written", rows=len(broken), type=broken[0].type)
            await rows.give_up(self._connection, broken)
            return len(broken)  # they are read again, with heartbeats in their places
        written = await self._write(ready)
        if written:
            await rows.archive(self._connection, [row for row, _ in written], [offset for _, offset in written])
            reach("partner.archived")
        return len(written)

    async def _open_writers(self) -> None:
        """For shards that have something to write; those that have a writer already are simply asked for rows."""
        without = self._shards.owned - self._writers.keys()
        if not without or time.monotonic() < self._open_at:
            return
        self._open_at = time.monotonic() + OPEN_EVERY
        for shard in sorted(await rows.busy(self._connection, without, self._absent, self._recovery.cluster)):
            await self._open(shard)

    async def _write(self, ready: Sequence[Ready]) -> list[tuple[Row, int]]:
        """Each shard's rows as one transaction; a shard that fails keeps its rows for its next writer."""
        shards = [list(group) for _, group in groupby(ready, key=lambda one: one.row.shard)]
        answers = await asyncio.gather(*(self._write_shard(group) for group in shards), return_exceptions=True)
        written: list[tuple[Row, int]] = []
        for group, answer in zip(shards, answers, strict=True):
            if isinstance(answer, Unwritten):
                log.warning("a writer is made anew", shard=group[0].row.shard, reason=str(answer))
                await self._writers.pop(group[0].row.shard).close()
            elif isinstance(answer, BaseException):
                raise answer
            else:
                written += zip([one.row for one in group], answer, strict=True)
        return written

    async def _write_shard(self, group: Sequence[Ready]) -> list[int]:
        return await self._writers[group[0].row.shard].write([one.out for one in group])

    async def _open(self, shard: int) -> None:
        """A new writer, which ends all older ones, and then a look at what those have left."""
        self._writers[shard] = await Writer(self._settings, shard).__aenter__()
        await recover(self._recovery, shard, self._absent)

    async def close(self) -> None:
        for writer in self._writers.values():
            await writer.close()
        self._writers.clear()

    async def _close(self, shards: set[int]) -> None:
        for shard in shards & self._writers.keys():
            await self._writers.pop(shard).close()

    async def _keep_house(self) -> None:
        """Only between rounds: fair shares, missing topics, heartbeats, ends of logs."""
        now = time.monotonic()
        if now >= self._rebalance_at:
            _, lost = await self._shards.rebalance()
            await self._close(lost)
            await self._look_for_topics()
            self._rebalance_at = now + REBALANCE_EVERY
        if now >= self._beat_at:
            await rows.beat(self._connection, self._shards.owned, self._absent, self._every)
            self._beat_at = now + BEAT_EVERY
        if now >= self._check_at:
            await self._check()
            self._check_at = now + CHECK_EVERY

    async def _look_for_topics(self) -> None:
        """A partner whose topics came back is looked at like a new one."""
        absent = await absent_partners(self._recovery, self._shards.owned)
        if self._absent - absent:
            await self.close()
        self._absent = absent

    async def _check(self) -> None:
        if await cluster_id(self._settings) != self._recovery.cluster:
            raise OtherCluster("Kafka is another one now")
        for shard in sorted(self._writers):
            if await has_lost_an_end(self._recovery, shard, self._absent):
                await self._close({shard})
                await self._open(shard)
        await self._connection.execute(rows.SQL["forget_sent"])


def _make_ready(picked: Sequence[Row]) -> tuple[list[Ready], list[Row]]:
    """The records, and the rows that no contract of ours reads any more: those of another version."""
    ready: list[Ready] = []
    broken: list[Row] = []
    for row in picked:
        try:
            ready.append(Ready(row, Out(topic_of(row.slug, row.stream), *row.record())))
        except (KeyError, ValueError, Permanent):  # a type, a field or a size that is refused today
            broken.append(row)
    return ready, broken
