"""What is shared of somebody, and who looked, on their own page; each consent says where it stands in plain words.

A revocation is shown in its two phases, with the hour until which old news stays readable, and what nobody can take
back.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from services.intake import words
from services.intake.consents import Patience, Stage, is_live, last_day
from services.intake.erasure_words import ERASURE
from services.intake.erasures import Stage as ErasureStage
from services.intake.pages import demanded, opened
from services.intake.pages.frame import about, frame, lang_for
from services.intake.places import (
    MINE,
    erasure_page,
    first_days_page,
    never_page,
    records_page,
    shared_page,
    told_page,
)
from services.intake.says import HELD, PIN, SAID, SHARED
from services.intake.says_consent import COPY, SIGNING
from services.intake.says_demanded import DEMANDED
from services.intake.says_first_days import FIRST_DAYS
from services.intake.says_links import RECORDS
from services.intake.says_opened import NEVER, OPENED
from services.intake.store import consents, directory, erasures, people
from services.intake.store.consents import Row
from services.intake.store.erasures import Row as Erasing
from services.intake.told import consent_json
from shared.runtime.database import reaching
from shared.runtime.reach import SERVICE
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.permissions import Relation, Relations
from shared.security.signin import LANDING, OWN_PIN, SIGN_IN
from shared.web import live, say
from shared.web.accept import is_htmx, wants_html
from shared.web.disclosures_words import PAGE as TOLD
from shared.web.edge import running, transaction
from shared.web.looks import parts
from shared.web.looks_words import PAGE
from shared.web.menu import PEOPLE
from shared.web.parts import Bead, Consent, Tag
from shared.web.templates import render
from shared.web.words import Lang, lang_of

PATIENCE = Patience()
OVER_FOR = timedelta(days=30)  # how long what has ended stays on the page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """One consent as the page draws it, and what can be done about it."""

    drawn: Consent
    asks: bool = False
    may_confirm: bool = False
    may_stop: bool = False
    stopping: bool = False
    ends: str = ""  # that it ends soon, where the person may let it go on
    told_once: bool = False  # good for one telling, which whoever told it says
    has_copy: bool = False


@router.get("/intake/me")
async def me(request: Request, actor: Annotated[Actor, Depends(allow("mine.read"))]) -> Response:
    """One's own page of what is shared, without knowing one's own id."""
    actor.require("mine.read", Relation.SELF)
    return RedirectResponse(shared_page(actor.id), 303)


@router.get("/intake/")
async def home(request: Request, actor: Annotated[Actor, Depends(allow("public"))]) -> Response:
    """Whoever is signed in goes to where their work is, others to the sign-in page."""
    return RedirectResponse(LANDING.get(actor.role, SIGN_IN), 303)


@router.get("/intake/me/questions")
async def questions(request: Request, actor: Annotated[Actor, Depends(allow("mine.read"))]) -> Response:
    """What one is asked: the slot at the top of one's own page, or a page."""
    actor.require("mine.read", Relation.SELF)
    lang = lang_for(actor, lang_of(request))
    async with transaction(running(request)) as tx:
        rows = await consents.consents_of(tx, actor.id)
        names = await directory.agency_names(tx, [row.consent.terms.recipient for row in rows])
        zone, now = await zone_of(tx, actor.id), await people.now(tx)
        held = await people.held_of(tx, actor.id)
        erasing = await erasures.find(tx, actor.id)
        opened_lately = await opened.lately(tx, actor.id, now)
        demanded_lately = await demanded.lately(tx, actor.id, now)
        await audit.record(tx, actor, "consent.read", actor.id, "consent", "own")
    asked = [_shown(row, names, now, zone, lang) for row in rows if row.consent.stage is Stage.ASKED]
    ending = [one for row in rows if (one := _shown(row, names, now, zone, lang)).ends]
    return render(
        request,
        "questions.html",
        asked=asked,
        ending=ending,
        signing=SIGNING[lang],
        held=held,
        about_held=HELD[lang],
        opened_lately=opened_lately,
        demanded_lately=demanded_lately,
        about_demanded=DEMANDED[lang],
        about_opened=OPENED[lang],
        shared=shared_page(actor.id),
        person=actor.id,
        says=SHARED[lang],
        mine=MINE,
        said=SAID[lang],
        due=when_due(erasing, now, zone, lang),
        erasing=ERASURE[lang],
        erasure=erasure_page(actor.id),
        **frame(actor, PEOPLE),
        lang=lang,
    )


@router.get("/intake/people/{person_id}/shared")
async def shared(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("consent.read"))]
) -> Response:
    """The fragment, the page, or the rows; the person sees on the page who looked, their agency's workers do not."""
    lang = lang_for(actor, lang_of(request))
    async with transaction(running(request)) as tx:
        relations = await ties(tx, actor, person_id)
        actor.require("consent.read", relations, person_id)
        rows = await consents.consents_of(tx, person_id)
        names = await directory.agency_names(tx, [row.consent.terms.recipient for row in rows])
        zone = await zone_of(tx, person_id)
        now, mark = await people.now(tx), await consents.mark_of(tx, person_id)
        kept = await consents.with_text(tx, [row.consent.id for row in rows])
        openings, demands = await opened.read(tx, person_id), await demanded.read(tx, person_id)
        await audit.record(tx, actor, "consent.read", person_id, "consent", "own" if actor.person else "care")
    if not wants_html(request):
        return JSONResponse({"consents": [consent_json(row) for row in rows]})
    whole = "whole" in request.query_params or not is_htmx(request)
    shown = [
        replace(_shown(row, names, now, zone, lang), has_copy=row.consent.id in kept)
        for row in rows
        if _is_of_now(row, now)
    ]
    return render(
        request,
        "shared.html",
        opened=await opened.told(running(request), actor, openings, now, zone, lang),
        demanded=await demanded.told(running(request), demands, now, zone, lang),
        never=never_page(person_id) if actor.person else "",
        **_words(lang),
        **_leads_to(person_id, lang),
        person=person_id,
        lead=about(actor, relations, person_id, SHARED[lang]["staff_lead"]) if whole else SHARED[lang]["staff_lead"],
        shown=shown,
        stopping=actor.person == person_id and any(one.stopping for one in shown),
        mark=mark,
        whole=whole,
        looks=parts(person_id, lang) if actor.may("looks.read", relations) else [],
        **frame(actor, PEOPLE),
        lang=lang,
    )


def _words(lang: Lang) -> dict[str, Any]:
    """The page's own; for a copy, for going on, for what happened with no yes of theirs, for keeping somebody out."""
    return {
        "says": SHARED[lang],
        "said": SAID[lang],
        "looked": PAGE[lang],
        "copy": COPY[lang],
        "signing": SIGNING[lang],
        "used": SIGNING["en"]["used"],
        "about_opened": OPENED[lang],
        "about_demanded": DEMANDED[lang],
        "see_never": NEVER[lang]["link"],
    }


def _leads_to(person: UUID, lang: Lang) -> dict[str, Any]:
    """The other pages of theirs, with the words of their links."""
    return {
        "here": shared_page(person),
        "told": told_page(person),
        "see_told": TOLD[lang]["link"],
        "records": records_page(person),
        "see_records": RECORDS[lang]["link"],
        "erasure": erasure_page(person),
        "erase": ERASURE[lang]["link"],
        "mine": MINE,
        "first_days": (first_days_page(person), FIRST_DAYS[lang]["title"]),
        "pin": (OWN_PIN, PIN[lang]["title"]),
    }


async def ties(tx: Connection, actor: Actor, person_id: UUID) -> Relations:
    """Whoever is signed in as themselves needs no row of theirs for it: behind the second PIN none is in reach."""
    if actor.person:
        return actor.relations(person=person_id)
    return (await people.find_person(tx, person_id)).person.ties(actor)


@router.get("/intake/people/{person_id}/shared/news")
async def news(person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("consent.read"))]) -> Response:
    """Open for the seconds in which a stop is on its way: the page asks for its part again once that is in effect."""

    async def look() -> str:
        now = await allow("consent.read")(request)
        now.require("consent.read", now.relations(person=person_id), person_id)
        async with transaction(running(request)) as tx:
            return await consents.mark_of(tx, person_id)

    return await live.stream(request, look)


def when_due(row: Erasing | None, now: datetime, zone: tzinfo, lang: Lang) -> str:
    """When what is kept of them is erased; nothing where that is not set."""
    if row is None or row.erasure.due is None or row.erasure.stage is not ErasureStage.SET:
        return ""
    when = say.moment(row.erasure.due, now, zone, lang)
    on = "" if lang == "es" or when.startswith(("today", "tomorrow")) else "on "
    return ERASURE[lang]["set"].format(when=on + say.after_a_word(when, lang))


async def zone_of(tx: Connection, person: UUID) -> ZoneInfo:
    """In which somebody's days are told: that of the agency that walks with them. It tells nothing of anybody."""
    async with reaching(tx, SERVICE):
        home = await directory.find_agency(tx, (await people.find_person(tx, person)).person.agency)
    return ZoneInfo(home.entry.calendar.timezone)


def _is_of_now(row: Row, now: datetime) -> bool:
    ended = row.ended_at or row.in_effect_at
    return ended is None or now - ended < OVER_FOR


def what_of(categories: frozenset[str], lang: Lang) -> str:
    """What may be told, in the order of words.py."""
    known = [code for code in words.CATEGORIES if code in categories]
    return say.listed([words.CATEGORIES[code].in_lang(lang) for code in known], lang)


def _shown(row: Row, names: dict[UUID, str], now: datetime, zone: tzinfo, lang: Lang) -> Shown:
    consent, says = row.consent, SHARED[lang]
    agency = names.get(consent.terms.recipient, "?")
    what = what_of(consent.terms.categories, lang)
    today = now.astimezone(zone).date()

    def day(which: date) -> str:
        return say.on_date(which, today, lang)

    def drawn(*lines: str, tag: Tag | None = None, **more: Any) -> Consent:
        return Consent(str(consent.id), agency, lines=tuple(filter(None, lines)), tag=tag, **more)

    knows = f"{says['knows']} {what}."
    match consent.stage:
        case Stage.ASKED:
            question = says["asks"].format(agency=agency, what=what)
            return Shown(drawn(question=question, tag=Tag("waits", says["asked"])), asks=True)
        case Stage.GRANTED:
            line = says["unsaid"].format(day=day(last_day(consent)))
            return Shown(drawn(line, knows=knows), may_confirm=True, may_stop=True, told_once=consent.terms.once)
        case Stage.CONFIRMED:
            until = says["until"].format(day=day(last_day(consent)))
            ends = _ends_soon(row, now, today, agency, lang)
            return Shown(drawn(until, knows=knows), may_stop=True, ends=ends, told_once=consent.terms.once)
        case Stage.REVOKED:
            lines, phases = (_readable(row, now, zone, lang), says["recall"]), _phases(row, now, zone, lang)
            return Shown(drawn(*lines, tag=Tag("waits", says["not_yet"]), stop=phases), stopping=True)
        case Stage.IN_EFFECT:
            since = _since(row, now, zone, lang)
            lines = (_readable(row, now, zone, lang), says["recall"])
            return Shown(drawn(since, *lines, tag=Tag("stopped", says["stopped"])))
        case _:
            ended = (row.ended_at or now).astimezone(zone).date()
            return Shown(drawn(says["over_why"].format(day=day(ended)), tag=Tag("stopped", says["over"])))


def _ends_soon(row: Row, now: datetime, today: date, agency: str, lang: Lang) -> str:
    """A sentence while there is time to decide; nothing of what nobody renews, or what was meant for a few days."""
    consent = row.consent
    last, first = last_day(consent), consent.granted_on or today
    soon = (last - today).days <= PATIENCE.remind_days < (last - first).days
    if not soon or not is_live(consent, now) or consent.terms.once or consent.terms.setback:
        return ""
    return SIGNING[lang]["ends"].format(agency=agency, day=say.on_date(last, today, lang))


def _phases(row: Row, now: datetime, zone: tzinfo, lang: Lang) -> tuple[Bead, ...]:
    """Recorded, and not in effect before every service has let go: the second phase lies ahead."""
    says, at = SHARED[lang], row.revoked_at or now
    when = say.sentence(say.moment(at, now, zone, lang))
    return (
        Bead("", "kept", title=says["stopped"], when=when),
        Bead(says["stopping"], "now", ahead=True, title=says["to_come"]),
    )


def _since(row: Row, now: datetime, zone: tzinfo, lang: Lang) -> str:
    at = row.in_effect_at or now
    return SHARED[lang]["effect"].format(when=say.after_a_word(say.moment(at, now, zone, lang), lang))


def _readable(row: Row, now: datetime, zone: tzinfo, lang: Lang) -> str:
    """Until when a partner's own system can read what had already been written for it."""
    if row.readable_until is None:
        return ""
    when = say.after_a_word(say.moment(row.readable_until, now, zone, lang), lang)
    return SHARED[lang]["readable" if now < row.readable_until else "was_readable"].format(when=when)
