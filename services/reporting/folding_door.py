"""What a batch of facts changes of the front door: promised answers, tellings, revocations. Pure.

A fact of a person is a row of its own under its own id: the report keeps no person, so no two of them can be joined.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts import consent, need, person, portrait
from shared.contracts.halted import Halted
from shared.messaging.reactions import Fact


@dataclass(slots=True)
class ArrivalChange:
    id: UUID
    answer_by: datetime
    late: bool


def fold_arrivals(facts: Iterable[Fact]) -> list[ArrivalChange]:
    return [
        ArrivalChange(envelope.id, event.answer_by, isinstance(event, person.AnswerLate))
        for envelope, event in facts
        if isinstance(event, person.Acknowledged | person.AnswerLate)
    ]


@dataclass(slots=True)
class TellingChange:
    id: UUID
    told_at: datetime
    told: int
    retold: int


def fold_tellings(facts: Iterable[Fact]) -> list[TellingChange]:
    """A sitting at which nothing was answered tells nothing here: what they skip or take back is nobody's measure."""
    return [
        TellingChange(envelope.id, envelope.time, len(event.answered), len(event.retold))
        for envelope, event in facts
        if isinstance(event, portrait.Told | need.Told) and event.answered
    ]


@dataclass(slots=True)
class RevocationChange:
    id: UUID
    revoked_at: datetime | None = None
    caseplan_at: datetime | None = None
    notifications_at: datetime | None = None


def fold_revocations(facts: Iterable[Fact]) -> list[RevocationChange]:
    """A service's word may be heard before the revocation that it answers: they stand on topics of their own."""
    changes: dict[UUID, RevocationChange] = {}
    for envelope, event in facts:
        match event:
            case consent.Revoked():
                change = changes.setdefault(event.consent, RevocationChange(event.consent))
                change.revoked_at = change.revoked_at or envelope.time
            case Halted(service="caseplan"):
                change = changes.setdefault(event.consent, RevocationChange(event.consent))
                change.caseplan_at = change.caseplan_at or envelope.time
            case Halted(service="notifications"):
                change = changes.setdefault(event.consent, RevocationChange(event.consent))
                change.notifications_at = change.notifications_at or envelope.time
    return list(changes.values())
