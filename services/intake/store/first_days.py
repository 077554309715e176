"""The first days in Postgres, with their events and clocks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection

from services.intake.first_days import Kind, Patience, Stage, Thing, begin, clock_of
from services.intake.store.people import tell_of
from shared.contracts.events import Event
from shared.contracts.person import FirstDaysSet, FirstThingMoved
from shared.messaging.outbox import Cause
from shared.messaging.timers import start_timers
from shared.runtime import sql
from shared.workflow import Decision

SQL = sql.load(__file__, "first_days.sql")


@dataclass(frozen=True, slots=True)
class Days:
    """`told`: sealed, what they said of their supervision."""

    day: date
    told: bytes | None


async def find(tx: Connection, person: UUID) -> Days | None:
    row = await tx.fetchrow(SQL["find_day"], person)
    return Days(row["day"], row["told"]) if row else None


async def zone_of(tx: Connection, person: UUID) -> ZoneInfo:
    """Where their day begins: that of their home agency."""
    return ZoneInfo(await tx.fetchval(SQL["zone_of"], person) or "UTC")


async def put_day(tx: Connection, person: UUID, day: date, told: bytes | None) -> None:
    await tx.execute(SQL["put_day"], person, day, told)


async def things_of(tx: Connection, person: UUID, zone: tzinfo) -> list[Thing]:
    return [
        Thing(person, Kind(row["thing"]), datetime.combine(row["day"], time(), tzinfo=zone), Stage(row["stage"]))
        for row in await tx.fetch(SQL["lock_things"], person)
    ]


async def whose(tx: Connection, id: UUID) -> tuple[UUID, Kind] | None:
    """Whose thing a clock is about."""
    row = await tx.fetchrow(SQL["whose"], id)
    return (row["person_id"], Kind(row["thing"])) if row else None


async def save(
    tx: Connection, person: UUID, decisions: Sequence[Decision[Thing]], cause: Cause, first: Sequence[Event] = ()
) -> None:
    """State, events and clocks, in the transaction that holds the person: all of them or none."""
    for thing, _, timers in decisions:
        await tx.execute(SQL["put_thing"], thing.id, person, thing.thing.value, thing.stage.value)
        await start_timers(tx, timers)
    told = [*first, *(event for decision in decisions for event in decision.events)]
    await tell_of(tx, person, told, cause)


async def refold(tx: Connection, event: FirstDaysSet | FirstThingMoved, at: datetime) -> None:
    """After a restore: the day and where each thing stood. What they said of their supervision is in no event."""
    zone = await zone_of(tx, event.person)
    if isinstance(event, FirstDaysSet):
        before = {thing.thing: thing.stage for thing in await things_of(tx, event.person, zone)}
        if await tx.fetchval(SQL["fold_day"], event.person, event.day) is None:
            return
        for thing in begin(event.person, event.day, zone):
            await _refolded(tx, replace(thing, stage=before.get(thing.thing, thing.stage)), at)
        return
    for thing in await things_of(tx, event.person, zone):
        if thing.thing == event.thing:
            await _refolded(tx, replace(thing, stage=Stage(event.stage)), at)


async def _refolded(tx: Connection, thing: Thing, at: datetime) -> None:
    await tx.execute(SQL["put_thing"], thing.id, thing.person, thing.thing.value, thing.stage.value)
    await start_timers(tx, [clock_of(thing, Patience())], since=at)
