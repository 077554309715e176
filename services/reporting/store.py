"""Every statement that reporting sends: one a table for a batch of facts, and the counts that the mirror is made of."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from asyncpg import Connection, Record

from services.reporting.counting import AgencyCounts, Answered, PromiseCounts, Raw
from services.reporting.folding import MessageChange, PromiseChange, ReferralChange, SetbackChange
from services.reporting.folding_door import ArrivalChange, RevocationChange, TellingChange
from shared.contracts import agency, program
from shared.runtime import sql
from shared.workflow.calendars import Calendar, calendar_of

SQL = sql.load(__file__, "store.sql")
CONSUMER = "reporting"
PROJECTIONS = (
    "agency", "program", "referral", "promise", "setback", "message", "arrival", "telling", "revocation",
)  # fmt: skip

Change = (
    ReferralChange | PromiseChange | SetbackChange | MessageChange | ArrivalChange | TellingChange | RevocationChange
)
PUT: dict[type[Change], str] = {
    ReferralChange: SQL["put_referrals"],
    PromiseChange: SQL["put_promises"],
    SetbackChange: SQL["put_setbacks"],
    MessageChange: SQL["put_messages"],
    ArrivalChange: SQL["put_arrivals"],
    TellingChange: SQL["put_tellings"],
    RevocationChange: SQL["put_revocations"],
}
COLUMNS = {kind: attrgetter(*(field.name for field in fields(kind))) for kind in PUT}


async def put(tx: Connection, changes: Sequence[Change]) -> None:
    """Changes of one kind, one a subject: the fields of the change are those of its type in the schema, in order."""
    if changes:
        kind = type(changes[0])
        await tx.execute(PUT[kind], list(map(COLUMNS[kind], changes)))


async def put_agencies(tx: Connection, latest: Iterable[agency.AgencyFacts]) -> None:
    rows = [(e.agency, e.name, e.calendar.model_dump_json(), e.holds_no_records) for e in latest]
    if rows:
        await tx.execute(SQL["put_agencies"], *map(list, zip(*rows, strict=True)))


async def put_programs(tx: Connection, latest: Iterable[tuple[UUID, UUID, str | None, bool]]) -> None:
    rows = list(latest)
    if rows:
        await tx.execute(SQL["put_programs"], *map(list, zip(*rows, strict=True)))


async def wipe(tx: Connection) -> None:
    """Empty the projections, and this consumer's memory of what it has read, so that the log makes them again.

    Needs the schema's owner, with the workers stopped: one that runs would read on from where it was.
    """
    await tx.execute(f"TRUNCATE {', '.join(PROJECTIONS)}")
    for name in ("wipe_progress", "wipe_offsets", "wipe_letters"):
        await tx.execute(SQL[name], CONSUMER)


async def now(tx: Connection) -> datetime:
    moment: datetime = await tx.fetchval(SQL["now"])
    return moment


async def read(tx: Connection, since: datetime, until: datetime, zone: str, *, so_far: bool) -> Raw:
    """All that is counted of what began in the window, in the caller's snapshot."""
    agencies = {row["id"]: row for row in await tx.fetch(SQL["agencies"])}
    referrals = [_agency_counts(row) for row in await tx.fetch(SQL["referrals_by_agency"], since, until)]
    stages = {row["stage"]: row["count"] for row in await tx.fetch(SQL["referrals_by_stage"], since, until)}
    answers = [Answered(*row.values()) for row in await tx.fetch(SQL["first_answers"], since, until)]
    promises = [_promise_counts(row) for row in await tx.fetch(SQL["promises"], since, until, zone, so_far)]
    [setbacks] = await tx.fetch(SQL["setbacks"], since, until)
    [messages] = await tx.fetch(SQL["messages"], since, until)
    [arrivals] = await tx.fetch(SQL["arrivals"], since, until)
    [tellings] = await tx.fetch(SQL["tellings"], since, until)
    [revocations] = await tx.fetch(SQL["revocations"], since, until)
    return Raw(
        names={id: row["name"] for id, row in agencies.items()},
        calendars={id: _calendar(row) for id, row in agencies.items()},
        programs=await tx.fetchval(SQL["programs"]),
        referrals=referrals,
        stages=stages,
        answers=answers,
        promises=promises,
        setbacks={name: setbacks[name] for name in ("in_time", "late", "waiting", "supported")},
        setback_middle=setbacks["middle"],
        messages=dict(messages),
        arrivals=dict(arrivals),
        tellings=dict(tellings),
        revocations={name: revocations[name] for name in ("in_effect", "waiting")},
        revocation_middle=revocations["middle"],
    )


def _agency_counts(row: Record) -> AgencyCounts:
    counts: dict[str, Any] = dict(row)
    return AgencyCounts(counts.pop("agency"), counts)


def _promise_counts(row: Record) -> PromiseCounts:
    month: date = row["month"]
    return PromiseCounts(row["agency"], month, row["kept"], row["moved"], row["late"])


def _calendar(row: Record) -> Calendar:
    return calendar_of(agency.Calendar.model_validate_json(row["calendar"]))


def latest_programs(events: Iterable[program.ProgramEvent]) -> list[tuple[UUID, UUID, str | None, bool]]:
    """One row a program: what was said last, and the name from whenever it was said."""
    rows: dict[UUID, tuple[UUID, UUID, str | None, bool]] = {}
    for event in events:
        known = rows.get(event.program)
        name = event.name if isinstance(event, program.ProgramFacts) else known and known[2]
        rows[event.program] = (event.program, event.agency, name, isinstance(event, program.Withdrawn))
    return list(rows.values())
