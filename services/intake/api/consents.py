"""Consents: asking, yes or not now, saying it again in private, stopping. By the person, or a worker in their words.

Whoever asks may be a program or a page; what may follow is decided in consents.py alone.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from services.intake.consents import (
    Command,
    Confirm,
    Consent,
    Grant,
    NotNow,
    Patience,
    Revoke,
    Sign,
    Stage,
    Terms,
    ask,
    decide,
)
from services.intake.fields import Category
from services.intake.pages import consents as pages
from services.intake.people import Person
from services.intake.places import shared_page
from services.intake.store import consents as store
from services.intake.store import directory, people
from services.intake.store.emergencies import is_never
from services.intake.told import consent_json
from shared.runtime.database import reaching
from shared.runtime.errors import Conflict, Invalid, NotFound
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.permissions import Relations
from shared.security.signin import LANDING
from shared.web import forms
from shared.web.edge import cause_of, command, is_form, read, running, taken, takes, transaction
from shared.web.forms import back_to
from shared.web.idempotency import Answer, Wanted, once, wanted
from shared.workflow import By, Decision, Party, Way

PATIENCE = Patience()
DAYS = 90  # how long a consent holds if nobody says otherwise
STOPPED = ("id", "stage", "given", "revoked_at", "in_effect_at", "readable_until")
SPOKEN = ("in_person", "by_phone", "sms")  # how a word came that staff write down
OVER = (Stage.REVOKED, Stage.IN_EFFECT, Stage.LAPSED, Stage.NOT_NOW)

router = APIRouter()
Want = Annotated[Wanted | None, Depends(wanted)]
NEVER = {
    "en": "This agency may never look: the person said so. They can take that back on their own page.",
    "es": "Esa agencia nunca puede mirar: así lo dijo la persona. Puede cambiarlo en su propia página.",
}


class Question(BaseModel):
    """Who may be told what, until when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: UUID | None = None
    person: UUID
    recipient: UUID = Field(description="The agency that may be told.")
    discloser: UUID | None = Field(None, description="The agency that may tell; the person's home agency, if not said.")
    categories: tuple[Category, ...] = Field(min_length=1, max_length=9, description="What may be told.")
    purpose: Literal["referral", "support_after_setback", "coordination", "reporting_to_court"] | None = None
    expires_on: date | None = Field(None, description="The last day; in 90 days, if not said.")
    setback: UUID | None = Field(None, description="The one setback that may be told.")
    next: str | None = None

    def terms(self, person: Person, zone: str, today: date) -> Terms:
        return Terms(
            self.discloser or person.agency,
            self.recipient,
            frozenset(self.categories),
            self.purpose or ("support_after_setback" if self.setback else "referral"),
            self.expires_on or today + timedelta(days=DAYS),
            self.setback,
            zone,
        )


class Asked(Question):
    """A question from the page whose other button takes the answer: what only that one needs is left aside."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Yes(Question):
    """The same, said yes to."""

    shown: bool = Field(False, description="The person has seen whom the recipient reports to, and that a no is free.")
    given: Literal["page", "in_person"] | None = Field(None, description="For a worker: in_person.")


class YesOnPage(Yes):
    """A yes from the page, with what the page needs to be drawn again as it was."""

    suggested: str = ""
    program: str = ""


class Word(BaseModel):
    """What somebody says of a consent that is there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    given: Literal["page", "in_person", "by_phone", "sms"] | None = None
    in_private: bool = Field(False, description="Said where nobody else listens; what is said on one's own page is.")
    shown: bool = False
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """Whose word a request is, once the person is known."""

    actor: Actor
    person: Person
    today: date

    @property
    def is_own(self) -> bool:
        return self.actor.person == self.person.id

    def by(self, given: str | None) -> By:
        """How the person said it. A worker writes down what was said to them; nobody writes on another's page."""
        if self.is_own:
            return By(Party.PERSON, self.person.id, Way.PAGE)
        way = {"by_phone": Way.PHONE, "sms": Way.SMS}.get(given or "", Way.IN_PERSON)
        recorder = self.actor.id if way.needs_a_recorder else None
        return By(Party.PERSON, self.person.id, way, recorder)

    @property
    def relations(self) -> Relations:
        known = self.person
        return self.actor.relations(person=known.id, workers=[known.worker], agency=known.agency)

    def require(self, action: str, which: UUID) -> None:
        """`action`, and for an answer also whose answer it is: one's own, or one that a worker writes down."""
        self.actor.require(action, self.relations, which)
        self.actor.require(self.deed(action), self.relations, which)

    def deed(self, action: str) -> str:
        """What the audit calls it."""
        return {"consent.answer": "consent.grant" if self.is_own else "consent.record"}.get(action, action)


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
    if said is None or (is_form(request) and not said.shown):
        # A form elsewhere may only begin the question: what the recipient passes on has to be seen first.
        return await pages.ask_again(request, actor, form)

    def decided(spoken: Spoken, asked: Consent) -> Decision[Consent]:
        command = Grant(spoken.today, said.shown, True) if spoken.is_own else Sign(spoken.today, said.shown)
        return decide(asked, command, spoken.by(said.given), PATIENCE)

    try:
        answer = await _put(request, actor, want, said, decided, "consent.answer")
    except Invalid as error:
        if not is_form(request):
            raise
        return await pages.ask_again(request, actor, form.refuse(error))
    return _after(request, answer, said.person, said.next, "consent-given")


@router.post("/intake/consents/ask", openapi_extra=takes(Question))
async def put_question(
    request: Request, actor: Annotated[Actor, Depends(allow("consent.ask"))], want: Want
) -> Response:
    """The worker puts the question on the person's page. Nothing follows from it but their answer."""
    form = await read(request, Asked if is_form(request) else Question, pages.MEND)
    if form.value is None:
        return await pages.ask_again(request, actor, form)
    said = form.value
    answer = await _put(request, actor, want, said, lambda _, asked: Decision(asked), "consent.ask")
    return _after(request, answer, said.person, said.next, "consent-asked")


async def _put(
    request: Request,
    actor: Actor,
    want: Wanted | None,
    said: Question,
    decided: Callable[[Spoken, Consent], Decision[Consent]],
    action: str,
) -> Answer:
    """A new consent: asked for by its terms, and what is decided of it at once."""
    async with command(running(request)) as tx:

        async def act() -> Answer:
            person = await people.lock_person(tx, said.person)  # so that an erasure or a never said meanwhile ends it
            zone = await _zone(tx, said, person)
            spoken = await _spoken(tx, actor, person, zone)
            spoken.require(action, said.person)
            await _known(tx, said)
            await _not_never(tx, said)
            asked = Consent(said.id or uuid7(), person.id, said.terms(person, zone, spoken.today))
            question = ask(asked, spoken.today, PATIENCE, at_intake=isinstance(said, Yes) and not spoken.is_own)
            if not await store.add_consent(tx, asked, actor.id):
                raise Conflict("There is a consent with this id already.")
            decision = question.then(decided(spoken, question.state))
            await store.save_consent(tx, decision, cause_of(actor, want))
            return await _written(tx, spoken, spoken.deed(action), asked.id, 201)

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
        await directory.find_agency(tx, said.recipient)
    except NotFound:
        raise Invalid("recipient", "There is no such agency in the directory.") from None


async def _not_never(tx: Connection, said: Question) -> None:
    """Nobody is asked again what they shut for good; only they open it."""
    async with reaching(tx, SERVICE):  # whom they never let look is read by nobody but them
        if await is_never(tx, said.person, said.recipient):
            raise Invalid("recipient", NEVER["en"], NEVER["es"])


async def _spoken(tx: Connection, actor: Actor, person: Person, zone: str) -> Spoken:
    at = await people.now(tx)
    return Spoken(actor, person, at.astimezone(ZoneInfo(zone)).date())


async def _written(tx: Connection, spoken: Spoken, action: str, consent: UUID, status: int = 200) -> Answer:
    await audit.record(tx, spoken.actor, action, spoken.person.id, f"consent/{consent}", "consent")
    told = consent_json(await store.find_consent(tx, consent))
    if not spoken.actor.may("consent.read", spoken.relations):
        # Any worker may write down a stop; whose it is and what it was about stays the person's.
        told = {name: told[name] for name in STOPPED}
    return Answer.json(status, told)


@router.post("/intake/consents/{consent_id}/grant", openapi_extra=takes(Word))
async def say_yes(
    consent_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("consent.answer"))], want: Want
) -> Response:
    """Yes to a question that was put on the page."""
    word = taken(await read(request, Word))

    def meant(spoken: Spoken) -> Command:
        private = spoken.is_own or word.in_private
        return Grant(spoken.today, word.shown, private) if private else Sign(spoken.today, word.shown)

    return await _move(request, actor, want, consent_id, word, meant, "consent.answer", "consent-given")


@router.post("/intake/consents/{consent_id}/not-now", openapi_extra=takes(Word))
async def say_not_now(
    consent_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("consent.answer"))], want: Want
) -> Response:
    """Not now: costs nothing, and nobody else hears of it."""
    word = taken(await read(request, Word))
    return await _move(request, actor, want, consent_id, word, lambda _: NotNow(), "consent.answer", "not-now")


@router.post("/intake/consents/{consent_id}/confirm", openapi_extra=takes(Word))
async def confirm(
    consent_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("consent.answer"))], want: Want
) -> Response:
    """What was signed at intake is said again in private, so it holds until it expires."""
    word = taken(await read(request, Word))

    def meant(spoken: Spoken) -> Command:
        return Confirm(spoken.today, spoken.is_own or word.in_private)

    same = (Stage.CONFIRMED,)
    return await _move(request, actor, want, consent_id, word, meant, "consent.answer", "consent-confirmed", same)


@router.post("/intake/consents/{consent_id}/revoke", openapi_extra=takes(Word))
async def revoke(
    consent_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("consent.revoke"))], want: Want
) -> Response:
    """Stop sharing: by the person, or by their word to any worker, who says how it came. Said again, it is done."""
    word = taken(await read(request, Word))
    if actor.person is None and word.given not in SPOKEN:
        raise Invalid("given", "Say how their word came: in_person, by_phone or sms.")
    return await _move(request, actor, want, consent_id, word, lambda _: Revoke(), "consent.revoke", "stopped", OVER)


async def _move(
    request: Request,
    actor: Actor,
    want: Wanted | None,
    consent_id: UUID,
    word: Word,
    meant: Callable[[Spoken], Command],
    action: str,
    said: str,
    same: tuple[Stage, ...] = (),
) -> Response:
    """One move of a consent that is there. In one of `same` the word has been heard before, and changes nothing."""
    async with command(running(request)) as tx:

        async def act() -> Answer:
            consent = await store.lock_consent(tx, consent_id)
            person = (await people.find_person(tx, consent.person)).person
            spoken = await _spoken(tx, actor, person, consent.terms.zone)
            spoken.require(action, consent_id)
            if consent.stage not in same:
                move = NotNow() if consent.stage is Stage.ASKED and action == "consent.revoke" else meant(spoken)
                decision = decide(consent, move, spoken.by(word.given), PATIENCE)
                await store.save_consent(tx, decision, cause_of(actor, want))
            return await _written(tx, spoken, spoken.deed(action), consent.id)

        answer = await once(tx, want, actor, act)
    if not is_form(request):
        return answer.response()
    person_id = json.loads(answer.body).get("person")
    here = shared_page(UUID(person_id)) if person_id else LANDING[actor.role]
    return forms.see_other(back_to(word.next, here), request, said=said)


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
        relations = actor.relations(person=person.id, workers=[person.worker], agency=person.agency)
        actor.require("consent.read", relations, consent_id)
        await audit.record(tx, actor, "consent.read", person.id, f"consent/{consent_id}", "care")
    return JSONResponse(consent_json(row))
