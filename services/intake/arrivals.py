"""The first answer to somebody who asked for help: by when it is promised, and what rings where it does not come.

They are told a moment on the page and, where a way is safe, by a message. No score and no paper stands before it.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.intake.directory import Calendar
from services.intake.hours import next_open
from shared.contracts import person as events
from shared.contracts.codes import Coded
from shared.workflow import LAPSE, By, Decision, Hours, Move, Party, Timer, Until, Workflow, fields_of
from shared.workflow import Patience as Silence

KIND = "arrival"


class Stage(Coded):
    WAITING = "waiting", "Waits for an answer", "Their form is here. Nobody is named to walk with them yet."
    LATE = "late", "Later than promised", "The promised moment is over. It rings until somebody is named."
    ANSWERED = "answered", "Answered", "Somebody walks with them."


class Patience(BaseModel):
    model_config = ConfigDict(frozen=True)

    answer_hours: int = Field(4, ge=1, le=8, description="hours from when the agency next opens; promised on the page")
    closed_days: int = Field(3, ge=1, le=7, description="days, where an agency names no day on which it is open")
    ring_hours: int = Field(24, ge=1, le=72, description="hours after which a broken promise rings again")


@dataclass(frozen=True, slots=True)
class Arrival:
    person: UUID
    agency: UUID
    answer_by: datetime
    stage: Stage = Stage.WAITING


P = Party
ANSWER = Move((P.AGENCY,), None, Stage.ANSWERED)  # who it is, the worker's assignment tells
MOVES: dict[Stage, dict[str, Move[Stage]]] = {
    Stage.WAITING: {"answer": ANSWER, LAPSE: Move((P.CLOCK,), events.AnswerLate, Stage.LATE)},
    Stage.LATE: {"answer": ANSWER, LAPSE: Move((P.CLOCK,), None, Stage.LATE)},
    Stage.ANSWERED: {},
}
WORKFLOW = Workflow(
    name="arrival",
    title="First answer",
    says="Somebody asked for help by themselves. They were told by when somebody is named to walk with them.",
    first=Stage.WAITING,
    moves=MOVES,
    owners={Stage.WAITING: P.AGENCY, Stage.LATE: P.LEAD},
    verbs={"answer": "Somebody is named to walk with them", LAPSE: "The promised moment is over"},
    notes=("The moment counts from when the agency next opens, by its own calendar.",),
    rings_again=frozenset({Stage.LATE}),
)


def promised(calendar: Calendar, now: datetime, patience: Patience) -> datetime:
    """Some hours from when somebody there next works."""
    opens = next_open(calendar, now)
    if opens is None:
        return now + timedelta(days=patience.closed_days)
    return opens.astimezone(UTC) + timedelta(hours=patience.answer_hours)


def begin(arrival: Arrival) -> Decision[Arrival]:
    told = events.Acknowledged(person=arrival.person, answer_by=arrival.answer_by)
    return Decision(arrival, (told,), (clock_of(arrival, Patience()),))


def decide(arrival: Arrival, verb: str, by: By, patience: Patience) -> Decision[Arrival]:
    move = WORKFLOW.find(arrival.stage, verb, by.party)
    after = replace(arrival, stage=move.end())
    told = (move.event.model_validate(fields_of(move.event, after, by)),) if move.event else ()
    return Decision(after, told, (clock_of(after, patience),))


def clock_of(arrival: Arrival, patience: Patience) -> Timer:
    silence: dict[Stage, Silence | None] = {
        Stage.WAITING: Until(arrival.answer_by),
        Stage.LATE: Hours(patience.ring_hours),
        Stage.ANSWERED: None,
    }
    return Timer(KIND, arrival.person, silence[arrival.stage])
