"""This service's own copies of what others own: agencies, programs, people, consents. Read here, never asked for."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection, Record
from asyncpg.pool import Pool

from services.caseplan.calendars import Calendar, calendar_of, due
from services.caseplan.referrals import Onward
from services.caseplan.sharing import Consent, covers_referral
from shared.contracts.agency import Calendar as Published
from shared.runtime import sql
from shared.runtime.database import fetchrow
from shared.runtime.errors import Invalid, NotFound
from shared.workflow import BusinessDays, Patience

SQL = sql.load(__file__, "copies.sql")
Tx = Connection
Db = Connection | Pool
NO_HOURS = Calendar("UTC")  # of an agency not heard of yet: Monday to Friday, worked out again when it is


@dataclass(frozen=True, slots=True)
class Person:
    id: UUID
    home: UUID
    worker: UUID | None
    language: str


@dataclass(frozen=True, slots=True)
class Program:
    id: UUID
    agency: UUID
    name: str
    needs: tuple[str, ...]

    @property
    def onward(self) -> Onward:
        return Onward(self.id, self.agency)


async def work_out(tx: Tx, start: datetime, patience: Patience) -> datetime:
    """When a silence that began at `start` has lasted its time, by the calendar of the agency whose days count."""
    calendar = NO_HOURS
    if isinstance(patience, BusinessDays):
        calendar = calendar_in(await tx.fetchrow(SQL["agency"], patience.agency))
    return due(start, patience, calendar)


async def find_person(db: Db, id: UUID) -> Person:
    row = await fetchrow(db, SQL["person"], id)
    if row is None or row["home"] is None:
        raise NotFound("person", id)
    return Person(row["id"], row["home"], row["worker"], row["language"] or "en")


async def find_agency(db: Db, id: UUID) -> Record | None:
    return await db.fetchrow(SQL["agency"], id)


async def zone_of(db: Db, agency: UUID | None) -> ZoneInfo:
    """In which an agency's days are told; UTC of one not heard of yet."""
    row = await find_agency(db, agency) if agency else None
    return calendar_in(row).tz


async def in_zone_of(db: Db, agency: UUID | None, body: Any) -> Any:
    """A form's day and time carry no zone: they are meant in that of the worker's agency."""
    due = getattr(body, "due", None)
    if not isinstance(due, datetime) or due.tzinfo is not None:
        return body
    return body.model_copy(update={"due": due.replace(tzinfo=await zone_of(db, agency))})


async def zone_of_person(db: Db, id: UUID) -> ZoneInfo:
    """In which somebody's days are told: that of the agency that walks with them."""
    row = await db.fetchrow(SQL["person"], id)
    return await zone_of(db, row["home"] if row else None)


def calendar_in(row: Record | None) -> Calendar:
    if row is None or not row["calendar"]:
        return NO_HOURS
    return _calendar(row["calendar"])


@lru_cache(1024)
def _calendar(text: str) -> Calendar:
    return calendar_of(Published.model_validate_json(text))


async def find_program(db: Db, id: UUID, field: str = "program") -> Program:
    """A program that is offered now. Invalid otherwise, naming `field`."""
    row = await db.fetchrow(SQL["program"], id)
    if row is None or row["agency"] is None or not row["is_listed"]:
        raise Invalid(field, "Choose a program of the directory.")
    if row["holds_no_records"]:
        raise Invalid(field, "This agency keeps no records here. Call them, or go there together.")
    return Program(row["id"], row["agency"], row["name"], tuple(row["needs"]))


async def consent(db: Db, id: UUID, *, share: bool = False) -> Consent | None:
    """A consent as this service knows it; with `share`, held so that a revocation waits for this transaction."""
    row = await db.fetchrow(SQL["consent_for_share" if share else "consent"], id)
    return _consent(row) if row is not None and row["recipient"] is not None else None


def _consent(row: Record) -> Consent:
    return Consent(
        row["id"], row["person"], row["recipient"], frozenset(row["categories"]), bool(row["is_live"]), row["setback"]
    )


async def consents_towards(tx: Tx, person: UUID, agency: UUID) -> list[Consent]:
    """The person's live consents under which this agency may be told, the longest-lived first; held until `tx` ends."""
    rows = await tx.fetch(SQL["consents_towards"], person, agency)
    rows.sort(key=lambda row: row["expires_on"], reverse=True)
    return [found for found in map(_consent, rows) if found.is_live]


async def consent_for(tx: Tx, person: UUID, agency: UUID, need: str) -> Consent | None:
    """One under which this agency may be asked about this need."""
    found = await consents_towards(tx, person, agency)
    return next((one for one in found if covers_referral(one, person, agency, need)), None)


async def lets_know(db: Db, person: UUID, agency: UUID, category: str) -> bool:
    """Whether it is worth asking for: who keeps it decides anew, and holds the consent while it tells."""
    return bool(await db.fetchval(SQL["lets_know"], person, agency, category))


async def hold_consents(tx: Tx, referrals: Sequence[UUID]) -> None:
    """Consents are locked before aggregates: what a move of these referrals may look at is held before it begins."""
    await tx.execute(SQL["hold_consents"], list(referrals))


async def other_programs(db: Db, need: str, person: UUID, program: UUID, limit: int = 1) -> list[Program]:
    rows = await db.fetch(SQL["other_programs"], need, person, program, limit)
    return [Program(row["id"], row["agency"], row["name"], (need,)) for row in rows]


async def names(db: Db, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Public names of agencies and programs, in one statement."""
    rows = await db.fetch(SQL["names"], sorted({id for id in ids if id}))
    return {row["id"]: row["name"] for row in rows if row["name"]}


def as_json(part: Any) -> str | None:
    return json.dumps(part.model_dump(mode="json")) if part is not None else None
