"""The referral's table. Promise P1 is what it says, and the tests walk it.

Silence is a move like any other, made by the clock, so a referral that nobody touches still ends; and none closes
before the person has spoken or had the time to. Whoever is silent, the next to act is named: the agency, its lead,
the worker, and last the person, who is shown another door that itself hears nothing until they choose it.
"""

from services.caseplan.referrals import guards
from shared.contracts import referral as events
from shared.contracts.referral import Stage
from shared.workflow import LAPSE, Move, Party, Workflow

P = Party
Row = dict[str, Move[Stage]]

WAITING = (Stage.SENT, Stage.DELIVERED, Stage.SEEN)  # for the agency's first answer
LOOKING = (Stage.DECLINED, Stage.EXPIRED, Stage.ABANDONED)  # for another door
UNDERWAY = (Stage.IN_PROGRESS, Stage.AWAITING_PERSON, Stage.ON_HOLD, Stage.REOPENED)
PAUSES = (Stage.PAUSED, Stage.UNASKED)

CHOOSE = Move((P.PERSON,), events.NextChosen, Stage.MOVED_ON, (guards.PRESENT, guards.NEXT_IS_ANOTHER))
NOT_NOW = Move((P.PERSON,), events.NotTaken, Stage.NOT_TAKEN, (guards.PRESENT,))
REPORT = Move((P.AGENCY,), events.Reported, Stage.REPORTED, (guards.TRIED,))
BEGIN = Move((P.AGENCY,), events.Begun, Stage.IN_PROGRESS)
HOLD = Move((P.AGENCY,), events.Held, Stage.ON_HOLD)
AWAIT = Move((P.AGENCY,), events.AwaitingPerson, Stage.AWAITING_PERSON)


def lapse(event: type[events.ReferralEvent], to: Stage) -> Row:
    return {LAPSE: Move((P.CLOCK,), event, to)}


def attempt(to: Stage) -> Row:
    return {"attempt": Move((P.AGENCY,), events.ContactTried, to)}


def told(here: Stage) -> Row:
    """A note beside the referral: it stays where it is, and the silence being counted goes on being counted."""
    return {"tell": Move((P.WORKER,), events.ToldWorker, here, keeps_clock=True)}


def with_agency(here: Stage) -> Row:
    """What is possible as long as the agency has it."""
    return {
        "withdraw": Move((P.PERSON,), events.Withdrawn, Stage.WITHDRAWN, (guards.CHECKED,)),
        "pause": Move((P.NETWORK,), events.Paused, Stage.PAUSED),
        **told(here),
        **ERROR,
    }


ERROR: Row = {"mark_error": Move((P.WORKER,), events.EnteredInError, Stage.ENTERED_IN_ERROR)}
ANSWERS: Row = {
    "accept": Move((P.AGENCY,), events.Accepted, Stage.ACCEPTED),
    "waitlist": Move((P.AGENCY,), events.Waitlisted, Stage.WAITLISTED, (guards.POSITION,)),
    "decline": Move((P.AGENCY,), events.Declined, Stage.DECLINED, (guards.REASON,)),
}
SEE: Row = {"see": Move((P.AGENCY,), events.Seen, Stage.SEEN, keeps_clock=True)}
STALL: Row = lapse(events.Escalated, Stage.STALLED)
LOOK: Row = {
    "offer": Move((P.WORKER, P.NETWORK), events.NextOffered, Stage.OFFERED, (guards.NEXT_IS_ANOTHER,)),
    "follow_second": Move((P.NETWORK,), events.NextChosen, Stage.MOVED_ON, (guards.SECOND_CONSENT,)),
    "choose_next": CHOOSE,
    "not_now": NOT_NOW,
    **lapse(events.NextOffered, Stage.OFFERED),  # the worker was silent: the person is asked without them
    **ERROR,
}
UNPAUSE: Row = {
    "resume": Move((P.PERSON,), events.Resumed, None, (guards.CONSENT, guards.PRESENT)),
    "withdraw": Move((P.PERSON,), events.Withdrawn, Stage.WITHDRAWN, (guards.CHECKED,)),
    **ERROR,
}

MOVES: dict[Stage, Row] = {
    Stage.DRAFT: {
        "send": Move((P.WORKER, P.PERSON), events.Sent, Stage.SENT, (guards.CONSENT, guards.SECOND_IS_ANOTHER)),
        "withdraw": Move((P.PERSON, P.WORKER), events.Withdrawn, Stage.WITHDRAWN),
        **lapse(events.Lapsed, Stage.LAPSED),
        **ERROR,
    },
    Stage.SENT: {
        "deliver": Move((P.NETWORK,), events.Delivered, Stage.DELIVERED, keeps_clock=True),
        **SEE,
        **ANSWERS,
        **lapse(events.Escalated, Stage.ESCALATED),
        **with_agency(Stage.SENT),
    },
    Stage.DELIVERED: {
        **SEE,
        **ANSWERS,
        **lapse(events.Escalated, Stage.ESCALATED),
        **with_agency(Stage.DELIVERED),
    },
    Stage.SEEN: {**ANSWERS, **lapse(events.Escalated, Stage.ESCALATED), **with_agency(Stage.SEEN)},
    Stage.ESCALATED: {
        **ANSWERS,
        "choose_next": CHOOSE,
        **lapse(events.Expired, Stage.EXPIRED),
        **with_agency(Stage.ESCALATED),
    },
    Stage.WAITLISTED: {**ANSWERS, **lapse(events.Escalated, Stage.ESCALATED), **with_agency(Stage.WAITLISTED)},
    Stage.ACCEPTED: {
        **attempt(Stage.CONTACTING),
        "begin": BEGIN,
        "hold": HOLD,
        "report": REPORT,
        **STALL,
        **with_agency(Stage.ACCEPTED),
    },
    Stage.CONTACTING: {
        **attempt(Stage.CONTACTING),
        "begin": BEGIN,
        "hold": HOLD,
        "report": REPORT,
        **STALL,
        **with_agency(Stage.CONTACTING),
    },
    Stage.IN_PROGRESS: {
        "continue": Move((P.AGENCY,), events.Continued, Stage.IN_PROGRESS),
        **attempt(Stage.IN_PROGRESS),
        "await": AWAIT,
        "hold": HOLD,
        "report": REPORT,
        **STALL,
        **with_agency(Stage.IN_PROGRESS),
    },
    Stage.AWAITING_PERSON: {
        "continue": Move((P.AGENCY,), events.Continued, Stage.IN_PROGRESS),
        **attempt(Stage.AWAITING_PERSON),
        "await": AWAIT,
        "report": REPORT,
        **STALL,
        **with_agency(Stage.AWAITING_PERSON),
    },
    Stage.ON_HOLD: {
        "continue": Move((P.AGENCY,), events.Continued, Stage.IN_PROGRESS),
        "hold": HOLD,
        "report": REPORT,
        **STALL,
        **with_agency(Stage.ON_HOLD),
    },
    Stage.STALLED: {
        **attempt(Stage.CONTACTING),
        "begin": BEGIN,
        "hold": HOLD,
        "report": REPORT,
        "choose_next": CHOOSE,
        **lapse(events.Abandoned, Stage.ABANDONED),
        **with_agency(Stage.STALLED),
    },
    Stage.REOPENED: {
        **attempt(Stage.CONTACTING),
        "begin": BEGIN,
        "hold": HOLD,
        "report": REPORT,
        **STALL,
        **with_agency(Stage.REOPENED),
    },
    Stage.REPORTED: {
        "confirm": Move((P.PERSON,), events.Confirmed, Stage.CLOSED, (guards.OWN_WORD,)),
        "dispute": Move((P.PERSON,), events.Disputed, Stage.REOPENED, (guards.OWN_WORD,)),
        "report": REPORT,  # a report put right: the person's time begins anew
        **lapse(events.Closed, Stage.CLOSED),
        **told(Stage.REPORTED),
        **ERROR,
    },
    Stage.DECLINED: LOOK,
    Stage.EXPIRED: LOOK,
    Stage.ABANDONED: LOOK,
    Stage.OFFERED: {
        "offer": LOOK["offer"],
        "choose_next": CHOOSE,
        "not_now": NOT_NOW,
        **lapse(events.NotTaken, Stage.NOT_TAKEN),
        **ERROR,
    },
    Stage.PAUSED: {**UNPAUSE, **told(Stage.PAUSED), **lapse(events.Escalated, Stage.UNASKED)},
    Stage.UNASKED: {**UNPAUSE, **told(Stage.UNASKED), **lapse(events.Lapsed, Stage.LAPSED)},
    Stage.CLOSED: {
        "reopen": Move((P.PERSON,), events.Reopened, Stage.REOPENED, (guards.CONSENT,)),
        **told(Stage.CLOSED),
        **ERROR,
    },
    Stage.MOVED_ON: ERROR,
    Stage.NOT_TAKEN: ERROR,
    Stage.WITHDRAWN: ERROR,
    Stage.LAPSED: ERROR,
    Stage.ENTERED_IN_ERROR: {},
}
PAUSABLE = frozenset(stage for stage, row in MOVES.items() if "pause" in row)

OWNERS = {
    Stage.DRAFT: P.WORKER,
    Stage.SENT: P.AGENCY,
    Stage.DELIVERED: P.AGENCY,
    Stage.SEEN: P.AGENCY,
    Stage.ESCALATED: P.LEAD,
    Stage.WAITLISTED: P.AGENCY,
    Stage.ACCEPTED: P.AGENCY,
    Stage.CONTACTING: P.AGENCY,
    Stage.IN_PROGRESS: P.AGENCY,
    Stage.AWAITING_PERSON: P.AGENCY,
    Stage.ON_HOLD: P.AGENCY,
    Stage.STALLED: P.LEAD,
    Stage.REOPENED: P.AGENCY,
    Stage.REPORTED: P.PERSON,
    Stage.DECLINED: P.WORKER,
    Stage.EXPIRED: P.WORKER,
    Stage.ABANDONED: P.WORKER,
    Stage.OFFERED: P.PERSON,
    Stage.PAUSED: P.WORKER,
    Stage.UNASKED: P.SUPERVISOR,
}

WORKFLOW = Workflow(
    name="referral",
    title="Referral",
    says="One person, one need, one program asked to help. It cannot rot: whoever holds it, a clock runs.",
    first=Stage.DRAFT,
    moves=MOVES,
    owners=OWNERS,
    verbs={
        "send": "Send it to the agency",
        "deliver": "The agency's stream acknowledged it",
        "see": "Say that it was read",
        "accept": "Say yes",
        "waitlist": "Keep a place in line and say which",
        "decline": "Say no and why",
        "attempt": "Write down an attempt to reach the person",
        "begin": "Say that help has begun",
        "await": "Say what is needed from the person",
        "hold": "Pause and say why",
        "continue": "Say that it goes on",
        "report": "Say how it ended",
        "confirm": "Say that it ended so",
        "dispute": "Say that it did not end so",
        "reopen": "Open it again",
        "tell": "Write down what the person told about the outcome",
        "offer": "Offer another program to the person",
        "choose_next": "Choose another program",
        "not_now": "Leave it for now",
        "follow_second": "Go on to the program that the person had named second",
        "pause": "Consent ended: share nothing more",
        "resume": "Share again, under a new consent",
        "withdraw": "Take it back",
        "mark_error": "Mark it as written by mistake",
        LAPSE: "Silence",
    },
    returns_to=PAUSABLE,
    notes=(
        "While sharing is stopped the agency and the person can still do what they could before: their moves are "
        "taken beneath the pause and send nothing out. *Resume* leads back to wherever that is.",
        "A program that is offered hears nothing until the person chooses it, or unless they had named it second when "
        "sending and a consent for it is live.",
        "What the person told a worker confirms and closes nothing.",
    ),
)
