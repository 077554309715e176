"""The directory as pages: search, an agency, a program; for staff who choose where to ask, and open to everybody.

What nobody has vouched for lately is not shown as help that is there: it is counted, and shown when asked for.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from urllib.parse import urlencode, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.intake import words
from services.intake.directory import Agency, AgencyEntry, Origin, Program, ProgramEntry, is_current, vouched_since
from services.intake.pages.consents import both, passed_on
from services.intake.pages.frame import frame
from services.intake.store import directory as store
from services.intake.store import people
from services.intake.store.directory import Listed
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import say
from shared.web.edge import running, transaction
from shared.web.forms import is_own_path
from shared.web.listing import Filter, Offer, asked, keyed
from shared.web.needs import NEEDS, for_staff
from shared.web.parts import Act, Fact, Line, Tag
from shared.web.templates import render

HERE = "/intake/directory"
OFFER = Offer(
    HERE,
    (
        Filter(
            "need",
            "Help with",
            tuple((code, say.sentence(name)) for code, name in zip(NEEDS, for_staff(NEEDS), strict=True)),
            "Anything",
        ),
        Filter("room", "Room", (("yes", "Open to new people"),), "Full or not"),
    ),
    (("program", "By program"), ("agency", "By agency")),
    keeps=("back", "every"),
    typed=("q",),
)

router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(allow("directory.read"))]


@router.get(HERE)
async def search(request: Request, actor: Reader, after: UUID | None = None) -> Response:
    """Programs in the alphabet. `back` is where "Choose" leads, with the program and its agency added."""
    view = asked(OFFER, _sound(request.query_params))
    q, need, back = view.typed.get("q", ""), view.chosen["need"] or None, view.kept.get("back", "")
    async with transaction(running(request)) as tx:
        today = (await people.now(tx)).date()
        since = None if "every" in view.kept else vouched_since(today)
        rows = await store.list_programs(
            tx,
            words=q,
            need=need,
            accepting=True if view.chosen["room"] else None,
            vouched_since=since,
            after=after,
            limit=OFFER.size + 1,
            by_agency=view.order == "agency",
        )
        unchecked = 0 if since is None else await store.count_unvouched(tx, words=q, need=need, since=since)
    return render(
        request,
        "directory.html",
        view=view,
        q=q,
        pages=(pages := keyed(view, rows, lambda row: row.program.id)),
        rows=[_line(row, today, back) for row in pages.rows],
        unchecked=unchecked,
        show_all=view.url(page=1, every="1"),
        **frame(actor, HERE),
        lang="en",
        one_language=True,
    )


def _sound(query: Mapping[str, str]) -> dict[str, str]:
    """Without a way back that leads elsewhere."""
    return {name: value for name, value in query.items() if name != "back" or is_own_path(value)}


def _line(row: Listed, today: date, back: str) -> Line:
    program, entry = row.program, row.program.entry
    return Line(
        entry.name,
        f"{row.agency_name}. Helps with {say.listed(for_staff(entry.needs))}.",
        " ".join(filter(None, (_room(entry), unchecked(program.origin, today)))),
        _state(program, today),
        _choose(program, back) or Act("Look", f"{HERE}/programs/{program.id}", about=f"at {entry.name}"),
    )


def _state(program: Program, today: date) -> Tag:
    """Whether it takes people: said only where somebody has vouched for it."""
    if not is_current(program.origin, today):
        return Tag("waits", "Not checked")
    return Tag("", "Takes people") if program.entry.accepting else Tag("waits", "Takes nobody new now")


def _choose(program: Program, back: str) -> Act | None:
    if not back:
        return None
    joined = "&" if urlsplit(back).query else "?"
    chosen = urlencode({"program": program.id, "agency": program.entry.agency})
    return Act("Choose", f"{back}{joined}{chosen}", about=program.entry.name)


def _room(entry: ProgramEntry) -> str:
    """Capacity as what it is: something that was said on a day."""
    if entry.capacity is None or entry.capacity.available is None:
        return ""
    places = say.many(entry.capacity.available, "place", "places")
    return f"{places} free, they said on {_date(entry.capacity.as_of)}. Their answer decides."


def unchecked(origin: Origin | None, today: date) -> str:
    """What has to be said beside an entry that its agency has not written here itself."""
    if origin is None:
        return ""
    if is_current(origin, today) and origin.assured_on:
        return f"From another directory ({origin.source}), checked on {_date(origin.assured_on)}."
    since = f" since {_date(origin.assured_on)}" if origin.assured_on else ""
    return f"From another directory ({origin.source}). Nobody has checked it{since}: call before you count on it."


def _date(day: date) -> str:
    return f"{say.MONTHS['en'][day.month - 1]} {day.day}, {day.year}"


@router.get(HERE + "/programs/{program_id}")
async def program_page(program_id: UUID, request: Request, actor: Reader, back: str = "") -> Response:
    async with transaction(running(request)) as tx:
        row = await store.find_program(tx, program_id)
        today = (await people.now(tx)).date()
    program, entry = row.program, row.program.entry
    back = back if is_own_path(back) else ""
    return render(
        request,
        "program.html",
        program=program,
        entry=entry,
        agency_name=row.agency_name,
        agency_url=f"{HERE}/agencies/{entry.agency}",
        note=unchecked(program.origin, today) or row_note(row.agency),
        facts=_facts_of_program(row),
        offices=passed_on(both(row.agency.reports_to, entry.reports_to), "en"),
        choose=_choose(program, back),
        **frame(actor, HERE),
        lang="en",
        one_language=True,
    )


def row_note(agency: AgencyEntry) -> str:
    return "This agency keeps no people’s records here. Call them; nothing is sent." if agency.holds_no_records else ""


def _facts_of_program(row: Listed) -> list[Fact]:
    entry = row.program.entry
    ages = {
        (True, True): f"{entry.minimum_age} to {entry.maximum_age}",
        (True, False): f"{entry.minimum_age} and older",
        (False, True): f"up to {entry.maximum_age}",
    }.get((entry.minimum_age is not None, entry.maximum_age is not None), "")
    places = [*entry.places, *(["One address is kept confidential: call them."] if entry.hidden_place else [])]
    known: dict[str, str] = {
        "Helps with": say.sentence(say.listed(for_staff(entry.needs))),
        "Room": _room(entry),
        "Phone": entry.phone or row.agency.phone or "",
        "Where": " · ".join(places),
        "Bring": say.listed([words.DOCUMENTS[paper] for paper in entry.documents if paper in words.DOCUMENTS]),
        "Ages": ages,
        "Languages": say.listed([words.language_name(code) for code in entry.languages]),
        "Costs": entry.fees or "",
    }
    return [Fact(name, value) for name, value in known.items() if value.strip()]


@router.get(HERE + "/agencies/{agency_id}")
async def agency_page(agency_id: UUID, request: Request, actor: Reader) -> Response:
    async with transaction(running(request)) as tx:
        agency = await store.find_agency(tx, agency_id)
        programs = await store.programs_of(tx, agency_id)
        today = (await people.now(tx)).astimezone(ZoneInfo(agency.entry.calendar.timezone)).date()
    return render(
        request,
        "agency.html",
        entry=agency.entry,
        note=unchecked(agency.origin, today) or row_note(agency.entry),
        facts=_facts_of_agency(agency),
        hours=hours_of(agency.entry),
        closed=[say.on_date(day, today) for day in sorted(agency.entry.calendar.holidays) if day >= today][:10],
        offices=passed_on(agency.entry.reports_to, "en"),
        rows=[_line(Listed(program, agency.entry.name, agency.entry), today, "") for program in programs],
        **frame(actor, HERE),
        lang="en",
        one_language=True,
    )


def _facts_of_agency(agency: Agency) -> list[Fact]:
    entry = agency.entry
    known = {"Phone": entry.phone, "E-mail": entry.email, "Web": entry.website}
    return [Fact(name, value) for name, value in known.items() if value]


def hours_of(entry: AgencyEntry) -> list[tuple[str, str]]:
    """Each open weekday with its hours, Monday first; empty where the agency has told none."""
    found: list[tuple[str, str]] = []
    for number, name in enumerate(words.WEEKDAYS, 1):
        spans = sorted((o for o in entry.calendar.openings if o.weekday == number), key=lambda o: o.opens)
        if spans:
            told = [f"{say.hour(o.opens)} to {say.hour(o.closes)}" for o in spans]
            found.append((name, ", ".join(told)))
    return found
