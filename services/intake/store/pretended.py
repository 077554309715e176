"""What is pressed behind the second PIN, in Postgres: beside the record, which hears nothing of it.

Its functions are those of the stores that the other view writes to, so that one handler serves both (pretending.py).
"""

from uuid import UUID

from asyncpg import Connection

from services.intake.erasures import Erasure, Stage
from services.intake.store.erasures import Row
from shared.messaging.outbox import Cause
from shared.runtime import sql
from shared.workflow import Decision

SQL = sql.load(__file__, "pretended.sql")


async def find(tx: Connection, person: UUID) -> Row | None:
    row = await tx.fetchrow(SQL["find_erasure"], person)
    if row is None:
        return None
    stage = Stage.TAKEN_BACK if row["taken_back"] else Stage.ASKED
    return Row(Erasure(person, stage), person, row["said_at"], None, None, None)


async def lock(tx: Connection, person: UUID) -> Erasure | None:
    """Their row of `person` is held already, by whoever decides."""
    row = await find(tx, person)
    return row.erasure if row else None


async def put(tx: Connection, asked: Decision[Erasure], by: UUID) -> bool:
    return await tx.fetchval(SQL["ask"], asked.state.person) is not None


async def save(tx: Connection, decision: Decision[Erasure], cause: Cause, by: UUID | None = None) -> None:
    """Taking back is all that can follow: nobody hears of it who could confirm it."""
    await tx.execute(SQL["take_back"], decision.state.person)


async def nevers_of(tx: Connection, person: UUID) -> list[UUID]:
    return [row["about"] for row in await tx.fetch(SQL["nevers_of"], person)]


async def say_never(tx: Connection, person: UUID, agency: UUID) -> None:
    await tx.execute(SQL["say_never"], person, agency)


async def take_never_back(tx: Connection, person: UUID, agency: UUID) -> None:
    await tx.execute(SQL["take_never_back"], person, agency)
