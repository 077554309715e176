"""For whoever got somebody else's link: one button, and nothing more is written to that number.

It says the same whether there is such a link, and nothing of anybody. The agency sees that the number is held.
"""

import time
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.intake import holding
from services.intake.same_time import takes_as_long
from services.intake.signing_in.door import at_the_door
from services.intake.signing_in.tries import Tries, address_of
from services.intake.signing_in.words import SAYS
from services.intake.store import ways_in as store
from shared.runtime.errors import NotFound
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.identity import ANYONE
from shared.security.sealing import Erased
from shared.security.signin import SIGN_IN
from shared.web.edge import command, running
from shared.web.templates import render
from shared.web.words import lang_of

NOT_ME = SIGN_IN + "/{code}/not-me"


def router(settings: Settings, tries: Tries) -> APIRouter:
    pages = WrongNumber(settings, tries)
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(at_the_door)])
    routes.add_api_route(NOT_ME, pages.show, methods=["GET"])
    routes.add_api_route(NOT_ME, pages.stop, methods=["POST"])
    return routes


class WrongNumber:
    """The handlers; an object so that they share settings and the count of tries."""

    def __init__(self, settings: Settings, tries: Tries) -> None:
        self._settings, self._tries = settings, tries

    async def show(self, request: Request, code: str) -> Response:
        return _page(request, code)

    async def stop(self, request: Request, code: str) -> Response:
        began = time.monotonic()
        self._tries.count("a wrong number", address_of(request))
        try:
            async with command(running(request)) as tx:
                await holding.hold(tx, await self._whose(tx, code), "wrong_number", ANYONE)
        except (NotFound, Erased):
            pass  # no such link, or nobody of whom we hold a number: the answer is the same
        await takes_as_long(began)
        return _page(request, code, done=True)

    async def _whose(self, tx: Connection, code: str) -> UUID:
        way = await store.find_way_in(tx, code, demo=self._settings.demo)
        person = way.person if way else demo.person_of(self._settings, code) if self._settings.demo else None
        if person is None:
            raise NotFound("link", "like this")
        return person


def _page(request: Request, code: str, done: bool = False) -> Response:
    says = SAYS[lang_of(request)]
    return render(request, "wrong_number.html", says=says, done=done, action=f"{SIGN_IN}/{code}/not-me")
