"""Incidents: a link was wrong. The desk of each agency reads what was shown because of it, and says what it found."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from services.intake.pages import incidents as pages
from services.intake.places import DESK
from services.intake.store import links as store
from shared.runtime.errors import Conflict
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.sealing import Erased, seal
from shared.web import forms
from shared.web.edge import command, is_form, read, running, takes, transaction

router = APIRouter(tags=["incidents"])


class Found(BaseModel):
    """How it came about and what was done, in words that the person reads."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    found: forms.Lines = Field(description="How two records got mixed up, and what you did about it.")


@router.get("/intake/incidents/{incident_id}")
async def one(incident_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("desk.read"))]) -> Response:
    async with transaction(running(request)) as tx:
        incident = await store.find_incident(tx, incident_id)
        actor.require("desk.read", actor.relations(agency=incident.agency), incident_id)
        await audit.record(tx, actor, "desk.read", incident.person, f"incident/{incident_id}", "oversight")
    return await pages.page(request, actor, incident, forms.blank())


@router.post("/intake/incidents/{incident_id}/close", openapi_extra=takes(Found))
async def close(
    incident_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("incident.close"))]
) -> Response:
    """Said once. The person reads it."""
    here = running(request)
    async with transaction(here) as tx:  # before anything is sealed for an id that somebody guessed
        incident = await store.find_incident(tx, incident_id)
        actor.require("incident.close", actor.relations(agency=incident.agency), incident_id)
    typed = await read(request, Found, {"found": "Say what you found, and what you did about it."})
    if typed.value is None:
        return await pages.page(request, actor, incident, typed)
    try:
        found = await seal(here.keys, incident.person, *pages.FOUND, typed.value.found)
    except Erased:
        found = b""
    async with command(here) as tx:
        if not await store.is_open_incident(tx, incident_id):
            raise Conflict("Somebody has said already what they found.")
        await store.close_incident(tx, incident_id, found, actor.id)
        await audit.record(tx, actor, "incident.close", incident.person, f"incident/{incident_id}", "oversight")
    if is_form(request):
        return forms.see_other(DESK, request, said="incident-closed")
    return JSONResponse({"id": str(incident_id), "closed": True})
