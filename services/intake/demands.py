"""Legal demands: somebody wants by law what an agency keeps of a person.

Nothing is handed over from here. A hold keeps it from being erased, the agency's counsel decides, and the person is
told: at once, or when an order that forbids it ends. Care for drugs or alcohol stays shut without the order that 42
CFR 2.61 asks for, and a subpoena with it: the order allows, the subpoena compels.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from services.intake.words import CATEGORIES
from shared.contracts.codes import Coded
from shared.runtime.errors import Conflict, Invalid
from shared.workflow import Timer, Until

KIND = "demand.tell"
PART_2 = "substance_use"  # records of care for drugs or alcohol


class Paper(Coded):
    """What came. None of them opens anything by itself."""

    SUBPOENA = "subpoena", "A subpoena", "It orders to answer. It is no judge's order to hand over."
    COURT_ORDER = "court_order", "A court order", "A judge orders it, of records that no law of their own shuts."
    WARRANT = "warrant", "A search warrant", "Call counsel before anybody is let in."
    PART2_ORDER = "part2_order", "An order under 42 CFR Part 2", "It allows; only a subpoena with it compels."
    REQUEST = "request", "A letter or a call", "Nobody has to answer it with a record."


class Answer(Coded):
    """What counsel decided."""

    OBJECT = "object", "Object", "Nothing is given; a judge may look at it."
    NARROW = "narrow", "Give a part of it", "What is named, and no more."
    COMPLY = "comply", "Give what it asks for", "What is named."


@dataclass(frozen=True, slots=True)
class Demand:
    id: UUID
    person: UUID
    agency: UUID
    hold: UUID
    paper: Paper
    due_on: date
    told_from: date | None = None
    ordered_on: date | None = None  # of an order under Part 2 that was written down with its subpoena
    answer: Answer | None = None
    scope: tuple[str, ...] = ()
    decided_at: datetime | None = None
    recorded_at: datetime | None = None
    said_at: datetime | None = None

    def may_be_told(self, today: date) -> bool:
        """`today` as the database counts days: in UTC, like its policies."""
        return self.told_from is None or self.told_from <= today


def check_due(due: date, today: date) -> None:
    if due < today:
        raise Invalid("due_on", "Write the day by which they want an answer. If it is over, call counsel now.")


def order(demand: Demand, on: date, today: date, *, compels: bool) -> None:
    """Raises Invalid for an order that opens nothing."""
    if not compels:
        raise Invalid(
            "compels",
            "An order under Part 2 allows a court to have it and compels nobody (42 CFR 2.61). "
            "Write it down when a subpoena has come with it.",
        )
    if on > today:
        raise Invalid("ordered_on", "Write the day on the order.")


def decide(demand: Demand, answer: Answer, scope: Collection[str]) -> tuple[str, ...]:
    """The scope, in the order of our words. Who objected may be overruled; who gave has given."""
    if demand.answer not in (None, Answer.OBJECT):
        raise Conflict("Counsel decided already, and what was given can’t be taken back.")
    if answer is Answer.OBJECT:
        if scope:
            raise Invalid("scope", "Who objects gives nothing: leave all of it unticked.")
        return ()
    if not scope:
        raise Invalid("scope", "Tick what counsel allows to be given.")
    if PART_2 in scope and demand.ordered_on is None:
        raise Invalid(
            "scope",
            "Care for drugs or alcohol stays shut: 42 CFR Part 2 asks for a court’s order under its subpart E, and a "
            "subpoena with it. Write that down first, or leave this out.",
        )
    return tuple(code for code in CATEGORIES if code in scope)


def clock_of(demand: Demand) -> Timer:
    """When they may be told, if not now."""
    assert demand.told_from is not None
    return Timer(KIND, demand.id, Until(datetime.combine(demand.told_from, time(), tzinfo=UTC)))
