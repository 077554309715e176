"""Legal demands in Postgres, with the news of them and the clock until the person may be told."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from asyncpg import Connection, Record

from services.intake.demands import Answer, Demand, Paper, clock_of
from services.intake.store.people import tell_of
from shared.contracts import person as events
from shared.messaging.outbox import Cause
from shared.messaging.timers import start_timers
from shared.runtime import sql
from shared.runtime.errors import NotFound

SQL = sql.load(__file__, "demands.sql")


@dataclass(frozen=True, slots=True)
class Row:
    """A demand with what is sealed of it. `now`: as the database dates it."""

    demand: Demand
    told: bytes
    ordered: bytes | None
    decided: bytes | None
    recorded_by: UUID
    decided_by: UUID | None
    now: datetime

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def whom(self) -> UUID | None:
        """Whose the audit's rows are: nobody's while an order forbids telling them, since they read those."""
        return self.demand.person if self.demand.may_be_told(self.today) else None


async def put(tx: Connection, demand: Demand, told: bytes, by: UUID, today: date, cause: Cause) -> None:
    who = demand.id, demand.person, demand.agency, demand.hold, demand.paper.value
    await tx.execute(SQL["put_demand"], *who, told, demand.due_on, demand.told_from, by)
    if demand.may_be_told(today):
        await tell(tx, demand, cause)
    else:
        await start_timers(tx, [clock_of(demand)])


async def tell(tx: Connection, demand: Demand, cause: Cause) -> None:
    """From its commit on the person hears of it."""
    asked = events.AskedFor(person=demand.person, demand=demand.id)
    await tell_of(tx, demand.person, [asked], cause)
    await tx.execute(SQL["said"], demand.id)


async def find(tx: Connection, id: UUID) -> Row:
    return _row(await tx.fetchrow(SQL["find_demand"], id), id)


async def lock(tx: Connection, id: UUID) -> Row:
    return _row(await tx.fetchrow(SQL["lock_demand"], id), id)


async def demands_at(tx: Connection, agency: UUID, limit: int = 100) -> list[Row]:
    return [_row(row, row["id"]) for row in await tx.fetch(SQL["demands_at"], agency, limit)]


async def demands_of(tx: Connection, person: UUID, limit: int = 20) -> list[Row]:
    """Never one that they may not be told of, whoever reads."""
    return [_row(row, row["id"]) for row in await tx.fetch(SQL["demands_of"], person, limit)]


async def save_order(tx: Connection, id: UUID, court: bytes, on: date) -> None:
    await tx.execute(SQL["save_order"], id, court, on)


async def save_decision(
    tx: Connection, id: UUID, answer: Answer, scope: tuple[str, ...], words: bytes, by: UUID
) -> None:
    await tx.execute(SQL["save_decision"], id, answer.value, list(scope), words, by)


def _row(row: Record | None, id: UUID) -> Row:
    if row is None:
        raise NotFound("demand", id)
    demand = Demand(
        row["id"], row["person_id"], row["agency_id"], row["hold_id"], Paper(row["paper"]), row["due_on"],
        row["told_from"], row["ordered_on"], Answer(row["decision"]) if row["decision"] else None,
        tuple(row["scope"]), row["decided_at"], row["recorded_at"], row["said_at"],
    )  # fmt: skip
    sealed = row["told"], row["ordered"], row["decided"]
    return Row(demand, *sealed, row["recorded_by"], row["decided_by"], row["now"])
