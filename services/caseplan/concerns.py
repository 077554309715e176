"""Concerns: what somebody else worries about. Told to the named worker alone, and no setback.

The worker may ask the person; only the person can make it theirs. Whoever raised it learns nothing of what follows,
and what it said is gone once it is set aside.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.caseplan import setbacks
from services.caseplan.setbacks import Setback
from shared.contracts import setback as events
from shared.contracts.events import Event
from shared.contracts.setback import ConcernStage, Pace
from shared.runtime.errors import Invalid
from shared.workflow import LAPSE, By, Decision, Hours, Move, Party, Timer, Workflow, fields_of
from shared.workflow import Patience as Silence

KIND = "concern.lapse"


class Patience(BaseModel):
    model_config = ConfigDict(frozen=True)

    read_days: int = Field(7, ge=1, le=30, description="days an unread concern is kept; our choice: a week off")
    ask_days: int = Field(14, ge=1, le=60, description="days to ask the person, and for them to say; our choice")


@dataclass(frozen=True, slots=True)
class Concern:
    """`words` are sealed in the store, and emptied once the concern is at rest."""

    id: UUID
    person: UUID
    worker: UUID
    agency: UUID  # whose staff raised it
    concern_stage: ConcernStage = ConcernStage.RAISED
    words: str = field(default="", repr=False)
    setback: UUID | None = None


@dataclass(frozen=True, slots=True)
class Read:
    verb: ClassVar = "read"


@dataclass(frozen=True, slots=True)
class Ask:
    verb: ClassVar = "ask"


@dataclass(frozen=True, slots=True)
class SetAside:
    verb: ClassVar = "set_aside"


@dataclass(frozen=True, slots=True)
class Own:
    """`setback` is the id that the person's setback will have."""

    verb: ClassVar = "own"
    setback: UUID


@dataclass(frozen=True, slots=True)
class Lapse:
    verb: ClassVar = "lapse"


Command = Read | Ask | SetAside | Own | Lapse
COMMANDS: dict[str, type] = {command.verb: command for command in Command.__args__}

P, S = Party, ConcernStage
ASK = Move((P.WORKER,), events.ConcernAsked, S.ASKED)
ASIDE = Move((P.WORKER,), events.ConcernSetAside, S.SET_ASIDE)
SILENCE = Move((P.CLOCK,), events.ConcernSetAside, S.SET_ASIDE)
MOVES: dict[ConcernStage, dict[str, Move[ConcernStage]]] = {
    S.RAISED: {"read": Move((P.WORKER,), events.ConcernRead, S.READ), LAPSE: SILENCE},
    S.READ: {"ask": ASK, "set_aside": ASIDE, LAPSE: SILENCE},
    S.ASKED: {"own": Move((P.PERSON,), events.ConcernOwned, S.OWNED), "set_aside": ASIDE, LAPSE: SILENCE},
    S.SET_ASIDE: {},
    S.OWNED: {},
}
WORKFLOW = Workflow(
    name="concern",
    title="Concern",
    says="Somebody else worries about the person. It comes to the named worker alone and stays there.",
    first=S.RAISED,
    moves=MOVES,
    owners={S.RAISED: P.WORKER, S.READ: P.WORKER, S.ASKED: P.WORKER},
    verbs={
        "read": "Read it",
        "ask": "Say that you asked the person",
        "set_aside": "Set it aside",
        "own": "Make it a setback of your own",
        LAPSE: "Silence",
    },
    notes=("It is not passed on by silence: left alone, it is set aside and what it said is gone.",),
)


def raise_concern(concern: Concern, by: By, patience: Patience) -> Decision[Concern]:
    """Anybody may worry, except the person: what they say is their own word and makes a setback."""
    if by.party is Party.PERSON:
        raise Invalid("by", "What the person says themselves is no concern of others: report it as theirs.")
    return Decision(concern, (tell(events.ConcernRaised, concern, by),), (clock_of(concern, patience),))


def decide(concern: Concern, command: Command, by: By, patience: Patience) -> Decision[Concern]:
    """Raises MoveNotOffered, which carries what is offered."""
    move = WORKFLOW.find(concern.concern_stage, command.verb, by.party)
    after = replace(noted(concern, command), concern_stage=move.end())
    if not WORKFLOW.is_open(after.concern_stage):
        after = replace(after, words="")
    happened = (tell(move.event, after, by),) if move.event else ()
    return Decision(after, happened, (clock_of(after, patience),))


def make_own(concern: Concern, by: By, pace: Pace, patience: setbacks.Patience) -> Decision[Setback]:
    """The setback that follows once the person has made the concern theirs; its words are theirs to say anew."""
    assert concern.setback is not None, "the person has made it theirs"
    setback = Setback(concern.setback, concern.person, concern.worker, pace, concern=concern.id)
    return setbacks.report(setback, by, patience)


def tell(event: type[Event], after: Concern, by: By) -> Event:
    return event.model_validate(fields_of(event, after, by, concern=after.id))


def noted(concern: Concern, command: Command) -> Concern:
    match command:
        case Own(setback):
            return replace(concern, setback=setback)
        case Read() | Ask() | SetAside() | Lapse():
            return concern
        case _:
            assert_never(command)


def silence_of(concern: Concern, patience: Patience) -> Silence | None:
    match concern.concern_stage:
        case ConcernStage.RAISED:
            return Hours.days(patience.read_days)
        case ConcernStage.READ | ConcernStage.ASKED:
            return Hours.days(patience.ask_days)
        case ConcernStage.SET_ASIDE | ConcernStage.OWNED:
            return None
        case _:
            assert_never(concern.concern_stage)


def clock_of(concern: Concern, patience: Patience) -> Timer:
    return Timer(KIND, concern.id, silence_of(concern, patience))
