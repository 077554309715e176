"""How somebody signs in, as their workers have it in hand: a new link, a lost phone, a number that is safe again.

Nobody reads a PIN, nor whether there is a second one. A link is shown once, or goes to the number that is safe.
"""

from typing import Annotated
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from services.intake import holding, seals
from services.intake.pages import ways_in as pages
from services.intake.people import Person, link_made
from services.intake.places import way_in_page
from services.intake.store import accounts, people, sessions
from services.intake.store import ways_in as store
from services.intake.ways_in import Check, new_code, new_word
from shared.runtime.database import reaching
from shared.runtime.errors import Conflict, Invalid
from shared.runtime.reach import SERVICE
from shared.security import audit
from shared.security.edge import allow, look_again
from shared.security.identity import Actor
from shared.security.sealing import as_text, seal
from shared.security.signin import LANDING, SIGN_IN
from shared.web import forms
from shared.web.accept import wants_html
from shared.web.edge import cause_of, command, is_form, read, running, takes, transaction
from shared.web.idempotency import Answer, Wanted, once, wanted

router = APIRouter()
Want = Annotated[Wanted | None, Depends(wanted)]


class NewLink(BaseModel):
    """A link to hand out. `text`: it goes to their number, and opens with a word that they hear from their worker."""

    model_config = ConfigDict(extra="forbid")

    checked: Check = Field(description="How the worker knew who they are. No paper's number is written down.")
    text: bool = False


@router.get("/intake/people/{person_id}/way-in")
async def show(person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("way_in.read"))]) -> Response:
    """Whether they have a link and a PIN, and whether their number is held."""
    return await _show(request, actor, person_id, forms.blank())


@router.post("/intake/people/{person_id}/way-in", openapi_extra=takes(NewLink), status_code=201)
async def make_link(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("way_in.make"))]
) -> Response:
    """A new link; the old one, its PINs and sessions end. It is in this one answer, so this has no idempotency key."""
    async with transaction(running(request)) as tx:
        person = (await people.find_person(tx, person_id)).person
        actor.require("way_in.make", person.ties(actor), person_id)
    form = await read(request, NewLink, {"checked": "Say how you know who they are."})
    try:
        if form.value is None or (form.value.text and "sms" not in person.channels):
            raise Invalid("text", "No number of theirs is safe for a text. Show them the link instead.")
        code, word = await _make(request, actor, person_id, form.value)
    except Invalid as error:
        if not is_form(request):
            raise
        return await _show(request, actor, person_id, form if form.wrong else form.refuse(error))
    link = f"{running(request).settings.public_url.rstrip('/')}{SIGN_IN}/{code}" if not form.value.text else ""
    if is_form(request):
        return pages.link_page(request, actor, person_id, link, word)
    return JSONResponse({"id": str(person_id), "link": link or None, "word": word or None}, 201)


async def _make(request: Request, actor: Actor, person_id: UUID, said: NewLink) -> tuple[str, str]:
    here = running(request)
    code, word = new_code(), new_word() if said.text else ""
    link = f"{here.settings.public_url.rstrip('/')}{SIGN_IN}/{code}"
    sealed = await seal(here.keys, person_id, *seals.LINK, link) if said.text else None
    async with command(here) as tx:
        person = await _locked(tx, actor, "way_in.make", person_id)
        if said.text and "sms" not in person.channels:
            raise Conflict("Their number was just held. Show them the link instead.")
        await store.put_way_in(tx, person_id, code, word, said.checked, actor.id)
        await _end_sessions(tx, actor, person_id)
        told = link_made(person, as_text(sealed))
        await people.tell_of(tx, person_id, [told], cause_of(actor))
        await audit.record(tx, actor, "way_in.make", person_id, f"link/{said.checked}", "care")
    look_again(request)
    return code, word


@router.post("/intake/people/{person_id}/lost-phone")
async def lose_phone(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("way_in.end"))], want: Want
) -> Response:
    """Their phone is gone: whoever is signed in as them is no more, and nothing goes to that number."""
    async with command(running(request)) as tx:

        async def act() -> Answer:
            await _locked(tx, actor, "way_in.end", person_id)
            await holding.hold(tx, person_id, "phone_lost", actor)
            ended = await _end_sessions(tx, actor, person_id)
            return Answer.json(200, {"id": person_id, "sessions": ended})

        answer = await once(tx, want, actor, act)
    look_again(request)
    if is_form(request):
        return forms.see_other(way_in_page(person_id), request, said="phone-lost")
    return answer.response()


@router.post("/intake/people/{person_id}/contact/safe")
async def say_safe(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("person.edit"))], want: Want
) -> Response:
    """The number that is written down is safe: by the person, and by their worker. Once both say so it is used."""
    async with command(running(request)) as tx:

        async def act() -> Answer:
            person = await holding.say_safe(tx, await _locked(tx, actor, "person.edit", person_id), actor)
            return Answer.json(200, {"id": person_id, "channels": person.channels})

        answer = await once(tx, want, actor, act)
    if is_form(request):
        return forms.see_other(
            LANDING[actor.role] if actor.person else way_in_page(person_id), request, said="said-safe"
        )
    return answer.response()


async def _show(request: Request, actor: Actor, person_id: UUID, form: forms.Form[NewLink]) -> Response:
    async with transaction(running(request)) as tx:
        row = await people.find_person(tx, person_id)
        actor.require("way_in.read", row.person.ties(actor), person_id)
        made = await store.about(tx, person_id)
        await audit.record(tx, actor, "way_in.read", person_id, "link", "care")
    if not wants_html(request):
        return JSONResponse(pages.as_json(row, made))
    return await pages.page(request, actor, row, made, form)


async def _locked(tx: Connection, actor: Actor, action: str, person_id: UUID) -> Person:
    person = await people.lock_person(tx, person_id)
    actor.require(action, person.ties(actor), person_id)
    return person


async def _end_sessions(tx: Connection, actor: Actor, person_id: UUID) -> int:
    """And the browsers that were known are strangers again."""
    async with reaching(tx, SERVICE):  # which these are is their owner's alone
        await accounts.forget_devices(tx, person_id)
        return await sessions.end_sessions(tx, person_id, "by_a_worker", cause_of(actor))
