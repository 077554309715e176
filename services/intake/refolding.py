"""After a restore: what intake had said since, taken back from its own topics, event by event.

A consent that was taken back stays taken back, and everybody stays findable. What no event holds (a name, somebody's
own words, what a page says of an agency beyond its public facts) is gone; pages say that it is not known here.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from asyncpg import Connection
from pydantic import ValidationError

from services.intake.clocks import PATIENCE
from services.intake.consents import Consent, Stage, Terms, clock_of, reminder_of
from services.intake.directory import Agency, AgencyEntry, Origin, Program, ProgramEntry
from services.intake.refolding_people import fold_person, fold_portrait
from services.intake.store import (
    accounts,
    directory,
    sessions,
)
from services.intake.store import consents as consent_store
from shared.contracts import account, agency, consent, need, person, portrait, program
from shared.contracts.envelope import BadRecord, Envelope
from shared.contracts.events import Event
from shared.messaging.timers import start_timers
from shared.runtime import sql
from shared.security import covers, workers
from shared.security.identity import NOBODY
from shared.security.sealing import as_bytes
from shared.web.idempotency import mark_used

SQL = sql.load(__file__, "refolding.sql")
ACCOUNTS = accounts.SQL
LOADED = "load:"  # how events name the directory that they were loaded from

log = structlog.get_logger("intake")


async def refold(tx: Connection, envelope: Envelope, event: Event) -> None:
    match event:
        case agency.AgencyFacts():
            await _agency(tx, envelope, event)
        case program.ProgramEvent():
            await _program(tx, envelope, event)
        case person.PersonEvent():
            await fold_person(tx, envelope, event)
        case portrait.PortraitEvent() | need.NeedEvent():
            await fold_portrait(tx, envelope, event)
        case consent.ConsentEvent():
            await _consent(tx, envelope, event)
        case account.AccountEvent():
            await _account(tx, envelope, event)
        case _:
            return
    await mark_used(tx, envelope.causationid, envelope.actor)


async def _account(tx: Connection, envelope: Envelope, event: account.AccountEvent) -> None:
    """Whoever left stays away and what ended stays ended. Somebody who was invited since needs a new link, and so does
    who has given up a password or a phone: on the day of the backup it let somebody in."""
    await workers.know(tx, [event])
    await covers.know(tx, [event])
    match event:
        case account.Opened(account=id, agency=where, role=role, sealed_name=name):
            await tx.execute(ACCOUNTS["fold_opened"], id, where, role, envelope.time, as_bytes(name) or b"")
        case account.Changed(account=id, role=role, sealed_name=name):
            await tx.execute(ACCOUNTS["fold_changed"], id, role, envelope.time, as_bytes(name) or b"")
        case account.Left(account=id):
            await tx.execute(ACCOUNTS["fold_left"], id, envelope.time)
        case account.ProofsReplaced(account=id, which="own"):
            await tx.execute(ACCOUNTS["fold_replaced"], id, envelope.time)
            await accounts.forget_devices(tx, id)
        case account.ProofsReplaced(account=id):
            await tx.execute(ACCOUNTS["fold_untied"], id, envelope.time)
        case account.SessionEnded(session=id, because=because):
            await sessions.end_again(tx, id, because, envelope.time)


async def _agency(tx: Connection, envelope: Envelope, event: agency.AgencyFacts) -> None:
    """A new one welcomes nobody by itself until it says so again: no event tells."""
    before = await directory.lock_agency(tx, event.agency)
    known = before.entry.model_dump() if before else {}
    if event.holds_no_records:
        known["welcomes"] = False
    entry = _entry(AgencyEntry, known, event, envelope)
    origin = _origin(before.origin if before else None, envelope)
    after = Agency(event.agency, entry, origin, None if origin else envelope.time.date())
    if before is None:
        await directory.add_agency(tx, after)
    else:
        await directory.save_agency(tx, before, after)


async def _program(tx: Connection, envelope: Envelope, event: program.ProgramEvent) -> None:
    if isinstance(event, program.Withdrawn):
        await directory.withdraw_program(tx, event.program, event.reason)
    elif isinstance(event, program.ProgramFacts):
        before = await directory.lock_program(tx, event.program)
        known = before.entry.model_dump() if before else {}
        entry = _entry(ProgramEntry, known, event, envelope)
        origin = _origin(before.origin if before else None, envelope)
        after = Program(event.program, entry, origin, said_on=None if origin else envelope.time.date())
        if before is not None:
            await directory.save_program(tx, after)
        elif not await directory.add_program(tx, after):
            log.error("own event names an agency that is not here", kind="program", id=str(event.program))


def _entry(kind: type[Any], known: Mapping[str, Any], event: Event, envelope: Envelope) -> Any:
    """What was known, with everything that the event has by the same name."""
    names = {*kind.model_fields, *(("accepting",) if kind is ProgramEntry else ())}  # how older events say openness
    said = {name: value for name, value in event.model_dump().items() if name in names}
    try:
        return kind.model_validate({**known, **said})
    except ValidationError:
        raise BadRecord("bad_data", envelope.subject, envelope.source, envelope.id, type=envelope.type) from None


def _origin(known: Origin | None, envelope: Envelope) -> Origin | None:
    """An agency's own word is nobody's load. Of a load nobody has vouched until its next run says when somebody did."""
    _, loaded, source = (envelope.causationid or "").partition(LOADED)
    if not loaded:
        return None
    return known or Origin(source, envelope.subject)


async def _consent(tx: Connection, envelope: Envelope, event: consent.ConsentEvent) -> None:
    """State, moments and clock, as they were. A question that nobody had answered is in no event: it is asked anew."""
    before = await consent_store.lock_known(tx, event.consent)
    zone = before.terms.zone if before else await _zone(tx, event)
    after = fold(before, event, zone, envelope.time.astimezone(ZoneInfo(zone)).date())
    if after is None or not await _put(tx, envelope, after):
        log.error("own event names somebody who is not here", kind="consent", id=str(event.consent))
        return
    await start_timers(tx, [clock_of(after, PATIENCE), reminder_of(after, PATIENCE)], since=envelope.time)


async def _zone(tx: Connection, event: consent.ConsentEvent) -> str:
    discloser = getattr(event, "discloser", None)
    return (discloser and await tx.fetchval(SQL["zone"], discloser)) or "UTC"


async def _put(tx: Connection, envelope: Envelope, after: Consent) -> bool:
    terms = after.terms
    values = (
        after.id, after.person, terms.discloser, terms.recipient, sorted(terms.categories), terms.purpose,
        terms.expires_on, terms.setback, terms.zone, after.stage.value, after.granted_on, after.confirm_by,
        after.given, after.reason, _actor(envelope), envelope.time,
    )  # fmt: skip
    return await tx.fetchval(SQL["put_consent"], *values) is not None


def _actor(envelope: Envelope) -> UUID:
    try:
        return UUID((envelope.actor or "").partition(":")[2])
    except ValueError:
        return NOBODY


def fold(before: Consent | None, event: consent.ConsentEvent, zone: str, today: date) -> Consent | None:
    """Where a consent stands after its own event; None where even its terms are unknown, so that nothing is live.

    That it is in effect is not its own event: the others' *halted* are read again and say so.
    """
    if isinstance(event, consent.Granted):
        known = before or Consent(event.consent, event.person, _terms(event, zone))
        stage = Stage.CONFIRMED if event.confirmed else Stage.GRANTED
        confirm_by = None if event.confirmed else event.confirm_by
        return replace(known, stage=stage, granted_on=today, confirm_by=confirm_by, given=event.given)
    if before is None:
        return None
    match event:
        case consent.Confirmed(given=given):
            return replace(before, stage=Stage.CONFIRMED, confirm_by=None, given=given)
        case consent.Renewed(expires_on=until, given=given):
            terms = replace(before.terms, expires_on=until)
            return replace(before, stage=Stage.CONFIRMED, terms=terms, granted_on=today, confirm_by=None, given=given)
        case consent.Revoked(given=given):
            return replace(before, stage=Stage.REVOKED, given=given)
        case consent.Lapsed(reason=reason):
            return replace(before, stage=Stage.LAPSED, reason=reason)
        case _:
            return before


def _terms(event: consent.Granted, zone: str) -> Terms:
    return Terms(
        event.discloser,
        event.recipient,
        frozenset(event.categories),
        event.purpose,
        event.expires_on,
        event.setback,
        zone,
    )
