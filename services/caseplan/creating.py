"""What begins: a referral, a setback, a concern, a promise. Each is one transaction, with whatever follows at once."""

from typing import Any
from uuid import UUID

from services.caseplan import concerns, copies, promises, referrals, setbacks, store, written
from services.caseplan.bodies import NewConcern, NewPromise, NewReferral, NewSetback
from services.caseplan.commands import aware
from services.caseplan.concepts import CONCERN, PROMISE, REFERRAL, SETBACK, Concept
from services.caseplan.conduct import begin, say
from services.caseplan.copies import Person, Program
from services.caseplan.store import Tx, Word
from shared.contracts.setback import ConcernStage
from shared.process import Running
from shared.runtime.database import fetchrow
from shared.runtime.errors import Conflict, Invalid, NotFound
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE
from shared.security import audit
from shared.security.identity import Actor
from shared.security.permissions import Relation, Relations
from shared.web import edge
from shared.web.idempotency import Answer, Wanted, once
from shared.workflow import By, Decision, Party


def around(actor: Actor, person: Person) -> Relations:
    """What ties the actor to a person."""
    return actor.relations(person=person.id, workers=[person.worker], agency=person.home)


def worker_of(person: Person) -> UUID:
    if person.worker is None:
        raise Conflict("Nobody is responsible for them yet. A supervisor names somebody first.")
    return person.worker


async def _sealed(here: Running, concept: Concept, person: UUID, id: UUID, words: str | None) -> dict[str, bytes]:
    return await written.seal_all(here.keys, concept.kind, person, id, {"words": words} if words else {})


async def _created(tx: Tx, actor: Actor, concept: Concept, action: str, state: Any, sealed: dict[str, bytes]) -> Answer:
    await store.put_words(tx, concept.kind, state.id, sealed)
    await audit.record(tx, actor, action, state.person, f"{concept.kind}/{state.id}", concept.kind)
    return Answer.json(201, {"id": str(state.id), "stage": str(concept.stage_of(state))})


async def refer(here: Running, actor: Actor, want: Wanted | None, body: NewReferral) -> Answer:
    """Draft and, unless told otherwise, send. AlreadyOpen while another one to this program is open."""
    action, id = "referral.send", body.id or uuid7()
    person = await copies.find_person(here.pool, body.person)
    actor.require(action, around(actor, person), person.id)
    sealed = await _sealed(here, REFERRAL, person.id, id, body.words)
    async with edge.command(here) as tx:

        async def act() -> Answer:
            program = await copies.find_program(tx, body.program)
            if body.need not in program.needs:
                raise Invalid("need", f"This program helps with: {', '.join(program.needs)}.")
            consent = await _consent(tx, body, program) if body.send else None
            blank = referrals.Referral(
                id, person.id, program.id, program.agency, body.need, worker_of(person), person.home
            )  # fmt: skip
            by = By(Party.PERSON, actor.person) if actor.person else By(Party.WORKER, actor.id)
            cause = edge.cause_of(actor, want)
            drafted = referrals.draft(blank, by, REFERRAL.patience)
            await begin(tx, REFERRAL, drafted, Word("draft", by), cause)
            state = drafted.state
            if body.send:
                second = (await copies.find_program(tx, body.second, "second")).onward if body.second else None
                sent = referrals.decide(state, referrals.Send(consent, second), by, REFERRAL.patience)
                await store.save(tx, REFERRAL, sent, Word("send", by), cause)
                state = sent.state
            return await _created(tx, actor, REFERRAL, action, state, sealed)

        return await once(tx, want, actor, act)


async def _consent(tx: Tx, body: NewReferral, program: Program) -> Any:
    """The one that was named, or any of the person's that covers it; held to the end."""
    if body.consent is not None:
        return await copies.consent(tx, body.consent, share=True)
    return await copies.consent_for(tx, body.person, program.agency, body.need)


async def report(here: Running, actor: Actor, want: Wanted | None, body: NewSetback) -> Answer:
    """The person's own word. Made from a concern, both are moved in one transaction."""
    action, id = "setback.report", body.id or uuid7()
    actor.require(action, actor.relations(person=actor.person), "here")
    assert actor.person is not None, "the table lets the person alone"
    person = await copies.find_person(here.pool, actor.person)
    sealed = await _sealed(here, SETBACK, person.id, id, body.words)
    async with edge.command(here) as tx:

        async def act() -> Answer:
            by, cause = By(Party.PERSON, person.id), edge.cause_of(actor, want)
            if body.concern is not None:
                decision = await _own(tx, body.concern, id, person.id, body, by)
            else:
                blank = setbacks.Setback(id, person.id, worker_of(person), body.pace)
                decision = setbacks.report(blank, by, SETBACK.patience)
            await begin(tx, SETBACK, decision, Word("report", by), cause)
            return await _created(tx, actor, SETBACK, action, decision.state, sealed)

        return await once(tx, want, actor, act)


async def _own(
    tx: Tx, concern: UUID, id: UUID, person: UUID, body: NewSetback, by: By
) -> Decision[setbacks.Setback]:  # fmt: skip
    """Whoever was not asked about it does not learn that it is there."""

    def speaks(kept: store.Kept) -> By:
        if kept.state.person != person or kept.state.concern_stage is not ConcernStage.ASKED:
            raise NotFound("concern", concern)
        return by

    owned = (await say(tx, CONCERN, concern, concerns.Own(id), speaks)).state
    return concerns.make_own(owned, by, body.pace, SETBACK.patience)


async def worry(here: Running, actor: Actor, want: Wanted | None, body: NewConcern) -> Answer:
    """A worry, for the named worker alone. Whoever raises it learns nothing of what follows, not even its stage."""
    action, id = "concern.raise", body.id or uuid7()
    person = await copies.find_person(here.pool, body.person)
    actor.require(action, await around_or_asked(here, actor, person, ever=True), person.id)
    sealed = await _sealed(here, CONCERN, person.id, id, body.words)
    # It is put into the hands of somebody who may work elsewhere: whoever raised it can't lay hands on it any more.
    async with edge.command(here, SERVICE) as tx:

        async def act() -> Answer:
            assert actor.agency is not None, "the table lets staff of agencies alone"
            at_receiver = actor.agency != person.home
            by = By(Party.AGENCY if at_receiver else Party.WORKER, actor.id)
            blank = concerns.Concern(id, person.id, worker_of(person), actor.agency)
            decision = concerns.raise_concern(blank, by, CONCERN.patience)
            await begin(tx, CONCERN, decision, Word("raise", by), edge.cause_of(actor, want))
            return await _created(tx, actor, CONCERN, action, decision.state, sealed)

        return await once(tx, want, actor, act)


async def around_or_asked(here: Running, actor: Actor, person: Person, *, ever: bool = False) -> Relations:
    """Staff of an agency that was asked to help may promise, as long as the person lets it be told of them: what they
    promise stands on the person's page. They may worry for ever: that goes to the worker alone."""
    found = around(actor, person)
    if not found and actor.agency is not None:
        asked = await fetchrow(here.pool, store.SQL["was_asked_about"], person.id, actor.agency)
        return frozenset({Relation.RECEIVING_AGENCY}) if asked and asked["ever" if ever else "now"] else found
    return found


async def promise(here: Running, actor: Actor, want: Wanted | None, body: NewPromise) -> Answer:
    """Whoever will keep it makes it; nobody promises for another."""
    action, id = "promise.make", body.id or uuid7()
    person = await copies.find_person(here.pool, body.person)
    actor.require(action, await around_or_asked(here, actor, person), person.id)
    sealed = await _sealed(here, PROMISE, person.id, id, body.words)
    async with edge.command(here) as tx:

        async def act() -> Answer:
            state = await add_promise(tx, actor, want, person, id, body)
            return await _created(tx, actor, PROMISE, action, state, sealed)

        return await once(tx, want, actor, act)


async def add_promise(
    tx: Tx, actor: Actor, want: Wanted | None, person: Person, id: UUID, body: NewPromise
) -> promises.Promise:  # fmt: skip
    assert actor.agency is not None, "the table lets staff of agencies alone"
    due = aware("due", body.due)
    if due <= await tx.fetchval(store.SQL["now"]):
        raise Invalid("due", "Promise something for a time that is still ahead.")
    if body.mends is not None and (await store.get(tx, PROMISE, body.mends)).state.person != person.id:
        raise Invalid("mends", "It mends a promise that was made to the same person.")
    at_receiver = actor.agency != person.home
    by = By(Party.AGENCY if at_receiver else Party.WORKER, actor.id)
    blank = promises.Promise(id, person.id, actor.id, actor.agency, due, mends=body.mends)
    made = promises.make(blank, by, PROMISE.patience)
    await begin(tx, PROMISE, made, Word("make", by), edge.cause_of(actor, want))
    return made.state
