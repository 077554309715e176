"""Plans: goals of the person, in steps of two weeks at most. Agreed, not assigned: both sides sign each version.

Goals are the person's own words and stay where the plan is; here are ids, owners and dates. Nothing here counts what
a person did not do.
"""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.codes import Coded
from shared.contracts.compartments import Compartment, In
from shared.contracts.events import Event
from shared.contracts.kinds import Part, PersonId, WorkerId
from shared.contracts.parties import Party, Way

InPlan = In(Compartment.PLAN)  # who does what by when; that somebody has a plan, and where it stands, is a coded fact


class Stage(Coded):
    NEW = "new", "Not begun", "Nothing is suggested yet. The person's goals come first."
    ASKED_PERSON = "asked_person", "Waits for the person's yes", "The worker has signed; the person has yet to say."
    ASKED_WORKER = "asked_worker", "Waits for the worker's yes", "The person has signed; the worker has yet to answer."
    OVERDUE = "overdue", "The worker is late", "Staff have not answered the person in time; it rings until they do."
    ACTIVE = "active", "Active", "Both have signed it."
    TOO_MUCH = "too_much", "Too much", "The person says it asks too much; the worker suggests something lighter."
    SET_ASIDE = "set_aside", "Set aside", "Not agreed on for now. Either side may suggest another."
    STOPPED = "stopped", "Stopped", "The person stopped the plan. Either side may suggest another, any day."


class Owner(Coded):
    PERSON = "person", "The person", "The person does this step, and moves it as they like."
    WORKER = "worker", "The worker", "Staff do this step: it is a promise."


class Load(Coded):
    """Why a plan may be too much. A question to the person, never a refusal."""

    CROWDED = "crowded", "Many steps in one week", "More steps fall into one week than most people can carry."
    MOVED_OFTEN = "moved_often", "Steps keep moving", "The same plan had to be moved several times."
    ONE_SIDED = "one_sided", "Nearly all on one side", "The person carries nearly all the steps."


class Step(Part):
    """A part of a goal, by id."""

    step: UUID = Field(description="The step.")
    goal: UUID = Field(description="The goal it belongs to.")
    owner: Owner = Field(description="Whose step it is.")
    due: date = Field(description="By when.")


class PlanEvent(Event):
    topic: ClassVar[str] = "throughcare.plan.v1"

    plan: UUID = Field(description="The plan.")
    person: PersonId
    worker: WorkerId
    version: int = Field(ge=0, description="The version that holds after this; 0 before the first was signed.")
    stage: Stage = Field(description="Where the plan stands after this.")
    owner: Party | None = Field(None, description="Who is to act next; none when it is at rest.")
    way: Way = Field(description="How the word came.")
    recorded_by: UUID | None = Field(None, description="The worker who wrote down what was said by phone or in person.")


class Proposed(PlanEvent):
    """One side suggests a version, and signs it by that. What was agreed before holds until the other signs too."""

    type: ClassVar[str] = "throughcare.plan.proposed.v1"

    proposed_by: Owner = Field(description="Whose suggestion it is.")
    steps: Annotated[tuple[Step, ...], InPlan] = Field(max_length=200, description="All steps of this version.")


class Signed(PlanEvent):
    """The other side signed as well: this version is the plan now, and the one before is history."""

    type: ClassVar[str] = "throughcare.plan.signed.v1"

    steps: Annotated[tuple[Step, ...], InPlan] = Field(max_length=200, description="All steps of this version.")


class NotAgreed(PlanEvent):
    type: ClassVar[str] = "throughcare.plan.not_agreed.v1"


class Escalated(PlanEvent):
    type: ClassVar[str] = "throughcare.plan.escalated.v1"


class StepMoved(PlanEvent):
    """The person gave a step of theirs another date. A version of its own."""

    type: ClassVar[str] = "throughcare.plan.step_moved.v1"

    step: UUID = Field(description="The step.")
    due: Annotated[date, InPlan] = Field(description="The new date.")


class StepDropped(PlanEvent):
    """The person let go of a step of theirs. A version of its own."""

    type: ClassVar[str] = "throughcare.plan.step_dropped.v1"

    step: UUID = Field(description="The step.")


class StepDone(PlanEvent):
    type: ClassVar[str] = "throughcare.plan.step_done.v1"

    step: UUID = Field(description="The step.")


class LoadAsked(PlanEvent):
    """The question "is this too much?" went to the person."""

    type: ClassVar[str] = "throughcare.plan.load_asked.v1"

    loads: Annotated[tuple[Load, ...], InPlan] = Field(max_length=8, description="What made us ask.")


class LoadFits(PlanEvent):
    type: ClassVar[str] = "throughcare.plan.load_fits.v1"


class TooMuch(PlanEvent):
    """The person says so, asked or not."""

    type: ClassVar[str] = "throughcare.plan.too_much.v1"


class Stopped(PlanEvent):
    type: ClassVar[str] = "throughcare.plan.stopped.v1"
