"""What a pure decision gives back, and how it says no."""

from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from shared.contracts.events import Event
from shared.runtime.errors import Conflict
from shared.workflow.clocks import Timer

S = TypeVar("S")


class Decision(NamedTuple, Generic[S]):
    """The state after, what happened, and the clocks to start or stop; saved in one transaction or not at all.

    Events carry no sequence: the outbox numbers them under the aggregate's lock.
    """

    state: S
    events: tuple[Event, ...] = ()
    timers: tuple[Timer, ...] = ()

    def then(self, later: "Decision[S]") -> "Decision[S]":
        """This and what follows at once, in one transaction; `later` was decided from this state."""
        return Decision(later.state, self.events + later.events, self.timers + later.timers)


class MoveNotOffered(Conflict):
    """Not from here, or not theirs; `offered` says which moves are."""

    title = "That is not possible now"

    def __init__(self, verb: str, offered: Iterable[str]) -> None:
        self.verb = verb
        names = tuple(offered)
        what = f"What is: {', '.join(names)}." if names else "Nothing is, from here."
        super().__init__(f"“{verb}” is not possible now. {what}", names)


class GuardNotMet(Conflict):
    """The move exists but a rule holds it back; the message says what would meet it."""

    title = "One thing comes first"

    def __init__(self, guard: str, says: str, offered: Iterable[str] = ()) -> None:
        self.guard = guard
        super().__init__(says, tuple(offered))
