"""The network's office, where somebody asks in person to have it all erased; for the command line.

What it may do is what a worker may do: ask and say that they are known, or take it back. The seven days are the same.
"""

from uuid import UUID

from asyncpg import Connection, Pool

from services.intake import erasures
from services.intake.erasures import Confirm, Erasure, Identity, Stage, TakeBack
from services.intake.store import erasures as store
from services.intake.store import people
from services.intake.store.erasures import Row
from shared.messaging.outbox import Cause
from shared.runtime.database import transaction
from shared.runtime.errors import Conflict, NotFound
from shared.security import audit
from shared.security.identity import NOBODY, OPERATOR
from shared.workflow import NETWORK, By, Party, Way

PATIENCE = erasures.Patience()
CAUSE = Cause(None, OPERATOR.cause)


async def ask(pool: Pool, person: UUID, identity: Identity) -> None:
    """They stand here and are known: from now on it is due in seven days. Raises NotFound, Erased or Conflict."""
    async with transaction(pool) as tx:
        await people.lock_person(tx, person)
        before = await store.lock(tx, person)
        if before is not None and before.due and before.stage is Stage.SET:
            raise Conflict(f"It is set already, and due on {before.due:%Y-%m-%d}. Until then it can be taken back.")
        if before is None or before.stage is Stage.TAKEN_BACK:
            await store.put(tx, erasures.ask(person, before, PATIENCE), NOBODY)
            await _note(tx, "erasure.ask", person)
        word = Confirm(identity, await people.now(tx))
        decision = erasures.decide(await _locked(tx, person), word, NETWORK, PATIENCE)
        await store.save(tx, decision, CAUSE, NOBODY)
        await _note(tx, "erasure.confirm", person)


async def take_back(pool: Pool, person: UUID) -> None:
    """They came again and changed their mind. Said again, it is done already."""
    async with transaction(pool) as tx:
        erasure = await _locked(tx, person)
        if erasure.stage is Stage.TAKEN_BACK:
            return
        said = By(Party.PERSON, person, Way.IN_PERSON, NOBODY)
        await store.save(tx, erasures.decide(erasure, TakeBack(), said, PATIENCE), CAUSE)
        await _note(tx, "erasure.take_back", person)


async def how_far(pool: Pool, person: UUID) -> Row | None:
    async with transaction(pool) as tx:
        return await store.find(tx, person)


async def _locked(tx: Connection, person: UUID) -> Erasure:
    erasure = await store.lock(tx, person)
    if erasure is None:
        raise NotFound("erasure", person)
    return erasure


async def _note(tx: Connection, action: str, person: UUID) -> None:
    await audit.record(tx, OPERATOR, action, person, f"erasure/{person}", "erasure")
