"""Consents: the person allows one agency to be told named things about them, for one purpose, until a day.

Promise P4 begins here. Nothing is ticked beforehand and "not now" costs nothing. What is signed at intake holds 30
days unless the person says it again in private; what is taken back is over at once, by whatever way the word came.
Supervision and courts are asked for apart, never at intake, and once. The terms are those of 42 CFR 2.31.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar, assert_never
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts import consent as events
from shared.contracts.codes import Coded
from shared.contracts.events import Event
from shared.runtime.errors import Invalid
from shared.workflow import (
    LAPSE,
    NETWORK,
    By,
    Decision,
    Guard,
    Hours,
    Move,
    Party,
    Timer,
    Until,
    Way,
    Workflow,
    check,
    fields_of,
)
from shared.workflow import Patience as Silence

KIND = "consent.lapse"
SUPERVISION = "supervision"  # probation, parole and courts
SETBACK = "setback"
DISCLOSING = frozenset({"caseplan", "notifications"})  # must halt before it is in effect; reporting tells counts only


class Stage(Coded):
    ASKED = "asked", "Asked", "The person was asked. “Not now” costs nothing, and neither does no answer."
    GRANTED = "granted", "Allowed, not yet in private", "Signed at intake. It lapses unless said again in private."
    CONFIRMED = "confirmed", "Allowed", "The person said so in private."
    REVOKED = "revoked", "Taken back", "The person took it back. Every service is stopping what is under way."
    IN_EFFECT = "in_effect", "Stopped", "Nothing new goes out. What was written down elsewhere we can't take back."
    LAPSED = "lapsed", "Over", "Its time was over, or it was used up."
    NOT_NOW = "not_now", "Not now", "The person did not say yes. Nothing follows from it."


class Patience(BaseModel):
    model_config = ConfigDict(frozen=True)

    ask_days: int = Field(30, ge=7, le=90, description="days an unanswered question stays on the page; our choice")
    confirm_days: int = Field(30, ge=1, le=60, description="days until what was signed at intake lapses unconfirmed")
    longest_days: int = Field(365, ge=30, le=730, description="longest life; 42 CFR 2.31: no longer than needed")
    effect_hours: int = Field(1, ge=1, le=24, description="hours to be in effect, after which operators hear of it")


@dataclass(frozen=True, slots=True)
class Terms:
    """Who may tell what to whom, what for, and the last day on which they may. `zone` is where that day ends."""

    discloser: UUID
    recipient: UUID
    categories: frozenset[str]
    purpose: str
    expires_on: date
    setback: UUID | None = None
    zone: str = "America/New_York"

    @property
    def once(self) -> bool:
        return SUPERVISION in self.categories


@dataclass(frozen=True, slots=True)
class Consent:
    id: UUID
    person: UUID
    terms: Terms
    stage: Stage = Stage.ASKED
    granted_on: date | None = None
    confirm_by: date | None = None
    given: str | None = None  # how the last word came
    reason: str | None = None  # why it lapsed
    halted: frozenset[str] = frozenset()  # services that have said that nothing more goes out

    @property
    def confirmed(self) -> bool:
        return self.stage is Stage.CONFIRMED


@dataclass(frozen=True, slots=True)
class Grant:
    """A yes in private. `shown`: the person has seen whom the recipient reports to, that they can take it back any
    day, that a no costs nothing, and that what was told can be told on."""

    verb: ClassVar = "grant"
    today: date
    shown: bool
    in_private: bool


@dataclass(frozen=True, slots=True)
class Sign:
    """A yes at intake, where others may listen. `shown` as above."""

    verb: ClassVar = "sign"
    today: date
    shown: bool


@dataclass(frozen=True, slots=True)
class NotNow:
    verb: ClassVar = "not_now"


@dataclass(frozen=True, slots=True)
class Confirm:
    verb: ClassVar = "confirm"
    in_private: bool


@dataclass(frozen=True, slots=True)
class Revoke:
    verb: ClassVar = "revoke"


@dataclass(frozen=True, slots=True)
class Use:
    """The one disclosure of a consent that is good for one has been made."""

    verb: ClassVar = "use"


@dataclass(frozen=True, slots=True)
class Erase:
    verb: ClassVar = "erase"


@dataclass(frozen=True, slots=True)
class Halt:
    """A service's word that under this consent nothing more goes out from it."""

    verb: ClassVar = "halt"
    service: str


@dataclass(frozen=True, slots=True)
class TakeEffect:
    verb: ClassVar = "take_effect"


@dataclass(frozen=True, slots=True)
class Lapse:
    verb: ClassVar = "lapse"


Command = Grant | Sign | NotNow | Confirm | Revoke | Use | Erase | Halt | TakeEffect | Lapse
COMMANDS: dict[str, type] = {command.verb: command for command in Command.__args__}
GIVEN = {Way.PHONE: "by_phone", Way.EMAIL: "mail"}  # as the events call it, where they do not say it as we do


def _is_there(consent: Consent, command: object, by: By) -> bool:
    return by.is_there


def _was_shown(consent: Consent, command: Grant | Sign, by: By) -> bool:
    return command.shown


def _is_private(consent: Consent, command: Grant | Confirm, by: By) -> bool:
    return command.in_private


def _is_for_once(consent: Consent, command: Use, by: By) -> bool:
    return consent.terms.once


def _has_halted(consent: Consent, command: TakeEffect, by: By) -> bool:
    return consent.halted >= DISCLOSING


P = Party
Row = dict[str, Move[Stage]]
PRESENT = Guard(
    "own_word_or_present",
    "The person says yes on their own page, or with you in the room: a phone number proves nobody.",
    _is_there,
)
SHOWN = Guard(
    "all_was_shown",
    "Show first whom they report to, that it can be taken back any day, and that a no costs nothing.",
    _was_shown,
)
PRIVATE = Guard("in_private", "Ask where nobody else listens.", _is_private)
ONCE = Guard("good_for_once", "Only a consent for supervision or a court is used up.", _is_for_once)
HALTED = Guard("every_service_halted", "It is in effect when every service has stopped.", _has_halted)

LAPSES = Move((P.CLOCK,), events.Lapsed, Stage.LAPSED)
LIVE: Row = {
    "revoke": Move((P.PERSON,), events.Revoked, Stage.REVOKED),
    "use": Move((P.NETWORK,), events.Lapsed, Stage.LAPSED, (ONCE,)),
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
    Stage.GRANTED: {"confirm": Move((P.PERSON,), events.Confirmed, Stage.CONFIRMED, (PRESENT, PRIVATE)), **LIVE},
    Stage.CONFIRMED: LIVE,
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
        "revoke": "Stop sharing",
        "use": "It was used, once",
        "erase": "The person was erased",
        "halt": "A service says that nothing more goes out from it",
        "take_effect": "Every service has said so",
        LAPSE: "Silence, or its last day",
    },
    notes=(
        "Asking, not answering and “not now” are nobody else's news: no event tells of them.",
        "A revocation that is not in effect in time rings with the operators until it is.",
    ),
    rings_again=frozenset({Stage.REVOKED}),
)


def ask(consent: Consent, today: date, patience: Patience, *, at_intake: bool = False) -> Decision[Consent]:
    """The question, put to the person. Raises Invalid for terms that may not be asked for."""
    terms = consent.terms
    if not terms.categories:
        raise Invalid("categories", "Name what may be told.")
    if terms.recipient == terms.discloser:
        raise Invalid("recipient", "An agency needs no consent to tell itself.")
    if not today <= terms.expires_on <= today + timedelta(days=patience.longest_days):
        raise Invalid("expires_on", f"Choose a last day within {patience.longest_days} days.")
    if (SETBACK in terms.categories) != (terms.setback is not None):
        raise Invalid("setback", "Consent to tell of a setback names that one setback.")
    if terms.setback is not None and terms.categories != {SETBACK}:
        raise Invalid("categories", "A setback is asked for by itself.")
    if terms.once and terms.categories != {SUPERVISION}:
        raise Invalid("categories", "Supervision and courts are asked for apart from everything else.")
    if terms.once and at_intake:
        raise Invalid("categories", "Supervision and courts are never asked for at intake.")
    return Decision(consent, (), (clock_of(consent, patience),))


def offers(consent: Consent, party: Party) -> dict[str, Move[Stage]]:
    return WORKFLOW.offers(consent.stage, party)


def decide(consent: Consent, command: Command, by: By, patience: Patience) -> Decision[Consent]:
    """Raises MoveNotOffered, which carries what is offered, or GuardNotMet, which says what would meet the rule."""
    move = WORKFLOW.find(consent.stage, command.verb, by.party)
    check(move, consent, command, by, offers(consent, by.party))
    after = replace(noted(consent, command, by, patience), stage=move.end())
    happened = (tell(move.event, after, by),) if move.event else ()
    if move.keeps_clock:
        return Decision(after, happened)
    return Decision(after, happened, (clock_of(after, patience),))


def halt(consent: Consent, service: str, patience: Patience) -> Decision[Consent]:
    """A service has stopped; with the last of them the revocation is in effect. Said again, it changes nothing."""
    if consent.stage is not Stage.REVOKED:
        return Decision(consent)
    halted = decide(consent, Halt(service), NETWORK, patience)
    if not _has_halted(halted.state, TakeEffect(), NETWORK):
        return halted
    return halted.then(decide(halted.state, TakeEffect(), NETWORK, patience))


def tell(event: type[Event], after: Consent, by: By) -> Event:
    terms = after.terms
    more = {
        "consent": after.id,
        "discloser": terms.discloser,
        "recipient": terms.recipient,
        "categories": tuple(sorted(terms.categories)),
        "purpose": terms.purpose,
        "expires_on": terms.expires_on,
        "setback": terms.setback,
        "once": terms.once,
        "given": given(by),
    }
    return event.model_validate(fields_of(event, after, by, **more))


def noted(consent: Consent, command: Command, by: By, patience: Patience) -> Consent:
    match command:
        case Grant(today, _, _):
            return replace(consent, granted_on=today, given=given(by))
        case Sign(today, _):
            confirm_by = today + timedelta(days=patience.confirm_days)
            return replace(consent, granted_on=today, confirm_by=confirm_by, given=given(by))
        case Confirm():
            return replace(consent, confirm_by=None, given=given(by))
        case Revoke():
            return replace(consent, given=given(by))
        case Use():
            return replace(consent, reason="used")
        case Erase():
            return replace(consent, reason="person_erased")
        case Halt(service):
            return replace(consent, halted=consent.halted | {service})
        case Lapse() if consent.stage in (Stage.GRANTED, Stage.CONFIRMED):
            is_expired = last_day(consent) == consent.terms.expires_on
            return replace(consent, reason="expired" if is_expired else "not_confirmed")
        case NotNow() | TakeEffect() | Lapse():
            return consent
        case _:
            assert_never(command)


def given(by: By) -> str:
    """How the word came, as a code of the events."""
    return GIVEN.get(by.way, str(by.way))


def last_day(consent: Consent) -> date:
    """The last day on which it holds as it stands now."""
    return min(consent.terms.expires_on, consent.confirm_by or consent.terms.expires_on)


def ends_at(consent: Consent) -> datetime:
    """The first moment at which it no longer holds: the midnight after its last day, where the discloser is."""
    midnight = datetime.combine(last_day(consent) + timedelta(days=1), time(), tzinfo=ZoneInfo(consent.terms.zone))
    return midnight.astimezone(UTC)


def is_live(consent: Consent, at: datetime) -> bool:
    """Whether something may be told under it at that moment. The clock may be late; this is not."""
    return consent.stage in (Stage.GRANTED, Stage.CONFIRMED) and at < ends_at(consent)


def silence_of(consent: Consent, patience: Patience) -> Silence | None:
    match consent.stage:
        case Stage.ASKED:
            return Hours.days(patience.ask_days)
        case Stage.GRANTED | Stage.CONFIRMED:
            return Until(ends_at(consent))
        case Stage.REVOKED:
            return Hours(patience.effect_hours)
        case Stage.IN_EFFECT | Stage.LAPSED | Stage.NOT_NOW:
            return None
        case _:
            assert_never(consent.stage)


def clock_of(consent: Consent, patience: Patience) -> Timer:
    return Timer(KIND, consent.id, silence_of(consent, patience))
