"""Where a worker of any agency that knows somebody writes down that they said stop.

It shows what that worker's own agency tells or hears, and "everything": what else is shared is nobody's to see here.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.intake.pages.consents import LIVE
from services.intake.pages.frame import about, frame
from services.intake.pages.shared import ties, what_of
from services.intake.places import page_of, stop_page
from services.intake.says import SHARED
from services.intake.says_consent import STOP
from services.intake.store import consents as store
from services.intake.store import directory, people
from shared.runtime.errors import NotFound
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.permissions import Relation
from shared.security.signin import LANDING
from shared.web.edge import running, transaction
from shared.web.forms import Form, blank
from shared.web.menu import PEOPLE
from shared.web.templates import render

router = APIRouter(include_in_schema=False)


@router.get("/intake/people/{person_id}/stop")
async def page(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("consent.revoke"))]
) -> Response:
    return await draw(request, actor, person_id, blank())


async def draw(request: Request, actor: Actor, person_id: UUID, form: Form[Any]) -> Response:
    """With what to mend beside what was chosen, where the form comes back."""
    async with transaction(running(request)) as tx:
        if actor.person is not None or not await store.is_known_to(tx, person_id, actor.agency, actor.id):
            raise NotFound("person", person_id)
        home = (await people.find_person(tx, person_id)).person.agency
        live = [row.consent for row in await store.consents_of(tx, person_id) if row.consent.stage in LIVE]
        theirs = [one for one in live if actor.agency in (home, one.terms.recipient, one.terms.discloser)]
        names = await directory.agency_names(tx, [one.terms.recipient for one in theirs])
        tied = await ties(tx, actor, person_id) or {Relation.RECEIVING_AGENCY}
        await audit.record(tx, actor, "consent.revoke", person_id, "form", "consent")
    which = [
        (
            str(one.id),
            STOP["one"].format(agency=names[one.terms.recipient], what=what_of(one.terms.categories, "en")),
        )
        for one in theirs
    ]
    spoken = [(code, SHARED["en"][code]) for code in ("in_person", "by_phone", "sms")]
    return render(
        request,
        "stop.html",
        status=422 if form.wrong else 200,
        says=STOP,
        lead=about(actor, tied, person_id, STOP["lead"]),
        here=stop_page(person_id),
        which=[("all", STOP["all"]), *which],
        how=[*spoken, ("paper", STOP["on_paper"])],
        form=form,
        back=page_of(person_id, actor) if actor.agency == home else LANDING[actor.role],
        **frame(actor, PEOPLE),
    )
