"""Control: what services say about their own work. A consumer that misses a fact asks its owner to say it again; the
owner does, or says that it can't. And where the chain of a service's audit stands.
"""

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

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


Hexadecimal = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["5f" * 32])]


class AuditAnchored(SideEvent):
    """Where the chain of the audit of `service` stands. Subject: `audit/service`. Partition key: the service.

    Whoever keeps these can tell later whether rows that were chained by then were changed, moved or cut off.
    """

    channel: ClassVar[str] = "throughcare.{service}.control.v1"
    type: ClassVar[str] = "throughcare.audit.anchored.v1"

    position: Number = Field(description="Of the chain's last link; the first has 1.")
    hash: Hexadecimal = Field(description="SHA-256 over the link before, the position and the row.")
    settled: int = Field(ge=0, le=2**63 - 1, description="Every row with a number up to this one is in the chain.")
    anchored_at: AwareDatetime = Field(description="When, by the clock of the process that signed.")
    key: str = Field(pattern=r"^[0-9a-f]{16}$", description="Which key signed.", examples=["0123456789abcdef"])
    signature: Hexadecimal = Field(description="HMAC-SHA-256 of all this by a key that no database holds.")
