"""May this be told to this agency, now? Promise P4 is this question, asked at the moment of each disclosure.

Pure: the facts are this service's own copies, read under lock; the day is the recipient's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto
from uuid import UUID

from shared.contracts.referral import SENSITIVE


class Obstacle(StrEnum):
    """What stands in the way. The names are the reasons of `delivery.withheld`."""

    NO_CONSENT = auto()
    CONSENT_ENDED = auto()  # taken back, expired, or not confirmed in time
    CONSENT_UNSURE = auto()  # something about it is parked: until that is settled it counts as a no
    NOT_COVERED = auto()  # for another recipient, category or setback
    NO_AGREEMENT = auto()
    HOLDS_NO_RECORDS = auto()
    PERSON_UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Consent:
    """What the person allowed. Only the elements that decide."""

    id: UUID
    person: UUID
    recipient: UUID | None
    categories: frozenset[str]
    purpose: str
    expires_on: date | None
    confirmed: bool
    confirm_by: date | None
    setback: UUID | None = None
    once: bool = False
    ended: str | None = None
    parked: bool = False

    def ended_by(self, today: date) -> bool:
        if self.ended is not None or self.expires_on is None or self.expires_on < today:
            return True
        return not self.confirmed and (self.confirm_by is None or self.confirm_by < today)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom it would be about. `synthetic`: an invented person."""

    id: UUID
    synthetic: bool
    erased: bool = False
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Real people from the first day to the last, both included."""

    valid_from: date
    expires_on: date

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day <= self.expires_on


@dataclass(frozen=True, slots=True)
class Recipient:
    """An agency's own system, and today's date where it stands."""

    partner: UUID
    slug: str
    agency: UUID
    shard: int
    today: date
    holds_no_records: bool = False
    agreements: tuple[Agreement, ...] = ()

    @property
    def may_read_real_people(self) -> bool:
        return any(agreement.holds_on(self.today) for agreement in self.agreements)


@dataclass(frozen=True, slots=True)
class Matter:
    """What would be told, and to whom it is addressed. `setback` names the one that it is about."""

    person: UUID
    agency: UUID
    categories: frozenset[str]
    setback: UUID | None = None


def about_referral(person: UUID, agency: UUID, need: str) -> Matter:
    """42 CFR 2.31 wants an explicit description: for a sensitive need the consent names it as well."""
    return Matter(person, agency, frozenset({"referral", need}) if need in SENSITIVE else frozenset({"referral"}))


def about_setback(person: UUID, agency: UUID, setback: UUID) -> Matter:
    return Matter(person, agency, frozenset({"setback"}), setback)


def obstacle(matter: Matter, consent: Consent | None, person: Person | None, to: Recipient) -> Obstacle | None:
    """The first thing that stands in the way, or None: it may be told."""
    if to.holds_no_records:
        return Obstacle.HOLDS_NO_RECORDS
    if consent is None:
        return Obstacle.NO_CONSENT
    if consent.ended_by(to.today):
        return Obstacle.CONSENT_ENDED
    if consent.parked:
        return Obstacle.CONSENT_UNSURE
    if not _covers(consent, matter, to):
        return Obstacle.NOT_COVERED
    if person is None or person.erased:
        return Obstacle.PERSON_UNKNOWN
    if not person.synthetic and not to.may_read_real_people:
        return Obstacle.NO_AGREEMENT
    return None


def _covers(consent: Consent, matter: Matter, to: Recipient) -> bool:
    """A consent that is used up by one telling is not for a stream."""
    return (
        (consent.person, consent.recipient) == (matter.person, matter.agency)
        and to.agency == matter.agency
        and consent.setback == matter.setback
        and matter.categories <= consent.categories
        and not consent.once
    )


def shown_categories(matter: Matter, consent: Consent) -> Sequence[str]:
    """The part of the consent that this matter rests on: what else was agreed is nobody's business."""
    return sorted(matter.categories & consent.categories)
