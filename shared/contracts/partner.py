"""Partners: agencies' own systems, their agreements, and what they may read because of them."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.events import Event
from shared.contracts.kinds import AgencyId, Known, Slug


class PartnerEvent(Event):
    """Subject: the partner. Partition key: its agency."""

    topic: ClassVar[str] = "throughcare.partner.v1"

    partner: UUID = Field(description="The partner.")
    agency: AgencyId = Field(description="The agency whose system it is: what that agency may know, it may read.")


class Connected(PartnerEvent):
    """It has a stream of its own, of synthetic people only until an agreement is recorded."""

    type: ClassVar[str] = "throughcare.partner.connected.v1"

    slug: Slug = Field(description="What its topics, its Kafka user and its groups are called. Says nothing.")


class AgreementRecorded(PartnerEvent):
    """Both sides signed; real people from the first day to the last."""

    type: ClassVar[str] = "throughcare.partner.agreement_recorded.v1"

    agreement: UUID = Field(description="The agreement.")
    valid_from: date = Field(description="Its first day.")
    expires_on: date = Field(description="Its last day.")


class AgreementExpired(PartnerEvent):
    """Synthetic people only, from now on."""

    type: ClassVar[str] = "throughcare.partner.agreement_expired.v1"

    agreement: UUID = Field(description="The agreement that ended.")
    reason: Annotated[str, Known("expired", "ended_by_agency", "ended_by_network")] = Field(
        "expired", description="Why."
    )


class Removed(PartnerEvent):
    """Its credentials and topics are gone."""

    type: ClassVar[str] = "throughcare.partner.removed.v1"

    reason: Annotated[str, Known("left", "agreement_ended", "misuse", "entered_in_error")] = Field(description="Why.")
