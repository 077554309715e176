"""Consents: asking, and a yes that is given with the question. By the person, or a worker in their words.

Whoever asks may be a program or a page; what may follow is decided in `consents` alone. What is said later of a consent
that is there is in consent_answers.py.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from services.intake.consent_bodies import Asked, Question, Spoken, Yes, YesOnPage
from services.intake.consents import Consent, Grant, Sign, Terms, ask, decide
from services.intake.consents.part2 import obstacle
from services.intake.pages import consents as pages
from services.intake.people import Person
from services.intake.places import shared_page
from services.intake.says_consent import SIGNING
from services.intake.signing import PATIENCE, Before, Matter, keep, look, purpose_of
from services.intake.store import consents as store
from services.intake.store import directory, people
from services.intake.told import consent_json
from shared.runtime.errors import Conflict, Invalid, NotFound
from shared.runtime.ids import uuid7
from shared.security import audit
from shared.security.edge import allow, visit_of
from shared.security.identity import Actor
from shared.web import forms
from shared.web.edge import cause_of, command, is_form, read, running, takes, transaction
from shared.web.forms import back_to
from shared.web.idempotency import Answer, Wanted, once, wanted

STOPPED = ("id", "stage", "given", "revoked_at", "in_effect_at", "readable_until")

router = APIRouter()
Want = Annotated[Wanted | None, Depends(wanted)]
Write = Callable[[Connection, Consent, Spoken], Awaitable[None]]
NEVER = {
    "en": "This agency may never look: the person said so. They can take that back on their own page.",
    "es": "Esa agencia nunca puede mirar: así lo dijo la persona. Puede cambiarlo en su propia página.",
}


@router.get("/intake/consents/new")
async def new_consent(
    request: Request,
    actor: Annotated[Actor, Depends(allow("consent.answer"))],
    person: UUID,
    recipient: UUID,
) -> Response:
    """The page that asks. Nothing on it is ticked; what the recipient passes on stands before the question."""
    return await pages.ask_page(request, actor, pages.asked_in(request), person, recipient)


@router.post("/intake/consents", openapi_extra=takes(Yes))
async def grant(request: Request, actor: Annotated[Actor, Depends(allow("consent.answer"))], want: Want) -> Response:
    """The person allows it: on their own page, or signed before their worker; then it lapses unless said again."""
    form = await read(request, YesOnPage if is_form(request) else Yes, pages.MEND)
    said = form.value
    if said is None or (is_form(request) and not (said.shown and said.read)):
        # A form elsewhere may only begin the question: what the recipient passes on has to be seen first.
        return await pages.ask_again(request, actor, form)
    try:
        answer = await _say_yes(request, actor, want, said)
    except Invalid as error:
        if not is_form(request):
            raise
        return await pages.ask_again(request, actor, form.refuse(error))
    return _after(request, answer, said.person, said.next, "consent-given")


async def _say_yes(request: Request, actor: Actor, want: Wanted | None, said: Yes) -> Answer:
    """The text is read and sealed first; the yes and its copy are written together."""
    purpose = said.purpose or purpose_of(said.categories, said.setback)
    program = said.program if isinstance(said, YesOnPage) else ""
    await _check(request, actor, said)
    matter = Matter(said.person, said.recipient, said.discloser, purpose, program, said.lang)
    before = await look(running(request), actor, matter)
    spoken = Spoken(actor, before.person, before.today)
    still_says(before, said.read)
    way = said.how(is_own=spoken.is_own, on_form=is_form(request))
    on_paper = way.signed == "paper"
    terms = said.terms(before.person, before.zone, before.today)
    only_to_whom_the_rule_allows(before, terms, signed=way.is_signature, in_private=spoken.is_own or on_paper)
    kept = await keep(running(request), before, terms, way, at_intake=not spoken.is_own)

    async def write(tx: Connection, asked: Consent, today: Spoken) -> None:
        if today.is_own:
            word: Grant | Sign = Grant(today.today, said.shown, True)
        else:
            word = Sign(today.today, said.shown, on_paper)
        decision = decide(asked, word, today.by(said.given), PATIENCE)
        await store.save_consent(tx, decision, cause_of(actor, want))
        await store.put_word(tx, decision.state, "granted", today.recorder, kept)

    return await _put(request, actor, want, said, write, "consent.answer")


def still_says(before: Before, seen: str | None) -> None:
    """Raises Invalid where the text is not any more what stood on the page."""
    if seen is not None and seen != before.text.seen:
        raise Invalid("", SIGNING["en"]["read_again"], SIGNING["es"]["read_again"])


def only_to_whom_the_rule_allows(before: Before, terms: Terms, *, signed: bool, in_private: bool) -> None:
    found = obstacle(terms, treating=before.treats, signed=signed, in_private=in_private)
    if found is not None:
        key = {"unsigned": "signed_only", "not_treating": "treats_only"}[found]
        raise Invalid("categories", SIGNING["en"][key], SIGNING["es"][key])


async def _check(request: Request, actor: Actor, said: Question) -> None:
    """What can be refused before anything is read or sealed for an id that somebody guessed."""
    async with _written_down(request, actor, said.person), transaction(running(request)) as tx:
        person = (await people.find_person(tx, said.person)).person
        zone = await _zone(tx, said, person)
        (await spoken_in(tx, actor, person, zone)).require("consent.answer", said.person)
        await _known(tx, said)
        await not_never(tx, said.person, said.recipient)


@router.post("/intake/consents/ask", openapi_extra=takes(Question))
async def put_question(
    request: Request, actor: Annotated[Actor, Depends(allow("consent.ask"))], want: Want
) -> Response:
    """The worker puts the question on the person's page. Nothing follows from it but their answer."""
    form = await read(request, Asked if is_form(request) else Question, pages.MEND)
    if form.value is None:
        return await pages.ask_again(request, actor, form)
    said = form.value

    async def write(tx: Connection, asked: Consent, today: Spoken) -> None:
        """It stands there, and waits."""

    answer = await _put(request, actor, want, said, write, "consent.ask")
    return _after(request, answer, said.person, said.next, "consent-asked")


async def _put(
    request: Request, actor: Actor, want: Wanted | None, said: Question, write: Write, action: str
) -> Answer:
    """A new consent: asked for by its terms, and what is decided of it at once."""
    async with _written_down(request, actor, said.person), command(running(request)) as tx:

        async def act() -> Answer:
            person = await people.lock_person(tx, said.person)  # so that an erasure or a never said meanwhile ends it
            zone = await _zone(tx, said, person)
            spoken = await spoken_in(tx, actor, person, zone)
            spoken.require(action, said.person)
            await _known(tx, said)
            await not_never(tx, said.person, said.recipient)
            asked = Consent(said.id or uuid7(), person.id, said.terms(person, zone, spoken.today))
            question = ask(asked, spoken.today, PATIENCE, at_intake=isinstance(said, Yes) and not spoken.is_own)
            if not await store.add_consent(tx, asked, actor.id):
                raise Conflict("There is a consent with this id already.")
            await store.save_consent(tx, question, cause_of(actor, want))
            await write(tx, question.state, spoken)
            return await written(tx, spoken, spoken.deed(action), asked.id, 201)

        return await once(tx, want, actor, act)


async def _zone(tx: Connection, said: Question, person: Person) -> str:
    """Where the day ends on which it is over: at the agency that may tell."""
    try:
        discloser = await directory.find_agency(tx, said.discloser or person.agency)
    except NotFound:
        raise Invalid("discloser", "There is no such agency in the directory.") from None
    return discloser.entry.calendar.timezone


async def _known(tx: Connection, said: Question) -> None:
    try:
        await keeps_records(tx, said.recipient, said.discloser)
    except NotFound:
        raise Invalid("recipient", "There is no such agency in the directory.") from None


async def keeps_records(tx: Connection, recipient: UUID, discloser: UUID | None) -> None:
    """Raises Invalid for a victim service: a row that names one would tell that somebody knows a shelter."""
    for field, agency in (("recipient", recipient), ("discloser", discloser)):
        if agency is not None and (await directory.find_agency(tx, agency)).entry.holds_no_records:
            raise Invalid(
                field,
                "They keep no people’s records here, so there is nothing to share with them. Call them together.",
                "Aquí no guardan fichas de nadie, así que no hay nada que compartir. Llámenles juntos.",
            )


class KeptOut(Invalid):
    """Whom they shut out for good."""


@asynccontextmanager
async def _written_down(request: Request, actor: Actor, person: UUID) -> AsyncIterator[None]:
    """That an agency is kept out is a refusal that stands in the audit: else each could be tried in turn, unseen."""
    try:
        yield
    except KeptOut:
        path, asked = "/people/{person_id}", {"person_id": person}
        await visit_of(request).refusals.write_down(running(request).pool, actor, "consent.ask", path, asked)
        raise


async def not_never(tx: Connection, person: UUID, recipient: UUID) -> None:
    """No yes is heard for whom they shut out for good, neither a first one nor one said again; only they open it."""
    if await store.is_kept_out(tx, person, recipient):
        raise KeptOut("recipient", NEVER["en"], NEVER["es"])


async def spoken_in(tx: Connection, actor: Actor, person: Person, zone: str) -> Spoken:
    at = await people.now(tx)
    return Spoken(actor, person, at.astimezone(ZoneInfo(zone)).date())


async def written(tx: Connection, spoken: Spoken, action: str, consent: UUID, status: int = 200) -> Answer:
    await audit.record(tx, spoken.actor, action, spoken.person.id, f"consent/{consent}", "consent")
    told = consent_json(await store.find_consent(tx, consent))
    if not spoken.actor.may("consent.read", spoken.relations):
        # Any worker may write down a stop; whose it is and what it was about stays the person's.
        told = {name: told[name] for name in STOPPED}
    return Answer.json(status, told)


def _after(request: Request, answer: Answer, person: UUID, next: str | None, said: str) -> Response:
    if is_form(request):
        return forms.see_other(back_to(next, shared_page(person)), request, said=said)
    return answer.response()


@router.get("/intake/consents/{consent_id}")
async def get_consent(
    consent_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("consent.read"))]
) -> Response:
    """Where it stands: for the person, their agency's workers, and the auditor."""
    async with transaction(running(request)) as tx:
        row = await store.find_consent(tx, consent_id)
        person = (await people.find_person(tx, row.consent.person)).person
        actor.require("consent.read", person.ties(actor), consent_id)
        await audit.record(tx, actor, "consent.read", person.id, f"consent/{consent_id}", "care")
    return JSONResponse(consent_json(row))
