"""The page of an incident: two records were linked and are two people's; who saw what because of it."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection, Record
from fastapi import Request
from starlette.responses import JSONResponse, Response

from services.intake import seals
from services.intake.links import Patience
from services.intake.pages.frame import frame
from services.intake.places import DESK, incident_page
from services.intake.store import directory, people
from services.intake.store.links import Incident
from shared.process import Running
from shared.runtime.errors import NotFound
from shared.security.identity import Actor
from shared.security.sealing import Compartment, Erased, Keys, open_sealed
from shared.web import say, staff
from shared.web.accept import wants_html
from shared.web.disclosures_words import WHAT
from shared.web.edge import running, transaction
from shared.web.forms import Form
from shared.web.templates import render
from shared.web.words import Lang

FOUND = (Compartment.IDENTITY, "incident.found")
PATIENCE = Patience()
SAW: dict[Lang, str] = {"en": "{agency} saw {what}: {when}.", "es": "{agency} vio {what}: {when}."}


async def found_of(keys: Keys, person: UUID, sealed: bytes | None) -> str:
    try:
        return await open_sealed(keys, person, *FOUND, sealed) if sealed else ""
    except Erased:
        return ""


async def lines(
    here: Running, person: UUID, shown: str | Sequence[dict[str, str]], now: datetime, zone: tzinfo, lang: Lang
) -> list[str]:
    """What was seen of this person's record, in their words. What was seen of the other's is the other's to read."""
    kept = json.loads(shown) if isinstance(shown, str) else shown
    rows = [one for one in kept if one["person"] == str(person)]
    async with transaction(here) as tx:
        names = await directory.agency_names(tx, {UUID(one["agency"]) for one in rows})
    return [
        SAW[lang].format(
            agency=names.get(UUID(one["agency"]), "?"),
            what=WHAT[one["what"]].in_lang(lang),
            when=say.moment(datetime.fromisoformat(one["at"]), now, zone, lang),
        )
        for one in rows
        if one["what"] in WHAT
    ]


async def page(request: Request, actor: Actor, incident: Incident, form: Form[Any]) -> Response:
    here = running(request)
    if not wants_html(request):
        return JSONResponse(as_json(incident))
    async with transaction(here) as tx:
        home = await directory.find_agency(tx, incident.agency)
        names = await directory.agency_names(tx, {incident.other})
        person = await _person(tx, incident.person)
    zone = ZoneInfo(home.entry.calendar.timezone)
    named = await staff.known(here, actor, {incident.closed_by})

    def at(when: datetime | None) -> str:
        return say.moment(when or incident.now, incident.now, zone)

    return render(
        request,
        "incident.html",
        status=422 if form.wrong else 200,
        name=await seals.name_of(here.keys, person) if person else seals.UNKNOWN,
        other=names.get(incident.other, "") if incident.other and incident.other != incident.agency else "",
        linked=at(incident.linked_at),
        ended=at(incident.opened_at),
        due=at(incident.opened_at + timedelta(days=PATIENCE.look_days)),
        late=incident.late and incident.closed_at is None,
        shown=await lines(here, incident.person, incident.shown, incident.now, zone, "en"),
        ours=sum(one["person"] != str(incident.person) for one in incident.shown),
        found=await found_of(here.keys, incident.person, incident.found),
        closed=f"{named.name(incident.closed_by, 'Somebody')}, {at(incident.closed_at)}" if incident.closed_at else "",
        form=form,
        action=f"{incident_page(incident.id)}/close",
        back=DESK,
        **frame(actor, DESK),
        lang="en",
    )


async def _person(tx: Connection, id: UUID) -> people.Row | None:
    try:
        return await people.find_person(tx, id)
    except (NotFound, Erased):
        return None


def at_desk(rows: Sequence[Record], zone: ZoneInfo) -> list[dict[str, Any]]:
    """What stands on the desk of those that are open, or were closed lately."""
    return [
        {
            "url": incident_page(row["id"]),
            "late": row["late"] and row["closed_at"] is None,
            "open": row["closed_at"] is None,
            "when": say.moment(row["opened_at"], row["now"], zone),
            "due": say.moment(row["opened_at"] + timedelta(days=PATIENCE.look_days), row["now"], zone),
        }
        for row in rows
    ]


def as_json(incident: Incident) -> dict[str, Any]:
    return {
        "id": str(incident.id),
        "opened_at": incident.opened_at.isoformat(),
        "late": incident.late,
        "closed": incident.closed_at is not None,
        "shown": [one for one in incident.shown if one["person"] == str(incident.person)],
    }
