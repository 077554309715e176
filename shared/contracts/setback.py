"""Setbacks: something got hard, the person says so, and support opens. And concerns, which are others' words.

A setback concerns the person and the named worker. Others hear of it by `shared` alone: one setback, one recipient,
one consent. A concern is never disclosed at all, least of all to whoever raised it. No event says what got hard.
"""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.codes import Coded
from shared.contracts.compartments import Compartment, In
from shared.contracts.events import Event
from shared.contracts.kinds import PersonId, WorkerId
from shared.contracts.parties import Party, Way

InSetback = In(Compartment.SETBACK)  # how hard it is, and whose worry it was: for the person and their worker alone


class Stage(Coded):
    REPORTED = "reported", "Told", "The person told us that something got hard. Somebody gets in touch."
    OVERDUE = "overdue", "We are late", "Nobody got in touch in time, so the supervisor does. It rings until then."
    CONTACTED = "contacted", "In touch", "Somebody has spoken with the person."
    REFLECTED = "reflected", "Looked at together", "The person has said what could help next time."
    REVISION_OFFERED = "revision_offered", "A lighter plan?", "A change of plan is offered. Yes and no are both fine."
    RESTING = "resting", "Resting", "Somebody was in touch; the rest waits until the person likes to."
    SUPPORTED = "supported", "Supported", "The person has what they wanted from us for now. The door stays open."
    WITHDRAWN = "withdrawn", "Taken back", "The person took it back. Nobody asks why."


class ConcernStage(Coded):
    RAISED = "raised", "For you alone", "Somebody worries about the person and told their worker, nobody else."
    READ = "read", "Read", "The worker has read it."
    ASKED = "asked", "The person was asked", "The worker has asked the person how they see it."
    SET_ASIDE = "set_aside", "Set aside", "Nothing came of it, and what it said is gone."
    OWNED = "owned", "The person's own now", "The person says so themselves: a setback of theirs has begun."


class Pace(Coded):
    """How soon somebody should be in touch; the person says."""

    SOON = "soon", "Soon", "As soon as somebody can."
    TODAY = "today", "Within a day", "Within a day."


class Asks(Coded):
    """What the person would like of whom they share it with."""

    KNOW = "know", "To know", "To know about it, no more."
    CONTACT = "contact", "To get in touch", "To call or to come by."
    ADJUST = "adjust", "To make something easier", "To move or change something that is too hard now."


class SetbackEvent(Event):
    """What every setback event carries. It changes nothing anywhere else: no place, no plan, no referral."""

    topic: ClassVar[str] = "throughcare.setback.v1"

    setback: UUID = Field(description="The setback.")
    person: PersonId
    worker: WorkerId
    stage: Stage = Field(description="Where it stands after this.")
    owner: Party | None = Field(None, description="Who is to act next; none when it is at rest.")
    way: Way = Field(description="How the word came.")
    recorded_by: UUID | None = Field(None, description="The worker who wrote down what was said by phone or in person.")


class Reported(SetbackEvent):
    type: ClassVar[str] = "throughcare.setback.reported.v1"

    pace: Annotated[Pace, InSetback] = Field(description="How soon the person would like somebody to be in touch.")
    concern: Annotated[UUID | None, InSetback] = Field(None, description="The concern that the person made their own.")


class ContactTried(SetbackEvent):
    """Somebody tried and did not get through. The clock runs on: trying is not reaching."""

    type: ClassVar[str] = "throughcare.setback.contact_tried.v1"

    attempts: int = Field(ge=1, description="Attempts so far, this one included.")


class Contacted(SetbackEvent):
    type: ClassVar[str] = "throughcare.setback.contacted.v1"

    late: bool = Field(description="After the promised hours.")


class Escalated(SetbackEvent):
    type: ClassVar[str] = "throughcare.setback.escalated.v1"


class NobodyCame(SetbackEvent):
    """The person says that nobody was in touch, whatever had been written down."""

    type: ClassVar[str] = "throughcare.setback.nobody_came.v1"


class Reflected(SetbackEvent):
    type: ClassVar[str] = "throughcare.setback.reflected.v1"


class RevisionOffered(SetbackEvent):
    type: ClassVar[str] = "throughcare.setback.revision_offered.v1"


class RevisionAccepted(SetbackEvent):
    """The person would like a lighter plan; it is agreed where plans are, and signed by both."""

    type: ClassVar[str] = "throughcare.setback.revision_accepted.v1"


class RevisionDeclined(SetbackEvent):
    type: ClassVar[str] = "throughcare.setback.revision_declined.v1"


class Supported(SetbackEvent):
    type: ClassVar[str] = "throughcare.setback.supported.v1"


class Rested(SetbackEvent):
    type: ClassVar[str] = "throughcare.setback.rested.v1"


class AskedAgain(SetbackEvent):
    type: ClassVar[str] = "throughcare.setback.asked_again.v1"

    pace: Annotated[Pace, InSetback] = Field(description="How soon the person would like somebody to be in touch.")


class Shared(SetbackEvent):
    """The person wants one recipient to know. The only event of a setback that leaves the network."""

    type: ClassVar[str] = "throughcare.setback.shared.v1"

    recipient: UUID = Field(description="The agency that may be told, and no other.")
    consent: UUID = Field(description="The consent for exactly this setback and this recipient.")
    asks: Asks = Field(description="What the person would like of them.")
    referral: UUID | None = Field(None, description="The referral it bears on, if the person named one.")


class Withdrawn(SetbackEvent):
    type: ClassVar[str] = "throughcare.setback.withdrawn.v1"


class ConcernEvent(Event):
    """Another's worry, told to the named worker alone. No setback, and never disclosed."""

    topic: ClassVar[str] = "throughcare.setback.v1"

    concern: UUID = Field(description="The concern.")
    person: PersonId
    worker: WorkerId
    concern_stage: ConcernStage = Field(description="Where it stands after this.")


class ConcernRaised(ConcernEvent):
    type: ClassVar[str] = "throughcare.concern.raised.v1"

    agency: Annotated[UUID, InSetback] = Field(
        description="The agency whose staff raised it. It hears nothing of what follows."
    )


class ConcernRead(ConcernEvent):
    type: ClassVar[str] = "throughcare.concern.read.v1"


class ConcernAsked(ConcernEvent):
    type: ClassVar[str] = "throughcare.concern.asked.v1"


class ConcernSetAside(ConcernEvent):
    type: ClassVar[str] = "throughcare.concern.set_aside.v1"


class ConcernOwned(ConcernEvent):
    type: ClassVar[str] = "throughcare.concern.owned.v1"

    setback: Annotated[UUID, InSetback] = Field(description="The setback that the person made of it.")
