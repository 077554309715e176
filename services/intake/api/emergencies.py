"""Emergencies: opening somebody's record, reading it for an hour, and their own agency's word about it afterwards."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import JSONResponse, Response

from services.intake import emergencies
from services.intake.emergencies import Cannot, Over, Verdict
from services.intake.fields import TEXT, Called, Line
from services.intake.opening import FOUND, Said, open_record
from services.intake.pages import desk
from services.intake.pages import emergencies as pages
from services.intake.places import DESK, opening_page
from services.intake.store import emergencies as store
from services.intake.store import people
from shared.runtime.errors import Invalid, Refused
from shared.runtime.letters import readable
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.sealing import Erased, seal
from shared.web import forms
from shared.web.accept import wants_html
from shared.web.edge import command, is_form, read, running, takes, transaction

router = APIRouter(tags=["emergencies"])
Opener = Annotated[Actor, Depends(allow("emergency.open"))]
MEND = {
    "agency": "Choose the agency that walks with them.",
    "name": "Write the whole name that they go by.",
    "treated_by": "Write the name of whoever treats them.",
    "place": "Write where they are treated: the hospital, the clinic, the ambulance.",
    "cannot": "Say why they can’t be asked. If they can be, ask them.",
}


class NewOpening(BaseModel):
    """What 42 CFR 2.51 asks to be written down. Words that any emergency could have are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agency: UUID = Field(description="The agency that walks with them.")
    name: Called = Field(description="The whole name that they go by there.")
    emergency: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=TEXT), AfterValidator(readable)
    ] = Field("", description="What happened, in words of one's own.")
    treated_by: Line = Field(description="Who treats them.")
    place: Line = Field(description="Where.")
    cannot: Cannot = Field(description="Why they can't be asked.")
    treatment: bool = Field(False, description="Whoever treats them has to know of care for drugs or alcohol too.")


class Review(BaseModel):
    """What their own agency found, in words that the person reads."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    verdict: Verdict
    found: forms.Lines


@router.get("/intake/openings")
async def form(request: Request, actor: Opener) -> Response:
    """The form, with what it is for and what follows standing before it."""
    return await pages.form_page(request, actor, forms.blank())


@router.post("/intake/openings", openapi_extra=takes(NewOpening), status_code=201)
async def open_it(request: Request, actor: Opener) -> Response:
    """For a medical emergency alone. The person is told, and their agency looks at it."""
    typed = await read(request, NewOpening, MEND)
    said = typed.value
    if said is None:
        return await pages.form_page(request, actor, typed)
    try:
        opening = await open_record(running(request), actor, Said(**dict(said)))
    except Invalid as error:
        if not is_form(request):
            raise
        return await pages.form_page(request, actor, typed.refuse(error))
    if is_form(request):
        return forms.see_other(opening_page(opening.id), request)
    return JSONResponse({"id": str(opening.id), "until": opening.ends_at.isoformat()}, 201)


@router.get("/intake/openings/{opening_id}")
async def read_it(
    opening_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("emergency.read"))]
) -> Response:
    """The least that whoever treats them needs, for whoever opened it, for its hour. Each look is written down."""
    async with transaction(running(request)) as tx:
        opening = (await store.find(tx, opening_id)).opening
        now = await people.now(tx)
        if opening.worker == actor.id and now >= opening.ends_at:
            raise Over
        actor.require("emergency.read", emergencies.lends(opening, actor.id, now), opening_id)
        shown = await pages.found(tx, opening, now)
        await audit.record(tx, actor, "emergency.read", opening.person, f"opening/{opening_id}", "emergency")
    least = await pages.least(running(request), actor, opening, shown)
    if wants_html(request):
        return pages.opened_page(request, actor, opening, least, shown)
    return JSONResponse({"id": str(opening_id), "until": opening.ends_at.isoformat()} | least.as_json())


@router.post("/intake/openings/{opening_id}/review", openapi_extra=takes(Review))
async def review(
    opening_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("desk.review"))]
) -> Response:
    """In good faith, or not: said once, by the agency that walks with them, and read by the person."""
    here = running(request)
    async with transaction(here) as tx:  # before anything is sealed for an id that somebody guessed
        _require(actor, await store.find(tx, opening_id))
    typed = await read(request, Review, {"verdict": "Say what you found.", "found": "Say why, in a few words."})
    typed.prefix = f"{opening_id}-"
    said = typed.value
    if said is None:
        return await desk.page(request, actor, typed, opening_id)
    async with command(here) as tx:
        row = await store.lock(tx, opening_id)
        _require(actor, row)
        emergencies.check_review(row.opening)
        try:
            found = await seal(here.keys, row.opening.person, *FOUND, said.found)
        except Erased:
            found = b""
        await store.save_review(tx, opening_id, said.verdict, found, actor.id)
        await audit.record(tx, actor, "desk.review", row.opening.person, f"opening/{opening_id}", "oversight")
    if is_form(request):
        return forms.see_other(DESK, request, said="opening-reviewed")
    return JSONResponse({"id": str(opening_id), "verdict": said.verdict.value})


def _require(actor: Actor, row: store.Row) -> None:
    actor.require("desk.review", actor.relations(agency=row.opening.home), row.opening.id)
    if row.opening.worker == actor.id:
        raise OwnOpening


class OwnOpening(Refused):
    status = 403
    title = "Somebody else looks at this"

    def __init__(self, *_: Any) -> None:
        super().__init__("You opened it yourself. A colleague says whether it was right.")
