"""Portraits: what somebody told of who they are, and which questions they let us ask. What they said stays sealed.

The codes of questions are coded facts: that joys were asked about tells nothing of the joys. A skip is counted as the
right that it is. What was said travels as it lies in intake, closed with the key of its own compartment, so that a
restore finds it again.
"""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from shared.contracts.codes import CODE
from shared.contracts.compartments import Compartment, In
from shared.contracts.events import Event
from shared.contracts.kinds import AgencyId, Known, Part, PersonId, WorkerId

Question = Annotated[str, StringConstraints(pattern=CODE), Field(examples=["joys"])]
Questions = Annotated[tuple[Question, ...], Field(max_length=16)]
Section = Annotated[str, Known("portrait", "strengths", "about", "basics", "working", "belonging", "care")]
Side = Annotated[str, Known("person", "worker", "referral")]


class Given(Part):
    """What was said to one question, closed."""

    question: Question = Field(description="Which question.")
    version: int = Field(ge=1, description="How often this agency's answer to it has changed, from 1.")
    state: Annotated[str, Known("answered", "skipped", "taken_back")] = Field(description="What they did with it.")
    sealed: str | None = Field(
        None,
        max_length=16384,
        pattern=r"^[A-Za-z0-9+/]+={0,2}$",
        description="The answer, sealed as `answer.<question>` with the person's key, in base64.",
    )


class PortraitEvent(Event):
    """Subject and partition key: the person."""

    topic: ClassVar[str] = "throughcare.portrait.v1"

    person: PersonId


class Opened(PortraitEvent):
    """They let us ask a group of questions. Nothing beyond the first eight fields is asked before."""

    type: ClassVar[str] = "throughcare.portrait.opened.v1"

    section: Section = Field(description="Which questions.")
    by: Side = Field(description="Who opened them: the person, or a worker at their word.")
    agency: AgencyId = Field(description="Whose worker asks from now on; of the person's own page, their home agency.")
    fields: int = Field(ge=1, le=8, description="How many questions these are.")
    day: int = Field(ge=0, description="Days since they were welcomed.")


class Sitting(Event):
    """What every sitting has: one time at which somebody told something, whole. Portraits and needs share it."""

    agency: AgencyId = Field(description="Whom it was told to; from the person's own page, their home agency.")
    worker: WorkerId | None = Field(None, description="Who wrote it down; none: the person did.")
    by: Side = Field(description="Who said it.")
    section: Section = Field(description="Which questions.")
    sitting: int = Field(ge=1, description="Which sitting of this person with this agency it was, from 1.")
    day: int = Field(ge=0, description="Days since they were welcomed.")
    answered: Questions = Field((), description="Questions that have another answer now.")
    skipped: Questions = Field((), description="Questions that they chose not to answer. That is their right.")
    taken_back: Questions = Field((), description="Questions whose answer they took back.")
    retold: Questions = Field((), description="Told to another agency before: they had to tell it again.")
    spared: Questions = Field((), description="Not asked, since another agency had heard it and lets this one see it.")
    given: Annotated[tuple[Given, ...], In(Compartment.IDENTITY)] = Field(
        (), max_length=16, description="What was said, closed."
    )


class Told(PortraitEvent, Sitting):
    """Somebody told something of who they are, or that they would rather not say."""

    type: ClassVar[str] = "throughcare.portrait.told.v1"
