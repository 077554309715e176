"""The chain of the audit: each link is a hash over the link before, its own place, and one row.

Pure, and small enough that somebody who trusts none of us can write it again: the bytes are described here and nowhere
else. A row holds ids, codes and times and no name, so erasing a person never breaks a link.
"""

import hashlib
import struct
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# Number, microseconds since 1970, and three ids; big-endian. The first byte says which of what may be missing is there.
HEAD = struct.Struct(">Bqq16s16s16s")
PLACE = struct.Struct(">q")
LENGTH = struct.Struct(">I")
NOBODY = bytes(16)
ALLOWED, OF_AGENCY, OF_PERSON = 1, 2, 4


class Row(NamedTuple):
    """One row of the audit, its columns in their order."""

    number: int
    at: datetime
    actor_id: UUID
    actor_role: str
    agency_id: UUID | None
    action: str
    person_id: UUID | None
    object: str
    purpose: str
    allowed: bool


class Link(NamedTuple):
    """A place in the chain, from 1 without gaps, and the hash of everything up to it."""

    position: int
    hash: bytes


def beginning(service: str) -> Link:
    """What stands before the first row. It names the service, so that no chain passes for another's."""
    return Link(0, hashlib.sha256(b"throughcare.audit.v1\0" + service.encode()).digest())


def canonical(row: Row) -> bytes:
    """The bytes of a row: the head; then role, action, object and purpose in UTF-8, each behind its length."""
    number, at, actor, role, agency, action, person, what, why, allowed = row
    flags = (ALLOWED if allowed else 0) | (OF_AGENCY if agency else 0) | (OF_PERSON if person else 0)
    head = HEAD.pack(
        flags,
        number,
        (at - EPOCH) // MICROSECOND,
        actor.bytes,
        agency.bytes if agency else NOBODY,
        person.bytes if person else NOBODY,
    )
    texts = [text.encode() for text in (role, action, what, why)]
    return head + b"".join([LENGTH.pack(len(text)) + text for text in texts])


def follow(before: Link, row: Row) -> Link:
    """The link that `row` makes behind `before`."""
    position = before.position + 1
    return Link(position, hashlib.sha256(before.hash + PLACE.pack(position) + canonical(row)).digest())
