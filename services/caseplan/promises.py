"""Promises: what staff said they would do, by when. Promise P2: agencies keep their word in the open.

Only staff make promises and only agencies are measured by them; what a person means to do is a step of their plan and
is never counted. Whether a promise was kept is the person's word where the two differ, and silence at its time is no
keeping.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts import promise as events
from shared.contracts.events import Event
from shared.contracts.promise import Stage
from shared.runtime.errors import Invalid
from shared.workflow import (
    LAPSE,
    By,
    Decision,
    Guard,
    Hours,
    Move,
    Party,
    Timer,
    Until,
    Workflow,
    check,
    fields_of,
)
from shared.workflow import Patience as Silence

KIND = "promise.lapse"


class Patience(BaseModel):
    model_config = ConfigDict(frozen=True)

    say_hours: int = Field(24, ge=1, le=168, description="hours after its time to say how it went; our choice")


@dataclass(frozen=True, slots=True)
class Promise:
    """`words` begin with "I will"; they are sealed in the store and stand in no event and no log."""

    id: UUID
    person: UUID
    worker: UUID  # who promised; staff of `agency`
    agency: UUID
    due: datetime
    words: str = field(default="", repr=False)
    stage: Stage = Stage.MADE
    asked_due: datetime | None = None
    was_due: bool = False  # its time was over before anybody had said what came of it
    late: bool = False
    admitted: bool | None = None  # staff owned up: before the person had to say so, or only then
    by_person: bool = False
    mends: UUID | None = None
    gave: UUID | None = None  # who gave it, where a colleague keeps it now


@dataclass(frozen=True, slots=True)
class Keep:
    """`late`: done, but after it was due."""

    verb: ClassVar = "keep"
    late: bool = False


@dataclass(frozen=True, slots=True)
class Admit:
    verb: ClassVar = "admit"


@dataclass(frozen=True, slots=True)
class AskForTime:
    verb: ClassVar = "ask_for_time"
    due: datetime


@dataclass(frozen=True, slots=True)
class Agree:
    verb: ClassVar = "agree"


@dataclass(frozen=True, slots=True)
class Refuse:
    verb: ClassVar = "refuse"


@dataclass(frozen=True, slots=True)
class SayKept:
    verb: ClassVar = "say_kept"
    late: bool = False


@dataclass(frozen=True, slots=True)
class SayBroken:
    verb: ClassVar = "say_broken"


@dataclass(frozen=True, slots=True)
class Release:
    verb: ClassVar = "release"


@dataclass(frozen=True, slots=True)
class HandOver:
    """Whoever gave it is not here to keep it any more; `worker` is."""

    verb: ClassVar = "hand_over"
    worker: UUID


@dataclass(frozen=True, slots=True)
class Lapse:
    verb: ClassVar = "lapse"


Command = Keep | Admit | AskForTime | Agree | Refuse | SayKept | SayBroken | Release | HandOver | Lapse
COMMANDS: dict[str, type] = {command.verb: command for command in Command.__args__}

P = Party
Row = dict[str, Move[Stage]]


def _is_later(promise: Promise, command: AskForTime, by: By) -> bool:
    return command.due > promise.due


def _says_late_honestly(promise: Promise, command: Keep, by: By) -> bool:
    return command.late or not promise.was_due


def _not_yet_admitted(promise: Promise, command: Admit, by: By) -> bool:
    return promise.admitted is None


LATER = Guard("later_than_before", "Ask for a time after the one you had promised.", _is_later)
HONEST = Guard(
    "late_is_late",
    "Its time is over, so say that it came late. If it was on time, the person's word will put it right.",
    _says_late_honestly,
)
ONCE = Guard("owned_up_once", "You have owned up already; the next word is what you do about it.", _not_yet_admitted)
KEEP: Row = {"keep": Move((P.WORKER,), events.Kept, Stage.KEPT, (HONEST,))}
ADMIT: Row = {"admit": Move((P.WORKER,), events.Broken, Stage.BROKEN)}
SAY_KEPT: Row = {"say_kept": Move((P.PERSON,), events.Kept, Stage.KEPT)}
SAY_BROKEN: Row = {"say_broken": Move((P.PERSON,), events.Broken, Stage.BROKEN)}
RELEASE: Row = {"release": Move((P.PERSON,), events.Released, Stage.RELEASED)}
ASK: Row = {"ask_for_time": Move((P.WORKER,), events.TimeAsked, Stage.MOVING, (LATER,), keeps_clock=True)}


def _hand_over(stage: Stage) -> Row:
    """What was said stays as it was, and so does its clock."""
    return {"hand_over": Move((P.SUPERVISOR,), events.HandedOver, stage, keeps_clock=True)}


MOVES: dict[Stage, Row] = {
    Stage.MADE: {
        **KEEP,
        **ADMIT,
        **ASK,
        **SAY_KEPT,
        **SAY_BROKEN,
        **RELEASE,
        **_hand_over(Stage.MADE),
        LAPSE: Move((P.CLOCK,), events.CameDue, Stage.OVERDUE),
    },
    Stage.MOVING: {
        "agree": Move((P.PERSON,), events.Renegotiated, Stage.MADE),
        "refuse": Move((P.PERSON,), events.TimeRefused, Stage.MADE, keeps_clock=True),
        **KEEP,
        **ADMIT,
        **ASK,
        **SAY_KEPT,
        **SAY_BROKEN,
        **RELEASE,
        **_hand_over(Stage.MOVING),
        LAPSE: Move((P.CLOCK,), events.CameDue, Stage.OVERDUE),
    },
    Stage.OVERDUE: {
        **KEEP,
        **ADMIT,
        **SAY_KEPT,
        **SAY_BROKEN,
        **RELEASE,
        **_hand_over(Stage.OVERDUE),
        LAPSE: Move((P.CLOCK,), events.Broken, Stage.BROKEN),
    },
    Stage.KEPT: {**SAY_BROKEN, **SAY_KEPT},
    Stage.BROKEN: {
        "admit": Move((P.WORKER,), events.Admitted, Stage.BROKEN, (ONCE,)),
        **SAY_KEPT,
        **_hand_over(Stage.BROKEN),
    },
    Stage.RELEASED: {},
}
OWNERS = {Stage.MADE: P.WORKER, Stage.MOVING: P.PERSON, Stage.OVERDUE: P.WORKER}
WORKFLOW = Workflow(
    name="promise",
    title="Promise",
    says="What staff said they would do, by when, and what came of it. The person's word counts where the two differ.",
    first=Stage.MADE,
    moves=MOVES,
    owners=OWNERS,
    verbs={
        "keep": "It is done",
        "admit": "Own up: it was not done in time",
        "ask_for_time": "Ask for another time",
        "agree": "Yes to the other time",
        "refuse": "No, please keep the old one",
        "say_kept": "They did it",
        "say_broken": "This did not happen",
        "release": "I do not need it any more",
        "hand_over": "A colleague keeps it from now on",
        LAPSE: "Silence",
    },
    notes=(
        "While another time is being asked for, the old one holds: its clock runs on.",
        "Another time can be asked for before the promise is due. After that it is late, and a new promise mends it.",
    ),
)


def make(promise: Promise, by: By, patience: Patience) -> Decision[Promise]:
    """A promise is made by whoever will keep it. A person's own intentions are steps, and nobody's to measure."""
    if by.party not in (Party.WORKER, Party.AGENCY):
        raise Invalid("by", "Promises are what staff say they will do. A person's own are steps of the plan.")
    return Decision(promise, (tell(events.Made, promise, by),), (clock_of(promise, patience),))


def is_open(promise: Promise) -> bool:
    return WORKFLOW.is_open(promise.stage)


def offers(promise: Promise, party: Party) -> dict[str, Move[Stage]]:
    return WORKFLOW.offers(promise.stage, party)


def decide(promise: Promise, command: Command, by: By, patience: Patience) -> Decision[Promise]:
    """Raises MoveNotOffered, which carries what is offered, or GuardNotMet, which says what would meet the rule."""
    move = WORKFLOW.find(promise.stage, command.verb, by.party)
    check(move, promise, command, by, offers(promise, by.party))
    after = replace(noted(promise, command), stage=move.end())
    happened = (tell(move.event, after, by),) if move.event else ()
    if move.keeps_clock:
        return Decision(after, happened)
    return Decision(after, happened, (clock_of(after, patience),))


def tell(event: type[Event], after: Promise, by: By) -> Event:
    return event.model_validate(fields_of(event, after, by, promise=after.id))


def noted(promise: Promise, command: Command) -> Promise:
    match command:
        case Keep(late):
            return replace(promise, late=late, by_person=False)
        case SayKept(late):
            return replace(promise, late=late, by_person=True)
        case SayBroken():
            return replace(promise, by_person=True)
        case Admit():
            return replace(promise, admitted=not promise.by_person)
        case AskForTime(due):
            return replace(promise, asked_due=due)
        case Agree() if promise.asked_due is not None:
            return replace(promise, due=promise.asked_due, asked_due=None)
        case Refuse() | Agree():
            return replace(promise, asked_due=None)
        case Lapse():
            return replace(promise, was_due=True, asked_due=None)
        case Release():
            return promise
        case HandOver(worker):
            return replace(promise, worker=worker, gave=promise.gave or promise.worker)
        case _:
            assert_never(command)


def silence_of(promise: Promise, patience: Patience) -> Silence | None:
    match promise.stage:
        case Stage.MADE | Stage.MOVING:
            return Until(promise.due)
        case Stage.OVERDUE:
            return Hours(patience.say_hours)
        case Stage.KEPT | Stage.BROKEN | Stage.RELEASED:
            return None
        case _:
            assert_never(promise.stage)


def clock_of(promise: Promise, patience: Patience) -> Timer:
    return Timer(KIND, promise.id, silence_of(promise, patience))
