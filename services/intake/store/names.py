"""What people are found by, in Postgres: blind indexes alone. Making them is `findable`'s."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Connection

from services.intake.store.people import Row, listed
from shared.runtime import sql

SQL = sql.load(__file__, "names.sql")
ALL_HERE = b""  # stands among somebody's parts once they are all there


@dataclass(frozen=True, slots=True)
class Unfindable:
    id: UUID
    agency: UUID
    name: bytes  # sealed


async def put_parts(tx: Connection, person: UUID, agency: UUID, name: bytes, parts: Iterable[bytes]) -> None:
    """What finds somebody whose sealed name this is; nothing where it is another by now."""
    await tx.execute(SQL["put_name_parts"], person, agency, name, [*parts, ALL_HERE])


async def find_by_parts(
    tx: Connection, agency: UUID, parts: Sequence[bytes], *, worker: UUID | None = None, limit: int
) -> list[Row]:
    """The people of one agency, or those whom one worker of it walks with, who have all of `parts`."""
    return [listed(row) for row in await tx.fetch(SQL["find_by_parts"], agency, worker, parts, limit)]


async def list_unfindable(tx: Connection, after: UUID, limit: int) -> list[Unfindable]:
    rows = await tx.fetch(SQL["list_unfindable"], after, limit)
    return [Unfindable(row["id"], row["agency_id"], row["name"]) for row in rows]


async def forget_strays(tx: Connection) -> None:
    await tx.execute(SQL["forget_strays"])
