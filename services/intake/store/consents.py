"""Consents in Postgres, with their events and clocks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Connection, Record

from services.intake.consents import Consent, Stage, Terms, is_live
from shared.messaging.outbox import Cause, put_events
from shared.messaging.timers import start_timers
from shared.runtime import sql
from shared.runtime.errors import NotFound
from shared.workflow import Decision

SQL = sql.load(__file__, "consents.sql")
READABLE = timedelta(hours=72)  # how long a partner's topic keeps what was already written (contracts/topics.py)


@dataclass(frozen=True, slots=True)
class Row:
    """A consent with the moments of its life."""

    consent: Consent
    asked_by: UUID
    asked_at: datetime
    granted_at: datetime | None
    revoked_at: datetime | None
    in_effect_at: datetime | None
    ended_at: datetime | None

    @property
    def readable_until(self) -> datetime | None:
        """Until when a partner can still read what had been written to its stream before it was taken back."""
        return self.revoked_at + READABLE if self.revoked_at and self.granted_at else None


async def mark_of(tx: Connection, person: UUID) -> str:
    """What a page of somebody's consents was drawn with, as a few letters."""
    return str(await tx.fetchval(SQL["mark_of_consents"], person))


async def lock_consent(tx: Connection, id: UUID) -> Consent:
    """The consent, ours alone until `tx` ends."""
    row = await tx.fetchrow(SQL["lock_consent"], id)
    if row is None:
        raise NotFound("consent", id)
    return _consent(row)


async def lock_known(tx: Connection, id: UUID) -> Consent | None:
    """The same for what others say of a consent: None where it is not ours (any more)."""
    row = await tx.fetchrow(SQL["lock_consent"], id)
    return _consent(row) if row else None


async def find_consent(tx: Connection, id: UUID) -> Row:
    row = await tx.fetchrow(SQL["find_consent"], id)
    if row is None:
        raise NotFound("consent", id)
    return _row(row)


async def add_consent(tx: Connection, consent: Consent, asked_by: UUID) -> bool:
    """The question as a row of its own, whose insert is its lock. False when that id is taken."""
    terms = consent.terms
    row = (
        consent.id,
        consent.person,
        terms.discloser,
        terms.recipient,
        sorted(terms.categories),
        terms.purpose,
        terms.expires_on,
        terms.setback,
        terms.zone,
    )
    return await tx.fetchval(SQL["add_consent"], *row, *_changing(consent), asked_by) is not None


async def save_consent(tx: Connection, decision: Decision[Consent], cause: Cause) -> None:
    """State, events and clocks, in the caller's transaction: all of them or none."""
    await tx.execute(SQL["save_consent"], decision.state.id, *_changing(decision.state))
    consent, events, timers = decision
    person = consent.person
    await put_events(tx, consent.id, events, partitionkey=person, person=person, cause=cause)
    await start_timers(tx, timers)


async def consents_of(tx: Connection, person: UUID, limit: int = 200) -> list[Row]:
    return [_row(row) for row in await tx.fetch(SQL["consents_of"], person, limit)]


async def may_be_told(tx: Connection, person: UUID, recipient: UUID, category: str, at: datetime) -> bool:
    """Whether `recipient` may be told this now; the consents are held until `tx` ends."""
    rows = [_consent(row) for row in await tx.fetch(SQL["disclosing"], person, recipient)]
    return any(category in consent.terms.categories and is_live(consent, at) for consent in rows)


def _changing(consent: Consent) -> tuple[object, ...]:
    halted = sorted(consent.halted)
    return consent.stage.value, consent.granted_on, consent.confirm_by, consent.given, consent.reason, halted


def _row(row: Record) -> Row:
    moments = (row["granted_at"], row["revoked_at"], row["in_effect_at"], row["ended_at"])
    return Row(_consent(row), row["asked_by"], row["asked_at"], *moments)


def _consent(row: Record) -> Consent:
    terms = Terms(
        row["discloser"],
        row["recipient"],
        frozenset(row["categories"]),
        row["purpose"],
        row["expires_on"],
        row["setback"],
        row["zone"],
    )
    return Consent(
        row["id"],
        row["person_id"],
        terms,
        Stage(row["stage"]),
        row["granted_on"],
        row["confirm_by"],
        row["given"],
        row["reason"],
        frozenset(row["halted"]),
    )


async def told_by(tx: Connection, person: UUID, recipient: UUID, at: datetime) -> dict[UUID, frozenset[str]]:
    """What each agency may tell `recipient` of somebody now, by category; held as above. What is good for one telling
    alone is not used up by looking, so it is not among them."""
    found: dict[UUID, frozenset[str]] = {}
    for consent in [_consent(row) for row in await tx.fetch(SQL["disclosing"], person, recipient)]:
        if is_live(consent, at) and not consent.terms.once and consent.terms.setback is None:
            teller = consent.terms.discloser
            found[teller] = found.get(teller, frozenset()) | consent.terms.categories
    return found
