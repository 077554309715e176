"""People: who is here, who walks with them, and how they may safely be reached.

The first help needs a name to be called by and nothing else. A way of reaching somebody is used only where they said
that it is safe; not having said so counts as no.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.intake.fields import Called, Line, Need, Text, Told, WayToReach
from services.intake.reaching import Because, Held, Quiet, Side, Way, Ways, channels_of, hold_all
from services.intake.words import UNCLEAR
from shared.contracts import person as events
from shared.contracts.kinds import Language
from shared.contracts.person import PersonEvent, SafeWay
from shared.runtime.errors import Conflict, Invalid
from shared.security.identity import Actor
from shared.security.permissions import Relations

Reason = Literal["welcomed", "warm_handover", "worker_left", "person_asked"]
DIGITS = 7  # a local number; shorter ones are typing mistakes
MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Moved(Conflict):
    """Whoever writes had an earlier version of their ways before them."""

    title = "Somebody else changed this meanwhile"

    def __init__(self) -> None:
        super().__init__("Nothing was written over. Read it again, and send yours with its version.")


class Contact(BaseModel):
    """One way to reach somebody. `safe`: a message left there is seen by nobody who should not see it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    way: WayToReach | None = None
    contact: Line | None = Field(None, description="The number or address.")
    safe: bool | None = Field(None, description="Whether it is safe to write or call there; not said counts as no.")
    language: Language = Field("en", description="In which they like to be written to (BCP 47).")


class SelfReferral(Contact):
    """What somebody tells us who asks for help: eight fields, of which only the name is needed."""

    name: Called = Field(description="What we should call them.")
    needs: tuple[Need, ...] = Field((), max_length=15, description="What would help first.")
    words: Text | None = Field(None, description="Anything they want us to know, in their own words.")
    agency: UUID | None = Field(None, description="Who should welcome them, where several agencies do.")


class Added(SelfReferral):
    """The same, written down by a worker."""

    id: UUID | None = Field(None, description="Chosen by the caller; made here otherwise.")
    matters: Told | None = Field(None, description="What matters most to them now, in their own words.")
    worker: UUID | None = Field(None, description="Who walks with them; the one who adds them, if not said.")
    synthetic: bool = Field(False, description="An invented person.")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the network walks beside. Their name and contact are sealed, and no part of this."""

    id: UUID
    agency: UUID
    worker: UUID | None
    language: str
    way: str | None = None
    safe: bool = False
    came: str = "by_themselves"
    synthetic: bool = False
    held: Held | None = None  # None: nothing keeps us from their number; a number that is held is not safe
    quiet: Quiet | None = None
    contact: str | None = None  # sealed, in base64; where it was read
    care: str | None = None
    others: Ways = ()  # ways beside the first, where they were read
    version: int = 0  # of all these ways

    @property
    def ways(self) -> Ways:
        """All of them, in the order in which they are tried. The first goes by the person's own id."""
        if self.way is None:
            return self.others
        return (Way(self.id, self.way, self.contact, self.safe, self.held, self.quiet, self.care), *self.others)

    @property
    def channels(self) -> tuple[str, ...]:
        """Kinds of ways that are safe, the best first. Coming by is safe by itself."""
        return channels_of(self.ways)

    def ties(self, actor: Actor) -> Relations:
        """How `actor` stands to them."""
        return actor.relations(person=self.id, workers=[self.worker], agency=self.agency)


def reached_by(said: Contact) -> str | None:
    """The way that they mean. Raises Invalid where the contact can't be one of that way."""
    if said.contact is None:
        if said.way in (None, "in_person"):
            return said.way
        raise _unclear("incomplete")
    digits = sum(c.isdigit() for c in said.contact)
    way = said.way or ("mail" if "@" in said.contact else "sms")
    if way in ("sms", "voice") and (digits < DIGITS or "@" in said.contact):
        raise _unclear("phone")
    if way == "mail" and not MAIL.fullmatch(said.contact):
        raise _unclear("mail")
    return way


def _unclear(how: str) -> Invalid:
    return Invalid("contact", UNCLEAR[how].en, UNCLEAR[how].es)


def welcome(person: Person, sealed_contact: str | None) -> tuple[PersonEvent, ...]:
    """What the others hear of somebody new. `sealed_contact` is base64, or None where they gave none."""
    here = events.Welcomed(
        person=person.id,
        language=person.language,
        agency=person.agency,
        worker=person.worker,
        channels=person.channels,
        came=person.came,
        synthetic=person.synthetic,
    )
    return (here,) if sealed_contact is None else (here, _contact(person, sealed_contact))


def assign(person: Person, worker: UUID, agency: UUID, reason: Reason) -> tuple[Person, tuple[PersonEvent, ...]]:
    """Somebody is responsible for them from now on. Named again, nothing happens."""
    if (person.worker, person.agency) == (worker, agency):
        return person, ()
    told = events.WorkerAssigned(person=person.id, agency=agency, worker=worker, reason=reason)
    return replace(person, worker=worker, agency=agency), (told,)


def change_contact(
    person: Person, said: Contact, sealed_contact: str | None, by: Side
) -> tuple[Person, Sequence[PersonEvent]]:
    """How to reach them is another now. Always told: what is sealed can't be compared.

    Where their number was held this one is too, until the other side has said as well that it is safe.
    """
    safe, held = bool(said.safe), person.held
    if held is not None:
        held, safe = (by if safe else "nobody"), False
    # Who else reads the one before, and its word, is no word about this one; when they want quiet is their own.
    after = replace(
        person,
        way=reached_by(said),
        safe=safe,
        language=said.language,
        held=held,
        contact=sealed_contact,
        care=None,
        version=person.version + 1,
    )
    return after, (_contact(after, sealed_contact),)


def hold(person: Person, because: Because = "phone_lost") -> tuple[Person, Sequence[PersonEvent]]:
    """Their phone is gone, or the number is somebody else's: nothing goes there, and nobody's word alone undoes it."""
    others = hold_all(person.others, because)
    after = replace(person, held="nobody", safe=False, others=others, version=person.version + 1)
    return after, (_contact(after, None),)


def with_ways(person: Person, ways: Ways) -> tuple[Person, Sequence[PersonEvent]]:
    """All ways anew, in their order; the first of them is the person's own. Told whole."""
    first = ways[0] if ways else Way(person.id, "")
    after = replace(
        person,
        way=first.channel or None,
        contact=first.contact,
        safe=first.safe,
        held=first.held,
        quiet=first.quiet,
        care=first.care,
        others=ways[1:],
        version=person.version + 1,
    )
    return after, (_contact(after, None),)


def say_safe(person: Person, by: Side) -> tuple[Person, Sequence[PersonEvent]]:
    """One side says that the number which is written down is safe; once the worker and the person have, it is used."""
    if person.held in (None, by):
        return person, ()
    if person.held == "nobody":
        return replace(person, held=by, version=person.version + 1), ()
    after = replace(person, held=None, safe=True, version=person.version + 1)
    return after, (_contact(after, None),)


def link_made(person: Person, sealed_link: str | None) -> PersonEvent:
    return events.WayInMade(person=person.id, sealed_link=sealed_link)


def _contact(person: Person, sealed_contact: str | None) -> PersonEvent:
    """Every way that is safe now, whole: whoever hears it needs nothing of what was said before."""
    return events.ContactChanged(
        person=person.id,
        language=person.language,
        channels=person.channels,
        sealed_contact=sealed_contact,
        ways=tuple(_told(way, sealed_contact if way.id == person.id else None) for way in person.ways if way.usable),
    )


def _told(way: Way, sealed: str | None) -> SafeWay:
    quiet = way.quiet
    return SafeWay(
        channel=way.channel,
        sealed_contact=way.contact or sealed,
        quiet_from=quiet.begin if quiet else None,
        quiet_until=quiet.end if quiet else None,
    )
