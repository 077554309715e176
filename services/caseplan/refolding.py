"""After a restore: what this service had said since, taken back from its own topics, event by event.

Stage, owner, clock and line on the timeline are as they were; what people wrote since is gone, since no event holds
it. A consent under which sharing had been stopped stays ended: its revocation is only heard again later, since
offsets went back with the database, and until then nobody may read under it.
"""

from collections.abc import Iterator
from dataclasses import astuple
from typing import Any
from uuid import UUID

import structlog
from asyncpg import Connection, UniqueViolationError

from services.caseplan import copies, plans, store
from services.caseplan.concepts import CONCEPTS, CONCERN, PLAN, PROMISE, REFERRAL, SETBACK, Concept
from services.caseplan.folding import Around, Folded, clock_of, fold
from services.caseplan.ledger import promise_of
from services.caseplan.referrals import Onward
from services.caseplan.states import from_json, to_json
from shared.contracts import plan, promise, referral, setback
from shared.contracts.envelope import Envelope
from shared.contracts.events import Event
from shared.contracts.halted import Halted
from shared.contracts.parties import Party, Way
from shared.messaging.timers import start_timers, work_out_again
from shared.runtime import sql
from shared.security.identity import NOBODY
from shared.security.permissions import Role
from shared.web.idempotency import mark_used

SQL = sql.load(__file__, "refolding.sql")
NOT_HEARD_OF = NOBODY  # a worker or an agency that only another's event names, which is read again after this
ELSEWHERE = {Way.STREAM, Way.EMAIL}

log = structlog.get_logger("caseplan")


async def refold(tx: Connection, envelope: Envelope, event: Event) -> None:
    match event:
        case Halted(consent=id, person=person, reason=reason):
            await tx.execute(SQL["halted"], id, person, reason, envelope.time)
        case referral.ReferralEvent(referral=id):
            await _bring(tx, envelope, event, REFERRAL, id)
        case setback.SetbackEvent(setback=id):
            await _bring(tx, envelope, event, SETBACK, id)
        case setback.ConcernEvent(concern=id):
            await _bring(tx, envelope, event, CONCERN, id)
        case promise.PromiseEvent(promise=id):
            await _bring(tx, envelope, event, PROMISE, id)
        case plan.PlanEvent(plan=id):
            await _bring(tx, envelope, event, PLAN, id)
        case _:
            return
    await mark_used(tx, envelope.causationid, envelope.actor)


async def _bring(tx: Connection, envelope: Envelope, event: Any, concept: Concept, id: UUID) -> None:
    """The aggregate to where the event says it was. One that does not fit must not keep the whole service down."""
    row = await tx.fetchrow(store.LOCK, concept.kind, id)
    before = from_json(concept.state, row["state"]) if row else None
    around = await _around(tx, before, event)
    folded = fold(concept, before, event, around, _speakers(before, envelope, event, around.home))
    state = folded.state
    try:
        async with tx.transaction():
            values = (concept.kind, id, state.person, *astuple(concept.columns(state)), to_json(state))
            await tx.execute(SQL["put_aggregate"], *values, envelope.time)
    except UniqueViolationError:
        log.error("own event does not fit what is here", kind=concept.kind, id=str(id), sequence=envelope.sequence)
        return
    if not folded.keeps_clock:
        await start_timers(tx, [clock_of(concept, state)], copies.work_out, since=envelope.time)
    await _mend_words(tx, concept, before, event, state)
    await _note(tx, concept, folded, envelope, event)


async def _around(tx: Connection, before: Any, event: Any) -> Around:
    row = await tx.fetchrow(copies.SQL["person"], event.person)
    worker, home = (row["worker"], row["home"]) if row else (None, None)
    door = await _door(tx, before, getattr(event, "next_program", None))
    return Around(worker or NOT_HEARD_OF, home or NOT_HEARD_OF, door)


async def _door(tx: Connection, before: Any, program: UUID | None) -> Onward | None:
    if program is None:
        return None
    known: list[Onward] = [onward for onward in (before.next, before.second) if onward] if before else []
    for onward in known:
        if onward.program == program:
            return onward
    row = await tx.fetchrow(copies.SQL["program"], program)
    return Onward(program, (row["agency"] if row else None) or NOT_HEARD_OF)


def _speakers(before: Any, envelope: Envelope, event: Any, home: UUID) -> Iterator[Party]:
    """Whose word it may have been, the likeliest first: by what moved it, how the word came, and who acted."""
    way: Way | None = getattr(event, "way", None)
    role, _, who = (envelope.actor or "").partition(":")
    follows = isinstance(event, referral.Drafted) or getattr(event, "next_program", None)  # at once, not by silence
    if (envelope.causationid or "").startswith("clock:") and not follows:
        yield Party.CLOCK
    if way is Way.NONE:
        yield from (Party.NETWORK, Party.CLOCK, Party.PERSON)
    elif way in ELSEWHERE:
        yield Party.AGENCY
    elif isinstance(event, setback.ConcernRaised | promise.Made):  # never the person's, even where their word led to it
        yield Party.AGENCY if event.agency != home else Party.WORKER
    elif role == Role.PERSON:
        yield Party.PERSON
    elif getattr(event, "recorded_by", None) is not None:
        yield from (Party.PERSON, Party.AGENCY)
    elif before is not None and who != str(before.worker):
        yield from (Party.SUPERVISOR, Party.AGENCY)
    yield from (Party.WORKER, *Party)


async def _mend_words(tx: Connection, concept: Concept, before: Any, event: Any, after: Any) -> None:
    """Words of before the restore stay where they belong. What was written since is gone: pages show it as missing."""
    if concept.forgets(after):
        await tx.execute(store.SQL["empty_words"], concept.kind, after.id)
    if isinstance(event, plan.Signed):
        # What stands under the same id stays, although it may have been put into other words since: those are lost.
        kept = [f"goal/{goal.id}" for goal in after.agreed.goals] + [f"step/{step.id}" for step in after.agreed.steps]
        await tx.execute(SQL["drop_outdated_words"], after.id, kept)
        await tx.execute(store.SQL["agree_words"], after.id)
        for step in plans.staff_steps(after):
            await tx.execute(store.SQL["copy_step_words"], after.id, promise_of(after.id, step.id), str(step.id))
    elif isinstance(event, plan.Proposed) or (concept is PLAN and before and before.proposal and not after.proposal):
        await tx.execute(store.SQL["drop_suggested"], after.id)


async def _note(tx: Connection, concept: Concept, folded: Folded, envelope: Envelope, event: Any) -> None:
    state, party, verb = folded.state, folded.party, folded.verb
    if party is Party.NETWORK and verb in ("offer", "follow_second"):
        verb = "carry_on"
    way = getattr(event, "way", None) or (Way.NONE if party is Party.CLOCK else Way.PAGE)
    await tx.execute(
        SQL["note_happened"], concept.kind, state.id, state.person, verb, str(concept.stage_of(state)), str(party),
        str(way), _who(envelope, event, party, way), getattr(event, "step", None), envelope.time,
    )  # fmt: skip


def _who(envelope: Envelope, event: Any, party: Party, way: Way) -> UUID | None:
    if party in (Party.CLOCK, Party.NETWORK):
        return None
    recorder: UUID | None = getattr(event, "recorded_by", None)
    if recorder is not None:
        return recorder
    role, _, who = (envelope.actor or "").partition(":")
    if party is Party.PERSON:
        return UUID(str(event.person))
    if way in ELSEWHERE:
        who = event.agency
    elif role == Role.PERSON:
        who = getattr(event, "worker", "")  # the person's word led to it; whose it is is the worker's
    try:
        return UUID(str(who))
    except ValueError:
        return None


async def take_up(tx: Connection, person: UUID, worker: UUID | None, home: UUID) -> None:
    """Their own event is read again after the restore: what was put back before it learns whose it is."""
    rows = await tx.fetch(SQL["take_up"], person, worker, home, NOT_HEARD_OF)
    for row in rows:
        await tx.execute(SQL["take_up_clock"], CONCEPTS[row["kind"]].clock, str(row["id"]), home, NOT_HEARD_OF)
    if rows:
        await work_out_again(tx, home, copies.work_out)
