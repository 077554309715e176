"""A colleague's leaving, for whoever answers for their team: what is left, and handing each part over."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, Response

from services.caseplan import leaving
from services.caseplan.pages import leaving as pages
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms
from shared.web.accept import wants_html
from shared.web.edge import is_form, read, running, taken, takes
from shared.web.idempotency import Answer, Wanted, wanted

router = APIRouter(tags=["leaving"])
Reader = Annotated[Actor, Depends(allow("leaving.read"))]
Giver = Annotated[Actor, Depends(allow("leaving.hand_over"))]
Want = Annotated[Wanted | None, Depends(wanted)]


class Keeper(BaseModel):
    """Who keeps the promises from now on."""

    model_config = ConfigDict(extra="forbid")

    worker: UUID


@router.get("/caseplan/leaving/{id}")
async def what_is_left(id: UUID, request: Request, actor: Reader) -> Response:
    """What somebody of one's agency still holds, in counts."""
    found = await leaving.read(running(request), actor, id)
    if wants_html(request):
        return pages.page(request, actor, found)
    held = found.held
    return JSONResponse({
        "id": str(id), "has_left": found.has_left, "people": held.people, "promises": held.promises,
        "work": held.work, "days": held.days, "complete": held.nothing,
    })  # fmt: skip


@router.post("/caseplan/leaving/{id}/promises", openapi_extra=takes(Keeper))
async def hand_over_promises(id: UUID, request: Request, actor: Giver, want: Want) -> Response:
    """A colleague keeps what they promised. Each person sees who it is now."""
    said = taken(await read(request, Keeper, {"worker": "Choose who keeps these promises now."}))
    answer = await leaving.hand_over_promises(running(request), actor, want, id, said.worker)
    return _answered(request, id, answer)


@router.post("/caseplan/leaving/{id}/work")
async def hand_over_work(id: UUID, request: Request, actor: Giver, want: Want) -> Response:
    """What they held for people who walk with somebody else goes to that worker."""
    return _answered(request, id, await leaving.hand_over_work(running(request), actor, want, id))


def _answered(request: Request, id: UUID, answer: Answer) -> Response:
    if is_form(request):
        return forms.see_other(f"/caseplan/leaving/{id}", request, said="handed-over")
    return answer.response()
