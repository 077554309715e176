"""Signing in to the demo: staff choose who they are; a person opens their link and types a PIN.

Neither page says a name before that, because a link that lies around proves nobody.
"""

import hmac
from itertools import groupby
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from services.intake.accounts import Stage
from services.intake.signing_in.door import at_the_door, let_in
from services.intake.signing_in.tries import Tries, address_of
from services.intake.signing_in.words import SAYS
from services.intake.store import accounts as store
from shared.runtime.errors import NotFound
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.cast import Account
from shared.security.permissions import Role
from shared.security.signin import ASK_FOR_HELP, SIGN_IN, STAFF_SIGN_IN
from shared.web import forms
from shared.web.edge import running, transaction
from shared.web.parts import Act, Helper
from shared.web.templates import render
from shared.web.words import lang_of


class Choice(BaseModel):
    """Who somebody says they are, in the demo."""

    account: UUID
    next: str = ""


class Pin(BaseModel):
    pin: forms.Line
    next: str = ""


def router(settings: Settings, tries: Tries) -> APIRouter:
    pages = Choosing(settings, tries)
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(at_the_door)])
    routes.add_api_route(SIGN_IN, pages.show_choices, methods=["GET"])
    routes.add_api_route(SIGN_IN, pages.choose, methods=["POST"])
    routes.add_api_route(SIGN_IN + "/{code}", pages.show_pin, methods=["GET"])
    routes.add_api_route(SIGN_IN + "/{code}", pages.open_with_pin, methods=["POST"])
    return routes


class Choosing:
    """The handlers; an object so that they share settings and the count of tries."""

    def __init__(self, settings: Settings, tries: Tries) -> None:
        self._settings = settings
        self._tries = tries

    async def show_choices(self, request: Request, next: str = "", done: str = "") -> Response:
        lang = lang_of(request)
        return render(
            request,
            "sign_in.html",
            groups=_groups(self._settings, next) if self._settings.demo else [],
            done=SAYS[lang]["out"] if done else "",
            doors=[(code, SAYS[code]["help_why"], SAYS[code]["help"]) for code in SAYS],
            ask_for_help=ASK_FOR_HELP,
            with_password=self._settings.passwords,
            staff_door=f"{STAFF_SIGN_IN}?next={quote(next, safe='/')}" if forms.is_own_path(next) else STAFF_SIGN_IN,
        )

    async def choose(self, request: Request) -> Response:
        choice = await forms.read(request, Choice)
        self._tries.count("choice", address_of(request))
        account = demo.by_id(choice.value.account) if choice.value and self._settings.demo else None
        if account is None or account.role is Role.PERSON:  # a person has a link and a PIN
            raise NotFound("account", "by that name")
        async with transaction(running(request)) as tx:
            known = await store.find_known(tx, account.id)
        if known and known.stage is Stage.LEFT:
            raise NotFound("account", "by that name")
        self._tries.succeeded("choice", address_of(request))
        return await let_in(request, account.actor, choice.value.next if choice.value else "")

    async def show_pin(self, request: Request, code: str, next: str = "") -> Response:
        return self._pin_page(request, code, forms.blank(next=next))

    async def open_with_pin(self, request: Request, code: str) -> Response:
        form = await forms.read(request, Pin)
        person = demo.person_of(self._settings, code) if self._settings.demo else None
        account = str(person or "nobody")
        self._tries.count(account, address_of(request))
        given = form.value.pin if form.value else ""
        # Compared also where there is nobody, so that the time an answer takes tells nothing.
        right = hmac.compare_digest(given.encode(), demo.pin(self._settings, person or UUID(int=0)).encode())
        if form.value is None or person is None or not right:
            form.wrong = {"pin": SAYS[lang_of(request)]["wrong"]}
            return self._pin_page(request, code, form, status=422)
        self._tries.succeeded(account, address_of(request))
        return await let_in(request, demo.person_actor(person), form.value.next)

    def _pin_page(self, request: Request, code: str, form: forms.Form[Pin], status: int = 200) -> Response:
        says = SAYS[lang_of(request)]
        return render(
            request,
            "pin.html",
            status=status,
            form=form,
            says=says,
            action=f"{SIGN_IN}/{code}",
            next=form.typed.get("next", ""),
            is_demo=self._settings.demo,
        )


def _groups(settings: Settings, next: str) -> list[tuple[str, list[Helper]]]:
    """The people, then agencies in the alphabet."""
    staff = sorted(demo.STAFF, key=lambda account: demo.agency_name(account.agency))
    groups = [(name, [_choice(a, next) for a in found]) for name, found in groupby(staff, _agency)]
    people = [
        Helper(
            a.name, a.says, Act("Open", f"{SIGN_IN}/{demo.code(settings, a.id)}", about=f"the page of {a.name}"), True
        )
        for a in demo.PEOPLE
    ]
    return [("People", people), *groups]


def _agency(account: Account) -> str:
    return demo.agency_name(account.agency)


def _choice(account: Account, next: str) -> Helper:
    fields = {"account": str(account.id), "next": next if forms.is_own_path(next) else ""}
    return Helper(account.name, account.says, Act("Sign in", SIGN_IN, True, fields, about=f"as {account.name}"))
