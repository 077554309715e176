"""Behind the second PIN a press has to look done: it is kept beside the record, by the rules of the real thing.

A handler asks here where it writes to, and within whose reach; everything else about it is the same in both views.
"""

from typing import Protocol
from uuid import UUID

from asyncpg import Connection

from services.intake.erasures import Erasure
from services.intake.store import emergencies, erasures, pretended
from services.intake.store.erasures import Row
from shared.messaging.outbox import Cause
from shared.runtime.reach import Reach, current
from shared.security.identity import Actor
from shared.workflow import Decision


class Erasures(Protocol):
    async def find(self, tx: Connection, person: UUID) -> Row | None: ...
    async def lock(self, tx: Connection, person: UUID) -> Erasure | None: ...
    async def put(self, tx: Connection, asked: Decision[Erasure], by: UUID) -> bool: ...
    async def save(self, tx: Connection, decision: Decision[Erasure], cause: Cause, by: UUID | None = None) -> None: ...


class Nevers(Protocol):
    async def nevers_of(self, tx: Connection, person: UUID) -> list[UUID]: ...
    async def say_never(self, tx: Connection, person: UUID, agency: UUID) -> None: ...
    async def take_never_back(self, tx: Connection, person: UUID, agency: UUID) -> None: ...


def erasures_of(actor: Actor) -> Erasures:
    return pretended if actor.harmless else erasures


def nevers_of(actor: Actor) -> Nevers:
    return pretended if actor.harmless else emergencies


def own(actor: Actor) -> Reach:
    """Behind the second PIN no row is in reach (edge.py): for what has to be there all the same, their own."""
    return Reach(person=actor.person, actor=actor.id) if actor.harmless else current()
