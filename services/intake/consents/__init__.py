"""Consents: the person allows one agency to be told named things about them, for one purpose, until a day.

Promise P4 begins here. Nothing is ticked beforehand and "not now" costs nothing. What is signed at intake holds 30
days unless the person says it again in private; what is taken back is over at once, by whatever way the word came.
Supervision and courts are asked for apart, never at intake, and once. The terms are those of 42 CFR 2.31.
"""

from services.intake.consents.commands import (
    COMMANDS,
    Command,
    Confirm,
    Erase,
    Grant,
    Halt,
    Lapse,
    NotNow,
    Remind,
    Renew,
    Revoke,
    Sign,
    TakeEffect,
    Use,
)
from services.intake.consents.decisions import ask, clock_of, decide, halt, offers, reminder_of
from services.intake.consents.state import (
    DISCLOSING,
    KIND,
    REMINDER,
    SUPERVISION,
    Consent,
    Patience,
    Stage,
    Terms,
    ends_at,
    given,
    is_live,
    last_day,
)
from services.intake.consents.table import MOVES, WORKFLOW

__all__ = [
    "COMMANDS", "DISCLOSING", "KIND", "MOVES", "REMINDER", "SUPERVISION", "WORKFLOW", "Command", "Confirm", "Consent",
    "Erase", "Grant", "Halt", "Lapse", "NotNow", "Patience", "Remind", "Renew", "Revoke", "Sign", "Stage", "TakeEffect",
    "Terms", "Use", "ask", "clock_of", "decide", "ends_at", "given", "halt", "is_live", "last_day", "offers",
    "reminder_of",
]  # fmt: skip
