"""What somebody who leaves still holds, handed over until nothing is left.

Whom they walk with goes at intake, and plan, referrals and setbacks follow the person. What is left is their own word,
which a colleague keeps from then on and the person is told so, and what they held for people who walk with another.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from asyncpg import Record

from services.caseplan import promises, store
from services.caseplan.concepts import CONCEPTS, CONCERN, PROMISE
from services.caseplan.store import Tx, Word
from shared.messaging.outbox import Cause
from shared.process import Running
from shared.runtime import sql
from shared.runtime.errors import Invalid, NotFound
from shared.security import audit, workers
from shared.security.identity import Actor
from shared.security.table import WALK
from shared.web import edge, staff
from shared.web.idempotency import Answer, Wanted, once
from shared.workflow import By, Decision, Party

SQL = sql.load(__file__, "leaving.sql")
AT_ONCE = 200  # of each kind in one transaction
SHOWN = 20  # leavings that are not complete


@dataclass(frozen=True, slots=True)
class Held:
    """Counts alone: whom it is about is shown where it is theirs to see."""

    people: int
    promises: int
    work: int  # setbacks they covered and the like, for people who walk with another
    days: int  # on which they would have spoken with such a person

    @property
    def nothing(self) -> bool:
        return not (self.people or self.promises or self.work or self.days)


@dataclass(frozen=True, slots=True)
class Leaving:
    """`colleagues` may be given what is held: id and name, in the alphabet."""

    worker: UUID
    name: str
    has_left: bool
    held: Held
    colleagues: tuple[tuple[UUID, str], ...]


async def read(here: Running, actor: Actor, id: UUID) -> Leaving:
    async with edge.transaction(here) as tx:
        worker = await _worker(tx, actor, "leaving.read", id)
        held = await _held(tx, id)
        found = await workers.at_agency(tx, worker["agency"], WALK)
        await audit.record(tx, actor, "leaving.read", None, f"account/{id}", "administration")
    ids = [row["id"] for row in found if row["id"] != id]
    known = await staff.known(here, actor, [id, *ids])
    colleagues = sorted(((one, known.name(one, known.of(one).does())) for one in ids), key=lambda one: one[1])
    name = known.name(id, known.of(id).does())
    return Leaving(id, name, worker["left_at"] is not None, held, tuple(colleagues))


async def not_complete(tx: Tx, agency: UUID) -> list[UUID]:
    return [row["id"] for row in await tx.fetch(SQL["not_complete"], agency, SHOWN)]


async def hand_over_promises(here: Running, actor: Actor, want: Wanted | None, id: UUID, keeper: UUID) -> Answer:
    """Each stays what was said, by when; a colleague keeps it, and it says so on the person's page."""
    async with edge.command(here) as tx:

        async def act() -> Answer:
            worker = await _worker(tx, actor, "leaving.hand_over", id)
            colleagues = await workers.at_agency(tx, worker["agency"], WALK)
            if keeper == id or keeper not in {row["id"] for row in colleagues}:
                raise Invalid("worker", "Choose a colleague of the same agency who walks with people.")
            rows = await tx.fetch(SQL["their_promises"], id, AT_ONCE)
            for row in rows:
                await _hand_promise(tx, actor, row["id"], keeper, edge.cause_of(actor, want))
            return await _left(tx, id, len(rows))

        return await once(tx, want, actor, act)


async def hand_over_work(here: Running, actor: Actor, want: Wanted | None, id: UUID) -> Answer:
    """To whoever walks with the person. Clocks run on, and ring for them."""
    async with edge.command(here) as tx:

        async def act() -> Answer:
            await _worker(tx, actor, "leaving.hand_over", id)
            rows = await tx.fetch(SQL["their_work"], id, AT_ONCE)
            for row in rows:
                await _hand_work(tx, actor, row, edge.cause_of(actor, want))
            days = await tx.fetch(SQL["hand_over_days"], id)
            await audit.record_many(tx, actor, "leaving.hand_over", {row["person"] for row in days}, "contact", "care")
            return await _left(tx, id, len(rows) + len(days))

        return await once(tx, want, actor, act)


async def _worker(tx: Tx, actor: Actor, action: str, id: UUID) -> Record:
    row = await workers.of_own_agency(tx, id)
    if row is None:
        raise NotFound("account", id)
    actor.require(action, actor.relations(agency=row["agency"]), id)
    return row


async def _held(tx: Tx, id: UUID) -> Held:
    [row] = await tx.fetch(SQL["held"], id)
    return Held(row["people"], row["promises"], row["work"], row["days"])


async def _left(tx: Tx, id: UUID, count: int) -> Answer:
    held = await _held(tx, id)
    return Answer.json(200, {"id": str(id), "handed_over": count, "complete": held.nothing})


async def _hand_promise(tx: Tx, actor: Actor, id: UUID, keeper: UUID, cause: Cause) -> None:
    kept, by = await store.lock(tx, PROMISE, id), By(Party.SUPERVISOR, actor.id)
    decision = promises.decide(kept.state, promises.HandOver(keeper), by, PROMISE.patience)
    await store.save(tx, PROMISE, decision, Word("hand_over", by), cause)
    await audit.record(tx, actor, "leaving.hand_over", kept.state.person, f"promise/{id}", "promise")


async def _hand_work(tx: Tx, actor: Actor, row: Record, cause: Cause) -> None:
    concept, by = CONCEPTS[row["kind"]], By(Party.SUPERVISOR, actor.id)
    kept = await store.lock(tx, concept, row["id"])
    given: Decision[object] = Decision(replace(kept.state, worker=row["worker"]))
    await store.save(tx, concept, given, Word("hand_over", by), cause)
    action = "concern.settle" if concept is CONCERN else "leaving.hand_over"  # of a worry nothing shows
    await audit.record(tx, actor, action, kept.state.person, f"{concept.kind}/{row['id']}", "care")
