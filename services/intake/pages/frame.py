"""What stands around intake's pages: the staff bar, the person's own page, or neither for who is not signed in."""

from typing import Any

from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.web.menu import bar
from shared.web.words import Lang


def frame(actor: Actor, current: str = "") -> dict[str, Any]:
    """The context of a page for `actor`: its layout, and the bar where it has one."""
    if actor.role is Role.PERSON:
        return {"layout": "layout_mine.html", "bar": bar(actor), "is_own": True}
    if actor.role is Role.ANYONE:
        return {"layout": "layout_plain.html", "bar": bar(actor), "is_own": False}
    return {"layout": "layout.html", "bar": bar(actor, current), "is_own": False}


def lang_for(actor: Actor, lang: Lang) -> Lang:
    """Staff pages speak English; the person's and the open ones speak the reader's language."""
    return lang if actor.role in (Role.PERSON, Role.ANYONE) else "en"
