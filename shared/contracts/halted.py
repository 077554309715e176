"""Halted: one service's word that it discloses nothing more. When every disclosing service has said so, a revocation
is in effect.
"""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.events import SideEvent
from shared.contracts.kinds import Known, PersonId


class Halted(SideEvent):
    """Subject: the consent. Partition key: the person. Written after the last attempt under way has ended."""

    channel: ClassVar[str] = "throughcare.{service}.halted.v1"
    type: ClassVar[str] = "throughcare.consent.halted.v1"
    in_clear: ClassVar[bool] = True  # that nothing more goes out is said also when every key is gone

    consent: UUID = Field(description="The consent under which nothing more goes out.")
    person: PersonId
    reason: Annotated[str, Known("revoked", "lapsed", "person_erased", "parked")] = Field(
        "revoked", description="What made it halt."
    )
