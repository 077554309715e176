"""What notifications does when it hears others: it keeps its copies, tells partners, and writes to people."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Connection

from services.notifications import carriers, consents, messages
from services.notifications.disclosing import catch_up_withheld, tell, word_of, word_of_setback
from services.notifications.settings import Voice
from shared.contracts import person as people
from shared.contracts.agency import AgencyEvent, AgencyFacts
from shared.contracts.consent import ConsentEvent
from shared.contracts.halted import Forgotten
from shared.contracts.person import PersonEvent
from shared.contracts.referral import ReferralEvent
from shared.contracts.setback import SetbackEvent, Shared
from shared.messaging.outbox import Cause, put_events
from shared.messaging.reactions import Fact, Reactions
from shared.runtime import sql
from shared.runtime.settings import Settings
from shared.runtime.zones import known_zone
from shared.security import workers
from shared.security.accounts import hear_accounts
from shared.security.sealing import as_bytes

SQL = sql.load(__file__, "copies.sql")


def reactions_of(settings: Settings, voice: Voice) -> Reactions:
    reactions = Reactions()
    hear_accounts(reactions)
    reactions.at_once(*consents.URGENT, people.Erased.type)

    @reactions.on_erased
    async def let_go(tx: Connection, whose: UUID) -> None:
        await _let_go(tx, settings, whose)

    @reactions.on(AgencyEvent.topic)
    async def hear_agencies(tx: Connection, facts: Sequence[Fact]) -> None:
        for _, event in facts:
            if isinstance(event, AgencyFacts):
                zone = _zone(event.calendar.timezone, voice)
                await tx.execute(SQL["put_agency"], event.agency, event.name, zone, event.holds_no_records)
        await workers.know_agencies(tx, [event for _, event in facts if isinstance(event, AgencyFacts)])

    @reactions.on(PersonEvent.topic)
    async def hear_people(tx: Connection, facts: Sequence[Fact]) -> None:
        for fact in facts:
            await _hear_person(tx, settings, voice, fact)
        await messages.hear(tx, voice, facts)
        known = {event.person for _, event in facts if isinstance(event, people.Welcomed)}
        if known:
            await catch_up_withheld(tx, settings, people=known)

    @reactions.on(ConsentEvent.topic)
    async def hear_consents(tx: Connection, facts: Sequence[Fact]) -> None:
        await consents.hear(tx, settings, facts)
        await messages.hear(tx, voice, facts)

    @reactions.on(ReferralEvent.topic)
    async def hear_referrals(tx: Connection, facts: Sequence[Fact]) -> None:
        latest = {event.referral: event for _, event in facts if isinstance(event, ReferralEvent)}
        await _put_referrals(tx, list(latest.values()))
        words = [word_of(e, str(envelope.id)) for envelope, e in facts if isinstance(e, ReferralEvent) and e.consent]
        await tell(tx, settings, words)
        await messages.hear(tx, voice, facts)

    @reactions.on(SetbackEvent.topic)
    async def hear_setbacks(tx: Connection, facts: Sequence[Fact]) -> None:
        shared = [(envelope, event) for envelope, event in facts if isinstance(event, Shared)]
        for _, event in shared:
            await tx.execute(
                SQL["put_shared_setback"],
                event.consent,
                event.setback,
                event.person,
                event.recipient,
                event.asks,
                event.referral,
            )
        await tell(tx, settings, [word_of_setback(event, str(envelope.id)) for envelope, event in shared])

    return reactions


async def _hear_person(tx: Connection, settings: Settings, voice: Voice, fact: Fact) -> None:
    match fact.event:
        case people.Welcomed() as event:
            await tx.execute(
                SQL["welcome"], event.person, event.agency, event.worker, event.language, list(event.channels),
                event.synthetic,
            )  # fmt: skip
        case people.WorkerAssigned() as event:
            await tx.execute(SQL["assign_worker"], event.person, event.agency, event.worker)
        case people.ContactChanged() as event:
            number, quiet = messages.number_of(event)
            reach = list(event.channels), as_bytes(number), *quiet
            await tx.execute(SQL["change_contact"], event.person, event.language, *reach)
        case people.WayInMade() as event:
            await messages.hear_link(tx, voice, event, fact.envelope)
        case people.Erased() as event:
            await _forget(tx, settings, event, Cause(str(fact.envelope.id)))


async def _forget(tx: Connection, settings: Settings, event: people.Erased, cause: Cause) -> None:
    """How to reach them goes too, unless a law keeps it: then nobody can open it."""
    whose, kept = event.person, event.kept_until is not None
    await _let_go(tx, settings, whose)
    if not kept:
        await tx.execute(SQL["forget_contact"], whose)
    forgotten = Forgotten(service="notifications", person=whose, kept=kept)
    await put_events(tx, whose, [forgotten], partitionkey=whose, person=whose, cause=cause)


async def _let_go(tx: Connection, settings: Settings, whose: UUID) -> None:
    """What they had allowed ends, nothing is on its way to them, no partner's word is about them."""
    await consents.end_all(tx, whose)
    await messages.withdraw_all(tx, whose)
    carriers.forget(carriers.outbox_of(settings), await messages.ids_of(tx, whose))
    await tx.execute(SQL["erase_person"], whose)
    await tx.execute(SQL["forget_tellings_of"], whose)
    await tx.execute(SQL["forget_shared"], whose)


async def _put_referrals(tx: Connection, events: Sequence[ReferralEvent]) -> None:
    await tx.execute(
        SQL["put_referrals"],
        [e.referral for e in events],
        [e.person for e in events],
        [e.agency for e in events],
        [e.program for e in events],
        [e.need for e in events],
        [e.consent for e in events],
        [e.stage for e in events],
    )


def _zone(name: str, voice: Voice) -> str:
    """A name that this machine does not know would stop every disclosure to the agency."""
    try:
        return known_zone(name)
    except ValueError:
        return voice.timezone
