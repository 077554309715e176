"""Staff sign in at an OpenID issuer of the network's choice, and come back as the account that was made for them.

Nobody gets an account by it: an administrator has said before by what the issuer knows them. The first time ties the
account to who they are there, so that an e-mail address that is given to somebody else opens nothing.
"""

import hmac
from typing import Annotated
from urllib.parse import quote, unquote, urlencode

import structlog
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from services.intake.accounts import Account, arrive
from services.intake.known import index_of
from services.intake.signing_in import openid
from services.intake.signing_in.door import at_the_door
from services.intake.signing_in.issuer import Issuer
from services.intake.signing_in.openid import Journey, NotBelieved
from services.intake.signing_in.staff import welcome_in
from services.intake.signing_in.tries import Tries, address_of
from services.intake.store import accounts as store
from shared.runtime.errors import NotFound
from shared.runtime.settings import Settings
from shared.security.edge import visit_of
from shared.security.signin import AT_ISSUER, FROM_ISSUER, STAFF_SIGN_IN
from shared.web import forms
from shared.web.edge import command, running
from shared.web.templates import render

LASTS = 600  # seconds that somebody may take at the issuer
LOCK = "an issuer"  # what tries are counted under
log = structlog.get_logger("intake")
Told = Annotated[str, Query(max_length=2048)]


def router(settings: Settings, tries: Tries) -> APIRouter:
    pages = Elsewhere(settings, tries)
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(at_the_door)])
    routes.add_api_route(AT_ISSUER, pages.leave, methods=["GET"])
    routes.add_api_route(FROM_ISSUER, pages.come_back, methods=["GET"])
    return routes


class Elsewhere:
    """The handlers; an object so that they share what is known of the issuer."""

    def __init__(self, settings: Settings, tries: Tries) -> None:
        self._settings, self._tries = settings, tries
        self._issuer = Issuer(settings)

    async def leave(self, request: Request, next: str = "") -> Response:
        """To the issuer, with a fresh secret in this browser that only the way back needs."""
        self._offered()
        journey = openid.set_out(self._settings.oidc_issuer, self._settings.oidc_client_id)
        response = RedirectResponse(await self._issuer.way_to(journey), 303)
        kept = f"{journey.secret}.{quote(next, safe='/') if forms.is_own_path(next) else ''}"
        tokens = visit_of(request).tokens
        response.headers.append("set-cookie", tokens.set_cookie(tokens.journey_cookie, kept, lasts=LASTS))
        return response

    async def come_back(
        self, request: Request, code: Told = "", state: Told = "", iss: Told = "", again: str = ""
    ) -> Response:
        """From the issuer. The browser's cookies don't come along from another site, so it asks once more from here."""
        self._offered()
        tokens = visit_of(request).tokens
        kept = request.cookies.get(tokens.journey_cookie, "")
        if not kept and not again:
            return _ask_again(request, code, state, iss)
        secret, _, next = kept.partition(".")
        journey = self._journey(secret)
        if not secret or not hmac.compare_digest(state.encode(), journey.state.encode()):
            return self._refused(request, "state")
        try:
            account = await self._proved(request, code, iss, journey)
        except NotBelieved as error:
            response = self._refused(request, error.reason)
        else:
            response = await welcome_in(request, account, unquote(next))
        response.headers.append("set-cookie", tokens.end_cookie(tokens.journey_cookie))
        return response

    async def _proved(self, request: Request, code: str, iss: str, journey: Journey) -> Account:
        if not await self._issuer.is_itself(iss):
            raise NotBelieved("mix-up")
        if not code:
            raise NotBelieved("not-there")  # they pressed no, or have no account there
        self._tries.count(LOCK, address_of(request))
        claims = await self._issuer.claims_for(code, journey)
        known_as = openid.known_by(claims, self._settings.oidc_claim)
        if known_as is None:
            raise NotBelieved("claim")
        account = await _arrived(request, known_as, openid.subject_of(claims))
        self._tries.succeeded(LOCK, address_of(request))
        return account

    def _journey(self, secret: str) -> Journey:
        return Journey(secret, self._settings.oidc_issuer, self._settings.oidc_client_id)

    def _offered(self) -> None:
        if not self._settings.oidc_issuer:
            raise NotFound("issuer", "of this network")

    def _refused(self, request: Request, reason: str) -> Response:
        """One page for all that can be wrong: the log knows which it was."""
        log.info("signin.refused", reason=f"openid.{reason}")
        name = self._settings.oidc_name
        return render(request, "signed_in_elsewhere.html", status=403, name=name, again=AT_ISSUER, back=STAFF_SIGN_IN)


def _ask_again(request: Request, code: str, state: str, iss: str) -> Response:
    here = f"{FROM_ISSUER}?{urlencode({'code': code, 'state': state, 'iss': iss, 'again': '1'})}"
    response = render(request, "signing_in_on.html", here=here)
    response.headers["refresh"] = f"0;url={here}"
    return response


async def _arrived(request: Request, known_as: str, subject: bytes) -> Account:
    """The account that an administrator tied to this; whoever is invited is here from now on."""
    index = await index_of(running(request).keys, known_as)
    async with command(running(request)) as tx:
        found = await store.lock_known_as(tx, index)
        if found is None:
            raise NotBelieved("account")
        account, tied_to = found
        if tied_to is not None and not hmac.compare_digest(tied_to, subject):
            raise NotBelieved("another")
        account = arrive(account)
        await store.save_arrived(tx, account, subject)
    return account
