"""A setback that its worker does not answer: a supervisor takes it, so that somebody is in touch.

They may reach the person, and say so; what was written was written to the named worker, and is not opened for them.
"""

from dataclasses import replace
from uuid import UUID

from services.caseplan import store
from services.caseplan.commands import relations
from services.caseplan.concepts import SETBACK
from services.caseplan.store import Word
from shared.contracts.setback import Stage
from shared.process import Running
from shared.security import audit
from shared.security.identity import Actor
from shared.web import edge
from shared.web.idempotency import Answer, Wanted, once
from shared.workflow import By, Decision, MoveNotOffered, Party

WAITS = (Stage.REPORTED, Stage.OVERDUE)


async def cover(here: Running, actor: Actor, want: Wanted | None, id: UUID) -> Answer:
    """The clock runs on: taking it is not reaching them. Raises MoveNotOffered once somebody was in touch."""
    async with edge.command(here) as tx:

        async def act() -> Answer:
            kept = await store.lock(tx, SETBACK, id)
            actor.require("setback.cover", relations(actor, SETBACK, kept), id)
            if kept.state.stage not in WAITS:
                raise MoveNotOffered("cover", ())
            taken = Decision(replace(kept.state, worker=actor.id))
            await store.save(
                tx, SETBACK, taken, Word("cover", By(Party.SUPERVISOR, actor.id)), edge.cause_of(actor, want)
            )
            await audit.record(tx, actor, "setback.cover", kept.state.person, f"setback/{id}", "setback")
            return Answer.json(200, {"id": str(id), "stage": str(kept.state.stage)})

        return await once(tx, want, actor, act)
