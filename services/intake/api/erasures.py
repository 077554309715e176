"""Erasing: the wish, a human's word that it was them, and taking it back; and the holds that a law puts on a record.

What may follow is decided in erasures.py; when it is due, the clock does it.
"""

import json
from datetime import date
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from services.intake import erasures, holds
from services.intake.consent_bodies import SPOKEN, Spoken
from services.intake.erasures import Confirm, Erasure, Identity, TakeBack
from services.intake.holds import Because
from services.intake.places import erasure_page
from services.intake.pretending import Erasures, erasures_of, own
from services.intake.store import directory, people
from services.intake.store import erasures as store
from services.intake.told import erasure_json
from shared.runtime.errors import Conflict, Invalid, NotFound
from shared.runtime.ids import uuid7
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms
from shared.web.edge import cause_of, command, is_form, read, running, taken, takes
from shared.web.idempotency import Answer, Wanted, once, wanted
from shared.workflow import By, Party

PATIENCE = erasures.Patience()
HOW = {"given": "Say how they told you: in person, by phone or by text."}
KNOWN = {"identity": "Say how you know that it was them."}

router = APIRouter()
Want = Annotated[Wanted | None, Depends(wanted)]


class Wish(BaseModel):
    """What the person wants. `given`: how a worker heard it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    given: Literal["page", "in_person", "by_phone", "sms"] | None = None


class Known(BaseModel):
    """A human's word that it was them. No number of a paper has a place here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    identity: Identity


class NewHold(BaseModel):
    """What a law makes the agency keep, until the end of a day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    because: Because
    until: date


@router.post("/intake/people/{person_id}/erasure", openapi_extra=takes(Wish))
async def ask(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("erasure.ask"))], want: Want
) -> Response:
    """They want what is kept of them gone: on their own page, or by their word to a worker of their agency."""
    wish, kept = taken(await read(request, Wish, HOW)), erasures_of(actor)
    async with command(running(request), own(actor)) as tx:

        async def act() -> Answer:
            spoken = await _spoken(tx, actor, person_id, "erasure.ask")
            spoken.by(_heard(spoken, wish))
            decision = erasures.ask(person_id, await kept.lock(tx, person_id), PATIENCE)
            if not await kept.put(tx, decision, actor.id):
                raise Conflict("That was asked already. Nothing more is needed for it.")
            return await _written(tx, actor, "erasure.ask", person_id, 201)

        answer = await once(tx, want, actor, act)
    return _answered(request, answer, person_id, "erasure-asked")


@router.post("/intake/people/{person_id}/erasure/confirm", openapi_extra=takes(Known))
async def confirm(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("erasure.confirm"))], want: Want
) -> Response:
    """A worker knows that it was them: seven days from now it is due."""
    known = taken(await read(request, Known, KNOWN))
    async with command(running(request)) as tx:

        async def act() -> Answer:
            await _spoken(tx, actor, person_id, "erasure.confirm")
            word = Confirm(known.identity, await people.now(tx))
            decision = erasures.decide(await _locked(tx, store, person_id), word, By(Party.WORKER, actor.id), PATIENCE)
            await store.save(tx, decision, cause_of(actor, want), actor.id)
            return await _written(tx, actor, "erasure.confirm", person_id)

        answer = await once(tx, want, actor, act)
    return _answered(request, answer, person_id, "erasure-set")


@router.post("/intake/people/{person_id}/erasure/take-back", openapi_extra=takes(Wish))
async def take_back(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("erasure.take_back"))], want: Want
) -> Response:
    """They changed their mind. Said again, it is done already."""
    wish, kept = taken(await read(request, Wish, HOW)), erasures_of(actor)
    async with command(running(request), own(actor)) as tx:

        async def act() -> Answer:
            spoken = await _spoken(tx, actor, person_id, "erasure.take_back")
            erasure = await _locked(tx, kept, person_id)
            if erasure.stage is not erasures.Stage.TAKEN_BACK:
                decision = erasures.decide(erasure, TakeBack(), spoken.by(_heard(spoken, wish)), PATIENCE)
                await kept.save(tx, decision, cause_of(actor, want))
            return await _written(tx, actor, "erasure.take_back", person_id)

        answer = await once(tx, want, actor, act)
    return _answered(request, answer, person_id, "erasure-taken-back")


@router.post("/intake/people/{person_id}/holds", openapi_extra=takes(NewHold))
async def set_hold(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("hold.set"))], want: Want
) -> Response:
    """The agency has to keep something of them. It hides nothing: the person sees it, and until when."""
    said = taken(await read(request, NewHold, {"because": "Say which law.", "until": "Say until which day."}))
    async with command(running(request)) as tx:

        async def act() -> Answer:
            spoken = await _spoken(tx, actor, person_id, "hold.set")
            holds.check(said.until, spoken.today)
            assert actor.agency is not None
            at = await people.now(tx)
            hold = store.Hold(uuid7(), actor.agency, said.because.value, said.until, None, at)
            await store.set_hold(tx, person_id, hold, actor.id)
            await audit.record(tx, actor, "hold.set", person_id, f"hold/{hold.id}", "law")
            return Answer.json(201, {"id": str(hold.id), "person": str(person_id)})

        answer = await once(tx, want, actor, act)
    return _answered(request, answer, person_id, "hold-set")


@router.post("/intake/holds/{hold_id}/lift")
async def lift_hold(
    hold_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("hold.set"))], want: Want
) -> Response:
    """It has to be kept no longer: an erasure that waited for it looks again at once."""
    async with command(running(request)) as tx:

        async def act() -> Answer:
            found = await store.find_hold(tx, hold_id)
            if found is None:
                raise NotFound("hold", hold_id)
            person_id, hold = found
            actor.require("hold.set", actor.relations(agency=hold.agency), hold_id)
            await store.lift_hold(tx, person_id, hold_id, actor.id)
            forbidden = hold.told_from is not None and hold.told_from > (await people.now(tx)).date()
            await audit.record(tx, actor, "hold.set", None if forbidden else person_id, f"hold/{hold_id}", "law")
            return Answer.json(200, {"id": str(hold_id), "person": str(person_id)})

        answer = await once(tx, want, actor, act)
    return _answered(request, answer, UUID(json.loads(answer.body)["person"]), "hold-lifted")


async def _spoken(tx: Connection, actor: Actor, person_id: UUID, action: str) -> Spoken:
    """Whose word it is, if `actor` may say such a thing of this person. Raises Erased once there is nobody.

    The person is held, as by the clock that erases: what was said in time counts, and nothing is said too late.
    """
    person = await people.lock_person(tx, person_id)
    home = await directory.find_agency(tx, person.agency)
    at = await people.now(tx)
    spoken = Spoken(actor, person, at.astimezone(ZoneInfo(home.entry.calendar.timezone)).date())
    actor.require(action, spoken.relations, person_id)
    return spoken


def _heard(spoken: Spoken, wish: Wish) -> str | None:
    if not spoken.is_own and wish.given not in SPOKEN:
        raise Invalid("given", HOW["given"])
    return wish.given


async def _locked(tx: Connection, kept: Erasures, person_id: UUID) -> Erasure:
    erasure = await kept.lock(tx, person_id)
    if erasure is None:
        raise NotFound("erasure", person_id)
    return erasure


async def _written(tx: Connection, actor: Actor, action: str, person_id: UUID, status: int = 200) -> Answer:
    await audit.record(tx, actor, action, person_id, f"erasure/{person_id}", "own" if actor.person else "erasure")
    row = await erasures_of(actor).find(tx, person_id)
    assert row is not None
    return Answer.json(status, erasure_json(row))


def _answered(request: Request, answer: Answer, person_id: UUID, said: str) -> Response:
    if is_form(request):
        return forms.see_other(erasure_page(person_id), request, said=said)
    return answer.response()
