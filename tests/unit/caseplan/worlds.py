"""People, agencies and consents for tests of decisions, and the clocks that a store would keep."""

from dataclasses import replace
from uuid import UUID

from services.caseplan import referrals
from services.caseplan.referrals import Onward, Referral, Stage
from services.caseplan.referrals.table import UNDERWAY
from services.caseplan.sharing import Consent, categories_of
from shared.contracts.parties import Party, Way
from shared.contracts.referral import ContactKind, DeclineReason, HoldReason, Outcome, PauseCause, WaitingFor
from shared.workflow import CLOCK, NETWORK, By

ID, PERSON, WORKER, HOME = (UUID(int=number) for number in (1, 2, 3, 4))
AGENCY, PROGRAM, STAFF = (UUID(int=number) for number in (11, 12, 13))
NEXT, SECOND, THIRD = UUID(int=20), Onward(UUID(int=21), UUID(int=22)), Onward(UUID(int=31), UUID(int=32))
CONSENT = UUID(int=40)

PATIENCE = referrals.Patience()
BY = {
    Party.PERSON: By(Party.PERSON, PERSON),
    Party.WORKER: By(Party.WORKER, WORKER),
    Party.SUPERVISOR: By(Party.SUPERVISOR, UUID(int=5)),
    Party.AGENCY: By(Party.AGENCY, STAFF, Way.STREAM),
    Party.LEAD: By(Party.LEAD, UUID(int=14)),
    Party.NETWORK: NETWORK,
    Party.CLOCK: CLOCK,
}


def by_phone(party: Party) -> By:
    return By(party, way=Way.PHONE, recorded_by=WORKER)


def in_person(party: Party) -> By:
    return By(party, way=Way.IN_PERSON, recorded_by=WORKER)


def consent_for(agency: UUID = AGENCY, need: str = "housing", **changes) -> Consent:
    return replace(Consent(CONSENT, PERSON, agency, categories_of(need), is_live=True), **changes)


def a_referral(stage: Stage = Stage.SENT, **changes) -> Referral:
    """A referral that could stand at `stage`: what its way there would have left is there."""
    left = {
        Stage.REPORTED: {"outcome": Outcome.GOT_HELP},
        Stage.CLOSED: {"outcome": Outcome.GOT_HELP, "confirmed": True},
        Stage.PAUSED: {"before": Stage.SENT},
        Stage.UNASKED: {"before": Stage.IN_PROGRESS},
        Stage.DECLINED: {"reason": DeclineReason.NO_CAPACITY, "not_taken_as": Stage.DECLINED},
        Stage.EXPIRED: {"not_taken_as": Stage.EXPIRED},
        Stage.ABANDONED: {"not_taken_as": Stage.ABANDONED},
        Stage.OFFERED: {"not_taken_as": Stage.EXPIRED, "next": SECOND},
        Stage.MOVED_ON: {"not_taken_as": Stage.EXPIRED, "next": SECOND, "next_referral": NEXT},
        Stage.NOT_TAKEN: {"not_taken_as": Stage.EXPIRED},
    }
    consent = None if stage is Stage.DRAFT else CONSENT
    facts = {"stage": stage, "consent": consent, "underway": stage in UNDERWAY} | left.get(stage, {}) | changes
    return replace(Referral(ID, PERSON, PROGRAM, AGENCY, "housing", WORKER, HOME), **facts)


def say(verb: str, referral: Referral) -> referrals.Command:
    """A command that meets the rules of `verb`, where `referral` lets any."""
    needed = {
        "send": {"consent": consent_for(need=referral.need), "second": SECOND},
        "waitlist": {"position": 3},
        "decline": {"reason": DeclineReason.NO_CAPACITY},
        "attempt": {"contact": ContactKind.CALL},
        "await": {"waiting_for": WaitingFor.FORM},
        "hold": {"hold_reason": HoldReason.FUNDING},
        "report": {"outcome": Outcome.GOT_HELP},
        "reopen": {"consent": consent_for(need=referral.need)},
        "resume": {"consent": consent_for(need=referral.need)},
        "tell": {"told": Outcome.PARTLY},
        "offer": {"next": THIRD},
        "choose_next": {"next": THIRD, "next_referral": NEXT},
        "follow_second": {"next_referral": NEXT, "consent": consent_for(SECOND.agency, referral.need)},
        "pause": {"cause": PauseCause.REVOKED},
    }
    return referrals.COMMANDS[verb](**needed.get(verb, {}))


class Clocks:
    """What the timer table would hold: one live clock for each kind and subject."""

    def __init__(self, *timers):
        self.live = {}
        self.hear(timers)

    def hear(self, timers):
        for timer in timers:
            if timer.patience is None:
                self.live.pop((timer.kind, timer.subject), None)
            else:
                self.live[timer.kind, timer.subject] = timer.patience
