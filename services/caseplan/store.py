"""What this service sends to Postgres about its own work; `copies` has what it knows of others'."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Connection, Record, UniqueViolationError
from asyncpg.pool import Pool

from services.caseplan.concepts import REFERRAL, Concept
from services.caseplan.copies import work_out
from services.caseplan.referrals import AlreadyOpen
from services.caseplan.states import from_json, to_json
from shared.messaging.failpoints import MUTANT
from shared.messaging.outbox import Cause, put_events
from shared.messaging.timers import start_timers
from shared.runtime import sql
from shared.runtime.database import fetchrow
from shared.runtime.errors import Conflict, NotFound
from shared.workflow import By, Decision

SQL = sql.load(__file__, "store.sql")
LOCK = SQL["get_aggregate" if MUTANT == "no_aggregate_lock" else "lock_aggregate"]
Tx = Connection
Db = Connection | Pool


@dataclass(frozen=True, slots=True)
class Kept:
    """An aggregate as it stands, with what its state does not know: whose agency answers for it, and its times."""

    state: Any
    home: UUID | None
    made_at: datetime
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class Word:
    """What was said, for the line on the timeline; `about` is the step of a plan that it was said of."""

    verb: str
    by: By
    about: UUID | None = None


async def insert(tx: Tx, concept: Concept, decision: Decision[Any], word: Word, cause: Cause) -> None:
    """A new aggregate with its first events and clocks. AlreadyOpen for a second open referral to one program."""
    state = decision.state
    columns = astuple(concept.columns(state))
    made = await tx.fetchval(
        SQL["insert_aggregate"], concept.kind, state.id, state.person, *columns, to_json(state)
    )  # fmt: skip
    if made is None:
        if concept is REFERRAL:
            await _refuse_second(tx, state)
        raise Conflict(f"There is a {concept.kind} with this id already.", ("open_it",))
    await _write(tx, concept, decision, word, cause)


async def _refuse_second(tx: Tx, state: Any) -> None:
    found = await tx.fetchval(SQL["open_referral"], state.person, state.program)
    if found is not None:
        raise AlreadyOpen(found)


async def lock(tx: Tx, concept: Concept, id: UUID) -> Kept:
    """Ours alone until `tx` ends."""
    return _kept(concept, await tx.fetchrow(LOCK, concept.kind, id), id)


async def get(db: Db, concept: Concept, id: UUID) -> Kept:
    return _kept(concept, await fetchrow(db, SQL["get_aggregate"], concept.kind, id), id)


def _kept(concept: Concept, row: Record | None, id: UUID) -> Kept:
    if row is None:
        raise NotFound(concept.kind, id)
    return Kept(from_json(concept.state, row["state"]), row["home"], row["made_at"], row["moved_at"])


async def save(tx: Tx, concept: Concept, decision: Decision[Any], word: Word, cause: Cause) -> None:
    """State, events, clocks and the line on the timeline, in the caller's transaction: all of them or none."""
    state = decision.state
    values = (concept.kind, state.id, *astuple(concept.columns(state)), to_json(state))
    if concept is REFERRAL and word.verb == "reopen":
        await _reopen(tx, state, values)
    else:
        await tx.execute(SQL["save_aggregate"], *values)
    if concept.forgets(state):
        await tx.execute(SQL["empty_words"], concept.kind, state.id)
    await _write(tx, concept, decision, word, cause)


async def _reopen(tx: Tx, state: Any, values: tuple[Any, ...]) -> None:
    """What opens again may find another one open to the same program: the one way into that index but insertion."""
    try:
        async with tx.transaction():
            await tx.execute(SQL["save_aggregate"], *values)
    except UniqueViolationError:
        await _refuse_second(tx, state)
        raise


async def _write(tx: Tx, concept: Concept, decision: Decision[Any], word: Word, cause: Cause) -> None:
    state, events, timers = decision
    await put_events(tx, state.id, events, partitionkey=state.person, person=state.person, cause=cause)
    await start_timers(tx, timers, work_out)
    by = word.by
    await tx.execute(
        SQL["note_happened"], concept.kind, state.id, state.person, word.verb, str(concept.stage_of(state)),
        str(by.party), str(by.way), by.recorded_by or by.who, word.about,
    )  # fmt: skip


async def put_words(tx: Tx, kind: str, id: UUID, sealed: Mapping[str, bytes]) -> None:
    """By field; each takes the place of what was in it."""
    if not sealed:
        return
    await tx.executemany(SQL["put_words"], [(kind, id, field, text) for field, text in sealed.items()])


async def listed(db: Db, statement: str, concept: Concept, *values: Any) -> list[Kept]:
    """The aggregates that a statement of store.sql lists."""
    rows = await db.fetch(SQL[statement], *values)
    return [Kept(from_json(concept.state, row["state"]), row["home"], row["made_at"], row["moved_at"]) for row in rows]


async def of_person(db: Db, concept: Concept, person: UUID, limit: int = 50) -> list[Kept]:
    return await listed(db, "list_of_person", concept, person, concept.kind, limit)


async def open_of_worker(db: Db, concept: Concept, worker: UUID, limit: int = 50) -> list[Kept]:
    return await listed(db, "list_open_of_worker", concept, worker, concept.kind, limit)


async def asked_of(tx: Tx, agency: UUID, limit: int = 50) -> list[Kept]:
    """What the agency was asked, under consents that are live and are held until `tx` ends."""
    return await listed(tx, "list_asked", REFERRAL, agency, limit)
