"""Who looked at somebody, as that person reads it: one part of their page for each service that keeps an audit.

Every service answers for its own rows, so one that is silent hides nothing of the others; the words are the same.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Annotated, Any
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from shared.security import audit, workers
from shared.security.audit import LATEST, Look
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.web import say, staff
from shared.web.accept import wants_html
from shared.web.edge import running, transaction
from shared.web.listing import Pages
from shared.web.looks_words import (
    A_COLLEAGUE,
    COMPARED,
    COVERING,
    DEEDS,
    FORM,
    PAGE,
    PRIVATE,
    REFUSED,
    SOMETHING,
    TIMES,
    WHY,
)
from shared.web.menu import PEOPLE, bar
from shared.web.staff import Staff
from shared.web.templates import render
from shared.web.words import Lang, lang_of

KEEPERS = ("intake", "caseplan", "notifications")  # the services that show something of a person to others
ON_A_PAGE = 200  # rows of the audit; one line may tell many of them

ZoneOf = Callable[[Connection, UUID], Awaitable[tzinfo]]


@dataclass(frozen=True, slots=True)
class Told:
    """One line: what one of us did on one day, and why."""

    who: str
    where: str
    did: str
    deeds: tuple[str, ...]  # the same, one by one
    when: str
    why: str


def page_of(service: str, person: UUID) -> str:
    return f"/{service}/people/{person}/looks"


def parts(person: UUID, lang: Lang) -> list[tuple[str, str, str]]:
    """Address, title and id of the part of each service, for a page that shows them together."""
    return [(page_of(service, person), PAGE[lang][service], f"looks-{service}") for service in KEEPERS]


def router(service: str, zone_of: ZoneOf) -> APIRouter:
    """Mount it, and the service says who looked. `zone_of` a person: in which their days are told."""
    made = APIRouter(tags=["looks"])

    @made.get(f"/{service}/people/{{person_id}}/looks")
    async def who_looked(
        person_id: UUID,
        request: Request,
        actor: Annotated[Actor, Depends(allow("looks.read"))],
        before: Annotated[int, Query(ge=1, le=LATEST)] = LATEST,
    ) -> Response:
        """Who looked at what this service keeps of somebody, and why: for themselves, and for the auditor."""
        actor.require("looks.read", actor.relations(person=person_id), person_id)
        async with transaction(running(request)) as tx:
            found = await audit.who_looked(tx, person_id, limit=ON_A_PAGE, before=before)
            now, zone = await audit.now(tx), await zone_of(tx, person_id)
            why = "own" if actor.person == person_id else "oversight"
            await audit.record(tx, actor, "looks.read", person_id, "looks", why)
            rows = await workers.find(tx, _workers(found))
            houses = await workers.agency_names(tx, {look.agency for look in found})
        looks = [as_told(actor, look) for look in found if may_see(actor, look)]
        earlier = found[-1].number if len(found) == ON_A_PAGE else None
        if not wants_html(request):
            return JSONResponse({"looks": [_json(look) for look in looks], "earlier": earlier})
        named = await staff.opened(running(request), actor, _workers(looks), rows, houses)
        return _page(request, actor, service, person_id, looks, before, earlier, now, zone, named)

    return made


def may_see(actor: Actor, look: Look) -> bool:
    """A worry stays between who told it and the worker. Somebody's own first form is no look of another."""
    if actor.role is not Role.PERSON:
        return True
    return look.action not in PRIVATE and look.role is not Role.ANYONE


def as_told(actor: Actor, look: Look) -> Look:
    """To the person, who compared two records saw a name in a list. That there was another one would tell somebody who
    signs up under a name that is not theirs whether it is known here."""
    if actor.role is not Role.PERSON or look.action not in COMPARED:
        return look
    why = "list" if look.purpose == "records" else look.purpose
    return replace(look, action="person.list", object="name", purpose=why)


def _page(
    request: Request,
    actor: Actor,
    service: str,
    person: UUID,
    looks: list[Look],
    before: int,
    earlier: int | None,
    now: datetime,
    zone: tzinfo,
    named: Staff,
) -> Response:
    is_own = actor.role is Role.PERSON
    lang: Lang = lang_of(request) if is_own else "en"
    here = page_of(service, person)
    return render(
        request,
        "looks.html",
        layout="layout_mine.html" if is_own else "layout.html",
        bar=bar(actor, PEOPLE),
        says=PAGE[lang],
        title=PAGE[lang][service],
        lines=lines(looks, now, zone, lang, named),
        pages=Pages(looks, before=here if before < LATEST else "", after=f"{here}?before={earlier}" if earlier else ""),
        back=f"/intake/people/{person}/shared",
        lang=lang,
    )


def lines(looks: Iterable[Look], now: datetime, zone: tzinfo, lang: Lang, named: Staff) -> list[Told]:
    """The latest first; what one of us did on one day is one line."""
    days: dict[tuple[object, ...], list[Look]] = {}
    for look in looks:
        days.setdefault((look.at.astimezone(zone).date(), look.actor, look.allowed), []).append(look)
    return [_told(same, now, zone, lang, named) for same in days.values()]


def _told(same: list[Look], now: datetime, zone: tzinfo, lang: Lang, named: Staff) -> Told:
    latest = same[0]
    who = named.of(latest.actor)
    deeds = _counted((deed(look, lang) for look in same), lang)
    why = dict.fromkeys(said for look in same if (said := _why(look, lang, named)))
    return Told(
        who=who.said(lang, to_person=named.to_person),
        where=named.agencies.get(latest.agency, who.agency) if latest.agency else "",
        did=say.listed(deeds, lang),
        deeds=tuple(deeds),
        when=say.sentence(say.moment(latest.at, now, zone, lang)),
        why=say.listed(tuple(why), lang),
    )


def _workers(looks: Iterable[Look]) -> set[UUID]:
    """Who looked, and for whom they covered."""
    return {id for look in looks for id in (look.actor, look.covered) if id is not None}


def _why(look: Look, lang: Lang, named: Staff) -> str:
    if look.covered is not None:
        return COVERING.in_lang(lang).format(name=named.name(look.covered, A_COLLEAGUE.in_lang(lang)))
    return WHY[look.purpose].in_lang(lang) if look.purpose in WHY else ""


def deed(look: Look, lang: Lang) -> str:
    """What was done. Never nothing: a look that we have no words for is told all the same."""
    if not look.allowed:
        return REFUSED.in_lang(lang)
    kind = look.object.partition("/")[0]
    if kind == "form":
        return FORM.in_lang(lang)
    return DEEDS.get(f"{look.action} {kind}", DEEDS.get(look.action, SOMETHING)).in_lang(lang)


def _counted(deeds: Iterable[str], lang: Lang) -> list[str]:
    counts: dict[str, int] = {}
    for one in deeds:
        counts[one] = counts.get(one, 0) + 1
    times = TIMES.in_lang(lang)
    return [one if count == 1 else f"{one} ({times.format(count=count)})" for one, count in counts.items()]


def _json(look: Look) -> Mapping[str, Any]:
    return {
        "at": look.at.isoformat(),
        "actor": str(look.actor),
        "role": look.role.value,
        "agency": str(look.agency) if look.agency else None,
        "action": look.action,
        "object": look.object,
        "purpose": look.purpose,
        "allowed": look.allowed,
    }
