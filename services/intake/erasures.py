"""Erasing somebody: they ask, a human knows that it was them, and seven days later their keys are gone.

Until then one tap takes it back. What a law makes an agency keep is put away, out of everybody's reach, until the day
that the person was told. No move leads back from there: whoever wants to undo an erasure has nothing to undo it with.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts import person as events
from shared.contracts.codes import Coded
from shared.contracts.events import Event
from shared.runtime.errors import Conflict
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
    Workflow,
    check,
    fields_of,
)
from shared.workflow import Patience as Silence

KIND = "erasure.due"
EVERYWHERE = time(12)  # UTC: when the day before is over in every zone there is
FORGETTING = frozenset({"caseplan", "notifications"})  # hold something of somebody beside what keys close


class Stage(Coded):
    ASKED = "asked", "Asked", "Nobody has said yet that they know who asked. Until then nothing happens."
    SET = "set", "Seven days", "A human knows that it was the person. They can take it back until it is due."
    KEPT = "kept", "Put away", "A law keeps it until a day. Nobody reads it, and then it is erased."
    ERASED = "erased", "Erased", "Their keys are gone. Each service says when it has let go of the rest."
    DONE = "done", "Forgotten", "Every service has said so."
    TAKEN_BACK = "taken_back", "Taken back", "The person changed their mind. Nothing was erased."


class Identity(Coded):
    """How a human knows who asked. Numbers of papers are written down nowhere."""

    KNOWN = "known", "I know them, and we spoke face to face", "No paper was needed."
    DOCUMENT = "document", "They showed me a paper with their name", "Looked at, not written down."
    VOUCHED = "vouched", "Somebody whom we both know was there and said so", "Where there is no paper."


class Patience(BaseModel):
    model_config = ConfigDict(frozen=True)

    confirm_days: int = Field(2, ge=1, le=14, description="days until an ask that nobody confirmed rings; our choice")
    reversible_days: int = Field(7, ge=7, le=30, description="days in which it can be taken back; promised on the page")
    forget_hours: int = Field(1, ge=1, le=24, description="hours for every service to let go, after which it rings")


@dataclass(frozen=True, slots=True)
class Erasure:
    """One a person: who asks again after taking it back begins anew. `forgotten`: services that said so."""

    person: UUID
    stage: Stage = Stage.ASKED
    identity: Identity | None = None
    due: datetime | None = None
    kept_until: date | None = None
    forgotten: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Confirm:
    """A human knows who asked."""

    verb: ClassVar = "confirm"
    identity: Identity
    now: datetime


@dataclass(frozen=True, slots=True)
class TakeBack:
    verb: ClassVar = "take_back"


@dataclass(frozen=True, slots=True)
class PutAway:
    """It is due, and a law keeps it until the end of that day."""

    verb: ClassVar = "put_away"
    until: date


@dataclass(frozen=True, slots=True)
class Forget:
    """A service's word that it holds nothing more; `kept`: but for what a law has put away."""

    verb: ClassVar = "forget"
    service: str
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Finish:
    verb: ClassVar = "finish"


@dataclass(frozen=True, slots=True)
class Lapse:
    verb: ClassVar = "lapse"


Command = Confirm | TakeBack | PutAway | Forget | Finish | Lapse
COMMANDS: dict[str, type] = {command.verb: command for command in Command.__args__}


def _have_forgotten(erasure: Erasure, command: Finish, by: By) -> bool:
    return erasure.forgotten >= FORGETTING


P = Party
FORGOTTEN = Guard("every_service_forgot", "It is done when every service has let go.", _have_forgotten)
TAKE_BACK = Move((P.PERSON,), events.ErasureTakenBack, Stage.TAKEN_BACK)
AWAY = Move((P.NETWORK,), events.Erased, Stage.KEPT)
ERASE = Move((P.CLOCK,), events.Erased, Stage.ERASED)
MOVES: dict[Stage, dict[str, Move[Stage]]] = {
    Stage.ASKED: {
        "confirm": Move((P.WORKER, P.NETWORK), events.ErasureSet, Stage.SET),
        "take_back": Move((P.PERSON,), None, Stage.TAKEN_BACK),
        LAPSE: Move((P.CLOCK,), None, Stage.ASKED),
    },
    Stage.SET: {"take_back": TAKE_BACK, "put_away": AWAY, LAPSE: ERASE},
    Stage.KEPT: {
        "forget": Move((P.NETWORK,), None, Stage.KEPT, keeps_clock=True),
        "put_away": AWAY,
        LAPSE: ERASE,
    },
    Stage.ERASED: {
        "forget": Move((P.NETWORK,), None, Stage.ERASED, keeps_clock=True),
        "finish": Move((P.NETWORK,), None, Stage.DONE, (FORGOTTEN,)),
        LAPSE: Move((P.CLOCK,), None, Stage.ERASED),
    },
    Stage.DONE: {},
    Stage.TAKEN_BACK: {},
}
WORKFLOW = Workflow(
    name="erasure",
    title="Erasure",
    says="The person wants what is kept of them gone. A human knows that it was them; then seven days to take it back.",
    first=Stage.ASKED,
    moves=MOVES,
    owners={Stage.ASKED: P.WORKER, Stage.SET: P.PERSON, Stage.KEPT: P.NETWORK, Stage.ERASED: P.NETWORK},
    verbs={
        "confirm": "I know that it was them",
        "take_back": "Take it back",
        "put_away": "It is due, and a law keeps it until a day",
        "forget": "A service says that it holds nothing more",
        "finish": "Every service has said so",
        LAPSE: "Silence, or the day on which it is due",
    },
    notes=(
        "An ask that nobody confirms rings with the operators; so does a service that does not let go.",
        "When it is due, every consent ends, every session ends, and no message waits any more.",
    ),
    rings_again=frozenset({Stage.ASKED, Stage.ERASED}),
)


def ask(person: UUID, before: Erasure | None, patience: Patience) -> Decision[Erasure]:
    """The wish. Raises Conflict where it was heard already."""
    if before is not None and before.stage is not Stage.TAKEN_BACK:
        raise Conflict("That was asked already. Nothing more is needed for it.")
    asked = Erasure(person)
    return Decision(asked, (), (clock_of(asked, patience),))


def offers(erasure: Erasure, party: Party) -> dict[str, Move[Stage]]:
    return WORKFLOW.offers(erasure.stage, party)


def decide(erasure: Erasure, command: Command, by: By, patience: Patience) -> Decision[Erasure]:
    """Raises MoveNotOffered, which carries what is offered, or GuardNotMet."""
    move = WORKFLOW.find(erasure.stage, command.verb, by.party)
    check(move, erasure, command, by, offers(erasure, by.party))
    after = replace(noted(erasure, command, patience), stage=move.end())
    happened = (tell(move.event, after, by),) if move.event else ()
    if move.keeps_clock:
        return Decision(after, happened)
    return Decision(after, happened, (clock_of(after, patience),))


def forget(erasure: Erasure, word: Forget, patience: Patience) -> Decision[Erasure]:
    """A service has let go; with the last of them it is done. What it says of another stage is not about this one."""
    if erasure.stage is not (Stage.KEPT if word.kept else Stage.ERASED):
        return Decision(erasure)
    heard = decide(erasure, word, NETWORK, patience)
    if heard.state.stage is Stage.KEPT or not _have_forgotten(heard.state, Finish(), NETWORK):
        return heard
    return heard.then(decide(heard.state, Finish(), NETWORK, patience))


def tell(event: type[Event], after: Erasure, by: By) -> Event:
    return event.model_validate(fields_of(event, after, by))


def noted(erasure: Erasure, command: Command, patience: Patience) -> Erasure:
    match command:
        case Confirm(identity, now):
            return replace(erasure, identity=identity, due=now + timedelta(days=patience.reversible_days))
        case PutAway(until):
            return replace(erasure, kept_until=until, forgotten=frozenset())
        case Forget(service, _):
            return replace(erasure, forgotten=erasure.forgotten | {service})
        case Lapse() if erasure.stage in (Stage.SET, Stage.KEPT):
            return replace(erasure, kept_until=None, forgotten=frozenset())
        case TakeBack() | Finish() | Lapse():
            return erasure
        case _:
            assert_never(command)


def silence_of(erasure: Erasure, patience: Patience) -> Silence | None:
    match erasure.stage:
        case Stage.ASKED:
            return Hours.days(patience.confirm_days)
        case Stage.SET:
            assert erasure.due is not None
            return Until(erasure.due)
        case Stage.KEPT:
            assert erasure.kept_until is not None
            return Until(datetime.combine(erasure.kept_until + timedelta(days=1), EVERYWHERE, tzinfo=UTC))
        case Stage.ERASED:
            return Hours(patience.forget_hours)
        case Stage.DONE | Stage.TAKEN_BACK:
            return None
        case _:
            assert_never(erasure.stage)


def clock_of(erasure: Erasure, patience: Patience) -> Timer:
    return Timer(KIND, erasure.person, silence_of(erasure, patience))
