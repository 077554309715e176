"""Cover for a colleague: for a time somebody stands to a colleague's people as that colleague does.

Intake agrees it and tells; each service keeps it, and every process holds the few that run now, at most half a second
old. So it begins and ends by the clock, without anybody doing anything. It stays within one agency: row-level security
lets nobody further than before, and what the permission table asks a named worker for is what a cover gives.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import inf
from typing import NamedTuple
from uuid import UUID

from asyncpg import Connection, Pool

from shared.contracts.account import AccountEvent, Covered, CoverEnded
from shared.runtime import database, sql
from shared.runtime.reach import SERVICE, acting

SQL = sql.load(__file__, "covers.sql")
FRESH_FOR = 0.5  # seconds that a process goes by what it has read
NONE: frozenset[UUID] = frozenset()


class Standing(NamedTuple):
    """Somebody who covers for a worker now, and until when."""

    covering: UUID
    ends_at: datetime

    @property
    def last(self) -> datetime:
        """A moment of the last day: it ends as the next one begins."""
        return self.ends_at - timedelta(seconds=1)


class Covers:
    """For whom each worker covers at this moment, as one process knows it."""

    def __init__(self) -> None:
        self._by: Mapping[tuple[UUID, UUID | None], frozenset[UUID]] = {}
        self._until = -inf
        self._turn = asyncio.Lock()

    async def of(self, pool: Pool, worker: UUID, agency: UUID | None) -> frozenset[UUID]:
        """For whom this worker of this agency covers."""
        if time.monotonic() >= self._until:
            async with self._turn:
                if time.monotonic() >= self._until:
                    await self._read(pool)
        return self._by.get((worker, agency), NONE)

    def look_again(self) -> None:
        """This very process has changed one."""
        self._until = -inf

    async def _read(self, pool: Pool) -> None:
        """For every actor of this process, so in the service's own name; each is given their own alone."""
        until = time.monotonic() + FRESH_FOR
        with database.outages(), acting(SERVICE):
            async with database.transaction(pool) as tx:
                rows = await tx.fetch(SQL["covering_now"])
        found: dict[tuple[UUID, UUID | None], set[UUID]] = {}
        for row in rows:
            found.setdefault((row["covering"], row["agency"]), set()).add(row["worker"])
        self._by, self._until = {who: frozenset(covered) for who, covered in found.items()}, until


async def know(tx: Connection, events: Iterable[AccountEvent]) -> None:
    """Sorted, so that two batches never wait for each other; of one cover in the order in which it was told."""
    covers = [event for event in events if isinstance(event, Covered | CoverEnded)]
    for event in sorted(covers, key=lambda event: event.cover):
        if isinstance(event, CoverEnded):
            await tx.execute(SQL["end_cover"], event.cover, event.agency)
        else:
            values = (event.cover, event.account, event.by, event.agency, event.starts, event.ends)
            await tx.execute(SQL["put_cover"], *values)


async def standing_in_for(tx: Connection, worker: UUID | None) -> list[Standing]:
    """Who covers for this worker now, the longest first."""
    if worker is None:
        return []
    return [Standing(row["covering"], row["ends_at"]) for row in await tx.fetch(SQL["covered_now"], worker)]
