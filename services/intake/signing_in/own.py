"""One's own password, phone and recovery codes: each changed behind the password and a code, and told to nobody else.

Whatever changes, one's other sessions end: whoever sat at a forgotten screen is out. A new phone is shown as a picture
first, sealed into the form for a few minutes, and takes the old one's place once it has shown a right code.
"""

import time
from base64 import b64decode, b64encode
from binascii import Error as BadText
from typing import Annotated, Any

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from services.intake.accounts import Stage
from services.intake.pages.frame import frame
from services.intake.sessions import AccessChanged
from services.intake.signing_in import codes, passwords
from services.intake.signing_in.door import session_of
from services.intake.signing_in.passwords import Passwords
from services.intake.signing_in.proving import Proving, require_passwords
from services.intake.signing_in.staff import Secret
from services.intake.store import accounts as store
from services.intake.store import sessions
from services.intake.store.accounts import Proofs
from shared.runtime.errors import Conflict, Invalid
from shared.security import audit
from shared.security.edge import allow, look_again
from shared.security.identity import Actor
from shared.security.sealing import Compartment, Keys, Tampered, open_sealed, seal
from shared.security.signin import OWN
from shared.web import forms
from shared.web.edge import cause_of, command, running, transaction
from shared.web.forms import Form
from shared.web.templates import render

WRONG = "That is not your password with a new code. Look at both, and wait for a new code."
OFFERED = "account.totp.offered"
OFFER_LASTS = 600  # seconds to set up a phone
SAID = {"password-changed": "Your password is changed.", "phone-changed": "Codes come from your new phone now."}
Owner = Annotated[Actor, Depends(allow("account.own"))]


class Proof(BaseModel):
    password: Secret
    code: forms.Line


class NewPassword(Proof):
    new: Secret


class NewPhone(BaseModel):
    offered: str
    code: forms.Line


def router(proving: Proving, hashing: Passwords) -> APIRouter:
    pages = Own(proving, hashing)
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(allow("account.own"))])
    routes.add_api_route(OWN, pages.show, methods=["GET"])
    routes.add_api_route(OWN + "/password", pages.change_password, methods=["POST"])
    routes.add_api_route(OWN + "/phone", pages.offer_phone, methods=["POST"])
    routes.add_api_route(OWN + "/phone/new", pages.change_phone, methods=["POST"])
    routes.add_api_route(OWN + "/recovery", pages.renew_recovery, methods=["POST"])
    return routes


class Own:
    """The handlers; an object so that they share what proves somebody."""

    def __init__(self, proving: Proving, hashing: Passwords) -> None:
        self._proving = proving
        self._hashing = hashing

    async def show(self, request: Request, actor: Owner) -> Response:
        return await _page(request, actor)

    async def change_password(self, request: Request, actor: Owner) -> Response:
        form = await forms.read(request, NewPassword, prefix="password-")
        mine = await _mine(request, actor)
        if form.value is not None:
            try:
                passwords.check_new(form.value.new, mine.account.sign_in)
            except Invalid as error:
                form.refuse(Invalid("new", str(error)))
        if form.value is None or not await self._is_theirs(request, mine, form, form.value):
            return await _page(request, actor, form)
        hashed = await self._hashing.hash(form.value.new)
        async with command(running(request)) as tx:
            await _change(request, tx, actor)
            await store.save_password(tx, actor.id, hashed)
        look_again(request)
        return forms.see_other(OWN, request, said="password-changed")

    async def offer_phone(self, request: Request, actor: Owner) -> Response:
        form = await forms.read(request, Proof, prefix="phone-")
        mine = await _mine(request, actor)
        if form.value is None or not await self._is_theirs(request, mine, form, form.value):
            return await _page(request, actor, form)
        secret = codes.new_secret()
        offered = await seal(_keys(request), actor.id, Compartment.IDENTITY, OFFERED, f"{time.time():.0f} {secret}")
        return _phone_page(request, actor, mine, secret, forms.blank(offered=b64encode(offered).decode()))

    async def change_phone(self, request: Request, actor: Owner) -> Response:
        form = await forms.read(request, NewPhone)
        mine = await _mine(request, actor)
        secret = await _offered(request, actor, str(form.typed.get("offered", "")))
        step = codes.step_of(secret, codes.plain(form.value.code), time.time(), None) if form.value else None
        if step is None:
            form.typed.pop("code", None)
            form.wrong = {"code": "That code is not of this picture. Wait for a new one and type that."}
            return _phone_page(request, actor, mine, secret, form, 422)
        sealed = await seal(_keys(request), actor.id, Compartment.IDENTITY, "account.totp", secret)
        async with command(running(request)) as tx:
            await _change(request, tx, actor)
            await store.save_phone(tx, actor.id, sealed, step)
        look_again(request)
        return forms.see_other(OWN, request, said="phone-changed")

    async def renew_recovery(self, request: Request, actor: Owner) -> Response:
        form = await forms.read(request, Proof, prefix="recovery-")
        mine = await _mine(request, actor)
        if form.value is None or not await self._is_theirs(request, mine, form, form.value):
            return await _page(request, actor, form)
        recovery = codes.new_recovery_codes()
        async with command(running(request)) as tx:
            await _change(request, tx, actor)
            await store.save_recovery(tx, actor.id, [codes.hash_of_recovery(one) for one in recovery])
        look_again(request)
        return render(request, "recovery_codes.html", codes="\n".join(recovery), count=len(recovery), next=OWN)

    async def _is_theirs(self, request: Request, mine: Proofs, form: Form[Any], given: Proof) -> bool:
        """Whether they proved it; else the form says what to do."""
        if await self._proving.prove(request, mine.account.sign_in, given.password, given.code):
            return True
        form.wrong = {"code": WRONG}
        return False


async def _mine(request: Request, actor: Actor) -> Proofs:
    """One's own account, where it has a password. Raises Conflict."""
    require_passwords(request)
    found = await _found(request, actor)
    if found is None or found.password is None:
        raise Conflict("You have no password here. Whoever looks after accounts can make you a link to set one up.")
    return found


async def _found(request: Request, actor: Actor) -> Proofs | None:
    async with transaction(running(request)) as tx:
        return await store.find_proofs(tx, actor.id)


async def _change(request: Request, tx: Connection, actor: Actor) -> None:
    """Their other sessions end, and it is written down. Raises AccessChanged where their access ended meanwhile."""
    if (await store.lock_account(tx, actor.id)).stage is not Stage.ACTIVE:
        raise AccessChanged
    await sessions.check_not_ended(tx, session_of(request))
    await sessions.end_sessions(tx, actor.id, "password_changed", cause_of(actor), but=session_of(request))
    await store.say_replaced(tx, actor.id, "own", cause_of(actor))
    await audit.record(tx, actor, "account.own", None, f"account/{actor.id}", "administration")


async def _offered(request: Request, actor: Actor, sealed: str) -> str:
    """The secret that this account was shown lately. Raises Conflict."""
    try:
        bytes_ = b64decode(sealed, validate=True)
        text = await open_sealed(_keys(request), actor.id, Compartment.IDENTITY, OFFERED, bytes_)
    except (BadText, ValueError, Tampered):
        text = "0 "
    offered_at, _, secret = text.partition(" ")
    if time.time() > int(offered_at) + OFFER_LASTS:
        raise Conflict("That picture is too old. Your phone is the one it was. Begin again.")
    return secret


def _keys(request: Request) -> Keys:
    return running(request).keys


async def _page(request: Request, actor: Actor, form: Form[Any] | None = None) -> Response:
    """Three forms; the one that was sent says what to mend."""
    found, settings = await _found(request, actor), running(request).settings
    asked = {prefix: forms.blank(prefix=f"{prefix}-") for prefix in ("password", "phone", "recovery")}
    if form is not None:
        form.typed = {}  # passwords and codes are not written back
        asked[form.prefix.rstrip("-")] = form
    return render(
        request,
        "own.html",
        status=422 if form else 200,
        sign_in=found.account.sign_in if found else "",
        can_change=settings.passwords and found is not None and found.password is not None,
        issuer=settings.oidc_name if settings.oidc_issuer else "",
        forms=asked,
        shortest=passwords.SHORTEST,
        action=OWN,
        said=SAID,
        **frame(actor, OWN),
        lang="en",
    )


def _phone_page(
    request: Request, actor: Actor, mine: Proofs, secret: str, form: Form[NewPhone], status: int = 200
) -> Response:
    return render(
        request,
        "own_phone.html",
        status=status,
        form=form,
        action=OWN + "/phone/new",
        back=OWN,
        secret=codes.spelled(secret),
        picture=codes.picture_of(codes.address_of(secret, mine.account.sign_in)),
        **frame(actor, OWN),
        lang="en",
    )
