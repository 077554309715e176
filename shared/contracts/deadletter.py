"""Dead letters: records that a service could not apply, announced by id and reason; what they hold stays put."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.envelope import REASONS
from shared.contracts.events import SideEvent
from shared.contracts.kinds import Key, Known

Reason = Annotated[str, Known(*REASONS, "gap", "fork", "poison", "lost")]


class DeadLetterEvent(SideEvent):
    """Subject: the partition the record stands on, `topic/partition`. Partition key: the topic."""

    channel: ClassVar[str] = "throughcare.{service}.dlq.v1"

    record_topic: Key = Field(description="The topic it stands on.", examples=["throughcare.referral.v1"])
    partition: int = Field(ge=0, le=2**31 - 1, description="Where it stands.")
    offset: int = Field(ge=0, le=2**63 - 1, description="Where it stands.")
    record_source: Key | None = Field(None, description="Who wrote it, where that could be read.")
    record_id: UUID | None = Field(None, description="Its id, where that could be read.")
    record_subject: Key | None = Field(
        None, description="Its aggregate, where that could be read; none: it holds back nobody."
    )


class Parked(DeadLetterEvent):
    """A record waits for somebody. Later ones of its subject wait behind it; everybody else's move on."""

    type: ClassVar[str] = "throughcare.deadletter.parked.v1"

    reason: Reason = Field(description="Why.")


class Released(DeadLetterEvent):
    """It waits no more."""

    type: ClassVar[str] = "throughcare.deadletter.released.v1"

    how: Annotated[str, Known("replayed", "dropped")] = Field(
        description="Applied after all, or given up by an operator in writing."
    )
