"""One service's word: halted, that it discloses nothing more; forgotten, that it holds nothing more of somebody.

When every service that has to has said so, a revocation is in effect, and an erasure is done.
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


class Forgotten(SideEvent):
    """Subject and partition key: the person. What the service held beside sealed content is gone, or acts no more."""

    channel: ClassVar[str] = "throughcare.{service}.halted.v1"
    type: ClassVar[str] = "throughcare.person.forgotten.v1"
    in_clear: ClassVar[bool] = True

    person: PersonId
    kept: bool = Field(False, description="A law keeps their keys put away: what they close is still there.")
