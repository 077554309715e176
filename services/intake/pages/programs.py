"""A program and an agency of the directory as pages, in the reader's language: who may come, and how to get there.

Opening one leaves no trace, so that nobody can be asked why they looked up a shelter.
"""

from datetime import date
from typing import Annotated, NamedTuple
from urllib.parse import urlencode, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.intake.directory import Agency, Opening, Place, Program, ProgramEntry, is_current
from services.intake.directory_words import FIND, PAGE, PAPERS, TO, WEEKDAYS, WHY, language_name
from services.intake.fitting import ages, dated, in_a_sentence, room, rules
from services.intake.pages.consents import both, passed_on
from services.intake.pages.entries import SETTINGS
from services.intake.pages.frame import frame, lang_for
from services.intake.store import directory as store
from services.intake.store import people
from services.intake.store.directory import Listed
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import say
from shared.web.edge import running, transaction
from shared.web.forms import is_own_path
from shared.web.parts import Act, Fact, Line, Tag
from shared.web.templates import render
from shared.web.words import Lang, lang_of

HERE = "/intake/directory"

router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(allow("directory.read"))]


class Way(NamedTuple):
    """A place, and how one gets there and in, in words."""

    address: str
    directions: str
    access: str
    hours: list[tuple[str, str]]


@router.get(HERE + "/programs/{program_id}")
async def program_page(program_id: UUID, request: Request, actor: Reader, back: str = "") -> Response:
    lang = lang_for(actor, lang_of(request))
    async with transaction(running(request)) as tx:
        row = await store.find_program(tx, program_id)
        today = (await people.now(tx)).date()
    program, entry = row.program, row.program.entry
    return render(
        request,
        "program.html",
        program=program,
        entry=entry,
        says=PAGE[lang],
        agency_name=row.agency_name,
        agency_url=f"{HERE}/agencies/{entry.agency}",
        note=checked(program, today, lang),
        keeps_none=row.agency.holds_no_records,
        facts=_facts_of_program(row, today, lang),
        rules=rules(entry, lang),
        ways=[_way(place, lang) for place in entry.places],
        offices=passed_on(both(row.agency.reports_to, entry.reports_to), lang),
        choose=choose(program, back if is_own_path(back) else "", lang),
        change=change(actor, entry.agency, f"/intake/programs/{program.id}/edit", "program.manage"),
        **frame(actor, HERE),
        lang=lang,
    )


@router.get(HERE + "/agencies/{agency_id}")
async def agency_page(agency_id: UUID, request: Request, actor: Reader) -> Response:
    lang = lang_for(actor, lang_of(request))
    async with transaction(running(request)) as tx:
        agency = await store.find_agency(tx, agency_id)
        programs = await store.programs_of(tx, agency_id)
        today = (await people.now(tx)).astimezone(ZoneInfo(agency.entry.calendar.timezone)).date()
    entry = agency.entry
    closed = [say.on_date(day, today, lang) for day in sorted(entry.calendar.holidays) if day >= today][:10]
    return render(
        request,
        "agency.html",
        entry=entry,
        says=PAGE[lang],
        note=checked(agency, today, lang),
        keeps_none=entry.holds_no_records,
        facts=_facts_of_agency(agency, lang),
        hours=hours_of(entry.calendar.openings, lang),
        closed=PAGE[lang]["closed_on"].format(days=say.listed(closed, lang)) if closed else "",
        offices=passed_on(entry.reports_to, lang),
        rows=[_line(program, today, lang) for program in programs],
        change=change(actor, agency_id, f"{SETTINGS}?agency={agency_id}", "agency.manage"),
        **frame(actor, HERE),
        lang=lang,
    )


def checked(of: Agency | Program, today: date, lang: Lang) -> str:
    """Who said what stands here, and when; what nobody has vouched for in a year says to call first."""
    source = of.origin.source if of.origin else ""
    day = dated(of.assured_on, lang) if of.assured_on else ""
    if not day:
        return PAGE[lang]["other_never"].format(source=source) if source else ""
    key = f"{'other' if source else 'own'}_{'checked' if is_current(of, today) else 'old'}"
    return PAGE[lang][key].format(source=source, day=day)


def state(program: Program, today: date, lang: Lang) -> Tag:
    """Whether it takes people: said only where somebody has vouched for it."""
    if not is_current(program, today):
        return Tag("waits", FIND[lang]["not_checked"])
    openness = program.entry.openness
    return Tag("" if openness == "open" else "waits", WHY[lang][openness])


def choose(program: Program, back: str, lang: Lang) -> Act | None:
    """Back to where somebody came from to choose, with the program and its agency."""
    if not back:
        return None
    joined = "&" if urlsplit(back).query else "?"
    chosen = urlencode({"program": program.id, "agency": program.entry.agency})
    return Act(FIND[lang]["choose"], f"{back}{joined}{chosen}", about=program.entry.name)


def helps(agency: str, entry: ProgramEntry, lang: Lang) -> str:
    needs = say.listed([in_a_sentence(code, lang) for code in entry.needs], lang)
    return FIND[lang]["helps"].format(agency=agency, needs=needs)


def _line(program: Program, today: date, lang: Lang) -> Line:
    entry, says = program.entry, FIND[lang]
    return Line(
        entry.name,
        f"{PAGE[lang]['helps']}: {say.listed([in_a_sentence(code, lang) for code in entry.needs], lang)}.",
        room(entry, today, lang),
        state(program, today, lang),
        Act(says["look"], f"{HERE}/programs/{program.id}", about=says["at"].format(name=entry.name)),
    )


def change(actor: Actor, agency: UUID, url: str, action: str) -> str:
    """Where whoever answers for it changes it; nowhere for others."""
    return url if actor.may(action, actor.relations(agency=agency)) else ""


def _facts_of_program(row: Listed, today: date, lang: Lang) -> list[Fact]:
    entry, says = row.program.entry, PAGE[lang]
    papers = [PAPERS[paper].in_lang(lang) for paper in entry.documents if paper in PAPERS]
    openness = WHY[lang][entry.openness] if is_current(row.program, today) else FIND[lang]["not_checked"]
    known = {
        says["helps"]: say.sentence(say.listed([in_a_sentence(code, lang) for code in entry.needs], lang)),
        says["room"]: f"{openness}. {room(entry, today, lang)}",
        says["wait"]: entry.wait or "",
        says["phone"]: entry.phone or row.agency.phone or "",
        says["email"]: entry.email or "",
        says["web"]: entry.website or row.agency.website or "",
        says["bring"]: say.listed(papers, lang),
        says["ages"]: ages(entry, lang),
        says["languages"]: say.listed([language_name(code, lang) for code in entry.languages], lang),
        says["costs"]: entry.fees or "",
    }
    return [Fact(name, value) for name, value in known.items() if value.strip()]


def _facts_of_agency(agency: Agency, lang: Lang) -> list[Fact]:
    entry, says = agency.entry, PAGE[lang]
    known = {says["phone"]: entry.phone, says["email"]: entry.email, says["web"]: entry.website}
    return [Fact(name, value) for name, value in known.items() if value]


def _way(place: Place, lang: Lang) -> Way:
    return Way(place.address, place.directions or "", place.access or "", hours_of(place.openings, lang))


def hours_of(openings: tuple[Opening, ...], lang: Lang) -> list[tuple[str, str]]:
    """Each open weekday with its hours, Monday first; empty where none were told."""
    found: list[tuple[str, str]] = []
    for number, name in enumerate(WEEKDAYS[lang], 1):
        spans = sorted((o for o in openings if o.weekday == number), key=lambda o: o.opens)
        if spans:
            told = [f"{say.hour(o.opens, lang)} {TO[lang]} {say.hour(o.closes, lang)}" for o in spans]
            found.append((name, ", ".join(told)))
    return found
