"""The first 72 hours at home: a ride, a phone, a bed, medicine and papers, each arranged before the day or pressing.

Who has each of them is asked for the five together, never for a score. A day moves, so the clocks follow it; and what
nobody arranged in time is said to be missed, by us and not by the person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts import person as events
from shared.contracts.codes import Coded
from shared.workflow import LAPSE, By, Decision, Move, Party, Timer, Until, Workflow, fields_of

KIND = "first_thing"


class Kind(Coded):
    RIDE = "ride", "A ride from the gate", "Somebody is there, or a ticket is."
    PHONE = "phone", "A phone", "One that works on that day."
    BED = "bed", "A bed for the first nights", "And a second plan, if it falls through."
    MEDICINE = "medicine", "Medicine", "Enough of it, and where to get more."
    DOCUMENTS = "documents", "ID and papers", "Or the way to them. No help waits for them."


class Condition(Coded):
    """What their supervision asks of them, as they tell it."""

    CHECK_INS = "check_ins", "Check-ins", "They have to report to somebody."
    CURFEW = "curfew", "Hours at home", "They have to be home at some hours."
    TRAVEL = "travel", "Where they may go", "Some places or distances need a permit."
    NO_CONTACT = "no_contact", "People not to meet", "There is somebody whom they may not meet."
    DEVICE = "device", "A device", "They wear or carry one."
    CLASSES = "classes", "Classes or care", "They have to take part in something."
    FEES = "fees", "Fees", "They have to pay something."


class Stage(Coded):
    OPEN = "open", "Not arranged yet", "It has until a day before they come home."
    PRESSING = "pressing", "Pressing", "The day is near or here, and nothing is arranged. It is the first thing to do."
    ARRANGED = "arranged", "Arranged", "It should be there on the day. Ask them whether it was."
    THERE = "there", "They have it", "They said so, or whoever was there did."
    NOT_WANTED = "not_wanted", "They do not need it", "Their word. It can change any time."
    MISSED = "missed", "Not there in time", "72 hours at home are over, and nobody said that they had it. Ours to mend."


class Patience(BaseModel):
    model_config = ConfigDict(frozen=True)

    before_hours: int = Field(24, ge=12, le=72, description="hours before that day by which a thing is arranged")
    window_hours: int = Field(72, ge=72, le=168, description="hours from the beginning of that day: the release window")


@dataclass(frozen=True, slots=True)
class Thing:
    """One of the five of one person. `begins`: when their day begins, where they live."""

    person: UUID
    thing: Kind
    begins: datetime
    stage: Stage = Stage.OPEN

    @property
    def id(self) -> UUID:
        return uuid5(self.person, self.thing.value)


P = Party
BOTH = (P.PERSON, P.WORKER)
ROW: dict[str, Move[Stage]] = {
    "arrange": Move(BOTH, events.FirstThingMoved, Stage.ARRANGED),
    "have_it": Move(BOTH, events.FirstThingMoved, Stage.THERE),
    "leave_out": Move(BOTH, events.FirstThingMoved, Stage.NOT_WANTED),
}
AGAIN = Move(BOTH, events.FirstThingMoved, Stage.OPEN)
MISS = Move((P.CLOCK,), events.FirstThingMoved, Stage.MISSED)
MOVES: dict[Stage, dict[str, Move[Stage]]] = {
    Stage.OPEN: {**ROW, "move_day": AGAIN, LAPSE: Move((P.CLOCK,), events.FirstThingMoved, Stage.PRESSING)},
    Stage.PRESSING: {**ROW, "move_day": AGAIN, LAPSE: MISS},
    Stage.ARRANGED: {
        "have_it": ROW["have_it"],
        "leave_out": ROW["leave_out"],
        "fall_through": AGAIN,
        "move_day": AGAIN,
        LAPSE: MISS,
    },
    Stage.THERE: {},
    Stage.NOT_WANTED: {"want_it": AGAIN},
    Stage.MISSED: {"have_it": ROW["have_it"], "move_day": AGAIN},
}
WORKFLOW = Workflow(
    name="first_thing",
    title="First days",
    says="A ride, a phone, a bed, medicine, papers: each of them is arranged before somebody comes home, or presses.",
    first=Stage.OPEN,
    moves=MOVES,
    owners={Stage.OPEN: P.WORKER, Stage.PRESSING: P.WORKER, Stage.ARRANGED: P.WORKER},
    verbs={
        "arrange": "It is arranged",
        "have_it": "They have it",
        "leave_out": "They do not need it",
        "fall_through": "It fell through",
        "want_it": "They need it after all",
        "move_day": "The day has moved",
        LAPSE: "Nobody said that it is there",
    },
    notes=(
        "The day may move at any time: what was arranged for another day is open again.",
        "Missing one of them closes no door: first help waits for none of the five.",
    ),
)


def begin(person: UUID, day: date, zone: tzinfo) -> list[Thing]:
    begins = datetime.combine(day, time(), tzinfo=zone)
    return [Thing(person, kind, begins) for kind in Kind]


def decide(thing: Thing, verb: str, by: By, patience: Patience) -> Decision[Thing]:
    """Raises MoveNotOffered, which carries what is offered."""
    move = WORKFLOW.find(thing.stage, verb, by.party)
    after = replace(thing, stage=move.end())
    told = (move.event.model_validate(fields_of(move.event, after, by)),) if move.event else ()
    return Decision(after, told, (clock_of(after, patience),))


def move_day(thing: Thing, begins: datetime, by: By, patience: Patience) -> Decision[Thing]:
    """To another day. What they have, or do not need, stays so."""
    moved = replace(thing, begins=begins)
    if begins == thing.begins or "move_day" not in WORKFLOW.offers(thing.stage, by.party):
        return Decision(moved)
    return decide(moved, "move_day", by, patience)


def clock_of(thing: Thing, patience: Patience) -> Timer:
    ends: Mapping[Stage, datetime] = {
        Stage.OPEN: thing.begins - timedelta(hours=patience.before_hours),
        Stage.PRESSING: thing.begins + timedelta(hours=patience.window_hours),
        Stage.ARRANGED: thing.begins + timedelta(hours=patience.window_hours),
    }
    return Timer(KIND, thing.id, Until(ends[thing.stage]) if thing.stage in ends else None)
