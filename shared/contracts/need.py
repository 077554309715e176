"""Needs: what somebody says would help, as it stands after each sitting, and what became of it since.

Each sitting is a version. Health, mental health and substance use travel in a part of their own.
"""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.compartments import Compartment, In
from shared.contracts.events import Event
from shared.contracts.kinds import Known, Need, Part, PersonId
from shared.contracts.portrait import Given, Sitting

InHealth = In(Compartment.HEALTH)
Stands = Annotated[str, Known("first", "later", "fine", "asked", "partly", "met", "not_said")]


class Standing(Part):
    """Where one need stands now."""

    need: Need = Field(description="Which need.")
    stands: Stands = Field(
        description="Help with it first, later, not needed; asked for, partly met, met; or not said (any more)."
    )


class NeedEvent(Event):
    """Subject and partition key: the person."""

    topic: ClassVar[str] = "throughcare.need.v1"

    person: PersonId


class Told(NeedEvent, Sitting):
    """Somebody said what they need, or that they would rather not say."""

    type: ClassVar[str] = "throughcare.need.told.v1"

    needs: tuple[Standing, ...] = Field((), max_length=16, description="What changed, and how it stands now.")
    care: Annotated[tuple[Standing, ...], InHealth] = Field(
        (), max_length=16, description="The same of health, mental health and substance use."
    )
    given_of_care: Annotated[tuple[Given, ...], InHealth] = Field(
        (), max_length=16, description="What was said of these, closed."
    )


class Changed(NeedEvent):
    """A referral changed where a need stands: asked for, met, met in part, or open again."""

    type: ClassVar[str] = "throughcare.need.changed.v1"

    referral: UUID = Field(description="The referral that changed it.")
    sitting: int = Field(ge=1, description="Its place among the sittings.")
    agency: UUID = Field(description="The person's home agency.")
    needs: tuple[Standing, ...] = Field((), max_length=16, description="What changed, and how it stands now.")
    care: Annotated[tuple[Standing, ...], InHealth] = Field(
        (), max_length=16, description="The same of health, mental health and substance use."
    )
    given: Annotated[tuple[Given, ...], In(Compartment.IDENTITY)] = Field(
        (), max_length=16, description="The same, closed."
    )
    given_of_care: Annotated[tuple[Given, ...], InHealth] = Field(
        (), max_length=16, description="The same of health, mental health and substance use, closed."
    )
