"""The same person twice in one agency: which records may be, what a human says of two, and who says so.

Nothing here looks beyond the agency of whoever asks. What another agency keeps is asked for by the person (links.py).
"""

from typing import Annotated
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, Response

from services.intake import links
from services.intake.erasures import Identity
from services.intake.links import Side
from services.intake.pages import duplicates as pages
from services.intake.places import DUPLICATES, records_page
from services.intake.shutting import hold, shut
from services.intake.staff import agency_of
from services.intake.store import links as link_store
from services.intake.store import matching as store
from services.intake.store import people
from services.intake.store.people import Row
from shared.runtime.errors import Conflict, NotFound
from shared.runtime.ids import uuid7
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.permissions import Relation, Relations
from shared.web import forms
from shared.web.accept import wants_html
from shared.web.edge import cause_of, command, is_form, read, running, taken, takes, transaction
from shared.workflow import Way

router = APIRouter(tags=["duplicates"])
Reader = Annotated[Actor, Depends(allow("duplicate.read"))]
KNOWN = {"known": "Say how you know that it is them. They have to be there."}


class OnePerson(BaseModel):
    """The person is there and says that both are theirs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    known: Identity


@router.get("/intake/duplicates")
async def listed(request: Request, actor: Reader) -> Response:
    """Pairs of one's own agency that nobody has settled, the likeliest first; and whom its workers are to ask."""
    actor.require("duplicate.read", Relation.SAME_AGENCY)
    agency = agency_of(actor)
    async with transaction(running(request)) as tx:
        pairs = await store.list_alike(tx, agency)
        puts = await link_store.puts_at(tx, agency)
        whom = {id for pair in pairs for id in (pair.person, pair.other)} | {row.link.asked.person for row in puts}
        rows = [await people.find_person(tx, id) for id in sorted(whom)]
        await audit.record_many(tx, actor, "duplicate.read", whom, "name", "records")
    if not wants_html(request):
        return JSONResponse({"pairs": [pages.as_json(pair) for pair in pairs]})
    return await pages.list_page(request, actor, pairs, puts, rows)


@router.get("/intake/duplicates/{person_id}/{other_id}")
async def pair(person_id: UUID, other_id: UUID, request: Request, actor: Reader) -> Response:
    """Two records beside each other, with every reason for and against. Both are this agency's own."""
    async with transaction(running(request)) as tx:
        one, other = await _both(tx, actor, "duplicate.read", person_id, other_id)
        why = await store.why_alike(tx, person_id, other_id)
        born = {row.person.id: await store.born_of(tx, row.person.id) for row in (one, other)}
        linked = await link_store.is_linked(tx, person_id, other_id)
        now = await people.now(tx)
        await audit.record_many(tx, actor, "duplicate.read", (person_id, other_id), "name", "records")
    if not wants_html(request):
        return JSONResponse(pages.as_json(store.Pair(person_id, other_id, why)) | {"linked": linked})
    may_link = actor.may("link.make", _ties(actor, one, other)) and not linked
    return await pages.pair_page(request, actor, (one, other), why, born, now, may_link=may_link)


@router.post("/intake/duplicates/{person_id}/{other_id}/two")
async def two(
    person_id: UUID, other_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("duplicate.settle"))]
) -> Response:
    """They are two people. The pair is shown no more."""
    async with command(running(request)) as tx:
        one, _ = await _both(tx, actor, "duplicate.settle", person_id, other_id)
        await store.tell_apart(tx, one.person.agency, person_id, other_id, actor.id)
        await audit.record_many(tx, actor, "duplicate.settle", (person_id, other_id), "name", "records")
    return _answered(request, DUPLICATES, "told-apart", {"linked": False})


@router.post("/intake/duplicates/{person_id}/{other_id}/one", openapi_extra=takes(OnePerson), status_code=201)
async def make_one(
    person_id: UUID, other_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("link.make"))]
) -> Response:
    """The person says so, face to face, to a worker who walks with them. Nothing is merged."""
    said = taken(await read(request, OnePerson, KNOWN))
    id = uuid7()
    async with command(running(request)) as tx:
        for id_of_one in sorted((person_id, other_id)):
            await hold(tx, id_of_one)
        one, other = await _both(tx, actor, "link.make", person_id, other_id)
        if await link_store.is_linked(tx, person_id, other_id):
            raise Conflict("That is written down already.")
        made = links.make(id, _side(one), _side(other), said.known)
        if not await link_store.add(tx, made, cause_of(actor), by=actor.id):
            raise Conflict("One of the two is not here any more.")
        await shut(tx, person_id, Way.IN_PERSON, cause_of(actor), actor.id)
        await store.not_apart(tx, person_id, other_id)
        await audit.record_many(tx, actor, "link.make", (person_id, other_id), f"link/{id}", "records")
    return _answered(request, records_page(person_id), "linked", {"id": str(id), "linked": True}, 201)


def _side(row: Row) -> Side:
    return Side(row.person.id, row.person.agency)


async def _both(tx: Connection, actor: Actor, action: str, one: UUID, other: UUID) -> tuple[Row, Row]:
    """Two records of the actor's own agency; what is another agency's is not there, also where a consent shows it."""
    found = [await people.find_person(tx, id) for id in (one, other)]
    if one == other or any(row.person.agency != actor.agency for row in found):
        raise NotFound("duplicate", "here")
    actor.require(action, _ties(actor, *found), f"{one}/{other}")
    return found[0], found[1]


def _ties(actor: Actor, *rows: Row) -> Relations:
    return actor.relations(workers=[row.person.worker for row in rows], agency=rows[0].person.agency)


def _answered(request: Request, page: str, said: str, found: dict[str, object], status: int = 200) -> Response:
    if is_form(request):
        return forms.see_other(page, request, said=said)
    return JSONResponse(found, status)
