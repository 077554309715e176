"""The first days at home: the day, what they say of their supervision, and the five things, written down with them.

The person reads the same page. They change it by a word to their worker: behind the second PIN a press would tell.
"""

import json
from datetime import date, datetime, time
from typing import Annotated, Any
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from services.intake.fields import Text
from services.intake.first_days import Condition, Kind, Patience, begin, clock_of, decide, move_day
from services.intake.pages import first_days as pages
from services.intake.pages.shared import ties
from services.intake.places import first_days_page
from services.intake.store import first_days as store
from services.intake.store import people
from shared.contracts.person import FirstDaysSet
from shared.runtime.errors import NotFound
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.keys import Erased, Keys
from shared.security.sealing import Compartment, open_sealed, seal
from shared.web import forms
from shared.web.accept import wants_html
from shared.web.edge import cause_of, command, is_form, read, running, taken, takes, transaction
from shared.web.forms import Form
from shared.web.idempotency import Answer, Wanted, once, wanted
from shared.workflow import By, Decision, Party

router = APIRouter(tags=["first days"])
Reader = Annotated[Actor, Depends(allow("first_days.read"))]
Writer = Annotated[Actor, Depends(allow("first_days.write"))]
Want = Annotated[Wanted | None, Depends(wanted)]
TOLD = (Compartment.HEALTH, "first_days.told")
PATIENCE = Patience()


class Day(BaseModel):
    """What they told. Conditions left out stay as they were told before; a court's own words have no place here."""

    model_config = ConfigDict(extra="forbid")

    day: date = Field(description="The day on which they come home.")
    conditions: tuple[Condition, ...] = Field((), max_length=len(Condition), description="What they say it asks.")
    words: Text | None = Field(None, description="In their own words. No criminal-justice information (CJI).")


class Moved(BaseModel):
    model_config = ConfigDict(extra="forbid")

    move: str = Field(pattern="^(arrange|have_it|leave_out|fall_through|want_it)$", description="What is so now.")


@router.get("/intake/people/{person_id}/first-days")
async def show(person_id: UUID, request: Request, actor: Reader) -> Response:
    return await _show(person_id, request, actor, forms.blank())


async def _show(person_id: UUID, request: Request, actor: Actor, form: Form[Any]) -> Response:
    async with transaction(running(request)) as tx:
        relations = await ties(tx, actor, person_id)
        actor.require("first_days.read", relations, person_id)
        days, zone = await store.find(tx, person_id), await store.zone_of(tx, person_id)
        things, now = await store.things_of(tx, person_id, zone), await people.now(tx)
        why = "own" if actor.person else "care"
        await audit.record(tx, actor, "first_days.read", person_id, "first_days", why)
    told = await _told(running(request).keys, person_id, days)
    if wants_html(request):
        may = actor.may("first_days.write", relations)
        return pages.page(request, actor, person_id, days, told, things, now, form, may_write=may)
    stages = {thing.thing.value: thing.stage.value for thing in things}
    return JSONResponse({"day": days.day.isoformat() if days else None, "things": stages, **told})


async def _told(keys: Keys, person: UUID, days: store.Days | None) -> dict[str, Any]:
    nothing: dict[str, Any] = {"conditions": [], "words": None}
    if days is None or days.told is None:
        return nothing
    try:
        found: dict[str, Any] = json.loads(await open_sealed(keys, person, *TOLD, days.told))
    except Erased:
        return nothing
    return found


@router.put("/intake/people/{person_id}/first-days", openapi_extra=takes(Day))
@router.post("/intake/people/{person_id}/first-days", include_in_schema=False)
async def set_day(person_id: UUID, request: Request, actor: Writer, want: Want) -> Response:
    """The day, or another one: the clocks of all that is not there yet follow it."""
    async with transaction(running(request)) as tx:
        actor.require("first_days.write", await ties(tx, actor, person_id), person_id)
    form = await read(request, Day, {"day": "Write the day as year, month and day."})
    if form.value is None:
        return await _show(person_id, request, actor, form)
    said = form.value
    told = None
    if said.conditions or said.words:
        words = json.dumps({"conditions": said.conditions, "words": said.words})
        told = await seal(running(request).keys, person_id, *TOLD, words)
    async with command(running(request)) as tx:

        async def act() -> Answer:
            await _lock(tx, actor, person_id)
            by, zone = By(Party.WORKER, actor.id), await store.zone_of(tx, person_id)
            begins = datetime.combine(said.day, time(), tzinfo=zone)
            before = await store.things_of(tx, person_id, zone)
            known = await store.find(tx, person_id)
            moved: list[Decision[Any]] = [move_day(one, begins, by, PATIENCE) for one in before]
            if not before:
                new = begin(person_id, said.day, zone)
                moved = [Decision(one, (), (clock_of(one, PATIENCE),)) for one in new]
            await store.put_day(tx, person_id, said.day, told)
            is_new = known is None or known.day != said.day
            first = [FirstDaysSet(person=person_id, day=said.day)] if is_new else []
            await store.save(tx, person_id, moved, cause_of(actor, want), first)
            await audit.record(tx, actor, "first_days.write", person_id, "first_days", "care")
            return Answer.json(200, {"person": person_id, "day": said.day})

        answer = await once(tx, want, actor, act)
    return _answered(request, person_id, answer)


@router.post("/intake/people/{person_id}/first-days/{thing}", openapi_extra=takes(Moved))
async def move(person_id: UUID, thing: str, request: Request, actor: Writer, want: Want) -> Response:
    """One of the five: arranged, there, fallen through, or not needed after all."""
    async with transaction(running(request)) as tx:
        actor.require("first_days.write", await ties(tx, actor, person_id), person_id)
    said = taken(await read(request, Moved, {"move": "Say what is so now."}))
    async with command(running(request)) as tx:

        async def act() -> Answer:
            await _lock(tx, actor, person_id)
            zone = await store.zone_of(tx, person_id)
            found = [one for one in await store.things_of(tx, person_id, zone) if one.thing == thing]
            if not found or thing not in list(Kind):
                raise NotFound("thing", thing)
            decision = decide(found[0], said.move, By(Party.WORKER, actor.id), PATIENCE)
            await store.save(tx, person_id, [decision], cause_of(actor, want))
            await audit.record(tx, actor, "first_days.write", person_id, f"first_days/{thing}", "care")
            return Answer.json(200, {"person": person_id, "thing": thing, "stage": decision.state.stage})

        answer = await once(tx, want, actor, act)
    return _answered(request, person_id, answer)


async def _lock(tx: Connection, actor: Actor, person_id: UUID) -> None:
    person = await people.lock_person(tx, person_id)
    actor.require("first_days.write", person.ties(actor), person_id)


def _answered(request: Request, person_id: UUID, answer: Answer) -> Response:
    if is_form(request):
        return forms.see_other(first_days_page(person_id), request, said="contact-changed")
    return answer.response()
