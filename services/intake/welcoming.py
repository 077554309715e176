"""Taking somebody in: from the form they filled themselves, or that a worker filled with them.

A form carries a key, and the key makes the person's id: however often a phone sends it, from a tunnel or a day later,
it makes one person.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID, uuid5

from asyncpg import Connection
from fastapi import Request
from starlette.responses import JSONResponse, Response

from services.intake import seals, staff
from services.intake.directory import Agency
from services.intake.findable import parts_for
from services.intake.names import parts_of
from services.intake.people import Added, Person, SelfReferral, reached_by, welcome
from services.intake.says import START
from services.intake.store import arrivals, directory, people
from services.intake.store.names import put_parts
from shared.contracts.person import PersonEvent
from shared.runtime.errors import Conflict, Invalid, NotFound
from shared.runtime.ids import uuid7
from shared.runtime.reach import Reach, current
from shared.security import audit, demo
from shared.security.identity import Actor
from shared.security.sealing import as_text
from shared.security.table import WALK
from shared.web.edge import cause_of, command, is_form, running, transaction
from shared.web.idempotency import REPLAYED, Answer, Wanted, once

TAKEN = "There is somebody with this id already."
FORMS = UUID("01934b00-0000-7000-8000-00000000f03a")  # the space in which the ids of those are made who come by a form
Settle = Callable[[Connection], Awaitable[None]]


class NobodyWelcomes(Conflict):
    title = "We can’t take this form today"

    def __init__(self) -> None:
        super().__init__("No agency here takes new people by this form yet. Nothing you wrote was kept.")


async def by_themselves(request: Request, actor: Actor, want: Wanted | None, said: SelfReferral) -> Answer:
    """Somebody asks for help. Nobody walks with them yet: that is for the agency's supervisor to name, soon."""
    settings = running(request).settings
    async with transaction(running(request)) as tx:
        home = _home(await directory.list_welcoming(tx), said)
    # In the demo everybody is invented, so a partner without an agreement may read of them.
    id = _id_by(want)
    person = Person(
        id or uuid7(),
        home.id,
        None,
        said.language,
        reached_by(said),
        bool(said.safe),
        "by_themselves",
        synthetic=settings.demo,
    )
    # Whoever asks is, from this form on, the person that it makes: no agency's worker has to stand in between.
    # A form that was sent before, and whose answer was lost, may have been changed since: the key alone counts.
    kept = None if id and is_form(request) else want
    reach = replace(current(), person=person.id)
    return await take_in(request, actor, kept, said, person, "person.refer_self", reach, again=id is not None)


def _id_by(want: Wanted | None) -> UUID | None:
    """Whose form it is, by its key; None where there is none, or one that is no UUID and might be anybody's."""
    try:
        return uuid5(FORMS, str(UUID(want.key))) if want else None
    except ValueError:
        return None


def _home(welcoming: list[Agency], said: SelfReferral) -> Agency:
    if not welcoming:
        raise NobodyWelcomes
    if said.agency is None and len(welcoming) == 1:
        return welcoming[0]
    for agency in welcoming:
        if agency.id == said.agency:
            return agency
    raise Invalid("agency", START["en"]["mend_agency"], START["es"]["mend_agency"])


async def by_a_worker(request: Request, actor: Actor, want: Wanted | None, said: Added) -> Answer:
    """A worker adds somebody to their own agency; unless another one is named, they walk with them."""
    settings = running(request).settings
    if said.agency is not None and said.agency != actor.agency:
        raise Invalid("agency", "You add people to your own agency. Leave this out.")
    worker = said.worker or (actor.id if actor.role in WALK else None)
    async with transaction(running(request)) as tx:
        home = await _own_agency(tx, actor)
        if worker is not None and not await staff.may_be_named(settings, tx, worker, home.id):
            raise Invalid("worker", "Choose a worker of your own agency.")
        if said.id is not None and (await people.is_anothers(tx, said.id) or staff.is_of_cast(settings, said.id)):
            raise Conflict(TAKEN)  # before anything is sealed by it
    person = Person(
        said.id or uuid7(),
        home.id,
        worker,
        said.language,
        reached_by(said),
        bool(said.safe),
        "through_worker",
        said.synthetic,
    )
    return await take_in(request, actor, want, said, person, "person.add")


async def _own_agency(tx: Connection, actor: Actor) -> Agency:
    try:
        if actor.agency is None:
            raise NotFound("agency", "of yours")
        home = await directory.find_agency(tx, actor.agency)
    except NotFound:
        raise Conflict("Your agency is not in the directory yet. Ask the network’s office to add it.") from None
    if home.entry.holds_no_records:
        raise Conflict("Your agency keeps no people’s records here, so that nobody can ask for them.")
    return home


async def take_in(
    request: Request,
    actor: Actor,
    want: Wanted | None,
    said: SelfReferral,
    person: Person,
    action: str,
    reach: Reach | None = None,
    settle: Settle | None = None,
    *,
    again: bool = False,
) -> Answer:
    """Somebody is here from now on. `settle` is done first, in the same transaction; `again`: whoever comes by this id
    and is here already has sent their form before, and gets the same answer."""
    keys = running(request).keys
    sealed = await seals.close(keys, person.id, said)
    parts = await parts_for(keys, person.agency, parts_of(said.name))
    async with command(running(request), reach) as tx:

        async def act() -> Answer:
            if settle is not None:
                await settle(tx)
            told: tuple[PersonEvent, ...] = ()
            if await people.add_person(tx, person, sealed):
                told = welcome(person, as_text(sealed.contact)) + await arrivals.begin(tx, person)
            elif not await people.name_again(tx, person, sealed):
                if again:
                    return replace(Answer.json(201, {"id": person.id}), replayed=True)
                raise Conflict(TAKEN)
            await put_parts(tx, person.id, person.agency, sealed.name, parts)
            await people.tell_of(tx, person.id, told, cause_of(actor, want))
            await audit.record(tx, actor, action, person.id, f"person/{person.id}", "welcome")
            return Answer.json(201, {"id": person.id})

        return await once(tx, want, actor, act)


def answered(request: Request, answer: Answer, *, with_pin: bool = False) -> Response:
    """The answer for programs, with the person's own link and PIN in the demo: worked out each time, stored nowhere."""
    settings, person = running(request).settings, id_of(answer)
    found = {"id": str(person)}
    if settings.demo:
        found["link"] = demo.link(settings, person)
        if with_pin:
            found["pin"] = demo.pin(settings, person)
    return JSONResponse(found, answer.status, {REPLAYED: "true"} if answer.replayed else None)


def id_of(answer: Answer) -> UUID:
    """Whom an answer of this module is about, the first one and its repeats alike."""
    return UUID(json.loads(answer.body)["id"])
