"""Programs: what an agency offers, with rules and places. Public facts, so in clear.

Capacity is a hint with a date, never a promise: the agency's answer to a referral decides.
"""

from datetime import date
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.contracts.agency import ReportsTo
from shared.contracts.events import Event
from shared.contracts.kinds import AgencyId, Known, Language, Line, Need, Part

Document = Annotated[
    str,
    Known(
        "state_id",
        "birth_record",
        "social_security",
        "release_papers",
        "proof_of_income",
        "insurance_card",
        "medical_record",
        "other",
    ),
]


class Capacity(Part):
    """What the agency said about places, and when it said so."""

    available: int | None = Field(None, ge=0, le=1_000_000, description="Places free on that day; none: not said.")
    maximum: int | None = Field(None, ge=0, le=1_000_000, description="Places in all; none: not said.")
    as_of: date = Field(description="The day this was true. A hint grows stale.")


Taken = Annotated[str, Known("yes", "asks", "no", "unknown")]


class Accepts(Part):
    """Whether somebody with such a record may come: yes, they ask first, no, or they have not said."""

    violence: Taken = Field("unknown", description="Harm to somebody.")
    sexual: Taken = Field("unknown", description="A sexual offense, or a registry.")
    arson: Taken = Field("unknown", description="Setting a fire.")
    drugs: Taken = Field("unknown", description="Making, selling or having drugs.")
    property: Taken = Field("unknown", description="Theft, burglary or fraud.")
    pending: Taken = Field("unknown", description="A charge or warrant that is still open.")


class ProgramEvent(Event):
    """Subject: the program. Partition key: its agency."""

    topic: ClassVar[str] = "throughcare.program.v1"

    program: UUID = Field(description="The program.")
    agency: AgencyId


class ProgramFacts(ProgramEvent):
    name: Line = Field(description="Public name.", examples=["Rooms for the first month"])
    needs: tuple[Need, ...] = Field(min_length=1, max_length=32, description="What it helps with.")
    phone: Line | None = Field(None, description="Public telephone number, where it is another than the agency's.")
    languages: tuple[Language, ...] = Field((), max_length=64, description="Spoken there (BCP 47).")
    minimum_age: int | None = Field(None, ge=0, le=130, description="In years.")
    maximum_age: int | None = Field(None, ge=0, le=130, description="In years.")
    documents: tuple[Document, ...] = Field((), max_length=32, description="What one has to bring.")
    accepting: bool = Field(True, description="False while it takes nobody new.")
    openness: Annotated[str, Known("open", "waitlist", "closed", "after_assessment")] | None = Field(
        None, description="Whether there is room for somebody new; none: as `accepting` says."
    )
    openness_as_of: date | None = Field(None, description="The day this was said. A hint grows stale.")
    accepts: Accepts = Field(default_factory=Accepts, description="Whom its rules about records let in.")
    capacity: Capacity | None = Field(None, description="Places, as last told.")
    reports_to: ReportsTo = Field(default_factory=ReportsTo, description="What it passes on, and to whom.")

    @model_validator(mode="after")
    def ages_in_order(self) -> Self:
        if None not in (self.minimum_age, self.maximum_age) and self.minimum_age > self.maximum_age:  # type: ignore[operator]
            raise ValueError("the youngest age is at most the oldest")
        return self


class Listed(ProgramFacts):
    """The agency offers a program through the network."""

    type: ClassVar[str] = "throughcare.program.listed.v1"


class Updated(ProgramFacts):
    """Something about the program changed; all of it as it is now."""

    type: ClassVar[str] = "throughcare.program.updated.v1"


class Withdrawn(ProgramEvent):
    """The program is offered no more. Referrals under way go on."""

    type: ClassVar[str] = "throughcare.program.withdrawn.v1"

    reason: Annotated[str, Known("ended", "merged", "entered_in_error")] = Field(description="Why.")
