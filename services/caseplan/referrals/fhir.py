"""A referral as others know it: status and business status of the FHIR SDOH Clinical Care referral Task.

FHIR has one word where we have several, so the business status carries ours. What becomes of the person after a
no (another door, chosen or not) is not that Task's: it stays rejected, or failed when a yes came first.
"""

from typing import Literal, NamedTuple, assert_never

from services.caseplan.referrals.state import Referral
from shared.contracts.referral import Outcome, Stage

Status = Literal[
    "draft",
    "requested",
    "accepted",
    "rejected",
    "in-progress",
    "on-hold",
    "completed",
    "failed",
    "cancelled",
    "entered-in-error",
]

# TaskForReferralManagement's own machine; from anywhere to entered-in-error goes without saying.
ALLOWED: dict[Status, frozenset[Status]] = {
    "draft": frozenset({"requested"}),
    "requested": frozenset({"accepted", "rejected", "cancelled"}),
    "accepted": frozenset({"in-progress", "on-hold", "completed", "failed", "cancelled"}),
    "in-progress": frozenset({"on-hold", "completed", "failed", "cancelled"}),
    "on-hold": frozenset({"in-progress", "completed", "failed", "cancelled"}),
    "completed": frozenset(),
    "rejected": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
    "entered-in-error": frozenset(),
}


class Task(NamedTuple):
    """`reason` is due on rejected, cancelled, on-hold and failed; a code of ours, or None."""

    status: Status
    business_status: str
    reason: str | None = None


def task(referral: Referral) -> Task:  # noqa: C901 - one line a status
    """What the asked agency's own Task shows. Only its part: no pause, no other door, no reason for taking it back."""
    beneath = referral.before or referral.stage
    match beneath:
        case Stage.DRAFT:
            return Task("draft", beneath)
        case Stage.SENT | Stage.DELIVERED | Stage.SEEN | Stage.ESCALATED | Stage.WAITLISTED:
            return Task("requested", beneath)
        case Stage.ACCEPTED | Stage.CONTACTING | Stage.STALLED:
            return Task("in-progress" if referral.underway else "accepted", beneath)
        case Stage.IN_PROGRESS | Stage.REOPENED:
            return Task("in-progress", beneath)
        case Stage.AWAITING_PERSON:
            return Task("on-hold", beneath, referral.waiting_for)
        case Stage.ON_HOLD:
            return Task("on-hold", beneath, referral.hold_reason)
        case Stage.REPORTED:
            return _ended(referral, beneath)
        case Stage.CLOSED:
            return _ended(referral, "confirmed" if referral.confirmed else beneath)
        case Stage.DECLINED | Stage.EXPIRED | Stage.ABANDONED:
            return _not_taken(referral, beneath)
        case Stage.OFFERED | Stage.MOVED_ON | Stage.NOT_TAKEN:
            return _not_taken(referral, referral.not_taken_as)
        case Stage.WITHDRAWN | Stage.LAPSED:
            return Task("cancelled", beneath, beneath)
        case Stage.ENTERED_IN_ERROR:
            return Task("entered-in-error", beneath)
        case Stage.PAUSED | Stage.UNASKED:
            raise AssertionError("a pause always remembers what is beneath it")
        case _:
            assert_never(beneath)


def _ended(referral: Referral, business_status: str) -> Task:
    match referral.outcome:
        case Outcome.GOT_HELP | Outcome.PARTLY:
            return Task("completed", business_status)
        case Outcome.UNREACHABLE | Outcome.NOT_ELIGIBLE | Outcome.NO_CAPACITY | Outcome.FAILED:
            return Task("failed", business_status, referral.outcome)
        case Outcome.PERSON_DECLINED:
            return Task("cancelled", business_status, referral.outcome)
        case None:
            raise AssertionError("what has ended has an outcome")
        case _:
            assert_never(referral.outcome)


def _not_taken(referral: Referral, how: Stage | None) -> Task:
    match how:
        case Stage.DECLINED:
            return Task("rejected", how, referral.reason)
        case Stage.EXPIRED:
            return Task("rejected", how, "no_answer")
        case Stage.ABANDONED:
            return Task("failed", how, "no_answer")
        case _:  # the person went on elsewhere before agency or lead had answered
            return Task("cancelled", Stage.MOVED_ON, Stage.WITHDRAWN)
