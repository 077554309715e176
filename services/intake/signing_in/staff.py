"""Staff sign in with name, password and a code, all on one page and judged together.

So no answer tells which of the three was wrong, whether there is such a name, or that a guessed password was right.
"""

import asyncio
import time
from typing import Annotated
from urllib.parse import urlencode

import structlog
from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, StringConstraints
from starlette.responses import Response

from services.intake.accounts import Account, Stage
from services.intake.sessions import hash_of, new_secret
from services.intake.signing_in import codes, passwords
from services.intake.signing_in.door import at_the_door, let_in
from services.intake.signing_in.passwords import Passwords
from services.intake.signing_in.tries import Tries, address_of
from services.intake.store import accounts as store
from services.intake.store.accounts import Proofs
from shared.runtime.errors import NotAllowed
from shared.security.edge import visit_of
from shared.security.sealing import Compartment, open_sealed
from shared.security.signin import AT_ISSUER, STAFF_SIGN_IN
from shared.security.tokens import actor_of
from shared.web import forms
from shared.web.edge import command, running, transaction
from shared.web.forms import Form
from shared.web.templates import render

WRONG = "That did not open an account. Look at all three, and wait for a new code."
SAME_TIME = 0.75  # seconds that every refusal takes, so that none tells by its time what was looked at
YEAR = 365 * 24 * 3600  # seconds that a browser is known
log = structlog.get_logger("intake")
Secret = Annotated[str, StringConstraints(min_length=1, max_length=passwords.LONGEST)]  # spaces belong to it


class SignIn(BaseModel):
    name: Annotated[forms.Line, StringConstraints(to_lower=True)]
    password: Secret
    code: forms.Line
    next: str = ""


def router(tries: Tries, hashing: Passwords) -> APIRouter:
    pages = Staff(tries, hashing)
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(at_the_door)])
    routes.add_api_route(STAFF_SIGN_IN, pages.show, methods=["GET"])
    routes.add_api_route(STAFF_SIGN_IN, pages.sign_in, methods=["POST"])
    return routes


class Staff:
    """The handlers; an object so that they share the count of tries and the hands that hash."""

    def __init__(self, tries: Tries, hashing: Passwords) -> None:
        self._tries = tries
        self._hashing = hashing

    async def show(self, request: Request, next: str = "") -> Response:
        return _page(request, forms.blank(next=next))

    async def sign_in(self, request: Request) -> Response:
        require_passwords(request)
        began = time.monotonic()
        form = await forms.read(request, SignIn)
        if form.value is None:
            return _page(request, form, 422)
        place = await _place(request, form.value.name)
        self._tries.count(form.value.name, place)
        proofs = await self._proved(request, form.value)
        if proofs is None:
            log.info("signin.refused")  # not by which name: somebody may have typed their password there
            await asyncio.sleep(began + SAME_TIME - time.monotonic())
            form.wrong = {"code": WRONG}
            form.typed.pop("code", None)
            return _page(request, form, 422)
        self._tries.succeeded(form.value.name, place)
        return await welcome_in(request, proofs.account, form.value.next)

    async def _proved(self, request: Request, given: SignIn) -> Proofs | None:
        """The account, if all is right; the code is used up then. Everything is looked at, whatever is wrong."""
        here = running(request)
        async with transaction(here) as tx:
            found = await store.find_by_sign_in(tx, given.name)
        known = found is not None and found.account.stage is Stage.ACTIVE
        right = await self._hashing.is_right(found.password if found and known else None, given.password)
        if found is None or not right or not known:
            return None
        async with command(here) as tx:
            if not await _takes_code(request, tx, found, codes.plain(given.code)):
                return None
        if found.password and passwords.needs_rehash(found.password):
            fresh = await self._hashing.hash(given.password)
            async with transaction(here) as tx:
                await store.save_password(tx, found.account.id, fresh)
        return found


async def _takes_code(request: Request, tx: Connection, found: Proofs, code: str) -> bool:
    """Whether the code is right and new; it is used from here on."""
    if not codes.is_of_app(code):
        return await store.take_recovery(tx, found.account.id, codes.hash_of_recovery(code))
    if found.totp is None:
        return False
    keys = running(request).keys
    secret = await open_sealed(keys, found.account.id, Compartment.IDENTITY, "account.totp", found.totp)
    step = codes.step_of(secret, code, time.time(), found.step)
    return step is not None and await store.take_step(tx, found.account.id, step)


async def welcome_in(request: Request, account: Account, next: str = "") -> Response:
    """A session; and this browser is known from now on, so that strangers' tries are none of its owner's."""
    tokens = visit_of(request).tokens
    device = request.cookies.get(tokens.device_cookie) or new_secret()
    async with transaction(running(request)) as tx:
        await store.know_device(tx, account.id, hash_of(device))
    response = await let_in(request, actor_of(account.id, account.role, account.agency, None), next)
    response.headers.append("set-cookie", tokens.set_cookie(tokens.device_cookie, device, lasts=YEAR))
    return response


async def _place(request: Request, name: str) -> str:
    """Where a try comes from, as the count has it: a browser that this account knows, or an address."""
    device = request.cookies.get(visit_of(request).tokens.device_cookie)
    if device:
        async with transaction(running(request)) as tx:
            if await store.is_known_device(tx, name, hash_of(device)):
                return f"device {hash_of(device).hex()}"
    return address_of(request)


class NoPasswords(NotAllowed):
    title = "Passwords are not used here"

    def __init__(self) -> None:
        super().__init__("Sign in with your work account instead. Whoever looks after accounts can help you.")


def require_passwords(request: Request) -> None:
    """Raises NoPasswords where this network lets its staff in by its issuer alone."""
    if not running(request).settings.passwords:
        raise NoPasswords


def _page(request: Request, form: Form[SignIn], status: int = 200) -> Response:
    settings, next = running(request).settings, str(form.typed.get("next", ""))
    elsewhere = f"{AT_ISSUER}?{urlencode({'next': next})}" if forms.is_own_path(next) else AT_ISSUER
    return render(
        request,
        "sign_in_staff.html",
        status=status,
        form=form,
        action=STAFF_SIGN_IN,
        next=next,
        passwords=settings.passwords,
        elsewhere=elsewhere if settings.oidc_issuer else "",
        issuer=settings.oidc_name,
    )
