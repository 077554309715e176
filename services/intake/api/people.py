"""People: adding them, naming who walks with them, how to reach them, who they are. Every read leaves an audit row.

One address answers programs with JSON and browsers with the page of the same.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from services.intake import seals, sittings, staff, welcoming
from services.intake.findable import parts_for
from services.intake.names import fits, looked_up, words_of
from services.intake.pages import people as pages
from services.intake.pages.frame import lang_for
from services.intake.people import Added, Contact, Moved, Reason, assign, change_contact
from services.intake.places import page_of
from services.intake.pretending import own
from services.intake.reaching import Side
from services.intake.store import arrivals, consents, directory, emergencies, erasures
from services.intake.store import people as store
from services.intake.store.names import find_by_parts
from services.intake.store.people import Row
from shared.runtime.errors import Invalid, NotFound
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.permissions import Relation
from shared.security.references import open_reference
from shared.security.sealing import as_text
from shared.web import forms
from shared.web.accept import wants_html
from shared.web.edge import cause_of, command, is_form, read, running, taken, takes, transaction
from shared.web.forms import back_to
from shared.web.idempotency import Answer, Wanted, once, wanted
from shared.web.words import lang_of

router = APIRouter()
Want = Annotated[Wanted | None, Depends(wanted)]


class Assignment(BaseModel):
    """Who walks with somebody from now on."""

    model_config = ConfigDict(extra="forbid")

    worker: UUID
    reason: Reason = "warm_handover"
    next: str | None = None


class NewContact(Contact):
    next: str | None = None
    seen: int | None = Field(None, ge=0, description="Which version of their ways this is said of.")


@router.post("/intake/people", openapi_extra=takes(Added))
async def add_person(request: Request, actor: Annotated[Actor, Depends(allow("person.add"))], want: Want) -> Response:
    """A worker adds somebody to their own agency."""
    form = await read(request, Added, pages.MEND)
    if form.value is None:
        return await pages.add_page(request, actor, form)
    try:
        answer = await welcoming.by_a_worker(request, actor, want, form.value)
    except Invalid as error:
        if not is_form(request):
            raise
        return await pages.add_page(request, actor, form.refuse(error))
    if is_form(request):
        return forms.see_other("/intake/people", request, said="person-added")
    return welcoming.answered(request, answer)


@router.get("/intake/people")
async def list_people(request: Request, actor: Annotated[Actor, Depends(allow("person.list"))]) -> Response:
    """One's own agency's people, or those one walks with."""
    return await _list(request, actor, "")


class Sought(BaseModel):
    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=200, description="How words of the name begin, three letters or more.")


@router.post("/intake/people/find", openapi_extra=takes(Sought))
async def find_people(request: Request, actor: Annotated[Actor, Depends(allow("person.list"))]) -> Response:
    """The same by name from the menu's field; posted, since a name never stands in an address or a log."""
    return await _list(request, actor, taken(await read(request, Sought)).q)


async def _list(request: Request, actor: Actor, q: str) -> Response:
    whole = actor.may("person.list", Relation.SAME_AGENCY)
    if not whole:
        actor.require("person.list", Relation.NAMED_WORKER)
    rows = await _found(request, actor, q, None if whole else actor.id)
    names = await seals.names_of(running(request).keys, rows)
    found = [row for row in rows if fits(names[row.person.id], words_of(q))]
    people = await pages.listed(request, actor, found, names, q) if wants_html(request) else None
    shown = people.shown if people else found
    async with transaction(running(request)) as tx:
        await audit.record_many(tx, actor, "person.list", (row.person.id for row in shown), "name", "list")
        at = await store.now(tx)
        promised = await _promised(tx, staff.agency_of(actor), at) if people else {}
    if people:
        return pages.people_page(request, actor, people, names, at, promised)
    return JSONResponse({"people": [_listed(row, names[row.person.id]) for row in shown]})


async def _promised(tx: Connection, agency: UUID, at: datetime) -> dict[UUID, str]:
    found = await arrivals.open_of(tx, agency)
    if not found:
        return {}
    home = await directory.find_agency(tx, agency)
    return pages.promised(found, at, ZoneInfo(home.entry.calendar.timezone))


async def _found(request: Request, actor: Actor, q: str, worker: UUID | None) -> list[Row]:
    """Those whose names are opened: everybody's of a list, or by what was sought theirs alone whom it may mean."""
    if not q.strip():
        async with transaction(running(request)) as tx:
            return await store.list_people(tx, staff.agency_of(actor), worker=worker)
    parts = await parts_for(running(request).keys, staff.agency_of(actor), looked_up(words_of(q)))
    async with transaction(running(request)) as tx:
        return await find_by_parts(tx, staff.agency_of(actor), parts, worker=worker, limit=pages.MOST) if parts else []


def _listed(row: Row, name: str) -> dict[str, Any]:
    person = row.person
    return {
        "id": str(person.id),
        "name": name,
        "worker": str(person.worker) if person.worker else None,
        "agency": str(person.agency),
        "language": person.language,
        "channels": person.channels,
        "synthetic": person.synthetic,
    }


@router.get("/intake/people/new")
async def new_person(request: Request, actor: Annotated[Actor, Depends(allow("person.add"))]) -> Response:
    """The form that a worker fills with somebody."""
    return await pages.add_page(request, actor, forms.blank())


@router.get("/intake/people/{person_id}")
async def get_person(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("person.read"))]
) -> Response:
    """What we know of somebody. A browser is sent to their page, where the plan is."""
    if wants_html(request):
        async with transaction(running(request)) as tx:
            await _see(tx, actor, "person.read", person_id)
        return forms.see_other(page_of(person_id, actor), request)
    async with transaction(running(request)) as tx:
        row = await _see(tx, actor, "person.read", person_id)
        await audit.record(tx, actor, "person.read", person_id, f"person/{person_id}", "care")
    keys = running(request).keys
    asked = await seals.asked_of(keys, row)
    whole = _listed(row, await seals.name_of(keys, row)) | asked
    more = {"way": row.person.way, "contact": await seals.contact_of(keys, row), "safe": row.person.safe}
    return JSONResponse(whole | more | {"came": row.person.came, "welcomed_at": row.welcomed_at.isoformat()})


async def _see(tx: Connection, actor: Actor, action: str, person: UUID, told: str = "") -> Row:
    """The row, if `actor` may do `action` to it. `told` is the category that lets another agency do so: its consent
    is held until the transaction ends, so no read begins after a revocation."""
    row = await store.find_person(tx, person)
    known = row.person
    relations = known.ties(actor)
    if told and actor.agency is not None and actor.agency != known.agency:
        at = await store.now(tx)
        if await consents.may_be_told(tx, person, actor.agency, told, at):
            relations |= {Relation.RECEIVING_AGENCY}
    actor.require(action, relations, person)
    return row


def _why(actor: Actor, row: Row) -> str:
    """Their own agency walks with them; another is told because they asked for its help."""
    return "referral" if actor.agency not in (None, row.person.agency) else "care"


@router.get("/intake/people/{person_id}/name")
async def get_name(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("person.name"))]
) -> Response:
    """By what name somebody goes: for their own agency, and for one that a live consent names."""
    # One's own name is no secret from whoever came in by the second PIN, and all that is in reach of one's own row.
    async with transaction(running(request), own(actor)) as tx:
        row = await _see(tx, actor, "person.name", person_id, told="referral")
        await audit.record(tx, actor, "person.name", person_id, "name", _why(actor, row))
        said = await sittings.name_behind(tx, running(request).keys, person_id) if actor.harmless else None
    name = said or await seals.name_of(running(request).keys, row)
    if wants_html(request):
        return pages.name_page(request, actor, name)
    return JSONResponse({"id": str(person_id), "name": name})


@router.get("/intake/people/{person_id}/reach")
async def get_reach(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("person.reach"))]
) -> Response:
    """How to reach somebody safely: for their own agency, and for one that they let know it."""
    async with transaction(running(request)) as tx:
        row = await _see(tx, actor, "person.reach", person_id, told="contact")
        await audit.record(tx, actor, "person.reach", person_id, "contact", _why(actor, row))
    contact = await seals.contact_of(running(request).keys, row)
    if wants_html(request):
        return pages.reach_page(request, actor, row.person, contact)
    return JSONResponse({"id": str(person_id)} | _reached(row, contact))


@router.get("/intake/partner/people/{reference}/name")
async def get_name_by_reference(
    reference: str, request: Request, actor: Annotated[Actor, Depends(allow("person.name"))]
) -> Response:
    """The same for an agency's own system, by the reference that is this agency's alone."""
    person_id = _meant(request, actor, reference)
    async with transaction(running(request)) as tx:
        row = await _see(tx, actor, "person.name", person_id, told="referral")
        await audit.record(tx, actor, "person.name", person_id, "name", "referral")
    return JSONResponse({"reference": reference, "name": await seals.name_of(running(request).keys, row)})


@router.get("/intake/partner/people/{reference}/reach")
async def get_reach_by_reference(
    reference: str, request: Request, actor: Annotated[Actor, Depends(allow("person.reach"))]
) -> Response:
    """The same for an agency's own system, by the reference that is this agency's alone."""
    person_id = _meant(request, actor, reference)
    async with transaction(running(request)) as tx:
        row = await _see(tx, actor, "person.reach", person_id, told="contact")
        await audit.record(tx, actor, "person.reach", person_id, "contact", "referral")
    contact = await seals.contact_of(running(request).keys, row)
    return JSONResponse({"reference": reference} | _reached(row, contact))


def _meant(request: Request, actor: Actor, reference: str) -> UUID:
    if actor.agency is None:
        raise NotFound("person", "by this reference")
    return open_reference(running(request).settings, actor.agency, reference, "p")


def _reached(row: Row, contact: str | None) -> dict[str, Any]:
    person = row.person
    return {"way": person.way, "contact": contact, "safe": person.safe, "language": person.language}


@router.get("/intake/people/{person_id}/header")
async def get_header(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("person.read"))]
) -> Response:
    """The head of somebody's page for their worker: who they are, how to reach them, who walks with them."""
    async with transaction(running(request)) as tx:
        row = await _see(tx, actor, "person.read", person_id)
        await audit.record(tx, actor, "person.read", person_id, f"person/{person_id}", "care")
        at = await store.now(tx)
        home = await directory.find_agency(tx, row.person.agency)
        erasing = await erasures.find(tx, person_id)
        opened = await emergencies.openings_of(tx, person_id, 1)
    return await pages.header_page(request, actor, row, home, at, erasing, opened)


@router.put("/intake/people/{person_id}/worker", openapi_extra=takes(Assignment))
@router.post("/intake/people/{person_id}/worker", include_in_schema=False)
async def name_worker(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("person.assign"))], want: Want
) -> Response:
    """Name who walks with somebody: by the supervisor of their agency, one of its workers."""
    said = taken(await read(request, Assignment, {"worker": "Choose who walks with them."}))
    async with command(running(request)) as tx:

        async def act() -> Answer:
            person = await store.lock_person(tx, person_id)
            actor.require("person.assign", person.ties(actor), person_id)
            if not await staff.may_be_named(running(request).settings, tx, said.worker, person.agency):
                raise Invalid("worker", "Choose a worker of your own agency.")
            after, told = assign(person, said.worker, person.agency, said.reason)
            await store.save_worker(tx, after)
            await arrivals.answered(tx, person.id, actor.id)
            await store.tell_of(tx, person.id, told, cause_of(actor, want))
            await audit.record(tx, actor, "person.assign", person.id, f"person/{person.id}", "care")
            return Answer.json(200, {"id": person.id, "worker": after.worker})

        answer = await once(tx, want, actor, act)
    if is_form(request):
        return forms.see_other(back_to(said.next, "/intake/people"), request, said="worker-named")
    return answer.response()


@router.get("/intake/people/{person_id}/contact")
async def contact_form(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("person.edit"))]
) -> Response:
    """The form to change how somebody is reached, with what we know filled in."""
    async with transaction(running(request)) as tx:
        row = await _see(tx, actor, "person.edit", person_id)
        await audit.record(tx, actor, "person.reach", person_id, "contact", "care")
    contact = await seals.contact_of(running(request).keys, row) or ""
    person = row.person
    known = {"way": person.way or "", "contact": contact, "language": person.language, "seen": str(person.version)}
    return pages.contact_page(request, actor, person.id, forms.blank(**known, safe="yes" if person.safe else "no"))


@router.put("/intake/people/{person_id}/contact", openapi_extra=takes(NewContact))
@router.post("/intake/people/{person_id}/contact", include_in_schema=False)
async def change_reach(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("person.edit"))], want: Want
) -> Response:
    """How to reach somebody is another now: by themselves, signed in, or by their named worker."""
    async with transaction(running(request)) as tx:
        await _see(tx, actor, "person.edit", person_id)  # before anything is sealed for an id that somebody guessed
    form = await read(request, NewContact, pages.MEND)
    if form.value is None:
        return pages.contact_page(request, actor, person_id, form)
    try:
        answer = await _save_contact(request, actor, want, person_id, form.value)
    except Invalid as error:
        if not is_form(request):
            raise
        return pages.contact_page(request, actor, person_id, form.refuse(error, lang_for(actor, lang_of(request))))
    except Moved:
        if not is_form(request):
            raise
        return await _both(request, actor, person_id, form)
    if not is_form(request):
        return answer.response()
    return forms.see_other(back_to(form.value.next, page_of(person_id, actor)), request, said="contact-changed")


async def _both(request: Request, actor: Actor, person_id: UUID, form: forms.Form[NewContact]) -> Response:
    """What was typed, and what somebody else wrote meanwhile. Sent again, it comes after that."""
    async with transaction(running(request)) as tx:
        row = await _see(tx, actor, "person.edit", person_id)
        await audit.record(tx, actor, "person.reach", person_id, "contact", "care")
    form.typed["seen"] = str(row.person.version)
    theirs = await seals.contact_of(running(request).keys, row) or ""
    return pages.contact_page(request, actor, person_id, form, theirs)


async def _save_contact(
    request: Request, actor: Actor, want: Wanted | None, person_id: UUID, said: NewContact
) -> Answer:
    sealed = await seals.close_contact(running(request).keys, person_id, said.contact)
    async with command(running(request)) as tx:

        async def act() -> Answer:
            person = await store.lock_person(tx, person_id)
            actor.require("person.edit", person.ties(actor), person_id)
            if said.seen not in (None, person.version):
                raise Moved
            by: Side = "person" if actor.person else "worker"
            after, told = change_contact(person, said, as_text(sealed), by)
            await store.save_contact(tx, after)
            await store.tell_of(tx, person.id, told, cause_of(actor, want))
            await audit.record(tx, actor, "person.edit", person.id, "contact", "care")
            return Answer.json(200, {"id": person.id, "channels": after.channels})

        return await once(tx, want, actor, act)
