"""A setback as its named worker sees it. The words are the person's; nobody else at the agency reads them."""

from fastapi import Request
from starlette.responses import Response

from services.caseplan.concepts import SETBACK
from services.caseplan.pages.buttons import buttons
from services.caseplan.pages.frame import MINE, TODAY, frame, page_of
from services.caseplan.pages.happened import thread
from services.caseplan.reading import Sheet, offered
from shared.contracts.setback import Stage
from shared.web import forms, say
from shared.web.parts import Tag
from shared.web.templates import render

FIRST = ("contact", "offer_revision")
QUIETLY = ("withdraw", "nobody_came", "ask_again", "accept_revision", "decline_revision", "not_now", "enough")
NEXT = {
    Stage.REPORTED: "Get in touch. Trying is written down and the clock runs on: only speaking stops it.",
    Stage.OVERDUE: "They were promised somebody, and nobody came in time. Get in touch now; say that we are late.",
    Stage.CONTACTED: "Look at it together: what could help next time? No reasons are asked.",
    Stage.REFLECTED: "If the plan asked too much, offer a lighter one. Yes and no are both fine.",
    Stage.REVISION_OFFERED: "They have a lighter plan before them. The rest is theirs.",
    Stage.RESTING: "It rests until they like to go on.",
    Stage.SUPPORTED: "They have what they wanted for now. The door stays open.",
    Stage.WITHDRAWN: "They took it back. Nobody asks why.",
}


def page(request: Request, sheet: Sheet) -> Response:
    kept = sheet.one(SETBACK)
    setback = kept.state
    if sheet.actor.person is not None:
        return forms.see_other(f"{MINE}#hard", request)
    verbs, back = offered(sheet.actor, SETBACK, kept), f"/caseplan/setbacks/{setback.id}"
    main = next((verb for verb in FIRST if verb in verbs), "")
    due, began = sheet.due(SETBACK, setback.id), sheet.began(SETBACK, setback.id)
    return render(
        request,
        "setback.html",
        whose=setback.person,
        person_url=page_of(setback.person),
        mark=say.due(due, sheet.now, sheet.zone, start=began) if due else Tag("held", setback.stage.label),
        stage=setback.stage.label,
        next=NEXT[setback.stage],
        words=sheet.said(SETBACK, setback.id),
        next_time=sheet.said(SETBACK, setback.id, "next_time"),
        pace=setback.pace.label,
        late=setback.late,
        shared=[sheet.name(sharing.recipient) for sharing in setback.shared],
        often=buttons(sheet, SETBACK, kept, [verb for verb in verbs if verb not in QUIETLY], back=back, main=main),
        rarely=buttons(sheet, SETBACK, kept, [verb for verb in verbs if verb in QUIETLY], back=back),
        plan_url=f"/caseplan/plans/{setback.person}/edit",
        history=thread(sheet, SETBACK.kind, sheet.timeline),
        **frame(sheet.actor, TODAY),
        lang="en",
    )
