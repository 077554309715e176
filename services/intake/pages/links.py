"""Somebody's records: which others they said are theirs. For a worker also whom to ask, and where.

A question that came from elsewhere names nobody and no place, and looks as it would if a stranger had asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection, Record
from fastapi import Request
from starlette.responses import JSONResponse, Response

from services.intake import seals
from services.intake.erasures import Identity
from services.intake.links import Because, Patience, Stage
from services.intake.pages import incidents
from services.intake.pages.emergencies import AGENCIES
from services.intake.pages.frame import frame, lang_for
from services.intake.pages.shared import ties, zone_of
from services.intake.places import page_of, pair_page, records_page, shared_page
from services.intake.says_links import RECORDS, SAID
from services.intake.store import directory, matching, people
from services.intake.store import links as store
from services.intake.store.links import Ask, Row
from shared.process import Running
from shared.security import audit
from shared.security.identity import Actor
from shared.security.permissions import Relations
from shared.security.sealing import Erased, open_sealed
from shared.web import say
from shared.web.accept import wants_html
from shared.web.edge import running, transaction
from shared.web.forms import Form, blank
from shared.web.menu import PEOPLE
from shared.web.templates import render
from shared.web.words import Lang, lang_of

PATIENCE = Patience()
KNOWN = [(one.value, one.label) for one in Identity]


@dataclass(frozen=True, slots=True)
class Read:
    """What stands around one record."""

    links: Sequence[Row]
    asks: Sequence[Ask]
    incidents: Sequence[Record]
    names: Mapping[UUID, str]
    now: datetime
    zone: ZoneInfo | tzinfo
    relations: Relations
    own: people.Row | None = None
    born: bytes | None = None
    pairs: Sequence[matching.Pair] = ()
    others: Sequence[people.Row] = ()
    agencies: Mapping[UUID, str] | None = None


async def page(
    request: Request,
    actor: Actor,
    person: UUID,
    birth: Form[Any] | None = None,
    asking: Form[Any] | None = None,
) -> Response:
    """`birth`, `asking`: what was typed there and has something to mend."""
    async with transaction(running(request)) as tx:
        found = await _read(tx, actor, person)
        await _write_down(tx, actor, person, found)
    if not wants_html(request):
        return JSONResponse(_json(person, found))
    if actor.person:
        return await _own_page(request, actor, person, found)
    return await _staff_page(request, actor, person, found, birth, asking)


async def _read(tx: Connection, actor: Actor, person: UUID) -> Read:
    relations = await ties(tx, actor, person)
    actor.require("link.read", relations, person)
    links, asks, wrong = await store.links_of(tx, person), await store.asks_of(tx, person), []
    if actor.person:
        wrong = await store.incidents_of(tx, person)
    named = {one.named for one in asks} | {row.link.other(person).home for row in links}
    names = await directory.agency_names(tx, named)
    now, zone = await people.now(tx), await zone_of(tx, person)
    if actor.person:
        return Read(links, asks, wrong, names, now, zone, relations)
    row = await people.find_person(tx, person)
    pairs = await matching.list_alike(tx, row.person.agency, person)
    others = [await people.find_person(tx, pair.other if pair.person == person else pair.person) for pair in pairs]
    agencies = {
        one.id: one.entry.name
        for one, _ in await directory.list_agencies(tx, limit=AGENCIES)
        if one.id != row.person.agency and not one.entry.holds_no_records
    }
    born = await matching.born_of(tx, person)
    return Read(links, asks, wrong, names, now, zone, relations, row, born, pairs, others, agencies)


async def _write_down(tx: Connection, actor: Actor, person: UUID, found: Read) -> None:
    """The look; and of each agency that is named here because of a link, that this one was told of it."""
    await audit.record(tx, actor, "link.read", person, "records", "own" if actor.person else "records")
    await audit.record_many(tx, actor, "duplicate.read", [row.person.id for row in found.others], "name", "records")
    for row in found.links:
        other = row.link.other(person)
        if not actor.person and row.link.is_across and row.link.stage is Stage.LINKED:
            await audit.record(tx, actor, "link.read", other.person, f"link/{row.link.id}", "records")


def _json(person: UUID, found: Read) -> dict[str, Any]:
    asks = [{"id": str(one.id), "agency": str(one.named), "asked_at": one.asked_at.isoformat()} for one in found.asks]
    return {"links": [store.as_json(row, person) for row in found.links], "asks": asks}


async def _own_page(request: Request, actor: Actor, person: UUID, found: Read) -> Response:
    lang = lang_for(actor, lang_of(request))
    says = RECORDS[lang]
    return render(
        request,
        "records_own.html",
        says=says,
        linked=[_told(row, person, found, says, lang) for row in found.links if row.link.stage is Stage.LINKED],
        asked=[_asked(one, found, says, lang) for one in found.asks],
        wrong=[await _wrong(running(request), person, one, found, says, lang) for one in found.incidents],
        back=shared_page(person),
        said={code: words.in_lang(lang) for code, words in SAID.items()},
        **frame(actor, PEOPLE),
        lang=lang,
    )


def _when(at: datetime | None, found: Read, lang: Lang) -> str:
    return say.after_a_word(say.moment(at or found.now, found.now, found.zone, lang), lang)


def _told(row: Row, person: UUID, found: Read, says: Mapping[str, str], lang: Lang) -> dict[str, str]:
    agency = found.names.get(row.link.other(person).home, "?")
    words = says["linked"] if row.link.is_across else says["linked_here"]
    when = _when(row.linked_at, found, lang)
    return {"id": str(row.link.id), "agency": agency, "words": words.format(agency=agency, when=when)}


def _asked(one: Ask, found: Read, says: Mapping[str, str], lang: Lang) -> str:
    return says["asked"].format(agency=found.names.get(one.named, "?"), when=_when(one.asked_at, found, lang))


async def _wrong(
    here: Running, person: UUID, row: Record, found: Read, says: Mapping[str, str], lang: Lang
) -> dict[str, Any]:
    lines = await incidents.lines(here, person, row["shown"], found.now, found.zone, lang)
    words = await incidents.found_of(here.keys, person, row["found"])
    return {
        "opened": says["wrong"].format(when=_when(row["opened_at"], found, lang)),
        "lines": lines,
        "none": says["nothing_shown"],
        "found": says["found"].format(words=words) if words else "" if row["closed_at"] else says["waits"],
    }


async def _staff_page(
    request: Request, actor: Actor, person: UUID, found: Read, birth: Form[Any] | None, asking: Form[Any] | None
) -> Response:
    here, row = running(request), found.own
    assert row is not None
    called = await seals.names_of(here.keys, [row, *found.others])
    typed = await _born(here, person, found.born)
    return render(
        request,
        "records.html",
        status=422 if birth or asking else 200,
        name=called[person],
        here=records_page(person),
        person=str(person),
        birth=birth or blank("born-", born=typed),
        asking=asking or blank("ask-"),
        known=KNOWN,
        agencies=[(str(id), name) for id, name in (found.agencies or {}).items()],
        may_edit=actor.may("person.edit", found.relations),
        may_ask=actor.may("link.ask", found.relations),
        may_answer=actor.may("link.answer", found.relations),
        may_end=actor.may("link.end", found.relations),
        put=[_put(one, found) for one in found.links if one.link.stage is Stage.PUT],
        linked=[_linked(one, person, found) for one in found.links if one.link.stage is Stage.LINKED],
        ended=[_ended(one, person, found) for one in found.links if one.link.because is Because.NOT_ONE],
        asks=[_waits(one, found) for one in found.asks if not _is_linked(one, found)],
        pairs=[
            {"url": pair_page(pair.person, pair.other), "name": called[other.person.id], "says": pair.likeness.says}
            for pair, other in zip(found.pairs, found.others, strict=True)
        ],
        back=page_of(person, actor),
        said={code: words.en for code, words in SAID.items()},
        **frame(actor, PEOPLE),
        lang="en",
    )


async def _born(here: Running, person: UUID, sealed: bytes | None) -> str:
    try:
        return await open_sealed(here.keys, person, *seals.BORN, sealed) if sealed else ""
    except Erased:
        return ""


def _put(row: Row, found: Read) -> dict[str, str]:
    until = say.moment(row.put_at + timedelta(days=PATIENCE.ask_days), found.now, found.zone)
    return {"id": str(row.link.id), "until": until}


def _linked(row: Row, person: UUID, found: Read) -> dict[str, str]:
    agency = found.names.get(row.link.other(person).home, "?")
    at = say.moment(row.linked_at or found.now, found.now, found.zone)
    words = f"{agency} walks with them too." if row.link.is_across else "Another record here is theirs too."
    url = "" if row.link.is_across else pair_page(*(side.person for side in row.link.sides))
    return {"id": str(row.link.id), "words": words, "when": f"They said so face to face, {at}.", "url": url}


def _ended(row: Row, person: UUID, found: Read) -> str:
    agency = found.names.get(row.link.other(person).home, "?")
    at = say.moment(row.ended_at or found.now, found.now, found.zone)
    return f"Taken apart {at}: a record at {agency}. The privacy desk looks at what was shown."


def _is_linked(ask: Ask, found: Read) -> bool:
    return any(row.ask == ask.id for row in found.links)


def _waits(one: Ask, found: Read) -> str:
    until = one.asked_at + timedelta(days=PATIENCE.ask_days)
    named = found.names.get(one.named, "?")
    asked = say.moment(one.asked_at, found.now, found.zone)
    if until < found.now:
        return f"Asked at {named} {asked}. No yes came. That can mean anything."
    by = say.moment(until, found.now, found.zone)
    return f"Asked at {named} {asked}. If they say yes there, you read it here. It ends {by}."
