"""Erasures and holds in Postgres, with their events and clocks; and what intake itself forgets of somebody."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from asyncpg import Connection, Record

from services.intake.consents import Consent, Lapse, Patience, Stage, decide
from services.intake.consents import Erase as EraseConsent
from services.intake.erasures import KIND, Erasure, Identity
from services.intake.erasures import Stage as Erasing
from services.intake.links import Erase as EraseLink
from services.intake.links import Patience as LinkPatience
from services.intake.links import decide as end_link
from services.intake.store import consents, emergencies, links, sessions
from services.intake.store.people import tell_of
from shared.messaging.outbox import Cause
from shared.messaging.timers import start_timers
from shared.runtime import sql
from shared.workflow import CLOCK, NETWORK, Decision, Timer, Until

SQL = sql.load(__file__, "erasures.sql")
OPENINGS = emergencies.SQL
DROP_INVITED = sql.load(__file__, "invited.sql")["drop_invited"]
DROP_DAYS = sql.load(__file__, "first_days.sql")["drop_days"]
DROP_ARRIVAL = sql.load(__file__, "arrivals.sql")["drop_arrival"]
FORGET_ANSWERS = sql.load(__file__, "portraits.sql")["forget_answers"]
FORGET_DEMANDS = sql.load(__file__, "demands.sql")["forget_demands"]
LINKS = sql.load(__file__, "links.sql")


@dataclass(frozen=True, slots=True)
class Row:
    """An erasure with the moments of its life."""

    erasure: Erasure
    asked_by: UUID
    asked_at: datetime
    confirmed_by: UUID | None
    erased_at: datetime | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Hold:
    """What a law makes `agency` keep of somebody. Until `told_from` an order forbids telling them."""

    id: UUID
    agency: UUID
    because: str
    until: date
    told_from: date | None
    set_at: datetime


async def hold_person(tx: Connection, person: UUID) -> None:
    """Erased or not; before the erasure itself, as everybody does who locks both."""
    await tx.execute(SQL["hold_person"], person)


async def lock(tx: Connection, person: UUID) -> Erasure | None:
    """The person's erasure, ours alone until `tx` ends; None where nobody asked for one."""
    row = await tx.fetchrow(SQL["lock_erasure"], person)
    return _erasure(row) if row else None


async def find(tx: Connection, person: UUID) -> Row | None:
    row = await tx.fetchrow(SQL["find_erasure"], person)
    if row is None:
        return None
    return Row(_erasure(row), row["asked_by"], row["asked_at"], row["confirmed_by"], row["erased_at"], row["done_at"])


async def asked_of(tx: Connection, workers: list[UUID], alone: UUID | None) -> list[UUID]:
    """Who asked and is not known yet, the longest wait first; `alone`: also those of this agency without a worker."""
    return [row["id"] for row in await tx.fetch(SQL["erasures_asked"], workers, alone)]


async def put(tx: Connection, asked: Decision[Erasure], by: UUID) -> bool:
    """A first wish, or one anew after it was taken back. False where another stands."""
    erasure, _, timers = asked
    done = await tx.fetchval(SQL["put_erasure"], erasure.person, erasure.stage.value, by) is not None
    if done:
        await start_timers(tx, timers)
    return done


async def save(tx: Connection, decision: Decision[Erasure], cause: Cause, by: UUID | None = None) -> None:
    """State, events and clocks, in the caller's transaction: all of them or none. `by`: who confirmed it."""
    erasure, events, timers = decision
    person = erasure.person
    await tx.execute(
        SQL["save_erasure"], person, erasure.stage.value, erasure.identity, erasure.due, erasure.kept_until,
        sorted(erasure.forgotten), by,
    )  # fmt: skip
    await tell_of(tx, person, events, cause)
    await start_timers(tx, timers)


async def forget(tx: Connection, person: UUID, cause: Cause, *, kept: bool) -> None:
    """Intake's own part: what they allowed ends, nobody is signed in as them, no list shows them.

    What is sealed goes too, unless a law keeps it: then nobody can open it, and it stays.
    """
    for row in await tx.fetch(SQL["open_consents"], person):
        consent = await consents.lock_consent(tx, row["id"])
        await consents.save_consent(tx, _ended(consent), cause)
    for id in await links.open_links(tx, person):
        link = await links.lock(tx, id)
        await links.save(tx, end_link(link, EraseLink(), NETWORK, LinkPatience()), cause)
    await sessions.end_sessions(tx, person, "access_ended", cause)
    await empty(tx, person, kept=kept)


async def empty(tx: Connection, person: UUID, *, kept: bool) -> None:
    """Of what happened elsewhere nothing is said: also for a restore, which hears of that by its own events."""
    await tx.execute(SQL["drop_sessions"], person)
    await tx.execute(SQL["drop_ways_in"], person)
    await tx.execute(SQL["drop_pretended"], person)
    await tx.execute(LINKS["forget_links"], person)
    await tx.execute(LINKS["forget_asks"], person)
    await tx.execute(DROP_INVITED, person)
    await tx.execute(DROP_ARRIVAL, person)
    await tx.execute(DROP_DAYS, person)
    await tx.execute(SQL["close_person"], person)
    await tx.execute(SQL["close_ways"], person)
    if not kept:
        await tx.execute(FORGET_ANSWERS, person)
        await tx.execute(SQL["empty_person"], person)
        await tx.execute(SQL["forget_words_read"], person)
        await tx.execute(OPENINGS["forget_told"], person)
        await tx.execute(OPENINGS["drop_nevers"], person)
        await tx.execute(FORGET_DEMANDS, person)
        await tx.execute(LINKS["forget_incidents"], person)


def _ended(consent: Consent) -> Decision[Consent]:
    """A question that nobody answered is over by itself; it was nobody else's news."""
    if consent.stage is Stage.ASKED:
        return decide(consent, Lapse(), CLOCK, Patience())
    return decide(consent, EraseConsent(), NETWORK, Patience())


async def kept_until(tx: Connection, person: UUID) -> date | None:
    """The day until which a law keeps their record, by whatever hold there is, told or not."""
    until: date | None = await tx.fetchval(SQL["kept_until"], person)
    return until


async def holds_of(tx: Connection, person: UUID) -> list[Hold]:
    """The live ones that whoever asks may see."""
    return [_hold(row) for row in await tx.fetch(SQL["holds_of"], person)]


async def set_hold(tx: Connection, person: UUID, hold: Hold, by: UUID) -> bool:
    """False where that id is taken."""
    values = hold.id, person, hold.agency, hold.because, hold.until, hold.told_from, by
    return await tx.fetchval(SQL["set_hold"], *values) is not None


async def find_hold(tx: Connection, id: UUID) -> tuple[UUID, Hold] | None:
    """Whose it is, and the hold."""
    row = await tx.fetchrow(SQL["find_hold"], id)
    return (row["person_id"], _hold(row)) if row else None


async def lift_hold(tx: Connection, person: UUID, id: UUID, by: UUID) -> None:
    """What was put away because of it is looked at again by the clock; also what is put away at this moment."""
    await hold_person(tx, person)
    await tx.execute(SQL["lift_hold"], id, by)
    if await tx.fetchval(SQL["is_put_away"], person):
        await start_timers(tx, [Timer(KIND, person, Until(await tx.fetchval(SQL["now"])))])


def _hold(row: Record) -> Hold:
    return Hold(row["id"], row["agency_id"], row["because"], row["until"], row["told_from"], row["set_at"])


def _erasure(row: Record) -> Erasure:
    return Erasure(
        row["person_id"],
        Erasing(row["stage"]),
        Identity(row["identity"]) if row["identity"] else None,
        row["due_at"],
        row["kept_until"],
        frozenset(row["forgotten"]),
    )
