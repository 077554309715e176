"""What every benchmark is given and what it returns, whatever it measures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to do, and where to tell how far it is. Without `events` each benchmark does as many as it needs."""

    events: int | None
    rounds: int
    say: Say

    def many(self, usual: int) -> int:
        return self.events or usual


class Row(NamedTuple):
    """One line of the table. Cells are what a reader sees."""

    bench: str
    what: str
    ours: str
    limit: str
    ratio: str
    goal: str
    spent: str  # microseconds of processor an event: python + postgres + kafka, ours / theirs


class Found(Protocol):
    """The result of one benchmark."""

    @property
    def name(self) -> str: ...

    @property
    def reached(self) -> bool:
        """Whether every goal of it was."""

    def as_json(self) -> dict[str, Any]: ...

    def rows(self) -> list[Row]:
        """For the table."""

    def notes(self) -> list[str]:
        """What stands below the table: Markdown, a paragraph each."""


def goal_cell(goal: str, reached: bool) -> str:
    return f"{goal}: {'reached' if reached else '**missed**'}"
