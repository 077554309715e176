"""Legal demands: writing one down, the order that Part 2 asks for, and what counsel decided.

There is no route here that answers with anything of the record, and none that leads to one.
"""

import json
from datetime import date
from typing import Annotated
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from services.intake import demands, holds, seals
from services.intake.demands import Answer as Decided
from services.intake.demands import Demand, Paper
from services.intake.emergencies import the_one
from services.intake.fields import Category, Line
from services.intake.findable import parts_for
from services.intake.holds import Because
from services.intake.names import looked_up, words_of
from services.intake.pages import demands as pages
from services.intake.pages.demands import DECIDED, ORDERED, TOLD
from services.intake.people import Person
from services.intake.places import demand_page
from services.intake.store import demands as store
from services.intake.store import erasures, people
from services.intake.store.names import find_by_parts
from shared.runtime.errors import Invalid, NotFound
from shared.runtime.ids import uuid7
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.sealing import Erased, seal
from shared.web import forms
from shared.web.edge import cause_of, command, is_form, read, running, takes, transaction

router = APIRouter(tags=["demands"])
Recorder = Annotated[Actor, Depends(allow("demand.record"))]
Decider = Annotated[Actor, Depends(allow("demand.decide"))]
MEND = {
    "paper": "Say what came.",
    "who": "Write who asks, as it stands on the paper.",
    "what": "Write what they ask for.",
    "due_on": "Write the day by which they want an answer.",
    "until": "Say until which day nothing may be erased.",
}
ALIKE = 50


class NewDemand(BaseModel):
    """What came, about whom. `person`, or the whole name that they go by."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: UUID | None = None
    name: Line | None = None
    paper: Paper
    who: Line = Field(description="Who asks: the court, the office, the lawyer.")
    what: forms.Lines = Field(description="What they ask for.")
    due_on: date = Field(description="By when they want an answer.")
    until: date = Field(description="Until the end of which day nothing of it is erased.")
    told_from: date | None = Field(None, description="An order forbids telling the person before that day.")


class Order(BaseModel):
    """A court's order under 42 CFR Part 2, subpart E, and the subpoena that came with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    court: Line
    ordered_on: date
    compels: bool = Field(False, description="A subpoena came with it.")


class Decision(BaseModel):
    """What counsel decided."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Decided
    scope: tuple[Category, ...] = Field((), max_length=9)
    counsel: Line = Field(description="Who decided it.")
    why: forms.Lines


@router.get("/intake/demands/new")
async def form(request: Request, actor: Recorder, person: UUID | None = None) -> Response:
    actor.require("demand.record", actor.relations(agency=actor.agency))
    return pages.form_page(request, actor, forms.blank(**({"person": str(person)} if person else {})))


@router.post("/intake/demands", openapi_extra=takes(NewDemand), status_code=201)
async def record(request: Request, actor: Recorder) -> Response:
    """Written down, and held from that moment on. The person is told, unless an order forbids it."""
    actor.require("demand.record", actor.relations(agency=actor.agency))
    typed = await read(request, NewDemand, MEND)
    said = typed.value
    if said is None:
        return pages.form_page(request, actor, typed)
    try:
        id = await _record(request, actor, said)
    except Invalid as error:
        if not is_form(request):
            raise
        return pages.form_page(request, actor, typed.refuse(error))
    if is_form(request):
        return forms.see_other(demand_page(id), request, said="demand-recorded")
    return JSONResponse({"id": str(id)}, 201)


async def _record(request: Request, actor: Actor, said: NewDemand) -> UUID:
    here = running(request)
    person_id = await _meant(request, actor, said)
    try:
        told = await seal(here.keys, person_id, *TOLD, json.dumps({"who": said.who, "what": said.what}))
    except Erased:
        raise pages.not_found() from None
    async with command(here) as tx:
        await erasures.lock(tx, person_id)  # one that is due just now waits for the hold, or is over before it
        person = await _own(tx, actor, person_id)
        today = (await people.now(tx)).date()
        demands.check_due(said.due_on, today)
        holds.check(said.until, today, said.told_from)
        hold = erasures.Hold(
            uuid7(), person.agency, Because.LEGAL_DEMAND.value, said.until, said.told_from, await people.now(tx)
        )
        await erasures.set_hold(tx, person_id, hold, actor.id)
        demand = Demand(uuid7(), person_id, person.agency, hold.id, said.paper, said.due_on, said.told_from)
        await store.put(tx, demand, told, actor.id, today, cause_of(actor))
        whom = person_id if demand.may_be_told(today) else None
        await audit.record(tx, actor, "demand.record", whom, f"demand/{demand.id}", "law")
    return demand.id


async def _meant(request: Request, actor: Actor, said: NewDemand) -> UUID:
    """Somebody whom this agency walks with: by id, or by the whole name where one alone goes by it."""
    here = running(request)
    assert actor.agency is not None
    if said.person is not None:
        async with transaction(here) as tx:
            return (await _own(tx, actor, said.person)).id
    parts = await parts_for(here.keys, actor.agency, looked_up(words_of(said.name or "")))
    async with transaction(here) as tx:
        rows = await find_by_parts(tx, actor.agency, parts, limit=ALIKE) if parts else []
    found = the_one(said.name or "", list((await seals.names_of(here.keys, rows)).items()))
    if found is None:
        raise pages.not_found()
    return found


async def _own(tx: Connection, actor: Actor, id: UUID) -> Person:
    try:
        person = await people.lock_person(tx, id)
    except (NotFound, Erased):
        raise pages.not_found() from None
    if person.agency != actor.agency:
        raise pages.not_found()
    return person


@router.get("/intake/demands/{demand_id}")
async def one(demand_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("desk.read"))]) -> Response:
    """What came and what was decided. Of the record itself nothing stands here."""
    async with transaction(running(request)) as tx:
        row = await store.find(tx, demand_id)
        actor.require("desk.read", actor.relations(agency=row.demand.agency), demand_id)
        about = await pages.about(tx, row)
        await audit.record(tx, actor, "desk.read", row.whom, f"demand/{demand_id}", "oversight")
    return await pages.demand_page(request, actor, row, about, forms.blank("order-"), forms.blank())


@router.post("/intake/demands/{demand_id}/order", openapi_extra=takes(Order))
async def write_order(demand_id: UUID, request: Request, actor: Decider) -> Response:
    """Without it what Part 2 protects stays shut, whatever else came."""
    row = await _seen(request, actor, demand_id)
    typed = await read(request, Order, {"court": "Write which court.", "ordered_on": "Write the day on the order."})
    typed.prefix = "order-"
    said = typed.value
    if said is None:
        return await _again(request, actor, demand_id, typed, forms.blank())
    here = running(request)
    court = await seal(here.keys, row.demand.person, *ORDERED, said.court)
    try:
        async with command(here) as tx:
            row = await store.lock(tx, demand_id)
            demands.order(row.demand, said.ordered_on, row.today, compels=said.compels)
            await store.save_order(tx, demand_id, court, said.ordered_on)
            await audit.record(tx, actor, "demand.decide", row.whom, f"demand/{demand_id}", "law")
    except Invalid as error:
        if not is_form(request):
            raise
        return await _again(request, actor, demand_id, typed.refuse(error), forms.blank())
    return _answered(request, demand_id, "order-recorded")


@router.post("/intake/demands/{demand_id}/decide", openapi_extra=takes(Decision))
async def decide(demand_id: UUID, request: Request, actor: Decider) -> Response:
    """Counsel's word, written down by whoever answers for the agency."""
    row = await _seen(request, actor, demand_id)
    typed = await read(
        request, Decision, {"decision": "Say what counsel decided.", "counsel": "Say who decided.", "why": "Say why."}
    )
    said = typed.value
    if said is None:
        return await _again(request, actor, demand_id, forms.blank("order-"), typed)
    here = running(request)
    words = json.dumps({"counsel": said.counsel, "why": said.why})
    sealed = await seal(here.keys, row.demand.person, *DECIDED, words)
    try:
        async with command(here) as tx:
            row = await store.lock(tx, demand_id)
            scope = demands.decide(row.demand, said.decision, said.scope)
            await store.save_decision(tx, demand_id, said.decision, scope, sealed, actor.id)
            await audit.record(tx, actor, "demand.decide", row.whom, f"demand/{demand_id}", "law")
    except Invalid as error:
        if not is_form(request):
            raise
        return await _again(request, actor, demand_id, forms.blank("order-"), typed.refuse(error))
    return _answered(request, demand_id, "demand-decided")


async def _seen(request: Request, actor: Actor, id: UUID) -> store.Row:
    """Before anything is read or sealed for an id that somebody guessed."""
    async with transaction(running(request)) as tx:
        row = await store.find(tx, id)
    actor.require("demand.decide", actor.relations(agency=row.demand.agency), id)
    return row


async def _again(
    request: Request, actor: Actor, id: UUID, order: forms.Form[Order], decision: forms.Form[Decision]
) -> Response:
    async with transaction(running(request)) as tx:
        row = await store.find(tx, id)
        about = await pages.about(tx, row)
    return await pages.demand_page(request, actor, row, about, order, decision)


def _answered(request: Request, id: UUID, said: str) -> Response:
    if is_form(request):
        return forms.see_other(demand_page(id), request, said=said)
    return JSONResponse({"id": str(id)})
