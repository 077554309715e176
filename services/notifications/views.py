"""What a partner hears when a referral moves: thin words, and only those that are its business. Pure.

What the person told a worker, which door they were offered next and what they chose instead stay inside; the partner
hears at most that nothing more is needed from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from shared.contracts import referral as events
from shared.contracts.partner_view import (
    ConsentScope,
    Disclosure,
    ReferralClosed,
    ReferralReceived,
    ReferralUpdated,
    ReferralWithdrawn,
    SetbackShared,
)
from shared.contracts.referral import ReferralEvent, Stage

WITH_AGENCY = frozenset(
    {
        Stage.SENT,
        Stage.DELIVERED,
        Stage.SEEN,
        Stage.ESCALATED,
        Stage.WAITLISTED,
        Stage.ACCEPTED,
        Stage.CONTACTING,
        Stage.IN_PROGRESS,
        Stage.AWAITING_PERSON,
        Stage.ON_HOLD,
        Stage.STALLED,
        Stage.REOPENED,
        Stage.REPORTED,
    }
)
"""Where the agency has something to do or to hear; elsewhere a referral that it does not know is not news."""
FRESH = frozenset({Stage.SENT, Stage.DELIVERED})
SILENT: tuple[type[ReferralEvent], ...] = (
    events.Drafted,
    events.Sent,  # told as received
    events.Delivered,  # its own stream's word
    events.ToldWorker,
    events.NextOffered,
    events.Paused,
)
WITHDRAWN: Mapping[type[ReferralEvent], str] = {
    events.Withdrawn: "not_asked",
    events.Lapsed: "not_asked",
    events.NextChosen: "not_asked",
    events.NotTaken: "not_asked",
    events.EnteredInError: "entered_in_error",
}


@dataclass(frozen=True, slots=True)
class News:
    """One record to be: its type, and what it says besides reference and consent."""

    kind: type[Disclosure]
    says: Mapping[str, Any] = field(default_factory=dict)


def news_of(event: ReferralEvent, told: str | None, language: str | None) -> list[News]:
    """What `event` means for a partner that was last told of stage `told` (None: does not know the referral)."""
    if told is None:
        return first_word(event.stage, event.program, event.need, language)
    if isinstance(event, SILENT):
        return []
    for kind, reason in WITHDRAWN.items():
        if isinstance(event, kind):
            return [News(ReferralWithdrawn, {"reason": reason})]
    if isinstance(event, events.Confirmed):
        return [News(ReferralClosed, {"outcome": event.outcome, "by": "person"})]
    if isinstance(event, events.Closed):
        return [News(ReferralClosed, {"outcome": event.outcome, "by": "silence"})]
    return [News(ReferralUpdated, {"stage": event.stage})]


def first_word(stage: str, program: UUID, need: str, language: str | None) -> list[News]:
    """For a partner that does not know it yet: that it is there, and where it stands, if it has moved already."""
    if stage not in WITH_AGENCY:
        return []
    received = News(ReferralReceived, {"program": program, "need": need, "language": language})
    return [received] if stage in FRESH else [received, News(ReferralUpdated, {"stage": stage})]


def catch_up(stage: str, told: str | None, program: UUID, need: str, language: str | None) -> list[News]:
    """What a partner lacks, now that it may be told: events that it missed are one word about where things stand."""
    if told is None:
        return first_word(stage, program, need, language)
    if stage == told or stage not in WITH_AGENCY or (stage in FRESH and told in FRESH):
        return []
    return [News(ReferralUpdated, {"stage": stage})]


def shared_setback(asks: str, referral: str | None) -> News:
    """`referral` by the partner's own reference, if it knows it."""
    return News(SetbackShared, {"asks": asks, "referral": referral})


def written(news: News, reference: str, scope: ConsentScope, *, synthetic: bool) -> dict[str, Any]:
    """The data of the record, checked by its contract, without the sequence and life that it gets when it leaves."""
    record = news.kind(sequence=1, reference=reference, consent=scope, synthetic=synthetic, **news.says)
    return record.model_dump(mode="json", exclude={"sequence", "life"})
