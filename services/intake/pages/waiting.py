"""What else waits for a worker: what intake alone knows of. A slot on their day, or a page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from services.intake.pages.frame import frame
from services.intake.places import DESK, erasure_page
from services.intake.store import demands, emergencies, erasures
from shared.process import Running
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.permissions import Role, may
from shared.web.accept import wants_html
from shared.web.edge import running, transaction
from shared.web.menu import TODAY
from shared.web.names import named
from shared.web.templates import render

router = APIRouter(tags=["waiting"])


@router.get("/intake/waiting")
async def waiting(request: Request, actor: Annotated[Actor, Depends(allow("erasure.read"))]) -> Response:
    """Who asked to be erased and is not known yet, for whoever walks with them; what lies at the privacy desk."""
    ties = actor.relations(workers=[actor.id], agency=actor.agency)
    actor.require("erasure.read", ties)
    async with transaction(running(request)) as tx:
        alone = actor.agency if actor.role is Role.SUPERVISOR else None
        people = await erasures.asked_of(tx, [actor.id, *sorted(actor.covers)], alone)
        await audit.record_many(tx, actor, "erasure.read", people, "waiting", "erasure")
    at_desk = await _at_desk(running(request), actor) if may(actor, "desk.read", ties) else 0
    if not wants_html(request):
        return JSONResponse({"erasures": [str(id) for id in people], "desk": at_desk})
    return render(
        request,
        "waiting.html",
        erasing=[(erasure_page(id), named(id, "Somebody")) for id in people],
        at_desk=at_desk,
        desk=DESK,
        back=TODAY[1],
        **frame(actor, TODAY[1]),
        lang="en",
    )


async def _at_desk(here: Running, actor: Actor) -> int:
    """How many things nobody has looked at or decided: a number, and nobody's name."""
    if actor.agency is None:
        return 0
    async with transaction(here) as tx:
        openings = await emergencies.openings_at(tx, actor.agency)
        asked = await demands.demands_at(tx, actor.agency)
    unseen = [row for row in openings if row.opening.home == actor.agency and row.opening.verdict is None]
    return len(unseen) + sum(row.demand.answer is None for row in asked)
