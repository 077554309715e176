"""The chainer: rows of the audit become links, in batches, after the commands that wrote them.

Numbers are handed out before they are committed, so rows turn up late and some never do. The chain therefore has an
order of its own: whatever has no link yet gets the next place. How far nothing can turn up any more (`settled`) is
known from locks: whoever was handed a number held one on the table, and when none of them is left, all of it is there
or never will be. That is remembered with the links, in the same transaction, so a restored copy is right as well.
"""

from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

from asyncpg import Connection, Pool

from shared.runtime import sql
from shared.runtime.database import transaction
from shared.security.chain import Link, Row, beginning, follow

SQL = sql.load(__file__, "chain.sql")
BATCH = 5_000  # rows a transaction
PREPARED = "-1/"  # how the lock table names who holds a lock for a prepared transaction


@dataclass(frozen=True, slots=True)
class Seen:
    """At some moment: the highest number handed out, and who might hold one of them uncommitted."""

    era: str
    top: int
    writers: frozenset[str]

    def is_settled(self, later: "Seen") -> bool:
        """Whether `later` nobody is left. A prepared transaction has another name than before: it counts as anybody."""
        if later.era != self.era or any(name.startswith(PREPARED) for name in later.writers):
            return False
        return not self.writers & later.writers


class Head(NamedTuple):
    """Where the chain stands. Position and hash are None before the first link."""

    settled: int  # every row that will ever have a number up to this one is chained
    announced: int  # the position last anchored on the control topic, and in the file
    filed: int
    position: int | None
    hash: bytes | None

    def link(self, service: str) -> Link:
        return Link(self.position, self.hash) if self.position and self.hash else beginning(service)


def lock_of(service: str) -> int:
    return crc32(f"audit chain {service}".encode())


async def head_of(tx: Connection) -> Head:
    row = await tx.fetchrow(SQL["head"])
    assert row is not None, "the migration wrote it"
    return Head(*row)


async def look(tx: Connection) -> Seen:
    top = await tx.fetchval(SQL["handed_out"])  # before the writers: who gets a number in between is above it
    row = await tx.fetchrow(SQL["writers"])
    assert row is not None, "we are connected to this database"
    return Seen(row["era"], top, frozenset(row["writers"]))


class Chainer:
    """Chains what one service's audit holds. Any number of them may run; one at a time has its turn."""

    def __init__(self, pool: Pool, service: str, batch: int = BATCH) -> None:
        self._pool = pool
        self._service = service
        self._batch = batch
        self._seen: Seen | None = None

    async def run(self) -> int:
        """Chain all that waits; returns how many rows. 0 also where another chainer is at work."""
        done, after, settled = 0, -1, None
        while True:
            async with transaction(self._pool) as tx:
                if not await tx.fetchval(SQL["lock_chain"], lock_of(self._service)):
                    return done
                if after < 0:
                    settled = await self._settled(tx)
                rows = await self._chain(tx, after, settled)
            done += len(rows)
            if len(rows) < self._batch:
                return done
            after = rows[-1].number

    async def _settled(self, tx: Connection) -> int | None:
        """Up to which number nothing can turn up any more that a later statement of `tx` doesn't see; None: no news."""
        before, now = self._seen, await look(tx)
        self._seen = now
        if not now.writers:
            return now.top
        if before is None or before.era != now.era:
            return None
        if before.is_settled(now):
            return before.top
        left = before.writers & now.writers or before.writers
        self._seen = Seen(before.era, before.top, left)
        return None

    async def _chain(self, tx: Connection, after: int, settled: int | None) -> list[Row]:
        await tx.execute(SQL["keep_to_indexes"], True)
        head = await head_of(tx)
        rows = [Row(*row) for row in await tx.fetch(SQL["unchained"], max(after, head.settled), self._batch)]
        await _add(tx, head.link(self._service), rows)
        if settled is None:
            settled = 0
        elif len(rows) == self._batch:
            settled = min(settled, rows[-1].number)  # above it nobody has looked yet
        if rows or settled > head.settled:
            await tx.execute(SQL["note_links"], settled, bool(rows))
        return rows


async def _add(tx: Connection, last: Link, rows: list[Row]) -> None:
    links = []
    for row in rows:
        last = follow(last, row)
        links.append((last.position, row.number, last.hash))
    if links:
        await tx.copy_records_to_table("audit_chain", records=links, columns=("position", "number", "hash"))


class Depth(NamedTuple):
    waiting: int  # rows without a link; more than 100,000 are not counted
    since: float  # seconds after the last link


async def depth(pool: Pool) -> Depth:
    async with transaction(pool) as tx:
        await tx.execute(SQL["keep_to_indexes"], True)
        row = await tx.fetchrow(SQL["depth"])
    assert row is not None, "the migration wrote it"
    return Depth(*row)
