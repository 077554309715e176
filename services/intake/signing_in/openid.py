"""What of OpenID Connect is decided without asking anybody: the way to the issuer, and which ID token is believed.

State, nonce and PKCE verifier follow from one secret in the browser's cookie and from the issuer's name. So no server
keeps a list of ways under way, and what came of one browser, or of another issuer, fits no other.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import CompactSignature

from services.intake.known import plain

ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519")  # public keys alone: no `none`, and nothing by the client's secret
SKEW = 60  # seconds that the issuer's clock may be off
OLD = 600  # seconds after which an ID token is none of the way that just ended
TOO_LONG = 16_384  # characters of an ID token; some issuers write every group of somebody into it
VERIFIED = frozenset({"email", "phone_number"})  # claims that say beside them whether anybody has looked


class NotBelieved(Exception):
    """`reason` is a code for the log: nobody who tries is told."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Journey:
    """One browser's way to the issuer and back."""

    secret: str
    issuer: str
    client: str

    @property
    def state(self) -> str:
        return self._derived("state")

    @property
    def nonce(self) -> str:
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        return _base64(sha256(self.verifier.encode()).digest())

    def _derived(self, use: str) -> str:
        text = "\0".join((use, self.issuer, self.client))
        return _base64(hmac.digest(self.secret.encode(), text.encode(), sha256))


def set_out(issuer: str, client: str) -> Journey:
    return Journey(secrets.token_urlsafe(32), issuer, client)


def believe(token: str, keys: Mapping[str, Key], journey: Journey, now: float) -> Mapping[str, Any]:
    """The claims of an ID token that this issuer signed for us, just now, for this browser. Raises NotBelieved."""
    if len(token) > TOO_LONG:
        raise NotBelieved("form")
    try:
        claims = jwt.decode(token, _finder(keys), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise NotBelieved("signature") from error
    for reason, holds in (
        ("issuer", claims.get("iss") == journey.issuer),
        ("audience", _is_for(claims, journey.client)),
        ("expired", _is_of_now(claims, now)),
        ("nonce", _same(claims.get("nonce"), journey.nonce)),
        ("subject", isinstance(claims.get("sub"), str) and claims["sub"] != ""),
    ):
        if not holds:
            raise NotBelieved(reason)
    return claims


def known_by(claims: Mapping[str, Any], claim: str) -> str | None:
    """What the issuer knows somebody by, as `plain` writes it; None where it says nothing, or has not looked."""
    value = claims.get(claim)
    if not isinstance(value, str) or not plain(value):
        return None
    if claim in VERIFIED and claims.get(f"{claim}_verified") is not True:
        return None
    return plain(value)


def subject_of(claims: Mapping[str, Any]) -> bytes:
    """Who somebody is to the issuer: it never gives this to anybody else, as it may an e-mail address."""
    return sha256(f"{claims['iss']}\0{claims['sub']}".encode()).digest()


def _finder(keys: Mapping[str, Key]) -> Callable[[CompactSignature], Key]:
    def find(signature: CompactSignature) -> Key:
        kid = signature.headers().get("kid")
        if kid is None and len(keys) == 1:
            return next(iter(keys.values()))
        key = keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise NotBelieved("key")
        return key

    return find


def _is_for(claims: Mapping[str, Any], client: str) -> bool:
    audience, party = claims.get("aud"), claims.get("azp")
    if isinstance(audience, list) and len(audience) > 1:
        return client in audience and party == client
    return audience in (client, [client]) and party in (None, client)


def _is_of_now(claims: Mapping[str, Any], now: float) -> bool:
    times = [claims.get(name) for name in ("exp", "iat")]
    if not all(isinstance(time, int | float) and not isinstance(time, bool) for time in times):
        return False
    expires, issued = times
    starts = claims.get("nbf", issued)
    is_open = isinstance(starts, int | float) and starts <= now + SKEW
    return is_open and now - OLD <= issued <= now + SKEW and now < expires + SKEW  # type: ignore[operator]


def _same(given: object, expected: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode())


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
