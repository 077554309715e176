"""GET routes. One address is a page for people and JSON for programs; both are drawn from the same reading.

Every read of somebody's record is audited in the transaction of the reading, and seen by that person.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from services.caseplan import partners, reading, today, views
from services.caseplan.concepts import CONCERN, PLAN, PROMISE, REFERRAL, SETBACK, Concept
from services.caseplan.pages import concerns, mine, people, plans, promises, referrals, setbacks
from services.caseplan.pages import today as today_page
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms
from shared.web.accept import wants_html
from shared.web.edge import running

router = APIRouter()
PAGES = {
    REFERRAL: referrals.page,
    SETBACK: setbacks.page,
    CONCERN: concerns.page,
    PROMISE: promises.page,
    PLAN: plans.page,
}


async def _single(request: Request, actor: Actor, concept: Concept, action: str, id: UUID) -> Response:
    sheet = await reading.one(running(request), actor, action, concept, id)
    if wants_html(request):
        return PAGES[concept](request, sheet)
    return JSONResponse(views.single(sheet, concept))


@router.get("/caseplan/today")
async def waits_for_me(request: Request, actor: Annotated[Actor, Depends(allow("today.read"))]) -> Response:
    """What needs this worker today, under fifteen things."""
    found = await today.read(running(request), actor)
    if wants_html(request):
        return today_page.page(request, found)
    return JSONResponse({"groups": {group.key: [row.as_json() for row in group.rows] for group in found.groups}})


@router.get("/caseplan/asked")
async def asked(request: Request, actor: Annotated[Actor, Depends(allow("referral.list"))]) -> Response:
    """What this agency was asked, under consents that are live now."""
    sheet = await today.asked(running(request), actor)
    if wants_html(request):
        return referrals.asked_page(request, sheet)
    return JSONResponse({"referrals": views.many(sheet, REFERRAL)})


@router.get("/caseplan/referrals")
async def list_referrals(request: Request, actor: Annotated[Actor, Depends(allow("referral.list"))]) -> Response:
    """The open referrals that this worker holds."""
    sheet = await today.held(running(request), actor)
    if wants_html(request):
        return referrals.held_page(request, sheet)
    return JSONResponse({"referrals": views.many(sheet, REFERRAL)})


@router.get("/caseplan/me")
async def me(request: Request, actor: Annotated[Actor, Depends(allow("mine.read"))]) -> Response:
    """The person's own page."""
    assert actor.person is not None, "the table lets the person alone"
    if actor.harmless:
        actor.require("mine.read", actor.relations(person=actor.person))
        sheet = await reading.of_nothing(running(request), actor, "mine.read", actor.person)
    else:
        sheet = await reading.around_person(running(request), actor, "mine.read", actor.person)
    return mine.page(request, sheet) if wants_html(request) else JSONResponse(views.whole(sheet))


@router.get("/caseplan/mine", include_in_schema=False)
async def mine_too(request: Request, actor: Annotated[Actor, Depends(allow("mine.read"))]) -> Response:
    actor.require("mine.read", actor.relations(person=actor.person))
    return forms.see_other("/caseplan/me", request)


@router.get("/caseplan/people/{id}")
async def person(id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("plan.read"))]) -> Response:
    """A person as their worker sees them; the person themself is led to their own page."""
    sheet = await reading.around_person(running(request), actor, "plan.read", id)
    if not wants_html(request):
        return JSONResponse(views.whole(sheet))
    return forms.see_other("/caseplan/me", request) if actor.person else people.page(request, sheet)


@router.get("/caseplan/referrals/{id}")
async def referral(id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("referral.read"))]) -> Response:
    """One referral: the thread across, who holds it, what can be said."""
    return await _single(request, actor, REFERRAL, "referral.read", id)


@router.get("/caseplan/setbacks/{id}")
async def setback(id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("setback.read"))]) -> Response:
    """For the person and the named worker alone."""
    return await _single(request, actor, SETBACK, "setback.read", id)


@router.get("/caseplan/concerns/{id}")
async def concern(id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("concern.read"))]) -> Response:
    """For the named worker alone."""
    return await _single(request, actor, CONCERN, "concern.read", id)


@router.get("/caseplan/promises/{id}")
async def promise(id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("promise.read"))]) -> Response:
    """One promise and what came of it."""
    return await _single(request, actor, PROMISE, "promise.read", id)


@router.get("/caseplan/plans/{id}")
async def plan(id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("plan.read"))]) -> Response:
    """The plan of a person, whose id it has."""
    return await _single(request, actor, PLAN, "plan.read", id)


@router.get("/caseplan/partner/referrals/{reference}")
async def detail(
    reference: str, request: Request, actor: Annotated[Actor, Depends(allow("referral.detail"))]
) -> Response:
    """For the asked agency's own system: what the person agreed to tell, under the consent that is live now."""
    return JSONResponse(await partners.detail(running(request), actor, reference))
