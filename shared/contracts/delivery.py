"""Deliveries: what left for an agency's own system and was acknowledged on its stream, or did not leave, and why.

Acknowledged means that the broker has it where the partner can read it. That somebody there read it is for them to say.
"""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.events import Event
from shared.contracts.kinds import AgencyId, Known, PersonId


class DeliveryEvent(Event):
    """Subject: the referral or setback that it is about. Partition key: the person."""

    topic: ClassVar[str] = "throughcare.delivery.v1"

    person: PersonId
    agency: AgencyId = Field(description="The agency whose system it is for.")
    partner: UUID = Field(description="That system.")
    referral: UUID | None = Field(None, description="The referral that was told of.")
    setback: UUID | None = Field(None, description="The setback that was told of, where it was one.")


class Acknowledged(DeliveryEvent):
    """It stands on the partner's stream."""

    type: ClassVar[str] = "throughcare.delivery.acknowledged.v1"

    consent: UUID = Field(description="The consent that was live when it left.")


class Withheld(DeliveryEvent):
    """It did not go out. Should what stood in the way change, it goes out then."""

    type: ClassVar[str] = "throughcare.delivery.withheld.v1"

    reason: Annotated[
        str,
        Known(
            "no_consent",
            "consent_ended",
            "consent_unsure",
            "not_covered",
            "no_agreement",
            "holds_no_records",
            "person_unknown",
        ),
    ] = Field(description="What stood in the way.")
