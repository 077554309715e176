"""What is said of a consent that is there: yes or not now, again in private, let it go on, stop, and that it was used.

By the person, or by a worker who writes down their word. A stop is heard from any worker of any agency that knows them,
without showing that worker what else is shared.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.intake.api.consents import (
    Want,
    keeps_records,
    not_never,
    only_to_whom_the_rule_allows,
    spoken_in,
    still_says,
    written,
)
from services.intake.consent_bodies import SPOKEN, Longer, SignedWord, Spoken, Stop, Word
from services.intake.consents import (
    Command,
    Confirm,
    Consent,
    Grant,
    NotNow,
    Renew,
    Revoke,
    Sign,
    Stage,
    Terms,
    Use,
    decide,
)
from services.intake.consents.table import PRIVATE
from services.intake.pages import consents as pages
from services.intake.pages import stops
from services.intake.places import shared_page
from services.intake.says_consent import STOP
from services.intake.signing import PATIENCE, Matter, keep, look
from services.intake.store import consents as store
from services.intake.store import people
from services.intake.store.consents import Kept
from shared.runtime.errors import Invalid, NotFound
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.signin import LANDING
from shared.web import forms
from shared.web.edge import cause_of, command, is_form, read, running, taken, takes, transaction
from shared.web.forms import back_to
from shared.web.idempotency import Answer, Wanted, once
from shared.workflow import By, GuardNotMet, Party

OVER = (Stage.REVOKED, Stage.IN_EFFECT, Stage.LAPSED, Stage.NOT_NOW)

router = APIRouter()
Answers = Annotated[Actor, Depends(allow("consent.answer"))]


@dataclass(frozen=True, slots=True)
class Saying:
    """One word: what it means, what the audit calls it, what the next page says back, and where it was heard before."""

    means: Callable[[Spoken], Command]
    action: str
    verb: str  # of what is kept of it; empty where nothing is
    back: str
    same: tuple[Stage, ...] = ()
    kept: Kept | None = None


@router.post("/intake/consents/{consent_id}/grant", openapi_extra=takes(SignedWord))
async def say_yes(consent_id: UUID, request: Request, actor: Answers, want: Want) -> Response:
    """Yes to a question that was put on the page."""
    word = taken(await read(request, SignedWord))

    def meant(spoken: Spoken) -> Command:
        private = spoken.is_own or word.in_private
        kind = Grant(spoken.today, word.shown, True, _on_paper(word))
        return kind if private else Sign(spoken.today, word.shown, _on_paper(word))

    async def put() -> Response:
        kept = await _keep(request, actor, consent_id, word, None)
        saying = Saying(meant, "consent.answer", "granted", "consent-given", kept=kept)
        return await _move(request, actor, want, consent_id, word, saying)

    return await _or_again(request, actor, consent_id, word, put)


@router.post("/intake/consents/{consent_id}/not-now", openapi_extra=takes(Word))
async def say_not_now(consent_id: UUID, request: Request, actor: Answers, want: Want) -> Response:
    """Not now: costs nothing, and nobody else hears of it."""
    word = taken(await read(request, Word))
    saying = Saying(lambda _: NotNow(), "consent.answer", "", "not-now")
    return await _move(request, actor, want, consent_id, word, saying)


@router.post("/intake/consents/{consent_id}/confirm", openapi_extra=takes(Word))
async def confirm(consent_id: UUID, request: Request, actor: Answers, want: Want) -> Response:
    """What was signed at intake is said again in private, so it holds until it expires."""
    word = taken(await read(request, Word))

    def meant(spoken: Spoken) -> Command:
        return Confirm(spoken.today, spoken.is_own or word.in_private, word.given == "paper")

    saying = Saying(meant, "consent.answer", "confirmed", "consent-confirmed", (Stage.CONFIRMED,))
    return await _move(request, actor, want, consent_id, word, saying)


@router.post("/intake/consents/{consent_id}/renew", openapi_extra=takes(Longer))
async def renew(consent_id: UUID, request: Request, actor: Answers, want: Want) -> Response:
    """The same goes on until a later day, said in private; the words that were read before it are kept too."""
    word = taken(await read(request, Longer))

    def meant(spoken: Spoken) -> Command:
        private = spoken.is_own or word.in_private
        return Renew(spoken.today, word.expires_on, word.shown, private, _on_paper(word))

    async def put() -> Response:
        kept = await _keep(request, actor, consent_id, word, word)
        saying = Saying(meant, "consent.answer", "renewed", "consent-renewed", kept=kept)
        return await _move(request, actor, want, consent_id, word, saying)

    return await _or_again(request, actor, consent_id, word, put)


@router.post("/intake/consents/{consent_id}/revoke", openapi_extra=takes(Word))
async def revoke(
    consent_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("consent.revoke"))], want: Want
) -> Response:
    """Stop sharing: by the person, or by their word to any worker, who says how it came. Said again, it is done."""
    word = taken(await read(request, Word))
    if actor.person is None and word.given not in SPOKEN:
        raise Invalid("given", "Say how their word came: in_person, by_phone, sms or paper.")
    saying = Saying(lambda _: Revoke(word.given == "paper"), "consent.revoke", "revoked", "stopped", OVER)
    return await _move(request, actor, want, consent_id, word, saying)


@router.post("/intake/consents/{consent_id}/use", openapi_extra=takes(Word))
async def use(
    consent_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("consent.use"))], want: Want
) -> Response:
    """What may be told once was told, by the worker who says so: from now on it is over."""
    word = taken(await read(request, Word))
    async with command(running(request)) as tx:

        async def act() -> Answer:
            consent = await store.lock_consent(tx, consent_id)
            person = (await people.find_person(tx, consent.person)).person
            spoken = await spoken_in(tx, actor, person, consent.terms.zone)
            spoken.require("consent.use", consent_id)
            if spoken.today > consent.terms.expires_on:
                raise Invalid("", "It is over: nothing may be told under it any more.")
            decision = decide(consent, Use(), By(Party.WORKER, actor.id), PATIENCE)
            await store.save_consent(tx, decision, cause_of(actor, want))
            return await written(tx, spoken, "consent.use", consent.id)

        answer = await once(tx, want, actor, act)
    return _answered(request, actor, answer, word.next, "consent-used")


@router.post("/intake/people/{person_id}/stop", openapi_extra=takes(Stop))
async def stop(
    person_id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("consent.revoke"))], want: Want
) -> Response:
    """One consent, or all of them, by the person's word to a worker of any agency that knows them."""
    async with transaction(running(request)) as tx:  # before it is said what to mend, to whoever guessed an id
        await _require_known(tx, actor, person_id)
    form = await read(request, Stop, {"which": STOP["mend"], "given": STOP["mend_given"]})
    if form.value is None and is_form(request):
        return await stops.draw(request, actor, person_id, form)
    said = taken(form)
    async with command(running(request)) as tx:

        async def act() -> Answer:
            await _require_known(tx, actor, person_id)
            person = (await people.find_person(tx, person_id)).person
            spoken = await spoken_in(tx, actor, person, "UTC")
            spoken.require("consent.revoke", person_id)
            live = await store.live_of(tx, person_id)
            meant = [consent for consent in live if said.which in ("all", consent.id)]
            for consent in meant:
                await _stop_one(tx, actor, want, consent, spoken.by(said.given), said.given)
            knows = actor.may("consent.read", spoken.relations)  # how much is shared with others is not theirs to count
            return Answer.json(200, {"stopped": len(meant)} if knows else {"written_down": True})

        answer = await once(tx, want, actor, act)
    if not is_form(request):
        return answer.response()
    return forms.see_other(LANDING[actor.role], request, said="stop-written-down")


async def _require_known(tx: Connection, actor: Actor, person: UUID) -> None:
    if actor.person is not None or not await store.is_known_to(tx, person, actor.agency, actor.id):
        raise NotFound("person", person)


async def _stop_one(tx: Connection, actor: Actor, want: Wanted | None, consent: Consent, by: By, given: str) -> None:
    decision = decide(consent, Revoke(given == "paper"), by, PATIENCE)
    await store.save_consent(tx, decision, cause_of(actor, want))
    await store.put_word(tx, decision.state, "revoked", actor.id)
    await audit.record(tx, actor, "consent.revoke", consent.person, f"consent/{consent.id}", "consent")


async def _keep(request: Request, actor: Actor, consent_id: UUID, word: SignedWord, longer: Longer | None) -> Kept:
    """The text of a consent that is there, as it was read now. Raises Invalid where the page showed another."""
    async with transaction(running(request)) as tx:
        consent = (await store.find_consent(tx, consent_id)).consent
    before = await look(running(request), actor, _matter(consent, word))
    spoken = Spoken(actor, before.person, before.today)
    spoken.require("consent.answer", consent_id)
    if is_form(request) and word.read is None:
        raise Invalid("", "Read the page first.", "Lea primero la página.")
    still_says(before, word.read)
    way = word.how(is_own=spoken.is_own, on_form=is_form(request))
    private = spoken.is_own or word.in_private
    by_hand = private or way.signed == "paper"
    only_to_whom_the_rule_allows(before, consent.terms, signed=way.is_signature, in_private=by_hand)
    return await keep(running(request), before, _until(consent.terms, longer), way, at_intake=not private)


def _matter(consent: Consent, word: SignedWord) -> Matter:
    terms = consent.terms
    return Matter(consent.person, terms.recipient, terms.discloser, terms.purpose, lang=word.lang)


def _until(terms: Terms, longer: Longer | None) -> Terms:
    return terms if longer is None else replace(terms, expires_on=longer.expires_on)


def _on_paper(word: SignedWord) -> bool:
    return word.signed == "paper"


async def _or_again(
    request: Request, actor: Actor, consent_id: UUID, word: SignedWord, put: Callable[[], Awaitable[Response]]
) -> Response:
    """A form that can't be taken as it is comes back as its page, with what to mend."""
    try:
        return await put()
    except (Invalid, GuardNotMet) as refused:
        if not is_form(request) or (not isinstance(refused, Invalid) and refused.guard != PRIVATE.name):
            raise
        error = refused if isinstance(refused, Invalid) else Invalid("in_private", PRIVATE.says)
        typed = word.model_dump(mode="json", exclude_none=True, exclude={"shown", "read", "next", "in_private"})
        return await pages.answer_again(request, actor, consent_id, error, typed, renewing=isinstance(word, Longer))


async def _move(
    request: Request, actor: Actor, want: Wanted | None, consent_id: UUID, word: Word, saying: Saying
) -> Response:
    """One move of a consent that is there. In one of `same` the word has been heard before, and changes nothing."""
    async with command(running(request)) as tx:

        async def act() -> Answer:
            consent = await store.lock_consent(tx, consent_id)
            person = (await people.find_person(tx, consent.person)).person
            spoken = await spoken_in(tx, actor, person, consent.terms.zone)
            spoken.require(saying.action, consent_id)
            if consent.stage not in saying.same:
                await _say(tx, spoken, want, consent, word, saying)
            return await written(tx, spoken, spoken.deed(saying.action), consent.id)

        answer = await once(tx, want, actor, act)
    return _answered(request, actor, answer, word.next, saying.back)


async def _say(
    tx: Connection, spoken: Spoken, want: Wanted | None, consent: Consent, word: Word, saying: Saying
) -> None:
    stops_a_question = consent.stage is Stage.ASKED and saying.action == "consent.revoke"
    move = NotNow() if stops_a_question else saying.means(spoken)
    if isinstance(move, Grant | Sign | Confirm | Renew):
        await keeps_records(tx, consent.terms.recipient, consent.terms.discloser)
        await not_never(tx, consent.person, consent.terms.recipient)
    decision = decide(consent, move, spoken.by(word.given), PATIENCE)
    await store.save_consent(tx, decision, cause_of(spoken.actor, want))
    if saying.verb and not stops_a_question:
        await store.put_word(tx, decision.state, saying.verb, spoken.recorder, saying.kept)


def _answered(request: Request, actor: Actor, answer: Answer, next: str | None, said: str) -> Response:
    if not is_form(request):
        return answer.response()
    person_id = json.loads(answer.body).get("person")
    here = shared_page(UUID(person_id)) if person_id else LANDING[actor.role]
    return forms.see_other(back_to(next, here), request, said=said)
