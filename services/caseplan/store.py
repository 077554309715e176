"""Every statement that this service sends to Postgres about its own work; `copies` has those about others'."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Connection, UniqueViolationError
from asyncpg.pool import Pool, PoolConnectionProxy

from services.caseplan.concepts import REFERRAL, Concept
from services.caseplan.copies import work_out
from services.caseplan.referrals import AlreadyOpen
from services.caseplan.states import from_json, to_json
from shared.messaging.outbox import Cause, put_events
from shared.messaging.timers import start_timers
from shared.runtime import sql
from shared.runtime.errors import Conflict, NotFound
from shared.workflow import By, Decision

SQL = sql.load(__file__, "store.sql")
Tx = Connection | PoolConnectionProxy


@dataclass(frozen=True, slots=True)
class Kept:
    """An aggregate as it stands, with the times that its state does not know."""

    state: Any
    made_at: datetime
    moved_at: datetime


async def insert(tx: Tx, concept: Concept, decision: Decision[Any], verb: str, by: By, cause: Cause) -> None:
    """A new aggregate with its first events and clocks. AlreadyOpen for a second open referral to one program."""
    state = decision.state
    try:
        async with tx.transaction():
            await tx.execute(
                SQL["insert_aggregate"],
                concept.kind,
                state.id,
                state.person,
                *astuple(concept.columns(state)),
                to_json(state),
            )
    except UniqueViolationError as error:
        if concept is REFERRAL and error.constraint_name == "aggregate_one_open_referral_idx":
            found = await tx.fetchval(
                "SELECT id FROM aggregate WHERE kind = 'referral' AND person = $1 AND program = $2 AND is_open",
                state.person,
                state.program,
            )
            raise AlreadyOpen(found) from None
        raise Conflict(f"There is a {concept.kind} with this id already.", ("open_it",)) from None
    await _write(tx, concept, decision, verb, by, cause)


async def lock(tx: Tx, concept: Concept, id: UUID) -> Any:
    """The state, ours alone until `tx` ends."""
    text = await tx.fetchval(SQL["lock_aggregate"], concept.kind, id)
    if text is None:
        raise NotFound(concept.kind, id)
    return from_json(concept.state, text)


async def save(tx: Tx, concept: Concept, decision: Decision[Any], verb: str, by: By, cause: Cause) -> None:
    """State, events, clocks and the line on the timeline, in the caller's transaction: all of them or none."""
    state = decision.state
    columns = astuple(concept.columns(state))
    await tx.execute(SQL["save_aggregate"], concept.kind, state.id, *columns, to_json(state))
    await _write(tx, concept, decision, verb, by, cause)


async def _write(tx: Tx, concept: Concept, decision: Decision[Any], verb: str, by: By, cause: Cause) -> None:
    state, events, timers = decision
    await put_events(tx, state.id, events, partitionkey=state.person, person=state.person, cause=cause)
    await start_timers(tx, timers, work_out)
    stage = str(concept.stage_of(state))
    await tx.execute(
        SQL["note_happened"], concept.kind, state.id, state.person, verb, stage, str(by.party), str(by.way)
    )


async def get(tx: Tx | Pool, concept: Concept, id: UUID) -> Kept:
    row = await tx.fetchrow(SQL["get_aggregate"], concept.kind, id)
    if row is None:
        raise NotFound(concept.kind, id)
    return Kept(from_json(concept.state, row["state"]), row["made_at"], row["moved_at"])


async def of_person(tx: Tx | Pool, concept: Concept, person: UUID, limit: int = 50) -> list[Kept]:
    return _kept(concept, await tx.fetch(SQL["list_of_person"], person, concept.kind, limit))


async def open_of_worker(tx: Tx | Pool, concept: Concept, worker: UUID, limit: int = 50) -> list[Kept]:
    return _kept(concept, await tx.fetch(SQL["list_open_of_worker"], worker, concept.kind, limit))


async def open_of_home(tx: Tx | Pool, concept: Concept, agency: UUID, limit: int = 50) -> list[Kept]:
    return _kept(concept, await tx.fetch(SQL["list_of_home"], agency, concept.kind, limit))


async def of_receiving(tx: Tx | Pool, concept: Concept, agency: UUID, limit: int = 50) -> list[Kept]:
    return _kept(concept, await tx.fetch(SQL["list_of_receiving"], agency, concept.kind, limit))


def _kept(concept: Concept, rows: Sequence[Any]) -> list[Kept]:
    return [Kept(from_json(concept.state, row["state"]), row["made_at"], row["moved_at"]) for row in rows]


async def put_words(tx: Tx, concept: Concept, id: UUID, sealed: Mapping[str, bytes]) -> None:
    for field, text in sealed.items():
        await tx.execute(SQL["put_words"], concept.kind, id, field, text)


async def words_of(tx: Tx | Pool, concept: Concept, id: UUID) -> dict[str, bytes]:
    """Sealed, by field."""
    return {row["field"]: row["sealed"] for row in await tx.fetch(SQL["get_words"], concept.kind, id)}


async def clocks_of(tx: Tx | Pool, concept: Concept, ids: Sequence[UUID]) -> dict[UUID, tuple[datetime, datetime]]:
    """When the live clock of each began and when it runs out."""
    rows = await tx.fetch(SQL["clocks"], concept.clock, [str(id) for id in ids])
    return {UUID(row["subject"]): (row["started_at"], row["due_at"]) for row in rows}
