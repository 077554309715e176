"""Promises: what staff said they would do, by when, and what came of it. Agencies are measured; people never are."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.codes import Coded
from shared.contracts.events import Event
from shared.contracts.kinds import AgencyId, PersonId, WorkerId
from shared.contracts.parties import Way


class Stage(Coded):
    MADE = "made", "Open", "Said, and not yet due."
    MOVING = "moving", "Another time?", "Staff asked for another time; the person has yet to say."
    OVERDUE = "overdue", "Its time is over", "Due, and nobody has said what came of it."
    KEPT = "kept", "Kept", "Done. If the person says otherwise, their word counts."
    BROKEN = "broken", "Our word was late", "Not done by then. We say so, and mend it."
    RELEASED = "released", "Not needed any more", "The person no longer needs it."


class PromiseEvent(Event):
    """What every promise event carries. The words of the promise stay where it was made."""

    topic: ClassVar[str] = "throughcare.promise.v1"

    promise: UUID = Field(description="The promise.")
    person: PersonId
    worker: WorkerId
    agency: AgencyId
    stage: Stage = Field(description="Where it stands after this.")
    due: datetime = Field(description="By when.")
    way: Way = Field(description="How the word came.")
    recorded_by: UUID | None = Field(None, description="The worker who wrote down what was said by phone or in person.")


class Made(PromiseEvent):
    type: ClassVar[str] = "throughcare.promise.made.v1"

    mends: UUID | None = Field(None, description="The broken promise that this one mends.")


class TimeAsked(PromiseEvent):
    """Staff asked for another time. Until the person agrees, the old one holds."""

    type: ClassVar[str] = "throughcare.promise.time_asked.v1"

    asked_due: datetime = Field(description="The time that was asked for.")


class Renegotiated(PromiseEvent):
    """Both agreed on another time: `due` is the new one."""

    type: ClassVar[str] = "throughcare.promise.renegotiated.v1"


class TimeRefused(PromiseEvent):
    type: ClassVar[str] = "throughcare.promise.time_refused.v1"


class CameDue(PromiseEvent):
    type: ClassVar[str] = "throughcare.promise.came_due.v1"


class Kept(PromiseEvent):
    type: ClassVar[str] = "throughcare.promise.kept.v1"

    late: bool = Field(description="Done, but after it was due.")
    by_person: bool = Field(description="The person says so.")


class Broken(PromiseEvent):
    type: ClassVar[str] = "throughcare.promise.broken.v1"

    admitted: bool | None = Field(None, description="True: staff owned up before the person had to say so.")
    by_person: bool = Field(description="The person says so; false: staff, or the silence of staff, did.")


class Admitted(PromiseEvent):
    """Staff own up to a promise that counts as broken already."""

    type: ClassVar[str] = "throughcare.promise.admitted.v1"

    admitted: bool = Field(description="Still before the person had to say so.")


class HandedOver(PromiseEvent):
    """A colleague keeps it from now on: `worker`. What was said, and by when, stays."""

    type: ClassVar[str] = "throughcare.promise.handed_over.v1"

    gave: WorkerId = Field(description="Who gave it.")


class Released(PromiseEvent):
    type: ClassVar[str] = "throughcare.promise.released.v1"
