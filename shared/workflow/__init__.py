"""What every workflow is made of: decisions, clocks, tables. Pure: no clock is read and nothing is written here."""

from shared.contracts.parties import Party, Way
from shared.workflow.clocks import BusinessDays, Hours, Patience, Timer, Until
from shared.workflow.decisions import Decision, GuardNotMet, MoveNotOffered
from shared.workflow.tables import CLOCK, LAPSE, NETWORK, By, Guard, Move, Moves, Workflow, check, fields_of

__all__ = [
    "CLOCK",
    "LAPSE",
    "NETWORK",
    "BusinessDays",
    "By",
    "Decision",
    "Guard",
    "GuardNotMet",
    "Hours",
    "Move",
    "MoveNotOffered",
    "Moves",
    "Party",
    "Patience",
    "Timer",
    "Until",
    "Way",
    "Workflow",
    "check",
    "fields_of",
]
