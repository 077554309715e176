"""What people are compared by, in Postgres: blind indexes alone; and whom they make look alike, within one agency."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Connection

from services.intake.matching import FINDS, MOST, Likeness, Reason, Sign, weigh
from shared.runtime import sql

SQL = sql.load(__file__, "matching.sql")
ALL_HERE = (b"", "all")  # stands among somebody's signs once they are all there
Blind = Sequence[tuple[Sign, bytes]]


@dataclass(frozen=True, slots=True)
class Uncompared:
    """What signs are made of, sealed."""

    id: UUID
    agency: UUID
    name: bytes
    contact: bytes | None
    born: bytes | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records of one agency that look alike; the lower id is the first."""

    person: UUID
    other: UUID
    likeness: Likeness


async def put_signs(tx: Connection, of: Uncompared, signs: Blind) -> None:
    """Nothing where the record is another by now."""
    parts, kinds = zip(*[(part, sign.value) for sign, part in signs], ALL_HERE, strict=True)
    await tx.execute(SQL["put_signs"], of.id, of.agency, of.name, of.contact, of.born, parts, kinds)


async def list_uncompared(tx: Connection, after: UUID, limit: int) -> list[Uncompared]:
    rows = await tx.fetch(SQL["list_uncompared"], after, limit)
    return [Uncompared(row["id"], row["agency_id"], row["name"], row["contact"], row["born"]) for row in rows]


async def find_alike(
    tx: Connection, agency: UUID, signs: Blind, but: UUID | None = None
) -> list[tuple[UUID, Likeness]]:
    """Everybody of `agency` who shares a sign that finds, however little they look alike."""
    parts, kinds = [part for _, part in signs], [sign.value for sign, _ in signs]
    rows = await tx.fetch(SQL["find_alike"], agency, parts, kinds, sorted(FINDS), MOST + 1, but)
    ours = {sign for sign, _ in signs}
    return [(row["person_id"], weigh(_signs(row["agree"]), ours, _signs(row["theirs"]))) for row in rows]


async def put_alike(tx: Connection, agency: UUID, person: UUID, found: Iterable[tuple[UUID, Likeness]]) -> None:
    for other, like in found:
        await tx.execute(SQL["put_alike"], agency, person, other, [*like.reasons], like.points)


async def list_alike(tx: Connection, agency: UUID, person: UUID | None = None, limit: int = 50) -> list[Pair]:
    """What nobody has settled; about one person where they are given."""
    rows = await tx.fetch(SQL["list_alike"], agency, person, limit)
    return [Pair(row["person_id"], row["other_id"], _likeness(row["reasons"])) for row in rows]


async def why_alike(tx: Connection, one: UUID, other: UUID) -> Likeness:
    """Without a reason where the signs found none."""
    return _likeness(await tx.fetchval(SQL["why_alike"], one, other) or ())


async def tell_apart(tx: Connection, agency: UUID, one: UUID, other: UUID, by: UUID) -> None:
    await tx.execute(SQL["tell_apart"], agency, one, other, by)


async def not_apart(tx: Connection, one: UUID, other: UUID) -> None:
    await tx.execute(SQL["not_apart"], one, other)


async def save_born(tx: Connection, person: UUID, born: bytes | None) -> None:
    await tx.execute(SQL["save_born"], person, born)


async def born_of(tx: Connection, person: UUID) -> bytes | None:
    found: bytes | None = await tx.fetchval(SQL["born_of"], person)
    return found


def _signs(kinds: Iterable[str] | None) -> set[Sign]:
    return {Sign(kind) for kind in kinds or ()}


def _likeness(reasons: Iterable[str]) -> Likeness:
    return Likeness(tuple(Reason(reason) for reason in reasons))
