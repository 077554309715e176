"""The pages of the same person twice in one agency: the list, and two records beside each other."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.intake import places, seals
from services.intake.erasures import Identity
from services.intake.matching import LIKELY, POINTS, POSSIBLE, Likeness
from services.intake.pages.frame import frame
from services.intake.pages.people import reached
from services.intake.places import DUPLICATES, page_of, records_page
from services.intake.says_links import SAID
from services.intake.store import links as link_store
from services.intake.store.matching import Pair
from services.intake.store.people import Row
from shared.process import Running
from shared.security.identity import Actor
from shared.security.sealing import Erased, open_sealed
from shared.web import say, staff
from shared.web.edge import running
from shared.web.menu import PEOPLE
from shared.web.templates import render

KNOWN = [(one.value, one.label) for one in Identity]
TOLD = {code: words.en for code, words in SAID.items()}


async def list_page(
    request: Request, actor: Actor, pairs: Sequence[Pair], puts: Sequence[link_store.Row], rows: Sequence[Row]
) -> Response:
    called = await seals.names_of(running(request).keys, rows)
    return render(
        request,
        "duplicates.html",
        puts=[{"url": records_page(row.link.asked.person), "name": called[row.link.asked.person]} for row in puts],
        pairs=[
            {
                "url": places.pair_page(pair.person, pair.other),
                "one": called[pair.person],
                "other": called[pair.other],
                "says": pair.likeness.says,
                "reasons": [reason.label for reason in pair.likeness.reasons],
            }
            for pair in pairs
        ],
        said=TOLD,
        back=PEOPLE,
        **frame(actor, PEOPLE),
        lang="en",
    )


async def pair_page(
    request: Request,
    actor: Actor,
    both: tuple[Row, Row],
    why: Likeness,
    born: Mapping[UUID, bytes | None],
    now: datetime,
    *,
    may_link: bool,
) -> Response:
    here = running(request)
    called = await seals.names_of(here.keys, both)
    named = await staff.known(here, actor, {row.person.worker for row in both})
    one, other = (row.person.id for row in both)
    return render(
        request,
        "pair.html",
        records=[
            {
                "name": called[row.person.id],
                "url": page_of(row.person.id, actor),
                "born": await _born(here, row.person.id, born[row.person.id]),
                "reach": reached(row.person),
                "worker": named.name(row.person.worker, "Nobody yet"),
                "since": say.day(row.welcomed_at.date(), now.date()),
            }
            for row in both
        ],
        says=why.says if why.reasons else "Nothing makes them look like one person",
        reasons=[(reason.label, reason.explanation, _points(POINTS[reason])) for reason in why.reasons],
        points=why.points,
        possible=POSSIBLE,
        likely=LIKELY,
        known=KNOWN,
        may_link=may_link,
        action=places.pair_page(one, other),
        back=DUPLICATES,
        said=TOLD,
        **frame(actor, PEOPLE),
        lang="en",
    )


def _points(points: int) -> str:
    return f"+{points}" if points > 0 else f"−{-points}"


async def _born(here: Running, person: UUID, sealed: bytes | None) -> str:
    try:
        return await open_sealed(here.keys, person, *seals.BORN, sealed) if sealed else "Not given"
    except Erased:
        return "Not given"


def as_json(pair: Pair) -> dict[str, Any]:
    like = pair.likeness
    return {
        "person": str(pair.person),
        "other": str(pair.other),
        "points": like.points,
        "reasons": [{"reason": reason.value, "points": POINTS[reason]} for reason in like.reasons],
    }
