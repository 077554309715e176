"""A busy network's facts: lives of referrals, many open at a time, each person on one partition.

Real event classes and real sizes: a value is filled up to 600 bytes, about what a fact takes once it is sealed, or is
what `encode` makes of it. No two facts of one referral stand together, so nothing is gained by folding a batch that
wouldn't be on a working day.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from shared.contracts import referral as r
from shared.contracts.data import encode_data
from shared.messaging.outbox import shard_of
from shared.runtime.ids import uuid7

VALUE_BYTES = 600
OPEN = 4_000  # referrals under way at a time
AGENCIES = 40


class Said(NamedTuple):
    """One fact before it has a place in the outbox."""

    topic: str
    subject: str
    partitionkey: str
    shard: int
    sequence: int
    type: str
    data: bytes
    id: UUID | None = None  # where it is sealed: the seal is bound to it


@dataclass(slots=True)
class _Life:
    referral: UUID
    person: UUID
    agency: UUID
    program: UUID
    consent: UUID
    steps: list[r.ReferralEvent]
    sequence: int = 0


Encode = Callable[[r.ReferralEvent, UUID], bytes]
"""The data of an event with this id."""


def people_of(count: int, seed: int = 7) -> list[UUID]:
    """Those whom `facts` of as many are about."""
    chance = random.Random(seed)
    return [_uuid(chance, second) for second in range(max(1, count // 15))]


def facts(count: int, seed: int = 7, encode: Encode | None = None) -> Iterator[Said]:
    """`count` facts in the order of one log of the whole network."""
    chance = random.Random(seed)
    people = [_uuid(chance, second) for second in range(max(1, count // 15))]
    agencies = [_uuid(chance) for _ in range(AGENCIES)]
    under_way: list[_Life] = []
    for number in range(count):
        if len(under_way) < OPEN:
            life = _begin(chance, number, people, agencies)
            under_way.append(life)
        else:
            life = chance.choice(under_way)
        life.sequence += 1
        yield _say(life, life.steps[life.sequence - 1], encode)
        if life.sequence == len(life.steps):
            under_way.remove(life)


def _uuid(chance: random.Random, second: int = 0) -> UUID:
    """A UUIDv7 of that second: like real ones they sort by age, which indexes feel."""
    milliseconds = 1_770_000_000_000 + 1_000 * second + chance.randrange(1_000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | chance.getrandbits(12) << 64 | 0b10 << 62 | chance.getrandbits(62))


def _begin(chance: random.Random, second: int, people: list[UUID], agencies: list[UUID]) -> _Life:
    person, agency = chance.choice(people), chance.choice(agencies)
    life = _Life(_uuid(chance, second), person, agency, _uuid(chance), _uuid(chance, second), [])
    ends = chance.choice((_confirmed, _confirmed, _silent, _declined))
    life.steps = ends(life)
    return life


def _event(life: _Life, kind: type[r.ReferralEvent], stage: r.Stage, **more: object) -> r.ReferralEvent:
    return kind(
        referral=life.referral, person=life.person, program=life.program, agency=life.agency, consent=life.consent,
        need="housing", stage=stage, owner="agency", way="page", **more,
    )  # fmt: skip


def _asked(life: _Life) -> list[r.ReferralEvent]:
    return [
        _event(life, r.Drafted, r.Stage.DRAFT),
        _event(life, r.Sent, r.Stage.SENT),
        _event(life, r.Delivered, r.Stage.DELIVERED),
        _event(life, r.Seen, r.Stage.SEEN),
    ]


def _helped(life: _Life) -> list[r.ReferralEvent]:
    return [
        *_asked(life),
        _event(life, r.Accepted, r.Stage.ACCEPTED),
        _event(life, r.Begun, r.Stage.IN_PROGRESS),
        _event(life, r.Reported, r.Stage.REPORTED, outcome="got_help"),
    ]


def _confirmed(life: _Life) -> list[r.ReferralEvent]:
    return [*_helped(life), _event(life, r.Confirmed, r.Stage.CLOSED, outcome="got_help")]


def _silent(life: _Life) -> list[r.ReferralEvent]:
    return [*_helped(life), _event(life, r.Closed, r.Stage.CLOSED, outcome="got_help")]


def _declined(life: _Life) -> list[r.ReferralEvent]:
    return [*_asked(life), _event(life, r.Declined, r.Stage.DECLINED, reason="no_capacity")]


def _say(life: _Life, event: r.ReferralEvent, encode: Encode | None) -> Said:
    key = str(life.person)
    place = event.topic, str(life.referral), key, shard_of(key), life.sequence, event.type
    if encode is not None:
        id = uuid7()
        return Said(*place, encode(event, id), id)
    data = encode_data(event)
    padding = VALUE_BYTES - len(data) - len(b',"sealed":""')
    if padding > 0:
        data = data[:-1] + b',"sealed":"' + b"x" * padding + b'"}'
    return Said(*place, data)
