"""What caseplan knows of a consent at the moment it is about to share something.

The facts are this service's own copy, read under lock in the disclosing transaction; whether it is live is judged
there, by the database's clock.
"""

from dataclasses import dataclass
from uuid import UUID

from shared.contracts.referral import SENSITIVE


@dataclass(frozen=True, slots=True)
class Consent:
    """One agency may hear these categories about one person; `setback` names the only one that it is for, if it is."""

    id: UUID
    person: UUID
    recipient: UUID
    categories: frozenset[str]
    is_live: bool
    setback: UUID | None = None


def categories_of(need: str) -> frozenset[str]:
    """What a consent must name before a referral for `need` may be sent (42 CFR 2.31: an explicit description)."""
    return frozenset({"referral", need}) if need in SENSITIVE else frozenset({"referral"})


def covers_referral(consent: Consent | None, person: UUID, agency: UUID, need: str) -> bool:
    return (
        consent is not None
        and consent.is_live
        and consent.setback is None
        and (consent.person, consent.recipient) == (person, agency)
        and categories_of(need) <= consent.categories
    )


def covers_setback(consent: Consent | None, person: UUID, recipient: UUID, setback: UUID) -> bool:
    """Exactly this setback and this recipient: a consent for setbacks in general does not exist."""
    return (
        consent is not None
        and consent.is_live
        and (consent.person, consent.recipient, consent.setback) == (person, recipient, setback)
        and "setback" in consent.categories
    )
