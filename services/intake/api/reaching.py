"""Ways to reach somebody: all of them in their order, each with who else reads it, its quiet hours and its word."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import time
from typing import Annotated, Any
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from services.intake import people as rules
from services.intake import seals
from services.intake.fields import Called, Line, WayToReach
from services.intake.pages import reaching as pages
from services.intake.pages.frame import lang_for
from services.intake.people import Contact, Moved, Person, reached_by
from services.intake.places import reach_page
from services.intake.pretending import own
from services.intake.reaching import MOST, Quiet, Side, Way, Ways, added, changed, preferred, say_safe, without
from services.intake.says_portrait import WAYS
from services.intake.store import people as store
from shared.runtime.errors import Invalid
from shared.runtime.ids import uuid7
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.sealing import Keys, as_text, seal
from shared.web import forms
from shared.web.accept import wants_html
from shared.web.edge import cause_of, command, is_form, read, running, takes, transaction
from shared.web.forms import Form
from shared.web.idempotency import Answer, Wanted, once, wanted
from shared.web.words import lang_of

router = APIRouter(tags=["reach"])
Reader = Annotated[Actor, Depends(allow("ways.read"))]
Writer = Annotated[Actor, Depends(allow("ways.edit"))]
Want = Annotated[Wanted | None, Depends(wanted)]
Step = Callable[[Ways], Ways]


def _on_the_wall(hour: time) -> time:
    if hour.tzinfo is not None:
        raise ValueError("Say the hour as their clock shows it, like 20:00.")
    return hour


Hour = Annotated[time, AfterValidator(_on_the_wall)]


class Press(BaseModel):
    """`seen`: which version of the list whoever presses had before them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seen: int | None = Field(None, ge=0, description="Which version of the list this is said of.")


class OneWay(Press):
    """One way to reach somebody. What is left out of a way that is there counts as not said; its number stays."""

    way: WayToReach | None = Field(None, description="What kind of way; told by the number where it is left out.")
    contact: Line | None = Field(None, description="The number or address.")
    safe: bool | None = Field(None, description="Whether it is safe to write or call there; not said counts as no.")
    quiet_from: Hour | None = Field(None, description="From when nothing goes there, on their home agency's clock.")
    quiet_until: Hour | None = Field(None, description="Until when.")
    readers: Line | None = Field(None, description="Who else reads it.")
    code_word: Called | None = Field(None, description="A word that we say first.")


@router.get("/intake/people/{person_id}/ways")
async def show(person_id: UUID, request: Request, actor: Reader) -> Response:
    """Every way, in the order in which they are tried."""
    person = await _seen(request, actor, person_id, "ways.read")
    if wants_html(request):
        return await pages.page(request, actor, person)
    opened = await pages.opened(running(request).keys, person)
    return JSONResponse({"id": str(person_id), "version": person.version, "ways": [_json(one) for one in opened]})


@router.post("/intake/people/{person_id}/ways", openapi_extra=takes(OneWay))
async def add(person_id: UUID, request: Request, actor: Writer, want: Want) -> Response:
    """One more, after those that there are."""
    form = await read(request, OneWay, pages.mend(lang_of(request)))
    person = await _seen(request, actor, person_id, "ways.edit")

    async def steps(said: OneWay) -> Step:
        channel = reached_by(Contact(way=said.way, contact=said.contact))
        if channel is None:
            raise Invalid("way", "Choose how, or write a number.", "Escoja cómo, o escriba un número.")
        if len(person.ways) >= MOST:
            raise _no("way", "mend_many")
        new = await _sealed(running(request).keys, person.id, Way(uuid7(), channel), said)
        return lambda ways: added(ways, new, _side(actor))

    return await _take(request, actor, want, person, form, steps)


@router.post("/intake/people/{person_id}/ways/{way_id}", openapi_extra=takes(OneWay))
async def change(person_id: UUID, way_id: UUID, request: Request, actor: Writer, want: Want) -> Response:
    """Another number, or another word about it."""
    form = await read(request, OneWay, pages.mend(lang_of(request)))
    person = await _seen(request, actor, person_id, "ways.edit")
    form.prefix = f"w{way_id}-"

    async def steps(said: OneWay) -> Step:
        before = next((way for way in person.ways if way.id == way_id), None)
        if before is None:
            raise _no("contact", "mend_gone")
        if said.contact is not None:
            reached_by(Contact(way=before.channel, contact=said.contact))
        after = await _sealed(running(request).keys, person.id, before, said)
        return lambda ways: changed(ways, after, _side(actor))

    return await _take(request, actor, want, person, form, steps)


@router.post("/intake/people/{person_id}/ways/{way_id}/first", openapi_extra=takes(Press))
async def prefer(person_id: UUID, way_id: UUID, request: Request, actor: Writer, want: Want) -> Response:
    """Tried before the others from now on."""
    return await _press(request, actor, want, person_id, lambda ways: preferred(ways, way_id))


@router.post("/intake/people/{person_id}/ways/{way_id}/remove", openapi_extra=takes(Press))
async def remove(person_id: UUID, way_id: UUID, request: Request, actor: Writer, want: Want) -> Response:
    return await _press(request, actor, want, person_id, lambda ways: without(ways, way_id))


@router.post("/intake/people/{person_id}/ways/{way_id}/safe", openapi_extra=takes(Press))
async def safe(person_id: UUID, way_id: UUID, request: Request, actor: Writer, want: Want) -> Response:
    """A way that was stopped is safe again, says one side; once both do, it is used."""
    return await _press(request, actor, want, person_id, lambda ways: say_safe(ways, way_id, _side(actor)))


async def _press(request: Request, actor: Actor, want: Wanted | None, person_id: UUID, step: Step) -> Response:
    form = await read(request, Press)
    person = await _seen(request, actor, person_id, "ways.edit")

    async def steps(_: Press) -> Step:
        return step

    return await _take(request, actor, want, person, form, steps)


async def _take(
    request: Request,
    actor: Actor,
    want: Wanted | None,
    person: Person,
    form: Form[Any],
    steps: Callable[[Any], Awaitable[Step]],
) -> Response:
    """What was typed is kept on the page that it can be mended on, also where somebody else was faster."""
    lang = lang_for(actor, lang_of(request))
    try:
        if form.value is None:
            return await pages.page(request, actor, person, form)
        _check_hours(form.value)
        answer = await _save(request, actor, want, person.id, form.value.seen, await steps(form.value))
    except Invalid as error:
        if not is_form(request):
            raise
        return await pages.page(request, actor, person, form.refuse(error, lang))
    except Moved:
        if not is_form(request):
            raise
        now = await _seen(request, actor, person.id, "ways.edit")
        return await pages.page(request, actor, now, form, moved=True)
    if is_form(request):
        return forms.see_other(reach_page(person.id), request, said="ways-saved")
    return answer.response()


async def _save(
    request: Request, actor: Actor, want: Wanted | None, person_id: UUID, seen: int | None, step: Step
) -> Answer:
    async with command(running(request), own(actor)) as tx:

        async def act() -> Answer:
            person = await store.lock_person(tx, person_id)
            if actor.harmless:
                await store.pretend_ways(tx, person_id, step(await store.pretended_ways(tx, person_id)))
                after = person
            else:
                if seen is not None and seen != person.version:
                    raise Moved
                after = await _put(tx, actor, want, person, step(person.ways))
            await audit.record(tx, actor, "ways.edit", person_id, "contact", "own" if actor.person else "care")
            return Answer.json(200, {"id": person_id, "version": after.version})

        return await once(tx, want, actor, act)


async def _put(tx: Connection, actor: Actor, want: Wanted | None, person: Person, ways: Ways) -> Person:
    after, told = rules.with_ways(person, ways)
    await store.save_contact(tx, after)
    await store.save_others(tx, after)
    await store.tell_of(tx, person.id, told, cause_of(actor, want))
    return after


async def _seen(request: Request, actor: Actor, person_id: UUID, action: str) -> Person:
    """With all ways; behind the second PIN with those that were said there."""
    async with transaction(running(request), own(actor)) as tx:
        person = (await store.find_person(tx, person_id)).person
        actor.require(action, person.ties(actor), person_id)
        if actor.harmless:
            ways = await store.pretended_ways(tx, person_id)
            person = replace(person, way=None, held=None, others=ways, version=0)
        await audit.record(tx, actor, "ways.read", person_id, "contact", "own" if actor.person else "care")
    return person


def _check_hours(said: Press) -> None:
    if isinstance(said, OneWay) and (said.quiet_from is None) is not (said.quiet_until is None):
        raise _no("quiet_from" if said.quiet_from is None else "quiet_until", "mend_quiet")


async def _sealed(keys: Keys, person: UUID, way: Way, said: OneWay) -> Way:
    contact = as_text(await seals.close_contact(keys, person, said.contact))
    care = {"readers": said.readers, "word": said.code_word}
    closed = await seal(keys, person, *seals.CARE, json.dumps(care)) if any(care.values()) else None
    quiet = Quiet(said.quiet_from, said.quiet_until) if said.quiet_from and said.quiet_until else None
    return replace(way, contact=contact or way.contact, safe=bool(said.safe), quiet=quiet, care=as_text(closed))


def _no(field: str, key: str) -> Invalid:
    return Invalid(field, WAYS["en"][key], WAYS["es"][key])


def _side(actor: Actor) -> Side:
    return "person" if actor.person else "worker"


def _json(one: pages.Shown) -> dict[str, Any]:
    way = one.way
    hours = {"from": way.quiet.begin.isoformat(), "until": way.quiet.end.isoformat()} if way.quiet else None
    return {
        "id": str(way.id),
        "way": way.channel,
        "contact": one.contact,
        "safe": way.safe,
        "held": way.held,
        "quiet": hours,
        "readers": one.readers,
        "code_word": one.word,
    }
