"""Between events and the key store: what is written is closed, what is read is opened, one look at the keys a batch.

Keys are looked up on connections of their own, never in the transaction that writes: a key that rolled back with it
could already have sealed something. Whoever may write through a pool finds the key store with its connections
(`pool(settings, name, keys)`), so no command has to hand it down.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, cast
from uuid import UUID

from asyncpg import Connection

from shared.contracts.compartments import OPENS, Compartment, fields_in, hidden_from, person_of
from shared.contracts.data import decode_data, encode_data, of
from shared.contracts.envelope import BadRecord, Envelope
from shared.contracts.events import EVENTS, Event
from shared.contracts.sealed import Sealed, close, open_parts
from shared.messaging.reactions import Fact
from shared.security.keys import Erased, KeyMissing, Keys

OPENED_AT_ONCE = 64  # records, half a millisecond: so long others wait for their turn

Found = dict[Compartment, Mapping[UUID, bytes | None]]


class Told(NamedTuple):
    """An event about to be written. `person`: whose keys close it, None where it concerns nobody."""

    id: UUID
    event: Event
    person: UUID | None


async def encode_all(tx: Connection, told: Sequence[Told]) -> list[bytes]:
    """The data of each, closed where it is somebody's. Of somebody who was erased nothing is written but that it was.

    ValueError for what names a person but not whose keys close it: nothing of theirs goes out in clear by oversight.
    """
    wanted: dict[Compartment, set[UUID]] = {}
    for _, event, person in told:
        if person_of(event) is not None:
            if person is None:
                raise ValueError(f"{event.type} names a person: say whose it is")
            for part in fields_in(type(event)):
                wanted.setdefault(part, set()).add(person)
    keys = await _keys_to_write(keys_of(tx), wanted) if wanted else {}
    return [_encode(one, keys) for one in told]


def keys_of(tx: Connection) -> Keys:
    """The key store of whoever opened this connection's pool."""
    keys: Keys | None = getattr(tx, "keys", None)
    if keys is None:
        raise RuntimeError("this connection carries no keys: open its pool with them")
    return keys


def _encode(one: Told, keys: Found) -> bytes:
    if one.person is None or person_of(one.event) is None:
        return encode_data(one.event)
    own = {part: keys[part][one.person] for part in fields_in(type(one.event))}
    closing = {part: key for part, key in own.items() if key is not None}
    return close(one.event, closing if len(closing) == len(own) else {}, person=one.person, id=one.id)


async def _keys_to_write(keys: Keys, wanted: Mapping[Compartment, Iterable[UUID]]) -> Found:
    """Nearly always all are remembered. A key that there is none of yet is made."""
    found: Found = {}
    for part, people in wanted.items():
        try:
            found[part] = await keys.get_many(people, part, alarm=False)
        except KeyMissing:
            found[part] = {person: await _made(keys, person, part) for person in people}
    return found


async def _made(keys: Keys, person: UUID, part: Compartment) -> bytes | None:
    try:
        return await keys.create(person, part)
    except Erased:
        return None


class Closed(Protocol):
    """A record that was read as far as that goes without a key (`batch.Arrival`)."""

    envelope: Envelope | None
    fact: Fact | None
    bad: BadRecord | None
    sealed: Sealed | None
    erased: UUID | None


class Opener:
    """Opens what one service may read. Without a key store it reads what is in clear."""

    def __init__(self, service: str, keys: Keys | None) -> None:
        self._keys = keys
        self._parts = OPENS[service]

    async def open(self, arrivals: Sequence[Closed]) -> None:
        """Give each sealed record its fact, say that it does not open, or that its person was erased.

        Raises KeyMissing or another Retryable, with nothing opened: to be tried again as a whole.
        """
        waiting = [arrival for arrival in arrivals if arrival.sealed is not None]
        if not waiting:
            return
        keys = await self._keys_to_read(waiting)
        for start in range(0, len(waiting), OPENED_AT_ONCE):
            for arrival in waiting[start : start + OPENED_AT_ONCE]:
                self._open(arrival, cast(Sealed, arrival.sealed), cast(Envelope, arrival.envelope), keys)
            await asyncio.sleep(0)

    async def _keys_to_read(self, waiting: Sequence[Closed]) -> Found:
        if self._keys is None:
            raise RuntimeError("there are sealed records to read, and no keys")
        wanted: dict[Compartment, set[UUID]] = {}
        for arrival in waiting:
            sealed = cast(Sealed, arrival.sealed)
            for part in self._parts:
                if part in sealed.parts:
                    wanted.setdefault(part, set()).add(sealed.person)
        return {part: await self._keys.get_many(people, part) for part, people in wanted.items()}

    def _open(self, arrival: Closed, sealed: Sealed, envelope: Envelope, keys: Found) -> None:
        arrival.sealed = None
        own = {part: keys[part][sealed.person] for part in self._parts if part in sealed.parts}
        opening = {part: key for part, key in own.items() if key is not None}
        if len(opening) < len(own) or not sealed.parts:
            arrival.erased = sealed.person
            return
        try:
            text = open_parts(sealed, opening, id=envelope.id, type=envelope.type)
            hidden = hidden_from(EVENTS[envelope.type], self._parts)
            arrival.fact = Fact(envelope, decode_data(envelope.type, text, hidden))
        except BadRecord as bad:
            arrival.bad = of(envelope, bad)
