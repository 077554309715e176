"""The page of covers: who stands in for whom, until when, and saying so."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.responses import Response

from services.intake.covers import Cover
from services.intake.pages.frame import frame
from services.intake.staff import names_of
from services.intake.store import accounts
from services.intake.store.covers import FIELD, Row
from shared.security.identity import Actor
from shared.security.permissions import Relation, Role
from shared.security.sealing import ALONE, Compartment, open_sealed
from shared.web import say, staff
from shared.web.edge import running
from shared.web.forms import Form
from shared.web.staff import Staff
from shared.web.templates import render

SHOWN = 100
HERE = "/intake/covers"
SAID = {
    "cover-agreed": "Saved. The people it is about see it on their page while it lasts. It ends by itself.",
    "cover-ended": "It has ended, everywhere.",
}


async def page(
    request: Request,
    actor: Actor,
    rows: Sequence[Row],
    found: Sequence[accounts.Row],
    form: Form[Any],
    now: datetime,
    zone: ZoneInfo,
) -> Response:
    here = running(request)
    named = await staff.known(here, actor, {id for row in rows for id in (row.cover.worker, row.cover.covering)})
    called = await names_of(here, [row.account.id for row in found])
    colleagues = sorted(((str(id), name) for id, name in called.items()), key=lambda one: one[1])
    return render(
        request,
        "covers.html",
        status=422 if form.wrong else 200,
        form=form,
        rows=[await _shown(request, actor, row, named, now, zone) for row in rows],
        leads=actor.role is not Role.CASE_MANAGER,
        colleagues=colleagues,
        others=[one for one in colleagues if one[0] != str(actor.id)],
        today=now.astimezone(zone).date().isoformat(),
        action=HERE,
        said=SAID,
        **frame(actor, HERE),
    )


async def _shown(
    request: Request, actor: Actor, row: Row, named: Staff, now: datetime, zone: ZoneInfo
) -> dict[str, object]:
    cover = row.cover
    why = await _why(request, row)
    return {
        "covering": named.name(cover.covering, "Somebody"),
        "worker": named.name(cover.worker, "somebody"),
        "when": _when(cover, now, zone),
        "why": why,
        "end": f"{HERE}/{cover.id}/end" if _may_end(actor, cover) and not cover.ended and cover.ends > now else "",
    }


async def _why(request: Request, row: Row) -> str:
    """Empty where it does not open: the list is needed all the same."""
    if not row.why:
        return ""
    try:
        return await open_sealed(running(request).keys, row.cover.worker, Compartment.STAFF, FIELD, row.why)
    except ALONE:
        return ""


def _may_end(actor: Actor, cover: Cover) -> bool:
    own = actor.id in (cover.worker, cover.covering)
    return actor.may("cover.end", {Relation.SAME_AGENCY} | ({Relation.NAMED_WORKER} if own else set()))


def _when(cover: Cover, now: datetime, zone: ZoneInfo) -> str:
    if cover.ended:
        return "Ended before its time"
    today = now.astimezone(zone).date()
    first, after = (moment.astimezone(zone).date() for moment in (cover.starts, cover.ends))
    last = say.on_date(after - timedelta(days=1), today)
    state = "Is over" if cover.ends <= now else "Now" if cover.starts <= now else "Later"
    return f"{state}: from {say.on_date(first, today)} until {last}"
