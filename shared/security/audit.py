"""The audit: who did or saw what of whom, and why; one plain row in the transaction of the act itself.

Nothing is chained here: doing that inside a command costs three quarters of the throughput (measured). The rows carry
their number and are never changed, so a chainer can follow them afterwards.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.runtime import sql
from shared.security.identity import Actor
from shared.security.permissions import Role

SQL = sql.load(__file__, "audit.sql")
RECORD = SQL["record"]  # for callers that send it beside other statements, with the arguments `values` gives
LATEST = 2**63 - 1

Tx = asyncpg.Connection | PoolConnectionProxy


@dataclass(frozen=True, slots=True)
class Look:
    """One act of somebody on a person's record, as the person may see it."""

    number: int
    at: datetime
    actor: UUID
    role: Role
    agency: UUID | None
    action: str
    object: str
    purpose: str
    allowed: bool

    @property
    def covered(self) -> UUID | None:
        """For whom they covered as they looked."""
        kind, _, whom = self.purpose.partition("/")
        return UUID(whom) if kind == "covering" and whom else None


def values(
    actor: Actor,
    action: str,
    person: UUID | None,
    what: str,
    why: str,
    at: datetime | None = None,
    *,
    allowed: bool = True,
) -> tuple[Any, ...]:
    """The arguments of `RECORD`, in its order."""
    return at, actor.id, actor.role.value, actor.agency, action, person, what, actor.why(why), allowed


async def record(
    tx: Tx,
    actor: Actor,
    action: str,
    person: UUID | None,
    what: str,
    why: str,
    at: datetime | None = None,
    *,
    allowed: bool = True,
) -> None:
    """Write down that `actor` did `action`. `what` is `kind/id` or a kind, `why` a purpose in a word; never a name.

    A refusal is recorded (`allowed=False`) on a connection of its own: the refused transaction rolls back.
    """
    await tx.execute(RECORD, *values(actor, action, person, what, why, at, allowed=allowed))


async def record_many(
    tx: Tx, actor: Actor, action: str, people: Iterable[UUID], what: str, why: str, at: datetime | None = None
) -> None:
    """One row for each of `people`, in one statement: for lists that show more than one person."""
    who = sorted(set(people))
    if who:
        await tx.execute(SQL["record_many"], *values(actor, action, None, what, why, at)[:5], who, what, why, True)


async def who_looked(tx: Tx, person: UUID, *, limit: int = 50, before: int = LATEST) -> list[Look]:
    """What others did with `person`'s record, the latest first; `before` is the number of the last one shown."""
    rows = await tx.fetch(SQL["who_looked"], person, before, limit)
    return [Look(row[0], row[1], row[2], Role(row[3]), *row[4:]) for row in map(tuple, rows)]


async def now(tx: Tx) -> datetime:
    """The moment by which the rows of this schema are dated."""
    moment: datetime = await tx.fetchval(SQL["now"])
    return moment
