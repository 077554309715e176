"""What became of a need, as referrals tell it: asked for, met, met in part, open again.

Only the person's own word says that a need is met. What an agency reports, or a worker was told, changes nothing here.
"""

from shared.contracts import referral as events
from shared.contracts.kinds import NEEDS
from shared.contracts.referral import SENSITIVE, Outcome, ReferralEvent

OPEN = frozenset({"first", "later", "asked"})  # somebody has said that help is wanted
MET = {Outcome.GOT_HELP: "met", Outcome.PARTLY: "partly"}
TELLING = (events.Sent, events.Confirmed, events.Disputed, events.Reopened)  # what can change where a need stands


def stands_after(event: ReferralEvent, now: str | None) -> str | None:
    """Where the need of a referral stands after it, if that is another place than `now`."""
    if event.need not in NEEDS:
        return None  # a code that is newer than this version
    after = _after(event, now)
    return None if after == now else after


def _after(event: ReferralEvent, now: str | None) -> str | None:
    match event:
        case events.Sent():
            return now if now in OPEN else "asked"
        case events.Confirmed(outcome=outcome):
            return MET.get(outcome, now)
        case events.Disputed() | events.Reopened():
            return "asked" if now in MET.values() else now
        case _:
            return now


def is_care(need: str) -> bool:
    return need in SENSITIVE
