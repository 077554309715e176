"""Sealing: names, contact ways and free text, encrypted under a key of that person and compartment (AES-256-GCM).

Erasing somebody is forgetting their keys: every copy, in every backup, goes dark at once. So the bytes say nothing by
themselves, and a copy moved to another person or field does not open. *Erased* is known, *missing* is an alarm: the one
is never taken for the other.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.runtime.errors import Permanent
from shared.security.keys import (
    Compartment,
    Erased,
    KeyMissing,
    Keys,
    MemoryKeys,
    NotGranted,
    PostgresKeys,
    SealingKeyChanged,
)

__all__ = [
    "Compartment",
    "Erased",
    "KeyMissing",
    "Keys",
    "MemoryKeys",
    "NotGranted",
    "PostgresKeys",
    "SealingKeyChanged",
    "Tampered",
    "as_bytes",
    "as_text",
    "open_each",
    "open_many",
    "open_sealed",
    "seal",
]

VERSION = b"\x01"  # then a nonce of 12 bytes, then ciphertext and tag
NONCE = 12  # random: keys are per person, so none comes near the 2**32 uses that would worry anybody
SHORTEST = 1 + NONCE + 16


class Tampered(Permanent):
    """These bytes do not open here: changed, cut short, moved from another person or field, or sealed by a lost key."""


ALONE = (KeyMissing, SealingKeyChanged, Permanent)  # about one text or one key, and no other


def as_text(sealed: bytes | None) -> str | None:
    """Sealed bytes as an event carries them."""
    return b64encode(sealed).decode() if sealed else None


def as_bytes(text: str | None) -> bytes | None:
    """Sealed bytes as a column holds them."""
    return b64decode(text) if text else None


async def seal(keys: Keys, person: UUID, compartment: Compartment, field: str, text: str) -> bytes:
    """`text` for a bytea column. `field` (`table.column`) is authenticated too; the key is made at its first use.

    Raises Erased for somebody who was: nothing new is written of them.
    """
    key = await keys.create(person, compartment)
    nonce = os.urandom(NONCE)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, text.encode(), _binds(person, compartment, field))


async def open_sealed(keys: Keys, person: UUID, compartment: Compartment, field: str, sealed: bytes) -> str:
    """The text. Raises Erased, KeyMissing (Retryable) or Tampered (Permanent)."""
    return _open(await keys.get(person, compartment), person, compartment, field, sealed)


async def open_many(
    keys: Keys, compartment: Compartment, field: str, sealed: Mapping[UUID, bytes]
) -> dict[UUID, str | None]:
    """The same field of several people, for one look at the key store; None for whoever was erased."""
    found = await keys.get_many(sealed, compartment)
    opened: dict[UUID, str | None] = {}
    for person, content in sealed.items():
        key = found[person]
        opened[person] = None if key is None else _open(key, person, compartment, field, content)
    return opened


async def open_each(
    keys: Keys, compartment: Compartment, field: str, sealed: Mapping[UUID, bytes], failed: Callable[[UUID, str], None]
) -> dict[UUID, str]:
    """Those that open; what is damaged, or has no key, fails alone and is told to `failed` by its kind. Nothing of the
    erased. Raises where the key store does not answer."""
    try:
        found = await open_many(keys, compartment, field, sealed)
    except ALONE:
        found = {}
        for person, content in sealed.items():
            try:
                found |= await open_many(keys, compartment, field, {person: content})
            except ALONE as error:
                failed(person, type(error).__name__)
    return {person: text for person, text in found.items() if text}


def _open(key: bytes, person: UUID, compartment: Compartment, field: str, sealed: bytes) -> str:
    if len(sealed) < SHORTEST or sealed[:1] != VERSION:
        raise Tampered(f"{field} of person {person} is not sealed in a form that we know")
    nonce, content = sealed[1 : 1 + NONCE], sealed[1 + NONCE :]
    try:
        return AESGCM(key).decrypt(nonce, content, _binds(person, compartment, field)).decode()
    except InvalidTag as error:
        raise Tampered(f"{field} of person {person} does not open") from error


def _binds(person: UUID, compartment: Compartment, field: str) -> bytes:
    """What the seal is bound to. The zero bytes keep ("a", "bc") apart from ("ab", "c")."""
    return b"\0".join((b"throughcare.sealed", VERSION, person.bytes, compartment.encode(), field.encode()))
