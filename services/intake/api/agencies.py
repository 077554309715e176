"""Agencies and programs as JSON: the directory that other programs read, and the commands that keep it right."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from services.intake.directory import (
    Agency,
    AgencyEntry,
    Program,
    agency_events,
)
from services.intake.places import ACCOUNTS
from services.intake.store import directory as store
from services.intake.store import people
from shared.messaging.outbox import put_events
from shared.runtime.errors import NotFound
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms
from shared.web.edge import cause_of, command, is_form, read, running, taken, takes, transaction
from shared.web.idempotency import Answer, Wanted, once, wanted

router = APIRouter()
Reader = Annotated[Actor, Depends(allow("directory.read"))]
Want = Annotated[Wanted | None, Depends(wanted)]
Limit = Annotated[int, Query(ge=1, le=200)]


class StaffNames(BaseModel):
    """`shows_roles`: people read what the agency's workers do, and not their names."""

    model_config = ConfigDict(extra="forbid")

    shows_roles: bool


@router.put("/intake/agencies/{agency_id}")
async def put_agency(
    agency_id: UUID,
    body: AgencyEntry,
    request: Request,
    actor: Annotated[Actor, Depends(allow("agency.manage"))],
    want: Want,
) -> Response:
    """Write an agency's entry, all of it. From then on it speaks for itself: no load from elsewhere changes it."""
    actor.require("agency.manage", actor.relations(agency=agency_id), agency_id)
    async with command(running(request)) as tx:

        async def act() -> Answer:
            before = await write_agency(tx, actor, want, agency_id, body)
            return Answer.json(201 if before is None else 200, {"id": agency_id})

        answer = await once(tx, want, actor, act)
    return answer.response()


@router.post("/intake/agencies/{agency_id}/staff-names", openapi_extra=takes(StaffNames))
async def show_names(
    agency_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("agency.manage"))], want: Want
) -> Response:
    """Whether people read its workers' names or what they do. From then on the agency speaks for itself."""
    actor.require("agency.manage", actor.relations(agency=agency_id), agency_id)
    body = taken(await read(request, StaffNames))
    async with command(running(request)) as tx:

        async def act() -> Answer:
            before = await store.lock_agency(tx, agency_id)
            if before is None:
                raise NotFound("agency", agency_id)
            entry = before.entry.model_copy(update={"shows_roles": body.shows_roles})
            said = Agency(agency_id, entry, said_on=(await people.now(tx)).date())
            await store.save_agency(tx, before, said)
            await _tell(tx, actor, want, before, said)
            return Answer.json(200, {"id": agency_id, "shows_roles": body.shows_roles})

        answer = await once(tx, want, actor, act)
    return forms.see_other(ACCOUNTS, request, said="names-changed") if is_form(request) else answer.response()


async def write_agency(tx: Connection, actor: Actor, want: Wanted | None, id: UUID, body: AgencyEntry) -> Agency | None:
    """Save what an agency says of itself, and tell; what it said before, or None for a new one."""
    today = (await people.now(tx)).date()
    before = await store.lock_agency(tx, id)
    said = _said(before, id, body, today)
    if before is None and not await store.add_agency(tx, said):
        before = await store.lock_agency(tx, id)
        said = _said(before, id, body, today)
    if before is not None:
        await store.save_agency(tx, before, said)
    await _tell(tx, actor, want, before, said)
    return before


def _said(before: Agency | None, id: UUID, body: AgencyEntry, today: date) -> Agency:
    """All of it as it is sent, but that workers' names are kept from people never ends by leaving it out."""
    if before is not None and "shows_roles" not in body.model_fields_set:
        body = body.model_copy(update={"shows_roles": before.entry.shows_roles})
    return Agency(id, body, said_on=today)


async def _tell(tx: Connection, actor: Actor, want: Wanted | None, before: Agency | None, said: Agency) -> None:
    events = agency_events(before, said)
    await put_events(tx, said.id, events, partitionkey=said.id, cause=cause_of(actor, want))
    await audit.record(tx, actor, "agency.manage", None, f"agency/{said.id}", "directory")


@router.get("/intake/agencies")
async def list_agencies(
    request: Request, actor: Reader, q: str = "", after: UUID | None = None, limit: Limit = 50
) -> dict[str, Any]:
    async with transaction(running(request)) as tx:
        rows = await store.list_agencies(tx, words=q, after=after, limit=limit)
    found = [agency_json(agency) | {"programs": programs} for agency, programs in rows]
    return {"agencies": found, "next": found[-1]["id"] if len(found) == limit else None}


@router.get("/intake/agencies/{agency_id}")
async def get_agency(agency_id: UUID, request: Request, actor: Reader) -> dict[str, Any]:
    async with transaction(running(request)) as tx:
        agency = await store.find_agency(tx, agency_id)
        programs = await store.programs_of(tx, agency_id)
    return agency_json(agency) | {"programs": [program_json(program) for program in programs]}


def agency_json(agency: Agency) -> dict[str, Any]:
    return {"id": agency.id, **agency.entry.model_dump(mode="json"), **_origin(agency)}


def program_json(program: Program) -> dict[str, Any]:
    entry = program.entry
    more = {"withdrawn": program.withdrawn, "accepting": entry.accepting}
    return {"id": program.id, **entry.model_dump(mode="json"), **more, **_origin(program)}


def _origin(of: Agency | Program) -> dict[str, str | date | None]:
    """Where it was loaded from, empty where the agency says so itself; and when somebody last vouched for it."""
    return {"source": of.origin.source if of.origin else None, "assured_on": of.assured_on}
