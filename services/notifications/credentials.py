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
    nonce = os.urandom(NONCE)
    return nonce + _cipher(settings).encrypt(nonce, password.encode(), partner.bytes)


def open_password(settings: Settings, partner: UUID, sealed: bytes) -> str:
    try:
        return _cipher(settings).decrypt(sealed[:NONCE], sealed[NONCE:], partner.bytes).decode()
    except InvalidTag as error:
        raise PasswordLost(f"the password of partner {partner} was sealed with another key: rotate it") from error


def _cipher(settings: Settings) -> AESGCM:
    secret = settings.sealing_key.get_secret_value().encode()
    return AESGCM(
        HKDF(algorithm=SHA256(), length=32, salt=None, info=b"throughcare.partner.password.v1").derive(secret)
    )
