"""What an agency types about itself and what it offers, as entries; and entries as what stands in the form.

Pure. What a form does not ask (a point on the map, who answers for the agency) stays as it was.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.intake.directory import (
    RECORDS,
    Accepts,
    AgencyEntry,
    Calendar,
    Capacity,
    Opening,
    Openness,
    Place,
    ProgramEntry,
    ReportsTo,
)
from services.intake.fields import Document, Need
from services.intake.hsds.times import DAYS, read_clock, read_date
from services.intake.words import OFFICES
from shared.contracts.kinds import Language
from shared.runtime.errors import Invalid
from shared.web import forms
from shared.web.mending import sentence

NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LINE = re.compile(r"([A-Za-z]+)(?:\s*(?:-|–|to)\s*([A-Za-z]+))?\s*:?\s+(\d.*)")
SPAN = re.compile(r"(.+?)\s*(?:-|–|\bto\b)\s*(.+)")
HOURS = "Write a day and its hours on each line, such as: Monday 9:00 to 17:00."
DAYS_CLOSED = "Write one day on each line, such as: 2026-12-25."
MOST = 100

Word = Literal["yes", "no", "unknown"]
Rule = Literal["yes", "asks", "no", "unknown"]
Count = Annotated[int | None, Field(ge=0, le=1_000_000)]
Age = Annotated[int | None, Field(ge=0, le=130)]
E = TypeVar("E", AgencyEntry, ProgramEntry)


class _Reports(BaseModel):
    model_config = ConfigDict(extra="forbid")

    supervision: Word = "unknown"
    courts: Word = "unknown"
    immigration: Word = "unknown"
    child_protection: Word = "unknown"

    def reports_to(self) -> ReportsTo:
        return ReportsTo(**{office: getattr(self, office) for office in OFFICES})


class AgencyForm(_Reports):
    name: forms.Line
    description: forms.Lines | None = None
    phone: forms.Line | None = None
    email: forms.Line | None = None
    website: forms.Line | None = None
    timezone: forms.Line = "America/New_York"
    hours: forms.Lines | None = None
    closed: forms.Lines | None = None
    holds_no_records: bool = False
    welcomes: bool = False

    def entry(self, before: AgencyEntry | None) -> AgencyEntry:
        """All that is typed, and what stood there before of the rest. Raises Invalid with the field to mend."""
        kept = before.model_dump(exclude_defaults=True) if before else {}
        typed = self.model_dump(exclude={"timezone", "hours", "closed", *OFFICES})
        calendar = {"timezone": self.timezone, "openings": openings(self.hours or ""), "holidays": closed(self.closed)}
        return _entry(AgencyEntry, kept | typed | {"calendar": calendar, "reports_to": self.reports_to()})


class ProgramForm(_Reports):
    name: forms.Line
    needs: list[Need] = Field(min_length=1, max_length=15)
    description: forms.Lines | None = None
    eligibility: forms.Lines | None = None
    how: forms.Lines | None = None
    fees: forms.Lines | None = None
    wait: forms.Line | None = None
    phone: forms.Line | None = None
    email: forms.Line | None = None
    website: forms.Line | None = None
    languages: list[Language] = Field([], max_length=64)
    documents: list[Document] = Field([], max_length=16)
    minimum_age: Age = None
    maximum_age: Age = None
    openness: Openness = "open"
    available: Count = None
    maximum: Count = None
    places: forms.Lines | None = None
    hidden_place: bool = False
    violence: Rule = "unknown"
    sexual: Rule = "unknown"
    arson: Rule = "unknown"
    drugs: Rule = "unknown"
    property: Rule = "unknown"
    pending: Rule = "unknown"

    def entry(self, agency: UUID, before: ProgramEntry | None, today: date) -> ProgramEntry:
        typed = self.model_dump(exclude={"available", "maximum", "places", *OFFICES, *RECORDS})
        capacity = None
        if self.available is not None:
            capacity = Capacity(available=self.available, maximum=self.maximum, as_of=today)
        more = {
            "agency": agency,
            "capacity": capacity,
            "places": places(self.places or "", before.places if before else ()),
            "accepts": Accepts(**{record: getattr(self, record) for record in RECORDS}),
            "reports_to": self.reports_to(),
        }
        return _entry(ProgramEntry, typed | more)


def _entry(kind: type[E], values: Mapping[str, Any]) -> E:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = [str(part) for part in first["loc"]] or ["name"]
        field = "timezone" if where[:2] == ["calendar", "timezone"] else where[0]
        raise Invalid(field, sentence(first)) from None


def openings(text: str) -> tuple[Opening, ...]:
    """ "Mon-Fri 9am to 5pm", "Saturday 10:00 to 12:00, 13:00 to 15:00": a line for a day, or for several."""
    return tuple(span for line in text.splitlines() if line.strip() for span in _of_line(line.strip()))


def _of_line(line: str) -> list[Opening]:
    match = LINE.fullmatch(line)
    first, last = (DAYS.get((name or "").lower()) for name in (match[1], match[2] or match[1])) if match else (0, 0)
    if match is None or not first or not last or first > last:
        raise Invalid("hours", HOURS)
    spans = []
    for part in match[3].split(","):
        times = SPAN.fullmatch(part.strip())
        opens, closes = (read_clock(times[1]), read_clock(times[2])) if times else (None, None)
        if opens is None or closes is None or opens >= closes:
            raise Invalid("hours", HOURS)
        spans += [Opening(weekday=day, opens=opens, closes=closes) for day in range(first, last + 1)]
    return sorted(spans, key=lambda span: (span.weekday, span.opens))


def closed(text: str | None) -> tuple[date, ...]:
    days = [read_date(line) for line in (text or "").splitlines() if line.strip()]
    if any(day is None for day in days):
        raise Invalid("closed", DAYS_CLOSED)
    return tuple(sorted({day for day in days if day}))


def places(text: str, before: tuple[Place, ...]) -> tuple[Place, ...]:
    """One a line, how to get there after a bar. Where it stands on the map is kept for an address that stays."""
    known, found = {place.address: place for place in before}, []
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > MOST:
        raise Invalid("places", f"That is more than {MOST} places. List the others as a program of their own.")
    for line in lines:
        address, _, directions = (part.strip() for part in line.partition("|"))
        if not 1 <= len(address) <= 300 or len(directions) > 300:
            raise Invalid("places", "Write an address on each line, and after a | how to get there.")
        kept = known.get(address) or Place(address=address)
        found.append(kept.model_copy(update={"directions": directions or None}))
    return tuple(found)


def typed_agency(entry: AgencyEntry) -> dict[str, str | list[str]]:
    calendar = entry.calendar
    typed = _typed(entry, ("name", "description", "phone", "email", "website"))
    return typed | {
        "timezone": calendar.timezone,
        "hours": hours_typed(calendar),
        "closed": "\n".join(map(str, calendar.holidays)),
        "holds_no_records": "true" if entry.holds_no_records else "",
        "welcomes": "true" if entry.welcomes else "",
        **{office: getattr(entry.reports_to, office) for office in OFFICES},
    }


def typed_program(entry: ProgramEntry) -> dict[str, str | list[str]]:
    names = ("name", "description", "eligibility", "how", "fees", "wait", "phone", "email", "website", "openness",
             "minimum_age", "maximum_age")  # fmt: skip
    places_ = [" | ".join(filter(None, (place.address, place.directions))) for place in entry.places]
    capacity = entry.capacity
    return _typed(entry, names) | {
        "needs": list(entry.needs),
        "languages": list(entry.languages),
        "documents": list(entry.documents),
        "places": "\n".join(places_),
        "hidden_place": "true" if entry.hidden_place else "",
        **(_typed(capacity, ("available", "maximum")) if capacity else {}),
        **{office: getattr(entry.reports_to, office) for office in OFFICES},
        **{record: getattr(entry.accepts, record) for record in RECORDS},
    }


def hours_typed(calendar: Calendar) -> str:
    lines = []
    for number, name in enumerate(NAMES, 1):
        spans = sorted((o for o in calendar.openings if o.weekday == number), key=lambda o: o.opens)
        told = ", ".join(f"{span.opens:%H:%M} to {span.closes:%H:%M}" for span in spans)
        lines += [f"{name} {told}"] if told else []
    return "\n".join(lines)


def _typed(of: BaseModel, names: tuple[str, ...]) -> dict[str, str | list[str]]:
    return {name: "" if (value := getattr(of, name)) is None else str(value) for name in names}
