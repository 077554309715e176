"""Somebody who may come: named by another agency, and asked by the one that would welcome them.

Only their own yes makes a person of them, by their link and PIN or by their word to a worker of that agency. A no, or
thirty silent days, deletes what was told together with its key. Whoever sent their name never learns which it was.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.intake.ways_in import DIGITS
from shared.contracts import person as events
from shared.contracts.codes import Coded
from shared.workflow import LAPSE, Decision, Hours, Move, Party, Timer, Workflow

KIND = "invited.lapse"
WRONG_PINS = 10  # of a link, however slowly they are typed and from wherever
Verb = Literal["name_again", "name_elsewhere", "say_yes", "say_no", "lapse"]


class Stage(Coded):
    WAITING = "waiting", "Waiting for their word", "The welcoming agency asks them. Nobody else knows of it."
    HERE = "here", "Said yes", "They are a person here. No list touches them any more."
    NO = "no", "Said no", "What was told is deleted with its key. No later list to that agency asks them again."
    GONE = "gone", "Gone", "Nothing of it is left, and nothing tells that it was there."


class Patience(BaseModel):
    model_config = ConfigDict(frozen=True)

    silent_days: int = Field(
        30, ge=1, le=30, description="days without a word after which a row and its key are deleted"
    )
    no_days: int = Field(365, ge=61, le=365, description="days for which a no is kept, as a mark without contents")


@dataclass(frozen=True, slots=True)
class Invited:
    """What is told of them is sealed, and no part of this. `release_on`: the day that the sender named."""

    id: UUID
    sender: UUID
    welcoming: UUID
    stage: Stage = Stage.WAITING
    release_on: date | None = None


P = Party
ANSWERS = {
    "say_yes": Move((P.PERSON, P.WORKER), events.Welcomed, Stage.HERE),
    "say_no": Move((P.PERSON, P.WORKER), None, Stage.NO),
}
MOVES: dict[Stage, dict[str, Move[Stage]]] = {
    Stage.WAITING: {
        **ANSWERS,
        "name_again": Move((P.AGENCY,), None, Stage.WAITING),
        "name_elsewhere": Move((P.AGENCY,), None, Stage.GONE),
        LAPSE: Move((P.CLOCK,), None, Stage.GONE),
    },
    Stage.HERE: {},
    Stage.NO: {LAPSE: Move((P.CLOCK,), None, Stage.GONE)},
    Stage.GONE: {},
}
WORKFLOW = Workflow(
    name="invited",
    title="Invitation",
    says="A release desk or an agency names somebody; the agency that would welcome them asks. Only their yes counts.",
    first=Stage.WAITING,
    moves=MOVES,
    owners={Stage.WAITING: P.AGENCY, Stage.NO: P.NETWORK},
    verbs={
        "name_again": "A later list names them again",
        "name_elsewhere": "A later list names them to another agency",
        "say_yes": "They say yes",
        "say_no": "They say no",
        LAPSE: "Silence",
    },
    notes=(
        "The sender is told that a list was taken, and never what became of a row: no status, no count, no moment.",
        "A list names them again by the sender's own reference; who said yes or no is not touched by it.",
        "Named to another agency they are asked anew there, whatever they said before: so nobody there learns of it.",
    ),
)


def decide(invited: Invited, verb: Verb, party: Party, patience: Patience) -> Decision[Invited]:
    """Raises MoveNotOffered. What a yes tells the others is the welcome of a new person (people.py)."""
    after = replace(invited, stage=WORKFLOW.find(invited.stage, verb, party).end())
    return Decision(after, (), (clock_of(after, patience),))


def clock_of(invited: Invited, patience: Patience) -> Timer:
    days = {Stage.WAITING: patience.silent_days, Stage.NO: patience.no_days}.get(invited.stage)
    return Timer(KIND, invited.id, Hours.days(days) if days else None)


def new_pin() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
