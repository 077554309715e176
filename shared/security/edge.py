"""The edge: who is asking, and whether their role does such things at all; before any handler runs.

Two mistakes are made impossible rather than forbidden. A route without an entry in the permission table does not
start (`require_entries`). A handler that forgets to look at its row's relation answers 500 and not the row: `Guard`
holds its answer back until `actor.require(...)` was called.
"""

import functools
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.runtime.errors import NotAllowed, ThroughcareError
from shared.runtime.reach import NOTHING, Reach, Wide, act, acting
from shared.runtime.settings import Settings
from shared.security import permissions
from shared.security.demo import SIGN_IN
from shared.security.identity import ANYONE, Actor, Duty, NotSignedIn
from shared.security.permissions import PUBLIC_PATHS, TABLE
from shared.security.sessions import NOT_BELIEVED, Session, Sessions
from shared.web import problems
from shared.web.accept import is_htmx, wants_html
from shared.web.headers import SafeHeaders

VISIT = "throughcare.visit"  # where a request's scope keeps what the guard and the handler tell each other
NOT_HERE = "The demo answers this machine only: its accounts have no passwords. Open it at http://127.0.0.1."

log = structlog.get_logger("shared.security")


class Elsewhere(NotAllowed):
    """A demo that is asked from another machine, or under another machine's name."""


class Unchecked(ThroughcareError):
    """A handler answered without looking at the relation that its entry needs: a mistake of ours."""


@dataclass(slots=True)
class Visit:
    """One request: how to read its token, who it turned out to be, and what its handler still owes."""

    sessions: Sessions
    actor: Actor | None = None
    session: Session | None = None  # of a cookie, which may need renewing; programs renew their own


class Allow:
    """The dependency behind `allow(...)`. Routes keep the object itself, which is how `entries` finds them."""

    def __init__(self, action: str) -> None:
        if action not in TABLE:
            raise LookupError(f"{action} is not in the permission table (shared/security/table.py)")
        self.action = action

    async def __call__(self, request: Request) -> Actor:
        visit = visit_of(request)
        actor = visit.actor = _who(request, visit, self.action)
        if actor.role is ANYONE.role and not permissions.may_at_all(actor.role, self.action):
            raise NotSignedIn(NOT_BELIEVED)
        permissions.require_role(actor, self.action)
        if not permissions.relation_free(actor.role, self.action):
            actor.duty.action = self.action
        act(reach_of(actor, self.action))
        return actor


@functools.cache
def allow(action: str) -> Allow:
    """The dependency that a route declares its entry with; one object an action, so it is asked once a request."""
    return Allow(action)


public = allow("public")


def reach_of(actor: Actor, action: str) -> Reach:
    """What the transactions of a request may touch, beneath whatever its handler checks."""
    wide: Wide = "network" if permissions.across_agencies(actor.role, action) else ""
    return Reach(actor.agency, actor.person, actor.id, wide)


def install(app: FastAPI, settings: Settings) -> None:
    """Put the guard around `app`, and show pages that need somebody signed in where to do that."""
    app.add_middleware(Guard, settings=settings)
    app.add_exception_handler(NotSignedIn, ask_to_sign_in)


def visit_of(request: Request) -> Visit:
    visit: Visit | None = request.scope.get(VISIT)
    if visit is None:
        raise RuntimeError("call shared.security.edge.install(app, settings) before serving")
    return visit


def _who(request: Request, visit: Visit, action: str) -> Actor:
    """The actor of a Bearer token, else of the cookie, else nobody; a bad cookie is nobody where nobody is welcome."""
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise NotSignedIn(NOT_BELIEVED)
        return visit.sessions.read(token.strip()).actor
    cookie = request.cookies.get(visit.sessions.cookie_name)
    try:
        if cookie:
            visit.session = visit.sessions.read(cookie)
            return visit.session.actor
    except NotSignedIn:
        if not permissions.may_at_all(ANYONE.role, action):
            raise
    return replace(ANYONE, duty=Duty())


async def ask_to_sign_in(request: Request, error: Exception) -> Response:
    """A page sends its reader to the sign-in page and back here afterwards; a program gets the 401."""
    if not wants_html(request):
        return await problems.answer(request, error)
    back = request.url.path if request.method == "GET" and not is_htmx(request) else ""
    where = f"{SIGN_IN}?next={quote(back, safe='/')}" if back else SIGN_IN
    if is_htmx(request):
        return Response(status_code=401, headers={"HX-Redirect": where})
    return RedirectResponse(where, status_code=303)


class Guard:
    """The middleware: keeps the demo at home, quiet sessions short, and unchecked answers in."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self.demo = settings.demo
        self.sessions = Sessions(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})  # none of ours; refused, not forgotten
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        if self.demo and not _at_home(scope, headers):
            response = await problems.answer(Request(scope, receive), Elsewhere(NOT_HERE))
            return await SafeHeaders(response, https=self.sessions.secure)(scope, receive, send)
        visit = scope[VISIT] = Visit(self.sessions)
        with acting(NOTHING):  # until `allow` knows who asks
            await self.app(scope, receive, self._watch(scope, headers, visit, send))

    def _watch(self, scope: Scope, headers: Headers, visit: Visit, send: Send) -> Send:
        held_back = False

        async def watched(message: Message) -> None:
            nonlocal held_back
            if held_back:
                return
            if message["type"] == "http.response.start":
                action = visit.actor.duty.action if visit.actor else None
                if action is not None and message["status"] < 400:
                    held_back = True
                    return await self._hold_back(scope, action, send)
                self._renew(message, headers, visit)
            await send(message)

        return watched

    async def _hold_back(self, scope: Scope, action: str, send: Send) -> None:
        route = getattr(scope.get("route"), "path", None)
        log.error("permission.unchecked", reason=action, route=route)
        request = Request(scope)
        response = await problems.answer(request, Unchecked(f"{action}: nobody looked at the relation"))
        await SafeHeaders(response, https=self.sessions.secure)(scope, request.receive, send)

    def _renew(self, message: Message, headers: Headers, visit: Visit) -> None:
        """A person's session goes on while they do something; what a page loads by itself is not them."""
        by_itself = "hx-request" in headers and "hx-boosted" not in headers
        if visit.session is None or (by_itself and headers.get("hx-request-type") != "full"):
            return
        own = f"{self.sessions.cookie_name}="
        answer = MutableHeaders(raw=message["headers"])
        if any(cookie.startswith(own) for cookie in answer.getlist("set-cookie")):
            return  # the handler has just signed somebody in or out
        token = self.sessions.renewed(visit.session)
        if token is not None:
            answer.append("set-cookie", self.sessions.set_cookie(token))


def _at_home(scope: Scope, headers: Headers) -> bool:
    """Whether a request comes from this machine, by this machine's name, and through nobody else's hands.

    The name is checked because a page elsewhere can point its own name at 127.0.0.1 (DNS rebinding).
    """
    client = scope.get("client")
    hops = [hop for line in headers.getlist("x-forwarded-for") for hop in line.split(",")]
    named = (urlsplit(f"//{headers.get('host', '')}").hostname or "") if _is_host(headers.get("host", "")) else ""
    return client is not None and all(_is_loopback(hop.strip()) for hop in (client[0], named, *hops))


def _is_host(text: str) -> bool:
    try:
        return urlsplit(f"//{text}").netloc == text and text != ""
    except ValueError:
        return False


def _is_loopback(name: str) -> bool:
    if name.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


@dataclass(frozen=True, slots=True)
class RouteEntry:
    """A route and the action it is declared under; `action` is None where it has no entry."""

    methods: tuple[str, ...]
    path: str
    action: str | None

    def __str__(self) -> str:
        return f"{','.join(self.methods) or 'ANY'} {self.path}"


def entries(app: FastAPI) -> list[RouteEntry]:
    """Every route of `app`, those of included routers and mounts too, with its entry in the permission table."""
    found = []
    for context in iter_route_contexts(app.routes):
        action = _action_of(context.original_route, context)
        found.append(RouteEntry(tuple(sorted(context.methods or ())), context.path or "", action))
    return found


def routes_without_entry(app: FastAPI) -> list[str]:
    return [str(entry) for entry in entries(app) if entry.action is None]


def require_entries(app: FastAPI) -> None:
    """The last line of every app: raises while there is a route that the permission table knows nothing of."""
    missing = routes_without_entry(app)
    if missing:
        raise LookupError(f"no permission entry for {'; '.join(missing)}: add dependencies=[Depends(allow(...))]")


def _action_of(route: BaseRoute, context: Any) -> str | None:
    if isinstance(route, APIRoute):
        declared = [found.action for found in _allows(context.dependant)]
        if len(set(declared)) > 1:
            raise LookupError(f"{context.path} declares more than one action: {', '.join(sorted(set(declared)))}")
        if declared:
            return declared[0]
    path = (context.path or "").removesuffix("/{path:path}")
    known = any(fnmatchcase(path, pattern) and path.count("/") == pattern.count("/") for pattern in PUBLIC_PATHS)
    return "public" if known else None


def _allows(dependant: Any) -> Iterator[Allow]:
    for needed in dependant.dependencies:
        if isinstance(needed.call, Allow):
            yield needed.call
        yield from _allows(needed)
