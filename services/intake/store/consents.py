"""Consents in Postgres, with their events and clocks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Connection, Record

from services.intake.consents import Consent, Patience, Stage, Terms, reminder_of
from services.intake.consents.part2 import CARE
from services.intake.consents.telling import Matter, Standing, Word, Yes, judge
from shared.messaging.outbox import Cause, put_events
from shared.messaging.timers import start_timers
from shared.runtime import sql
from shared.runtime.database import reaching
from shared.runtime.errors import NotFound
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE
from shared.web.words import Lang
from shared.workflow import Decision

SQL = sql.load(__file__, "consents.sql")
PATIENCE = Patience()
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
    await tx.execute(
        SQL["save_consent"], decision.state.id, *_changing(decision.state), decision.state.terms.expires_on
    )
    consent, events, timers = decision
    person = consent.person
    await put_events(tx, consent.id, events, partitionkey=person, person=person, cause=cause)
    await start_timers(tx, [*timers, reminder_of(consent, PATIENCE)] if timers else [])


@dataclass(frozen=True, slots=True)
class Said:
    """One word of a consent's life, with what was read before it, closed."""

    verb: str
    given: str
    recorded_by: UUID | None
    said_at: datetime
    lang: Lang | None = None
    version: str | None = None
    read: bytes | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A text that was read before a yes, closed."""

    lang: Lang
    version: str
    sealed: bytes


async def put_word(tx: Connection, consent: Consent, verb: str, by: UUID | None, kept: Kept | None = None) -> None:
    """In the transaction of the move itself. `by` wrote it down; nobody did what was said on one's own page."""
    text = (kept.lang, kept.version, kept.sealed) if kept else (None, None, None)
    await tx.execute(SQL["put_word"], uuid7(), consent.id, consent.person, verb, consent.given, by, *text)


async def words_of(tx: Connection, consent: UUID) -> list[Said]:
    return [Said(*row.values()) for row in await tx.fetch(SQL["words_of"], consent)]


async def with_text(tx: Connection, consents: Iterable[UUID]) -> set[UUID]:
    return {row["consent_id"] for row in await tx.fetch(SQL["with_text"], list(consents))}


async def is_known_to(tx: Connection, person: UUID, agency: UUID | None, worker: UUID) -> bool:
    """Of any agency's rows: that somebody may write down a stop is all that is told by it."""
    async with reaching(tx, SERVICE):
        return bool(await tx.fetchval(SQL["known_to"], person, agency, worker))


async def live_of(tx: Connection, person: UUID) -> list[Consent]:
    return [_consent(row) for row in await tx.fetch(SQL["live_of"], person)]


async def treats(tx: Connection, agency: UUID) -> bool:
    return bool(await tx.fetchval(SQL["treats"], agency, sorted(CARE)))


async def consents_of(tx: Connection, person: UUID, limit: int = 200) -> list[Row]:
    return [_row(row) for row in await tx.fetch(SQL["consents_of"], person, limit)]


async def is_kept_out(tx: Connection, person: UUID, agency: UUID) -> bool:
    return bool(await tx.fetchval(SQL["kept_out"], person, agency))


async def lock_kept_out(tx: Connection, person: UUID) -> list[Consent]:
    """What any of their records allows to whom they keep out, or is asked to; ours alone until `tx` ends."""
    return [_consent(row) for row in await tx.fetch(SQL["lock_kept_out"], person)]


async def may_be_told(tx: Connection, person: UUID, recipient: UUID, category: str, at: datetime) -> bool:
    """Whether `recipient` may be told this now; the consents are held until `tx` ends."""
    standing = await _standing(tx, person, recipient)
    disclosers = {yes.consent.terms.discloser for yes in standing.given.values()}
    matters = [Matter(person, discloser, recipient, frozenset({category})) for discloser in disclosers]
    return any(judge(standing, matter, at) is Word.YES for matter in matters)


async def told_by(tx: Connection, person: UUID, recipient: UUID, at: datetime) -> dict[UUID, frozenset[str]]:
    """What each agency may tell `recipient` of somebody now, by category; held as above. What is good for one telling
    alone is not used up by looking, so it is not among them."""
    standing = await _standing(tx, person, recipient)
    found: dict[UUID, frozenset[str]] = {}
    for terms in [yes.consent.terms for yes in standing.given.values()]:
        matter = Matter(person, terms.discloser, recipient, terms.categories)
        if not terms.once and terms.setback is None and judge(standing, matter, at) is Word.YES:
            found[terms.discloser] = found.get(terms.discloser, frozenset()) | terms.categories
    return found


async def _standing(tx: Connection, person: UUID, recipient: UUID) -> Standing:
    """What they said of this recipient, as far as it is not over, and whether it is kept out; held until `tx` ends."""
    standing = Standing()
    for row in await tx.fetch(SQL["disclosing"], person, recipient):
        standing.given[row["id"]] = Yes(_consent(row))
    if await is_kept_out(tx, person, recipient):
        standing.nevers.add((person, recipient))
    return standing


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
