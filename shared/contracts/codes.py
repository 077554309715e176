"""Codes that explain themselves: what stands in events and rows, with the words that people read.

A code, its label and its explanation are declared on one line, so pages, diagrams and documents can't drift apart.
Whoever reads an event takes codes that it does not know yet, and only then: a newer writer harms no older reader,
while commands and rows stay held to what is declared.
"""

import re
from contextvars import ContextVar
from enum import StrEnum
from typing import Self

CODE = r"^[a-z][a-z0-9_]{0,63}$"
READING_EVENTS = ContextVar("READING_EVENTS", default=False)
"""True while an event's data is read for which a first, strict reading found a code that is not declared."""


class Coded(StrEnum):
    """Declare members as `VALUE = "value", "Label", "One sentence that explains it."`; the value alone travels."""

    label: str
    explanation: str

    def __new__(cls, value: str, label: str = "", explanation: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.explanation = explanation
        return member

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        """A member outside the declared ones, equal to its value and to nothing else."""
        if not READING_EVENTS.get() or not isinstance(value, str) or not re.fullmatch(CODE, value):
            return None
        member = str.__new__(cls, value)
        member._value_, member._name_ = value, value.upper()
        member.label, member.explanation = value.replace("_", " ").capitalize(), ""
        return member
