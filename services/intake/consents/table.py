"""Who may say what of a consent from where, and where it leads."""

from services.intake.consents.commands import Confirm, Grant, Renew, Sign, TakeEffect, Use
from services.intake.consents.state import DISCLOSING, Consent, Stage, last_day
from shared.contracts import consent as events
from shared.workflow import LAPSE, By, Guard, Move, Party, Workflow


def _is_there(consent: Consent, command: object, by: By) -> bool:
    return by.is_there


def _was_shown(consent: Consent, command: Grant | Sign | Renew, by: By) -> bool:
    return command.shown


def _is_private(consent: Consent, command: Grant | Confirm | Renew, by: By) -> bool:
    return command.in_private


def _is_not_over(consent: Consent, command: Confirm | Renew, by: By) -> bool:
    return command.today <= last_day(consent)


def _may_go_on(consent: Consent, command: Renew, by: By) -> bool:
    return not consent.terms.once and consent.terms.setback is None


def _is_for_once(consent: Consent, command: Use, by: By) -> bool:
    return consent.terms.once


def has_halted(consent: Consent, command: TakeEffect, by: By) -> bool:
    return consent.halted >= DISCLOSING


P = Party
Row = dict[str, Move[Stage]]
PRESENT = Guard(
    "own_word_or_present",
    "The person says yes on their own page, with you in the room, or by their hand: a phone number proves nobody.",
    _is_there,
)
SHOWN = Guard(
    "all_was_shown",
    "Show first whom they report to, that it can be taken back any day, and that a no costs nothing.",
    _was_shown,
)
PRIVATE = Guard("in_private", "Ask where nobody else listens.", _is_private)
NOT_OVER = Guard("not_over", "It is over, though its clock is late. Ask anew.", _is_not_over)
GOES_ON = Guard("may_go_on", "Supervision, courts and a setback are asked for anew each time.", _may_go_on)
ONCE = Guard("good_for_once", "Only a consent for supervision or a court is used up.", _is_for_once)
HALTED = Guard("every_service_halted", "It is in effect when every service has stopped.", has_halted)

LAPSES = Move((P.CLOCK,), events.Lapsed, Stage.LAPSED)


def live(stage: Stage) -> Row:
    """What can happen to a yes that stands, whichever of the two it is."""
    return {
        "renew": Move((P.PERSON,), events.Renewed, Stage.CONFIRMED, (PRESENT, SHOWN, PRIVATE, NOT_OVER, GOES_ON)),
        "remind": Move((P.NETWORK,), events.EndsSoon, stage, keeps_clock=True),
        "revoke": Move((P.PERSON,), events.Revoked, Stage.REVOKED),
        "use": Move((P.WORKER,), events.Lapsed, Stage.LAPSED, (ONCE,)),
        "erase": Move((P.NETWORK,), events.Lapsed, Stage.LAPSED),
        LAPSE: LAPSES,
    }


MOVES: dict[Stage, Row] = {
    Stage.ASKED: {
        "grant": Move((P.PERSON,), events.Granted, Stage.CONFIRMED, (PRESENT, SHOWN, PRIVATE)),
        "sign": Move((P.PERSON,), events.Granted, Stage.GRANTED, (PRESENT, SHOWN)),
        "not_now": Move((P.PERSON,), None, Stage.NOT_NOW),
        LAPSE: Move((P.CLOCK,), None, Stage.NOT_NOW),
    },
    Stage.GRANTED: {
        "confirm": Move((P.PERSON,), events.Confirmed, Stage.CONFIRMED, (PRESENT, PRIVATE, NOT_OVER)),
        **live(Stage.GRANTED),
    },
    Stage.CONFIRMED: live(Stage.CONFIRMED),
    Stage.REVOKED: {
        "halt": Move((P.NETWORK,), None, Stage.REVOKED, keeps_clock=True),
        "take_effect": Move((P.NETWORK,), None, Stage.IN_EFFECT, (HALTED,)),
        LAPSE: Move((P.CLOCK,), None, Stage.REVOKED),
    },
    Stage.IN_EFFECT: {},
    Stage.LAPSED: {},
    Stage.NOT_NOW: {},
}
WORKFLOW = Workflow(
    name="consent",
    title="Consent",
    says="One agency may be told named things about the person, for one purpose, until a day. They can end it any day.",
    first=Stage.ASKED,
    moves=MOVES,
    owners={
        Stage.ASKED: P.PERSON,
        Stage.GRANTED: P.WORKER,
        Stage.CONFIRMED: P.PERSON,
        Stage.REVOKED: P.NETWORK,
    },
    verbs={
        "grant": "Yes, tell them: said in private",
        "sign": "Yes, tell them: signed at intake",
        "not_now": "Not now",
        "confirm": "Yes, still: said in private",
        "renew": "Yes, go on: the same until a later day",
        "remind": "It ends soon: the person is told",
        "revoke": "Stop sharing",
        "use": "It was used, once",
        "erase": "The person was erased",
        "halt": "A service says that nothing more goes out from it",
        "take_effect": "Every service has said so",
        LAPSE: "Silence, or its last day",
    },
    notes=(
        "Asking, not answering and “not now” are nobody else's news: no event tells of them.",
        "Going on changes the last day alone: whoever may be told, and of what, is asked for anew.",
        "A revocation that is not in effect in time rings with the operators until it is.",
    ),
    rings_again=frozenset({Stage.REVOKED}),
)
