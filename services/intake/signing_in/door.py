"""The session of a browser: opened, renewed, ended. Only here are its cookies set.

A token that ran out sends its browser to `renew` and back: a page by 303, a form by 307, so that what was typed is sent
again by itself. Where the session is over too, a form comes back with all that was typed in it.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

import structlog
from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from services.intake.places import ASKED, ASKING
from services.intake.sessions import Session, hash_of, new_secret
from services.intake.signing_in.tries import address_of, place_of
from services.intake.signing_in.words import SAYS
from services.intake.store import sessions as store
from services.intake.store.accounts import know_device
from shared.messaging.outbox import Cause
from shared.runtime.reach import SERVICE, act
from shared.security.edge import allow, look_again, public, visit_of
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.security.signin import LANDING, RENEW, SIGN_IN, SIGN_OUT
from shared.security.tokens import LIFE
from shared.web import forms
from shared.web.accept import is_htmx, wants_html
from shared.web.edge import command, is_form, running, transaction
from shared.web.templates import render
from shared.web.words import lang_of

YEAR = 365 * 24 * 3600  # seconds that a browser is known
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

log = structlog.get_logger("intake")


async def at_the_door(_: Annotated[Actor, Depends(public)]) -> None:
    """Who somebody is, is found out here: nobody acts yet, and any account or session may be the one."""
    act(SERVICE)


router = APIRouter(include_in_schema=False, dependencies=[Depends(at_the_door)])


async def let_in(request: Request, actor: Actor, next: str = "", proof: str | None = None) -> Response:
    """Open a session of `actor` in this browser, in the place of any other, and lead to where they wanted to be.

    `proof`: the hash of what they proved themselves by, where that may be given up while they do."""
    visit, at = visit_of(request), time.time()
    async with command(running(request)) as tx:
        secret, session = await store.open_session(tx, actor, proof)
        if before := request.cookies.get(visit.tokens.session_cookie):
            await store.end_session(tx, before, "replaced", Cause(None, actor.cause))
    look_again(request)
    response = forms.see_other(next if forms.is_own_path(next) else LANDING.get(session.role, "/"), request)
    _set(request, response, session, at)
    response.headers.append("set-cookie", visit.tokens.set_cookie(visit.tokens.session_cookie, secret))
    log.info("signin.done", role=session.role.value, id=str(actor.id))
    return response


async def welcome(request: Request, actor: Actor, next: str = "", proof: str | None = None) -> Response:
    """The same for whoever has proved who they are: this browser is known from now on, so that strangers' tries are
    none of its owner's."""
    tokens = visit_of(request).tokens
    device = request.cookies.get(tokens.device_cookie) or new_secret()
    response = await let_in(request, actor, next, proof)
    async with transaction(running(request)) as tx:
        await know_device(tx, actor.id, hash_of(device))
    response.headers.append("set-cookie", tokens.set_cookie(tokens.device_cookie, device, lasts=YEAR))
    return response


def session_of(request: Request) -> UUID | None:
    """By the token of whoever asks."""
    tokens = visit_of(request).tokens
    token = request.cookies.get(tokens.cookie_name)
    return tokens.read(token).sid if token else None


async def place(request: Request, is_known: Callable[[Connection, bytes], Awaitable[bool]]) -> str:
    """Where a try comes from, as the count has it: a browser that its owner has used before, or an address."""
    if device := request.cookies.get(visit_of(request).tokens.device_cookie):
        async with transaction(running(request)) as tx:
            if await is_known(tx, hash_of(device)):
                return place_of(device)
    return address_of(request)


@router.post(SIGN_OUT)
async def sign_out(request: Request, actor: Annotated[Actor, Depends(allow("public"))]) -> Response:
    return await let_out(request, actor, forms.see_other(f"{SIGN_IN}?done=1", request))


async def let_out(request: Request, actor: Actor, response: Response) -> Response:
    """End the session by its own cookie, also where the token has run out, and answer with `response`."""
    if secret := request.cookies.get(visit_of(request).tokens.session_cookie):
        async with command(running(request)) as tx:
            await store.end_session(tx, secret, "signed_out", Cause(None, actor.cause))
        look_again(request)
    _forget(request, response)
    response.delete_cookie(ASKED, path=ASKING, httponly=True, samesite="lax")  # that they asked for help is gone too
    log.info("signin.ended", role=actor.role.value, id=str(actor.id))
    return response


@router.api_route(RENEW, methods=METHODS)
async def renew(request: Request, next: str = "", by: str = "") -> Response:
    """A fresh token for a live session, then back. `by=itself`: nobody did anything, so a quiet phone stays quiet."""
    secret, at = request.cookies.get(visit_of(request).tokens.session_cookie), time.time()
    session = None
    if secret:
        async with transaction(running(request)) as tx:
            session = await store.renew_session(tx, secret, step=by != "itself")
    if session is None:
        return await _over(request, next)
    where = next if forms.is_own_path(next) else LANDING.get(session.role, "/")
    response = RedirectResponse(where, 303 if request.method in forms.SAFE else 307)
    _set(request, response, session, at)
    response.headers.append("set-cookie", visit_of(request).tokens.brake())
    return response


def _set(request: Request, response: Response, session: Session, at: float) -> None:
    """`at`: from before the session was read."""
    tokens, lasts = visit_of(request).tokens, min(LIFE, session.left)
    token = tokens.issue_for(session.actor, session.id, quiet_for=session.quiet_for, lasts=lasts, at=at)
    response.headers.append("set-cookie", tokens.set_cookie(tokens.cookie_name, token))


def _forget(request: Request, response: Response) -> None:
    for cookie in visit_of(request).tokens.end_cookies():
        response.headers.append("set-cookie", cookie)


async def _over(request: Request, next: str) -> Response:
    """The session is over: to the sign-in page, or back with what was typed."""
    where = f"{SIGN_IN}?next={quote(next, safe='/')}" if forms.is_own_path(next) else SIGN_IN
    response: Response
    if is_htmx(request):
        response = Response(status_code=401, headers={"HX-Redirect": SIGN_IN})
    elif request.method in forms.SAFE or not wants_html(request) or not is_form(request):
        response = RedirectResponse(where, 303)
    else:
        response = await _kept(request, next)
    _forget(request, response)
    return response


async def _kept(request: Request, next: str) -> Response:
    sent = await forms.posted(request)
    typed = [(name, value) for name, value in sent.multi_items() if isinstance(value, str) and name != forms.TOKEN]
    return render(
        request,
        "session_over.html",
        status=401,
        says=SAYS[lang_of(request)],
        action=next if forms.is_own_path(next) else LANDING[Role.PERSON],
        typed=typed,
        sign_in=SIGN_IN,
    )
