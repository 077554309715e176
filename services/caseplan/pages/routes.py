"""Addresses that are pages and nothing else: forms that begin something. What they post to is in `api`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.caseplan.pages import beginning
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms

router = APIRouter(include_in_schema=False)


@router.get("/caseplan/")
async def start(request: Request, actor: Annotated[Actor, Depends(allow("directory.read"))]) -> Response:
    """To one's own page; intake knows which that is."""
    return forms.see_other("/caseplan/me" if actor.person else "/intake/", request)


@router.get("/caseplan/referrals/new")
async def refer(request: Request, actor: Annotated[Actor, Depends(allow("referral.send"))]) -> Response:
    program = request.query_params.get("program")
    person = beginning.person_in(request)
    return await beginning.refer(request, actor, person, beginning.id_in("program", program) if program else None)


@router.get("/caseplan/promises/new")
async def promise(request: Request, actor: Annotated[Actor, Depends(allow("promise.make"))]) -> Response:
    return await beginning.promise(request, actor, beginning.person_in(request))


@router.get("/caseplan/concerns/new")
async def worry(request: Request, actor: Annotated[Actor, Depends(allow("concern.raise"))]) -> Response:
    return await beginning.worry(request, actor, beginning.person_in(request))


@router.get("/caseplan/setbacks/{id}/tell")
async def tell(id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("setback.share"))]) -> Response:
    return await beginning.tell(request, actor, id)


@router.get("/caseplan/setbacks/{id}/cover")
async def cover(id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("setback.cover"))]) -> Response:
    return await beginning.cover(request, actor, id)
