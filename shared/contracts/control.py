"""Control: a consumer that misses a fact asks its owner to say it again; the owner does, or says that it can't."""

from typing import Annotated, ClassVar

from pydantic import Field

from shared.contracts.events import SideEvent
from shared.contracts.kinds import Key, Known, Number, Service

Asker = Annotated[Service, Field(description="Who asked.")]


class RepairEvent(SideEvent):
    """Subject: topic and aggregate in question, `topic/subject`. Partition key: the aggregate."""

    channel: ClassVar[str] = "throughcare.{service}.control.v1"

    wanted_topic: Key = Field(description="Where something is missing.", examples=["throughcare.referral.v1"])
    wanted_subject: Key = Field(
        description="The aggregate whose facts are missing.", examples=["018f5c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f"]
    )
    from_sequence: Number = Field(description="The first sequence that is missing.")


class RepairRequested(RepairEvent):
    """Please say it again. `service` asks; whoever owns the topic publishes it again, which is the answer."""

    type: ClassVar[str] = "throughcare.repair.requested.v1"


class RepairImpossible(RepairEvent):
    """Neither archive nor topic holds it. `service` is the owner; an operator accepts the loss in writing."""

    type: ClassVar[str] = "throughcare.repair.impossible.v1"

    asker: Asker
    reason: Annotated[str, Known("not_in_archive", "never_written")] = Field("not_in_archive", description="Why not.")
