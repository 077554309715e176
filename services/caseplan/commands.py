"""Commands from the edge: who may say what to which concept, in whose voice; pages and programs alike come here.

A worker may write down what the person said, or an agency answered, by phone or face to face; it is recorded as that
and never passes for the person's own word.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.caseplan import copies, store, written
from services.caseplan.bodies import Base, GoalBody, StepBody
from services.caseplan.concepts import CONCERN, PLAN, PROMISE, REFERRAL, SETBACK, Concept
from services.caseplan.conduct import hold, say
from services.caseplan.plans import Goal, Step
from services.caseplan.referrals.fhir import task
from services.caseplan.sharing import covers_referral
from services.caseplan.states import to_json
from services.caseplan.store import Kept, Tx
from shared.process import Running
from shared.runtime.errors import Conflict, Invalid, NotAllowed, NotFound
from shared.runtime.ids import uuid7
from shared.security import audit
from shared.security.identity import Actor
from shared.security.permissions import Relation, Relations
from shared.web import edge
from shared.web.idempotency import Answer, Wanted, once
from shared.workflow import By, Party, Way

# verb -> the action of the permission table that it needs. What is not here cannot be said over HTTP.
ACTIONS: Mapping[str, Mapping[str, str]] = {
    REFERRAL.kind: {
        "send": "referral.send", "see": "referral.answer", "accept": "referral.answer", "waitlist": "referral.answer",
        "decline": "referral.answer", "attempt": "referral.progress", "begin": "referral.progress",
        "await": "referral.progress", "hold": "referral.progress", "continue": "referral.progress",
        "report": "referral.report", "confirm": "referral.confirm", "dispute": "referral.dispute",
        "reopen": "referral.reopen", "tell": "referral.record_word", "offer": "referral.send",
        "choose_next": "referral.choose", "not_now": "referral.choose", "resume": "referral.choose",
        "withdraw": "referral.withdraw", "mark_error": "referral.mend",
    },
    SETBACK.kind: {
        "try": "setback.answer", "contact": "setback.answer", "offer_revision": "setback.answer",
        "nobody_came": "setback.settle", "reflect": "setback.reflect", "accept_revision": "setback.settle",
        "decline_revision": "setback.settle", "not_now": "setback.settle", "enough": "setback.settle",
        "ask_again": "setback.settle", "withdraw": "setback.settle",
    },
    CONCERN.kind: {"read": "concern.read", "ask": "concern.settle", "set_aside": "concern.settle"},
    PROMISE.kind: {
        "keep": "promise.keep", "admit": "promise.break", "ask_for_time": "promise.renegotiate",
        "agree": "promise.renegotiate", "refuse": "promise.renegotiate", "say_kept": "promise.answer",
        "say_broken": "promise.answer", "release": "promise.answer",
    },
    PLAN.kind: {
        "suggest": "plan.draft", "propose": "plan.draft", "sign": "plan.sign", "disagree": "plan.sign",
        "not_now": "plan.sign", "move_step": "step.mark", "drop_step": "step.mark", "finish_step": "step.mark",
        "ask_load": "plan.too_much", "fits": "plan.too_much", "say_too_much": "plan.too_much", "stop": "plan.draft",
    },
}  # fmt: skip
# What an agency can answer by phone, for a worker to write down.
BY_PHONE = ("see", "accept", "waitlist", "decline", "attempt", "begin", "await", "hold", "continue", "report")
WRITTEN_DOWN = {"phone": Way.PHONE, "in_person": Way.IN_PERSON}


async def perform(
    here: Running, actor: Actor, want: Wanted | None, concept: Concept, id: UUID, verb: str, body: Base,
    *, recorded: bool = False,
) -> Answer:  # fmt: skip
    """Say `verb` to an aggregate. `recorded`: a worker writes down what the asked agency said by phone."""
    action = "referral.record_answer" if recorded else ACTIONS[concept.kind][verb]
    body = _with_ids(body)
    texts = _texts(concept, verb, body)
    sealed: dict[str, bytes] = {}
    if texts:  # keys come from a connection of their own, so before the transaction
        known = await store.get(here.pool, concept, id)
        actor.require(action, relations(actor, concept, known), id)
        sealed = await written.seal_all(here.keys, concept.kind, known.state.person, id, texts)
    async with edge.command(here) as tx:

        async def act() -> Answer:
            await hold(tx, concept, (id,), verb)
            command = await build(tx, concept, id, verb, body)

            def speaks(kept: Kept) -> By:
                actor.require(action, relations(actor, concept, kept), id)
                if is_asked(actor, concept, kept) and kept.state.consent is None:
                    raise NotFound(concept.kind, id)  # a draft: nobody there may know of it
                if body.seen and body.seen != fingerprint(kept):
                    raise Conflict("This has changed since you opened it. Look at it again, then say so.")
                return voice(actor, concept, kept, verb, body.way, recorded=recorded)

            try:
                kept = await say(tx, concept, id, command, speaks, cause=edge.cause_of(actor, want))
            except Conflict:
                await _not_told(tx, actor, concept, id)
                raise
            await store.put_words(tx, concept.kind, id, sealed)
            await audit.record(tx, actor, action, kept.state.person, f"{concept.kind}/{id}", concept.kind)
            return Answer.json(200, {"id": str(id), "stage": stage_for(actor, concept, kept)})

        return await once(tx, want, actor, act)


async def _not_told(tx: Tx, actor: Actor, concept: Concept, id: UUID) -> None:
    """Beneath a pause the asked agency may say what it could before; what stands there now it is not told. NotFound."""
    kept = await store.get(tx, concept, id)
    if concept is REFERRAL and is_asked(actor, concept, kept):
        state = kept.state
        consent = await copies.consent(tx, state.consent) if state.consent else None
        if not covers_referral(consent, state.person, state.agency, state.need):
            raise NotFound(concept.kind, id)


def fingerprint(kept: Kept) -> str:
    """Of what stands there, so that nobody signs another version than the one they read."""
    return hashlib.sha256(to_json(kept.state).encode()).hexdigest()[:16]


def relations(actor: Actor, concept: Concept, kept: Kept) -> Relations:
    """What ties the actor to this aggregate."""
    columns = concept.columns(kept.state)
    return actor.relations(
        person=kept.state.person, workers=[columns.worker], agency=kept.home, receiving=columns.receiving
    )


def is_asked(actor: Actor, concept: Concept, kept: Kept) -> bool:
    """Whether the actor stands on the asked agency's side alone, and so sees only its part."""
    return relations(actor, concept, kept) == {Relation.RECEIVING_AGENCY}


def stage_for(actor: Actor, concept: Concept, kept: Kept) -> str:
    """Where it stands. The asked agency is told its own part: no pause, no other door."""
    if is_asked(actor, concept, kept):
        return task(kept.state).business_status
    return str(concept.stage_of(kept.state))


def party_of(actor: Actor, concept: Concept, kept: Kept, verb: str) -> Party | None:
    """As which party the actor would say this; None where the table knows none that they could be.

    A worker speaks as themself where that is offered, and else writes down the person's word.
    """
    may = {party for _, known, move in concept.workflow.rows() if known == verb for party in move.by}
    columns = concept.columns(kept.state)
    could: tuple[Party, ...] = (Party.WORKER, Party.PERSON)
    if actor.person is not None:
        could = (Party.PERSON,)
    elif actor.agency is not None and actor.agency == columns.receiving:
        could = (Party.AGENCY, *could)
    elif not actor.stands_for(columns.worker):
        # A plan is agreed between two: who stands in for the worker speaks for themself and writes down nobody's word.
        could = (Party.SUPERVISOR,) if concept is PLAN else (Party.SUPERVISOR, *could)
    possible = [party for party in could if party in may]
    here = (party for party in possible if verb in concept.offers(kept.state, party))
    return next(here, next(iter(possible), None))


def voice(
    actor: Actor, concept: Concept, kept: Kept, verb: str, way: str | None, *, recorded: bool = False
) -> By:  # fmt: skip
    """In whose voice the actor speaks. NotAllowed where the table knows nobody who could say it through them."""
    if recorded:
        return By(Party.AGENCY, concept.columns(kept.state).receiving, Way.PHONE, actor.id)
    party = party_of(actor, concept, kept, verb)
    if party is None:
        raise NotAllowed("This is not for you to say.")
    if party is not Party.PERSON or actor.person is not None:
        return By(party, actor.id)
    if way is None:
        raise Invalid("way", "Say whether the person told you in_person or by phone.")
    return By(Party.PERSON, kept.state.person, WRITTEN_DOWN[way], actor.id)


async def build(tx: Tx, concept: Concept, id: UUID, verb: str, body: Base) -> Any:
    """The command of what was sent; ids of consents and programs become what this service knows of them."""
    values = {name: getattr(body, name) for name in type(body).model_fields if name not in Base.model_fields}
    if values.get("consent"):
        values["consent"] = await copies.consent(tx, values["consent"], share=True)
    for name in ("second", "next"):
        if values.get(name):
            values[name] = (await copies.find_program(tx, values[name], name)).onward
    if "next_referral" in values:
        values["next_referral"] = values["next_referral"] or uuid7()
    for name in ("words", "next_time"):
        if name in values:
            values[name] = values[name] or ""
    if isinstance(values.get("due"), datetime):
        values["due"] = aware("due", values["due"])
    if "goals" in values:
        kept = await store.get(tx, concept, id)
        values |= _version(values["goals"], values["steps"]) | {"today": await today(tx, kept.home)}
    return concept.commands[verb](**values)


def aware(field: str, moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise Invalid(field, "Say the moment with its time zone, like 2026-11-24T16:00:00-05:00.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Invalid(field, "Say a moment that somebody will see.") from None


async def today(tx: Tx, agency: UUID | None) -> date:
    """The day it is at this agency."""
    now: datetime = await tx.fetchval(store.SQL["now"])
    return now.astimezone(await copies.zone_of(tx, agency)).date()


def _with_ids(body: Base) -> Base:
    """Goals and steps that are new get their ids here, once, since their words are sealed under them."""
    goals: tuple[GoalBody, ...] | None = getattr(body, "goals", None)
    if goals is None:
        return body
    goals = tuple(goal if goal.id else goal.model_copy(update={"id": uuid7()}) for goal in goals)
    steps = tuple(_step_with_ids(place, step, goals) for place, step in enumerate(getattr(body, "steps", ())))
    return body.model_copy(update={"goals": goals, "steps": steps})


def _step_with_ids(place: int, step: StepBody, goals: tuple[GoalBody, ...]) -> StepBody:
    goal = step.goal
    if isinstance(goal, int):
        if not 0 <= goal < len(goals):
            raise Invalid(f"steps.{place}.goal", "Every step belongs to a goal of this list.")
        goal = goals[goal].id or goal
    return step.model_copy(update={"id": step.id or uuid7(), "goal": goal})


def _version(goals: tuple[GoalBody, ...], steps: tuple[StepBody, ...]) -> dict[str, Any]:
    return {
        "goals": tuple(Goal(goal.id or uuid7(), goal.words) for goal in goals),
        "steps": tuple(
            Step(step.id or uuid7(), UUID(str(step.goal)), step.owner, step.due, step.words, step.done)
            for step in steps
        ),
    }  # fmt: skip


def _texts(concept: Concept, verb: str, body: Base) -> dict[str, str]:
    """What was written, by the field it is kept under."""
    texts = {}
    if words := getattr(body, "words", None):
        texts["decline" if verb == "decline" else "words"] = words
    if next_time := getattr(body, "next_time", None):
        texts["next_time"] = next_time
    for part, items in (("goal", getattr(body, "goals", ())), ("step", getattr(body, "steps", ()))):
        texts |= {f"{written.SUGGESTED}{part}/{item.id}": item.words for item in items}
    return texts
