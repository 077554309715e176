"""The sealed form of an event's data: a JSON object, one part a compartment, each closed under its own key.

    {"sealed":{"facts":"<base64>","plan":"<base64>"},"person":"<whose keys>"}

A part is a nonce, then AES-256-GCM of the JSON object of its fields, bound to person, event, compartment and type, so
that it opens nowhere else. Of somebody whose keys are gone no part is written at all: that it happened stays.
"""

import os
from base64 import b64encode
from binascii import Error, a2b_base64
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import from_json

from shared.contracts.attributes import BadAttribute, parse_id
from shared.contracts.compartments import Compartment, fields_in
from shared.contracts.envelope import LARGEST_VALUE, BadRecord, TooLarge
from shared.contracts.events import Event

OPENING = b'{"sealed":{'  # what no clear data begins with: no event has a field of that name
BINDS = b"throughcare.event.v1"
NONCE = 12  # random: a key closes what is said of one person, far below the 2**32 that would worry anybody


class Sealed(NamedTuple):
    """Sealed data taken apart, nothing opened yet; `parts` in base64, those of compartments not known here too."""

    person: UUID
    parts: Mapping[str, str]


def is_sealed(data: bytes) -> bool:
    """A record says by itself which it is; what was written before there was sealing is in clear."""
    return data.startswith(OPENING)


def close(event: Event, keys: Mapping[Compartment, bytes], *, person: UUID, id: UUID) -> bytes:
    """The sealed data of the event with this id. Without a key for `facts` nothing is closed in: they were erased.

    TooLarge over 256 KiB.
    """
    parts = (
        b'"%b":"%b"' % (part.encode(), b64encode(_close(keys[part], text, _binds(person, id, part, event.type))))
        for part, text in (_texts(event) if Compartment.FACTS in keys else ())
    )
    data = OPENING + b",".join(parts) + b'},"person":"%b"}' % str(person).encode()
    if len(data) > LARGEST_VALUE:
        raise TooLarge(len(data))
    return data


def take_apart(data: bytes) -> Sealed:
    """BadRecord for what only looks sealed."""
    try:
        found = from_json(data)
        parts = found["sealed"]
        if isinstance(parts, dict) and all(isinstance(part, str) for part in parts.values()):
            return Sealed(parse_id(found["person"]), parts)
    except (BadAttribute, ValueError, KeyError, TypeError):
        pass
    raise BadRecord("bad_data", detail="sealed")


def open_parts(sealed: Sealed, keys: Mapping[Compartment, bytes], *, id: UUID, type: str) -> bytes:
    """The JSON of every part that there is a key for, as one object. BadRecord for a part that does not open."""
    texts = []
    for part, key in keys.items():
        closed = sealed.parts.get(part)
        if closed is None:
            continue
        try:
            text = _open(key, a2b_base64(closed, strict_mode=True), _binds(sealed.person, id, part, type))
        except (Error, ValueError, InvalidTag):
            raise BadRecord("tampered", detail=part) from None
        if text != b"{}":
            texts.append(text[1:-1])
    return b"{" + b",".join(texts) + b"}"


def _texts(event: Event) -> Iterator[tuple[Compartment, bytes]]:
    """Compact JSON of each part, with every field, so that a default that changes later changes no old fact."""
    fields = fields_in(type(event))
    if len(fields) == 1:
        yield Compartment.FACTS, event.__pydantic_serializer__.to_json(event)
        return
    for part, names in fields.items():
        yield part, event.__pydantic_serializer__.to_json(event, include=set(names))


def _close(key: bytes, text: bytes, binds: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, text, binds)


def _open(key: bytes, closed: bytes, binds: bytes) -> bytes:
    return AESGCM(key).decrypt(closed[:NONCE], closed[NONCE:], binds)


def _binds(person: UUID, id: UUID, part: str, type: str) -> bytes:
    """Fixed lengths first, and no zero byte in the two names: nothing reads as something else."""
    return b"\0".join((BINDS, person.bytes + id.bytes, part.encode(), type.encode()))
