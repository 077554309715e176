"""The settings of an agency and of what it offers: forms that any browser can send, and "still right" in one press."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from services.intake.api.agencies import Want, write_agency
from services.intake.api.programs import write_program
from services.intake.directory import Program
from services.intake.entry_forms import AgencyForm, ProgramForm, typed_agency, typed_program
from services.intake.pages import entries as pages
from services.intake.store import directory as store
from services.intake.store import people
from shared.runtime.errors import Invalid, NotFound
from shared.runtime.ids import uuid7
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms
from shared.web.edge import command, is_form, read, running, takes, transaction
from shared.web.forms import Form
from shared.web.idempotency import Answer, once

router = APIRouter()
OfAgency = Annotated[Actor, Depends(allow("agency.manage"))]
OfPrograms = Annotated[Actor, Depends(allow("program.manage"))]


class StillRight(BaseModel):
    """Nothing is changed: what stands there is true today."""

    model_config = ConfigDict(extra="forbid")


@router.get(pages.SETTINGS, include_in_schema=False)
async def edit_agency(request: Request, actor: OfAgency, agency: UUID | None = None) -> Response:
    """One's own agency, or the one that the network's office names."""
    agency_id = _named(agency, actor)
    actor.require("agency.manage", actor.relations(agency=agency_id), agency_id)
    async with transaction(running(request)) as tx:
        found = await store.find_agency(tx, agency_id)
        programs = await store.programs_of(tx, agency_id)
    return pages.agency_page(request, actor, found, programs, Form(typed_agency(found.entry)))


def _named(agency: UUID | None, actor: Actor) -> UUID:
    if (named := agency or actor.agency) is None:
        raise NotFound("agency", "of yours")
    return named


@router.post("/intake/agencies/{agency_id}/edit", openapi_extra=takes(AgencyForm))
async def save_agency(agency_id: UUID, request: Request, actor: OfAgency, want: Want) -> Response:
    """Change what an agency says of itself, from its page. From then on it speaks for itself."""
    actor.require("agency.manage", actor.relations(agency=agency_id), agency_id)
    form = await read(request, AgencyForm)
    async with transaction(running(request)) as tx:
        agency = await store.find_agency(tx, agency_id)
        programs = await store.programs_of(tx, agency_id)
    entry = None
    if form.value is not None:
        try:
            entry = form.value.entry(agency.entry)
        except Invalid as error:
            if not is_form(request):
                raise
            form.refuse(error)
    if entry is None:
        return pages.agency_page(request, actor, agency, programs, form)
    async with command(running(request)) as tx:

        async def act() -> Answer:
            await write_agency(tx, actor, want, agency_id, entry)
            return Answer.json(200, {"id": agency_id})

        answer = await once(tx, want, actor, act)
    return forms.see_other(pages.of_agency(agency_id), request) if is_form(request) else answer.response()


@router.get(pages.NEW_PROGRAM, include_in_schema=False)
async def new_program(request: Request, actor: OfPrograms, agency: UUID | None = None) -> Response:
    agency_id = _named(agency, actor)
    actor.require("program.manage", actor.relations(agency=agency_id), agency_id)
    return pages.program_page(request, actor, f"/intake/agencies/{agency_id}/programs", None, forms.blank())


@router.post("/intake/agencies/{agency_id}/programs", openapi_extra=takes(ProgramForm))
async def add_program(agency_id: UUID, request: Request, actor: OfPrograms, want: Want) -> Response:
    """List one more thing that the agency offers."""
    actor.require("program.manage", actor.relations(agency=agency_id), agency_id)
    return await _save_program(request, actor, want, uuid7(), agency_id, None)


@router.get("/intake/programs/{program_id}/edit", include_in_schema=False)
async def edit_program(program_id: UUID, request: Request, actor: OfPrograms) -> Response:
    program = await _program(request, actor, program_id)
    form: Form[ProgramForm] = Form(typed_program(program.entry))
    return pages.program_page(request, actor, f"/intake/programs/{program_id}/edit", program, form)


@router.post("/intake/programs/{program_id}/edit", openapi_extra=takes(ProgramForm))
async def save_program(program_id: UUID, request: Request, actor: OfPrograms, want: Want) -> Response:
    """Change what a program offers, from its page."""
    program = await _program(request, actor, program_id)
    return await _save_program(request, actor, want, program_id, program.entry.agency, program)


@router.post("/intake/programs/{program_id}/still-right", openapi_extra=takes(StillRight))
async def still_right(program_id: UUID, request: Request, actor: OfPrograms, want: Want) -> Response:
    """Say that all of it is still so, today. Whoever looks for help sees the day."""
    program = await _program(request, actor, program_id)
    await read(request, StillRight)
    async with command(running(request)) as tx:

        async def act() -> Answer:
            entry = program.entry.model_copy(update={"openness_as_of": None})
            await write_program(tx, actor, want, program_id, entry)
            return Answer.json(200, {"id": program_id})

        answer = await once(tx, want, actor, act)
    return forms.see_other(pages.of_program(program_id), request) if is_form(request) else answer.response()


async def _program(request: Request, actor: Actor, id: UUID) -> Program:
    async with transaction(running(request)) as tx:
        program = (await store.find_program(tx, id)).program
    actor.require("program.manage", actor.relations(agency=program.entry.agency), id)
    return program


async def _save_program(
    request: Request, actor: Actor, want: Want, id: UUID, agency: UUID, before: Program | None
) -> Response:
    form: Form[ProgramForm] = await read(request, ProgramForm, pages.MEND)
    async with transaction(running(request)) as tx:
        today = (await people.now(tx)).date()
    entry = None
    if form.value is not None:
        try:
            entry = form.value.entry(agency, before.entry if before else None, today)
        except Invalid as error:
            if not is_form(request):
                raise
            form.refuse(error)
    if entry is None:
        action = f"/intake/programs/{id}/edit" if before else f"/intake/agencies/{agency}/programs"
        return pages.program_page(request, actor, action, before, form)
    async with command(running(request)) as tx:

        async def act() -> Answer:
            await write_program(tx, actor, want, id, entry)
            return Answer.json(200 if before else 201, {"id": id})

        answer = await once(tx, want, actor, act)
    return forms.see_other(pages.of_agency(agency), request) if is_form(request) else answer.response()
