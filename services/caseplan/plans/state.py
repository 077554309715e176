"""A plan as it stands, and everything that can be said to it."""

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.plan import Load, Owner, Stage


@dataclass(frozen=True, slots=True)
class Goal:
    """`words` are the person's own; they are sealed in the store and stand in no event and no log."""

    id: UUID
    words: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """Part of a goal. A staff step is a promise of that worker."""

    id: UUID
    goal: UUID
    owner: Owner
    due: date
    words: str = field(default="", repr=False)
    done: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    goals: tuple[Goal, ...] = ()
    steps: tuple[Step, ...] = ()
    proposed_by: Owner = Owner.PERSON

    def step(self, id: UUID) -> Step | None:
        return next((step for step in self.steps if step.id == id), None)


@dataclass(frozen=True, slots=True)
class Plan:
    """`agreed` is what both signed, as the person has moved it since; `proposal` waits for the other side."""

    id: UUID
    person: UUID
    worker: UUID
    home: UUID  # the worker's agency, whose days their clocks run on
    stage: Stage = Stage.NEW
    version: int = 0  # of what is agreed; each change is a new one
    agreed: Version | None = None
    proposal: Version | None = None


@dataclass(frozen=True, slots=True)
class Suggest:
    """The worker's suggestion. `today` is the day it is made on, from which steps are measured."""

    verb: ClassVar = "suggest"
    goals: tuple[Goal, ...]
    steps: tuple[Step, ...]
    today: date


@dataclass(frozen=True, slots=True)
class Propose:
    """The person's. The same rules hold for both."""

    verb: ClassVar = "propose"
    goals: tuple[Goal, ...]
    steps: tuple[Step, ...]
    today: date


@dataclass(frozen=True, slots=True)
class Sign:
    verb: ClassVar = "sign"


@dataclass(frozen=True, slots=True)
class Disagree:
    verb: ClassVar = "disagree"


@dataclass(frozen=True, slots=True)
class NotNow:
    verb: ClassVar = "not_now"


@dataclass(frozen=True, slots=True)
class MoveStep:
    verb: ClassVar = "move_step"
    step: UUID
    due: date


@dataclass(frozen=True, slots=True)
class DropStep:
    verb: ClassVar = "drop_step"
    step: UUID


@dataclass(frozen=True, slots=True)
class FinishStep:
    verb: ClassVar = "finish_step"
    step: UUID


@dataclass(frozen=True, slots=True)
class AskLoad:
    verb: ClassVar = "ask_load"
    loads: tuple[Load, ...]


@dataclass(frozen=True, slots=True)
class Fits:
    verb: ClassVar = "fits"


@dataclass(frozen=True, slots=True)
class SayTooMuch:
    verb: ClassVar = "say_too_much"


@dataclass(frozen=True, slots=True)
class Stop:
    verb: ClassVar = "stop"


@dataclass(frozen=True, slots=True)
class Lapse:
    verb: ClassVar = "lapse"


Command = (
    Suggest
    | Propose
    | Sign
    | Disagree
    | NotNow
    | MoveStep
    | DropStep
    | FinishStep
    | AskLoad
    | Fits
    | SayTooMuch
    | Stop
    | Lapse
)
