"""Having it all erased: what happens, what ends and what stays, read before anything is asked; then how far it is.

The same words for the person and for the worker who reads them aloud; what a worker may do stands beside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Annotated
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from services.intake import words
from services.intake.erasure_words import ERASURE
from services.intake.erasures import Identity, Stage
from services.intake.holds import Because
from services.intake.pages.frame import about, frame, lang_for
from services.intake.pages.shared import ties, when_due, zone_of
from services.intake.places import erasure_page, shared_page
from services.intake.pretending import erasures_of, own
from services.intake.says import SAID, SHARED
from services.intake.store import directory, people
from services.intake.store import erasures as store
from services.intake.told import erasure_json
from shared.runtime.database import reaching
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import say
from shared.web.accept import wants_html
from shared.web.edge import running, transaction
from shared.web.forms import blank
from shared.web.menu import PEOPLE
from shared.web.parts import Bead
from shared.web.templates import render
from shared.web.words import Lang, lang_of

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a law keeps, in a sentence; `lift` is where its own agency says that it no longer does."""

    line: str
    lift: str = ""


@router.get("/intake/people/{person_id}/erasure")
async def page(person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("erasure.read"))]) -> Response:
    """What it means, how far it is, and what can be done now."""
    lang = lang_for(actor, lang_of(request))
    async with transaction(running(request)) as tx:
        relations = await ties(tx, actor, person_id)
        actor.require("erasure.read", relations, person_id)
        async with reaching(tx, own(actor)):
            row = await erasures_of(actor).find(tx, person_id)
        zone, now = await zone_of(tx, person_id), await people.now(tx)
        kept = await _kept(tx, actor, person_id, now, zone, lang)
        why = "own" if actor.person else "erasure"
        await audit.record(tx, actor, "erasure.read", person_id, f"erasure/{person_id}", why)
    if not wants_html(request):
        return JSONResponse(erasure_json(row) if row else {"person": str(person_id), "stage": None})
    stage = row.erasure.stage if row else None
    says = ERASURE[lang]
    return render(
        request,
        "erasure.html",
        says=says,
        how=SHARED[lang],
        lead=about(actor, relations, person_id, says["lead"] if actor.person else SHARED[lang]["staff_lead"]),
        said=SAID[lang],
        here=erasure_page(person_id),
        person=person_id,
        kept=kept,
        is_asked=stage is Stage.ASKED,
        is_set=stage is Stage.SET,
        was_taken_back=stage is Stage.TAKEN_BACK,
        asked=when_asked(row, now, zone, lang) if row else "",
        due=when_due(row, now, zone, lang),
        beads=_beads(says, stage),
        may_ask=actor.may("erasure.ask", relations),
        may_confirm=actor.may("erasure.confirm", relations),
        may_hold=actor.may("hold.set", relations),
        identities=[(one.value, one.label) for one in Identity],
        laws=[(one.value, one.label) for one in Because],
        form=blank(),
        back=shared_page(person_id),
        **frame(actor, PEOPLE),
        lang=lang,
    )


async def _kept(tx: Connection, actor: Actor, person: UUID, now: datetime, zone: tzinfo, lang: Lang) -> list[Kept]:
    utc, today = now.date(), now.astimezone(zone).date()
    # What an order forbids to tell them stands on no page that is read to them: the desk alone has it.
    held = [one for one in await store.holds_of(tx, person) if one.told_from is None or one.told_from <= utc]
    names = await directory.agency_names(tx, [hold.agency for hold in held])
    return [
        Kept(
            ERASURE[lang]["kept"].format(
                agency=names.get(hold.agency, "?"),
                day=say.on_date(hold.until, today, lang),
                law=words.LAWS[hold.because].in_lang(lang),
            ),
            f"/intake/holds/{hold.id}/lift" if actor.may("hold.set", actor.relations(agency=hold.agency)) else "",
        )
        for hold in held
    ]


def _beads(says: Mapping[str, str], stage: Stage | None) -> list[Bead]:
    """The four steps, with where it stands now."""
    at = {Stage.ASKED: 0, Stage.SET: 1}.get(stage, -1) if stage else -1
    return [
        Bead(says[name], "now" if number == at else "kept" if number < at else "", ahead=number > at)
        for number, name in enumerate(("known", "week", "gone", "backups"))
    ]


def when_asked(row: store.Row, now: datetime, zone: tzinfo, lang: Lang) -> str:
    return ERASURE[lang]["asked"].format(when=say.moment(row.asked_at, now, zone, lang))
