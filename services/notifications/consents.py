"""This service's own copy of consents, and what follows here and now when one ends.

Ending locks the consent's row, so that every disclosure under way has ended and every later one sees it. What waits is
dropped in the same transaction. What may be under way outside the database is `halting`'s to wait for.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

import structlog
from asyncpg import Connection

from services.notifications import messages
from services.notifications.disclosing import catch_up_consents
from shared.contracts.consent import Confirmed, ConsentEvent, Granted, Lapsed, Renewed, Revoked
from shared.contracts.envelope import LARGEST_NUMBER
from shared.contracts.partner_view import Heartbeat, ReferralReceived, SetbackShared
from shared.messaging.reactions import Fact
from shared.runtime import sql
from shared.runtime.settings import Settings

SQL = sql.load(__file__, "consents.sql")
FIRST_WORDS = {ReferralReceived.type, SetbackShared.type}
URGENT = (Revoked.type, Lapsed.type)  # they act on arrival, whatever is missing before them

log = structlog.get_logger("consents")


class Ended(NamedTuple):
    consent: UUID
    person: UUID
    reason: str


async def hear(tx: Connection, settings: Settings, facts: Sequence[Fact]) -> None:
    """Grants, confirmations and ends, in the order they come in."""
    await tx.execute(SQL["lock"], sorted({_event(fact).consent for fact in facts}))
    given: set[UUID] = set()
    for fact in facts:
        match _event(fact):
            case Granted() as granted:
                await _grant(tx, granted, fact.envelope.sequence)
                given.add(granted.consent)
            case Confirmed(consent=consent):
                await tx.execute(SQL["confirm"], consent)
                given.add(consent)
            case Renewed(consent=consent, expires_on=until):
                await tx.execute(SQL["renew"], consent, until)
                given.add(consent)
            case Revoked(consent=consent, person=person):
                await end(tx, Ended(consent, person, "revoked"), fact.envelope.sequence)
                given.discard(consent)
            case Lapsed(consent=consent, person=person):
                await end(tx, Ended(consent, person, "lapsed"), fact.envelope.sequence)
                given.discard(consent)
    if given:
        await catch_up_consents(tx, settings, sorted(given))


def _event(fact: Fact) -> ConsentEvent:
    assert isinstance(fact.event, ConsentEvent)
    return fact.event


async def _grant(tx: Connection, event: Granted, sequence: int) -> None:
    await tx.execute(
        SQL["grant"], event.consent, event.person, event.recipient, list(event.categories), event.purpose,
        event.expires_on, event.confirmed, event.confirm_by, event.setback, event.once, sequence,
    )  # fmt: skip


async def end(tx: Connection, ended: Ended, sequence: int) -> bool:
    """Nothing new is decided under it from here on. False if it had ended before."""
    row = await tx.fetchrow(SQL["end"], ended.consent, ended.person, ended.reason, sequence)
    if row is None:
        return False
    dropped = await drop_waiting(tx, [ended.consent])
    await messages.withdraw(tx, ended.consent)
    await tx.execute(SQL["ask_to_halt"], ended.consent, ended.person, ended.reason, row["recipient"])
    log.info("consent ended", reason=ended.reason, rows=dropped)
    return True


async def stay_ended(tx: Connection, ended: Ended) -> None:
    """In a database set back to before it ended: nothing goes out under it while its revocation is on its way again.

    That this service halted it was said before the restore, and what was under way then has ended with it.
    """
    await tx.execute(SQL["lock"], [ended.consent])
    await tx.execute(SQL["end"], ended.consent, ended.person, ended.reason, LARGEST_NUMBER)
    await drop_waiting(tx, [ended.consent])
    await messages.withdraw(tx, ended.consent)


async def end_all(tx: Connection, person: UUID) -> None:
    """Somebody was erased: whatever they had allowed ends with it."""
    consents = [row["id"] for row in await tx.fetch(SQL["of_person"], person)]
    await tx.execute(SQL["lock"], consents)
    for consent in consents:
        await end(tx, Ended(consent, person, "person_erased"), LARGEST_NUMBER)


class Forgotten(NamedTuple):
    """What a partner was to be told of a thing, and was not."""

    partner: UUID
    thing: UUID | None
    type: str


async def drop_waiting(tx: Connection, consents: Collection[UUID]) -> int:
    """Rows without a sequence go, the others become heartbeats; returns how many that were."""
    dropped = await tx.fetch(SQL["drop_rows"], list(consents))
    silenced = await tx.fetch(SQL["silence_rows"], list(consents), Heartbeat.type)
    rows = [Forgotten(row["partner"], row["thing"], row["type"]) for row in (*dropped, *silenced)]
    await forget(tx, rows)
    return len(rows)


async def forget(tx: Connection, rows: Sequence[Forgotten]) -> None:
    """These words were not said after all."""
    if rows:
        await tx.execute(
            SQL["forget_tellings"],
            [row.partner for row in rows],
            [row.thing for row in rows],
            [row.type in FIRST_WORDS for row in rows],
        )
