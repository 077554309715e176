"""How to reach somebody: every way with its own safety, on the person's page and their worker's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.responses import Response

from services.intake import seals, words
from services.intake.pages.frame import about, frame, lang_for
from services.intake.people import Person
from services.intake.places import portrait_page, reach_page
from services.intake.reaching import Way
from services.intake.says_portrait import WAYS, WAYS_STAFF
from shared.security.identity import Actor
from shared.security.permissions import Relation, may
from shared.security.sealing import Keys, as_bytes, open_sealed
from shared.web import say
from shared.web.edge import running
from shared.web.forms import Form, blank
from shared.web.menu import PEOPLE
from shared.web.templates import render
from shared.web.words import Lang, lang_of


@dataclass(frozen=True, slots=True)
class Shown:
    """A way, opened."""

    way: Way
    contact: str | None
    readers: str | None
    word: str | None


def mend(lang: Lang) -> dict[str, str]:
    return {"quiet_from": WAYS[lang]["mend_quiet"], "quiet_until": WAYS[lang]["mend_quiet"]}


async def opened(keys: Keys, person: Person) -> list[Shown]:
    return [await _open(keys, person, way) for way in person.ways]


async def _open(keys: Keys, person: Person, way: Way) -> Shown:
    contact, care = as_bytes(way.contact), as_bytes(way.care)
    known = json.loads(await open_sealed(keys, person.id, *seals.CARE, care)) if care else {}
    number = await open_sealed(keys, person.id, *seals.CONTACT, contact) if contact else None
    return Shown(way, number, known.get("readers"), known.get("word"))


async def page(
    request: Request, actor: Actor, person: Person, form: Form[Any] | None = None, *, moved: bool = False
) -> Response:
    """`form`: the one that has to be mended; what was typed stays in it."""
    lang = lang_for(actor, lang_of(request))
    says = WAYS[lang]
    ways = await opened(running(request).keys, person)
    form = form or blank()
    wrong = bool(form.wrong)
    return render(
        request,
        "ways.html",
        status=409 if moved else 422 if wrong else 200,
        says=says,
        empty=says if actor.person else WAYS_STAFF,
        lead=about(actor, {Relation.NAMED_WORKER}, person.id, says["lead"] if actor.person else WAYS_STAFF["lead"]),
        ways=[_shown(one, form, actor, lang) for one in ways],
        version=person.version,
        moved=moved,
        kinds=words.ways(lang) if actor.person else words.ways_for_staff(),
        mending=form,
        add=form if not form.prefix and (wrong or moved) else blank(),
        may_edit=may(actor, "ways.edit", person.ties(actor)),
        here=reach_page(person.id),
        language=f"/intake/people/{person.id}/contact",
        back=portrait_page(person.id),
        said={"ways-saved": WAYS[lang]["ways-saved"]},
        **frame(actor, PEOPLE),
        lang=lang,
    )


def _shown(one: Shown, sent: Form[Any], actor: Actor, lang: Lang) -> dict[str, Any]:
    way, says = one.way, WAYS[lang]
    prefix = f"w{way.id}-"
    kind = dict(words.ways(lang) if actor.person else words.ways_for_staff()).get(way.channel, way.channel)
    by = "person" if actor.person else "worker"
    return {
        "id": str(way.id),
        "kind": kind,
        "contact": one.contact or "",
        "usable": way.usable,
        "state": says["safe"] if way.usable else says["held"] if way.held else says["unsafe"],
        "waits": (says["waits"] if actor.person else says["waits_staff"]) if way.held == by else "",
        "can_say": way.held is not None and way.held != by,
        "lines": _lines(one, says, lang),
        "form": sent if sent.prefix == prefix else blank(prefix, **_typed(one)),
        "open": sent.prefix == prefix,
        "asks": way.channel != "in_person",
    }


def _lines(one: Shown, says: Mapping[str, str], lang: Lang) -> list[str]:
    lines = []
    if quiet := one.way.quiet:
        lines.append(says["quiet"].format(begin=say.hour(quiet.begin, lang), end=say.hour(quiet.end, lang)))
    if one.readers:
        lines.append(says["readers"].format(who=one.readers))
    if one.word:
        lines.append(says["code_word"].format(word=one.word))
    return lines


def _typed(one: Shown) -> dict[str, str]:
    quiet = one.way.quiet
    return {
        "contact": "",
        "safe": "yes" if one.way.safe else "no",
        "quiet_from": f"{quiet.begin:%H:%M}" if quiet else "",
        "quiet_until": f"{quiet.end:%H:%M}" if quiet else "",
        "readers": one.readers or "",
        "code_word": one.word or "",
    }
