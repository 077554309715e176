"""References: what one agency calls a thing of ours. Another agency's reference for the same thing is another.

They follow from the network's own secret, so that every service computes the same one without asking, and nobody
outside can tell from two references whether they mean the same thing. A sealed reference can be opened again, by us
and for the same agency alone: where no service keeps a list of what it has told.
"""

import hashlib
import hmac
from base64 import b32decode, b32encode
from binascii import Error as BadText
from typing import Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from shared.runtime.errors import NotFound
from shared.runtime.settings import Settings

LENGTH = 20  # characters of base32: 100 bits
Prefix = Literal["r", "s", "c"]  # referral, setback, consent
SealedPrefix = Literal["p"]  # person
NOUNS: dict[SealedPrefix, str] = {"p": "person"}


def reference(settings: Settings, agency_id: UUID, thing_id: UUID, prefix: Prefix = "r") -> str:
    """`r-mzxw6ytboi4dqnjsgq3d` for a referral, `s-...` for a setback, `c-...` for a consent."""
    secret = settings.signing_secret.get_secret_value().encode()
    digest = hmac.digest(secret, f"{agency_id}/{thing_id}".encode(), hashlib.sha256)
    return f"{prefix}-{b32encode(digest).decode().lower()[:LENGTH]}"


def seal_reference(settings: Settings, agency_id: UUID, thing_id: UUID, prefix: SealedPrefix) -> str:
    """`p-...` for a person: the same each time for the same agency, so that it knows its own people again."""
    sealed = _box(settings).encrypt(thing_id.bytes, _bound(agency_id, prefix))
    return f"{prefix}-{b32encode(sealed).decode().lower().rstrip('=')}"


def open_reference(settings: Settings, agency_id: UUID, sealed: str, prefix: SealedPrefix) -> UUID:
    """Whom or what `sealed` means. NotFound for one that was not sealed so by us for this agency."""
    text = sealed.removeprefix(f"{prefix}-").upper()
    try:
        opened = _box(settings).decrypt(b32decode(text + "=" * (-len(text) % 8)), _bound(agency_id, prefix))
        return UUID(bytes=opened)
    except (InvalidTag, BadText, ValueError):
        raise NotFound(NOUNS[prefix], "by this reference") from None


def _box(settings: Settings) -> AESSIV:
    """SIV: without a nonce two seals of one thing are equal, and that is all they tell."""
    secret = settings.signing_secret.get_secret_value().encode()
    return AESSIV(hmac.digest(secret, b"throughcare.references.sealed", hashlib.sha512))


def _bound(agency_id: UUID, prefix: SealedPrefix) -> list[bytes]:
    return [prefix.encode(), agency_id.bytes]
