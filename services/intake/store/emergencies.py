"""Openings in an emergency, tries, and whom somebody never lets look, in Postgres."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Connection, Record

from services.intake.emergencies import KIND, REMEMBERED, TRIES, WITHIN, Cannot, Opening, Verdict, clock_of
from shared.messaging.timers import start_timers
from shared.runtime import sql
from shared.runtime.errors import NotFound
from shared.runtime.ids import uuid7
from shared.workflow import Timer

SQL = sql.load(__file__, "emergencies.sql")


@dataclass(frozen=True, slots=True)
class Row:
    """An opening with what is sealed of it."""

    opening: Opening
    told: bytes
    found: bytes | None


@dataclass(frozen=True, slots=True)
class Try:
    worker: UUID
    agency: UUID
    home: UUID
    came: str
    at: datetime


async def too_often(tx: Connection, worker: UUID) -> bool:
    """Whether they have tried as often as anybody may. Their tries wait for each other until `tx` ends."""
    await tx.execute(SQL["one_at_a_time"], worker)
    tries: int = await tx.fetchval(SQL["tries_since"], worker, WITHIN)
    return tries >= TRIES


async def put_try(tx: Connection, worker: UUID, agency: UUID, home: UUID, came: str) -> UUID:
    id = uuid7()
    await tx.execute(SQL["put_try"], id, worker, agency, home, came)
    return id


async def say_what_came(tx: Connection, id: UUID, came: str) -> None:
    await tx.execute(SQL["say_what_came"], id, came)


async def refused_tries(tx: Connection, agency: UUID, limit: int = 50) -> list[Try]:
    return [Try(*row.values()) for row in await tx.fetch(SQL["refused_tries"], agency, limit)]


async def live_opening(tx: Connection, worker: UUID, person: UUID) -> Opening | None:
    row = await tx.fetchrow(SQL["live_opening"], worker, person)
    return _opening(row) if row else None


async def live_of(tx: Connection, worker: UUID) -> list[Opening]:
    return [_opening(row) for row in await tx.fetch(SQL["live_of"], worker)]


async def said_before(tx: Connection, worker: UUID, said: bytes, person: UUID) -> bool:
    found: bool = await tx.fetchval(SQL["said_before"], worker, said, person, REMEMBERED)
    return found


async def put(tx: Connection, opening: Opening, told: bytes, said: bytes) -> None:
    who = opening.id, opening.person, opening.home, opening.agency, opening.worker
    what = opening.cannot.value, opening.treatment, told, said, opening.opened_at, opening.ends_at
    await tx.execute(SQL["put_opening"], *who, *what)
    await start_timers(tx, [clock_of(opening)])


async def find(tx: Connection, id: UUID) -> Row:
    return _row(await tx.fetchrow(SQL["find_opening"], id), id)


async def lock(tx: Connection, id: UUID) -> Row:
    return _row(await tx.fetchrow(SQL["lock_opening"], id), id)


async def openings_at(tx: Connection, agency: UUID, limit: int = 100) -> list[Row]:
    return [_row(row, row["id"]) for row in await tx.fetch(SQL["openings_at"], agency, limit)]


async def openings_of(tx: Connection, person: UUID, limit: int = 20) -> list[Row]:
    return [_row(row, row["id"]) for row in await tx.fetch(SQL["openings_of"], person, limit)]


async def save_review(tx: Connection, id: UUID, verdict: Verdict, found: bytes, by: UUID) -> None:
    await tx.execute(SQL["save_review"], id, verdict.value, found, by)
    await start_timers(tx, [Timer(KIND, id, None)])


async def nevers_of(tx: Connection, person: UUID) -> list[UUID]:
    return [row["agency_id"] for row in await tx.fetch(SQL["nevers_of"], person)]


async def say_never(tx: Connection, person: UUID, agency: UUID) -> None:
    """From its commit on."""
    await tx.execute(SQL["say_never"], person, agency)


async def take_never_back(tx: Connection, person: UUID, agency: UUID) -> None:
    await tx.execute(SQL["take_never_back"], person, agency)


def _row(row: Record | None, id: UUID) -> Row:
    if row is None:
        raise NotFound("opening", id)
    return Row(_opening(row), row["told"], row["found"])


def _opening(row: Record) -> Opening:
    return Opening(
        row["id"], row["person_id"], row["home"], row["agency_id"], row["worker_id"], Cannot(row["cannot"]),
        row["treatment"], row["opened_at"], row["ends_at"], Verdict(row["verdict"]) if row["verdict"] else None,
        row["reviewed_by"], row["reviewed_at"],
    )  # fmt: skip
