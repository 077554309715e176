"""What notifications does when it hears others: it keeps its copies, tells partners, and writes to people."""

from base64 import b64decode
from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection

from services.notifications import consents, messages
from services.notifications.disclosing import catch_up_withheld, tell, word_of, word_of_setback
from services.notifications.settings import Voice
from shared.contracts import person as people
from shared.contracts.agency import AgencyEvent, AgencyFacts
from shared.contracts.consent import ConsentEvent
from shared.contracts.person import PersonEvent
from shared.contracts.referral import ReferralEvent
from shared.contracts.setback import SetbackEvent, Shared
from shared.messaging.reactions import Fact, Reactions
from shared.runtime import sql
from shared.runtime.settings import Settings
from shared.security import workers
from shared.security.accounts import hear_accounts

SQL = sql.load(__file__, "copies.sql")


def reactions_of(settings: Settings, voice: Voice) -> Reactions:
    reactions = Reactions()
    hear_accounts(reactions)
    reactions.at_once(*consents.URGENT, people.Erased.type)
    reactions.on_erased(_forget)

    @reactions.on(AgencyEvent.topic)
    async def hear_agencies(tx: Connection, facts: Sequence[Fact]) -> None:
        for _, event in facts:
            if isinstance(event, AgencyFacts):
                zone = _zone(event.calendar.timezone, voice)
                await tx.execute(SQL["put_agency"], event.agency, event.name, zone, event.holds_no_records)
        await workers.know_agencies(tx, [event for _, event in facts if isinstance(event, AgencyFacts)])

    @reactions.on(PersonEvent.topic)
    async def hear_people(tx: Connection, facts: Sequence[Fact]) -> None:
        for envelope, event in facts:
            await _hear_person(tx, event)
            if isinstance(event, people.WayInMade):
                await messages.hear_link(tx, voice, event, envelope)
        known = {event.person for _, event in facts if isinstance(event, people.Welcomed)}
        if known:
            await catch_up_withheld(tx, settings, people=known)

    @reactions.on(ConsentEvent.topic)
    async def hear_consents(tx: Connection, facts: Sequence[Fact]) -> None:
        await consents.hear(tx, settings, facts)

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


async def _hear_person(tx: Connection, event: object) -> None:
    match event:
        case people.Welcomed():
            await tx.execute(
                SQL["welcome"], event.person, event.agency, event.worker, event.language, list(event.channels),
                event.synthetic,
            )  # fmt: skip
        case people.WorkerAssigned():
            await tx.execute(SQL["assign_worker"], event.person, event.agency, event.worker)
        case people.ContactChanged():
            sealed = b64decode(event.sealed_contact) if event.sealed_contact else None
            await tx.execute(SQL["change_contact"], event.person, event.language, list(event.channels), sealed)
        case people.Erased():
            await _forget(tx, event.person)


async def _forget(tx: Connection, whose: UUID) -> None:
    await consents.end_all(tx, whose)
    await messages.withdraw_all(tx, whose)
    await tx.execute(SQL["erase_person"], whose)


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
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        return voice.timezone
