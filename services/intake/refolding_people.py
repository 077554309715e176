"""What intake's own events say of people since the backup: who came, what they told, their links, and who was erased.

Beside refolding.py, which reads the stream and folds all else.
"""

from collections.abc import Sequence
from uuid import UUID

import structlog
from asyncpg import Connection

from services.intake import arrivals as arriving
from services.intake import erasures
from services.intake.clocks import ERASING
from services.intake.emergencies import KIND as REVIEW
from services.intake.emergencies import REVIEWED_WITHIN
from services.intake.links import Because
from services.intake.links import Patience as LinkPatience
from services.intake.reaching import Quiet, Way
from services.intake.store import arrivals, emergencies, invited, links, people, portraits, ways_in
from services.intake.store import erasures as erasing
from services.intake.store.first_days import refold as refold_days
from shared.contracts import need, person, portrait
from shared.contracts.envelope import Envelope
from shared.messaging.timers import start_timers
from shared.runtime import sql
from shared.runtime.ids import uuid7
from shared.security.identity import NOBODY
from shared.security.sealing import as_bytes
from shared.workflow import Decision, Timer

SQL = sql.load(__file__, "refolding.sql")
ERASURES, OPENINGS, LINKS, PORTRAITS = erasing.SQL, emergencies.SQL, links.SQL, portraits.SQL

log = structlog.get_logger("intake")


async def fold_person(tx: Connection, envelope: Envelope, event: person.PersonEvent) -> None:
    match event:
        case person.Welcomed(person=id, agency=home, worker=worker):
            way, safe = _reached(event.channels)
            more = (way, safe, event.language, event.came, event.synthetic, envelope.time)
            if await tx.fetchval(SQL["put_person"], id, home, worker, *more) is None:
                log.error("own event names an agency that is not here", kind="person", id=str(id))
            await tx.execute(invited.SQL["settle"], id, "here")  # whom a list had named until then
        case person.WorkerAssigned(person=id, agency=home, worker=worker):
            await tx.execute(SQL["assign_worker"], id, worker, home, envelope.time)
            await arrivals.answered(tx, id, worker)
        case person.Acknowledged() | person.AnswerLate():
            await _arrival(tx, envelope, event)
        case person.FirstDaysSet() | person.FirstThingMoved():
            await refold_days(tx, event, envelope.time)
        case person.ContactChanged(person=id, sealed_contact=sealed):
            contact = as_bytes(sealed)
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
        case person.Linked() | person.Unlinked():
            await _link(tx, envelope, event)
        case person.ErasureSet() | person.ErasureTakenBack() | person.Erased():
            await _erasure(tx, envelope, event)


async def _erasure(
    tx: Connection, envelope: Envelope, event: person.ErasureSet | person.ErasureTakenBack | person.Erased
) -> None:
    match event:
        case person.ErasureSet(person=id, due=due):
            await tx.execute(ERASURES["fold_set"], id, due, envelope.time)
            await start_timers(tx, [erasures.clock_of(erasures.Erasure(id, erasures.Stage.SET, due=due), ERASING)])
        case person.ErasureTakenBack(person=id):
            await _fold_erasure(tx, envelope, erasures.Erasure(id, erasures.Stage.TAKEN_BACK))
        case person.Erased(person=id, kept_until=until):
            stage = erasures.Stage.KEPT if until else erasures.Stage.ERASED
            await _fold_erasure(tx, envelope, erasures.Erasure(id, stage, kept_until=until))
            await erasing.empty(tx, id, kept=until is not None)


async def _link(tx: Connection, envelope: Envelope, event: person.Linked | person.Unlinked) -> None:
    """What the desks had said of one that was taken apart is in no event: they look again."""
    if isinstance(event, person.Linked):
        await tx.execute(LINKS["fold_linked"], event.link, event.person, event.other, envelope.time)
        return
    link, reason = event.link, event.reason
    if await tx.fetchval(LINKS["fold_unlinked"], link, reason, envelope.time) and reason == Because.NOT_ONE:
        row = await links.find(tx, link)
        await links.open_incidents(tx, row.link, row.linked_at or row.put_at, LinkPatience())


async def _arrival(tx: Connection, envelope: Envelope, event: person.Acknowledged | person.AnswerLate) -> None:
    """What was promised them rings on, from when it began to."""
    stage = arriving.Stage.WAITING if isinstance(event, person.Acknowledged) else arriving.Stage.LATE
    arrival = arriving.Arrival(event.person, NOBODY, event.answer_by, stage)
    if stage is arriving.Stage.WAITING:
        await tx.execute(arrivals.SQL["fold_begun"], event.person, event.answer_by, envelope.time)
    clock = arriving.clock_of(arrival, arrivals.PATIENCE)
    await arrivals.save(tx, Decision(arrival, (), (clock,)), envelope.time)


async def _ways(tx: Connection, id: UUID, told: Sequence[person.SafeWay]) -> None:
    """Those that are safe, in their order. Who else reads one, and the word that is said first, is in no event."""
    ways = tuple(
        Way(uuid7(), one.channel, one.sealed_contact, one.channel != "in_person", None, quiet_of(one)) for one in told
    )
    first = ways[0] if ways else None
    sealed = as_bytes(first.contact) if first else None
    hours = (first.quiet.begin, first.quiet.end) if first and first.quiet else (None, None)
    await tx.execute(SQL["fold_first_way"], id, sealed, *hours)
    await people.put_others_again(tx, id, ways[1:])


def quiet_of(one: person.SafeWay) -> Quiet | None:
    return Quiet(one.quiet_from, one.quiet_until) if one.quiet_from and one.quiet_until else None


async def fold_portrait(tx: Connection, envelope: Envelope, event: portrait.PortraitEvent | need.NeedEvent) -> None:
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
                    await tx.execute(PORTRAITS["rename"], event.person, as_bytes(one.sealed))
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
    what = one.question, one.version, one.state, as_bytes(one.sealed)
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
