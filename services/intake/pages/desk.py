"""The privacy desk of an agency: what was opened of its people in emergencies, what was tried, and what it says of it.

From here nothing of anybody's record is reached but their name: who looks at an opening reads what was written, and
talks with whom it is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from services.intake import seals
from services.intake.emergencies import Opening, Verdict
from services.intake.opening import found_of, told_of
from services.intake.pages import incidents
from services.intake.pages.demands import as_json
from services.intake.pages.frame import frame
from services.intake.places import DEMANDS, DESK, OPENINGS, demand_page
from services.intake.staff import agency_of
from services.intake.store import demands, directory, people
from services.intake.store import emergencies as store
from services.intake.store import links as linking
from shared.process import Running
from shared.runtime.errors import NotFound
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.sealing import Erased
from shared.web import say, staff
from shared.web.accept import wants_html
from shared.web.edge import running, transaction
from shared.web.forms import Form, blank
from shared.web.templates import render

router = APIRouter(tags=["desk"])
SAID = {
    "opening-reviewed": "Saved. They read it on their page.",
    "incident-closed": "Saved. They read it on their page.",
}
CAME = {
    "words": "wrote nothing that says what happened",
    "nobody": "found nobody who opens by that name",
    "often": "tried too often within an hour",
}
ELSEWHERE = "Somebody whom {agency} walks with"


@dataclass(frozen=True, slots=True)
class Case:
    """One opening as the desk reads it. `review`: where it says what it found, if that is for this desk to say."""

    id: str
    whom: str
    who: str
    when: str
    why_not_asked: str
    wrote: Mapping[str, str]
    treatment: bool
    verdict: str = ""
    found: str = ""
    by: str = ""
    review: str = ""


@router.get("/intake/desk")
async def desk(request: Request, actor: Annotated[Actor, Depends(allow("desk.read"))]) -> Response:
    """What waits for a look stands first. Whose people they are sees their names; whose worker it was does not."""
    return await page(request, actor)


async def page(request: Request, actor: Actor, typed: Form[Any] | None = None, about: UUID | None = None) -> Response:
    """`typed`: what was found `about` one opening and has something to mend."""
    actor.require("desk.read", actor.relations(agency=actor.agency))
    here, agency = running(request), agency_of(actor)
    async with transaction(here) as tx:
        rows, tries = await store.openings_at(tx, agency), await store.refused_tries(tx, agency)
        own = {row.opening.person for row in rows if row.opening.home == agency}
        asked = await demands.demands_at(tx, agency)
        mixed = await linking.incidents_at(tx, agency)
        known = await _known(tx, own | {row.demand.person for row in asked})
        home, now = await directory.find_agency(tx, agency), await people.now(tx)
        two = [(row.opening.home, row.opening.agency) for row in rows] + [(one.home, one.agency) for one in tries]
        names = await directory.agency_names(tx, [id for both in two for id in both])
        seen = own | {row.whom for row in asked if row.whom}
        await audit.record_many(tx, actor, "desk.read", seen, "desk", "oversight")
    if not wants_html(request):
        return JSONResponse({"openings": [_json(row) for row in rows], "demands": [as_json(row) for row in asked]})
    called = await seals.names_of(here.keys, known)
    zone = ZoneInfo(home.entry.calendar.timezone)
    of = {row.opening.worker for row in rows} | {one.worker for one in tries}
    named = await staff.known(here, actor, of | {row.opening.reviewed_by for row in rows})
    cases = [await _case(here, actor, row, called, named, names, now, zone) for row in rows]
    words = {str(about): typed} if typed else {}
    return render(
        request,
        "desk.html",
        status=422 if typed else 200,
        words={case.id: words.get(case.id, blank(f"{case.id}-")) for case in cases},
        mend=typed or blank(),
        demands=[_demand(row, called, zone) for row in asked],
        new_demand=f"{DEMANDS}/new",
        mixed=incidents.at_desk(mixed, zone),
        waiting=[case for case in cases if not case.verdict],
        looked_at=[case for case in cases if case.verdict],
        tries=[_tried(one, named, names, now, zone) for one in tries],
        verdicts=[(one.value, one.label) for one in Verdict],
        said=SAID,
        **frame(actor, DESK),
        lang="en",
    )


async def _known(tx: Connection, whom: set[UUID]) -> list[people.Row]:
    """Those who are still this agency's."""
    found = []
    for id in sorted(whom):
        try:
            found.append(await people.find_person(tx, id))
        except (NotFound, Erased):
            continue
    return found


async def _case(
    here: Running,
    actor: Actor,
    row: store.Row,
    called: Mapping[UUID, str],
    named: staff.Staff,
    names: Mapping[UUID, str],
    now: datetime,
    zone: ZoneInfo,
) -> Case:
    opening, own = row.opening, row.opening.home == actor.agency
    whom = called.get(opening.person, seals.UNKNOWN) if own else ELSEWHERE.format(agency=names.get(opening.home, "?"))
    by = ""
    if opening.reviewed_at:
        by = f"{named.name(opening.reviewed_by, 'Somebody')}, {say.moment(opening.reviewed_at, now, zone)}"
    return Case(
        str(opening.id),
        whom,
        f"{named.name(opening.worker, 'Somebody')} at {names.get(opening.agency, '?')}",
        say.moment(opening.opened_at, now, zone),
        opening.cannot.label,
        await told_of(here.keys, row) if own else {},
        opening.treatment,
        _verdict(opening, own=own),
        await found_of(here.keys, row) if own else "",
        by,
        _review(actor, opening),
    )


def _verdict(opening: Opening, *, own: bool) -> str:
    if opening.verdict is not None:
        return opening.verdict.label
    return "" if own else "Their agency has not said yet"


def _review(actor: Actor, opening: Opening) -> str:
    """Where this desk says what it found: of its own people, and of nothing that its reader opened themselves."""
    if opening.verdict is not None or opening.worker == actor.id:
        return ""
    mine = actor.may("desk.review", actor.relations(agency=opening.home))
    return f"{OPENINGS}/{opening.id}/review" if mine else ""


def _demand(row: demands.Row, called: Mapping[UUID, str], zone: ZoneInfo) -> dict[str, str]:
    demand = row.demand
    state = f"Counsel decided: {demand.answer.label.lower()}" if demand.answer else "Counsel has not decided"
    return {
        "url": demand_page(demand.id),
        "whom": called.get(demand.person, seals.UNKNOWN),
        "paper": demand.paper.label,
        "state": state,
        "due": say.on_date(demand.due_on, row.now.astimezone(zone).date()),
        "quiet": "" if demand.may_be_told(row.today) else "They may not be told yet.",
    }


def _tried(one: store.Try, named: staff.Staff, names: Mapping[UUID, str], now: datetime, zone: ZoneInfo) -> str:
    who = f"{named.name(one.worker, 'Somebody')} at {names.get(one.agency, '?')}"
    asked = names.get(one.home, "?")
    return f"{who} {CAME[one.came]}, and asked for a person of {asked}: {say.moment(one.at, now, zone)}."


def _json(row: store.Row) -> dict[str, Any]:
    opening = row.opening
    return {
        "id": str(opening.id),
        "home": str(opening.home),
        "agency": str(opening.agency),
        "worker": str(opening.worker),
        "opened_at": opening.opened_at.isoformat(),
        "until": opening.ends_at.isoformat(),
        "treatment": opening.treatment,
        "verdict": opening.verdict.value if opening.verdict else None,
    }
