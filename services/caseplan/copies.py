"""This service's own copies of what others own: agencies, programs, people, consents. Read here, never asked for."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Connection, Record
from asyncpg.pool import Pool, PoolConnectionProxy

from services.caseplan.calendars import Calendar, calendar_of, due
from services.caseplan.referrals import Onward
from services.caseplan.sharing import Consent
from shared.contracts.agency import Calendar as Published
from shared.runtime import sql
from shared.runtime.errors import Invalid
from shared.workflow import BusinessDays, Patience

SQL = sql.load(__file__, "copies.sql")
Tx = Connection | PoolConnectionProxy
NO_HOURS = Calendar("UTC")  # of an agency not heard of yet: Monday to Friday, worked out again when it is


@dataclass(frozen=True, slots=True)
class Person:
    id: UUID
    home: UUID
    worker: UUID | None
    language: str


async def work_out(tx: Tx, start: datetime, patience: Patience) -> datetime:
    """When a silence that began at `start` has lasted its time, by the calendar of the agency whose days count."""
    calendar = NO_HOURS
    if isinstance(patience, BusinessDays):
        row = await tx.fetchrow(SQL["agency"], patience.agency)
        if row is not None and row["calendar"]:
            calendar = calendar_of(Published.model_validate_json(row["calendar"]))
    return due(start, patience, calendar)


async def find_person(tx: Tx | Pool, id: UUID) -> Person | None:
    row = await tx.fetchrow(SQL["person"], id)
    if row is None or row["home"] is None:
        return None
    return Person(row["id"], row["home"], row["worker"], row["language"] or "en")


async def find_agency(tx: Tx | Pool, id: UUID) -> Record | None:
    return await tx.fetchrow(SQL["agency"], id)


async def find_program(tx: Tx | Pool, id: UUID) -> Onward:
    """A program that is offered now. Invalid otherwise: the form names it."""
    row = await tx.fetchrow(SQL["program"], id)
    if row is None or row["agency"] is None or not row["is_listed"]:
        raise Invalid("program", "Choose a program of the directory.")
    return Onward(row["id"], row["agency"])


async def consent(tx: Tx, id: UUID, *, share: bool = False) -> Consent | None:
    """A consent as this service knows it; with `share`, held so that a revocation waits for this transaction.

    Not live while its events are parked: what is missing may be the revocation.
    """
    row = await tx.fetchrow(SQL["consent_for_share" if share else "consent"], id)
    if row is None or row["recipient"] is None:
        return None
    is_live = bool(row["is_live"]) and row["parked"] is None
    return Consent(row["id"], row["person"], row["recipient"], frozenset(row["categories"]), is_live, row["setback"])


async def consents_towards(tx: Tx, person: UUID, agency: UUID) -> list[Consent]:
    """The person's live consents under which this agency may be told, held until `tx` ends."""
    found = [await consent(tx, row["id"], share=True) for row in await tx.fetch(SQL["live_consents"], person, agency)]
    return [one for one in found if one is not None and one.is_live]


async def another_door(tx: Tx, need: str, program: UUID) -> Onward | None:
    row = await tx.fetchrow(SQL["other_program"], need, program)
    return Onward(row["id"], row["agency"]) if row else None


async def names(tx: Tx | Pool, ids: set[UUID | None]) -> dict[UUID, str]:
    """Public names of agencies and programs."""
    rows = await tx.fetch(SQL["names"], [id for id in ids if id])
    return {row["id"]: row["name"] for row in rows if row["name"]}


def as_json(part: Any) -> str | None:
    return json.dumps(part.model_dump(mode="json")) if part is not None else None
