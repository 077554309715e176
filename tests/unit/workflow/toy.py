"""A workflow of a lamp, to break on purpose."""

from dataclasses import replace
from typing import ClassVar

from shared.contracts.codes import Coded
from shared.contracts.events import Event
from shared.workflow import LAPSE, Guard, Move, Party, Workflow


class Stage(Coded):
    LIT = "lit", "Lit", "It shines."
    DIM = "dim", "Dim", "It is about to go out."
    OUT = "out", "Out", "It is dark."


class Lamp(Event):
    topic: ClassVar[str] = "test.lamp"


def move(to, *by, guards=()):
    return Move(by, Lamp, to, guards)


def lamp(**changes):
    moves = {
        Stage.LIT: {"dim": move(Stage.DIM, Party.PERSON), LAPSE: move(Stage.DIM, Party.CLOCK)},
        Stage.DIM: {"light": move(Stage.LIT, Party.PERSON, Party.WORKER), LAPSE: move(Stage.OUT, Party.CLOCK)},
        Stage.OUT: {},
    }
    workflow = Workflow(
        name="lamp",
        title="Lamp",
        says="A light that does not burn for ever.",
        first=Stage.LIT,
        moves=moves,
        owners={Stage.LIT: Party.PERSON, Stage.DIM: Party.WORKER},
        verbs={"dim": "Turn it down", "light": "Turn it up", LAPSE: "Silence"},
    )
    return replace(workflow, **changes)


def with_row(stage, **row):
    moves = {known: dict(there) for known, there in lamp().moves.items()}
    moves[stage] = {**moves[stage], **row}
    return moves


SILENT_GUARD = Guard("g", "without a stop", lambda *_: True)
