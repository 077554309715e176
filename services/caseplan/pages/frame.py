"""What stands around caseplan's pages: the staff bar, or the person's own page. And who is who, in public words."""

from typing import Any
from uuid import UUID

from fastapi import Request

from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.web.menu import bar
from shared.web.names import named
from shared.web.words import Lang, lang_of

TODAY = "/caseplan/today"
PEOPLE = "/intake/people"
MINE = "/caseplan/me"
SAID = {
    "saved": "Saved.",
    "contact-saved": "Saved. They can read it on their page.",
    "promise-made": "Saved. They can see this promise on their page.",
    "referral-sent": "Sent. They see where it stands on their page.",
    "referral-open": "There is one to this program already: this one.",
    "concern-told": "Told. It went to their worker alone.",
    "handed-over": "Handed over. The people it is about see it on their page.",
    "plan-suggested": "Saved. They see it on their page and say yes or not now.",
}


def frame(actor: Actor, current: str = "") -> dict[str, Any]:
    """The context of a page for `actor`: its layout, and the bar where it has one."""
    is_own = actor.role is Role.PERSON
    return {
        "layout": "layout_mine.html" if is_own else "layout.html",
        "bar": bar(actor, current),
        "is_own": is_own,
        "said": SAID,
        "named": named,
    }


def lang_for(request: Request, actor: Actor) -> Lang:
    """Staff pages speak English; the person's own speak their language."""
    return lang_of(request) if actor.role is Role.PERSON else "en"


def page_of(person: UUID) -> str:
    return f"/caseplan/people/{person}"
