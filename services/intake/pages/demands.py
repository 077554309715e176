"""The pages of a legal demand: what came, and what counsel decided. The record itself stands on neither."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection
from fastapi import Request
from starlette.responses import JSONResponse, Response

from services.intake import places, seals
from services.intake.demands import PART_2, Answer, Paper
from services.intake.pages.frame import frame
from services.intake.places import DEMANDS, DESK
from services.intake.store import directory, erasures, people
from services.intake.store.demands import Row
from services.intake.words import CATEGORIES
from shared.process import Running
from shared.runtime.errors import Invalid, NotFound
from shared.security.identity import Actor
from shared.security.sealing import Compartment, Erased, Tampered, open_sealed
from shared.web import say, staff
from shared.web.accept import wants_html
from shared.web.edge import running
from shared.web.forms import Form
from shared.web.templates import render

TOLD = (Compartment.IDENTITY, "demand.told")
ORDERED = (Compartment.IDENTITY, "demand.ordered")
DECIDED = (Compartment.IDENTITY, "demand.decided")
SAID = {
    "demand-recorded": "Written down. Nothing of theirs is erased meanwhile. Now tell counsel.",
    "order-recorded": "Written down.",
    "demand-decided": "Written down.",
}
SCOPE = {  # as counsel reads it
    "referral": "Their referrals",
    "contact": "Ways to reach them",
    "portrait": "Who they are, as they told it",
    "needs": "What would help them",
    "plan": "Plan",
    "promise": "Promises",
    "setback": "What got hard",
    "health": "Health",
    "mental_health": "Mental health",
    "substance_use": "Drugs or alcohol",
    "supervision": "Probation or parole",
}


@dataclass(frozen=True, slots=True)
class About:
    """What stands around a demand, read with it: whose record, whose agency, what holds."""

    person: people.Row | None
    home: directory.Agency
    hold_until: date | None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.home.entry.calendar.timezone)


def not_found() -> Invalid:
    return Invalid(
        "name",
        "Nobody whom your agency walks with goes by exactly this name, or several do. Write the whole name, or begin "
        "on their page, under “Have it all erased”.",
    )


async def about(tx: Connection, row: Row) -> About:
    try:
        person: people.Row | None = await people.find_person(tx, row.demand.person)
    except (NotFound, Erased):
        person = None
    home = await directory.find_agency(tx, row.demand.agency)
    holds = {hold.id: hold.until for hold in await erasures.holds_of(tx, row.demand.person)}
    return About(person, home, holds.get(row.demand.hold))


def form_page(request: Request, actor: Actor, form: Form[Any]) -> Response:
    """What not to do stands first: it is what people do at the door. No name: a look at one would be told to them, and
    an order may forbid that."""
    return render(
        request,
        "demand_new.html",
        status=422 if form.wrong else 200,
        form=form,
        papers=[(one.value, one.label) for one in Paper],
        explained=[(one.label, one.explanation) for one in Paper],
        action=DEMANDS,
        **frame(actor, DESK),
        lang="en",
    )


async def opened(here: Running, row: Row) -> dict[str, dict[str, str]]:
    """What is sealed of it; empty where it is gone."""
    person = row.demand.person
    parts = {"told": (row.told, TOLD), "decided": (row.decided, DECIDED)}
    found: dict[str, dict[str, str]] = {name: {} for name in parts}
    try:
        for name, (sealed, field) in parts.items():
            if sealed:
                found[name] = json.loads(await open_sealed(here.keys, person, *field, sealed))
        if row.ordered:
            found["ordered"] = {"court": await open_sealed(here.keys, person, *ORDERED, row.ordered)}
    except (Erased, Tampered):
        return {name: {} for name in parts}
    return found


async def demand_page(
    request: Request, actor: Actor, row: Row, of: About, order: Form[Any], decision: Form[Any]
) -> Response:
    here, demand, zone = running(request), row.demand, of.zone
    if not wants_html(request):
        return JSONResponse(as_json(row))
    today = row.now.astimezone(zone).date()
    words = await opened(here, row)
    named = await staff.known(here, actor, {row.recorded_by, row.decided_by})
    ties = actor.relations(agency=demand.agency)
    may_decide = actor.may("demand.decide", ties) and demand.answer in (None, Answer.OBJECT)
    hold = f"/intake/holds/{demand.hold}/lift" if of.hold_until and actor.may("hold.set", ties) else ""
    return render(
        request,
        "demand.html",
        status=422 if order.wrong or decision.wrong else 200,
        demand=demand,
        name=await seals.name_of(here.keys, of.person) if of.person else seals.UNKNOWN,
        words=words,
        due=say.on_date(demand.due_on, today),
        held=say.on_date(of.hold_until, today) if of.hold_until else "",
        lift=hold,
        told=_told(row, today, zone),
        ordered=say.on_date(demand.ordered_on, today) if demand.ordered_on else "",
        recorded=_by(named, row.recorded_by, demand.recorded_at, row, zone),
        decided=_by(named, row.decided_by, demand.decided_at, row, zone),
        given=[SCOPE[code] for code in demand.scope if code in SCOPE],
        may_decide=may_decide,
        answers=[(one.value, one.label) for one in Answer],
        explained=" ".join(f"{one.label}: {one.explanation}" for one in Answer),
        scope=[(code, SCOPE[code]) for code in CATEGORIES if code != PART_2 or demand.ordered_on],
        is_shut=demand.ordered_on is None,
        order=order,
        decision=decision,
        here=places.demand_page(demand.id),
        back=DESK,
        said=SAID,
        **frame(actor, DESK),
        lang="en",
    )


def _by(named: staff.Staff, who: UUID | None, at: datetime | None, row: Row, zone: ZoneInfo) -> str:
    return f"{named.name(who, 'Somebody')}, {say.moment(at, row.now, zone)}" if at else ""


def _told(row: Row, today: date, zone: ZoneInfo) -> str:
    demand = row.demand
    if demand.said_at is not None:
        return f"They were told {say.moment(demand.said_at, row.now, zone)}, and see it on their page."
    if demand.told_from is not None and not demand.may_be_told(row.today):
        day = say.on_date(demand.told_from, today)
        return f"An order forbids telling them before {day}. Say nothing; that day it stands on their page by itself."
    return "They are being told."


def as_json(row: Row) -> dict[str, Any]:
    """As programs are told of it: codes and days, not a word of what came."""
    demand = row.demand
    return {
        "id": str(demand.id),
        "agency": str(demand.agency),
        "paper": demand.paper.value,
        "due_on": demand.due_on.isoformat(),
        "told_from": demand.told_from.isoformat() if demand.told_from else None,
        "part2_order": demand.ordered_on is not None,
        "decision": demand.answer.value if demand.answer else None,
        "scope": list(demand.scope),
    }
