"""For whom a transaction acts: what row-level security asks of it. Whoever says nothing reaches nothing.

A reach is said once, around the work: by the guard for a request, by a process for its worker. Every transaction that
begins within it tells Postgres, in the round trip that begins it and for no longer than it lasts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from uuid import UUID

Wide = Literal["", "network", "service"]


@dataclass(frozen=True, slots=True)
class Reach:
    """`wide` goes beyond the rows of the three: `network` to all people's, `service` to the service's own work too."""

    agency: UUID | None = None
    person: UUID | None = None
    actor: UUID | None = None
    wide: Wide = ""

    @property
    def settings(self) -> dict[str, str]:
        """As the policies read it. UUIDs and our own words only: what is no UUID raises ValueError."""
        ids = {"agency": self.agency, "person": self.person, "actor": self.actor}
        return {f"app.{name}": str(UUID(str(id))) if id else "" for name, id in ids.items()} | {"app.reach": self.wide}


NOTHING = Reach()
SERVICE = Reach(wide="service")  # the service's own work: what it hears, what its clocks do, what it sends
_now: ContextVar[Reach] = ContextVar("reach", default=NOTHING)


def current() -> Reach:
    return _now.get()


def act(reach: Reach) -> None:
    """From here on, to the end of whatever `acting` stands around."""
    _now.set(reach)


@contextmanager
def acting(reach: Reach) -> Iterator[None]:
    """Within it transactions begin with this reach; tasks that are made within it keep it."""
    before = _now.set(reach)
    try:
        yield
    finally:
        _now.reset(before)


@lru_cache(4096)
def as_sql(reach: Reach) -> str:
    """Statements for the beginning of a transaction. All four: what a session says by itself counts no more."""
    return " ".join(f"SET LOCAL {name} = '{value}';" for name, value in reach.settings.items())
