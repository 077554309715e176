"""Release lists and whom they name, in Postgres. What is sealed goes in and out as bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from asyncpg import Connection, Record

from services.intake.invited import WRONG_PINS, Invited, Stage
from shared.messaging.timers import start_timers
from shared.runtime import sql
from shared.runtime.errors import NotFound
from shared.workflow import Decision

SQL = sql.load(__file__, "invited.sql")


@dataclass(frozen=True, slots=True)
class Sent:
    """A list as it was sent; `whole` once its last row is here."""

    id: UUID
    sender: UUID
    welcoming: UUID
    whole: bool


@dataclass(frozen=True, slots=True)
class SentRow:
    number: int
    reference: bytes
    told: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """An invitation that waits, as the welcoming agency has it."""

    invited: Invited
    told: bytes
    told_at: datetime
    linked: bool


@dataclass(frozen=True, slots=True)
class Named:
    """One to be written: new, or named again."""

    id: UUID
    reference: bytes
    told: bytes
    release_on: date | None


# Lists


async def begin_list(tx: Connection, id: UUID, sender: UUID, welcoming: UUID) -> None:
    await tx.execute(SQL["begin_list"], id, sender, welcoming)


async def put_rows(tx: Connection, list_id: UUID, rows: Sequence[SentRow]) -> None:
    columns = zip(*((row.number, row.reference, row.told) for row in rows), strict=True)
    await tx.execute(SQL["put_rows"], list_id, *map(list, columns))


async def end_list(tx: Connection, id: UUID) -> None:
    await tx.execute(SQL["end_list"], id)


async def drop_list(tx: Connection, id: UUID) -> None:
    await tx.execute(SQL["drop_list"], id)


async def lock_list(tx: Connection, id: UUID) -> Sent | None:
    row = await tx.fetchrow(SQL["lock_list"], id)
    return Sent(**row) if row else None


async def is_first(tx: Connection, id: UUID) -> bool:
    return bool(await tx.fetchval(SQL["is_first"], id))


async def next_rows(tx: Connection, list_id: UUID, most: int) -> list[SentRow]:
    return [SentRow(**row) for row in await tx.fetch(SQL["next_rows"], list_id, most)]


async def drop_rows(tx: Connection, list_id: UUID, up_to: int) -> None:
    await tx.execute(SQL["drop_rows"], list_id, up_to)


# Whom they name


async def known(tx: Connection, sender: UUID, references: Sequence[bytes]) -> dict[bytes, list[Invited]]:
    """By reference, locked: one at each agency. What became of them decides whether a list may touch them, and is told
    to nobody."""
    found: dict[bytes, list[Invited]] = {}
    for row in await tx.fetch(SQL["known"], sender, list(references)):
        found.setdefault(row["reference"], []).append(_invited(row))
    return found


async def put(tx: Connection, sent: Sent, named: Sequence[Named], at: datetime) -> None:
    columns = zip(*((one.id, one.reference, one.told, one.release_on) for one in named), strict=True)
    await tx.execute(SQL["put_invited"], sent.sender, sent.welcoming, *map(list, columns), at)


async def lock(tx: Connection, id: UUID) -> Invited:
    row = await tx.fetchrow(SQL["lock_invited"], id)
    if row is None:
        raise NotFound("invitation", id)
    return _invited(row)


async def lock_known(tx: Connection, id: UUID) -> Invited | None:
    row = await tx.fetchrow(SQL["lock_invited"], id)
    return _invited(row) if row else None


async def find(tx: Connection, id: UUID) -> Row:
    row = await tx.fetchrow(SQL["find_invited"], id)
    if row is None:
        raise NotFound("invitation", id)
    return _row(row)


async def list_of(tx: Connection, agency: UUID, limit: int, offset: int) -> tuple[list[Row], int]:
    """So many of them, and how many there are."""
    rows = await tx.fetch(SQL["list_invited"], agency, limit, offset)
    return [_row(row) for row in rows], int(await tx.fetchval(SQL["count_invited"], agency))


async def put_link(tx: Connection, id: UUID, code: bytes, pin: str) -> bool:
    return await tx.fetchval(SQL["put_link"], id, code, pin) is not None


async def try_link(tx: Connection, code: bytes) -> tuple[UUID, str] | None:
    """Who may answer by that link, and the hash of its PIN; None too where it was tried through."""
    row = await tx.fetchrow(SQL["try_link"], code, WRONG_PINS)
    return (row["id"], row["pin"]) if row else None


async def was_right(tx: Connection, code: bytes) -> None:
    """What was typed before counts no more: whoever holds both link and PIN mistyped it."""
    await tx.execute(SQL["was_right"], code)


async def still_opens(tx: Connection, code: bytes, id: UUID) -> bool:
    return bool(await tx.fetchval(SQL["still_opens"], code, id))


async def save(tx: Connection, decision: Decision[Invited]) -> None:
    """Where they stand, and the clock that runs from now."""
    invited, _, timers = decision
    if invited.stage is Stage.GONE:
        await tx.execute(SQL["drop_invited"], invited.id)
    elif invited.stage is not Stage.WAITING:
        await tx.execute(SQL["settle"], invited.id, invited.stage.value)
    await start_timers(tx, timers)


async def now(tx: Connection) -> datetime:
    at: datetime = await tx.fetchval(SQL["now"])
    return at


def _row(row: Record) -> Row:
    return Row(_invited(row), row["told"], row["told_at"], row["linked"])


def _invited(row: Record) -> Invited:
    return Invited(row["id"], row["sender"], row["welcoming"], Stage(row["stage"]), row["release_on"])
