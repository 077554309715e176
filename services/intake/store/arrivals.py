"""First answers in Postgres: what was promised to whoever asked by themselves, and its clock."""

from datetime import datetime
from uuid import UUID

from asyncpg import Connection, Record

from services.intake import arrivals
from services.intake.arrivals import Arrival, Patience, Stage
from services.intake.people import Person
from services.intake.store import directory, people
from shared.contracts.person import PersonEvent
from shared.messaging.timers import start_timers
from shared.runtime import sql
from shared.workflow import By, Decision, Party

SQL = sql.load(__file__, "arrivals.sql")
PATIENCE = Patience()


async def begin(tx: Connection, person: Person) -> tuple[PersonEvent, ...]:
    """What they are told; nothing where somebody walks with them already."""
    if person.worker is not None:
        return ()
    home, now = await directory.find_agency(tx, person.agency), await people.now(tx)
    by = arrivals.promised(home.entry.calendar, now, PATIENCE)
    begun = arrivals.begin(Arrival(person.id, person.agency, by))
    await tx.execute(SQL["add_arrival"], person.id, person.agency, begun.state.stage.value, by)
    await start_timers(tx, begun.timers)
    return tuple(event for event in begun.events if isinstance(event, PersonEvent))


async def answered(tx: Connection, person: UUID, worker: UUID) -> None:
    """Somebody was named; the person is locked by whoever says so."""
    arrival = await lock(tx, person)
    if arrival is not None and arrival.stage is not Stage.ANSWERED:
        await save(tx, arrivals.decide(arrival, "answer", By(Party.AGENCY, worker), PATIENCE))


async def lock(tx: Connection, person: UUID) -> Arrival | None:
    row = await tx.fetchrow(SQL["lock_arrival"], person)
    return _arrival(row) if row else None


async def find(tx: Connection, person: UUID) -> Arrival | None:
    row = await tx.fetchrow(SQL["find_arrival"], person)
    return _arrival(row) if row else None


async def open_of(tx: Connection, agency: UUID) -> dict[UUID, Arrival]:
    """By person."""
    return {row["person_id"]: _arrival(row) for row in await tx.fetch(SQL["open_arrivals"], agency)}


async def save(tx: Connection, decision: Decision[Arrival], since: datetime | None = None) -> None:
    await tx.execute(SQL["save_arrival"], decision.state.person, decision.state.stage.value)
    await start_timers(tx, decision.timers, since=since)


def _arrival(row: Record) -> Arrival:
    return Arrival(row["person_id"], row["agency_id"], row["answer_by"], Stage(row["stage"]))
