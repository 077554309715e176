"""The directory: agencies and what they offer, as they say it themselves or as a directory elsewhere said it.

Capacity is a dated hint. What was loaded from elsewhere keeps where it came from and when somebody last vouched for
it, so that no page shows it as current help; once an agency speaks for itself, a later load changes nothing of it.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

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
    accepting: bool = True
    capacity: Capacity | None = None
    reports_to: ReportsTo = ReportsTo()
    eligibility: Text | None = Field(None, description="Who it is for, in words.")
    how: Text | None = Field(None, description="How to ask for it.")
    fees: Text | None = None
    places: tuple[Line, ...] = Field((), max_length=100, description="Where it is given.")
    hidden_place: bool = Field(False, description="A place is kept confidential, as a shelter's is.")

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
            capacity=self.capacity,
            reports_to=self.reports_to,
        )


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


@dataclass(frozen=True, slots=True)
class Program:
    id: UUID
    entry: ProgramEntry
    origin: Origin | None = None
    withdrawn: bool = False


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


def is_current(origin: Origin | None, today: date) -> bool:
    """Whether a page may show this as help that is there now: the agency says so itself, or somebody vouched lately."""
    if origin is None:
        return True
    return origin.assured_on is not None and origin.assured_on >= vouched_since(today)
