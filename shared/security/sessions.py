"""Sessions as signed tokens, one form for cookies and for programs' `Authorization: Bearer`.

All services stand behind one origin, so one cookie at `/` serves all four, and each checks the signature by itself:
no service asks another who somebody is. The price is that a token can't be called back before it runs out, so the
person's runs out after 15 quiet minutes on what may be a borrowed phone.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from shared.runtime.settings import Settings
from shared.security.cast import NAMES
from shared.security.identity import PLAIN_NAMES, Actor, NotSignedIn
from shared.security.permissions import Role

QUIET = 15 * 60  # seconds a person's session outlives their last step; HIPAA's automatic logoff, on a phone
LONGEST = 12 * 3600  # seconds from signing in: one long shift, and no session of a person slides past it
RENEW_AFTER = 60  # seconds; renewing on every answer would set a cookie on every fragment
AHEAD = 60  # seconds that another machine's clock may run before ours
TOO_LONG = 1024  # characters; ours have about 200, and nothing longer is worth a hash
SALT = "throughcare.session.v1"
NOT_BELIEVED = "You are not signed in, or were away for too long. Sign in again; nothing you saved is lost."


@dataclass(frozen=True, slots=True)
class Session:
    actor: Actor
    since: int  # Unix seconds of signing in
    renewed: int  # Unix seconds of this token
    demo: bool = True

    @property
    def ends(self) -> int:
        """Unix seconds after which the token is refused."""
        longest = self.since + LONGEST
        return min(self.renewed + QUIET, longest) if self.actor.role is Role.PERSON else longest


class Sessions:
    """Makes and reads tokens with the network's signing secret. Raises NotSignedIn for whatever it can't believe."""

    def __init__(self, settings: Settings, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._demo = settings.demo
        self._serializer = URLSafeSerializer(
            settings.signing_secret.get_secret_value(),
            salt=SALT,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
        url = urlsplit(settings.public_url)
        self.secure = url.scheme == "https"
        # Browsers keep one jar for all ports of a host: the port tells two checkouts on one machine apart.
        self.cookie_name = "__Host-throughcare" if self.secure else f"throughcare_{url.port or 80}"

    def issue(self, actor: Actor, *, since: int | None = None, of_demo: bool | None = None) -> str:
        """A token for `actor`. Tokens issued in the demo say so, and are worth nothing outside it."""
        now = int(self._now())
        claims = {
            "id": actor.id.hex,
            "role": actor.role.value,
            "agency": actor.agency and actor.agency.hex,
            "person": actor.person and actor.person.hex,
            "since": now if since is None else since,
            "at": now,
            "demo": self._demo if of_demo is None else of_demo,
        }
        token = self._serializer.dumps(claims)
        return token if isinstance(token, str) else token.decode()

    def read(self, token: str) -> Session:
        session = self._believed(token)
        now = self._now()
        if session.renewed > now + AHEAD or now >= session.ends or (session.demo and not self._demo):
            raise NotSignedIn(NOT_BELIEVED)
        return session

    def renewed(self, session: Session) -> str | None:
        """A fresh token when a person's has aged enough; staff sessions end when the shift does."""
        if session.actor.role is not Role.PERSON or self._now() - session.renewed < RENEW_AFTER:
            return None
        return self.issue(session.actor, since=session.since, of_demo=session.demo)

    def set_cookie(self, token: str) -> str:
        """The Set-Cookie header. No Max-Age: closing the browser ends it too."""
        return self._header(token)

    def end_cookie(self) -> str:
        return self._header("", "Max-Age=0")

    def _header(self, value: str, *more: str) -> str:
        parts = [f"{self.cookie_name}={value}", "Path=/", "HttpOnly", "SameSite=Strict", *more]
        return "; ".join([*parts, "Secure"] if self.secure else parts)

    def _believed(self, token: str) -> Session:
        if not token or len(token) > TOO_LONG:
            raise NotSignedIn(NOT_BELIEVED)
        try:
            claims = self._serializer.loads(token)
            role = Role(claims["role"])
            ids = {name: UUID(hex=claims[name]) if claims[name] else None for name in ("id", "agency", "person")}
            since, at, of_demo = int(claims["since"]), int(claims["at"]), bool(claims["demo"])
        except (BadData, AttributeError, KeyError, TypeError, ValueError) as error:
            raise NotSignedIn(NOT_BELIEVED) from error
        if ids["id"] is None or role is Role.ANYONE or (role is Role.PERSON) != (ids["person"] is not None):
            raise NotSignedIn(NOT_BELIEVED)
        return Session(actor_of(ids["id"], role, ids["agency"], ids["person"]), since, at, of_demo)


def actor_of(id: UUID, role: Role, agency: UUID | None, person: UUID | None) -> Actor:
    """The actor with the name that pages show: an account's own, else what the role is called in plain words."""
    plain = PLAIN_NAMES.get(role, role.value.replace("_", " ").capitalize())
    return Actor(id, role, agency, person, NAMES.get(id, plain))
