"""The copy of what somebody said yes to, word for word, as a page and as a PDF; and every word that was said of it."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.intake import paper
from services.intake.consent_text import Text, dated
from services.intake.pages.frame import frame, lang_for
from services.intake.pages.shared import ties
from services.intake.places import copy_page, shared_page
from services.intake.says_consent import COPY
from services.intake.signing import Way, read_again
from services.intake.store import consents as store
from services.intake.store.consents import Said
from shared.process import Running
from shared.runtime.errors import NotFound
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import say, staff
from shared.web.edge import running, transaction
from shared.web.menu import PEOPLE
from shared.web.templates import render
from shared.web.words import Lang, lang_of

router = APIRouter(include_in_schema=False)
Reads = Annotated[Actor, Depends(allow("consent.read"))]
Read = tuple[Text, Way]


@dataclass(frozen=True, slots=True)
class Copy:
    """The latest text of one consent, and a line for every word."""

    person: UUID
    text: Text | None
    lines: tuple[str, ...]
    lang: Lang


@router.get("/intake/consents/{consent_id}/copy")
async def copy(consent_id: UUID, request: Request, actor: Reads) -> Response:
    """Any time, also long after it ended."""
    found = await _copy(running(request), actor, consent_id, lang_for(actor, lang_of(request)))
    return render(
        request,
        "consent_copy.html",
        text=found.text,
        lines=found.lines,
        says=COPY[found.lang],
        pdf=f"{copy_page(consent_id)}.pdf",
        back=shared_page(found.person),
        **frame(actor, PEOPLE),
        lang=found.lang,
    )


@router.get("/intake/consents/{consent_id}/copy.pdf")
async def as_pdf(consent_id: UUID, request: Request, actor: Reads) -> Response:
    """The same on paper. Its name tells nothing to whoever finds it among the phone's files."""
    found = await _copy(running(request), actor, consent_id, lang_for(actor, lang_of(request)))
    if found.text is None:
        raise NotFound("copy of consent", consent_id)
    says = COPY[found.text.lang]
    sheet = paper.Sheet(found.text, says["said"], found.lines, says["version"].format(version=_day(found.text)))
    content = await asyncio.to_thread(paper.draw, sheet)
    named = {"Content-Disposition": 'inline; filename="page.pdf"'}
    return Response(content, media_type="application/pdf", headers=named)


async def _copy(here: Running, actor: Actor, consent_id: UUID, lang: Lang) -> Copy:
    async with transaction(here) as tx:
        consent = (await store.find_consent(tx, consent_id)).consent
        actor.require("consent.read", await ties(tx, actor, consent.person), consent_id)
        words = await store.words_of(tx, consent_id)
        why = "own" if actor.person else "care"
        await audit.record(tx, actor, "consent.read", consent.person, f"consent/{consent_id}", why)
    read = [await read_again(here, consent.person, word) for word in words]
    named = await staff.known(here, actor, {word.recorded_by for word in words})
    zone = ZoneInfo(consent.terms.zone)
    lines = [_line(word, found, zone, named, lang) for word, found in zip(words, read, strict=True)]
    text = next((found[0] for found in reversed(read) if found), None)
    return Copy(consent.person, text, tuple(lines), lang)


def _line(word: Said, found: Read | None, zone: ZoneInfo, named: staff.Staff, lang: Lang) -> str:
    says, way = COPY[lang], found[1] if found else None
    at = word.said_at.astimezone(zone)
    when = f"{dated(at.date(), lang)}, {say.hour(at.time(), lang)}"
    parts = [f"{says[word.verb]}: {when}, {_how(word, way, says)}."]
    if way and way.reader:
        parts.append(says[way.reader])
    if way and way.interpreter:
        parts.append(says["interpreter"].format(name=way.interpreter) + ".")
    if word.recorded_by:
        parts.append(says["wrote"].format(who=named.of(word.recorded_by).said(lang, to_person=named.to_person)))
    return " ".join(parts)


def _how(word: Said, way: Way | None, says: Any) -> str:
    """How it came: by what was sealed with it, where that is more than the code of the event."""
    if way is not None and way.signed == "screen" and way.signed_as:
        return str(says["screen"].format(name=way.signed_as))
    if word.given == "paper" or (way is not None and way.signed == "paper"):
        place = way.paper_at if way else None
        return str(says["paper"].format(place=place) if place else says["paper_somewhere"])
    if way is not None and way.signed == "voice":
        return str(says["voice"])
    return str(says.get(word.given, says["in_person"]))


def _day(text: Text) -> str:
    return dated(date.fromisoformat(text.version), text.lang)
