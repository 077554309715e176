"""The way in for everybody: where to ask for help, where staff sign in; and in the demo, everybody to choose from."""

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


def router(settings: Settings, tries: Tries) -> APIRouter:
    pages = Choosing(settings, tries)
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(at_the_door)])
    routes.add_api_route(SIGN_IN, pages.show_choices, methods=["GET"])
    routes.add_api_route(SIGN_IN, pages.choose, methods=["POST"])
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
            doors=[(code, SAYS[code]) for code in sorted(SAYS, key=lambda code: code != lang)],
            says={"title": SAYS[lang]["own_title"]},
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
