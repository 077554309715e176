"""Commands from the edge: who may say what to which concept, in whose voice; pages and programs alike come here.

A worker may write down what the person said, or an agency answered, by phone or face to face; it is recorded as that
and never passes for the person's own word.
"""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from services.caseplan import copies, store
from services.caseplan.concepts import CONCERN, PLAN, PROMISE, REFERRAL, SETBACK, Concept
from services.caseplan.conduct import say
from services.caseplan.store import Tx
from shared.messaging.failpoints import reach
from shared.messaging.outbox import Cause
from shared.process import Running
from shared.runtime.errors import Invalid, NotAllowed
from shared.security import audit
from shared.security.identity import Actor
from shared.security.permissions import Relations
from shared.security.sealing import Compartment, seal
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
COMPARTMENTS = {
    REFERRAL.kind: Compartment.REFERRAL,
    SETBACK.kind: Compartment.SETBACK,
    CONCERN.kind: Compartment.SETBACK,
    PROMISE.kind: Compartment.PLAN,
    PLAN.kind: Compartment.PLAN,
}
WRITTEN_DOWN = {"phone": Way.PHONE, "in_person": Way.IN_PERSON}


async def perform(
    running: Running, actor: Actor, want: Wanted | None, concept: Concept, id: UUID, verb: str, given: dict[str, Any],
    *, action: str = "", answers: bool = False,
) -> Answer:  # fmt: skip
    """Say `verb` to an aggregate. `answers`: a worker writes down what the asked agency said by phone."""
    action = action or ACTIONS[concept.kind][verb]
    way = given.pop("way", None)
    known = await store.get(running.pool, concept, id)
    actor.require(action, relations(actor, concept, known.state), id)
    sealed = await seal_words(running, concept, known.state.person, given)
    async with running.pool.acquire() as tx, tx.transaction():

        async def act() -> Answer:
            command = await build(tx, concept, verb, given)
            by = voice(actor, concept, known.state, verb, way, answers=answers)

            def authorize(state: Any) -> None:
                actor.require(action, relations(actor, concept, state), id)

            cause = Cause(want.key if want else None, actor.cause)
            state = await say(tx, concept, id, command, by, cause=cause, authorize=authorize)
            await store.put_words(tx, concept, id, sealed)
            await audit.record(tx, actor, action, state.person, f"{concept.kind}/{id}", concept.kind)
            reach("command.written")
            return Answer.json(200, {"id": str(id), "stage": str(concept.stage_of(state))})

        answer = await once(tx, want, actor, act)
    reach("command.committed")
    return answer


def relations(actor: Actor, concept: Concept, state: Any) -> Relations:
    """What ties the actor to this aggregate."""
    columns = concept.columns(state)
    return actor.relations(
        person=state.person, workers=[columns.worker], agency=columns.home, receiving=columns.receiving
    )


def voice(actor: Actor, concept: Concept, state: Any, verb: str, way: str | None, *, answers: bool = False) -> By:
    """In whose voice the actor speaks. NotAllowed where the table knows nobody who could say it through them."""
    may = {party for _, known, move in concept.workflow.rows() if known == verb for party in move.by}
    columns = concept.columns(state)
    if answers:
        return By(Party.AGENCY, columns.receiving, Way.PHONE, actor.id)
    if actor.person is not None:
        return By(Party.PERSON, actor.person)
    if Party.AGENCY in may and actor.agency is not None and actor.agency == columns.receiving:
        return By(Party.AGENCY, actor.agency)
    if Party.SUPERVISOR in may and actor.id != columns.worker:
        return By(Party.SUPERVISOR, actor.id)
    if Party.WORKER in may:
        return By(Party.WORKER, actor.id)
    if Party.PERSON in may:
        if way not in WRITTEN_DOWN:
            raise Invalid("way", "Say whether the person told you in_person or by phone.")
        return By(Party.PERSON, state.person, WRITTEN_DOWN[way], actor.id)
    raise NotAllowed("This is not for you to say.")


async def build(tx: Tx, concept: Concept, verb: str, given: Mapping[str, Any]) -> Any:
    """The command of what was given; ids of consents and programs become what this service knows of them."""
    kind = concept.commands[verb]
    names = {field.name for field in fields(kind)}
    for name in given:
        if name not in names:
            raise Invalid(name, f"“{verb}” takes {', '.join(sorted(names)) or 'nothing'}.")
    values = dict(given)
    if "consent" in names:
        values["consent"] = await _consent(tx, values.get("consent"))
    for name in ("second", "next"):
        if name in names and values.get(name) is not None:
            values[name] = await copies.find_program(tx, _uuid(name, values[name]))
    try:
        return adapter(kind).validate_python(values)
    except ValidationError as error:
        raise mend(error) from None


async def _consent(tx: Tx, given: Any) -> Any:
    return await copies.consent(tx, _uuid("consent", given), share=True) if given else None


def _uuid(field: str, given: Any) -> UUID:
    try:
        return UUID(str(given))
    except ValueError:
        raise Invalid(field, "This has to be an id.") from None


@cache
def adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def mend(error: ValidationError) -> Invalid:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "body"
    return Invalid(field, first["msg"])


async def seal_words(running: Running, concept: Concept, person: UUID, given: Mapping[str, Any]) -> dict[str, bytes]:
    """What was written in a command, sealed before the transaction begins, by the field it is kept under."""
    found: dict[str, str] = {}
    for name in ("words", "next_time"):
        if given.get(name):
            found[name] = str(given[name])
    for part, name in (("goals", "goal"), ("steps", "step")):
        for item in given.get(part) or ():
            if isinstance(item, dict) and item.get("words"):
                found[f"{name}/{item.get('id')}"] = str(item["words"])
    where = COMPARTMENTS[concept.kind]
    return {
        field: await seal(running.keys, person, where, f"{concept.kind}.{field}", text) for field, text in found.items()
    }
