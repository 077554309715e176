"""Partners' passwords: made here, kept sealed, shown to their owner.

Kept at all because Kafka holds them only as salted hashes: a lost cluster is rebuilt with the same ones, and no partner
notices.
"""

import os
import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.runtime.errors import Permanent
from shared.runtime.settings import Settings
from shared.security.masters import sealing_secrets

NONCE = 12
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # no letter or digit that looks like another
SLUG_LENGTH = 6  # 31**6: 887 million


class PasswordLost(Permanent):
    """It was sealed with another sealing key; only a new one helps."""


def new_password() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def new_slug() -> str:
    """Says nothing about whose it is. Begins with a letter, as some tools want of a user."""
    letters = [c for c in ALPHABET if c.isalpha()]
    return secrets.choice(letters) + "".join(secrets.choice(ALPHABET) for _ in range(SLUG_LENGTH - 1))


def seal_password(settings: Settings, partner: UUID, password: str) -> bytes:
    """Under the newest of the sealing secrets."""
    nonce = os.urandom(NONCE)
    return nonce + _cipher(sealing_secrets(settings)[0]).encrypt(nonce, password.encode(), partner.bytes)


def open_password(settings: Settings, partner: UUID, sealed: bytes) -> str:
    """Whichever of the sealing secrets it was sealed under."""
    for secret in sealing_secrets(settings):
        opened = _open(secret, partner, sealed)
        if opened is not None:
            return opened
    raise PasswordLost(f"the password of partner {partner} was sealed with another key: rotate it")


def sealed_anew(settings: Settings, partner: UUID, sealed: bytes) -> bytes | None:
    """The same password under the newest secret; None where it is, or where no secret opens it."""
    newest, *older = sealing_secrets(settings)
    if _open(newest, partner, sealed) is not None:
        return None
    opened = next((text for secret in older if (text := _open(secret, partner, sealed)) is not None), None)
    return None if opened is None else seal_password(settings, partner, opened)


def _open(secret: str, partner: UUID, sealed: bytes) -> str | None:
    try:
        return _cipher(secret).decrypt(sealed[:NONCE], sealed[NONCE:], partner.bytes).decode()
    except InvalidTag:
        return None


def _cipher(secret: str) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"throughcare.partner.password.v1")
    return AESGCM(derived.derive(secret.encode()))
