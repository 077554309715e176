"""After a restore: what intake had said since, taken back from its own topics, event by event.

A consent that was taken back stays taken back, and everybody stays findable. What no event holds (a name, somebody's
own words, what a page says of an agency beyond its public facts) is gone; pages say that it is not known here.
"""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from asyncpg import Connection
from pydantic import ValidationError

from services.intake import erasures
from services.intake.clocks import ERASING, PATIENCE
from services.intake.consents import Consent, Stage, Terms, clock_of
from services.intake.directory import Agency, AgencyEntry, Origin, Program, ProgramEntry
from services.intake.emergencies import KIND as REVIEW
from services.intake.emergencies import REVIEWED_WITHIN
from services.intake.reaching import Quiet, Way
from services.intake.store import accounts, directory, emergencies, people, portraits, sessions, ways_in
from services.intake.store import consents as consent_store
from services.intake.store import erasures as erasing
from services.intake.telling_events import bytes_of
from shared.contracts import account, agency, consent, need, person, portrait, program
from shared.contracts.envelope import BadRecord, Envelope
from shared.contracts.events import Event
from shared.messaging.timers import start_timers
from shared.runtime import sql
from shared.runtime.ids import uuid7
from shared.security import covers, workers
from shared.security.identity import NOBODY
from shared.web.idempotency import mark_used
from shared.workflow import Timer

SQL = sql.load(__file__, "refolding.sql")
ACCOUNTS, ERASURES, OPENINGS = accounts.SQL, erasing.SQL, emergencies.SQL
PORTRAITS = portraits.SQL
LOADED = "load:"  # how events name the directory that they were loaded from

log = structlog.get_logger("intake")


async def refold(tx: Connection, envelope: Envelope, event: Event) -> None:
    match event:
        case agency.AgencyFacts():
            await _agency(tx, envelope, event)
        case program.ProgramEvent():
            await _program(tx, envelope, event)
        case person.PersonEvent():
            await _person(tx, envelope, event)
        case portrait.PortraitEvent() | need.NeedEvent():
            await _portrait(tx, envelope, event)
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
            await tx.execute(ACCOUNTS["fold_opened"], id, where, role, envelope.time, workers.from_told(name))
        case account.Changed(account=id, role=role, sealed_name=name):
            await tx.execute(ACCOUNTS["fold_changed"], id, role, envelope.time, workers.from_told(name))
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
    entry = _entry(AgencyEntry, known, event, envelope)
    after = Agency(event.agency, entry, _origin(before.origin if before else None, envelope))
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
        after = Program(event.program, entry, _origin(before.origin if before else None, envelope))
        if before is not None:
            await directory.save_program(tx, after)
        elif not await directory.add_program(tx, after):
            log.error("own event names an agency that is not here", kind="program", id=str(event.program))


def _entry(kind: type[Any], known: Mapping[str, Any], event: Event, envelope: Envelope) -> Any:
    """What was known, with everything that the event has by the same name."""
    said = {name: value for name, value in event.model_dump().items() if name in kind.model_fields}
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


async def _person(tx: Connection, envelope: Envelope, event: person.PersonEvent) -> None:
    match event:
        case person.Welcomed(person=id, agency=home, worker=worker):
            way, safe = _reached(event.channels)
            more = (way, safe, event.language, event.came, event.synthetic, envelope.time)
            if await tx.fetchval(SQL["put_person"], id, home, worker, *more) is None:
                log.error("own event names an agency that is not here", kind="person", id=str(id))
        case person.WorkerAssigned(person=id, agency=home, worker=worker):
            await tx.execute(SQL["assign_worker"], id, worker, home, envelope.time)
        case person.ContactChanged(person=id, sealed_contact=sealed):
            contact = b64decode(sealed) if sealed else None
            if event.ways is not None:
                await _ways(tx, id, event.ways)
            await tx.execute(
                SQL["change_contact"], id, contact, *_reached(event.channels), event.language, envelope.time
            )
        case person.WayInMade(person=id):
            await ways_in.forget_before(tx, id, envelope.time)
        case person.Opened(person=id, opening=opening, agency=where, worker=worker):
            facts = (event.cannot, event.treatment, envelope.time, event.until)
            await tx.execute(OPENINGS["fold_opening"], opening, id, where, worker, *facts)
            # What was found about it is in no event: it is looked at once more.
            await start_timers(tx, [Timer(REVIEW, opening, REVIEWED_WITHIN)], since=envelope.time)
        case person.ErasureSet(person=id, due=due):
            await tx.execute(ERASURES["fold_set"], id, due, envelope.time)
            await start_timers(tx, [erasures.clock_of(erasures.Erasure(id, erasures.Stage.SET, due=due), ERASING)])
        case person.ErasureTakenBack(person=id):
            await _fold_erasure(tx, envelope, erasures.Erasure(id, erasures.Stage.TAKEN_BACK))
        case person.Erased(person=id, kept_until=until):
            stage = erasures.Stage.KEPT if until else erasures.Stage.ERASED
            await _fold_erasure(tx, envelope, erasures.Erasure(id, stage, kept_until=until))
            await erasing.empty(tx, id, kept=until is not None)


async def _ways(tx: Connection, id: UUID, told: Sequence[person.SafeWay]) -> None:
    """Those that are safe, in their order. Who else reads one, and the word that is said first, is in no event."""
    ways = tuple(
        Way(uuid7(), one.channel, one.sealed_contact, one.channel != "in_person", None, quiet_of(one)) for one in told
    )
    first = ways[0] if ways else None
    sealed = people.as_bytes(first.contact) if first else None
    hours = (first.quiet.begin, first.quiet.end) if first and first.quiet else (None, None)
    await tx.execute(SQL["fold_first_way"], id, sealed, *hours)
    await people.put_others_again(tx, id, ways[1:])


def quiet_of(one: person.SafeWay) -> Quiet | None:
    return Quiet(one.quiet_from, one.quiet_until) if one.quiet_from and one.quiet_until else None


async def _portrait(tx: Connection, envelope: Envelope, event: portrait.PortraitEvent | need.NeedEvent) -> None:
    """What they told, closed as it lay here; and by what name they go, where they told of another since."""
    match event:
        case portrait.Opened(person=id, agency=heard, section=section):
            await tx.execute(PORTRAITS["fold_opened"], id, heard, section, event.by, envelope.time)
        case portrait.Told() | need.Told():
            care = event.given_of_care if isinstance(event, need.Told) else ()
            by = (event.by, event.worker, event.sitting)
            for one in (*event.given, *care):
                await _answer(tx, envelope, event.person, event.agency, one, by, one.question in event.retold)
                if one.question == "called" and one.sealed:
                    await tx.execute(PORTRAITS["rename"], event.person, bytes_of(one))
        case need.Changed():
            for one in (*event.given, *event.given_of_care):
                await _answer(tx, envelope, event.person, event.agency, one, ("referral", None, event.sitting), False)


async def _answer(
    tx: Connection,
    envelope: Envelope,
    whose: UUID,
    agency: UUID,
    one: portrait.Given,
    by: tuple[str, UUID | None, int],
    again: bool,
) -> None:
    what = one.question, one.version, one.state, bytes_of(one)
    await tx.execute(PORTRAITS["fold_answer"], whose, agency, *what, *by, again, envelope.time)


async def _fold_erasure(tx: Connection, envelope: Envelope, after: erasures.Erasure) -> None:
    """Above all: what was taken back is not due any more, and what was done is not undone."""
    await tx.execute(ERASURES["fold_stage"], after.person, after.stage.value, after.kept_until, envelope.time)
    await start_timers(tx, [erasures.clock_of(after, ERASING)], since=envelope.time)


def _reached(channels: tuple[str, ...]) -> tuple[str | None, bool]:
    """Way, and whether it is safe. No event names a way that is not safe: it is not used, so it need not be known."""
    if not channels:
        return None, False
    return channels[0], channels[0] != "in_person"


async def _consent(tx: Connection, envelope: Envelope, event: consent.ConsentEvent) -> None:
    """State, moments and clock, as they were. A question that nobody had answered is in no event: it is asked anew."""
    before = await consent_store.lock_known(tx, event.consent)
    zone = before.terms.zone if before else await _zone(tx, event)
    after = fold(before, event, zone, envelope.time.astimezone(ZoneInfo(zone)).date())
    if after is None or not await _put(tx, envelope, after):
        log.error("own event names somebody who is not here", kind="consent", id=str(event.consent))
        return
    await start_timers(tx, [clock_of(after, PATIENCE)], since=envelope.time)


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
