"""The search of the directory as a page: for staff who choose where to ask, and open to everybody, in their language.

What nobody has vouched for lately is not shown as help that is there: it is counted, and shown when asked for. Looking
leaves no trace: no audit row, no line of a log.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.intake.directory import postcode_of, vouched_since
from services.intake.directory_words import FIND, RECORDS, SPOKEN, language_name
from services.intake.fitting import Looked, reasons, room
from services.intake.pages.entries import SETTINGS
from services.intake.pages.frame import frame, lang_for
from services.intake.pages.programs import HERE, change, checked, choose, helps, state
from services.intake.places import RELEASE_LISTS
from services.intake.store import people, searching
from services.intake.store.directory import Listed
from services.intake.store.searching import MOST_COUNTED, Asked, Order
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import say
from shared.web.edge import running, transaction
from shared.web.forms import is_own_path
from shared.web.listing import ORDER, Filter, Offer, View, asked, keyed
from shared.web.needs import NEEDS
from shared.web.parts import Act, Line
from shared.web.templates import render
from shared.web.words import Lang, lang_of

MILES = ("2", "5", "10", "25")
USUAL_MILES = 10
ROOM: Mapping[str, tuple[str, ...]] = {"yes": ("open",), "list": ("open", "waitlist", "after_assessment")}
FEW = ("need", "room")  # what stands in the open; the rest is behind "Choose more"
SIZE = 40

router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(allow("directory.read"))]


@cache
def offer(lang: Lang) -> Offer:
    says = FIND[lang]
    needs = tuple((code, name.in_lang(lang)) for code, name in NEEDS.items())
    speaks = tuple((code, say.sentence(language_name(code, lang))) for code in SPOKEN)
    records = tuple((code, say.sentence(name.in_lang(lang))) for code, name in RECORDS.items())
    return Offer(
        HERE,
        (
            Filter("need", says["need"], needs, says["any_need"]),
            Filter("room", says["room"], (("yes", says["room_yes"]), ("list", says["room_list"])), says["any_room"]),
            Filter("within", says["within"], tuple((m, says["miles"].format(miles=m)) for m in MILES), ""),
            Filter("speaks", says["language"], speaks, says["any_language"]),
            Filter("record", says["record"], records, says["any_record"]),
            Filter("papers", says["papers"], (("none", says["no_papers"]),), says["any_papers"]),
        ),
        (("program", says["by_program"]), ("agency", says["by_agency"]), ("near", says["by_near"])),
        SIZE,
        keeps=("back", "every"),
        typed=("q", "near", "age"),
    )


@router.get(HERE)
async def search(request: Request, actor: Reader, after: UUID | None = None) -> Response:
    """Programs in the alphabet, or the nearest first. `back` is where "Choose" leads, with program and agency added."""
    lang = lang_for(actor, lang_of(request))
    view = _asked(offer(lang), request.query_params)
    looked, back = _looked(view), view.kept.get("back", "")
    async with transaction(running(request)) as tx:
        today = (await people.now(tx)).date()
        middle = await searching.middle_of(tx, looked.near) if looked.near else None
        wanted = _wanted(view, looked, None if "every" in view.kept else vouched_since(today))
        wanted = replace(wanted, middle=middle)
        lost = bool(view.typed.get("near")) and middle is None
        order: Order = "agency" if view.order == "agency" else "near" if view.order == "near" else "program"
        rows = [] if lost else await searching.search(tx, wanted, order=order, after=after, limit=view.offer.size + 1)
        unchecked = 0 if lost or wanted.since is None else await searching.count_unvouched(tx, wanted)
    pages = keyed(view, rows, lambda row: row.program.id)
    return render(
        request,
        "directory.html",
        view=view,
        says=FIND[lang],
        few=FEW,
        open_more="age" in view.typed or any(view.chosen[name] for name in ("speaks", "record", "papers")),
        pages=pages,
        rows=[_line(row, looked, today, back, lang) for row in pages.rows],
        lost=lost,
        unchecked=_unchecked(unchecked, lang),
        show_all=view.url(page=1, every="1"),
        send=RELEASE_LISTS if actor.may("release_list.send", ()) else "",
        own=change(actor, actor.agency, SETTINGS, "agency.manage") if actor.agency else "",
        **frame(actor, HERE),
        lang=lang,
    )


def _asked(offered: Offer, query: Mapping[str, str]) -> View:
    """Without a way back that leads elsewhere. With a postcode the nearest come first, unless an order is asked for."""
    sound = {name: value for name, value in query.items() if name != "back" or is_own_path(value)}
    if not sound.get("near"):
        sound.pop("within", None)  # the form always sends it
    view = asked(offered, sound)
    if "near" in view.typed and not query.get(ORDER):
        return replace(view, order="near")
    return replace(view, order="program") if view.order == "near" and "near" not in view.typed else view


def _looked(view: View) -> Looked:
    age = view.typed.get("age", "")
    return Looked(
        words=view.typed.get("q", ""),
        need=view.chosen["need"],
        language=view.chosen["speaks"],
        record=view.chosen["record"],
        age=int(age) if age.isascii() and age.isdecimal() and int(age[:4]) <= 130 else None,
        no_papers=bool(view.chosen["papers"]),
        near=postcode_of(view.typed.get("near", "")) or "",
    )


def _wanted(view: View, looked: Looked, since: date | None) -> Asked:
    return Asked(
        looked.words,
        looked.need or None,
        openness=ROOM.get(view.chosen["room"]),
        language=looked.language or None,
        record=looked.record or None,
        age=looked.age,
        no_papers=looked.no_papers or None,
        since=since,
        within=float(view.chosen["within"] or USUAL_MILES),
    )


def _unchecked(count: int, lang: Lang) -> str:
    if not count:
        return ""
    key = "unchecked_one" if count == 1 else "unchecked_more" if count < MOST_COUNTED else "unchecked_most"
    return FIND[lang][key].format(count=count)


def _line(row: Listed, looked: Looked, today: date, back: str, lang: Lang) -> Line:
    """A program with the reasons for which it fits what was asked, and what was said of room."""
    entry, says = row.program.entry, FIND[lang]
    why = " ".join(reasons(looked, entry, row.miles, lang))
    agency = row.agency_name.removesuffix(".")  # as in "Rooms, Inc.", since the sentence ends in one
    who = f"{agency}." if looked.need else helps(agency, entry, lang)  # else it is said twice
    return Line(
        entry.name,
        " ".join(filter(None, (who, why))),
        " ".join(filter(None, (room(entry, today, lang), checked(row.program, today, lang)))),
        state(row.program, today, lang),
        choose(row.program, back, lang)
        or Act(says["look"], f"{HERE}/programs/{row.program.id}", about=says["at"].format(name=entry.name)),
    )
