"""Who was told what of somebody, when and why: the account that they may ask for (45 CFR 164.528, 42 CFR 2.24).

Like who looked, a part for each service that tells others, each answering for itself; the page prints as one sheet.
What one's own agency reads of somebody is no disclosure; who looked says that.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Annotated
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from shared.security import audit
from shared.security.audit import Tx
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.web import say
from shared.web.accept import wants_html
from shared.web.disclosures_words import PAGE, UNASKED, WAYS, WHAT
from shared.web.edge import running, transaction
from shared.web.looks import ZoneOf
from shared.web.menu import PEOPLE, bar
from shared.web.templates import render
from shared.web.words import Lang, lang_of

TELLERS = ("intake", "caseplan", "notifications")
YEARS = 6  # how far back the law lets them ask; older rows stay in the audit
MOST = 1000


@dataclass(frozen=True, slots=True)
class Disclosure:
    """`what` is a key of WHAT, `way` one of WAYS. Why: the person said yes to it, but for what is in UNASKED."""

    at: datetime
    agency: UUID
    what: str
    way: str


@dataclass(frozen=True, slots=True)
class Line:
    day: str
    to: str
    what: str
    way: str
    why: str


Found = tuple[Sequence[Disclosure], dict[UUID, str]]  # and what those agencies are called
Find = Callable[[Connection, UUID], Awaitable[Found]]


async def from_audit(tx: Tx, person: UUID, home: UUID | None) -> list[Disclosure]:
    """What this service showed of them to other agencies than the one that walks with them."""
    rows = await tx.fetch(audit.SQL["shown_to_others"], person, home, sorted(WHAT), f"{YEARS} years", MOST)
    return [Disclosure(row["at"], row["agency_id"], row["action"], "shown") for row in rows]


def page_of(service: str, person: UUID) -> str:
    return f"/{service}/people/{person}/disclosures"


def parts(person: UUID, lang: Lang) -> list[tuple[str, str, str]]:
    """Address, title and id of the part of each service."""
    return [(page_of(service, person), PAGE[lang][service], f"told-{service}") for service in TELLERS]


def router(service: str, find: Find, zone_of: ZoneOf) -> APIRouter:
    """Mount it, and the service says whom it told."""
    made = APIRouter(tags=["disclosures"])

    @made.get(f"/{service}/people/{{person_id}}/disclosures")
    async def who_was_told(
        person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("disclosures.read"))]
    ) -> Response:
        """Who was told what by this service, and when: for the person, and for the auditor."""
        actor.require("disclosures.read", actor.relations(person=person_id), person_id)
        async with transaction(running(request)) as tx:
            # Behind the second PIN no row is in reach, their own neither: nobody was told of who is not known.
            found, names = ([], {}) if actor.harmless else await find(tx, person_id)
            now, zone = await audit.now(tx), await zone_of(tx, person_id)
            why = "own" if actor.person == person_id else "oversight"
            await audit.record(tx, actor, "disclosures.read", person_id, "disclosures", why)
        if not wants_html(request):
            told = [_json(one, names) for one in found]
            return JSONResponse({"disclosures": told})
        is_own = actor.role is Role.PERSON
        lang: Lang = lang_of(request) if is_own else "en"
        return render(
            request,
            "disclosures.html",
            layout="layout_mine.html" if is_own else "layout.html",
            bar=bar(actor, PEOPLE),
            says=PAGE[lang],
            title=PAGE[lang][service],
            lines=lines(found, names, now, zone, lang),
            back=f"/intake/people/{person_id}/told",
            lang=lang,
        )

    return made


def lines(found: Sequence[Disclosure], names: dict[UUID, str], now: datetime, zone: tzinfo, lang: Lang) -> list[Line]:
    """The latest first; what one agency was told on one day in one way, for one reason, is one line."""
    days: dict[tuple[date, UUID, str, str], dict[str, None]] = {}
    for one in sorted(found, key=lambda one: one.at, reverse=True):
        why = UNASKED[one.what].in_lang(lang) if one.what in UNASKED else PAGE[lang]["why"]
        days.setdefault((one.at.astimezone(zone).date(), one.agency, one.way, why), {})[one.what] = None
    today = now.astimezone(zone).date()
    return [
        Line(
            say.sentence(say.on_date(day, today, lang)),
            names.get(agency, "?"),
            say.listed([*dict.fromkeys(WHAT[what].in_lang(lang) for what in whats)], lang),
            WAYS[way].in_lang(lang),
            why,
        )
        for (day, agency, way, why), whats in days.items()
    ]


def _json(one: Disclosure, names: dict[UUID, str]) -> dict[str, str | None]:
    return {
        "at": one.at.isoformat(),
        "agency": str(one.agency),
        "name": names.get(one.agency),
        "what": one.what,
        "way": one.way,
    }
