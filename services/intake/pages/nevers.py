"""Whom somebody never lets look: their own page, where they say it and take it back."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from services.intake.pages.emergencies import AGENCIES
from services.intake.pages.frame import frame, lang_for
from services.intake.places import never_page, shared_page
from services.intake.pretending import nevers_of, own
from services.intake.says_opened import NEVER, NEVER_SAID
from services.intake.store import directory
from shared.runtime.database import reaching
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web.accept import wants_html
from shared.web.edge import running, transaction
from shared.web.forms import Form, blank
from shared.web.menu import PEOPLE
from shared.web.templates import render
from shared.web.words import lang_of

router = APIRouter(include_in_schema=False)


@router.get("/intake/people/{person_id}/never")
async def page(person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("never.read"))]) -> Response:
    actor.require("never.read", actor.relations(person=person_id), person_id)
    return await draw(person_id, request, actor, blank())


async def draw(person_id: UUID, request: Request, actor: Actor, form: Form[Any]) -> Response:
    """What it means stands before the choice: it holds in an emergency too."""
    lang = lang_for(actor, lang_of(request))
    async with transaction(running(request)) as tx:
        async with reaching(tx, own(actor)):
            kept_out = await nevers_of(actor).nevers_of(tx, person_id)
        agencies = {one.id: one.entry.name for one, _ in await directory.list_agencies(tx, limit=AGENCIES)}
        await audit.record(tx, actor, "never.read", person_id, "never", "own")
    if not wants_html(request):
        return JSONResponse({"never": [str(id) for id in kept_out]})
    return render(
        request,
        "never.html",
        status=422 if form.wrong else 200,
        says=NEVER[lang],
        here=never_page(person_id),
        kept_out=[(str(id), agencies.get(id, "?")) for id in kept_out],
        choices=[(str(id), name) for id, name in agencies.items() if id not in kept_out],
        form=form,
        back=shared_page(person_id),
        said={code: words.in_lang(lang) for code, words in NEVER_SAID.items()},
        **frame(actor, PEOPLE),
        lang=lang,
    )
