"""People the network walks beside, by id only.

Name and contacts stay sealed with intake. What others need to know is who is responsible, in which language to write,
and which ways of writing are safe.
"""

from datetime import date, datetime, time
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.compartments import Compartment, In
from shared.contracts.events import Event
from shared.contracts.kinds import AgencyId, Channel, Known, Language, Part, PersonId, WorkerId

InContact = In(Compartment.CONTACT)
InHealth = In(Compartment.HEALTH)
InIdentity = In(Compartment.IDENTITY)
SEALED = r"^[A-Za-z0-9+/]+={0,2}$"


class SafeWay(Part):
    """One way of several that is safe, and when it is not to be used."""

    channel: Channel = Field(description="What kind of way.")
    sealed_contact: str | None = Field(
        None,
        max_length=4096,
        pattern=SEALED,
        description="The way itself, sealed as `contact_way.value` with their contact key, in base64.",
    )
    quiet_from: time | None = Field(None, description="From when nobody writes or calls there, on their home's clock.")
    quiet_until: time | None = Field(None, description="Until when; none: there are no such hours.")


class PersonEvent(Event):
    """Subject and partition key: the person."""

    topic: ClassVar[str] = "throughcare.person.v1"

    person: PersonId


class Welcomed(PersonEvent):
    """Somebody is here. The first help needs no more than this."""

    type: ClassVar[str] = "throughcare.person.welcomed.v1"

    language: Language = Field(description="In which they like to be written to (BCP 47).")
    agency: AgencyId = Field(description="Their home agency: the one that welcomed them.")
    worker: WorkerId | None = Field(None, description="Who is responsible for them; none: nobody yet, an alarm.")
    channels: Annotated[tuple[Channel, ...], InContact] = Field(
        (), max_length=16, description="Safe ways to reach them, the best first."
    )
    came: Annotated[str, Known("by_themselves", "through_worker", "through_agency")] = Field(
        "through_worker", description="Who brought them here."
    )
    synthetic: bool = Field(False, description="An invented person. Partners without an agreement read only these.")


class WorkerAssigned(PersonEvent):
    """Somebody is responsible for them from now on."""

    type: ClassVar[str] = "throughcare.person.worker_assigned.v1"

    agency: AgencyId = Field(description="The worker's agency.")
    worker: WorkerId = Field(description="Who is responsible for them.")
    reason: Annotated[str, Known("welcomed", "warm_handover", "worker_left", "person_asked")] = Field(
        description="Why it changed."
    )


class ContactChanged(PersonEvent):
    """The ways to reach them changed. What they are is sealed: only who holds their contact key reads it."""

    type: ClassVar[str] = "throughcare.person.contact_changed.v1"

    language: Language = Field(description="In which they like to be written to (BCP 47).")
    channels: Annotated[tuple[Channel, ...], InContact] = Field(
        max_length=16, description="Safe ways to reach them, the best first."
    )
    sealed_contact: Annotated[str | None, InContact] = Field(
        None,
        max_length=4096,
        pattern=r"^[A-Za-z0-9+/]+={0,2}$",
        description="The way itself, sealed as `contact_way.value` with their contact key, in base64.",
    )
    ways: Annotated[tuple[SafeWay, ...] | None, InContact] = Field(
        None,
        max_length=16,
        description="Every safe way, the best first, each with its number. None: written before there were several.",
    )


class Acknowledged(PersonEvent):
    """They asked for help by themselves, and it is here. Until when an answer is promised them."""

    type: ClassVar[str] = "throughcare.person.acknowledged.v1"

    answer_by: datetime = Field(description="By when somebody is named to walk with them.")


class AnswerLate(PersonEvent):
    """Nobody was named by then: the agency's promise is broken, and it rings until somebody is."""

    type: ClassVar[str] = "throughcare.person.answer_late.v1"

    agency: AgencyId = Field(description="The agency that promised.")
    answer_by: datetime = Field(description="By when it had.")


class FirstDaysSet(PersonEvent):
    """The day from which their first days count is known, or has moved."""

    type: ClassVar[str] = "throughcare.person.first_days_set.v1"

    day: Annotated[date, InHealth] = Field(description="That day, where their home agency is.")


class FirstThingMoved(PersonEvent):
    """One of the things of somebody's first days: arranged, pressing, there, or not there in time."""

    type: ClassVar[str] = "throughcare.person.first_thing_moved.v1"

    thing: Annotated[str, Known("ride", "phone", "bed", "medicine", "documents")] = Field(description="Which of them.")
    stage: Annotated[str, Known("open", "pressing", "arranged", "there", "not_wanted", "missed")] = Field(
        description="Where it stands now."
    )


class WayInMade(PersonEvent):
    """They have a new link to sign in by; whatever let them in before lets nobody in any more."""

    type: ClassVar[str] = "throughcare.person.way_in_made.v1"

    sealed_link: Annotated[str | None, InContact] = Field(
        None,
        max_length=4096,
        pattern=r"^[A-Za-z0-9+/]+={0,2}$",
        description="To be written to them: sealed as `way_in.link` with their contact key, in base64. None: they were "
        "given it.",
    )


class Opened(PersonEvent):
    """A worker of another agency opened what that agency does not see of them. The person is told."""

    type: ClassVar[str] = "throughcare.person.opened.v1"

    opening: UUID = Field(description="Which opening: it stands on their page.")
    agency: AgencyId = Field(description="The worker's agency.")
    worker: WorkerId = Field(description="Who opened it.")
    until: datetime = Field(description="When it is shut again.")
    cannot: Annotated[str, Known("unconscious", "too_ill", "no_time"), InHealth] = Field(
        description="Why they could not be asked."
    )
    treatment: Annotated[bool, InHealth] = Field(description="Whether care under 42 CFR Part 2 was opened too.")


class AskedFor(PersonEvent):
    """Somebody demands by law what is kept of them, and they may be told: it stands on their page from now on."""

    type: ClassVar[str] = "throughcare.person.asked_for.v1"

    demand: UUID = Field(description="Which demand.")


class Linked(PersonEvent):
    """They said that another record of this network is theirs too. It opens nothing: each stays as it is."""

    type: ClassVar[str] = "throughcare.person.linked.v1"

    link: UUID = Field(description="Which link; the other record's event names the same.")
    other: Annotated[PersonId, InIdentity] = Field(description="The other record.")


class Unlinked(PersonEvent):
    """The two are two."""

    type: ClassVar[str] = "throughcare.person.unlinked.v1"
    in_clear: ClassVar[bool] = True

    link: UUID = Field(description="Which link.")
    reason: Annotated[str, Known("not_one", "erased")] = Field(description="Why.")


class ErasureSet(PersonEvent):
    """They asked to be erased and a human knows that it was them. Until it is due, they can take it back."""

    type: ClassVar[str] = "throughcare.person.erasure_set.v1"

    due: datetime = Field(description="When their keys go, unless it is taken back.")


class ErasureTakenBack(PersonEvent):
    """Nothing is erased."""

    type: ClassVar[str] = "throughcare.person.erasure_taken_back.v1"


class Erased(PersonEvent):
    """Their keys are gone. Whoever holds something of theirs deletes it; counts stay."""

    type: ClassVar[str] = "throughcare.person.erased.v1"
    in_clear: ClassVar[bool] = True

    kept_until: date | None = Field(
        None,
        description="Until when a law keeps their keys put away: nobody reads, nothing is deleted. None: all goes.",
    )
