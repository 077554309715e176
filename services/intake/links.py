"""Links: two records that a person says are both theirs; and what follows when they are not.

A link rewrites nothing and opens nothing: keys, consents, never-lists and contact ways stay apart. Across agencies it
needs the person's word on both sides, face to face; who asked learns nothing before that (decision 29).
"""

from dataclasses import dataclass, replace
from typing import ClassVar, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.intake.erasures import Identity
from shared.contracts import person as events
from shared.contracts.codes import Coded
from shared.runtime.errors import Conflict, Invalid
from shared.workflow import LAPSE, By, Decision, Guard, Hours, Move, Party, Timer, Workflow, check

KIND = "link.lapse"
LATE = "incident.late"
A_DAY = 10  # asks of one worker; whoever helps somebody asks once


class Stage(Coded):
    PUT = "put", "Put to their worker", "Their own worker asks them. Whoever asked hears nothing, whatever comes of it."
    LINKED = "linked", "One person", "The person said so. Nothing is opened by it."
    NOT_THEM = "not_them", "Not them", "The person said no, or not now. Nobody else hears of it."
    LAPSED = "lapsed", "Not answered", "Nobody said yes in time. Nobody else hears of it."
    UNLINKED = "unlinked", "Two again", "It was wrong, or one of the two was erased."


class Because(Coded):
    NOT_ONE = "not_one", "They are two people", "Or the person wants them apart: the answer is the same."
    ERASED = "erased", "One of the two was erased", "No mistake."


class Patience(BaseModel):
    model_config = ConfigDict(frozen=True)

    ask_days: int = Field(30, ge=7, le=90, description="days in which the other side may say yes; as for an invitation")
    look_days: int = Field(10, ge=1, le=60, description="days for the privacy desk to say what it found; our choice")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two records. `home`: the agency that walked with them when the link was made, which stays."""

    person: UUID
    home: UUID


@dataclass(frozen=True, slots=True)
class Link:
    """`asked`: whose worker is asked. Within one agency nobody is: the person is there with both."""

    id: UUID
    asking: Side
    asked: Side
    stage: Stage = Stage.PUT
    known: Identity | None = None  # how the asked side knows that it was them
    because: Because | None = None

    @property
    def sides(self) -> tuple[Side, Side]:
        """In one fixed order, in which they are locked."""
        one, other = sorted((self.asking, self.asked), key=lambda side: side.person)
        return one, other

    @property
    def is_across(self) -> bool:
        return self.asking.home != self.asked.home

    def other(self, person: UUID) -> Side:
        return self.asked if person == self.asking.person else self.asking


@dataclass(frozen=True, slots=True)
class Yes:
    """The person said that both are theirs."""

    verb: ClassVar = "yes"
    known: Identity


@dataclass(frozen=True, slots=True)
class No:
    verb: ClassVar = "no"


@dataclass(frozen=True, slots=True)
class End:
    verb: ClassVar = "end"


@dataclass(frozen=True, slots=True)
class Erase:
    verb: ClassVar = "erase"


@dataclass(frozen=True, slots=True)
class Lapse:
    verb: ClassVar = "lapse"


Command = Yes | No | End | Erase | Lapse
COMMANDS: dict[str, type] = {command.verb: command for command in Command.__args__}


def _is_there(link: Link, command: Command, by: By) -> bool:
    return by.is_there


P = Party
THERE = Guard("person_is_there", "Ask them face to face. A call or a text proves nobody.", _is_there)
MOVES: dict[Stage, dict[str, Move[Stage]]] = {
    Stage.PUT: {
        "yes": Move((P.PERSON,), events.Linked, Stage.LINKED, (THERE,)),
        "no": Move((P.PERSON,), None, Stage.NOT_THEM),
        "erase": Move((P.NETWORK,), None, Stage.LAPSED),
        LAPSE: Move((P.CLOCK,), None, Stage.LAPSED),
    },
    Stage.LINKED: {
        "end": Move((P.PERSON, P.WORKER), events.Unlinked, Stage.UNLINKED),
        "erase": Move((P.NETWORK,), events.Unlinked, Stage.UNLINKED),
    },
    Stage.NOT_THEM: {},
    Stage.LAPSED: {},
    Stage.UNLINKED: {},
}
WORKFLOW = Workflow(
    name="link",
    title="Two records, one person",
    says="The person said to one agency that another helps them too. That one's worker asks them; nobody else hears.",
    first=Stage.PUT,
    moves=MOVES,
    owners={Stage.PUT: P.WORKER},
    verbs={
        "yes": "Yes, both are theirs: said face to face",
        "no": "No, or not now",
        "end": "They are not one",
        "erase": "One of the two was erased",
        LAPSE: "Silence",
    },
    notes=(
        "Within one agency a worker makes the link with the person there, and nothing is put to anybody.",
        "A never-list of either record that names the other's agency beats it, at every stage.",
        "Who asked sees the same from first to last, unless the answer is yes.",
    ),
)


def check_two(one: Side, other: Side) -> None:
    if one.person == other.person:
        raise Invalid("other", "That is one record already.")


def ask(*, today: int, stands: bool) -> None:
    """Whether a worker may put an ask. Both are counted in asks: what came of them changes nothing here."""
    if stands:
        raise Conflict("You asked there already. If they say yes there, it stands here.")
    if today >= A_DAY:
        raise Conflict(f"You asked {A_DAY} times today. Ask again tomorrow.")


def put(id: UUID, asking: Side, asked: Side, patience: Patience) -> Decision[Link]:
    link = Link(id, asking, asked)
    return Decision(link, (), (clock_of(link, patience),))


def make(id: UUID, one: Side, other: Side, known: Identity) -> Decision[Link]:
    """Within one agency, with the person there. Raises Invalid, or Conflict across agencies."""
    check_two(one, other)
    if one.home != other.home:
        raise Conflict("The other record is not your agency’s. Ask there, when the person says so.")
    link = Link(id, one, other, Stage.LINKED, known)
    return Decision(link, told_of(link))


def offers(link: Link, party: Party) -> dict[str, Move[Stage]]:
    return WORKFLOW.offers(link.stage, party)


def decide(link: Link, command: Command, by: By, patience: Patience) -> Decision[Link]:
    """Raises MoveNotOffered, or GuardNotMet. Events come for both records, in the order of `sides`."""
    move = WORKFLOW.find(link.stage, command.verb, by.party)
    check(move, link, command, by, offers(link, by.party))
    after = replace(_noted(link, command), stage=move.end())
    return Decision(after, told_of(after) if move.event else (), (clock_of(after, patience),))


def _noted(link: Link, command: Command) -> Link:
    match command:
        case Yes(known):
            return replace(link, known=known)
        case End():
            return replace(link, because=Because.NOT_ONE)
        case Erase():
            return replace(link, because=Because.ERASED)
        case No() | Lapse():
            return link
        case _:
            assert_never(command)


def told_of(link: Link) -> tuple[events.PersonEvent, ...]:
    """One event a record, each in that record's own stream: the key of neither changes."""
    one, other = (side.person for side in link.sides)
    if link.stage is Stage.LINKED:
        return (
            events.Linked(person=one, link=link.id, other=other),
            events.Linked(person=other, link=link.id, other=one),
        )
    assert link.because is not None
    because = link.because.value
    return tuple(events.Unlinked(person=person, link=link.id, reason=because) for person in (one, other))


def clock_of(link: Link, patience: Patience) -> Timer:
    return Timer(KIND, link.id, Hours.days(patience.ask_days) if link.stage is Stage.PUT else None)
