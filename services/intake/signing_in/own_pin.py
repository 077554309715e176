"""A person's own PIN: changing the one that they came in by, whichever of the two it was. Both see the same page."""

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from services.intake.pages.frame import frame
from services.intake.same_time import takes_as_long
from services.intake.says import PIN
from services.intake.signing_in.door import session_of
from services.intake.signing_in.persons import View, welcome_in
from services.intake.signing_in.pins import Pins
from services.intake.signing_in.tries import TooManyTries, Tries, address_of
from services.intake.store import sessions
from services.intake.store import ways_in as store
from services.intake.ways_in import check_new_pin
from shared.runtime.errors import Invalid
from shared.runtime.reach import SERVICE, act
from shared.security import audit
from shared.security.edge import allow, look_again
from shared.security.identity import Actor
from shared.security.permissions import Relation
from shared.security.signin import LANDING, OWN_PIN
from shared.web import forms
from shared.web.edge import cause_of, command, running, transaction
from shared.web.forms import Form
from shared.web.templates import render
from shared.web.words import lang_of


class NewPin(BaseModel):
    now: forms.Line
    new: forms.Line
    again: forms.Line


def router(pins: Pins, tries: Tries) -> APIRouter:
    pages = OwnPin(pins, tries)
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route(OWN_PIN, pages.show, methods=["GET"])
    routes.add_api_route(OWN_PIN, pages.change, methods=["POST"])
    return routes


class OwnPin:
    """The handlers; an object so that they share the count of tries and the hands that hash."""

    def __init__(self, pins: Pins, tries: Tries) -> None:
        self._pins, self._tries = pins, tries

    async def show(self, request: Request, actor: Annotated[Actor, Depends(allow("pin.change"))]) -> Response:
        actor.require("pin.change", Relation.SELF)
        return _page(request, actor, forms.blank())

    async def change(self, request: Request, actor: Annotated[Actor, Depends(allow("pin.change"))]) -> Response:
        """The one that they came in by. All their sessions end, and this browser gets another."""
        actor.require("pin.change", Relation.SELF)
        act(SERVICE)  # as at the door: the row is found by who is signed in
        view: View = "harmless" if actor.harmless else "whole"
        says = PIN[lang_of(request)]
        form = await forms.read(request, NewPin, words={name: says[f"need_{name}"] for name in NewPin.model_fields})
        if (refused := await self._refused(request, actor, form)) is not None:
            return _page(request, actor, form, status=refused)
        assert form.value is not None, "nothing was refused"
        hashed = await self._save(request, actor, form.value.new, view)
        return await welcome_in(request, actor.id, view, LANDING[actor.role], hashed)

    async def _save(self, request: Request, actor: Actor, pin: str, view: View) -> str:
        """Kept, in the words of one deed whichever it was, and everybody who is signed in as them is no more."""
        hashed = await self._pins.hash(actor.id, pin)
        async with command(running(request)) as tx:
            await store.lock_way_in(tx, actor.id)
            await sessions.check_not_ended(tx, session_of(request))
            await (store.save_pin if view == "whole" else store.save_second)(tx, actor.id, hashed)
            await sessions.end_sessions(tx, actor.id, "password_changed", cause_of(actor))
            await audit.record(tx, actor, "pin.change", actor.id, "pin", "own")
        look_again(request)
        return hashed

    async def _refused(self, request: Request, actor: Actor, form: Form[NewPin]) -> int | None:
        """The status of what is to mend, with the words on the form; None where all is well."""
        began, lang = time.monotonic(), lang_of(request)
        says, given = PIN[lang], form.value
        try:
            self._tries.count_link(f"own {actor.id}", address_of(request))
        except TooManyTries as error:
            form.wrong = {"now": says["wait"].format(seconds=error.seconds)}
            return 429
        if given is None:
            return 422
        async with transaction(running(request)) as tx:
            way = await store.lock_way_in(tx, actor.id)
        try:
            check_new_pin(given.new, given.now)
        except Invalid as error:
            form.refuse(error, lang)
        if given.again != given.new:
            form.wrong.setdefault("again", says["not_same"])
        if await self._pins.judge(way, given.now) != ("harmless" if actor.harmless else "whole"):
            form.wrong = {"now": says["wrong"]}
        if not form.wrong:
            return None
        await takes_as_long(began)
        return 422


def _page(request: Request, actor: Actor, form: Form[NewPin], status: int = 200) -> Response:
    form.typed = {}
    return render(
        request,
        "own_pin.html",
        status=status,
        says=PIN[lang_of(request)],
        form=form,
        action=OWN_PIN,
        back=LANDING[actor.role],
        **frame(actor),
        lang=lang_of(request),
    )
