"""Agencies: the organisations of the network and when their doors are open. Public facts, so in clear.

Each event carries the whole of what is known, so the last one alone is enough to show an agency or to count its
business days.
"""

from datetime import date, time
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.contracts.events import Event
from shared.contracts.kinds import AgencyId, Known, Line, Part, WorkerId

Reports = Annotated[str, Known("yes", "no", "unknown")]


class ReportsTo(Part):
    """What an agency or program passes on to those who can punish. Shown to the person before they consent."""

    supervision: Reports = Field("unknown", description="To probation or parole.")
    courts: Reports = Field("unknown", description="To courts.")
    immigration: Reports = Field("unknown", description="To immigration authorities.")
    child_protection: Reports = Field("unknown", description="To child protection, beyond what the law demands of all.")

    def may_reach(self, office: Literal["supervision", "courts", "immigration", "child_protection"]) -> bool:
        """Unknown counts as yes: only a clear no is a no."""
        return getattr(self, office) != "no"


class Opening(Part):
    """One span of one weekday on which somebody is there to answer."""

    weekday: int = Field(ge=1, le=7, description="1 is Monday, 7 is Sunday (ISO 8601).")
    opens: time = Field(description="Local time of the agency.", examples=["09:00:00"])
    closes: time = Field(description="Local time of the agency, on the same day.", examples=["17:00:00"])

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("opens before it closes; a night is two spans")
        return self


class Calendar(Part):
    """When an agency works. Business days are the weekdays with an opening, holidays left out."""

    timezone: str = Field(
        pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}$", description="IANA name.", examples=["America/New_York"]
    )
    openings: tuple[Opening, ...] = Field((), max_length=50, description="None given: Monday to Friday, 9 to 5.")
    holidays: tuple[date, ...] = Field((), max_length=400, description="Days on which nobody answers.")


class AgencyEvent(Event):
    """Subject and partition key: the agency."""

    topic: ClassVar[str] = "throughcare.agency.v1"

    agency: AgencyId


class AgencyFacts(AgencyEvent):
    name: Line = Field(description="Public name.", examples=["Harbor House"])
    phone: Line | None = Field(None, description="Public telephone number.", examples=["555-0142"])
    website: Line | None = Field(None, description="Public web address.")
    calendar: Calendar = Field(description="When it can answer.")
    reports_to: ReportsTo = Field(default_factory=ReportsTo, description="What it passes on, and to whom.")
    holds_no_records: bool = Field(
        False, description="A victim-service agency: it keeps no people's records here and receives no stream."
    )
    shows_roles: bool = Field(
        False, description="For its workers' safety people read what they do, and not their names."
    )
    lead: WorkerId | None = Field(None, description="Who answers for it when its staff are silent.")


class Registered(AgencyFacts):
    """The agency joined the network's directory."""

    type: ClassVar[str] = "throughcare.agency.registered.v1"


class Updated(AgencyFacts):
    """Something about the agency changed; all of it as it is now."""

    type: ClassVar[str] = "throughcare.agency.updated.v1"
