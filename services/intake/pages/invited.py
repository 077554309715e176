"""Invitations: the welcoming agency's list and page of them, and what whoever was invited reads and answers."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.responses import Response

from services.intake import naming, words
from services.intake.invited import Patience
from services.intake.pages.frame import frame
from services.intake.places import INVITED, YES
from services.intake.says import SAID, START
from services.intake.says_invited import INVITED as SAYS
from services.intake.store import directory
from services.intake.store import invited as store
from services.intake.store.invited import Row
from shared.security.identity import Actor
from shared.web import say
from shared.web.edge import running, transaction
from shared.web.forms import Form, blank
from shared.web.menu import PEOPLE
from shared.web.templates import render
from shared.web.words import lang_of

MEND = {"given": "Say how they told you."}
GIVEN = (("in_person", "Face to face"), ("by_phone", "By phone"))
SILENT = timedelta(days=Patience().silent_days)
Told = Mapping[str, str]


async def list_page(
    request: Request, actor: Actor, known: Sequence[tuple[Row, Told]], at: datetime, page: int, pages: int
) -> Response:
    names = await _senders(request, [row for row, _ in known])
    return render(
        request,
        "invited_list.html",
        said=SAID["en"],
        rows=[_line(row, told, names, at) for row, told in known],
        earlier=f"{INVITED}?page={page - 1}" if page > 1 else "",
        later=f"{INVITED}?page={page + 1}" if page < pages else "",
        **frame(actor, PEOPLE),
        lang="en",
    )


async def page(
    request: Request, actor: Actor, row: Row, *, yes: Form[Any] | None = None, no: Form[Any] | None = None
) -> Response:
    """`yes`, `no`: the form that comes back with what to mend."""
    async with transaction(running(request)) as tx:
        at = await store.now(tx)
    told = await naming.told_of(running(request).keys, row)
    return render(
        request,
        "invited_one.html",
        status=422 if yes or no else 200,
        one=_line(row, told, await _senders(request, [row]), at),
        given=GIVEN,
        form=yes or blank(),
        refusing=no or blank("no-"),
        here=f"{INVITED}/{row.invited.id}",
        back=INVITED,
        **frame(actor, PEOPLE),
        lang="en",
    )


async def _senders(request: Request, rows: Sequence[Row]) -> Mapping[UUID, str]:
    async with transaction(running(request)) as tx:
        return await directory.agency_names(tx, list({row.invited.sender for row in rows}))


def _line(row: Row, told: Told, names: Mapping[UUID, str], at: datetime) -> dict[str, Any]:
    until = (row.told_at + SILENT).date()
    return {
        "url": f"{INVITED}/{row.invited.id}",
        "name": told["name"],
        "home": _day(told["release_on"], at.date()),
        "language": words.language_name(told["language"]),
        "reach": told["reach"],
        "sender": names.get(row.invited.sender, "An agency"),
        "until": say.day(until, at.date()),
        "linked": row.linked,
    }


def _day(told: str | None, today: date) -> str:
    return say.on_date(date.fromisoformat(told), today) if told else ""


def link_page(request: Request, actor: Actor, invited_id: UUID, link: str, pin: str) -> Response:
    return render(
        request,
        "invited_link.html",
        status=201,
        link=link,
        pin=pin,
        back=f"{INVITED}/{invited_id}",
        **frame(actor, PEOPLE),
        lang="en",
    )


# What the one reads who was invited


def pin_page(
    request: Request, code: str, form: Form[Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    form.typed.pop("pin", None)
    return render(
        request,
        "yes_pin.html",
        status=status,
        headers=headers or {},
        form=form,
        says=SAYS[lang_of(request)],
        action=f"{YES}/{code}",
    )


def ask_page(
    request: Request, code: str, ticket: str, form: Form[Any], told: Told, sender: str, welcoming: str, at: datetime,
    zone: str,
) -> Response:  # fmt: skip
    lang = lang_of(request)
    says, today = SAYS[lang], at.astimezone(ZoneInfo(zone)).date()
    known = [says["known_name"].format(name=told["name"])]
    if told["release_on"]:
        day = say.on_date(date.fromisoformat(told["release_on"]), today, lang)
        known.append(says["known_day"].format(day=day))
    return render(
        request,
        "yes.html",
        status=422 if form.wrong else 200,
        says=says,
        start=START[lang],
        asked=says["asked"].format(agency=welcoming),
        known=[*known, says["known_from"].format(sender=sender)],
        form=form,
        ticket=ticket,
        action=f"{YES}/{code}/answer",
        ways=words.ways(lang),
        languages=list(words.LANGUAGES.items()),
    )


def gone_page(request: Request) -> Response:
    return render(request, "yes_gone.html", says=SAYS[lang_of(request)])
