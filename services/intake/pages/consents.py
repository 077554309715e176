"""The page that asks for a consent: what the recipient passes on stands first, nothing is ticked, a no is free."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.intake.consents import Stage
from services.intake.directory import Agency, ReportsTo
from services.intake.pages.frame import frame, lang_for
from services.intake.pages.shared import what_of
from services.intake.people import Person
from services.intake.places import shared_page
from services.intake.says import ASK, SHARED
from services.intake.store import consents as store
from services.intake.store import directory, people
from services.intake.words import CATEGORIES, OFFICES
from shared.runtime.errors import Invalid, NotFound
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms, say
from shared.web.edge import running, transaction
from shared.web.forms import Form, back_to
from shared.web.menu import PEOPLE
from shared.web.templates import render
from shared.web.words import Lang, lang_of

router = APIRouter(include_in_schema=False)
USUAL = ("referral", "contact", "portrait", "needs", "plan", "health", "mental_health", "substance_use")
MONTHS = (("month", 30), ("three", 90), ("year", 365))  # days
MEND = {"categories": ASK["en"]["mend"]}


def asked_in(request: Request) -> Form[Any]:
    """The question that a link puts: who, whom, about what. Nothing of it is ticked.

    `suggested` goes along with the form, so that a page with something to mend never offers more than the first.
    """
    asked = {name: value for name, value in request.query_params.items() if name in ("setback", "next", "program")}
    return forms.blank(suggested=",".join(request.query_params.getlist("categories")), **asked)


async def ask_again(request: Request, actor: Actor, form: Form[Any]) -> Response:
    """The same page with what has to be mended, or what had to be shown first."""
    try:
        person, recipient = (UUID(str(form.typed.get(name, ""))) for name in ("person", "recipient"))
    except ValueError:
        raise Invalid("recipient", "Say whom it is about and who may be told.") from None
    return await ask_page(request, actor, form, person, recipient)


async def ask_page(request: Request, actor: Actor, form: Form[Any], person_id: UUID, recipient: UUID) -> Response:
    """The question, to the person themself or to their worker, who reads it aloud."""
    lang = lang_for(actor, lang_of(request))
    async with transaction(running(request)) as tx:
        person = (await people.find_person(tx, person_id)).person
        _require(actor, person)
        told = await directory.find_agency(tx, recipient)
        tells = await directory.find_agency(tx, person.agency)
        passes_on = told.entry.reports_to
        if program := str(form.typed.get("program") or ""):
            passes_on = both(passes_on, await _of_program(tx, program))
        now = await people.now(tx)
        await audit.record(tx, actor, "consent.answer", person_id, "form", "own" if actor.person else "consent")
    if "categories" in form.wrong:
        form.wrong["categories"] = ASK[lang]["mend"]
    today = now.astimezone(ZoneInfo(tells.entry.calendar.timezone)).date()
    until = [(str(today + timedelta(days=days)), ASK[lang][key]) for key, days in MONTHS]
    form.typed.setdefault("expires_on", until[1][0])
    offered = _offered(form)
    return render(
        request,
        "consent_ask.html",
        status=422 if form.wrong else 200,
        form=form,
        says=_named(lang, tells, told),
        action="/intake/consents",
        person=person_id,
        recipient=recipient,
        offices=passed_on(passes_on, lang),
        categories=[(code, say.sentence(CATEGORIES[code].in_lang(lang))) for code in offered],
        suggested=",".join(offered),
        fixed="",
        until=until,
        back=back_to(str(form.typed.get("next") or ""), shared_page(person_id)),
        **frame(actor, PEOPLE),
        lang=lang,
    )


@router.get("/intake/consents/{consent_id}/answer")
async def answer_page(
    consent_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("consent.answer"))]
) -> Response:
    """A question that a worker put on the page: yes to exactly that, or not now."""
    lang = lang_for(actor, lang_of(request))
    async with transaction(running(request)) as tx:
        consent = (await store.find_consent(tx, consent_id)).consent
        person = (await people.find_person(tx, consent.person)).person
        _require(actor, person)
        told = await directory.find_agency(tx, consent.terms.recipient)
        tells = await directory.find_agency(tx, consent.terms.discloser)
        now = await people.now(tx)
        why = "own" if actor.person else "consent"
        await audit.record(tx, actor, "consent.read", person.id, f"consent/{consent_id}", why)
    if consent.stage is not Stage.ASKED:
        return forms.see_other(shared_page(person.id), request)
    today = now.astimezone(ZoneInfo(consent.terms.zone)).date()
    last = SHARED[lang]["until"].format(day=say.on_date(consent.terms.expires_on, today, lang))
    return render(
        request,
        "consent_ask.html",
        form=forms.blank(),
        says=_named(lang, tells, told),
        action=f"/intake/consents/{consent_id}/grant",
        person=person.id,
        recipient=told.id,
        offices=passed_on(told.entry.reports_to, lang),
        categories=[],
        fixed=f"{say.sentence(what_of(consent.terms.categories, lang))}. {last}.",
        until=[],
        back=shared_page(person.id),
        **frame(actor, PEOPLE),
        lang=lang,
    )


def _require(actor: Actor, person: Person) -> None:
    relations = actor.relations(person=person.id, workers=[person.worker], agency=person.agency)
    actor.require("consent.answer", relations, person.id)


def _named(lang: Lang, tells: Agency, told: Agency) -> dict[str, str]:
    """The page's words with both agencies' names in them."""
    return {
        key: says.replace("{discloser}", tells.entry.name).replace("{recipient}", told.entry.name)
        for key, says in ASK[lang].items()
    }


def _offered(form: Form[Any]) -> list[str]:
    """What may be ticked: what the link suggests, else the usual. A setback is asked for by itself."""
    if form.typed.get("setback"):
        return ["setback"]
    asked = str(form.typed.get("suggested") or "").split(",")
    if asked == [""]:
        asked = list(form.typed.get("categories") or ())
    suggested = [code for code in asked if code in CATEGORIES and code != "setback"]
    if "supervision" in suggested:
        return ["supervision"]
    return suggested or list(USUAL)


def passed_on(reports: ReportsTo, lang: Lang) -> list[tuple[str, bool]]:
    """One sentence an office, and whether it has to be counted as yes."""
    found = []
    for office, name in OFFICES.items():
        word = getattr(reports, office)
        says = ASK[lang][word if word in ("yes", "no") else "unknown"]
        found.append((says.format(office=name.in_lang(lang)), reports.may_reach(office)))  # type: ignore[arg-type]
    return sorted(found, key=lambda line: not line[1])


def both(agency: ReportsTo, program: ReportsTo) -> ReportsTo:
    """What the person has to count with: a yes of either; else the program's word, else its agency's."""
    found = {}
    for office in OFFICES:
        said = (getattr(program, office), getattr(agency, office))
        found[office] = "yes" if "yes" in said else "no" if "no" in said else "unknown"
    return ReportsTo(**found)


async def _of_program(tx: Connection, program: str) -> ReportsTo:
    try:
        return (await directory.find_program(tx, UUID(program))).program.entry.reports_to
    except (NotFound, ValueError):
        return ReportsTo()
