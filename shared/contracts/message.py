"""Messages: decided, sent or withheld. What they say and where they go stays with notifications, sealed."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.codes import CODE
from shared.contracts.events import Event
from shared.contracts.kinds import Channel, Known, PersonId, WorkerId


class MessageEvent(Event):
    """Subject: the message. Partition key: the person, or the agency where it is for staff."""

    topic: ClassVar[str] = "throughcare.message.v1"

    message: UUID = Field(description="The message.")
    person: PersonId | None = Field(None, description="Whom it concerns; none: nobody in particular.")
    audience: Annotated[str, Known("person", "worker", "agency")] = Field(description="Who is to read it.")
    agency: UUID | None = Field(None, description="The agency it is for, or whose worker it is for.")
    worker: WorkerId | None = Field(None, description="The worker it is for, where the audience is a worker.")


class Decided(MessageEvent):
    """A message is to go out, unless policy holds it back."""

    type: ClassVar[str] = "throughcare.message.decided.v1"

    occasion: str = Field(pattern=CODE, description="Why we write: a template's code.", examples=["referral_accepted"])
    about: UUID | None = Field(None, description="The referral, setback, promise or plan it is about.")
    channel: Channel = Field(description="The way it is to go.")
    not_before: datetime | None = Field(None, description="Quiet hours: it waits until then. None: at once.")


class Sent(MessageEvent):
    """A carrier took it."""

    type: ClassVar[str] = "throughcare.message.sent.v1"

    channel: Channel = Field(description="The way it went.")
    attempt: int = Field(ge=1, le=1000, description="The attempt that got through, from 1.")


class Withheld(MessageEvent):
    """It did not go out, and will not."""

    type: ClassVar[str] = "throughcare.message.withheld.v1"

    reason: Annotated[
        str, Known("no_consent", "no_safe_way", "opted_out", "out_of_date", "never_list", "carrier_refused", "too_late")
    ] = Field(description="Why.")
