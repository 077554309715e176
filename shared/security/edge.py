"""The edge: who is asking, and whether their role does such things at all; before any handler runs.

Whoever came in by the second PIN is held here too, so that no route has to think of them: what is not harmless is not
there, and what answers reaches no row of theirs.

Two mistakes are made impossible rather than forbidden. A route without an entry in the permission table does not
start (`require_entries`). A handler that forgets to look at its row's relation answers 500 and not the row: `Guard`
holds its answer back until `actor.require(...)` was called.
"""

import functools
import ipaddress
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.runtime.errors import NotAllowed, NotFound, ThroughcareError
from shared.runtime.reach import NOTHING, Reach, Wide, act, acting
from shared.runtime.settings import Settings
from shared.security import permissions
from shared.security.fences import Fences
from shared.security.identity import ANYONE, Actor, Duty, NotSignedIn
from shared.security.permissions import HARMLESS, PUBLIC_PATHS, TABLE, Role
from shared.security.refusals import Refusals
from shared.security.signin import RENEW, SIGN_IN
from shared.security.table import WALK
from shared.security.tokens import LIFE, NOT_BELIEVED, Token, Tokens
from shared.web import forms, problems
from shared.web.accept import is_htmx, wants_html
from shared.web.headers import SafeHeaders

VISIT = "throughcare.visit"  # where a request's scope keeps what the guard and the handler tell each other
NOT_HERE = "The demo answers this machine only: its accounts have no passwords. Open it at http://127.0.0.1."

log = structlog.get_logger("shared.security")


class Elsewhere(NotAllowed):
    """A demo that is asked from another machine, or under another machine's name."""


class Renew(NotSignedIn):
    """The token ran out, and the browser holds a session that may give it a fresh one."""


class Unchecked(ThroughcareError):
    """A handler answered without looking at the relation that its entry needs: a mistake of ours."""


@dataclass(slots=True)
class Visit:
    """One request: how to read its token, who it turned out to be, and what its handler still owes."""

    tokens: Tokens
    fences: Fences | None = None
    refusals: Refusals = field(default_factory=Refusals)
    actor: Actor | None = None
    action: str = "public"

    async def believe(self, text: str) -> Token:
        """The token, if its session has not ended meanwhile."""
        token = self.tokens.read(text)
        if self.fences is not None:
            await self.fences.check(token)
        return token


class Allow:
    """The dependency behind `allow(...)`. Routes keep the object itself, which is how `entries` finds them."""

    def __init__(self, action: str) -> None:
        if action not in TABLE:
            raise LookupError(f"{action} is not in the permission table (shared/security/table.py)")
        self.action = action

    async def __call__(self, request: Request) -> Actor:
        visit = visit_of(request)
        actor = visit.actor = await _at_work(request, await _who(request, visit, self.action))
        visit.action = self.action
        visit.refusals.check(actor)
        if actor.role is ANYONE.role and not permissions.may_at_all(actor.role, self.action):
            raise NotSignedIn(NOT_BELIEVED)
        permissions.require_role(actor, self.action)
        if actor.harmless and self.action not in HARMLESS:
            raise NotFound("page", "here")  # in the very words that whoever has nothing reads
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
    return Reach(actor.agency, None if actor.harmless else actor.person, actor.id, wide)


def install(app: FastAPI, settings: Settings, fences: Fences | None = None) -> None:
    """Put the guard around `app`, and show pages that need somebody signed in where to do that.

    Without `fences` a token is believed until it runs out: for apps that have no database.
    """
    app.add_middleware(Guard, settings=settings, tokens=Tokens(settings), fences=fences)
    app.add_exception_handler(NotSignedIn, ask_to_sign_in)
    for kind in (NotFound, NotAllowed):
        app.add_exception_handler(kind, refuse)


def visit_of(request: Request) -> Visit:
    visit: Visit | None = request.scope.get(VISIT)
    if visit is None:
        raise RuntimeError("call shared.security.edge.install(app, settings) before serving")
    return visit


def look_again(request: Request) -> None:
    """What this process has just ended, it goes by from the next request on: a session, an access, a cover."""
    if fences := visit_of(request).fences:
        fences.look_again()
    request.app.state.running.covers.look_again()


async def _who(request: Request, visit: Visit, action: str) -> Actor:
    """The actor of a Bearer token, else of the cookie, else nobody; a bad cookie is nobody where nobody is welcome."""
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer":
            raise NotSignedIn(NOT_BELIEVED)
        return (await visit.believe(text.strip())).actor
    try:
        token = await visit.believe(request.cookies.get(visit.tokens.cookie_name, ""))
        if token.actor.person and not by_itself(request) and time.time() >= token.seen + LIFE:
            raise NotSignedIn(NOT_BELIEVED)  # what a page loads by itself renews no quiet session: this step does
        return token.actor
    except NotSignedIn as error:
        if action != "public" and _may_renew(request, visit):
            raise Renew(NOT_BELIEVED) from error
        if not permissions.may_at_all(ANYONE.role, action):
            raise
    return replace(ANYONE, duty=Duty())


async def _at_work(request: Request, actor: Actor) -> Actor:
    """With whom they cover for now, and the name and agency that the staff bar shows: no token carries them."""
    running = getattr(request.app.state, "running", None)
    if running is None or actor.role in (Role.PERSON, Role.ANYONE):
        return actor
    if actor.role in WALK and actor.agency is not None:
        actor = replace(actor, covers=await running.covers.of(running.pool, actor.id, actor.agency))
    if not wants_html(request):
        return actor
    worker = await running.names.of(running, actor)
    return replace(actor, name_for_pages=worker.name or actor.name_for_pages, agency_for_pages=worker.agency)


def _may_renew(request: Request, visit: Visit) -> bool:
    """A browser with a session, that has not just been sent to renew."""
    is_browser = wants_html(request) or "sec-fetch-mode" in request.headers
    return is_browser and bool(request.cookies.get(visit.tokens.session_cookie)) and not _braked(request, visit)


def _braked(request: Request, visit: Visit) -> bool:
    return visit.tokens.brake_cookie in request.cookies


def by_itself(request: Request) -> bool:
    """Whether a page asks for one of its parts: nobody did anything, so nobody's quiet time begins anew."""
    headers = request.headers
    if request.method not in forms.SAFE:
        return False
    if headers.get("accept", "").startswith("text/event-stream"):
        return True
    return "hx-request" in headers and "hx-boosted" not in headers and headers.get("hx-request-type") != "full"


async def ask_to_sign_in(request: Request, error: Exception) -> Response:
    """A page sends its reader to renew or to sign in, and back here afterwards; a program gets the 401."""
    if isinstance(error, Renew):
        return _send_to_renew(request)
    if not wants_html(request):
        return await problems.answer(request, error)
    back = request.url.path if request.method == "GET" and not is_htmx(request) else ""
    where = f"{SIGN_IN}?next={quote(back, safe='/')}" if back else SIGN_IN
    if is_htmx(request):
        return Response(status_code=401, headers={"HX-Redirect": where})
    return RedirectResponse(where, status_code=303)


async def refuse(request: Request, error: Exception) -> Response:
    """Said no to somebody who is signed in: written down before they read it."""
    visit, running = visit_of(request), getattr(request.app.state, "running", None)
    if visit.actor is not None and running is not None:
        path = getattr(request.scope.get("route"), "path", "")
        await visit.refusals.write_down(running.pool, visit.actor, visit.action, path, request.path_params)
    return await problems.answer(request, error)


def _send_to_renew(request: Request) -> Response:
    """By 303 for a page, by 307 for a form: the browser then sends what was typed again, and nothing is lost."""
    path, query = request.url.path, request.url.query
    back = f"{path}?{query}" if query and forms.is_own_path(f"{path}?{query}") else path
    where = f"{RENEW}?next={quote(back, safe='/')}" + ("&by=itself" if by_itself(request) else "")
    return RedirectResponse(where, status_code=303 if request.method in forms.SAFE else 307)


class Guard:
    """The middleware: keeps the demo at home, and unchecked answers in."""

    def __init__(self, app: ASGIApp, *, settings: Settings, tokens: Tokens, fences: Fences | None = None) -> None:
        self.app = app
        self.demo = settings.demo
        self.tokens = tokens
        self.fences = fences
        self.refusals = Refusals()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})  # none of ours; refused, not forgotten
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        if self.demo and not _at_home(scope, headers):
            response = await problems.answer(Request(scope, receive), Elsewhere(NOT_HERE))
            return await SafeHeaders(response, https=self.tokens.secure)(scope, receive, send)
        visit = scope[VISIT] = Visit(self.tokens, self.fences, self.refusals)
        with acting(NOTHING):  # until `allow` knows who asks
            await self.app(scope, receive, self._watch(scope, visit, send))

    def _watch(self, scope: Scope, visit: Visit, send: Send) -> Send:
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
            await send(message)

        return watched

    async def _hold_back(self, scope: Scope, action: str, send: Send) -> None:
        route = getattr(scope.get("route"), "path", None)
        log.error("permission.unchecked", reason=action, route=route)
        request = Request(scope)
        response = await problems.answer(request, Unchecked(f"{action}: nobody looked at the relation"))
        await SafeHeaders(response, https=self.tokens.secure)(scope, request.receive, send)


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
