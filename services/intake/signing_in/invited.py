"""The link of an invitation: made by the agency that asks, handed out apart from its PIN, opened by whom it names.

Whatever is wrong looks alike and takes as long: no such link, another PIN, ten wrong ones before it, somebody who
has said yes, no, or nothing for thirty days. So a link tells nobody what became of anybody.
"""

import time
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import Field
from starlette.responses import JSONResponse, Response

from services.intake import answering, naming
from services.intake.fields import Called
from services.intake.invited import new_pin
from services.intake.pages import invited as pages
from services.intake.pages.start import leave_with_page
from services.intake.people import Contact, SelfReferral
from services.intake.places import INVITED, YES
from services.intake.same_time import takes_as_long
from services.intake.says_invited import INVITED as SAYS
from services.intake.sessions import hash_of
from services.intake.signing_in.door import at_the_door
from services.intake.signing_in.persons import Pin
from services.intake.signing_in.pins import Pins
from services.intake.signing_in.tries import TooManyTries, Tries, address_of
from services.intake.store import directory, people
from services.intake.store import invited as store
from services.intake.store.invited import Row
from services.intake.ways_in import WayIn, new_code
from shared.runtime.errors import Invalid, NotFound
from shared.runtime.reach import SERVICE
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import ANYONE, Actor
from shared.security.keys import Erased
from shared.web import forms
from shared.web.edge import command, is_form, running, transaction
from shared.web.forms import Form
from shared.web.words import lang_of
from shared.workflow import MoveNotOffered

OPEN_FOR = 900  # seconds between the PIN and the answer


class Given(Contact):
    """Their answer. With a yes: what to call them, and how to reach them, all of it theirs to say or to leave."""

    ticket: str = Field("", max_length=400)
    answer: Literal["yes", "no"]
    name: Called | None = None


def router(pins: Pins, tries: Tries) -> APIRouter:
    links = Links(pins, tries)
    routes = APIRouter()
    routes.add_api_route(INVITED + "/{invited_id}/link", links.make, methods=["POST"], status_code=201)
    door = APIRouter(include_in_schema=False, dependencies=[Depends(at_the_door)])
    door.add_api_route(YES + "/{code}", links.show, methods=["GET"])
    door.add_api_route(YES + "/{code}", links.take, methods=["POST"])
    door.add_api_route(YES + "/{code}/answer", links.answer, methods=["POST"])
    routes.include_router(door)
    return routes


class Links:
    def __init__(self, pins: Pins, tries: Tries) -> None:
        self._pins, self._tries = pins, tries
        secret = pins.settings.signing_secret.get_secret_value()
        self._tickets = URLSafeTimedSerializer(secret, salt="throughcare.invited.v1")

    async def make(
        self, invited_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("invitation.answer"))]
    ) -> Response:
        """A link and a PIN, in this one answer; any earlier link opens nothing. Hand them out in two ways."""
        here = running(request)
        async with transaction(here) as tx:
            row = await store.find(tx, invited_id)
            actor.require("invitation.answer", actor.relations(agency=row.invited.welcoming), invited_id)
        code, pin = new_code(), new_pin()
        hashed = await self._pins.hash(invited_id, pin)
        async with command(here, SERVICE) as tx:  # who reads of somebody may not write of them: this is all there is
            if not await store.put_link(tx, invited_id, hash_of(code), hashed):
                raise NotFound("invitation", invited_id)
            await audit.record(tx, actor, "invitation.answer", invited_id, "link", "welcome")
        link = f"{here.settings.public_url.rstrip('/')}{YES}/{code}"
        if is_form(request):
            return pages.link_page(request, actor, invited_id, link, pin)
        return JSONResponse({"link": link, "pin": pin}, 201)

    async def show(self, request: Request, code: str) -> Response:
        """The same for every link there could be."""
        return pages.pin_page(request, code, forms.blank())

    async def take(self, request: Request, code: str) -> Response:
        began, link, place = time.monotonic(), hash_of(code).hex(), address_of(request)
        form, says = await forms.read(request, Pin), SAYS[lang_of(request)]
        try:
            self._tries.count_link(link, place)
        except TooManyTries as error:
            form.wrong = {"pin": says["wait"].format(seconds=error.seconds)}
            return pages.pin_page(request, code, form, status=429, headers=error.headers)
        row = await self._opened(request, code, form.value.pin if form.value else "")
        if row is None:
            await takes_as_long(began)
            form.wrong = {"pin": says["wrong"]}
            return pages.pin_page(request, code, form, status=422)
        self._tries.succeeded(link, place)
        told = await naming.told_of(running(request).keys, row)
        ticket = str(self._tickets.dumps([code, row.invited.id.hex]))
        known = forms.blank(name=told["name"], language=lang_of(request))  # which they read is theirs to show
        return await self._ask(request, code, ticket, row, known)

    async def answer(self, request: Request, code: str) -> Response:
        """Yes, or no, by whoever typed the PIN within the last minutes. Sent again, it is the first answer."""
        form = await forms.read(request, Given)
        ticket = str(form.typed.get("ticket", ""))
        id = self._of_ticket(code, ticket)
        if id is None:
            return pages.pin_page(request, code, _over(request), status=422)
        try:
            row = await self._find(request, id)
            if row is None:
                return await self._answered_before(request, id)
            if not await self._still_opens(request, code, id):  # a new link, or another agency, since the PIN
                return pages.pin_page(request, code, _over(request), status=422)
            if form.typed.get("answer") == "no":
                await answering.no(request, ANYONE, id, "by_themselves")
                return pages.gone_page(request)
            if form.value is None:
                return await self._ask(request, code, ticket, row, form)
            await answering.yes_by_themselves(request, ANYONE, id, await self._said(request, row, form.value))
        except Invalid as error:
            assert row is not None
            return await self._ask(request, code, ticket, row, form.refuse(error, lang_of(request)))
        except (MoveNotOffered, NotFound, Erased):  # a second press while the first was under way; named elsewhere
            return await self._answered_before(request, id)
        return leave_with_page(request, id)

    async def _answered_before(self, request: Request, id: UUID) -> Response:
        """Whoever proved who they are may know what they said; by now nobody else can prove it."""
        async with transaction(running(request), SERVICE) as tx:
            try:
                await people.find_person(tx, id)
            except (NotFound, Erased):
                return pages.gone_page(request)
        return leave_with_page(request, id, said="had-it")

    async def _said(self, request: Request, row: Row, given: Given) -> SelfReferral:
        name = given.name or (await naming.told_of(running(request).keys, row))["name"]
        return SelfReferral(name=name, way=given.way, contact=given.contact, safe=given.safe, language=given.language)

    async def _opened(self, request: Request, code: str, pin: str) -> Row | None:
        """As long for a link that nobody has as for one with another PIN, or one that ten wrong ones have ended."""
        async with transaction(running(request), SERVICE) as tx:
            found = await store.try_link(tx, hash_of(code))
        way = WayIn(found[0], found[1], None) if found else None
        if await self._pins.judge(way, pin) is None or found is None:
            return None
        async with transaction(running(request), SERVICE) as tx:
            await store.was_right(tx, hash_of(code))
        return await self._find(request, found[0])

    def _of_ticket(self, code: str, ticket: str) -> UUID | None:
        """Who typed the PIN of this very link."""
        try:
            of, id = self._tickets.loads(ticket, max_age=OPEN_FOR)
            return UUID(hex=id) if of == code else None
        except (BadData, ValueError, TypeError):
            return None

    async def _find(self, request: Request, invited_id: UUID) -> Row | None:
        async with transaction(running(request), SERVICE) as tx:
            try:
                return await store.find(tx, invited_id)
            except NotFound:
                return None

    async def _still_opens(self, request: Request, code: str, id: UUID) -> bool:
        async with transaction(running(request), SERVICE) as tx:
            return await store.still_opens(tx, hash_of(code), id)

    async def _ask(self, request: Request, code: str, ticket: str, row: Row, form: Form[Given]) -> Response:
        here, one = running(request), row.invited
        told = await naming.told_of(here.keys, row)
        async with transaction(here, SERVICE) as tx:
            names = await directory.agency_names(tx, [one.sender, one.welcoming])
            zone = (await directory.find_agency(tx, one.welcoming)).entry.calendar.timezone
            at = await store.now(tx)
        return pages.ask_page(request, code, ticket, form, told, names[one.sender], names[one.welcoming], at, zone)


def _over(request: Request) -> Form[Pin]:
    blank: Form[Pin] = forms.blank()
    blank.wrong = {"pin": SAYS[lang_of(request)]["over"]}
    return blank
