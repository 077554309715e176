"""What this service does when it hears others: keeps its copies, takes answers, stops sharing.

A revocation acts on arrival, whatever came before it: it locks the consent's row, so it waits for every disclosure
under way, pauses what stands on the consent, and says in the same transaction that nothing more goes out from here.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import structlog
from asyncpg import Connection

from services.caseplan import copies, plans, referrals, setbacks, store
from services.caseplan.calendars import calendar_of
from services.caseplan.commands import ACTIONS
from services.caseplan.concepts import PLAN, REFERRAL, SETBACK, Concept
from services.caseplan.conduct import Speaks, hold, say
from services.caseplan.refolding import take_up
from services.caseplan.store import Word
from shared.contracts import agency, answer, consent, delivery, person, program
from shared.contracts.halted import Forgotten, Halted
from shared.contracts.referral import PauseCause
from shared.contracts.setback import Asks
from shared.messaging.outbox import Cause, put_events
from shared.messaging.reactions import Fact, Reactions
from shared.messaging.restoring import was_said
from shared.messaging.timers import work_out_again
from shared.runtime.errors import NotAllowed, Refused
from shared.security import audit, workers
from shared.security.accounts import hear_accounts
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.workflow import NETWORK, By, Decision, Party, Way

SQL = copies.SQL
reactions = Reactions()
hear_accounts(reactions)
reactions.at_once(consent.Revoked.type, consent.Lapsed.type, person.Erased.type)

log = structlog.get_logger("caseplan")


@reactions.on(agency.AgencyEvent.topic)
async def hear_agencies(tx: Connection, facts: Sequence[Fact]) -> None:
    for _, event in facts:
        if isinstance(event, agency.AgencyFacts):
            known = copies.calendar_in(await copies.find_agency(tx, event.agency))
            await tx.execute(
                SQL["put_agency"], event.agency, event.name, copies.as_json(event.calendar),
                copies.as_json(event.reports_to), event.lead, event.holds_no_records,
            )  # fmt: skip
            if known != calendar_of(event.calendar):
                await work_out_again(tx, event.agency, copies.work_out)
    await workers.know_agencies(tx, [event for _, event in facts if isinstance(event, agency.AgencyFacts)])


@reactions.on(program.ProgramEvent.topic)
async def hear_programs(tx: Connection, facts: Sequence[Fact]) -> None:
    for _, event in facts:
        if isinstance(event, program.ProgramFacts):
            await tx.execute(
                SQL["put_program"], event.program, event.agency, event.name, list(event.needs), event.accepting
            )
        elif isinstance(event, program.Withdrawn):
            await tx.execute(SQL["withdraw_program"], event.program, event.agency)


@reactions.on(person.PersonEvent.topic)
async def hear_people(tx: Connection, facts: Sequence[Fact]) -> None:
    for envelope, event in facts:
        if isinstance(event, person.Welcomed):
            await tx.execute(
                SQL["put_person"], event.person, event.agency, event.worker, event.language, event.synthetic
            )
            await take_up(tx, event.person, event.worker, event.agency)
            await _open_plan(tx, event.person, event.agency, event.worker, Cause(str(envelope.id)))
        elif isinstance(event, person.WorkerAssigned):
            await tx.execute(SQL["assign_worker"], event.person, event.agency, event.worker)
            await take_up(tx, event.person, event.worker, event.agency)
            await _open_plan(tx, event.person, event.agency, event.worker, Cause(str(envelope.id)))
            await tx.execute(store.SQL["lock_of_person"], event.person)
            await tx.execute(store.SQL["reassign"], event.person, event.worker, event.agency)
        elif isinstance(event, person.Erased):
            await _forget(tx, event, Cause(str(envelope.id)))


@reactions.on_erased
async def let_go(tx: Connection, whose: UUID) -> None:
    """Their keys are gone, and the event that says so, and whether a law keeps something, is still on its way."""
    await _let_go(tx, whose, Cause())


async def _forget(tx: Connection, event: person.Erased, cause: Cause) -> None:
    """What was written of them goes too, unless a law keeps it: then nobody can open it."""
    whose, kept = event.person, event.kept_until is not None
    await _let_go(tx, whose, cause)
    if not kept:
        await tx.execute(store.SQL["forget_words_of"], whose)
    forgotten = Forgotten(service="caseplan", person=whose, kept=kept)
    await put_events(tx, whose, [forgotten], partitionkey=whose, person=whose, cause=cause)


async def _let_go(tx: Connection, whose: UUID, cause: Cause) -> None:
    """Whatever they had allowed ends, no clock runs and no list shows them. That it happened stays: ids and codes."""
    allowed = [row["id"] for row in await tx.fetch(SQL["lock_consents_of"], whose)]
    await tx.execute(store.SQL["lock_under"], allowed, [])
    for id in allowed:
        await _stop(tx, id, whose, PauseCause.REVOKED, "person_erased", cause)
    await tx.execute(store.SQL["stop_clocks_of"], whose)
    await tx.execute(store.SQL["close_of_person"], whose)
    await tx.execute(store.SQL["drop_dates_of"], whose)
    await tx.execute(SQL["drop_person"], whose)


async def _of_the_living(tx: Connection, referrals: Collection[UUID]) -> set[UUID]:
    """Those whose person is here: nothing moves any more for somebody who was erased."""
    return {row["id"] for row in await tx.fetch(store.SQL["of_the_living"], list(referrals))}


async def _open_plan(tx: Connection, whose: UUID, home: UUID, worker: UUID | None, cause: Cause) -> None:
    """Everybody who has a worker has one plan, empty at first. It has the person's id: there is never a second."""
    if worker is None or await tx.fetchval(store.SQL["get_aggregate"], PLAN.kind, whose):
        return
    empty = plans.Plan(id=whose, person=whose, worker=worker, home=home)
    await store.insert(tx, PLAN, Decision(empty), Word("open", NETWORK), cause)


@reactions.on(consent.ConsentEvent.topic)
async def hear_consents(tx: Connection, facts: Sequence[Fact]) -> None:
    await _lock_all(tx, facts)
    for envelope, event in facts:
        cause = Cause(str(envelope.id), envelope.actor)
        if isinstance(event, consent.Granted):
            await tx.execute(
                SQL["put_consent"], event.consent, event.person, event.recipient, list(event.categories), event.setback,
                event.expires_on, None if event.confirmed else event.confirm_by,
            )  # fmt: skip
            if event.setback is not None:
                await _share_setback(tx, event, cause)
        elif isinstance(event, consent.Confirmed):
            await tx.execute(SQL["confirm_consent"], event.consent, event.person)
        elif isinstance(event, consent.Renewed):
            await tx.execute(SQL["renew_consent"], event.consent, event.person, event.expires_on)
        elif isinstance(event, consent.Revoked):
            await _stop(tx, event.consent, event.person, PauseCause.REVOKED, "revoked", cause)
        elif isinstance(event, consent.Lapsed):
            await _stop(tx, event.consent, event.person, PauseCause.EXPIRED, "lapsed", cause)


async def _lock_all(tx: Connection, facts: Sequence[Fact]) -> None:
    """Every consent of the batch, then everything that will move with one of them, each in its order.

    The consents' locks are waited for here: whoever reads one of them afterwards finds what this batch says.
    """
    events = [fact.event for fact in facts if isinstance(fact.event, consent.ConsentEvent)]
    ended = [event.consent for event in events if isinstance(event, consent.Revoked | consent.Lapsed)]
    setbacks_told = [event.setback for event in events if isinstance(event, consent.Granted) and event.setback]
    await tx.execute(SQL["lock_consents"], [event.consent for event in events])
    await tx.execute(store.SQL["lock_under"], ended, setbacks_told)


async def _share_setback(tx: Connection, event: consent.Granted, cause: Cause) -> None:
    """The person said yes to telling exactly this to exactly them, on their page: that is the sharing."""
    assert event.setback is not None
    known = await copies.consent(tx, event.consent, share=True)
    by = By(Party.PERSON, event.person, Way.PAGE)
    await _try(tx, SETBACK, event.setback, setbacks.Share(event.recipient, known, Asks.KNOW), by, cause)


async def _stop(tx: Connection, id: UUID, whose: UUID, why: PauseCause, ended: str, cause: Cause) -> None:
    """What stands on the consent is paused, and that nothing more goes out from here is said with it."""
    first = await tx.fetchval(SQL["end_consent"], id, whose, ended)
    if first is None:
        return  # it acted when it arrived; this is its turn in order
    for row in await tx.fetch(store.SQL["lock_under"], [id], []):
        if row["kind"] == REFERRAL.kind:
            await _try(tx, REFERRAL, row["id"], referrals.Pause(why), NETWORK, cause)
    halted = Halted(service="caseplan", consent=id, person=whose, reason=ended)
    await put_events(tx, id, [halted], partitionkey=whose, person=whose, cause=cause)


@reactions.on(answer.Received.topic)
async def hear_answers(tx: Connection, facts: Sequence[Fact]) -> None:
    heard = [(envelope, event) for envelope, event in facts if isinstance(event, answer.Received)]
    living = await _of_the_living(tx, [event.referral for _, event in heard])
    heard = [(envelope, event) for envelope, event in heard if event.referral in living]
    ids = [event.referral for _, event in heard]
    await hold(tx, REFERRAL, ids, "decline")
    await tx.execute(store.SQL["lock_aggregates"], REFERRAL.kind, ids)
    for envelope, event in heard:
        await _answer(tx, event, Cause(str(envelope.id), envelope.actor))


async def _answer(tx: Connection, event: answer.Received, cause: Cause) -> None:
    """An agency's answer counts for what that agency was asked, and for nothing else."""
    try:
        command, by = referrals.heard(event)
    except Refused:
        log.warning("answer says nothing we know", reason=event.answer)
        return

    def speaks(kept: store.Kept) -> By:
        if kept.state.agency != event.agency:
            raise NotAllowed("Another agency was asked.")
        return by

    if said := await _try(tx, REFERRAL, event.referral, command, speaks, cause):
        system = Actor(event.partner or event.agency, Role.PARTNER_ENGINEER, event.agency)
        action = ACTIONS[REFERRAL.kind][command.verb]
        await audit.record(tx, system, action, said.state.person, f"referral/{event.referral}", "referral")


@reactions.on(delivery.DeliveryEvent.topic)
async def hear_deliveries(tx: Connection, facts: Sequence[Fact]) -> None:
    told = [
        (envelope, event.referral)
        for envelope, event in facts
        if isinstance(event, delivery.Acknowledged) and event.referral is not None
    ]
    living = await _of_the_living(tx, [referral for _, referral in told])
    await tx.execute(store.SQL["lock_aggregates"], REFERRAL.kind, list(living))
    for envelope, referral in told:
        if referral not in living:
            continue
        await _try(tx, REFERRAL, referral, referrals.Deliver(), NETWORK, Cause(str(envelope.id)))


async def _try(
    tx: Connection, concept: Concept, id: UUID, command: Any, by: By | Speaks, cause: Cause
) -> store.Kept | None:
    """Say it if it can be said from where things stand; what comes too late, or twice, changes nothing: None.

    Nor does what is read again after a restore, though it may be offered still: a place in line, a report put right.
    The savepoint is for the refusal alone: nothing of a refused command stays.
    """
    if await was_said(tx, id, cause.causationid):
        return None
    try:
        async with tx.transaction():
            return await say(tx, concept, id, command, by, cause=cause)
    except Refused as refused:
        log.info("nothing to change", kind=concept.kind, type=command.verb, reason=type(refused).__name__)
        return None
