"""A person as their worker sees them: plan, our promises, referrals, one timeline. The watcher is watched."""

from typing import Any

from asyncpg import Record
from fastapi import Request
from starlette.responses import Response

from services.caseplan.concepts import PLAN, PROMISE, REFERRAL, SETBACK
from services.caseplan.creating import around
from services.caseplan.pages import asks, plans
from services.caseplan.pages.frame import PEOPLE, frame, page_of
from services.caseplan.pages.happened import bead, without_drafts
from services.caseplan.pages.promises import came_of, note
from services.caseplan.pages.times import until
from services.caseplan.reading import Sheet
from services.caseplan.store import Kept
from services.caseplan.written import CONTACT
from shared.security.covers import Standing
from shared.web import say
from shared.web.parts import Act, Bead, Tag
from shared.web.parts import Kept as Line
from shared.web.templates import render

LINKS = {"referral": "/caseplan/referrals/{}", "setback": "/caseplan/setbacks/{}", "promise": "/caseplan/promises/{}"}


def page(request: Request, sheet: Sheet) -> Response:
    person = sheet.person
    assert person is not None, "the sheet of a person"
    here, actor = page_of(person.id), sheet.actor
    ties = around(actor, person)
    kept = next(iter(sheet.of(PLAN)), None)
    refer = Act("Ask a program", f"/caseplan/referrals/new?person={person.id}")
    return render(
        request,
        "person.html",
        person=person.id,
        whose=person.id,
        plan=plans.parts(sheet, kept, here, main="") if kept else None,
        ledger=[(_line(sheet, one), f"/caseplan/promises/{one.state.id}") for one in sheet.of(PROMISE)],
        referrals=[_referral(sheet, one) for one in sheet.of(REFERRAL) if REFERRAL.is_open(one.state)],
        over=[_referral(sheet, one) for one in sheet.of(REFERRAL) if not REFERRAL.is_open(one.state)],
        setbacks=[_setback(sheet, one) for one in sheet.of(SETBACK) if one.state.stage != "withdrawn"],
        timeline=[_bead(sheet, row) for row in without_drafts(sheet.timeline)],
        as_of=say.as_of(sheet.now, sheet.zone),
        is_named=actor.stands_for(person.worker),
        worker=sheet.staff.name(person.worker, "Nobody yet"),
        cover=[_covers(sheet, one) for one in sheet.cover],
        may_refer=actor.may("referral.send", ties),
        refer=refer,
        may_promise=actor.may("promise.make", ties),
        may_worry=actor.may("concern.raise", ties) and not actor.stands_for(person.worker),
        **frame(actor, PEOPLE),
        lang="en",
    )


def _covers(sheet: Sheet, one: Standing) -> str:
    who = sheet.staff.name(one.covering, "A colleague")
    return f"{who} covers until {until(sheet, one.last)}."


def _bead(sheet: Sheet, row: Record) -> Bead:
    """A line of the timeline: of a referral with its program, of a promise or a contact with what was written."""
    programs = {kept.state.id: kept.state.program for kept in sheet.of(REFERRAL)}
    title = sheet.name(programs[row["id"]], "A referral") if row["id"] in programs else ""
    note = sheet.words.get((CONTACT, row["id"]), {}).get("words", "")
    if promised := sheet.promised(row["id"]):
        note = f"“{promised}”"
    return bead(sheet, row, title=title, note=note, url=LINKS.get(row["kind"], "").format(row["id"]))


def _line(sheet: Sheet, kept: Kept) -> Line:
    promise = kept.state
    by = f"{sheet.staff.name(promise.worker, 'Staff')}. By {say.moment(promise.due, sheet.now, sheet.zone)}."
    return Line(sheet.promised(promise.id) or "A promise", by, came_of(sheet, kept), note(sheet, kept))


def _referral(sheet: Sheet, kept: Kept) -> dict[str, Any]:
    return {
        "url": f"/caseplan/referrals/{kept.state.id}",
        "id": kept.state.id,
        "title": asks.title_of(sheet, kept),
        "status": asks.chip(sheet, kept),
        "beads": asks.across(sheet, kept),
        "quiet": asks.if_quiet(sheet, kept),
        "stage": kept.state.stage.label,
    }


def _setback(sheet: Sheet, kept: Kept) -> dict[str, Any]:
    due = sheet.due(SETBACK, kept.state.id)
    began = sheet.began(SETBACK, kept.state.id)
    status = say.due(due, sheet.now, sheet.zone, start=began) if due else Tag("held", kept.state.stage.label)
    title = f"They told us {say.moment(kept.made_at, sheet.now, sheet.zone)}"
    return {"url": f"/caseplan/setbacks/{kept.state.id}", "status": status, "title": title}
