"""Pages that begin something: ask a program, promise something, tell a worker of a worry, let one agency know.

What is missing is shown before anything is asked: a referral without a consent leads to the page that asks for it.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from asyncpg import Connection
from fastapi import Request
from starlette.responses import Response

from services.caseplan import copies, creating, store
from services.caseplan.concepts import REFERRAL, SETBACK
from services.caseplan.copies import Person, Program
from services.caseplan.pages.beginning_words import WORDS
from services.caseplan.pages.frame import MINE, TODAY, frame, lang_for, page_of
from services.caseplan.pages.saying import consent_link
from shared.runtime.errors import Invalid
from shared.security import audit
from shared.security.identity import Actor
from shared.web import forms, staff
from shared.web.edge import running, transaction
from shared.web.forms import Form, back_to
from shared.web.needs import NEEDS, need
from shared.web.templates import render
from shared.web.words import Lang

OTHERS = 20


def _frame(request: Request, actor: Actor) -> dict[str, Any]:
    lang = lang_for(request, actor)
    return {**frame(actor, TODAY), "lang": lang, "says": WORDS[lang]}


async def refer(
    request: Request, actor: Actor, person_id: UUID, program_id: UUID | None, form: Form[Any] | None = None
) -> Response:  # fmt: skip
    """Choose a need, then a program of the directory, then send it under a consent."""
    lang, own = lang_for(request, actor), actor.person is not None
    async with transaction(running(request)) as tx:
        person = await copies.find_person(tx, person_id)
        actor.require("referral.send", creating.around(actor, person), person_id)
        program = await copies.find_program(tx, program_id) if program_id else None
        asked = str((form.typed.get("need") if form else None) or request.query_params.get("need") or "")
        found = await _program(tx, person, program, asked, lang) if program else {}
        may_ask = actor.may("consent.answer", creating.around(actor, person))
        await audit.record(tx, actor, "referral.send", person_id, "form", "referral")
    here = f"/caseplan/referrals/new?person={person_id}"
    back = quote(here, safe="")
    return render(
        request,
        "referral_new.html",
        status=422 if form is not None and form.wrong else 200,
        form=form or forms.blank(),
        person=person_id,
        whose=person_id,
        needs=[(f"/intake/directory?need={code}&back={back}", need(code, lang)) for code in NEEDS],
        again=here,
        back=MINE if own else page_of(person_id),
        program=found,
        may_ask=may_ask,
        **_frame(request, actor),
    )


async def _program(tx: Connection, person: Person, program: Program, asked: str, lang: Lang) -> dict[str, Any]:
    """The program as the page shows it: for which need, under which consent, and who else might be named."""
    wanted = asked if asked in program.needs else program.needs[0]
    consent = await copies.consent_for(tx, person.id, program.agency, wanted)
    others = await copies.other_programs(tx, wanted, person.id, program.id, OTHERS)
    names = await copies.names(tx, [program.agency, *(other.agency for other in others)])
    here = f"/caseplan/referrals/new?{urlencode({'person': person.id, 'program': program.id, 'need': wanted})}"
    open_one = await tx.fetchval(store.SQL["open_referral"], person.id, program.id)
    return {
        "id": program.id,
        "name": program.name,
        "agency": names.get(program.agency, ""),
        "need": wanted,
        "need_words": need(wanted, lang),
        "other_needs": [
            (f"{here.rpartition('&')[0]}&need={code}", need(code, lang)) for code in program.needs if code != wanted
        ],
        "consent": consent.id if consent else None,
        "ask": consent_link(person.id, program.agency, program.id, wanted, here),
        "others": [(str(one.id), _named(one, names.get(one.agency, ""))) for one in others],
        "open": f"/caseplan/referrals/{open_one}" if open_one else "",
    }


def _named(program: Program, agency: str) -> str:
    return program.name if not agency or agency in program.name else f"{program.name}, {agency}"


async def promise(request: Request, actor: Actor, person_id: UUID, form: Form[Any] | None = None) -> Response:
    """What I will do, by when."""
    await _may(request, actor, "promise.make", person_id, "promise")
    return _small(request, actor, "promise_new.html", person_id, form or _from_query(request, "mends"))


async def worry(request: Request, actor: Actor, person_id: UUID, form: Form[Any] | None = None) -> Response:
    """A worry, for their worker alone."""
    here = running(request)
    person = await _may(request, actor, "concern.raise", person_id, "concern", ever=True)
    # Who walks with somebody now is no news for an agency that the person lets know of nothing any more.
    named = [person.worker] if await creating.around_or_asked(here, actor, person) else []
    worker = (await staff.known(here, actor, named)).name(person.worker, "their worker")
    return _small(request, actor, "concern_new.html", person_id, form or _from_query(request), worker=worker)


async def _may(
    request: Request, actor: Actor, action: str, person_id: UUID, why: str, *, ever: bool = False
) -> Person:  # fmt: skip
    here = running(request)
    person = await copies.find_person(here.pool, person_id)
    actor.require(action, await creating.around_or_asked(here, actor, person, ever=ever), person_id)
    async with transaction(here) as tx:
        await audit.record(tx, actor, action, person_id, "form", why)
    return person


def _from_query(request: Request, *names: str) -> Form[Any]:
    known: Mapping[str, str] = request.query_params
    return forms.blank(**{name: known[name] for name in (*names, "back") if name in known})


def _small(request: Request, actor: Actor, template: str, person: UUID, form: Form[Any], **more: Any) -> Response:
    return render(
        request,
        template,
        status=422 if form.wrong else 200,
        form=form,
        person=person,
        whose=person,
        back=back_to(str(form.typed.get("back") or ""), page_of(person)),
        **more,
        **_frame(request, actor),
    )


async def tell(request: Request, actor: Actor, setback_id: UUID) -> Response:
    """To whom the person may tell one setback: the agencies that help them. The consent for it is asked by intake."""
    here = running(request)
    async with transaction(here) as tx:
        kept = await store.get(tx, SETBACK, setback_id)
        actor.require("setback.share", actor.relations(person=kept.state.person), setback_id)
        asked = await store.of_person(tx, REFERRAL, kept.state.person)
        known = {sharing.recipient for sharing in kept.state.shared}
        agencies = {one.state.agency for one in asked if one.state.consent is not None} - known
        names = await copies.names(tx, agencies)
        await audit.record(tx, actor, "setback.share", kept.state.person, f"form/{setback_id}", "own")
    ask = {"person": kept.state.person, "setback": setback_id, "categories": "setback", "next": f"{MINE}#hard"}
    links = [
        (f"/intake/consents/new?{urlencode({**ask, 'recipient': id})}", names[id])
        for id in sorted(names, key=lambda id: names[id])
    ]  # fmt: skip
    return render(request, "setback_tell.html", links=links, back=f"{MINE}#hard", **_frame(request, actor))


async def cover(request: Request, actor: Actor, setback_id: UUID) -> Response:
    """What a supervisor sees of a setback before they take it: that somebody waits; not their words."""
    async with transaction(running(request)) as tx:
        kept = await store.get(tx, SETBACK, setback_id)
        ties = actor.relations(person=kept.state.person, workers=[kept.state.worker], agency=kept.home)
        actor.require("setback.cover", ties, setback_id)
        await audit.record(tx, actor, "setback.cover", kept.state.person, f"form/{setback_id}", "setback")
    known = await staff.known(running(request), actor, [kept.state.worker])
    return render(
        request,
        "setback_cover.html",
        action=f"/caseplan/setbacks/{setback_id}/cover",
        stage=kept.state.stage,
        whose=kept.state.person,
        worker=known.first(kept.state.worker, "Their worker"),
        **_frame(request, actor),
    )


def person_in(request: Request) -> UUID:
    """Whom a page that begins something is about."""
    return id_in("person", request.query_params.get("person", ""))


def id_in(name: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(name, f"This link lacks its {name}. Go back and choose again.") from None
