"""Links and PINs in Postgres, as hashes alone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Connection, Record

from services.intake.sessions import hash_of
from services.intake.ways_in import CHOOSE_WITHIN, WRONG_WORDS, Check, WayIn
from shared.runtime import sql

SQL = sql.load(__file__, "ways_in.sql")


@dataclass(frozen=True, slots=True)
class Made:
    """What the worker of somebody may know of their link."""

    chosen: bool
    may_choose: bool
    choose_by: datetime
    made_at: datetime
    made_by: UUID
    checked: str


async def find_way_in(tx: Connection, code: str, *, demo: bool) -> WayIn | None:
    row = await tx.fetchrow(SQL["find_way_in"], hash_of(code), demo, WRONG_WORDS)
    return _way_in(row) if row else None


async def lock_way_in(tx: Connection, person: UUID) -> WayIn | None:
    row = await tx.fetchrow(SQL["lock_way_in"], person, WRONG_WORDS)
    return _way_in(row) if row else None


async def put_way_in(tx: Connection, person: UUID, code: str, word: str, checked: Check, by: UUID) -> None:
    """A new link in the place of any other."""
    hashed = hash_of(word) if word else None
    await tx.execute(SQL["put_way_in"], person, hash_of(code), hashed, CHOOSE_WITHIN, checked, by)


async def keep_derived(tx: Connection, person: UUID, code: str, pin: str, second: str) -> None:
    await tx.execute(SQL["keep_derived"], person, hash_of(code), pin, second)


async def choose_pin(tx: Connection, code: str, pin: str, second: str, word: str) -> UUID | None:
    """Whose it is now; None where the link is of no use, has a PIN, or asks for another word."""
    values = hash_of(code), pin, second, hash_of(word), WRONG_WORDS
    person: UUID | None = await tx.fetchval(SQL["choose_pin"], *values)
    return person


async def save_pin(tx: Connection, person: UUID, pin: str) -> None:
    await tx.execute(SQL["save_pin"], person, pin)


async def save_second(tx: Connection, person: UUID, pin: str) -> None:
    await tx.execute(SQL["save_second"], person, pin)


async def about(tx: Connection, person: UUID) -> Made | None:
    row = await tx.fetchrow(SQL["about_way_in"], person, WRONG_WORDS)
    return Made(**row) if row else None


async def forget_before(tx: Connection, person: UUID, at: datetime) -> None:
    await tx.execute(SQL["forget_before"], person, at)


async def is_known(tx: Connection, person: UUID, device: bytes) -> bool:
    return bool(await tx.fetchval(SQL["is_known"], person, device))


def _way_in(row: Record) -> WayIn:
    return WayIn(row["person_id"], row["pin"], row["second"], row["may_choose"], row["asks_word"])
