"""Tokens: who is acting, signed by intake for five minutes; what every service reads and none has to ask about.

A browser keeps one in a cookie beside its session cookie, which only intake can read anything from; programs send it as
`Authorization: Bearer`. No name travels in it; and by which of their two PINs a person came in is a seal that only the
network's own secret tells from the other.
"""

import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import CompactSignature

from shared.runtime.settings import Settings
from shared.security.identity import PLAIN_NAMES, Actor, NotSignedIn
from shared.security.permissions import Role
from shared.security.signing import ALGORITHM, SigningKeys

LIFE = 300  # seconds: how long a service goes by what intake said, if it hears of no ending before
LIFE_OF_A_VOICE = 12 * 3600  # seconds; of the demo's own command line, which has no session to renew from
AHEAD = 60  # seconds that another machine's clock may run before ours
WIDEST = 3 * len("1795417251.161")  # characters; the three moments of a token, so that its length tells nothing
TOO_LONG = 2048  # characters; ours have about 500, and nothing longer is worth a look
NOT_BELIEVED = "You are not signed in, or were away for too long. Sign in again; nothing you saved is lost."


@dataclass(frozen=True, slots=True)
class Token:
    """`sid` is the session it belongs to: None for a voice of the demo. Times are Unix seconds."""

    actor: Actor
    sid: UUID | None
    issued: float
    expires: float
    seen: float  # when the session's owner last did something
    demo: bool = False


class Tokens:
    """Makes and reads them. Raises NotSignedIn for whatever it can't believe, and says no more."""

    def __init__(self, settings: Settings, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._demo = settings.demo
        self._keys = SigningKeys(settings)
        self._secret = settings.signing_secret.get_secret_value().encode()
        self._audience = settings.public_url.rstrip("/")
        self._issuer = f"{self._audience}/intake"
        url = urlsplit(settings.public_url)
        self.secure = url.scheme == "https"
        # Browsers keep one jar for all ports of a host: the port tells two checkouts on one machine apart.
        jar = "__Host-throughcare" if self.secure else f"throughcare_{url.port or 80}"
        self.cookie_name, self.session_cookie, self.brake_cookie = jar, f"{jar}_session", f"{jar}_renewed"
        self.journey_cookie = f"{jar}_journey"  # on the way to an issuer elsewhere and back
        self.device_cookie = f"{jar}_device"  # that somebody has signed in from here; it lets nobody in

    def issue(self, actor: Actor, *, lasts: float = LIFE) -> str:
        """A token without a session: a voice of the demo, and worth nothing outside it."""
        return self._signed(actor, lasts, 0.0, {})

    def issue_for(
        self, actor: Actor, sid: UUID, *, quiet_for: float = 0.0, lasts: float = LIFE, at: float | None = None
    ) -> str:
        """A token of a session whose owner has been quiet for so many seconds.

        `at`: from before their role was read (Unix seconds), so that what changed it since cuts this one short too.
        """
        view = {"view": self._view(sid, actor.harmless)} if actor.person else {}
        return self._signed(actor, min(lasts, LIFE), quiet_for, {"sid": str(sid)} | view, at)

    def _signed(
        self, actor: Actor, lasts: float, quiet_for: float, more: Mapping[str, str], at: float | None = None
    ) -> str:
        now = round(self._now() if at is None else at, 3)
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "iat": now,
            "exp": now + lasts,
            "sub": str(actor.id),
            "role": actor.role.value,
            "seen": round(now - quiet_for, 3),
            **({"agency": str(actor.agency)} if actor.agency else {}),
            **({"demo": True} if self._demo else {}),
            **more,
        }
        claims["pad"] = "." * (WIDEST - sum(len(repr(claims[name])) for name in ("iat", "exp", "seen")))
        key = self._keys.current()
        return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key, algorithms=[ALGORITHM])

    def read(self, token: str) -> Token:
        """The token, if intake signed it for this network, lately, and with a key that is still believed."""
        found = self._believed(self._claims(token))
        now = self._now()
        in_time = found.issued <= now + AHEAD and now < found.expires
        of_ours = self._demo if found.demo else found.sid is not None
        if not (in_time and of_ours):
            raise NotSignedIn(NOT_BELIEVED)
        return found

    def set_cookie(self, name: str, value: str, *, lasts: int = 0) -> str:
        """The Set-Cookie header. Without `lasts` (seconds), closing the browser ends it."""
        return self._header(name, value, *([f"Max-Age={lasts}"] if lasts else []))

    def end_cookies(self) -> list[str]:
        names = (self.cookie_name, self.session_cookie, self.brake_cookie)
        return [self.end_cookie(name) for name in names]

    def end_cookie(self, name: str) -> str:
        return self._header(name, "", "Max-Age=0")

    def brake(self) -> str:
        """What keeps a browser from renewing over and over, should a fresh token not be believed either."""
        return self._header(self.brake_cookie, "1", "Max-Age=10")

    def _header(self, name: str, value: str, *more: str) -> str:
        parts = [f"{name}={value}", "Path=/", "HttpOnly", "SameSite=Strict", *more]
        return "; ".join([*parts, "Secure"] if self.secure else parts)

    def _claims(self, token: str) -> Mapping[str, Any]:
        if not token or len(token) > TOO_LONG or token.count(".") != 2:
            raise NotSignedIn(NOT_BELIEVED)
        try:
            return jwt.decode(token, self._key_of, algorithms=[ALGORITHM]).claims  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise NotSignedIn(NOT_BELIEVED) from error

    def _key_of(self, signature: CompactSignature) -> OKPKey:
        key = self._keys.known(signature.headers().get("kid"), self._now())
        if key is None:
            raise NotSignedIn(NOT_BELIEVED)
        return key

    def _believed(self, claims: Mapping[str, Any]) -> Token:
        if claims.get("iss") != self._issuer or claims.get("aud") != self._audience:
            raise NotSignedIn(NOT_BELIEVED)
        try:
            id, role = UUID(claims["sub"]), Role(claims["role"])
            sid, agency = (UUID(claims[name]) if name in claims else None for name in ("sid", "agency"))
            issued, expires, seen = (float(claims[name]) for name in ("iat", "exp", "seen"))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise NotSignedIn(NOT_BELIEVED) from error
        if role is Role.ANYONE:
            raise NotSignedIn(NOT_BELIEVED)
        person = id if role is Role.PERSON else None
        harmless = person is not None and sid is not None and self._is_harmless(sid, claims.get("view"))
        actor = actor_of(id, role, agency, person, harmless=harmless)
        return Token(actor, sid, issued, expires, seen, claims.get("demo") is True)

    def _is_harmless(self, sid: UUID, view: object) -> bool:
        """Both are compared, whichever it is; what is neither is not believed."""
        given = str(view).encode()
        whole, harmless = (hmac.compare_digest(self._view(sid, of).encode(), given) for of in (False, True))
        if not (whole or harmless):
            raise NotSignedIn(NOT_BELIEVED)
        return harmless

    def _view(self, sid: UUID, harmless: bool) -> str:
        return hmac.digest(self._secret, b"throughcare.view\0" + sid.bytes + bytes([harmless]), "sha256").hex()[:20]


def actor_of(id: UUID, role: Role, agency: UUID | None, person: UUID | None, *, harmless: bool = False) -> Actor:
    """The actor, called by their role in plain words: the name is the page's to ask for (`shared/web/staff.py`)."""
    plain = PLAIN_NAMES.get(role, role.value.replace("_", " ").capitalize())
    return Actor(id, role, agency, person, plain, harmless=harmless)
