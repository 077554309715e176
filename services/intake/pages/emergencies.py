"""A medical emergency: the form that opens somebody's record, and the least of it that whoever treats them needs.

The network keeps no medicines and no allergies, and the page says so: what it has is whom to call.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection
from fastapi import Request
from starlette.responses import Response

from services.intake import seals, staff, words
from services.intake.consents import is_live
from services.intake.directory import Agency
from services.intake.emergencies import LASTS, Cannot, Opening, care_shown
from services.intake.pages.frame import frame
from services.intake.places import OPENINGS, opening_page
from services.intake.store import consents, directory, emergencies, people
from shared.process import Running
from shared.runtime.database import reaching
from shared.runtime.reach import SERVICE
from shared.security.identity import Actor
from shared.web import say
from shared.web.edge import running, transaction
from shared.web.forms import Form
from shared.web.menu import PEOPLE
from shared.web.templates import render

AGENCIES = 2000  # to choose from


@dataclass(frozen=True, slots=True)
class Care:
    """An agency that may know of their health by their own consent: so it can be asked."""

    agency: str
    phone: str
    about: tuple[str, ...]  # categories


@dataclass(frozen=True, slots=True)
class Found:
    """What the transaction read; what is sealed of it is opened afterwards."""

    row: people.Row
    home: Agency
    care: tuple[Care, ...]
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.home.entry.calendar.timezone)


@dataclass(frozen=True, slots=True)
class Least:
    """All that is shown: who they are, how they are reached, and whom to call."""

    name: str
    language: str
    way: str | None
    contact: str | None
    safe: bool
    worker: str
    home: str
    phone: str
    care: tuple[Care, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "language": self.language,
            "way": self.way,
            "contact": self.contact,
            "safe": self.safe,
            "walks_with_them": {"worker": self.worker, "agency": self.home, "phone": self.phone},
            "care": [{"agency": one.agency, "phone": one.phone, "about": list(one.about)} for one in self.care],
        }


async def form_page(request: Request, actor: Actor, form: Form[Any]) -> Response:
    async with transaction(running(request)) as tx:
        agencies = await directory.list_agencies(tx, limit=AGENCIES)
        live, now = await emergencies.live_of(tx, actor.id), await people.now(tx)
        home = await directory.find_agency(tx, actor.agency) if actor.agency else None
    zone = ZoneInfo(home.entry.calendar.timezone) if home else UTC
    return render(
        request,
        "emergency.html",
        status=422 if form.wrong else 200,
        form=form,
        agencies=[(str(one.id), one.entry.name) for one, _ in agencies if one.id != actor.agency],
        reasons=[(one.value, one.label) for one in Cannot],
        live=[(opening_page(one.id), say.moment(one.ends_at, now, zone)) for one in live],
        action=OPENINGS,
        **frame(actor, PEOPLE),
        lang="en",
    )


async def found(tx: Connection, opening: Opening, now: datetime) -> Found:
    """Row-level security lets whoever opened it reach the person for that hour, and not where they said never."""
    row = await people.find_person(tx, opening.person)
    home = await directory.find_agency(tx, row.person.agency)
    async with reaching(tx, SERVICE):  # who treats them is told by what they allowed other agencies
        care = await _care(tx, opening, now)
    return Found(row, home, care, now)


async def _care(tx: Connection, opening: Opening, now: datetime) -> tuple[Care, ...]:
    shown, about = care_shown(opening), dict[UUID, set[str]]()
    for row in await consents.consents_of(tx, opening.person):
        terms = row.consent.terms
        if is_live(row.consent, now) and (told := terms.categories & shown):
            about.setdefault(terms.recipient, set()).update(told)
    about.pop(opening.agency, None)
    known = await directory.known_agencies(tx, about)
    return tuple(
        Care(agency.entry.name, agency.entry.phone or "", tuple(sorted(about[id]))) for id, agency in known.items()
    )


async def least(here: Running, actor: Actor, opening: Opening, shown: Found) -> Least:
    person = shown.row.person
    return Least(
        await seals.name_of(here.keys, shown.row),
        words.language_name(person.language),
        person.way,
        await seals.contact_of(here.keys, shown.row),
        bool(person.channels),
        await staff.worker_name(here, person.worker, actor),
        shown.home.entry.name,
        shown.home.entry.phone or "",
        shown.care,
    )


def opened_page(request: Request, actor: Actor, opening: Opening, of: Least, shown: Found) -> Response:
    return render(
        request,
        "emergency_open.html",
        of=of,
        care=[(one, say.listed([words.CARE[code] for code in one.about])) for one in of.care],
        way=words.WAYS[of.way].en if of.way and of.way in words.WAYS else "",
        treatment=opening.treatment,
        until=say.moment(opening.ends_at, shown.now, shown.zone),
        left=say.due(opening.ends_at, shown.now, shown.zone, start=opening.ends_at - LASTS, verb="shuts"),
        again=OPENINGS,
        **frame(actor, PEOPLE),
        lang="en",
    )
