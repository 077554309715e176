"""The directory: agencies and what they offer, as they say it themselves or as a directory elsewhere said it.

Whether there is room is a dated hint. Each entry keeps when somebody last vouched for it, so that no page shows an old
one as help that is there; once an agency speaks for itself, a later load from elsewhere changes nothing of it.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from services.intake.fields import Document, Line, Need, Text, Website, Zone
from shared.contracts import agency as agencies
from shared.contracts import program as programs
from shared.contracts.agency import AgencyEvent
from shared.contracts.kinds import Language
from shared.contracts.program import ProgramEvent


class Opening(agencies.Opening):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Calendar(agencies.Calendar):
    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: Zone = Field(examples=["America/New_York"])
    openings: tuple[Opening, ...] = Field((), max_length=50)


class ReportsTo(agencies.ReportsTo):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Capacity(programs.Capacity):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Accepts(programs.Accepts):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def lets_in(self, record: str) -> bool:
        """Whether it is worth asking with such a record: only a yes, or a look at each one, is said to be."""
        return getattr(self, record) in ("yes", "asks")


RECORDS = tuple(programs.Accepts.model_fields)
Openness = Literal["open", "waitlist", "closed", "after_assessment"]
Postcode = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=12, pattern=r"^[\w -]+$")]


class Place(BaseModel):
    """Where a program is given and how one gets there, in words: nobody needs a map to follow them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: Line
    postcode: Postcode | None = None
    directions: Line | None = Field(None, description="The bus, the door, the stairs: as they say it themselves.")
    access: Line | None = Field(None, description="For wheels, eyes and ears.")
    openings: tuple[Opening, ...] = Field((), max_length=50)
    latitude: float | None = Field(None, ge=-85, le=85)
    longitude: float | None = Field(None, ge=-180, le=180)

    @model_validator(mode="after")
    def both_or_neither(self) -> "Place":
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("A point has a latitude and a longitude.")
        return self

    @property
    def area(self) -> str | None:
        """The postcode by which others are near it: of a long one the part that names a place, not a door."""
        return postcode_of(self.postcode or "") or postcode_of(self.address.rpartition(" ")[2])

    @property
    def spot(self) -> tuple[float, float] | None:
        return None if self.latitude is None or self.longitude is None else (self.latitude, self.longitude)


US_POSTCODE = re.compile(r"(\d{5})(-?\d{4})?")


def postcode_of(said: str) -> str | None:
    """As places are compared by it; None for what is none. Postcodes of other countries count as they are written."""
    plain = " ".join(said.split()).upper()
    if match := US_POSTCODE.fullmatch(plain):
        return match[1]
    return plain if any(map(str.isdigit, plain)) and re.fullmatch(r"[A-Z0-9][A-Z0-9 -]{1,11}", plain) else None


def _as_place(given: Any) -> Any:
    """An address alone is a place too."""
    return {"address": given} if isinstance(given, str) else given


class AgencyEntry(BaseModel):
    """What an agency says of itself: the part of HSDS's organisation that we use, and our own questions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Line
    description: Text | None = None
    phone: Line | None = None
    email: Line | None = None
    website: Website | None = None
    calendar: Calendar
    reports_to: ReportsTo = ReportsTo()
    holds_no_records: bool = False
    shows_roles: bool = Field(False, description="People read what its workers do, and not their names: for safety.")
    lead: UUID | None = Field(None, description="The worker who answers for it.")
    welcomes: bool = Field(False, description="People who refer themselves come here.")

    @model_validator(mode="after")
    def holds_nobody(self) -> "AgencyEntry":
        if self.holds_no_records and self.welcomes:
            raise ValueError("An agency that keeps no people's records here can't welcome people who refer themselves.")
        return self

    def event(self, id: UUID, *, new: bool) -> AgencyEvent:
        kind = agencies.Registered if new else agencies.Updated
        return kind(
            agency=id,
            name=self.name,
            phone=self.phone,
            website=self.website,
            calendar=self.calendar,
            reports_to=self.reports_to,
            holds_no_records=self.holds_no_records,
            shows_roles=self.shows_roles,
            lead=self.lead,
        )


class ProgramEntry(BaseModel):
    """What an agency offers: the part of HSDS's service that we use."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agency: UUID
    name: Line
    needs: tuple[Need, ...] = Field(min_length=1, max_length=15)
    description: Text | None = None
    phone: Line | None = None
    email: Line | None = None
    website: Website | None = None
    languages: tuple[Language, ...] = Field((), max_length=64)
    minimum_age: int | None = Field(None, ge=0, le=130)
    maximum_age: int | None = Field(None, ge=0, le=130)
    documents: tuple[Document, ...] = Field((), max_length=16)
    openness: Openness = "open"
    openness_as_of: date | None = Field(None, description="The day on which they said so.")
    capacity: Capacity | None = None
    reports_to: ReportsTo = ReportsTo()
    eligibility: Text | None = Field(None, description="Who it is for, in words.")
    accepts: Accepts = Accepts()
    how: Text | None = Field(None, description="How to ask for it.")
    wait: Line | None = Field(None, description="What they say of waiting.")
    fees: Text | None = None
    places: tuple[Annotated[Place, BeforeValidator(_as_place)], ...] = Field((), max_length=100)
    hidden_place: bool = Field(False, description="A place is kept confidential, as a shelter's is.")

    @model_validator(mode="before")
    @classmethod
    def older_word(cls, given: Any) -> Any:
        """`accepting` is how openness was said before there were four answers."""
        if not isinstance(given, dict) or ("accepting" not in given and given.get("openness", "") is not None):
            return given
        said = {name: value for name, value in given.items() if name != "accepting"}
        if said.get("openness") is None:
            said["openness"] = "closed" if given.get("accepting") in (False, "false") else "open"
        return said

    @property
    def accepting(self) -> bool:
        return self.openness != "closed"

    @model_validator(mode="after")
    def ages_in_order(self) -> "ProgramEntry":
        if self.minimum_age is not None and self.maximum_age is not None and self.minimum_age > self.maximum_age:
            raise ValueError("The youngest age is at most the oldest.")
        return self

    def event(self, id: UUID, *, new: bool) -> ProgramEvent:
        kind = programs.Listed if new else programs.Updated
        return kind(
            program=id,
            agency=self.agency,
            name=self.name,
            needs=self.needs,
            phone=self.phone,
            languages=self.languages,
            minimum_age=self.minimum_age,
            maximum_age=self.maximum_age,
            documents=self.documents,
            accepting=self.accepting,
            openness=self.openness,
            openness_as_of=self.openness_as_of,
            accepts=self.accepts,
            capacity=self.capacity,
            reports_to=self.reports_to,
        )


ROOM_GROWS_OLD = 30  # days


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an entry was loaded from, and when somebody last vouched for it; `assured_on` None: nobody said when."""

    source: str
    source_id: str
    assured_on: date | None = None


@dataclass(frozen=True, slots=True)
class Agency:
    id: UUID
    entry: AgencyEntry
    origin: Origin | None = None  # None: the agency speaks for itself
    said_on: date | None = None  # when it last did

    @property
    def assured_on(self) -> date | None:
        return self.origin.assured_on if self.origin else self.said_on


@dataclass(frozen=True, slots=True)
class Program:
    id: UUID
    entry: ProgramEntry
    origin: Origin | None = None
    withdrawn: bool = False
    said_on: date | None = None

    @property
    def assured_on(self) -> date | None:
        return self.origin.assured_on if self.origin else self.said_on


def agency_events(before: Agency | None, after: Agency) -> tuple[AgencyEvent, ...]:
    """What the others are told: nothing where nothing that they know of changed."""
    said = after.entry.event(after.id, new=before is None)
    if before is not None and before.entry.event(before.id, new=False) == said:
        return ()
    return (said,)


def program_events(before: Program | None, after: Program) -> tuple[ProgramEvent, ...]:
    """The same for a program; one that was withdrawn and is offered again is listed again."""
    new = before is None or before.withdrawn
    said = after.entry.event(after.id, new=new)
    if not new and before is not None and before.entry.event(before.id, new=False) == said:
        return ()
    return (said,)


def withdraw(program: Program, reason: str) -> tuple[ProgramEvent, ...]:
    """It is offered no more. Said twice, it is told once."""
    if program.withdrawn:
        return ()
    return (programs.Withdrawn(program=program.id, agency=program.entry.agency, reason=reason),)


def may_load(origin: Origin | None, source: str) -> bool:
    """Whether a load from `source` may change this entry: not once its agency, or another directory, speaks for it."""
    return origin is not None and origin.source == source


def vouched_since(today: date) -> date:
    """The day since which somebody must have vouched for an entry of another directory: a year ago."""
    return date(today.year - 1, today.month, min(today.day, 28))


def is_current(entry: Agency | Program, today: date) -> bool:
    """Whether a page may show this as help that is there now: its agency said so within a year, or somebody vouched."""
    return entry.assured_on is not None and entry.assured_on >= vouched_since(today)


def room_is_old(entry: ProgramEntry, today: date) -> bool:
    """Whether what was said about room was said too long ago to go by; a day that nobody named is too long ago."""
    days = [day for day in (entry.openness_as_of, entry.capacity.as_of if entry.capacity else None) if day]
    return not days or (today - max(days)).days > ROOM_GROWS_OLD
