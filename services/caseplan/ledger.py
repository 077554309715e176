"""A staff step of a plan is a promise: made when both sides have signed, kept when it is done.

The plan is always locked before its promises, so the two follow each other in both directions.
"""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID, uuid5

from services.caseplan import copies, plans, promises, store
from services.caseplan.calendars import Calendar
from services.caseplan.concepts import PLAN, PROMISE
from services.caseplan.store import Tx, Word
from shared.contracts.promise import Stage
from shared.messaging.outbox import Cause
from shared.workflow import By, Party, Way

OPEN = (Stage.MADE, Stage.MOVING)  # not yet due: only these can be moved or let go by signing another version


def promise_of(plan: UUID, step: UUID) -> UUID:
    """The promise that a staff step is: one for each step, however many versions it is in."""
    return uuid5(plan, str(step))


async def follow_plan(tx: Tx, before: plans.Plan, after: plans.Plan, word: Word, cause: Cause) -> None:
    """What a word to a plan means for its words and its promises."""
    if word.verb == "sign":
        await tx.execute(store.SQL["drop_agreed"], after.id)
        await tx.execute(store.SQL["agree_words"], after.id)
        await _let_go(tx, before, after, cause)
        await _make(tx, after, word.by, cause)
    elif word.verb in ("suggest", "propose"):
        await tx.execute(store.SQL["drop_suggested"], after.id)
    elif word.verb == "finish_step" and word.by.party is Party.WORKER:
        assert word.about is not None, "a finished step has an id"
        await _keep(tx, promise_of(after.id, word.about), word.by, cause)
    elif before.proposal is not None and after.proposal is None:
        await tx.execute(store.SQL["drop_suggested"], after.id)


async def follow_promise(tx: Tx, promise: promises.Promise, by: By, cause: Cause) -> None:
    """A staff step is done when its promise is kept. The caller holds the plan."""
    row = await tx.fetchval(store.SQL["get_aggregate"], PLAN.kind, promise.person)
    if row is None or by.party is not Party.WORKER:
        return
    plan = (await store.lock(tx, PLAN, promise.person)).state
    for step in plans.staff_steps(plan):
        if promise_of(plan.id, step.id) == promise.id:
            done = plans.decide(plan, plans.FinishStep(step.id), by, PLAN.patience)
            await store.save(tx, PLAN, done, Word("finish_step", by, step.id), cause)


async def _make(tx: Tx, plan: plans.Plan, by: By, cause: Cause) -> None:
    """Promises for the staff steps that are new, another time for those that moved. A supervisor who signs where the
    worker was silent, or covers for them, gives their own word, not the worker's."""
    giver = by.who if by.party in (Party.SUPERVISOR, Party.WORKER) and by.who else plan.worker
    calendar = copies.calendar_in(await copies.find_agency(tx, plan.home))
    now = await tx.fetchval(store.SQL["now"])
    for step in sorted(plans.staff_steps(plan), key=lambda step: promise_of(plan.id, step.id)):
        id, due = promise_of(plan.id, step.id), end_of(step.due, calendar, now)
        known = await tx.fetchval(store.SQL["get_aggregate"], PROMISE.kind, id)
        if known is not None:
            await _move(tx, id, due, plan, cause)
            continue
        made = promises.Promise(id, plan.person, giver, plan.home, due)
        worker = By(Party.WORKER, giver)
        await store.insert(tx, PROMISE, promises.make(made, worker, PROMISE.patience), Word("make", worker), cause)
        await tx.execute(store.SQL["copy_step_words"], plan.id, id, str(step.id))


async def _move(tx: Tx, id: UUID, due: datetime, plan: plans.Plan, cause: Cause) -> None:
    """Both have signed the other day: it was asked for and agreed on."""
    promise = (await store.lock(tx, PROMISE, id)).state
    if promise.stage not in OPEN or due <= promise.due:
        return
    worker, person = By(Party.WORKER, promise.worker), By(Party.PERSON, plan.person, Way.NONE)
    asked = promises.decide(promise, promises.AskForTime(due), worker, PROMISE.patience)
    await store.save(tx, PROMISE, asked, Word("ask_for_time", worker), cause)
    agreed = promises.decide(asked.state, promises.Agree(), person, PROMISE.patience)
    await store.save(tx, PROMISE, agreed, Word("agree", person), cause)


async def _let_go(tx: Tx, before: plans.Plan, after: plans.Plan, cause: Cause) -> None:
    """A step that the signed version leaves out is not needed any more: both say so."""
    kept = {step.id for step in after.agreed.steps} if after.agreed else set()
    gone = sorted(promise_of(before.id, step.id) for step in plans.staff_steps(before) if step.id not in kept)
    person = By(Party.PERSON, before.person, Way.NONE)
    for id in gone:
        promise = await _find(tx, id)
        if promise is not None and promise.stage in OPEN:
            over = promises.decide(promise, promises.Release(), person, PROMISE.patience)
            await store.save(tx, PROMISE, over, Word("release", person), cause)


async def _keep(tx: Tx, id: UUID, by: By, cause: Cause) -> None:
    promise = await _find(tx, id)
    if promise is None or "keep" not in promises.offers(promise, Party.WORKER):
        return
    kept = promises.decide(promise, promises.Keep(late=promise.was_due), by, PROMISE.patience)
    await store.save(tx, PROMISE, kept, Word("keep", by), cause)


async def _find(tx: Tx, id: UUID) -> Any:
    known = await tx.fetchval(store.SQL["get_aggregate"], PROMISE.kind, id)
    return (await store.lock(tx, PROMISE, id)).state if known is not None else None


def end_of(step_due: date, calendar: Calendar, now: datetime) -> datetime:
    """Until when a promise "by Friday" holds: until that Friday's doors close, or the day's end where that is past.

    Signed after its Friday it holds from today: nobody is late with a word that they give only now."""
    day = max(step_due, now.astimezone(calendar.tz).date())
    opening = calendar.opening(day)
    if opening is not None and opening.closes > now:
        return opening.closes
    return datetime.combine(day, time(23, 59), tzinfo=calendar.tz)
