"""Workflows as tables: who may do what from where, and where it leads.

One table gives the rules, the diagrams, the labels on pages and the tests, so none of them can say something else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from shared.contracts.codes import Coded
from shared.contracts.events import Event
from shared.contracts.parties import Party, Way
from shared.runtime.errors import Invalid
from shared.workflow.decisions import GuardNotMet, MoveNotOffered

St = TypeVar("St", bound=Coded)

LAPSE = "lapse"  # silence is a move like any other; the clock makes it


@dataclass(frozen=True, slots=True)
class By:
    """Who speaks, and how the word came. Said by phone or in person, `recorded_by` is the worker who wrote it down."""

    party: Party
    who: UUID | None = None
    way: Way = Way.PAGE
    recorded_by: UUID | None = None

    def __post_init__(self) -> None:
        if self.way.needs_a_recorder and self.recorded_by is None:
            raise Invalid("recorded_by", "A word said by phone or in person needs the worker who wrote it down.")
        if self.recorded_by is not None and not self.way.needs_a_recorder:
            raise Invalid("recorded_by", "Only a word said by phone or in person is written down by somebody else.")

    @property
    def is_own_word(self) -> bool:
        """Said by somebody who had signed in. A phone number proves nobody, and a worker's note is a worker's."""
        return self.way is Way.PAGE

    @property
    def is_there(self) -> bool:
        """Signed in, or in the room with a worker."""
        return self.way in (Way.PAGE, Way.IN_PERSON)


CLOCK = By(Party.CLOCK, way=Way.NONE)
NETWORK = By(Party.NETWORK, way=Way.NONE)


@dataclass(frozen=True, slots=True)
class Guard:
    """A rule that a move must meet. `says` is the refusal: a sentence that tells what would meet it."""

    name: str
    says: str
    holds: Callable[[Any, Any, By], bool]  # of the state before, the command and whose it is


@dataclass(frozen=True, slots=True)
class Move(Generic[St]):
    """One row. `to` None leads back to where it was, which the state remembers; `event` None is nobody else's news."""

    by: tuple[Party, ...]
    event: type[Event] | None
    to: St | None
    guards: tuple[Guard, ...] = ()
    keeps_clock: bool = False  # true: the silence that was being counted goes on being counted

    def end(self, before: St | None = None) -> St:
        """Where it leads; `before` is where one that leads back was left from."""
        to = self.to if self.to is not None else before
        assert to is not None, "a move that leads back remembers from where"
        return to


Moves = Mapping[St, Mapping[str, Move[St]]]


@dataclass(frozen=True, slots=True)
class Workflow(Generic[St]):
    """A concept's whole life. `owners` names who holds each open stage; a stage without an owner is at rest."""

    name: str
    title: str
    says: str
    first: St
    moves: Moves[St]
    owners: Mapping[St, Party]
    verbs: Mapping[str, str]  # verb -> what it means, for buttons and tables
    notes: tuple[str, ...] = ()  # rules that a table can't show; sentences for the page
    returns_to: frozenset[St] = frozenset()  # where moves that lead "where it was" can lead
    rings_again: frozenset[St] = frozenset()  # stages that silence never ends: their clock starts over

    @property
    def stages(self) -> tuple[St, ...]:
        return tuple(type(self.first))

    def is_open(self, stage: St) -> bool:
        return stage in self.owners

    def rows(self) -> Iterator[tuple[St, str, Move[St]]]:
        for stage, moves in self.moves.items():
            for verb, move in moves.items():
                yield stage, verb, move

    def ends(self, move: Move[St]) -> frozenset[St]:
        return self.returns_to if move.to is None else frozenset({move.to})

    def offers(self, stage: St, party: Party) -> dict[str, Move[St]]:
        """The moves that `party` can make at `stage`; pages draw their buttons from this."""
        return {verb: move for verb, move in self.moves[stage].items() if party in move.by}

    def find(self, stage: St, verb: str, party: Party) -> Move[St]:
        """Raises MoveNotOffered, which carries the verbs that are."""
        offered = self.offers(stage, party)
        if verb not in offered:
            raise MoveNotOffered(verb, offered)
        return offered[verb]


def check(move: Move[Any], state: object, command: object, by: By, offered: Iterable[str]) -> None:
    """Raises GuardNotMet for the first rule of `move` that does not hold."""
    for guard in move.guards:
        if not guard.holds(state, command, by):
            raise GuardNotMet(guard.name, guard.says, offered)


def fields_of(event: type[Event], state: object, by: By, **more: object) -> dict[str, object]:
    """What `event` declares, taken from `more`, from who spoke, or from the attribute of that name in the state after.

    So an event can say nothing that the state does not know, and a new field is one line in each.
    """
    spoken = {"way": by.way, "recorded_by": by.recorded_by} | more
    return {name: spoken[name] if name in spoken else getattr(state, name) for name in event.model_fields}
