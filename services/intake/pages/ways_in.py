"""How somebody signs in, for who walks with them: where it stands, a new link, a lost phone, a number that is held."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.intake import staff
from services.intake.pages.frame import about, frame
from services.intake.pages.shared import zone_of
from services.intake.places import page_of, way_in_page
from services.intake.says import SAID
from services.intake.signing_in import codes
from services.intake.store import people
from services.intake.store.people import Row
from services.intake.store.ways_in import Made
from services.intake.ways_in import CHECKS
from shared.security.identity import Actor
from shared.web import say
from shared.web.edge import running, transaction
from shared.web.forms import Form
from shared.web.menu import PEOPLE
from shared.web.templates import render

BECAUSE: Mapping[str, str] = {
    "phone_lost": "Their phone was lost, said a worker",
    "wrong_number": "Somebody who got a text said that the number is not theirs",
}
WAITS: Mapping[str, str] = {
    "nobody": "Write down a number that is safe. Then you and they both say so: you here, they on their own page.",
    "worker": "You said that it is safe. They have yet to say so on their own page.",
    "person": "They said on their own page that it is safe. Say so too, if they told you the same.",
}


async def page(request: Request, actor: Actor, row: Row, made: Made | None, form: Form[Any]) -> Response:
    async with transaction(running(request)) as tx:
        zone, now = await zone_of(tx, row.person.id), await people.now(tx)
    ties = row.person.ties(actor)
    return render(
        request,
        "way_in.html",
        status=422 if form.wrong else 200,
        stands=about(actor, ties, row.person.id, _stands(made)),
        made=await _made(request, actor, made, now, zone),
        held=BECAUSE.get(row.held_because or "", "") if row.person.held else "",
        held_at=say.moment(row.held_at, now, zone) if row.held_at else "",
        waits=WAITS[row.person.held] if row.person.held else "",
        may_say=row.person.held in ("nobody", "person") and actor.may("person.edit", ties),
        may_make=actor.may("way_in.make", ties),
        may_edit=actor.may("person.edit", ties),
        by_text="sms" in row.person.channels,
        checks=list(CHECKS.items()),
        form=form,
        person=row.person.id,
        here=way_in_page(row.person.id),
        back=page_of(row.person.id, actor),
        said=SAID["en"],
        **frame(actor, PEOPLE),
        lang="en",
    )


async def _made(request: Request, actor: Actor, made: Made | None, now: datetime, zone: tzinfo) -> str:
    if made is None or made.checked not in CHECKS:  # the demo's own was made by nobody
        return ""
    by = await staff.worker_name(running(request), made.made_by, actor)
    return f"{by}, {say.moment(made.made_at, now, zone)}. “{CHECKS[made.checked]}.”"


def _stands(made: Made | None) -> str:
    if made is None:
        return "They have no link yet."
    if made.chosen:
        return "They have a link and a PIN of their own."
    return "They have a link, and have yet to choose a PIN." if made.may_choose else "Their link ran out unused."


def link_page(request: Request, actor: Actor, person: UUID, link: str, word: str) -> Response:
    """Shown once: we keep a hash of what opens it, and of the word."""
    back = way_in_page(person)
    picture = codes.picture_of(link) if link else ""
    return render(
        request,
        "way_in_link.html",
        link=link,
        picture=picture,
        word=word,
        back=back,
        **frame(actor, PEOPLE),
        lang="en",
    )


def as_json(row: Row, made: Made | None) -> dict[str, Any]:
    return {
        "id": str(row.person.id),
        "link": made is not None and (made.chosen or made.may_choose),
        "pin": made is not None and made.chosen,
        "held": row.person.held,
        "held_because": row.held_because,
    }
