"""The link of an invitation: choose a password, set up the phone, write down ten recovery codes, and be signed in.

Opening it changes nothing, since programs that scan mail open links; it is used up when the form is right.
"""

import time

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from services.intake.accounts import accept
from services.intake.sessions import hash_of
from services.intake.signing_in import codes, passwords
from services.intake.signing_in.door import at_the_door
from services.intake.signing_in.passwords import Passwords
from services.intake.signing_in.proving import require_passwords
from services.intake.signing_in.staff import Secret, welcome_in
from services.intake.signing_in.tries import Tries, address_of
from services.intake.store import accounts as store
from services.intake.store.accounts import Proofs
from shared.messaging.outbox import Cause
from shared.runtime.errors import Invalid, NotFound
from shared.security.sealing import Compartment, open_sealed
from shared.security.signin import INVITED, LANDING, STAFF_SIGN_IN
from shared.web import forms
from shared.web.edge import command, running, transaction
from shared.web.forms import Form
from shared.web.templates import render


class Chosen(BaseModel):
    password: Secret
    code: forms.Line


def router(tries: Tries, hashing: Passwords) -> APIRouter:
    pages = Invitations(tries, hashing)
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(at_the_door)])
    routes.add_api_route(INVITED + "/{code}", pages.show, methods=["GET"])
    routes.add_api_route(INVITED + "/{code}", pages.take, methods=["POST"])
    return routes


class Invitations:
    """The handlers; an object so that they share the count of tries and the hands that hash."""

    def __init__(self, tries: Tries, hashing: Passwords) -> None:
        self._tries = tries
        self._hashing = hashing

    async def show(self, request: Request, code: str) -> Response:
        if not running(request).settings.passwords:
            return forms.see_other(STAFF_SIGN_IN, request)
        proofs, secret = await self._found(request, code)
        return _page(request, code, proofs, secret, forms.blank())

    async def take(self, request: Request, code: str) -> Response:
        require_passwords(request)
        self._tries.count("an invitation", address_of(request))
        proofs, secret = await self._found(request, code)
        form = await forms.read(request, Chosen)
        step = None
        if form.value is not None:
            try:
                passwords.check_new(form.value.password, proofs.account.sign_in)
            except Invalid as error:
                form.refuse(error)
            else:
                step = codes.step_of(secret, codes.plain(form.value.code), time.time(), None)
                if step is None:
                    form.refuse(Invalid("code", "That code is not of this picture. Wait for a new one and type that."))
        if form.value is None or step is None:
            form.typed = {}  # neither is written back
            return _page(request, code, proofs, secret, form, 422)
        return await self._settle(request, code, form.value.password, step, proofs)

    async def _settle(self, request: Request, code: str, password: str, step: int, proofs: Proofs) -> Response:
        hashed = await self._hashing.hash(password)
        recovery = codes.new_recovery_codes()
        async with command(running(request)) as tx:
            account = await store.lock_invited(tx, hash_of(code))
            if account is None:
                raise NotFound("invitation", "of this link")
            hashes = [codes.hash_of_recovery(one) for one in recovery]
            cause = Cause(None, f"{account.role}:{account.id}")
            await store.save_accepted(tx, accept(account), hashed, step, hashes, cause)
        self._tries.succeeded("an invitation", address_of(request))
        session = await welcome_in(request, proofs.account)
        page = render(
            request,
            "recovery_codes.html",
            codes="\n".join(recovery),
            count=len(recovery),
            next=LANDING[account.role],
        )
        for cookie in session.headers.getlist("set-cookie"):
            page.headers.append("set-cookie", cookie)
        return page

    async def _found(self, request: Request, code: str) -> tuple[Proofs, str]:
        """Raises NotFound for a link that was used, ran out, or never was: the three look alike."""
        here = running(request)
        async with transaction(here) as tx:
            found = await store.find_invited(tx, hash_of(code))
        if found is None or found.totp is None:
            raise NotFound("invitation", "of this link")
        id = found.account.id
        return found, await open_sealed(here.keys, id, Compartment.IDENTITY, "account.totp", found.totp)


def _page(request: Request, code: str, proofs: Proofs, secret: str, form: Form[Chosen], status: int = 200) -> Response:
    return render(
        request,
        "invited.html",
        status=status,
        form=form,
        action=f"{INVITED}/{code}",
        sign_in=proofs.account.sign_in,
        secret=codes.spelled(secret),
        picture=codes.picture_of(codes.address_of(secret, proofs.account.sign_in)),
        shortest=passwords.SHORTEST,
    )
