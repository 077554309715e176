"""Who covers for whom: agreed by whoever is away or answers for the team, ended before its time by the same."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from services.intake import covers
from services.intake.pages import covers as pages
from services.intake.store import accounts, directory, people
from services.intake.store import covers as store
from shared.runtime.errors import Invalid, NotFound
from shared.runtime.ids import uuid7
from shared.security import audit
from shared.security.edge import allow, look_again
from shared.security.identity import Actor
from shared.security.permissions import Relations
from shared.security.sealing import Compartment, seal
from shared.security.table import WALK
from shared.web import forms
from shared.web.accept import wants_html
from shared.web.edge import cause_of, command, is_form, read, running, takes, transaction
from shared.web.idempotency import Answer, Wanted, once, wanted

router = APIRouter(tags=["cover"])
Reader = Annotated[Actor, Depends(allow("cover.read"))]
Want = Annotated[Wanted | None, Depends(wanted)]
WORDS = {
    "covering": "Choose who covers.",
    "first": "Say from which day.",
    "last": "Say until which day.",
    "why": "Say in a few words why.",
}


class NewCover(BaseModel):
    """`worker`, who is away, is oneself if not said. Both days count whole."""

    model_config = ConfigDict(extra="forbid")

    worker: UUID | None = None
    covering: UUID
    first: Annotated[date, Field(title="From")]
    last: Annotated[date, Field(title="Until")]
    why: Annotated[forms.Line, Field(title="Why")]


@router.get("/intake/covers")
async def list_covers(request: Request, actor: Reader) -> Response:
    """Those of one's agency that run, will, or ended lately."""
    return await _listed(request, actor, forms.blank())


@router.post("/intake/covers", openapi_extra=takes(NewCover), status_code=201)
async def agree(request: Request, actor: Annotated[Actor, Depends(allow("cover.agree"))], want: Want) -> Response:
    """For those days the colleague stands to these people as their worker does. It ends by itself."""
    form = await read(request, NewCover, WORDS)  # of a program: refused at once
    said = form.value
    away = (said.worker if said else None) or actor.id
    actor.require("cover.agree", _ties(actor, [away], actor.agency))
    if said is None:
        return await _listed(request, actor, form)
    try:
        answer = await _agree(request, actor, want, said, away)
    except Invalid as error:
        if not is_form(request):
            raise
        return await _listed(request, actor, form.refuse(error))
    return _answered(request, answer, "cover-agreed")


async def _agree(request: Request, actor: Actor, want: Wanted | None, said: NewCover, away: UUID) -> Answer:
    here = running(request)
    async with transaction(here) as tx:  # nothing is sealed for an id that somebody guessed
        if await accounts.find_known(tx, away) is None:
            raise Invalid("worker", "Choose somebody of your agency who walks with people.")
    why = await seal(here.keys, away, Compartment.STAFF, store.FIELD, said.why)
    async with command(here) as tx:

        async def act() -> Answer:
            # Both are held, so that neither leaves meanwhile.
            held = await accounts.lock_accounts(tx, {away, said.covering})
            if (worker := held.get(away)) is None:
                raise NotFound("account", away)
            actor.require("cover.agree", _ties(actor, [away], worker.agency))
            covering = held.get(said.covering)
            if covering is None or worker.agency is None:
                raise Invalid("covering", "Choose a colleague of the same agency who walks with people.")
            zone = ZoneInfo((await directory.find_agency(tx, worker.agency)).entry.calendar.timezone)
            today = (await people.now(tx)).astimezone(zone).date()
            cover, told = covers.agree(uuid7(), worker, covering, actor.id, said.first, said.last, today, zone)
            await store.save(tx, told, cause_of(actor, want), why)
            await audit.record(tx, actor, "cover.agree", None, f"cover/{cover.id}", "administration")
            return Answer.json(201, {"id": str(cover.id), "starts": _at(cover.starts), "ends": _at(cover.ends)})

        answer = await once(tx, want, actor, act)
    look_again(request)
    return answer


@router.post("/intake/covers/{id}/end")
async def end(id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("cover.end"))], want: Want) -> Response:
    """Before its time: by whoever is away, who covers, or answers for the team. It counts everywhere at once."""
    here = running(request)
    async with command(here) as tx:

        async def act() -> Answer:
            known = await store.find(tx, id)
            actor.require("cover.end", _ties(actor, [known.worker, known.covering], known.agency), id)
            await accounts.lock_account(tx, known.worker)
            cover, told = covers.end(await store.lock(tx, id), await people.now(tx))
            await store.save(tx, told, cause_of(actor, want))
            await audit.record(tx, actor, "cover.end", None, f"cover/{id}", "administration")
            return Answer.json(200, {"id": str(cover.id), "ended": True})

        answer = await once(tx, want, actor, act)
    look_again(request)
    return _answered(request, answer, "cover-ended")


def _ties(actor: Actor, workers: list[UUID], agency: UUID | None) -> Relations:
    """Themselves alone: who covers for a worker agrees no cover in that worker's place."""
    return actor.relations(workers=[one for one in workers if one == actor.id], agency=agency)


async def _listed(request: Request, actor: Actor, form: forms.Form[Any]) -> Response:
    actor.require("cover.read", actor.relations(agency=actor.agency))
    assert actor.agency is not None, "only who is of an agency is of the same"
    async with transaction(running(request)) as tx:
        rows = await store.of_agency(tx, actor.agency, pages.SHOWN)
        found = await accounts.workers_of(tx, actor.agency, WALK)
        agency = await directory.find_agency(tx, actor.agency)
        now = await people.now(tx)
    if wants_html(request):
        zone = ZoneInfo(agency.entry.calendar.timezone)
        return await pages.page(request, actor, rows, found, form, now, zone)
    return JSONResponse({"covers": [_told(row.cover) for row in rows]})


def _told(cover: covers.Cover) -> dict[str, Any]:
    return {
        "id": str(cover.id), "worker": str(cover.worker), "covering": str(cover.covering),
        "starts": _at(cover.starts), "ends": _at(cover.ends), "ended": cover.ended,
    }  # fmt: skip


def _at(moment: datetime) -> str:
    return moment.isoformat()


def _answered(request: Request, answer: Answer, said: str) -> Response:
    return forms.see_other("/intake/covers", request, said=said) if is_form(request) else answer.response()
