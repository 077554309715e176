"""Plans: the person's goals, in steps of two weeks at most. Promise P5: agreed, not assigned.

`table` is the promise, `state` what a version holds, `decisions` what follows, `load` when to ask "is this too much?".
"""

from services.caseplan.plans.decisions import KIND, Patience, clock_of, decide, is_open, offers, owner_of, staff_steps
from services.caseplan.plans.load import Thresholds, too_much
from services.caseplan.plans.state import (
    AskLoad,
    Command,
    Disagree,
    DropStep,
    FinishStep,
    Fits,
    Goal,
    Lapse,
    MoveStep,
    NotNow,
    Plan,
    Propose,
    SayTooMuch,
    Sign,
    Step,
    Stop,
    Suggest,
    Version,
)
from services.caseplan.plans.table import LONGEST_STEP, MOVES, WORKFLOW
from shared.contracts.plan import Load, Owner, Stage

COMMANDS: dict[str, type] = {command.verb: command for command in Command.__args__}

__all__ = [
    "COMMANDS",
    "KIND",
    "LONGEST_STEP",
    "MOVES",
    "WORKFLOW",
    "AskLoad",
    "Command",
    "Disagree",
    "DropStep",
    "FinishStep",
    "Fits",
    "Goal",
    "Lapse",
    "Load",
    "MoveStep",
    "NotNow",
    "Owner",
    "Patience",
    "Plan",
    "Propose",
    "SayTooMuch",
    "Sign",
    "Stage",
    "Step",
    "Stop",
    "Suggest",
    "Thresholds",
    "Version",
    "clock_of",
    "decide",
    "is_open",
    "offers",
    "owner_of",
    "staff_steps",
    "too_much",
]
