"""The issuer, asked over HTTP: what it says of itself, the keys that it signs with, and a token for a code.

What it says is remembered for an hour; a key that we never heard of makes us look again, and strangers can't make us
look more than once in a while.
"""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from services.intake.signing_in.openid import Journey, NotBelieved, believe
from shared.runtime.errors import Refused
from shared.runtime.settings import Settings, keeps_secrets
from shared.security.signin import FROM_ISSUER

SCOPE = "openid email profile"
FRESH = 3600.0  # seconds that keys and addresses are remembered
LOOK_AGAIN = 30.0  # seconds between two looks for a key that we never heard of
SILENT = 5.0  # seconds that nobody makes us ask again, once it did not answer
PATIENCE = 5.0  # seconds for one answer of the issuer
LARGEST = 262_144  # bytes of one; a hundred keys have fewer
PUBLIC = frozenset({"RSA", "EC", "OKP"})
log = structlog.get_logger("intake")


class NotAnswering(Refused):
    status = 503
    title = "We could not ask who you are"

    def __init__(self) -> None:
        super().__init__(
            "The place where you sign in is not answering. Try again in a minute. Nothing here was changed."
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What the issuer says of itself, and its keys by their ids."""

    sign_in: str
    token: str
    jwks: str
    by_post: bool  # whether our secret goes into the body, where it takes none in a header
    names_itself: bool  # RFC 9207: whether it says who it is whenever it sends somebody back
    keys: Mapping[str, Key]
    asked_at: float


class Issuer:
    """One per process. Raises NotAnswering for whatever is not an answer."""

    def __init__(self, settings: Settings, now: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._now = settings, now
        self._known: Known | None = None
        self._silent_until = 0.0
        self._turn = asyncio.Lock()
        self._back = settings.public_url.rstrip("/") + FROM_ISSUER

    async def way_to(self, journey: Journey) -> str:
        """Where the browser goes."""
        known = await self._look()
        asks = {
            "response_type": "code",
            "client_id": journey.client,
            "redirect_uri": self._back,
            "scope": SCOPE,
            "state": journey.state,
            "nonce": journey.nonce,
            "code_challenge": journey.challenge,
            "code_challenge_method": "S256",
        }
        return f"{known.sign_in}{'&' if '?' in known.sign_in else '?'}{urlencode(asks)}"

    async def is_itself(self, named: str) -> bool:
        """Whether somebody who says to come from `named` comes from here, as far as the issuer says so at all."""
        return named == self._settings.oidc_issuer if named else not (await self._look()).names_itself

    async def claims_for(self, code: str, journey: Journey) -> Mapping[str, Any]:
        """Who the issuer says that it is, for a code of this journey. Raises NotBelieved."""
        known = await self._look()
        token = await self._token(known, code, journey)
        try:
            return believe(token, known.keys, journey, time.time())
        except NotBelieved as error:
            if error.reason != "key" or self._now() < known.asked_at + LOOK_AGAIN:
                raise
        return believe(token, (await self._look(again=True)).keys, journey, time.time())

    async def _token(self, known: Known, code: str, journey: Journey) -> str:
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": journey.verifier,
        }
        secret = self._settings.oidc_client_secret.get_secret_value()
        headers = {}
        if secret and not known.by_post:
            pair = f"{quote_plus(journey.client)}:{quote_plus(secret)}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            sent |= {"client_id": journey.client} | ({"client_secret": secret} if secret else {})
        status, answer = await _ask("POST", known.token, data=sent, headers=headers)
        if 400 <= status < 500:
            raise NotBelieved("code")
        token = answer.get("id_token")
        if status != httpx.codes.OK or not isinstance(token, str):
            raise NotAnswering
        return token

    async def _look(self, *, again: bool = False) -> Known:
        """One at a time; who waited goes by what the one before them heard."""
        before = self._known
        async with self._turn:
            known, now = self._known, self._now()
            if known is not None and now < known.asked_at + FRESH and not (again and known is before):
                return known
            if now < self._silent_until:
                raise NotAnswering
            try:
                known = self._known = await self._asked()
            except NotAnswering:
                self._silent_until = self._now() + SILENT
                raise
            return known

    async def _asked(self) -> Known:
        issuer = self._settings.oidc_issuer
        says = await _document(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if says.get("issuer") != issuer:
            log.error("the issuer goes by another name than THROUGHCARE_OIDC_ISSUER says", kind="openid")
            raise NotAnswering
        sign_in, token, jwks = (
            _address(says, f"{name}") for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        )
        ways = says.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return Known(
            sign_in,
            token,
            jwks,
            by_post="client_secret_basic" not in ways,
            names_itself=says.get("authorization_response_iss_parameter_supported") is True,
            keys=_keys(await _document(jwks)),
            asked_at=self._now(),
        )


def _address(says: Mapping[str, Any], name: str) -> str:
    """Where it says to go: an address that nobody on the way can read, or on this machine."""
    found = says.get(name)
    if not isinstance(found, str) or not keeps_secrets(found) or urlsplit(found).fragment:
        log.error("the issuer names no safe address", kind="openid", where=name)
        raise NotAnswering
    return found


def _keys(says: Mapping[str, Any]) -> Mapping[str, Key]:
    """Its public signing keys; what we can't read is left out, since others may be able to."""
    found: dict[str, Key] = {}
    listed = says.get("keys")
    for key in listed if isinstance(listed, list) else []:
        if isinstance(key, dict) and key.get("kty") in PUBLIC and key.get("use", "sig") == "sig":
            try:
                found[str(key.get("kid", ""))] = import_key(key)
            except (JoseError, ValueError, TypeError, KeyError):
                continue
    return found


async def _document(address: str) -> Mapping[str, Any]:
    status, says = await _ask("GET", address)
    if status != httpx.codes.OK:
        raise NotAnswering
    return says


async def _ask(method: str, address: str, **more: Any) -> tuple[int, Mapping[str, Any]]:
    """Status and JSON object; no redirect is followed, and no more is read than an answer may weigh, nor unpacked."""
    try:
        async with (
            httpx.AsyncClient(timeout=PATIENCE, headers={"Accept-Encoding": "identity"}) as client,
            client.stream(method, address, **more) as answer,
        ):
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise NotAnswering  # packed twice, a few kilobytes are gigabytes
            body = b""
            async for part in answer.aiter_raw():
                body += part
                if len(body) > LARGEST:
                    raise NotAnswering
            says = json.loads(body)
    except (httpx.HTTPError, ValueError, RecursionError) as error:
        log.warning("the issuer is not answering", kind="openid", error=type(error).__name__)
        raise NotAnswering from error
    return answer.status_code, says if isinstance(says, dict) else {}
