"""What a batch of facts changes, one change a subject, before the database is asked anything. Pure.

A change is what its row has to become, whatever stands there: the first of something keeps to what is known, the
latest replaces it, counts are added. So a batch is one statement a table, and its cuts can't be told afterwards.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts import message as messages
from shared.contracts import promise as promises
from shared.contracts import referral as referrals
from shared.contracts import setback as setbacks
from shared.messaging.reactions import Fact

PERSON, SILENCE, OPEN_AGAIN = "person", "silence", "open_again"


@dataclass(slots=True)
class ReferralChange:
    """`closed_by` None: nothing new about its end. `open_again` takes back that it was closed."""

    id: UUID
    agency: UUID
    program: UUID
    need: str
    stage: str
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    first_answer_at: datetime | None = None
    first_answer: str | None = None
    begun_at: datetime | None = None
    reported_at: datetime | None = None
    outcome: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    escalated: int = 0
    disputed: int = 0
    reopened: int = 0
    told_worker: str | None = None

    def answer(self, at: datetime, answer: str) -> None:
        if self.first_answer_at is None:
            self.first_answer_at, self.first_answer = at, answer

    def close(self, at: datetime | None, by: str) -> None:
        self.closed_at, self.closed_by = at, by


Referral = ReferralChange


def _sent(change: Referral, event: referrals.Sent, at: datetime) -> None:
    change.sent_at = change.sent_at or at


def _delivered(change: Referral, event: referrals.Delivered, at: datetime) -> None:
    change.delivered_at = change.delivered_at or at


def _accepted(change: Referral, event: referrals.Accepted, at: datetime) -> None:
    change.answer(at, "accepted")


def _waitlisted(change: Referral, event: referrals.Waitlisted, at: datetime) -> None:
    change.answer(at, "waitlisted")


def _declined(change: Referral, event: referrals.Declined, at: datetime) -> None:
    change.answer(at, "declined")


def _begun(change: Referral, event: referrals.Begun, at: datetime) -> None:
    change.begun_at = change.begun_at or at


def _reported(change: Referral, event: referrals.Reported, at: datetime) -> None:
    change.reported_at, change.outcome = at, str(event.outcome)


def _confirmed(change: Referral, event: referrals.Confirmed, at: datetime) -> None:
    change.close(at, PERSON)


def _closed(change: Referral, event: referrals.Closed, at: datetime) -> None:
    change.close(at, SILENCE)


def _disputed(change: Referral, event: referrals.Disputed, at: datetime) -> None:
    change.disputed += 1
    change.close(None, OPEN_AGAIN)


def _reopened(change: Referral, event: referrals.Reopened, at: datetime) -> None:
    change.reopened += 1
    change.close(None, OPEN_AGAIN)


def _told(change: Referral, event: referrals.ToldWorker, at: datetime) -> None:
    change.told_worker = str(event.told)


def _escalated(change: Referral, event: referrals.Escalated, at: datetime) -> None:
    change.escalated += 1


ON_REFERRAL: dict[type, Callable[..., None]] = {
    referrals.Sent: _sent,
    referrals.Delivered: _delivered,
    referrals.Accepted: _accepted,
    referrals.Waitlisted: _waitlisted,
    referrals.Declined: _declined,
    referrals.Begun: _begun,
    referrals.Reported: _reported,
    referrals.Confirmed: _confirmed,
    referrals.Closed: _closed,
    referrals.Disputed: _disputed,
    referrals.Reopened: _reopened,
    referrals.ToldWorker: _told,
    referrals.Escalated: _escalated,
}
"""What a type says beyond where the referral stands. A type that is not here moves the stage alone."""


def fold_referrals(facts: Iterable[Fact]) -> list[ReferralChange]:
    changes: dict[UUID, ReferralChange] = {}
    for envelope, event in facts:
        if not isinstance(event, referrals.ReferralEvent):
            continue
        change = changes.get(event.referral)
        if change is None:
            change = changes[event.referral] = ReferralChange(
                event.referral, event.agency, event.program, event.need, event.stage.value
            )
        else:
            change.agency, change.program, change.need = event.agency, event.program, event.need
            change.stage = event.stage.value
        act = ON_REFERRAL.get(type(event))
        if act is not None:
            act(change, event, envelope.time)
    return list(changes.values())


@dataclass(slots=True)
class PromiseChange:
    """`late` and `by_person` are None until somebody says what came of it; `broken_at` takes back earlier keeping."""

    id: UUID
    agency: UUID
    stage: str
    due: datetime
    made_at: datetime | None = None
    kept_at: datetime | None = None
    broken_at: datetime | None = None
    late: bool | None = None
    by_person: bool | None = None
    moved: int = 0
    admitted: bool | None = None
    mends: bool = False


def fold_promises(facts: Iterable[Fact]) -> list[PromiseChange]:
    changes: dict[UUID, PromiseChange] = {}
    for envelope, event in facts:
        if not isinstance(event, promises.PromiseEvent):
            continue
        change = changes.get(event.promise)
        if change is None:
            change = changes[event.promise] = PromiseChange(event.promise, event.agency, event.stage.value, event.due)
        else:
            change.agency, change.stage, change.due = event.agency, event.stage.value, event.due
        _hear_promise(change, event, envelope.time)
    return list(changes.values())


def _hear_promise(change: PromiseChange, event: promises.PromiseEvent, at: datetime) -> None:
    match event:
        case promises.Made():
            change.made_at, change.mends = change.made_at or at, event.mends is not None
        case promises.Kept():
            change.late, change.by_person = event.late, event.by_person
            change.kept_at = change.kept_at or at
        case promises.Broken():
            change.late, change.by_person = False, event.by_person
            change.broken_at, change.kept_at = at, None
            change.admitted = change.admitted if event.admitted is None else event.admitted
        case promises.Admitted():
            change.admitted = event.admitted
        case promises.Renegotiated():
            change.moved += 1


@dataclass(slots=True)
class SetbackChange:
    """`nobody_came_at`: what had been written down as a contact was none, unless they have asked again since."""

    id: UUID
    stage: str
    reported_at: datetime | None = None
    nobody_came_at: datetime | None = None
    contacted_at: datetime | None = None
    late: bool = False
    asked_again: bool = False
    supported_at: datetime | None = None


def fold_setbacks(facts: Iterable[Fact]) -> list[SetbackChange]:
    """Concerns are others' words about somebody, not setbacks: they are counted nowhere."""
    changes: dict[UUID, SetbackChange] = {}
    for envelope, event in facts:
        if not isinstance(event, setbacks.SetbackEvent):
            continue
        change = changes.setdefault(event.setback, SetbackChange(event.setback, event.stage.value))
        change.stage = event.stage.value
        _hear_setback(change, event, envelope.time)
    return list(changes.values())


def _hear_setback(change: SetbackChange, event: setbacks.SetbackEvent, at: datetime) -> None:
    match event:
        case setbacks.Reported():
            change.reported_at = change.reported_at or at
        case setbacks.Contacted() if change.contacted_at is None:
            change.contacted_at, change.late = at, event.late
        case setbacks.NobodyCame() if not change.asked_again:
            change.nobody_came_at, change.contacted_at, change.late = at, None, False
        case setbacks.AskedAgain():
            change.asked_again = True
    if event.stage is setbacks.Stage.SUPPORTED and change.supported_at is None:
        change.supported_at = at


@dataclass(slots=True)
class MessageChange:
    id: UUID
    audience: str
    occasion: str | None = None
    channel: str | None = None
    decided_at: datetime | None = None
    sent_at: datetime | None = None
    withheld_at: datetime | None = None
    reason: str | None = None


def fold_messages(facts: Iterable[Fact]) -> list[MessageChange]:
    changes: dict[UUID, MessageChange] = {}
    for envelope, event in facts:
        if not isinstance(event, messages.MessageEvent):
            continue
        change = changes.setdefault(event.message, MessageChange(event.message, event.audience))
        match event:
            case messages.Decided():
                change.decided_at = change.decided_at or envelope.time
                change.occasion, change.channel = event.occasion, event.channel
            case messages.Sent():
                change.sent_at, change.channel = change.sent_at or envelope.time, event.channel
            case messages.Withheld():
                change.withheld_at, change.reason = change.withheld_at or envelope.time, event.reason
    return list(changes.values())
