"""What stands around intake's pages: the staff bar, the person's own page, or neither for who is not signed in."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from markupsafe import Markup

from services.intake.places import page_of
from shared.security.identity import Actor
from shared.security.permissions import Relation, Role, may
from shared.web.menu import bar
from shared.web.names import named
from shared.web.words import Lang


def frame(actor: Actor, current: str = "") -> dict[str, Any]:
    """The context of a page for `actor`: its layout, and the bar where it has one. Whoever is not signed in may be
    looking for shelter on a shared phone: they have the way out too, and a title that tells nothing."""
    if actor.role in (Role.PERSON, Role.ANYONE):
        return {"layout": "layout_mine.html", "bar": bar(actor), "is_own": actor.role is Role.PERSON}
    return {"layout": "layout.html", "bar": bar(actor, current), "is_own": False}


def about(actor: Actor, ties: Iterable[Relation], person: UUID, lead: str) -> str:
    """What stands under a heading for staff: whose page it is, so that nobody acts on the wrong one."""
    if actor.person or not may(actor, "person.name", ties):
        return lead
    who = named(person, "this person")
    if set(ties) != {Relation.RECEIVING_AGENCY}:  # which has no page of theirs
        who = Markup('<a href="{}">{}</a>').format(page_of(person, actor), who)
    return Markup("About {}. {}").format(who, lead)


def lang_for(actor: Actor, lang: Lang) -> Lang:
    """Staff pages speak English; the person's and the open ones speak the reader's language."""
    return lang if actor.role in (Role.PERSON, Role.ANYONE) else "en"
