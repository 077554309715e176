"""Agencies and programs as JSON: the directory that other programs read, and the commands that keep it right."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from services.intake.directory import (
    Agency,
    AgencyEntry,
    Program,
    ProgramEntry,
    agency_events,
    program_events,
    withdraw,
)
from services.intake.places import ACCOUNTS
from services.intake.store import directory as store
from services.intake.store.directory import Listed
from shared.messaging.outbox import put_events
from shared.runtime.errors import Conflict, Invalid, NotFound
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


class Withdrawal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Literal["ended", "merged", "entered_in_error"]


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
            before = await store.lock_agency(tx, agency_id)
            said = _said(before, agency_id, body)
            if before is None and not await store.add_agency(tx, said):
                before = await store.lock_agency(tx, agency_id)
                said = _said(before, agency_id, body)
            if before is not None:
                await store.save_agency(tx, before, said)
            await _tell(tx, actor, want, before, said)
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
            said = Agency(agency_id, before.entry.model_copy(update={"shows_roles": body.shows_roles}))
            await store.save_agency(tx, before, said)
            await _tell(tx, actor, want, before, said)
            return Answer.json(200, {"id": agency_id, "shows_roles": body.shows_roles})

        answer = await once(tx, want, actor, act)
    return forms.see_other(ACCOUNTS, request, said="names-changed") if is_form(request) else answer.response()


def _said(before: Agency | None, id: UUID, body: AgencyEntry) -> Agency:
    """All of it as it is sent, but that workers' names are kept from people never ends by leaving it out."""
    if before is not None and "shows_roles" not in body.model_fields_set:
        body = body.model_copy(update={"shows_roles": before.entry.shows_roles})
    return Agency(id, body)


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


@router.put("/intake/programs/{program_id}")
async def put_program(
    program_id: UUID,
    body: ProgramEntry,
    request: Request,
    actor: Annotated[Actor, Depends(allow("program.manage"))],
    want: Want,
) -> Response:
    """Write what a program offers, all of it. Its agency never changes: list it anew under another one."""
    actor.require("program.manage", actor.relations(agency=body.agency), program_id)
    async with command(running(request)) as tx:

        async def act() -> Answer:
            said = Program(program_id, body)
            before = await _claim_program(tx, said)
            events = program_events(before, said)
            await put_events(tx, program_id, events, partitionkey=body.agency, cause=cause_of(actor, want))
            await audit.record(tx, actor, "program.manage", None, f"program/{program_id}", "directory")
            return Answer.json(201 if before is None else 200, {"id": program_id})

        answer = await once(tx, want, actor, act)
    return answer.response()


async def _claim_program(tx: Connection, said: Program) -> Program | None:
    """Save it; what it was before, or None for a new one."""
    before = await store.lock_program(tx, said.id)
    if before is None:
        try:
            await store.find_agency(tx, said.entry.agency)
        except NotFound:
            raise Invalid("agency", "There is no such agency. Write the agency first, then its programs.") from None
        if await store.add_program(tx, said):
            return None
        before = await store.lock_program(tx, said.id)
    if before is not None and before.entry.agency != said.entry.agency:
        raise Conflict("A program stays with its agency. Withdraw this one and list it anew under the other agency.")
    await store.save_program(tx, said)
    return before


@router.post("/intake/programs/{program_id}/withdraw")
async def withdraw_program(
    program_id: UUID,
    body: Withdrawal,
    request: Request,
    actor: Annotated[Actor, Depends(allow("program.manage"))],
    want: Want,
) -> Response:
    """Offer it no more. Referrals under way go on."""
    async with command(running(request)) as tx:

        async def act() -> Answer:
            program = await store.lock_program(tx, program_id)
            if program is None:
                raise NotFound("program", program_id)
            actor.require("program.manage", actor.relations(agency=program.entry.agency), program_id)
            events = withdraw(program, body.reason)
            await store.withdraw_program(tx, program_id, body.reason)
            agency = program.entry.agency
            await put_events(tx, program_id, events, partitionkey=agency, cause=cause_of(actor, want))
            await audit.record(tx, actor, "program.manage", None, f"program/{program_id}", "directory")
            return Answer.json(200, {"id": program_id})

        answer = await once(tx, want, actor, act)
    return answer.response()


@router.get("/intake/programs")
async def list_programs(
    request: Request,
    actor: Reader,
    q: str = "",
    need: str | None = None,
    agency: UUID | None = None,
    accepting: bool | None = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    async with transaction(running(request)) as tx:
        rows = await store.list_programs(
            tx, words=q, need=need, agency=agency, accepting=accepting, after=after, limit=limit
        )
    found = [listed_json(row) for row in rows]
    return {"programs": found, "next": found[-1]["id"] if len(found) == limit else None}


@router.get("/intake/programs/{program_id}")
async def get_program(program_id: UUID, request: Request, actor: Reader) -> dict[str, Any]:
    async with transaction(running(request)) as tx:
        return listed_json(await store.find_program(tx, program_id))


def agency_json(agency: Agency) -> dict[str, Any]:
    return {"id": agency.id, **agency.entry.model_dump(mode="json"), **_origin(agency)}


def program_json(program: Program) -> dict[str, Any]:
    withdrawn = {"withdrawn": program.withdrawn}
    return {"id": program.id, **program.entry.model_dump(mode="json"), **withdrawn, **_origin(program)}


def listed_json(row: Listed) -> dict[str, Any]:
    return program_json(row.program) | {"agency_name": row.agency_name}


def _origin(of: Agency | Program) -> dict[str, str | date | None]:
    """Where it was loaded from and when somebody last vouched for it; both empty where the agency says so itself."""
    origin = of.origin
    return {"source": origin.source if origin else None, "assured_on": origin.assured_on if origin else None}
