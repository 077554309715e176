"""Who was told what of somebody, as one sheet: the account that the law lets them ask for, without asking."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.intake.pages.frame import frame, lang_for
from services.intake.pages.shared import zone_of
from services.intake.places import shared_page
from services.intake.store import people
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import say
from shared.web.disclosures import parts
from shared.web.disclosures_words import PAGE
from shared.web.edge import running, transaction
from shared.web.menu import PEOPLE
from shared.web.templates import render
from shared.web.words import lang_of

router = APIRouter(include_in_schema=False)


@router.get("/intake/people/{person_id}/told")
async def whole(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("disclosures.read"))]
) -> Response:
    lang = lang_for(actor, lang_of(request))
    actor.require("disclosures.read", actor.relations(person=person_id), person_id)
    async with transaction(running(request)) as tx:
        zone, now = await zone_of(tx, person_id), await people.now(tx)
        why = "own" if actor.person else "oversight"
        await audit.record(tx, actor, "disclosures.read", person_id, "disclosures", why)
    return render(
        request,
        "told.html",
        says=PAGE[lang],
        as_of=say.as_of(now, zone, lang),
        told=parts(person_id, lang),
        back=shared_page(person_id),
        **frame(actor, PEOPLE),
        lang=lang,
    )
