"""Portraits and needs in Postgres. Values go in and out as sealed bytes; opening them is the caller's (sittings.py)."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Connection, Record

from services.intake.portrait import Answer, Section, Side, State
from shared.runtime import sql
from shared.runtime.database import reaching
from shared.runtime.reach import SERVICE

SQL = sql.load(__file__, "portraits.sql")


@dataclass(frozen=True, slots=True)
class Row:
    """An answer whose value is still closed."""

    answer: Answer
    sealed: bytes | None
    retold: bool = False


async def answers_of(tx: Connection, person: UUID, *, pretended: bool = False) -> list[Row]:
    """All versions, the oldest first."""
    return [_row(row) for row in await tx.fetch(SQL["answers_of"], person, pretended)]


async def put_answers(tx: Connection, person: UUID, rows: Iterable[Row], *, pretended: bool = False) -> None:
    for row in rows:
        a = row.answer
        await tx.execute(
            SQL["put_answer"], person, a.agency, pretended, a.question, a.version, a.state.value, row.sealed, a.by,
            a.worker, a.sitting, row.retold,
        )  # fmt: skip


async def last_sitting(tx: Connection, person: UUID, agency: UUID, *, pretended: bool = False) -> int:
    number: int = await tx.fetchval(SQL["last_sitting"], person, agency, pretended)
    return number


async def told_elsewhere(tx: Connection, person: UUID, agency: UUID) -> set[str]:
    async with reaching(tx, SERVICE):  # of agencies that share nothing too: it is counted, and shown to none of them
        return {row["question"] for row in await tx.fetch(SQL["told_elsewhere"], person, agency)}


async def opened_of(tx: Connection, person: UUID, agency: UUID | None, *, pretended: bool = False) -> set[Section]:
    rows = await tx.fetch(SQL["opened_of"], person, pretended)
    return {Section(row["section"]) for row in rows if agency is None or row["agency_id"] == agency}


async def open_section(
    tx: Connection, person: UUID, agency: UUID, section: Section, by: Side, *, pretended: bool = False
) -> bool:
    """False where it is open already."""
    found = await tx.fetchval(SQL["open_section"], person, agency, pretended, section.value, by)
    return found is not None


async def days_here(tx: Connection, person: UUID) -> int:
    days: int = await tx.fetchval(SQL["days_here"], person)
    return max(0, days)


async def rename(tx: Connection, person: UUID, name: bytes) -> None:
    await tx.execute(SQL["rename"], person, name)


def _row(row: Record) -> Row:
    answer = Answer(
        row["question"],
        row["agency_id"],
        row["version"],
        State(row["state"]),
        None,
        row["said_by"],
        row["worker_id"],
        row["sitting"],
        row["said_at"],
    )
    return Row(answer, row["value"], row["retold"])
