"""Setbacks: the person says that something got hard, and support opens. Promise P3 is the table.

Only the person's own word makes one. Its clocks run in real hours, weekends included, and ring until a human has been
in touch: first the named worker's, then the supervisor's, never anybody else's. It knows of no referral and no plan,
so nothing can be closed or lose its place by it.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.caseplan.sharing import Consent, covers_setback
from shared.contracts import setback as events
from shared.contracts.events import Event
from shared.contracts.setback import Asks, Pace, Stage
from shared.workflow import (
    LAPSE,
    By,
    Decision,
    Guard,
    Hours,
    Move,
    MoveNotOffered,
    Party,
    Timer,
    Workflow,
    check,
    fields_of,
)
from shared.workflow import Patience as Silence

KIND = "setback.lapse"


class Patience(BaseModel):
    """Real hours, since hard days fall on weekends too."""

    model_config = ConfigDict(frozen=True)

    soon_hours: int = Field(4, ge=1, le=24, description="hours until somebody is in touch, if asked soon; our choice")
    today_hours: int = Field(24, ge=1, le=72, description="hours until somebody is in touch otherwise; our choice")
    reflect_days: int = Field(7, ge=1, le=60, description="days to look at it together; “% reflected within 7 days”")
    suggest_days: int = Field(3, ge=1, le=30, description="days for the worker to suggest a lighter plan; our choice")
    choose_days: int = Field(14, ge=7, le=90, description="days the person has to say yes or no to a lighter plan")


@dataclass(frozen=True, slots=True)
class Sharing:
    """One recipient who may know of this one setback, by the person's consent for exactly that."""

    recipient: UUID
    consent: UUID
    asks: Asks
    referral: UUID | None = None


@dataclass(frozen=True, slots=True)
class Setback:
    """`words` and `next_time` are the person's; they are sealed in the store and stand in no event and no log."""

    id: UUID
    person: UUID
    worker: UUID
    pace: Pace = Pace.TODAY
    concern: UUID | None = None
    stage: Stage = Stage.REPORTED
    attempts: int = 0
    late: bool = False
    words: str = field(default="", repr=False)
    next_time: str = field(default="", repr=False)
    shared: tuple[Sharing, ...] = ()


@dataclass(frozen=True, slots=True)
class Try:
    verb: ClassVar = "try"


@dataclass(frozen=True, slots=True)
class Contact:
    verb: ClassVar = "contact"


@dataclass(frozen=True, slots=True)
class NobodyCame:
    verb: ClassVar = "nobody_came"


@dataclass(frozen=True, slots=True)
class Reflect:
    """What could help next time, in the person's words. Empty is fine."""

    verb: ClassVar = "reflect"
    next_time: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OfferRevision:
    verb: ClassVar = "offer_revision"


@dataclass(frozen=True, slots=True)
class AcceptRevision:
    verb: ClassVar = "accept_revision"


@dataclass(frozen=True, slots=True)
class DeclineRevision:
    verb: ClassVar = "decline_revision"


@dataclass(frozen=True, slots=True)
class NotNow:
    verb: ClassVar = "not_now"


@dataclass(frozen=True, slots=True)
class Enough:
    verb: ClassVar = "enough"


@dataclass(frozen=True, slots=True)
class AskAgain:
    verb: ClassVar = "ask_again"
    pace: Pace = Pace.TODAY


@dataclass(frozen=True, slots=True)
class Share:
    verb: ClassVar = "share"
    recipient: UUID
    consent: Consent | None
    asks: Asks = Asks.KNOW
    referral: UUID | None = None


@dataclass(frozen=True, slots=True)
class Withdraw:
    verb: ClassVar = "withdraw"


@dataclass(frozen=True, slots=True)
class Lapse:
    verb: ClassVar = "lapse"


Command = (
    Try
    | Contact
    | NobodyCame
    | Reflect
    | OfferRevision
    | AcceptRevision
    | DeclineRevision
    | NotNow
    | Enough
    | AskAgain
    | Share
    | Withdraw
    | Lapse
)
COMMANDS: dict[str, type] = {command.verb: command for command in Command.__args__}

P = Party
Row = dict[str, Move[Stage]]


def _is_consented(setback: Setback, command: Share, by: By) -> bool:
    return covers_setback(command.consent, setback.person, command.recipient, setback.id)


def _is_there(setback: Setback, command: object, by: By) -> bool:
    return by.is_there


CONSENT = Guard(
    "consent_for_this_one",
    "Nobody else hears of this before the person has said yes to telling exactly this to exactly them.",
    _is_consented,
)
PRESENT = Guard(
    "own_word_or_present",
    "The person says so on their own page, or with you in the room: a phone number proves nobody.",
    _is_there,
)
HUMANS = (P.WORKER, P.SUPERVISOR)


def share(here: Stage) -> Row:
    """Beside everything else: sharing moves nothing and stops no clock."""
    return {"share": Move((P.PERSON,), events.Shared, here, (CONSENT, PRESENT), keeps_clock=True)}


def lapse(event: type[events.SetbackEvent], to: Stage) -> Row:
    return {LAPSE: Move((P.CLOCK,), event, to)}


WITHDRAW: Row = {"withdraw": Move((P.PERSON,), events.Withdrawn, Stage.WITHDRAWN)}
AGAIN: Row = {
    "nobody_came": Move((P.PERSON,), events.NobodyCame, Stage.OVERDUE),
    "ask_again": Move((P.PERSON,), events.AskedAgain, Stage.REPORTED),
}
REFLECT: Row = {"reflect": Move((P.PERSON,), events.Reflected, Stage.REFLECTED)}
OFFER: Row = {"offer_revision": Move((P.WORKER,), events.RevisionOffered, Stage.REVISION_OFFERED)}
ENOUGH: Row = {"enough": Move((P.PERSON,), events.Supported, Stage.SUPPORTED)}
NOT_NOW: Row = {"not_now": Move((P.PERSON,), events.Rested, Stage.RESTING)}
REACH: Row = {"contact": Move(HUMANS, events.Contacted, Stage.CONTACTED)}


def tried(here: Stage) -> Row:
    return {"try": Move(HUMANS, events.ContactTried, here, keeps_clock=True)}


MOVES: dict[Stage, Row] = {
    Stage.REPORTED: {
        **REACH,
        **tried(Stage.REPORTED),
        **lapse(events.Escalated, Stage.OVERDUE),
        **share(Stage.REPORTED),
        **WITHDRAW,
    },
    Stage.OVERDUE: {
        **REACH,
        **tried(Stage.OVERDUE),
        **lapse(events.Escalated, Stage.OVERDUE),
        **share(Stage.OVERDUE),
        **WITHDRAW,
    },
    Stage.CONTACTED: {
        **REFLECT,
        **OFFER,
        **ENOUGH,
        **NOT_NOW,
        **AGAIN,
        **lapse(events.Rested, Stage.RESTING),
        **share(Stage.CONTACTED),
        **WITHDRAW,
    },
    Stage.REFLECTED: {
        **REFLECT,
        **OFFER,
        **ENOUGH,
        **NOT_NOW,
        **AGAIN,
        **lapse(events.Rested, Stage.RESTING),
        **share(Stage.REFLECTED),
        **WITHDRAW,
    },
    Stage.REVISION_OFFERED: {
        "accept_revision": Move((P.PERSON,), events.RevisionAccepted, Stage.SUPPORTED),
        "decline_revision": Move((P.PERSON,), events.RevisionDeclined, Stage.SUPPORTED),
        **ENOUGH,
        **NOT_NOW,
        **AGAIN,
        **lapse(events.Rested, Stage.RESTING),
        **share(Stage.REVISION_OFFERED),
        **WITHDRAW,
    },
    Stage.RESTING: {**REFLECT, **OFFER, **ENOUGH, **AGAIN, **share(Stage.RESTING), **WITHDRAW},
    Stage.SUPPORTED: {**AGAIN, **share(Stage.SUPPORTED), **WITHDRAW},
    Stage.WITHDRAWN: {},
}
OWNERS = {
    Stage.REPORTED: P.WORKER,
    Stage.OVERDUE: P.SUPERVISOR,
    Stage.CONTACTED: P.WORKER,
    Stage.REFLECTED: P.WORKER,
    Stage.REVISION_OFFERED: P.PERSON,
}
WORKFLOW = Workflow(
    name="setback",
    title="Setback",
    says="Something got hard and the person says so. Support opens; nothing closes, and nobody else hears of it.",
    first=Stage.REPORTED,
    moves=MOVES,
    owners=OWNERS,
    verbs={
        "try": "Write down that somebody tried to be in touch",
        "contact": "Say that you have spoken",
        "nobody_came": "Say that nobody was in touch",
        "reflect": "Say what could help next time",
        "offer_revision": "Offer a lighter plan",
        "accept_revision": "Yes to a lighter plan",
        "decline_revision": "The plan is fine as it is",
        "not_now": "Not now",
        "enough": "That is what I needed",
        "ask_again": "Ask for somebody again",
        "share": "Tell somebody",
        "withdraw": "Take it back",
        LAPSE: "Silence",
    },
    notes=(
        "Hours are real hours: nights, weekends and holidays count.",
        "An attempt is no contact: the clock runs on until the two have spoken.",
        "Sharing needs a live consent for exactly this setback and this recipient, each time.",
    ),
    rings_again=frozenset({Stage.OVERDUE}),
)


def report(setback: Setback, by: By, patience: Patience) -> Decision[Setback]:
    """The person's word, which alone makes a setback. Spoken to a worker it counts too; a worker's own does not."""
    if by.party is not Party.PERSON:
        raise MoveNotOffered("report", ("raise a concern",))
    return Decision(setback, (tell(events.Reported, setback, by),), (clock_of(setback, patience),))


def is_open(setback: Setback) -> bool:
    return WORKFLOW.is_open(setback.stage)


def owner_of(setback: Setback) -> Party | None:
    return WORKFLOW.owners.get(setback.stage)


def offers(setback: Setback, party: Party) -> dict[str, Move[Stage]]:
    return WORKFLOW.offers(setback.stage, party)


def decide(setback: Setback, command: Command, by: By, patience: Patience) -> Decision[Setback]:
    """Raises MoveNotOffered, which carries what is offered, or GuardNotMet, which says what would meet the rule."""
    move = WORKFLOW.find(setback.stage, command.verb, by.party)
    check(move, setback, command, by, offers(setback, by.party))
    after = replace(noted(setback, command), stage=move.end())
    happened = (tell(move.event, after, by, command),) if move.event else ()
    if move.keeps_clock:
        return Decision(after, happened)
    return Decision(after, happened, (clock_of(after, patience),))


def tell(event: type[Event], after: Setback, by: By, command: Command | None = None) -> Event:
    more: dict[str, object] = {"setback": after.id, "owner": owner_of(after)}
    if isinstance(command, Share):
        sharing = after.shared[-1]
        more |= {
            "recipient": sharing.recipient,
            "consent": sharing.consent,
            "asks": sharing.asks,
            "referral": sharing.referral,
        }
    return event.model_validate(fields_of(event, after, by, **more))


def noted(setback: Setback, command: Command) -> Setback:
    match command:
        case Try():
            return replace(setback, attempts=setback.attempts + 1)
        case Lapse() if setback.stage in (Stage.REPORTED, Stage.OVERDUE):
            return replace(setback, late=True)
        case NobodyCame():
            return replace(setback, late=True)
        case Reflect(next_time):
            return replace(setback, next_time=next_time)
        case AskAgain(pace):
            return replace(setback, pace=pace, late=False, attempts=0)
        case Withdraw():
            return replace(setback, words="", next_time="")
        case Share(recipient, consent, asks, referral) if consent is not None:
            return replace(setback, shared=(*setback.shared, Sharing(recipient, consent.id, asks, referral)))
        case (
            Contact() | OfferRevision() | AcceptRevision() | DeclineRevision() | NotNow() | Enough() | Share() | Lapse()
        ):
            return setback
        case _:
            assert_never(command)


def silence_of(setback: Setback, patience: Patience) -> Silence | None:
    """How long the stage it stands at may last, in real hours; None where it is at rest."""
    match setback.stage:
        case Stage.REPORTED | Stage.OVERDUE:
            return Hours(patience.soon_hours if setback.pace is Pace.SOON else patience.today_hours)
        case Stage.CONTACTED:
            return Hours.days(patience.reflect_days)
        case Stage.REFLECTED:
            return Hours.days(patience.suggest_days)
        case Stage.REVISION_OFFERED:
            return Hours.days(patience.choose_days)
        case Stage.RESTING | Stage.SUPPORTED | Stage.WITHDRAWN:
            return None
        case _:
            assert_never(setback.stage)


def clock_of(setback: Setback, patience: Patience) -> Timer:
    return Timer(KIND, setback.id, silence_of(setback, patience))
