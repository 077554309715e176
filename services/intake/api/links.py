"""Two records that a person says are theirs: asking where they say so, their answer there, and taking it apart again.

Whoever asks is answered alike whatever there is: the ask is written down and looked into later, by the worker.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from services.intake import links, matching
from services.intake.erasures import Identity
from services.intake.links import End, No, Patience, Yes
from services.intake.pages import links as pages
from services.intake.places import records_page
from services.intake.seals import BORN
from services.intake.shutting import hold, shut
from services.intake.store import directory, people
from services.intake.store import links as store
from services.intake.store import matching as signs
from services.intake.store.people import Row
from shared.runtime.errors import Invalid, NotFound
from shared.runtime.ids import uuid7
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.sealing import seal
from shared.web import forms
from shared.web.edge import cause_of, command, is_form, read, running, taken, takes, transaction
from shared.workflow import By, Party, Way

router = APIRouter(tags=["links"])
PATIENCE = Patience()
MEND = {
    "agency": "Choose the agency that they named.",
    "known": "Say how you know that it is them. They have to be there.",
    "said": "Ask only if they said yes, here and now.",
}


class Asking(BaseModel):
    """The person, who is there, says that another agency helps them too, and wants both to know that it is them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agency: UUID = Field(description="The agency that they named.")
    known: Identity
    said: Literal["yes"] = Field(description="They said that we may ask there.")


class Said(BaseModel):
    """It is they who name the place that asked: so whoever signed up there under their name is not linked with them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agency: UUID = Field(description="Where they say that they are helped too.")
    known: Identity


class Birth(BaseModel):
    """A year or a day of birth, if they want to give one; nothing takes it out again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    born: str | None = Field(None, max_length=20)


@router.get("/intake/people/{person_id}/records")
async def records(person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("link.read"))]) -> Response:
    """Which records are theirs too; for a worker also whom to ask, and where to."""
    return await pages.page(request, actor, person_id)


@router.post("/intake/people/{person_id}/born", openapi_extra=takes(Birth))
async def born(person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("person.edit"))]) -> Response:
    """Sealed, and used for nothing but telling people apart."""
    typed = await read(request, Birth)
    typed.prefix = "born-"
    said, here = taken(typed).born, running(request)
    async with transaction(here) as tx:  # before anything is sealed for an id that somebody guessed
        await _own(tx, actor, "person.edit", person_id)
        today = (await people.now(tx)).date()
    try:
        plain = matching.born(said, today) if said else None
    except Invalid as error:
        if not is_form(request):
            raise
        return await pages.page(request, actor, person_id, birth=typed.refuse(error))
    sealed = await seal(here.keys, person_id, *BORN, plain) if plain else None
    async with command(here) as tx:
        await people.lock_person(tx, person_id)
        await _own(tx, actor, "person.edit", person_id)
        await signs.save_born(tx, person_id, sealed)
        await audit.record(tx, actor, "person.edit", person_id, "born", "records")
    return _answered(request, person_id, "born-saved", {"id": str(person_id)})


@router.post("/intake/people/{person_id}/records/ask", openapi_extra=takes(Asking), status_code=202)
async def ask(person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("link.ask"))]) -> Response:
    """The same answer, in the same time, whether or not anybody there knows them."""
    async with transaction(running(request)) as tx:
        await _own(tx, actor, "link.ask", person_id)
    typed = await read(request, Asking, MEND)
    typed.prefix = "ask-"
    said = typed.value
    if said is None:
        return await pages.page(request, actor, person_id, asking=typed)
    try:
        async with command(running(request)) as tx:
            row = await _own(tx, actor, "link.ask", person_id)
            await _check_agency(tx, said.agency, row.person.agency)
            stands = await store.has_asked(tx, person_id, said.agency, PATIENCE)
            links.ask(today=await store.asks_today(tx, actor.id), stands=stands)
            id = uuid7()
            await store.add_ask(tx, id, person_id, row.person.agency, said.agency, said.known, actor.id)
            await audit.record(tx, actor, "link.ask", person_id, f"agency/{said.agency}", "records")
    except Invalid as error:
        if not is_form(request):
            raise
        return await pages.page(request, actor, person_id, asking=typed.refuse(error))
    return _answered(request, person_id, "asked-there", {"id": str(id)}, 202)


async def _check_agency(tx: Connection, named: UUID, own: UUID) -> None:
    if named == own:
        raise Invalid("agency", "That is your own agency. Look at the list of duplicates.")
    try:
        agency = await directory.find_agency(tx, named)
    except NotFound:
        raise Invalid("agency", "There is no such agency here.") from None
    if agency.entry.holds_no_records:
        raise Invalid("agency", "They keep no people’s records here, so there is nobody to ask for.")


@router.post("/intake/links/{link_id}/yes", openapi_extra=takes(Said))
async def yes(link_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("link.answer"))]) -> Response:
    """They said yes, face to face, to their own worker. From now on both agencies' workers read it."""
    async with transaction(running(request)) as tx:
        await _asked(tx, actor, link_id)
    said = taken(await read(request, Said, MEND))
    return await _answer(request, actor, link_id, Yes(said.known), "linked", said.agency)


@router.post("/intake/links/{link_id}/no")
async def no(link_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("link.answer"))]) -> Response:
    """No, or not now. Nobody else hears of it."""
    return await _answer(request, actor, link_id, No(), "not-them")


async def _answer(
    request: Request, actor: Actor, id: UUID, word: Yes | No, said: str, named: UUID | None = None
) -> Response:
    """`named`: where they say that they are helped. If it was another agency that asked, it was not they who did."""
    async with command(running(request)) as tx:
        row = await _asked(tx, actor, id)
        await hold(tx, row.person.id)
        link = await store.lock(tx, id)
        if named not in (None, link.asking.home):
            word, said = No(), "not-them"
        by = By(Party.PERSON, row.person.id, Way.IN_PERSON, actor.id)
        decision = links.decide(link, word, by, PATIENCE)
        await store.save(tx, decision, cause_of(actor), actor.id)
        await shut(tx, row.person.id, Way.IN_PERSON, cause_of(actor), actor.id)
        await audit.record(tx, actor, "link.answer", row.person.id, f"link/{id}", "records")
    return _answered(request, row.person.id, said, {"id": str(id), "stage": decision.state.stage.value})


async def _asked(tx: Connection, actor: Actor, id: UUID) -> Row:
    """Whose worker is asked: a link that waits is not there for anybody else."""
    link = (await store.find(tx, id)).link
    return await _own(tx, actor, "link.answer", link.asked.person)


@router.post("/intake/links/{link_id}/end")
async def end(link_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("link.end"))]) -> Response:
    """They are two again. Each desk gets a list of what was shown because of it, and has to say what it found."""
    async with command(running(request)) as tx:
        row = await store.find(tx, link_id)
        person = await _side(tx, actor, row.link)
        link = await store.lock(tx, link_id)
        by = By(Party.PERSON, person) if actor.person else By(Party.WORKER, actor.id)
        await store.save(tx, links.decide(link, End(), by, PATIENCE), cause_of(actor), actor.id)
        assert row.linked_at is not None
        await store.open_incidents(tx, link, row.linked_at, PATIENCE)
        whom = [side.person for side in link.sides]
        await audit.record_many(tx, actor, "link.end", whom, f"link/{link_id}", "own" if actor.person else "records")
    return _answered(request, person, "unlinked", {"id": str(link_id), "stage": "unlinked"})


async def _side(tx: Connection, actor: Actor, link: links.Link) -> UUID:
    """Which of the two records is the actor's to speak for."""
    for side in link.sides:
        if actor.person == side.person:
            actor.require("link.end", actor.relations(person=side.person), link.id)
            return side.person
    for side in link.sides:
        if actor.agency is not None and actor.agency == side.home:
            return (await _own(tx, actor, "link.end", side.person)).person.id
    raise NotFound("link", link.id)


async def _own(tx: Connection, actor: Actor, action: str, id: UUID) -> Row:
    row = await people.find_person(tx, id)
    actor.require(action, row.person.ties(actor), id)
    return row


def _answered(request: Request, person: UUID, said: str, found: dict[str, Any], status: int = 200) -> Response:
    if is_form(request):
        return forms.see_other(records_page(person), request, said=said)
    return JSONResponse(found, status)
