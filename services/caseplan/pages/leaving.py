"""What somebody still holds: one button a group, and a clear end."""

from fastapi import Request
from starlette.responses import Response

from services.caseplan.leaving import Leaving
from services.caseplan.pages.frame import TODAY, frame
from shared.security.identity import Actor
from shared.web import say
from shared.web.templates import render


def page(request: Request, actor: Actor, found: Leaving) -> Response:
    held = found.held
    others = held.work + held.days
    return render(
        request,
        "leaving.html",
        name=found.name,
        has_left=found.has_left,
        held=held,
        people=say.many(held.people, "person", "people"),
        promises=say.many(held.promises, "promise", "promises"),
        others=say.many(others, "thing", "things") if others else "",
        colleagues=[(str(id), name) for id, name in found.colleagues],
        here=f"/caseplan/leaving/{found.worker}",
        hand_people=f"/intake/accounts/{found.worker}/hand-over",
        **frame(actor, TODAY),
        lang="en",
    )
