"""Consent: who may tell what to whom, why and until when.

The elements are those of 42 CFR 2.31, by id and code. A revocation carries nothing that is needed to act on it
beyond the id, so it acts on arrival, whatever came before it or is missing.
"""

from datetime import date
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.contracts.compartments import Compartment, In
from shared.contracts.events import Event
from shared.contracts.kinds import AgencyId, Category, Known, PersonId

Given = Annotated[str, Known("page", "in_person", "by_phone", "paper")]


class ConsentEvent(Event):
    """Subject: the consent. Partition key: the person."""

    topic: ClassVar[str] = "throughcare.consent.v1"

    consent: UUID = Field(description="The consent.")
    person: PersonId


class Granted(ConsentEvent):
    """The person allows one recipient to be told."""

    type: ClassVar[str] = "throughcare.consent.granted.v1"

    discloser: AgencyId = Field(description="The agency that may tell.")
    recipient: AgencyId = Field(description="The agency that may be told.")
    categories: Annotated[tuple[Category, ...], In(Compartment.HEALTH)] = Field(
        min_length=1, max_length=32, description="What may be told."
    )
    purpose: Annotated[str, Known("referral", "support_after_setback", "coordination", "reporting_to_court")] = Field(
        description="What for."
    )
    expires_on: date = Field(description="The last day on which it holds.")
    confirmed: bool = Field(description="Given in private. If not, it lapses unless confirmed in time.")
    confirm_by: date | None = Field(None, description="Until when an unconfirmed one holds: 30 days after intake.")
    setback: UUID | None = Field(None, description="Only this setback. None: no setback at all may be told.")
    once: bool = Field(False, description="Used up by the first disclosure, as one for a court is.")
    given: Given = Field(description="How the person gave it.")

    @model_validator(mode="after")
    def setbacks_one_by_one(self) -> Self:
        """Promise P3: a setback reaches nobody without consent for exactly this setback and this recipient."""
        if "setback" in self.categories and self.setback is None:
            raise ValueError("consent to tell of a setback names the setback")
        return self

    @model_validator(mode="after")
    def unconfirmed_ends(self) -> Self:
        if not self.confirmed and self.confirm_by is None:
            raise ValueError("an unconfirmed consent says until when it holds")
        return self


class Confirmed(ConsentEvent):
    """Said again in private, so it holds until it expires."""

    type: ClassVar[str] = "throughcare.consent.confirmed.v1"

    given: Given = Field(description="How the person confirmed it.")


class Renewed(ConsentEvent):
    """The person lets the same go on until a later day."""

    type: ClassVar[str] = "throughcare.consent.renewed.v1"

    expires_on: date = Field(description="The last day on which it holds now; it was said in private.")
    given: Given = Field(description="How the person said so.")


class EndsSoon(ConsentEvent):
    """It comes to its end, and there is time to decide. Nothing follows from it but a word to the person."""

    type: ClassVar[str] = "throughcare.consent.ends_soon.v1"

    last_day: date = Field(description="The last day on which it holds as it stands now.")


class Revoked(ConsentEvent):
    """The person takes it back. Nothing new may go out."""

    type: ClassVar[str] = "throughcare.consent.revoked.v1"
    in_clear: ClassVar[bool] = True

    given: Annotated[str, Known("page", "in_person", "by_phone", "sms", "paper")] = Field(
        description="How the person said so. Any way will do."
    )


class Lapsed(ConsentEvent):
    """Its time is over."""

    type: ClassVar[str] = "throughcare.consent.lapsed.v1"
    in_clear: ClassVar[bool] = True

    reason: Annotated[str, Known("expired", "not_confirmed", "used", "person_erased")] = Field(description="Why.")
