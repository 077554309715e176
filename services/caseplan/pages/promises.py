"""A promise: what we said, what came of it. Ours alone: what a person means to do is nobody's to measure."""

from fastapi import Request
from starlette.responses import Response

from services.caseplan.concepts import PROMISE
from services.caseplan.pages.buttons import button
from services.caseplan.pages.frame import MINE, TODAY, frame, page_of
from services.caseplan.pages.happened import thread
from services.caseplan.pages.times import due_chip
from services.caseplan.promises import Promise
from services.caseplan.reading import Sheet, offered
from services.caseplan.store import Kept
from shared.contracts.promise import Stage
from shared.web import forms, say
from shared.web.parts import Act, Tag
from shared.web.say import Chip
from shared.web.templates import render

NEXT = {
    Stage.MADE: "Do it, or ask for another time before it is due.",
    Stage.MOVING: "The old time holds until they say yes to the other one.",
    Stage.OVERDUE: "Its time is over. Say how it went before they have to.",
    Stage.KEPT: "Kept. If they say otherwise, their word counts.",
    Stage.BROKEN: "Not done in time. Own up, and say what you do about it now: a new promise mends it.",
    Stage.RELEASED: "They do not need it any more.",
}


def came_of(sheet: Sheet, kept: Kept) -> Tag | Chip:
    """What came of it, in a shape and a word."""
    promise = kept.state
    match promise.stage:
        case Stage.KEPT:
            return Tag("late", "Our word was late") if promise.late else Tag("kept", "Kept")
        case Stage.BROKEN:
            return Tag("late", "Our word was late")
        case Stage.RELEASED:
            return Tag("moved", "Not needed any more")
        case Stage.MOVING:
            return Tag("waits", "Another time?")
        case _:
            return due_chip(sheet, promise.due, kept.made_at)


def note(sheet: Sheet, kept: Kept) -> str:
    promise = kept.state
    match promise.stage:
        case Stage.KEPT if promise.late:
            return "It came late." + (" They say so too." if promise.by_person else "")
        case Stage.KEPT:
            return "They say so too." if promise.by_person else ""
        case Stage.BROKEN if promise.admitted:
            return "We said so before they had to."
        case Stage.BROKEN if promise.by_person:
            return "They told us."
        case Stage.MOVING:
            return f"Asked for: {say.moment(promise.asked_due, sheet.now, sheet.zone)}."
        case _:
            return ""


def _keeper(sheet: Sheet, promise: Promise) -> str:
    keeps = sheet.staff.name(promise.worker, "Staff")
    return f"{keeps}, given by {sheet.staff.name(promise.gave, 'a colleague')}" if promise.gave else keeps


def page(request: Request, sheet: Sheet) -> Response:
    kept = sheet.one(PROMISE)
    promise, back = kept.state, f"/caseplan/promises/{kept.state.id}"
    if sheet.actor.person is not None:
        return forms.see_other(f"{MINE}#promises", request)
    return render(
        request,
        "promise.html",
        whose=promise.person,
        person_url=page_of(promise.person),
        words=sheet.promised(promise.id) or "A promise.",
        who=_keeper(sheet, promise),
        agency=sheet.name(promise.agency),
        by=say.moment(promise.due, sheet.now, sheet.zone),
        mark=came_of(sheet, kept),
        note=note(sheet, kept),
        next=NEXT[promise.stage],
        acts=acts_for(sheet, kept, back),
        history=thread(sheet, PROMISE.kind, sheet.timeline),
        **frame(sheet.actor, TODAY),
        lang="en",
    )


def acts_for(sheet: Sheet, kept: Kept, back: str) -> list[Act]:
    promise, acts = kept.state, []
    for verb in offered(sheet.actor, PROMISE, kept):
        if verb == "keep" and promise.was_due:
            acts.append(button(sheet, PROMISE, kept, "keep", back=back, words="It is done, late", late="true"))
        elif verb != "admit" or promise.admitted is None:
            acts.append(button(sheet, PROMISE, kept, verb, back=back, main=verb == "keep"))
    is_mine = sheet.actor.stands_for(promise.worker)
    if is_mine and promise.stage is Stage.BROKEN:
        where = f"/caseplan/promises/new?person={promise.person}&mends={promise.id}&back={back}"
        acts.append(Act("Promise something that mends it", where, main=promise.admitted is not None))
    return acts
