"""Covers in Postgres, with what is told of them. Why stands sealed, here alone."""

from dataclasses import dataclass
from uuid import UUID

from asyncpg import Connection, Record

from services.intake.covers import Cover
from shared.contracts.account import Covered, CoverEnded
from shared.messaging.outbox import Cause, put_events
from shared.runtime import sql
from shared.runtime.database import reaching
from shared.runtime.errors import NotFound
from shared.runtime.reach import SERVICE
from shared.security import covers

SQL = sql.load(__file__, "covers.sql")
FIELD = "cover.why"  # what the seal is bound to, under the key of whoever is away


@dataclass(frozen=True, slots=True)
class Row:
    cover: Cover
    why: bytes


async def save(tx: Connection, event: Covered | CoverEnded, cause: Cause, why: bytes = b"") -> None:
    """The caller holds the account of whoever is away: what is told of it keeps its order."""
    await covers.know(tx, [event])
    if why:
        await tx.execute(SQL["say_why"], event.cover, why)
    await put_events(tx, event.account, [event], partitionkey=event.account, cause=cause)


async def find(tx: Connection, id: UUID) -> Cover:
    row = await tx.fetchrow(SQL["find_cover"], id)
    if row is None:
        raise NotFound("cover", id)
    return _row(row).cover


async def lock(tx: Connection, id: UUID) -> Cover:
    row = await tx.fetchrow(SQL["lock_cover"], id)
    if row is None:
        raise NotFound("cover", id)
    return _row(row).cover


async def end_of(tx: Connection, covering: UUID, cause: Cause) -> list[UUID]:
    """Nobody stands in any more who has left, or does another work: what runs or will run ends. The caller holds
    their account, so none begins meanwhile."""
    async with reaching(tx, SERVICE):  # the network's office ends somebody's access, and has no covers of its own
        rows = await tx.fetch(SQL["lock_covers_by"], covering)
        for cover in (_row(row).cover for row in rows):
            await save(tx, CoverEnded(account=cover.worker, cover=cover.id, agency=cover.agency), cause)
    return [row["id"] for row in rows]


async def of_agency(tx: Connection, agency: UUID, limit: int) -> list[Row]:
    return [_row(row) for row in await tx.fetch(SQL["list_covers"], agency, limit)]


def _row(row: Record) -> Row:
    ended = row["ended_at"] is not None
    return Row(
        Cover(row["id"], row["worker"], row["covering"], row["agency"], row["starts_at"], row["ends_at"], ended),
        row["why"],
    )
