"""Staff sign in with name, password and a code, all on one page; or by a door elsewhere that the page leads to."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, StringConstraints
from starlette.responses import Response

from services.intake.accounts import Account
from services.intake.signing_in import passwords
from services.intake.signing_in.door import at_the_door, welcome
from services.intake.signing_in.proving import Proving, require_passwords
from shared.security.signin import AT_ISSUER, STAFF_SIGN_IN
from shared.security.tokens import actor_of
from shared.web import forms
from shared.web.edge import running
from shared.web.forms import Form
from shared.web.templates import render

WRONG = "That did not open an account. Look at all three, and wait for a new code."
Secret = Annotated[str, StringConstraints(min_length=1, max_length=passwords.LONGEST)]  # spaces belong to it


class SignIn(BaseModel):
    name: Annotated[forms.Line, StringConstraints(to_lower=True)]
    password: Secret
    code: forms.Line
    next: str = ""


def router(proving: Proving) -> APIRouter:
    pages = Staff(proving)
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(at_the_door)])
    routes.add_api_route(STAFF_SIGN_IN, pages.show, methods=["GET"])
    routes.add_api_route(STAFF_SIGN_IN, pages.sign_in, methods=["POST"])
    return routes


class Staff:
    """The handlers; an object so that they share what proves somebody."""

    def __init__(self, proving: Proving) -> None:
        self._proving = proving

    async def show(self, request: Request, next: str = "") -> Response:
        return _page(request, forms.blank(next=next))

    async def sign_in(self, request: Request) -> Response:
        require_passwords(request)
        form = await forms.read(request, SignIn)
        given = form.value
        if given is None:
            return _page(request, form, 422)
        proofs = await self._proving.prove(request, given.name, given.password, given.code)
        if proofs is None:
            form.wrong = {"code": WRONG}
            return _page(request, form, 422)
        return await welcome_in(request, proofs.account, given.next, proofs.password)


async def welcome_in(request: Request, account: Account, next: str = "", proof: str | None = None) -> Response:
    return await welcome(request, actor_of(account.id, account.role, account.agency, None), next, proof)


def _page(request: Request, form: Form[SignIn], status: int = 200) -> Response:
    settings, next = running(request).settings, str(form.typed.get("next", ""))
    form.typed.pop("code", None)  # it is not written back
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
