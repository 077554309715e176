"""The pages of notifications: a partner's own, the list of partners, the catalog, and a person's messages."""

import json
from functools import cache
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection, Record
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from services.notifications import messages, partners, portal
from services.notifications.catalog import catalog
from services.notifications.database import transaction
from services.notifications.settings import Voice
from services.notifications.texts import language_of, text_of
from shared.runtime.errors import NotFound
from shared.security import audit
from shared.security.edge import allow, public
from shared.security.identity import Actor
from shared.security.permissions import Relation, Role, relation_free
from shared.security.signin import LANDING
from shared.web import forms, say
from shared.web.accept import wants_html
from shared.web.edge import running
from shared.web.menu import bar
from shared.web.parts import Line, Tag
from shared.web.templates import render
from shared.web.words import Lang, lang_of

router = APIRouter(include_in_schema=False)
MENU = "/notifications/partners"  # the entry of the staff bar that these pages belong to
OWN = "/notifications/partner"
SAID = {"test-sent": "Sent. It stands on both streams in a moment.", "password-made": "The new password holds now."}
LAST_MESSAGES = 30

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Messages",
        "none": "No messages yet",
        "none_why": "When something about a request changes, a short message comes to the phone. It names no one.",
        "sent": "Sent",
        "waiting": "On its way",
        "until": "Waits until {when}",
        "withheld": "Not sent",
        "back": "Back to my page",
    },
    "es": {
        "title": "Mensajes",
        "none": "Todavía no hay mensajes",
        "none_why": "Cuando algo cambia en una petición, llega un mensaje corto al teléfono. No nombra a nadie.",
        "sent": "Enviado",
        "waiting": "En camino",
        "until": "Espera hasta {when}",
        "withheld": "No se envió",
        "back": "Volver a mi página",
    },
}
WHY: dict[str, dict[str, str]] = {
    "en": {
        "no_safe_way": "no safe way to write",
        "no_consent": "sharing was stopped",
        "out_of_date": "sharing was stopped before it left",
        "too_late": "it would have come too late",
        "carrier_refused": "the phone company did not take it",
    },
    "es": {
        "no_safe_way": "no hay una manera segura de escribir",
        "no_consent": "se dejó de compartir",
        "out_of_date": "se dejó de compartir antes de enviarlo",
        "too_late": "habría llegado demasiado tarde",
        "carrier_refused": "la compañía de teléfono no lo aceptó",
    },
}


@router.get(OWN)
async def own_partner(request: Request, actor: Annotated[Actor, Depends(allow("partner.read"))]) -> Response:
    """The page of the actor's own agency."""
    if actor.agency is None:
        return forms.see_other(MENU, request)
    actor.require("partner.read", actor.relations(agency=actor.agency), "here")
    async with transaction(running(request).pool) as tx:
        partner = await partners.of_agency(tx, actor.agency)
    if partner is not None:
        return await show_partner(request, actor, partner.slug)
    if not wants_html(request):
        raise NotFound("stream", "of your agency")
    return render(request, "partner_none.html", bar=bar(actor, MENU))


@router.get(MENU)
async def all_partners(request: Request, actor: Annotated[Actor, Depends(allow("partner.read"))]) -> Response:
    """Every partner, for the network's office; an agency's people see their own."""
    if not relation_free(actor.role, "partner.read"):
        actor.require("partner.read", Relation.SAME_AGENCY)
        return forms.see_other(OWN, request)
    async with transaction(running(request).pool) as tx:
        found = await partners.find_all(tx)
    if not wants_html(request):
        return JSONResponse([{"slug": p.slug, "agency": str(p.agency), "agreed": p.is_agreed} for p in found])
    lines = [
        Line(
            p.agency_name,
            f"Called {p.slug}",
            status=Tag("kept", "Real people") if p.is_agreed else Tag("waits", "Synthetic people only"),
        )
        for p in found
    ]
    links = [(p.agency_name, f"{MENU}/{p.slug}") for p in found]
    return render(request, "partners.html", bar=bar(actor, MENU), lines=lines, links=links)


@router.get("/notifications/partners/{slug}")
async def one_partner(slug: str, request: Request, actor: Annotated[Actor, Depends(allow("partner.read"))]) -> Response:
    async with transaction(running(request).pool) as tx:
        partner = await partners.find(tx, slug)
    actor.require("partner.read", actor.relations(agency=partner.agency), slug)
    return await show_partner(request, actor, slug)


async def show_partner(request: Request, actor: Actor, slug: str, password: str = "") -> Response:
    """`password` is one that was made a moment ago: it stands on this one answer and on no other."""
    here = running(request)
    seen = await portal.look(here.pool, here.settings, slug)
    if not wants_html(request):
        return JSONResponse(portal.as_json(seen) | ({"password": password} if password else {}))
    title, sentence = portal.agreement(seen)
    return render(
        request,
        "partner.html",
        said=SAID,
        bar=bar(actor, MENU),
        portal=seen,
        password=password,
        notice=title,
        agreed=sentence,
        facts=portal.facts(seen),
        beads=portal.ten_minutes(seen),
        may=portal.may_read(seen),
        properties=portal.properties(seen.connection),
        try_it=portal.try_it(seen.connection),
        sample=portal.sample(seen.connection),
        is_own=actor.agency == seen.partner.agency,
        manages=actor.may("partner.manage", actor.relations(agency=seen.partner.agency)),
    )


@cache
def _catalog() -> dict[str, Any]:
    return catalog()


@router.get("/notifications/catalog", dependencies=[Depends(public)])
async def event_catalog(request: Request) -> Response:
    """What stands on a partner's topics."""
    found = _catalog()
    if not wants_html(request):
        return JSONResponse(found)
    pretty = [
        {**topic, "events": [{**e, "shown": json.dumps(json.loads(e["sample"]), indent=2)} for e in topic["events"]]}
        for topic in found["topics"]
    ]
    return render(request, "catalog.html", topics=pretty, notice=found["notice"])


@router.get("/notifications/people/{person_id}/messages")
async def person_messages(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("message.read"))]
) -> Response:
    """A part of the person's page, and of their worker's: what was written to them and what became of it."""
    async with transaction(running(request).pool) as tx:
        person = await tx.fetchrow(messages.SQL["person"], person_id)
        worker = person["worker"] if person else None
        actor.require("message.read", actor.relations(person=person_id, workers=[worker]), person_id)
        if person is None and not actor.person:  # of somebody whom we have not heard of they themselves read nothing
            raise NotFound("person", person_id)
        rows = await tx.fetch(messages.SQL["of_person"], person_id, LAST_MESSAGES)
        own = actor.role is Role.PERSON
        await audit.record(tx, actor, "message.read", person_id, "messages", "own" if own else "care")
    lang: Lang = lang_of(request) if own else "en"
    zone = ZoneInfo((person["timezone"] if person else None) or Voice().timezone)
    theirs = person["language"] if person else lang
    lines = [message_line(row, theirs, zone, lang, says_why=not own) for row in rows]
    if not wants_html(request):
        return JSONResponse([_json(row, line) for row, line in zip(rows, lines, strict=True)])
    return render(
        request,
        "messages.html",
        layout="layout_mine.html" if own else "layout.html",
        bar=bar(actor),
        lines=lines,
        back=LANDING[Role.PERSON] if own else "",
        says=WORDS[lang],
        lang=lang,
        theirs=language_of(theirs),
    )


async def zone_of(tx: Connection, person: UUID) -> ZoneInfo:
    """In which somebody's days are told; the network's while we have not heard of their agency."""
    row = await tx.fetchrow(messages.SQL["person"], person)
    return ZoneInfo((row["timezone"] if row else None) or Voice().timezone)


def message_line(row: Record, language: str, zone: ZoneInfo, lang: Lang, *, says_why: bool) -> Line:
    """The text in the person's language, and what became of it; staff read why it waits."""
    says, at = WORDS[lang], row["settled_at"] or row["decided_at"]
    when = say.moment(at, row["now"], zone, lang)
    text = text_of(row["occasion"], language)
    match row["state"]:
        case "sent":
            return Line(text, aside=when, status=Tag("kept", says["sent"]))
        case "withheld":
            return Line(text, aside=WHY[lang].get(row["reason"], ""), status=Tag("stopped", says["withheld"]))
        case _:
            until = say.after_a_word(say.moment(row["not_before"], row["now"], zone, lang), lang)
            held = f"held: {row['held']}" if says_why else says["until"].format(when=until)
            return Line(text, aside=held if row["held"] else when, status=Tag("waits", says["waiting"]))


def _json(row: Record, line: Line) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "occasion": row["occasion"],
        "state": row["state"],
        "text": line.name,
        "reason": row["reason"],
        "held": f"held: {row['held']}" if row["held"] else None,
        "not_before": row["not_before"].isoformat(),
        "settled_at": row["settled_at"].isoformat() if row["settled_at"] else None,
    }
