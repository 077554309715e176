"""Signing in to the demo: staff choose who they are; a person has their link, and a PIN that `up` prints.

That is why it is served on a loopback address only. Link and PIN follow from this machine's own signing secret, so
nothing stores them, and somebody who referred themselves a minute ago has both.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from uuid import UUID

from shared.runtime.settings import Settings
from shared.security.cast import (
    AGENCIES,
    AUDITOR,
    CEDAR_HOUSE,
    DANA,
    ELENA,
    GRACE,
    HARBOR_STREET,
    IMANI,
    JO,
    LANTERN_CLINIC,
    LENA,
    MARCUS,
    NADIA,
    NAMES,
    NETWORK,
    OPEN_TABLE,
    OPS,
    PEOPLE,
    RAY,
    RIVERBEND_LEGAL,
    ROSA,
    RUTH,
    SAM,
    SECOND_SHIFT,
    STAFF,
    TASHA,
    TONY,
    WELCOME_ALDER,
    YUSUF,
    Account,
    Agency,
    accounts,
    agency_name,
    by_id,
)
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.security.signin import SIGN_IN
from shared.security.tokens import LIFE_OF_A_VOICE, Tokens

__all__ = [
    "AGENCIES",
    "AUDITOR",
    "CEDAR_HOUSE",
    "DANA",
    "ELENA",
    "GRACE",
    "HARBOR_STREET",
    "IMANI",
    "JO",
    "LANTERN_CLINIC",
    "LENA",
    "MARCUS",
    "NADIA",
    "NAMES",
    "NETWORK",
    "OPEN_TABLE",
    "OPS",
    "PEOPLE",
    "RAY",
    "RIVERBEND_LEGAL",
    "ROSA",
    "RUTH",
    "SAM",
    "SECOND_SHIFT",
    "STAFF",
    "TASHA",
    "TONY",
    "WELCOME_ALDER",
    "YUSUF",
    "Account",
    "Agency",
    "accounts",
    "agency_name",
    "by_id",
    "code",
    "link",
    "person_actor",
    "person_of",
    "pin",
    "sign_ins",
    "token",
]

PIN_DIGITS = 6
MAC_BYTES = 10  # of a link: 80 bits, and the PIN behind them


def person_actor(person: UUID) -> Actor:
    """The actor of any person, also of one who referred themselves a minute ago."""
    account = by_id(person)
    return account.actor if account else Actor(person, Role.PERSON, None, person, "You")


def token(settings: Settings, account: UUID) -> str:
    """A Bearer token of a demo account, or of any other person by their id, for whoever may read the signing key."""
    return _tokens(settings).issue(person_actor(account), lasts=LIFE_OF_A_VOICE)


@cache
def _tokens(settings: Settings) -> Tokens:
    """One for each network: a load that speaks a thousand times a second reads no key file for it."""
    return Tokens(settings)


def pin(settings: Settings, person: UUID) -> str:
    """The person's PIN on this machine. It follows from the signing secret, so nothing stores it."""
    digest = _mac(settings, "pin", person)
    return f"{int.from_bytes(digest[:8], 'big') % 10**PIN_DIGITS:0{PIN_DIGITS}}"


def code(settings: Settings, person: UUID) -> str:
    """What stands in a person's link: their id and a seal on it, so that no list of people can be tried."""
    return _code(settings, person)


def link(settings: Settings, person: UUID) -> str:
    return f"{settings.public_url.rstrip('/')}{SIGN_IN}/{code(settings, person)}"


def person_of(settings: Settings, code: str) -> UUID | None:
    """The person whose link this is; None for a code that is not ours."""
    try:
        raw = urlsafe_b64decode(code + "=" * (-len(code) % 4))
    except ValueError:
        return None
    if len(raw) != 16 + MAC_BYTES:
        return None
    person = UUID(bytes=raw[:16])
    return person if hmac.compare_digest(code.encode(), _code(settings, person).encode()) else None


def sign_ins(settings: Settings) -> list[tuple[str, str, str, str]]:
    """For `up` to print: name, what they do, where they sign in, and the PIN (empty for staff)."""
    staff = [
        (a.name, f"{agency_name(a.agency)}: {a.says}", f"{settings.public_url.rstrip('/')}{SIGN_IN}", "") for a in STAFF
    ]
    return staff + [(a.name, a.says, link(settings, a.id), pin(settings, a.id)) for a in PEOPLE]


def _code(settings: Settings, person: UUID) -> str:
    return urlsafe_b64encode(person.bytes + _mac(settings, "link", person)[:MAC_BYTES]).decode().rstrip("=")


def _mac(settings: Settings, purpose: str, person: UUID) -> bytes:
    secret = settings.signing_secret.get_secret_value().encode()
    return hmac.digest(secret, b"throughcare.demo." + purpose.encode() + b"\0" + person.bytes, hashlib.sha256)
