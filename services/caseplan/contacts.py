"""A contact with its next date and a promise: one form, one transaction."""

from datetime import UTC, date, datetime, time
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.caseplan import copies, promises, store, written
from services.caseplan.bodies import STRICT, Back, NewPromise
from services.caseplan.concepts import PROMISE
from services.caseplan.creating import add_promise, around
from services.caseplan.written import CONTACT
from shared.process import Running
from shared.runtime.errors import Conflict, Invalid
from shared.runtime.ids import uuid7
from shared.security import audit
from shared.security.identity import Actor
from shared.web import edge
from shared.web.forms import Lines
from shared.web.idempotency import Answer, Wanted, once

HOW = Literal["met", "called", "texted", "tried"]


class NewContact(BaseModel):
    """How a worker and a person were in touch, when they speak again, and what was promised."""

    model_config = STRICT

    id: UUID | None = None
    who: UUID = Field(title="With", description="The person.")
    how: HOW = Field(title="How")
    what: Lines | None = Field(None, description="What matters from it; the person can read it.")
    speak_on: date | None = Field(None, title="We speak again", description="The day on which they speak again.")
    promise: Lines | None = Field(None, description="What was promised; begins with “I will”.")
    by: date | None = Field(None, title="By", description="Until when, in days of the worker's agency.")
    at: time | None = Field(None, title="At", description="The time on that day; 5 pm if not said.")
    back: Back = None


async def write_down(here: Running, actor: Actor, want: Wanted | None, body: NewContact) -> Answer:
    """The contact, and with it the promise; both or neither."""
    action, id, promise = "promise.make", body.id or uuid7(), uuid7()
    person = await copies.find_person(here.pool, body.who)
    actor.require(action, around(actor, person), person.id)
    made = NewPromise(person=person.id, words=body.promise, due=await _due(here, actor, body)) if body.promise else None
    sealed = await _seal(here, person.id, id, body.what)
    texts = {"words": body.promise} if body.promise else {}
    promised = await written.seal_all(here.keys, PROMISE.kind, person.id, promise, texts)
    async with edge.command(here) as tx:

        async def act() -> Answer:
            values = (id, person.id, actor.id, actor.agency, body.how, body.speak_on)
            if await tx.fetchval(store.SQL["put_contact"], *values) is None:
                raise Conflict("There is a contact with this id already.")
            await store.put_words(tx, CONTACT, id, sealed)
            await tx.execute(
                store.SQL["note_happened"], CONTACT, id, person.id, body.how, "", "worker", "page", actor.id, None
            )  # fmt: skip
            answer = {"id": str(id)}
            if made is not None:
                state: promises.Promise = await add_promise(tx, actor, want, person, promise, made)
                await store.put_words(tx, PROMISE.kind, promise, promised)
                answer["promise"] = str(state.id)
            await audit.record(tx, actor, action, person.id, f"contact/{id}", "care")
            return Answer.json(201, answer)

        return await once(tx, want, actor, act)


async def _seal(here: Running, person: UUID, id: UUID, what: str | None) -> dict[str, bytes]:
    return await written.seal_all(here.keys, CONTACT, person, id, {"words": what} if what else {})


async def _due(here: Running, actor: Actor, body: NewContact) -> datetime:
    if body.by is None:
        raise Invalid("by", "Say by when you will do it.")
    zone = await copies.zone_of(here.pool, actor.agency)
    moment = datetime.combine(body.by, body.at or time(17), tzinfo=zone).astimezone(UTC)
    if moment <= await here.pool.fetchval(store.SQL["now"]):
        raise Invalid("by", "Promise something for a time that is still ahead.")
    return moment
