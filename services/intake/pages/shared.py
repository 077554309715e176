"""What is shared of somebody and who looked, on their own page; each consent says where it stands in plain words.

A revocation is shown in its two phases, with the hour until which old news stays readable, and what nobody can take
back.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from services.intake import staff, words
from services.intake.consents import Stage, last_day
from services.intake.edge import MINE, shared_page, transaction
from services.intake.pages.frame import frame, lang_for
from services.intake.says import LOOKS, SAID, SHARED
from services.intake.store import consents, directory, people
from services.intake.store.consents import Row
from services.intake.told import consent_json
from shared.security import audit
from shared.security.audit import Look
from shared.security.cast import agency_name
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.permissions import Relation
from shared.security.signin import LANDING, SIGN_IN
from shared.security.table import ROLES
from shared.web import say
from shared.web.accept import wants_html
from shared.web.menu import PEOPLE
from shared.web.parts import Tag
from shared.web.templates import render
from shared.web.words import Lang, lang_of

LOOKED = 100  # rows of the audit that the page reads; the latest
OVER_FOR = timedelta(days=30)  # how long what has ended stays on the page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """One consent as the page draws it. `lines` are sentences; `moves` the buttons."""

    id: UUID
    agency: str
    what: str
    lines: tuple[str, ...]
    tag: Tag | None = None
    asks: bool = False
    may_confirm: bool = False
    may_stop: bool = False
    stopping: bool = False


@router.get("/intake/me")
async def me(request: Request, actor: Annotated[Actor, Depends(allow("mine.read"))]) -> Response:
    """One's own page of what is shared, without knowing one's own id."""
    actor.require("mine.read", Relation.SELF)
    return RedirectResponse(shared_page(actor.id), 303)


@router.get("/intake/")
async def home(request: Request, actor: Annotated[Actor, Depends(allow("public"))]) -> Response:
    """Whoever is signed in goes to where their work is, others to the sign-in page."""
    return RedirectResponse(LANDING.get(actor.role, SIGN_IN), 303)


@router.get("/intake/people/{person_id}/shared")
async def shared(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("consent.read"))]
) -> Response:
    """The fragment, the page, or the rows: for the person; their agency's workers see the consents, not the looks."""
    lang = lang_for(actor, lang_of(request))
    async with transaction(request) as tx:
        person = (await people.find_person(tx, person_id)).person
        relations = actor.relations(person=person.id, workers=[person.worker], agency=person.agency)
        actor.require("consent.read", relations, person_id)
        rows = await consents.consents_of(tx, person_id)
        looks = await audit.who_looked(tx, person_id, limit=LOOKED) if actor.may("looks.read", relations) else []
        names = await directory.agency_names(tx, [row.consent.terms.recipient for row in rows])
        home = await directory.find_agency(tx, person.agency)
        now = await people.now(tx)
        if not is_own(actor, person_id):
            await audit.record(tx, actor, "consent.read", person_id, "consent", "care")
    if not wants_html(request):
        return JSONResponse({"consents": [consent_json(row) for row in rows], "looks": [_look(look) for look in looks]})
    zone = ZoneInfo(home.entry.calendar.timezone)
    shown = [_shown(row, names, now, zone, lang) for row in rows if _is_of_now(row, now)]
    return render(
        request,
        "shared.html",
        said=SAID[lang],
        person=person_id,
        here=shared_page(person_id),
        mine=MINE,
        says=SHARED[lang],
        shown=shown,
        stopping=any(one.stopping for one in shown),
        looks=_looked(looks, now, zone, lang),
        sees_looks=actor.may("looks.read", relations),
        **frame(actor, PEOPLE),
        lang=lang,
    )


def is_own(actor: Actor, person: UUID) -> bool:
    return actor.person == person


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

    match consent.stage:
        case Stage.ASKED:
            return Shown(consent.id, agency, what, (says["asks"].format(agency=agency, what=what),), asks=True)
        case Stage.GRANTED:
            line = says["unsaid"].format(day=day(last_day(consent)))
            return Shown(consent.id, agency, what, (line,), may_confirm=True, may_stop=True)
        case Stage.CONFIRMED:
            line = says["until"].format(day=day(last_day(consent)))
            return Shown(consent.id, agency, what, (line,), may_stop=True)
        case Stage.REVOKED | Stage.IN_EFFECT:
            lines = (_phase(row, now, zone, lang), _readable(row, now, zone, lang), says["recall"])
            tag = Tag("stopped", says["stopped"])
            stopping = consent.stage is Stage.REVOKED
            return Shown(consent.id, agency, what, tuple(filter(None, lines)), tag, stopping=stopping)
        case _:
            ended = (row.ended_at or now).astimezone(zone).date()
            return Shown(
                consent.id, agency, what, (says["over_why"].format(day=day(ended)),), Tag("stopped", says["over"])
            )


def _phase(row: Row, now: datetime, zone: tzinfo, lang: Lang) -> str:
    if row.in_effect_at is None:
        return SHARED[lang]["stopping"]
    return SHARED[lang]["effect"].format(when=say.moment(row.in_effect_at, now, zone, lang, exact=True))


def _readable(row: Row, now: datetime, zone: tzinfo, lang: Lang) -> str:
    """Until when a partner's own system can read what had already been written for it."""
    if row.readable_until is None:
        return ""
    when = say.moment(row.readable_until, now, zone, lang, exact=True)
    return SHARED[lang]["readable" if now < row.readable_until else "was_readable"].format(when=when)


def _looked(looks: list[Look], now: datetime, zone: tzinfo, lang: Lang) -> list[dict[str, str]]:
    """Who looked, the latest first; the same look of one day is one line."""
    found = []
    for key, same in groupby(looks, key=lambda look: (look.actor, look.action, look.at.astimezone(zone).date())):
        rows = list(same)
        did = LOOKS[lang].get(key[1])
        if did is None:
            continue
        times = SHARED[lang]["times"].format(count=len(rows)) if len(rows) > 1 else ""
        when = say.sentence(say.moment(rows[0].at, now, zone, lang, exact=True))
        found.append({"who": _who(rows[0]), "did": did, "times": times, "when": when})
    return found


def _who(look: Look) -> str:
    name = staff.worker_name(look.actor)
    if name != "Somebody":
        return f"{name}, {agency_name(look.agency)}" if look.agency else name
    return ROLES[look.role]


def _look(look: Look) -> dict[str, Any]:
    return {
        "at": look.at.isoformat(),
        "actor": str(look.actor),
        "role": look.role.value,
        "agency": str(look.agency) if look.agency else None,
        "action": look.action,
        "purpose": look.purpose,
    }
