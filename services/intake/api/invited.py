"""Invitations, for the one agency that would welcome them: who may come, and what they said to a worker of it.

Each look is written down under the id that becomes theirs: whoever says yes can read who looked before.
"""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from services.intake import answering, naming
from services.intake.pages import invited as pages
from services.intake.places import INVITED, portrait_page
from services.intake.staff import agency_of
from services.intake.store import invited as store
from services.intake.store.invited import Row
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.keys import Erased
from shared.web import forms
from shared.web.accept import wants_html
from shared.web.edge import is_form, read, running, taken, takes, transaction
from shared.web.idempotency import Wanted, wanted

router = APIRouter(tags=["invitations"])
Reader = Annotated[Actor, Depends(allow("invitation.read"))]
Writer = Annotated[Actor, Depends(allow("invitation.answer"))]
SHOWN = 40  # on one page


class Word(BaseModel):
    """How a worker heard it from them."""

    model_config = ConfigDict(extra="forbid")

    given: Literal["in_person", "by_phone"] = Field(description="How they said it.")


@router.get(INVITED)
async def list_invited(request: Request, actor: Reader, page: int = 1) -> Response:
    """Whom one's own agency may ask, the nearest day first."""
    agency = agency_of(actor)
    actor.require("invitation.read", actor.relations(agency=agency))
    page = min(max(page, 1), 10_000)
    async with transaction(running(request)) as tx:
        rows, total = await store.list_of(tx, agency, SHOWN, (page - 1) * SHOWN)
        at = await store.now(tx)
        await audit.record_many(tx, actor, "invitation.read", (row.invited.id for row in rows), "invitation", "welcome")
    told = [(row, await _told(request, row)) for row in rows]
    known = [(row, said) for row, said in told if said is not None]
    if wants_html(request):
        return await pages.list_page(request, actor, known, at, page, -(-total // SHOWN))
    return JSONResponse({"invited": [_json(row, said) for row, said in known], "total": total})


async def _told(request: Request, row: Row) -> dict[str, str] | None:
    """None: deleted, and brought back by a restore."""
    try:
        return await naming.told_of(running(request).keys, row)
    except Erased:
        return None


def _json(row: Row, told: dict[str, str]) -> dict[str, object]:
    return {"id": str(row.invited.id), "sender": str(row.invited.sender), "told_at": row.told_at.isoformat(), **told}


@router.get(INVITED + "/{invited_id}")
async def get_invited(invited_id: UUID, request: Request, actor: Reader) -> Response:
    """What the sender told of one."""
    async with transaction(running(request)) as tx:
        row = await store.find(tx, invited_id)
        actor.require("invitation.read", actor.relations(agency=row.invited.welcoming), invited_id)
        await audit.record(tx, actor, "invitation.read", invited_id, "invitation", "welcome")
    if wants_html(request):
        return await pages.page(request, actor, row)
    return JSONResponse(_json(row, await naming.told_of(running(request).keys, row)))


@router.post(INVITED + "/{invited_id}/yes", openapi_extra=takes(Word), status_code=201)
async def say_yes(
    invited_id: UUID, request: Request, actor: Writer, want: Annotated[Wanted | None, Depends(wanted)]
) -> Response:
    """They said yes to a worker, who walks with them from now on unless somebody else is named."""
    row = await _mine(request, actor, invited_id)
    form = await read(request, Word, pages.MEND)
    if form.value is None and is_form(request):
        return await pages.page(request, actor, row, yes=form)
    said = taken(form)
    answer = await answering.yes_by_a_worker(request, actor, want, row, said.given)
    if is_form(request):  # to a page of this service: another one may not have heard of them yet
        return forms.see_other(portrait_page(invited_id), request, said="person-added")
    return answer.response()


@router.post(INVITED + "/{invited_id}/no", openapi_extra=takes(Word))
async def say_no(invited_id: UUID, request: Request, actor: Writer) -> Response:
    """They said no to a worker: what was told is deleted now. Nobody else hears of it."""
    row = await _mine(request, actor, invited_id)
    form = await read(request, Word, pages.MEND)
    form.prefix = "no-"
    if form.value is None and is_form(request):
        return await pages.page(request, actor, row, no=form)
    said = taken(form)
    await answering.no(request, actor, invited_id, said.given)
    if is_form(request):
        return forms.see_other(INVITED, request, said="invitation-deleted")
    return JSONResponse({"deleted": True})


async def _mine(request: Request, actor: Actor, invited_id: UUID) -> Row:
    async with transaction(running(request)) as tx:
        row = await store.find(tx, invited_id)
        actor.require("invitation.answer", actor.relations(agency=row.invited.welcoming), invited_id)
    return row
