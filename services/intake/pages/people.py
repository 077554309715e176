"""People, as their agency's staff see them; and the small parts that other services' pages load: a name, a header."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.responses import Response

from services.intake import seals, staff, words
from services.intake.arrivals import Arrival
from services.intake.directory import Agency
from services.intake.erasures import Stage
from services.intake.pages.frame import about, frame, lang_for
from services.intake.people import Person
from services.intake.places import DUPLICATES, OPENINGS, erasure_page, page_of, records_page, shared_page, stop_page
from services.intake.says import CONTACT, SAID, START
from services.intake.says_portrait import PORTRAIT, WAYS
from services.intake.store import emergencies
from services.intake.store.erasures import Row as Erasing
from services.intake.store.people import Row
from shared.security.identity import Actor
from shared.security.permissions import Relation, may
from shared.web import needs, say
from shared.web.edge import running
from shared.web.forms import Form
from shared.web.listing import Filter, Offer, Pages, View, asked, paged
from shared.web.menu import PEOPLE
from shared.web.templates import render
from shared.web.words import lang_of

MEND = {"name": "Say what they like to be called."}
LATELY = timedelta(days=7)
SHOWN = 40  # on one page of those with a worker
MOST = 200  # that a search by name shows
ORDERS = (("latest", "Newest first"), ("longest", "Longest here first"), ("name", "By name"))


@dataclass(frozen=True, slots=True)
class Who:
    """Colleagues: what they are called, and who of them can be named for somebody by whoever reads the page."""

    called: Mapping[UUID, str]
    may_be_named: Sequence[tuple[UUID, str]]


async def who_of(request: Request, actor: Actor, rows: list[Row]) -> Who:
    here = running(request)
    assigns = may(actor, "person.assign", Relation.SAME_AGENCY)
    called = await staff.names_of(here, (row.person.worker for row in rows))
    return Who(called, await staff.workers_of(here, actor.agency) if assigns else [])


async def add_page(request: Request, actor: Actor, form: Form[Any]) -> Response:
    """The worker's form: the same questions, asked together."""
    return render(
        request,
        "person_new.html",
        status=422 if form.wrong else 200,
        form=form,
        needs=words.first_needs("en"),
        ways=words.ways_for_staff(),
        languages=list(words.LANGUAGES.items()),
        **frame(actor, PEOPLE),
        lang="en",
    )


@dataclass(frozen=True, slots=True)
class People:
    """One page of the list: whom nobody walks with, whole, then a page of the others."""

    view: View
    waiting: list[Row]
    walking: Pages[Row]
    who: Who
    q: str = ""

    @property
    def shown(self) -> list[Row]:
        return [*self.waiting, *self.walking.rows]


async def listed(request: Request, actor: Actor, rows: list[Row], names: Mapping[UUID, str], q: str) -> People:
    """Those whom nobody walks with stand first: that is our silence, not theirs. What is sought by name is one page,
    since a name stands in no address that could lead to the next."""
    who = await who_of(request, actor, rows)
    known = sorted(((str(id), name) for id, name in who.called.items()), key=lambda worker: worker[1])
    filters = (
        (Filter("with", "Who walks with them", (("nobody", "Nobody yet"), *known), "Whoever it is"),)
        if may(actor, "person.list", Relation.SAME_AGENCY)
        else ()
    )
    view = asked(Offer(PEOPLE, filters, ORDERS, MOST if q else SHOWN), {} if q else request.query_params)
    chosen = view.chosen.get("with", "")
    waiting = [row for row in rows if row.person.worker is None] if chosen in ("", "nobody") else []
    walking = [row for row in rows if row.person.worker is not None]
    pages = paged(
        view,
        walking,
        keep={"with": lambda row, worker: str(row.person.worker) == worker},
        sort={
            "latest": lambda row: (-row.welcomed_at.timestamp(), row.person.id),
            "longest": lambda row: (row.welcomed_at, row.person.id),
            "name": lambda row: (names[row.person.id].casefold(), row.person.id),
        },
    )
    return People(view, waiting if view.page == 1 else [], pages, who, q)


def people_page(
    request: Request,
    actor: Actor,
    people: People,
    names: dict[UUID, str],
    at: datetime,
    promised: Mapping[UUID, str],
) -> Response:
    workers = [(str(id), name) for id, name in people.who.may_be_named]
    return render(
        request,
        "people.html",
        said=SAID["en"],
        view=people.view,
        waiting=[
            _shown(row, names, people.who, at, actor) | {"promised": promised.get(row.person.id, "")}
            for row in people.waiting
        ],
        walking=[_shown(row, names, people.who, at, actor) for row in people.walking.rows],
        pages=people.walking,
        workers=workers,
        q=people.q,
        duplicates=DUPLICATES if may(actor, "duplicate.read", Relation.SAME_AGENCY) else "",
        may_ask=may(actor, "invitation.read", Relation.SAME_AGENCY),
        may_send=may(actor, "release_list.send", ()),
        emergency=OPENINGS if may(actor, "emergency.open", ()) else "",
        **frame(actor, PEOPLE),
        lang="en",
    )


def promised(arrivals: Mapping[UUID, Arrival], at: datetime, zone: ZoneInfo) -> dict[UUID, str]:
    """By when an answer was promised to whom, or since when it is late."""
    return {
        person: f"An answer was promised {say.moment(arrival.answer_by, at, zone)}"
        + (": it is late." if arrival.answer_by <= at else ".")
        for person, arrival in arrivals.items()
    }


def _shown(row: Row, names: dict[UUID, str], who: Who, at: datetime, actor: Actor) -> dict[str, str]:
    person = row.person
    return {
        "id": str(person.id),
        "name": names[person.id],
        "worker": who.called[person.worker] if person.worker else "",
        "reach": reached(person),
        "since": say.day(row.welcomed_at.date(), at.date()),
        "url": page_of(person.id, actor),
        "promised": "",
    }


def reached(person: Person) -> str:
    """How, in a word, and whether it is safe; never the number."""
    if person.held:
        return "Their number is held: nothing goes there"
    if person.way is None:
        return "No way to reach them yet"
    way = words.WAYS[person.way].en if person.way in words.WAYS else person.way
    if not person.channels:
        return f"{way}: not safe, do not use"
    return f"{way}, marked safe" if person.way != "in_person" else "Comes by in person"


def name_page(request: Request, actor: Actor, name: str) -> Response:
    return render(request, "name.html", name=name, **frame(actor, PEOPLE), lang=lang_for(actor, lang_of(request)))


def reach_page(request: Request, actor: Actor, person: Person, contact: str | None) -> Response:
    how = {"says": reached(person), "contact": contact if person.channels else None, "way": person.way}
    lang = lang_for(actor, lang_of(request))
    return render(request, "reach.html", how=how, person=person.id, **frame(actor, PEOPLE), lang=lang)


async def header_page(
    request: Request,
    actor: Actor,
    row: Row,
    home: Agency,
    at: datetime,
    erasing: Erasing | None,
    opened: Sequence[emergencies.Row] = (),
) -> Response:
    keys, person = running(request).keys, row.person
    contact = await seals.contact_of(keys, row) if person.channels else None
    asked = await seals.asked_of(keys, row)
    zone = ZoneInfo(home.entry.calendar.timezone)
    return render(
        request,
        "person_header.html",
        name=await seals.name_of(keys, row),
        person=person,
        language=words.language_name(person.language),
        reach=reached(person),
        contact=contact,
        worker=await staff.worker_name(running(request), person.worker, actor),
        home=home.entry.name,
        needs=needs.for_staff(asked["needs"]),
        own_words=asked["words"],
        since=say.on_date(row.welcomed_at.astimezone(zone).date(), at.astimezone(zone).date()),
        opened=say.hour(at.astimezone(zone).time()),
        may_edit=may(actor, "person.edit", person.ties(actor)),
        may_open=may(actor, "way_in.read", person.ties(actor)),
        may_link=may(actor, "link.read", person.ties(actor)),
        may_stop=may(actor, "consent.revoke", person.ties(actor)),
        records=records_page(person.id),
        stop=stop_page(person.id),
        erasing=_erasing(erasing, at, zone),
        opened_in_need=await _opened(request, actor, opened, at, zone),
        shared=shared_page(person.id),
        erasure=erasure_page(person.id),
        **frame(actor, PEOPLE),
        lang="en",
    )


def _erasing(row: Erasing | None, now: datetime, zone: ZoneInfo) -> str:
    """What a worker has to know as they open the page: somebody has to say that they know them, or when it is due."""
    if row is None:
        return ""
    if row.erasure.stage is Stage.ASKED:
        return "They asked to have it all erased. Somebody has to say that they know them."
    if row.erasure.stage is Stage.SET and row.erasure.due is not None:
        return f"What we keep of them is erased {say.moment(row.erasure.due, now, zone)}, as they asked."
    return ""


async def _opened(
    request: Request, actor: Actor, rows: Sequence[emergencies.Row], now: datetime, zone: ZoneInfo
) -> str:
    """An emergency of the last days: whoever walks with them wants to call."""
    latest = next((row.opening for row in rows if now - row.opening.opened_at < LATELY), None)
    if latest is None:
        return ""
    who = await staff.worker_name(running(request), latest.worker, actor)
    return f"{who} opened this for a medical emergency, {say.moment(latest.opened_at, now, zone)}."


def contact_page(request: Request, actor: Actor, person: UUID, form: Form[Any], theirs: str | None = None) -> Response:
    """`theirs`: what somebody else wrote while this form was open; it stands beside what was typed."""
    view = frame(actor, PEOPLE)
    lang = lang_for(actor, lang_of(request))
    languages = dict(words.LANGUAGES)
    now = form.typed.get("language")
    if isinstance(now, str) and now:
        languages.setdefault(now, now)  # one that the form does not offer stays theirs
    staff_lead = CONTACT[lang]["staff_lead"]
    return render(
        request,
        "contact.html",
        status=409 if theirs is not None else 422 if form.wrong else 200,
        form=form,
        moved=WAYS[lang]["moved"] if theirs is not None else "",
        theirs=PORTRAIT[lang]["they_wrote"].format(text=theirs) if theirs else "",
        says=CONTACT[lang],
        lead=CONTACT[lang]["lead"] if actor.person else about(actor, {Relation.NAMED_WORKER}, person, staff_lead),
        start=START[lang],
        ways=words.ways(lang) if actor.person else words.ways_for_staff(),
        languages=list(languages.items()),
        action=f"/intake/people/{person}/contact",
        back=page_of(person, actor),
        **view,
        lang=lang,
    )
