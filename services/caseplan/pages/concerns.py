"""A private concern: read by the named worker alone, gone once it is at rest. Whoever raised it learns nothing."""

from fastapi import Request
from starlette.responses import Response

from services.caseplan.concepts import CONCERN
from services.caseplan.pages.buttons import buttons
from services.caseplan.pages.frame import TODAY, frame, page_of
from services.caseplan.pages.happened import thread
from services.caseplan.reading import Sheet, offered
from shared.contracts.setback import ConcernStage
from shared.web import say
from shared.web.parts import Tag
from shared.web.templates import render

NEXT = {
    ConcernStage.RAISED: "Read it, then ask the person how they see it, or set it aside.",
    ConcernStage.READ: "Ask the person how they see it. Only they can make it theirs.",
    ConcernStage.ASKED: "They may make it theirs on their page. If they do not, set it aside.",
    ConcernStage.SET_ASIDE: "Set aside. What it said is gone.",
    ConcernStage.OWNED: "The person says so themselves now. Go on with what they told you.",
}


def page(request: Request, sheet: Sheet) -> Response:
    kept = sheet.one(CONCERN)
    concern, back = kept.state, f"/caseplan/concerns/{kept.state.id}"
    due = sheet.due(CONCERN, concern.id)
    verbs = offered(sheet.actor, CONCERN, kept)
    return render(
        request,
        "concern.html",
        whose=concern.person,
        person_url=page_of(concern.person),
        agency=sheet.name(concern.agency),
        mark=say.due(due, sheet.now, sheet.zone) if due else Tag("stopped", concern.concern_stage.label),
        stage=concern.concern_stage.label,
        next=NEXT[concern.concern_stage],
        words=sheet.said(CONCERN, concern.id),
        acts=buttons(sheet, CONCERN, kept, verbs, back=back, main=verbs[0] if verbs else ""),
        setback=f"/caseplan/setbacks/{concern.setback}" if concern.setback else "",
        history=thread(sheet, CONCERN.kind, sheet.timeline),
        **frame(sheet.actor, TODAY),
        lang="en",
    )
