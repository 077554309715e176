"""Whom somebody never lets look: it beats what they allow, what anybody asks them, and every emergency."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, Response

from services.intake.pages import nevers as pages
from services.intake.places import never_page
from services.intake.pretending import nevers_of, own
from services.intake.says_opened import NEVER
from services.intake.shutting import hold, shut
from services.intake.store import directory, people
from shared.runtime.errors import Invalid, NotFound
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms
from shared.web.edge import cause_of, command, is_form, read, running, taken, takes
from shared.web.words import lang_of
from shared.workflow import Way

router = APIRouter(tags=["never"])
Own = Annotated[Actor, Depends(allow("never.say"))]


class Never(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    agency: UUID


@router.post("/intake/people/{person_id}/never", openapi_extra=takes(Never))
async def say_never(person_id: UUID, request: Request, actor: Own) -> Response:
    """From now on. What was allowed between the two ends with it."""
    actor.require("never.say", actor.relations(person=person_id), person_id)
    lang = lang_of(request)
    form = await read(request, Never, {"agency": NEVER[lang]["mend_which"]})
    if form.value is None and is_form(request):
        return await pages.draw(person_id, request, actor, form)
    agency = taken(form).agency
    try:
        await _say(request, actor, person_id, agency)
    except Invalid as error:
        if not is_form(request):
            raise
        return await pages.draw(person_id, request, actor, form.refuse(error, lang))
    return _answered(request, person_id, agency, "never-said")


async def _say(request: Request, actor: Actor, person_id: UUID, agency: UUID) -> None:
    async with command(running(request), own(actor)) as tx:
        if not actor.harmless:
            await hold(tx, person_id)
        person = await people.lock_person(tx, person_id)
        try:
            await directory.find_agency(tx, agency)
        except NotFound:
            raise Invalid("agency", "There is no such agency here.", "Esa agencia no existe aquí.") from None
        if agency == person.agency:
            raise Invalid(
                "agency",
                "They walk with you: this can’t shut them out. Talk with them, or have it all erased.",
                "Ellos le acompañan: esto no los deja fuera. Hable con ellos, o pida borrar todo.",
            )
        await nevers_of(actor).say_never(tx, person_id, agency)
        if not actor.harmless:
            await shut(tx, person_id, Way.PAGE, cause_of(actor))
        await audit.record(tx, actor, "never.say", person_id, "never/said", "own")  # whom, is theirs alone to read


@router.post("/intake/people/{person_id}/never/{agency_id}/take-back")
async def take_back(person_id: UUID, agency_id: UUID, request: Request, actor: Own) -> Response:
    """Nothing that ended because of it comes back by itself."""
    actor.require("never.say", actor.relations(person=person_id), person_id)
    async with command(running(request), own(actor)) as tx:
        await nevers_of(actor).take_never_back(tx, person_id, agency_id)
        await audit.record(tx, actor, "never.say", person_id, "never/taken_back", "own")
    return _answered(request, person_id, agency_id, "never-taken-back")


def _answered(request: Request, person: UUID, agency: UUID, said: str) -> Response:
    if is_form(request):
        return forms.see_other(never_page(person), request, said=said)
    return JSONResponse({"person": str(person), "agency": str(agency)})
