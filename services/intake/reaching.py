"""Ways to reach somebody: several, in the order in which they are tried, each with its own safety.

Each is safe or not, held or not, quiet at some hours or not. Whoever says that a phone is gone stops all that could be
read on it; a way that is held is used again when both sides have said that it is safe.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import time
from typing import Literal
from uuid import UUID

Side = Literal["worker", "person"]
Held = Literal["nobody", "worker", "person"]  # who has said since that it is safe
Because = Literal["phone_lost", "wrong_number"]
MOST = 8
ON_A_PHONE = {  # what stops, by what we were told
    "phone_lost": frozenset({"sms", "voice", "mail"}),  # mail is read on it too
    "wrong_number": frozenset({"sms", "voice"}),
}


@dataclass(frozen=True, slots=True)
class Quiet:
    """From when until when nothing goes there, on the clock of their home agency."""

    begin: time
    end: time


@dataclass(frozen=True, slots=True)
class Way:
    """One way. `contact` and `care` are sealed, in base64."""

    id: UUID
    channel: str
    contact: str | None = None
    safe: bool = False
    held: Held | None = None
    quiet: Quiet | None = None
    care: str | None = None

    @property
    def usable(self) -> bool:
        """Coming by is safe by itself."""
        return self.channel == "in_person" or (self.safe and self.held is None)


Ways = tuple[Way, ...]


def channels_of(ways: Iterable[Way]) -> tuple[str, ...]:
    """The kinds of ways that are safe, the best first."""
    return tuple(dict.fromkeys(way.channel for way in ways if way.usable))


def hold_all(ways: Ways, because: Because) -> Ways:
    """All that the phone could show; nobody's word alone undoes it."""
    stopped = ON_A_PHONE[because]
    return tuple(replace(way, held="nobody", safe=False) if way.channel in stopped else way for way in ways)


def say_safe(ways: Ways, id: UUID, by: Side) -> Ways:
    """One side says so of one way; once both have, it is used."""
    return tuple(_safe(way, by) if way.id == id else way for way in ways)


def _safe(way: Way, by: Side) -> Way:
    if way.held in (None, by):
        return way
    return replace(way, held=by) if way.held == "nobody" else replace(way, held=None, safe=True)


def changed(ways: Ways, after: Way, by: Side) -> Ways:
    """Another number, or another word about it. Where one was held this one is too, until the other side agrees."""
    return tuple(_held_on(before, after, by) if before.id == after.id else before for before in ways)


def _held_on(before: Way, after: Way, by: Side) -> Way:
    if before.held is None:
        return replace(after, held=None)
    return replace(after, held=by if after.safe else "nobody", safe=False)


def added(ways: Ways, new: Way, by: Side) -> Ways:
    """Last in the order. While anything of theirs is held, a new way waits for both sides as well."""
    if any(way.held for way in ways) and new.channel != "in_person":
        new = replace(new, held=by if new.safe else "nobody", safe=False)
    return (*ways, new)


def preferred(ways: Ways, id: UUID) -> Ways:
    return (*(way for way in ways if way.id == id), *(way for way in ways if way.id != id))


def without(ways: Ways, id: UUID) -> Ways:
    return tuple(way for way in ways if way.id != id)
