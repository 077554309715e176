"""Caseplan's audit with its chain and its anchors, and somebody whom no trigger stops."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg

from shared.auditing import Anchorer
from shared.messaging.meters import Meters
from shared.runtime.settings import Settings
from shared.security import anchors, audit, demo
from shared.security.anchors import Signer
from shared.security.chaining import Chainer
from shared.security.verifying import Finding, Report, verify
from tests.hands import hands
from tests.network import FreshDatabase

DANA = demo.person_actor(demo.DANA)
MORNING = datetime(2025, 11, 20, 9, 0, tzinfo=UTC)  # long before anybody accepts anything


@dataclass
class World:
    """Chained and anchored by the service's own role; `owner` is somebody whom no trigger stops."""

    pool: asyncpg.Pool
    owner: asyncpg.Connection
    settings: Settings
    meters: Meters
    chainer: Chainer
    anchorer: Anchorer
    minute: int = 0

    async def look(self, times: int = 1) -> None:
        async with self.pool.acquire() as tx:
            for _ in range(times):
                await audit.record(tx, DANA, "plan.read", uuid4(), "plan/7", "care")

    async def anchor(self) -> None:
        """Chained, and anchored a minute after the last time."""
        await self.chainer.run()
        self.minute += 2
        await self.anchorer.run(MORNING + timedelta(minutes=self.minute))

    async def verify(self) -> Report:
        kept = anchors.read(anchors.file_of(self.settings, "caseplan")).anchors
        async with self.pool.acquire() as connection:
            return await verify(connection, "caseplan", kept, Signer(self.settings))

    async def first(self) -> Finding:
        """The first bad row, as it is told. The chainer goes on meanwhile, as it would."""
        before = await self.verify()
        await self.chainer.run()
        after = await self.verify()
        assert before.findings, "seen at once"
        assert after.findings, "and not healed by chaining on"
        return before.findings[0]

    async def links(self) -> list[int]:
        """The numbers in the order of the chain, whose positions have no gap."""
        rows = await self.owner.fetch("SELECT position, number FROM audit_chain ORDER BY position")
        assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
        return [row["number"] for row in rows]


async def as_owner(dsn: str) -> asyncpg.Connection:
    switched_off = {"search_path": "caseplan", "session_replication_role": "replica"}
    return await asyncpg.connect(dsn, server_settings=switched_off)


@asynccontextmanager
async def audited(database: FreshDatabase, folder: Path) -> AsyncIterator[World]:
    settings = Settings(**await database.settings("caseplan", anchors=folder / "anchors"))
    owner, meters = await as_owner(await database()), Meters()
    async with hands(settings) as opened:
        anchorer = Anchorer(opened, settings, "caseplan", meters)
        yield World(opened, owner, settings, meters, Chainer(opened, "caseplan"), anchorer)
    await owner.close()


async def give_up(world: World) -> None:
    """A number is handed out, and nothing is committed under it."""
    with suppress(ZeroDivisionError):
        async with world.pool.acquire() as tx, tx.transaction():
            await audit.record(tx, DANA, "plan.read", uuid4(), "plan/7", "care")
            raise ZeroDivisionError
