"""The sign-in pages, which intake serves for all four services: one origin, one cookie.

In the demo staff choose who they are. A person opens their link and types a PIN; neither page says a name before that,
because a link that lies around proves nobody.
"""

import hmac
from collections.abc import Mapping
from itertools import groupby
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from shared.runtime.errors import NotFound
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.attempts import Attempts
from shared.security.cast import Account
from shared.security.demo import SIGN_IN
from shared.security.edge import allow, public, visit_of
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.web import forms
from shared.web.forms import is_own_path
from shared.web.parts import Act, Helper
from shared.web.templates import render
from shared.web.words import Lang, lang_of

SIGN_OUT = "/intake/sign-out"
ASK_FOR_HELP = "/intake/start"
LANDING: Mapping[Role, str] = {
    Role.PERSON: "/caseplan/me",
    Role.CASE_MANAGER: "/caseplan/today",
    Role.MENTOR: "/caseplan/today",
    Role.SUPERVISOR: "/caseplan/today",
    Role.AGENCY_ADMIN: "/caseplan/today",
    Role.PARTNER_ENGINEER: "/notifications/partner",
    Role.NETWORK_ADMIN: "/reporting/mirror",
    Role.OPS: "/reporting/mirror",
    Role.AUDITOR: "/reporting/mirror",
}
SAYS: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "title": "Open your page",
        "lead": "Type your PIN. We never ask for it by phone or text.",
        "pin": "Your PIN",
        "hint": "Six numbers.",
        "demo": "In this demo, ./throughcare up shows it.",
        "button": "Open my page",
        "wrong": "That PIN does not open this page. Type it once more.",
        "help": "Ask for help",
        "help_why": "No account yet? You need none.",
        "out": "You are signed out. On a shared phone, close this page too.",
    },
    "es": {
        "title": "Abra su página",
        "lead": "Escriba su PIN. Nunca se lo pedimos por teléfono ni por mensaje.",
        "pin": "Su PIN",
        "hint": "Seis números.",
        "demo": "En esta demostración lo muestra ./throughcare up.",
        "button": "Abrir mi página",
        "wrong": "Ese PIN no abre esta página. Escríbalo otra vez.",
        "help": "Pedir ayuda",
        "help_why": "¿Todavía no tiene cuenta? No le hace falta.",
        "out": "Cerró la sesión. En un teléfono compartido, cierre también esta página.",
    },
}

log = structlog.get_logger("shared.security")


class Choice(BaseModel):
    """Who somebody says they are, in the demo."""

    account: UUID
    next: str = ""


class Pin(BaseModel):
    pin: forms.Line
    next: str = ""


def router(settings: Settings, *, landing: Mapping[Role, str] = LANDING, attempts: Attempts | None = None) -> APIRouter:
    """The routes of signing in and out. `landing` says where each role goes when they came from nowhere."""
    pages = SignIn(settings, landing, attempts or Attempts())
    routes = APIRouter(include_in_schema=False)
    open_to_all = [Depends(public)]
    routes.add_api_route(SIGN_IN, pages.show_choices, methods=["GET"], dependencies=open_to_all)
    routes.add_api_route(SIGN_IN, pages.choose, methods=["POST"], dependencies=open_to_all)
    routes.add_api_route(SIGN_IN + "/{code}", pages.show_pin, methods=["GET"], dependencies=open_to_all)
    routes.add_api_route(SIGN_IN + "/{code}", pages.open_with_pin, methods=["POST"], dependencies=open_to_all)
    routes.add_api_route(SIGN_OUT, pages.sign_out, methods=["POST"])
    return routes


class SignIn:
    """The handlers; an object so that they share settings and the count of tries."""

    def __init__(self, settings: Settings, landing: Mapping[Role, str], attempts: Attempts) -> None:
        self._settings = settings
        self._landing = landing
        self._attempts = attempts

    async def show_choices(self, request: Request, next: str = "", done: str = "") -> Response:
        lang = lang_of(request)
        return render(
            request,
            "sign_in.html",
            groups=_groups(self._settings, next) if self._settings.demo else [],
            done=SAYS[lang]["out"] if done else "",
            doors=[(code, SAYS[code]["help_why"], SAYS[code]["help"]) for code in SAYS],
            ask_for_help=ASK_FOR_HELP,
        )

    async def choose(self, request: Request) -> Response:
        choice = await forms.read(request, Choice)
        self._attempts.count("choice", _address(request))
        account = demo.by_id(choice.value.account) if choice.value and self._settings.demo else None
        if account is None or account.role is Role.PERSON:  # a person has a link and a PIN
            raise NotFound("account", "by that name")
        self._attempts.succeeded("choice", _address(request))
        return self._let_in(request, account.actor, choice.value.next if choice.value else "")

    async def show_pin(self, request: Request, code: str, next: str = "") -> Response:
        return self._pin_page(request, code, forms.blank(next=next))

    async def open_with_pin(self, request: Request, code: str) -> Response:
        form = await forms.read(request, Pin)
        person = demo.person_of(self._settings, code) if self._settings.demo else None
        account = str(person or "nobody")
        self._attempts.count(account, _address(request))
        given = form.value.pin if form.value else ""
        # Compared also where there is nobody, so that the time an answer takes tells nothing.
        right = hmac.compare_digest(given.encode(), demo.pin(self._settings, person or UUID(int=0)).encode())
        if form.value is None or person is None or not right:
            form.wrong = {"pin": SAYS[lang_of(request)]["wrong"]}
            return self._pin_page(request, code, form, status=422)
        self._attempts.succeeded(account, _address(request))
        return self._let_in(request, demo.person_actor(person), form.value.next)

    async def sign_out(self, request: Request, actor: Annotated[Actor, Depends(allow("public"))]) -> Response:
        response = forms.see_other(f"{SIGN_IN}?done=1", request)
        response.headers.append("set-cookie", visit_of(request).sessions.end_cookie())
        log.info("signin.ended", role=actor.role.value, id=str(actor.id))
        return response

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

    def _let_in(self, request: Request, actor: Actor, next: str) -> Response:
        sessions = visit_of(request).sessions
        where = next if is_own_path(next) else self._landing.get(actor.role, "/")
        response = forms.see_other(where, request)
        response.headers.append("set-cookie", sessions.set_cookie(sessions.issue(actor)))
        log.info("signin.done", role=actor.role.value, id=str(actor.id))
        return response


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
    fields = {"account": str(account.id), "next": next if is_own_path(next) else ""}
    return Helper(account.name, account.says, Act("Sign in", SIGN_IN, True, fields, about=f"as {account.name}"))


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
