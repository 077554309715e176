"""A person's link: opening it changes nothing, and says no name, because a link that lies around proves nobody.

The first time they choose a PIN there, and a second one if they want; afterwards link and PIN open their page. Whatever
is wrong, and whichever PIN was right, looks alike and takes as long. In the demo, link and PIN follow from this
machine's secret until somebody uses them; from then on they are kept as everybody's are.
"""

import time
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from services.intake.same_time import takes_as_long
from services.intake.sessions import hash_of
from services.intake.signing_in.door import at_the_door, place, welcome
from services.intake.signing_in.pins import Pins
from services.intake.signing_in.tries import TooManyTries, Tries, address_of
from services.intake.signing_in.words import SAYS
from services.intake.store import ways_in as store
from services.intake.ways_in import WayIn, check_new_pin
from shared.runtime.errors import Invalid
from shared.security import demo
from shared.security.permissions import Role
from shared.security.signin import SIGN_IN
from shared.security.tokens import actor_of
from shared.web import forms
from shared.web.edge import command, running, transaction
from shared.web.forms import Form
from shared.web.templates import render
from shared.web.words import Lang, lang_of

View = Literal["whole", "harmless"]


class Pin(BaseModel):
    pin: forms.Line
    next: str = ""


class Chosen(BaseModel):
    """A PIN of their own, twice; a second one, for when somebody makes them open their page; and the word, where the
    link went by text."""

    new: forms.Line
    again: forms.Line
    second: str = ""
    second_again: str = ""
    word: str = ""


def router(pins: Pins, tries: Tries) -> APIRouter:
    pages = Persons(pins, tries)
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(at_the_door)])
    routes.add_api_route(SIGN_IN + "/{code}", pages.show, methods=["GET"])
    routes.add_api_route(SIGN_IN + "/{code}", pages.take, methods=["POST"])
    return routes


class Persons:
    """The handlers; an object so that they share the count of tries and the hands that hash."""

    def __init__(self, pins: Pins, tries: Tries) -> None:
        self._pins, self._tries, self._settings = pins, tries, pins.settings

    async def show(self, request: Request, code: str, next: str = "") -> Response:
        async with transaction(running(request)) as tx:
            way = await store.find_way_in(tx, code, demo=self._settings.demo)
        return self._page(request, code, way, forms.blank(next=next))

    async def take(self, request: Request, code: str) -> Response:
        began = time.monotonic()
        way = await self._way(request, code)
        says = SAYS[lang_of(request)]
        words = {"new": says["need_new"], "again": says["need_again"]}
        form = await forms.read(request, Chosen if _is_to_choose(way) else Pin, words=words)
        place = await _place(request, way)
        link = hash_of(code).hex()
        try:
            self._tries.count_link(link, place)
            answer = await self._tried(request, code, way, form)
        except TooManyTries as error:
            form.wrong = {_first(way): SAYS[lang_of(request)]["wait"].format(seconds=error.seconds)}
            return self._page(request, code, way, form, status=429, headers=error.headers)
        if answer is None:
            await takes_as_long(began)
            return self._page(request, code, way, form, status=422)
        self._tries.succeeded(link, place)
        return answer

    async def _tried(self, request: Request, code: str, way: WayIn | None, form: Form[BaseModel]) -> Response | None:
        """They are in, or None, with what to mend on the form."""
        given = form.value
        if way is not None and isinstance(given, Chosen):
            return await self._choose(request, code, way, form, given)
        opened = await self._pins.judge(way, given.pin if isinstance(given, Pin) else "")
        if way is None or not isinstance(given, Pin) or opened is None:
            form.wrong = form.wrong if _is_to_choose(way) else {"pin": SAYS[lang_of(request)]["wrong"]}
            return None
        return await welcome_in(request, way.person, opened, given.next, way.pin if opened == "whole" else way.second)

    async def _choose(
        self, request: Request, code: str, way: WayIn, form: Form[BaseModel], given: Chosen
    ) -> Response | None:
        lang = lang_of(request)
        _check(form, given, lang)
        if form.wrong:
            return None
        pin = await self._pins.hash(way.person, given.new)
        second = await (self._pins.hash(way.person, given.second) if given.second else self._pins.nobodys())
        async with command(running(request)) as tx:
            person = await store.choose_pin(tx, code, pin, second, given.word.strip())
        if person is None:
            form.wrong = {"word" if way.asks_word else "new": SAYS[lang]["wrong_word"]}
            return None
        return await welcome_in(request, person, "whole", "", pin)

    async def _way(self, request: Request, code: str) -> WayIn | None:
        here = running(request)
        async with transaction(here) as tx:
            found = await store.find_way_in(tx, code, demo=self._settings.demo)
        person = demo.person_of(self._settings, code) if self._settings.demo and found is None else None
        if person is None:
            return found
        pin = await self._pins.hash(person, demo.pin(self._settings, person))
        second = await self._pins.nobodys()
        async with transaction(here) as tx:
            await store.keep_derived(tx, person, code, pin, second)
            # None, where another link has taken the place of this one.
            return await store.find_way_in(tx, code, demo=True)

    def _page(
        self,
        request: Request,
        code: str,
        way: WayIn | None,
        form: Form[BaseModel],
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        for name in ("pin", "new", "again", "second", "second_again", "word"):
            form.typed.pop(name, None)  # none of them is written back
        return render(
            request,
            "choose_pin.html" if _is_to_choose(way) else "pin.html",
            status=status,
            headers=headers or {},
            form=form,
            says=SAYS[lang_of(request)],
            action=f"{SIGN_IN}/{code}",
            next=form.typed.get("next", ""),
            asks_word=way is not None and way.asks_word,
            is_demo=self._settings.demo,
        )


async def welcome_in(
    request: Request, person: UUID, view: View, next: str = "", proof: str | None = None
) -> Response:  # fmt: skip
    return await welcome(request, actor_of(person, Role.PERSON, None, person, harmless=view == "harmless"), next, proof)


def _check(form: Form[BaseModel], given: Chosen, lang: Lang) -> None:
    """What is to mend of the one or the two that they chose."""
    for field, pin, again, others in (
        ("new", given.new, given.again, ()),
        ("second", given.second, given.second_again, (given.new,)),
    ):
        if field == "second" and not (pin or again):
            continue
        try:
            check_new_pin(pin, *others, field=field)
        except Invalid as error:
            form.refuse(error, lang)
        else:
            if again != pin:
                form.wrong["again" if field == "new" else "second_again"] = SAYS[lang]["not_same"]


async def _place(request: Request, way: WayIn | None) -> str:
    if way is None:
        return address_of(request)
    return await place(request, lambda tx, device: store.is_known(tx, way.person, device))


def _is_to_choose(way: WayIn | None) -> bool:
    return way is not None and way.pin is None and way.may_choose


def _first(way: WayIn | None) -> str:
    return "new" if _is_to_choose(way) else "pin"
