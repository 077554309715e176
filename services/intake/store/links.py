"""Links, asks and incidents in Postgres, with the news of them and their clocks."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from asyncpg import Connection, Record

from services.intake.erasures import Identity
from services.intake.links import KIND, LATE, Because, Link, Patience, Side, Stage
from services.intake.store.people import tell_of
from shared.messaging.outbox import Cause
from shared.messaging.timers import start_timers
from shared.runtime import sql
from shared.runtime.database import reaching
from shared.runtime.errors import NotFound
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE
from shared.web.disclosures_words import WHAT
from shared.workflow import Decision, Hours, Timer

SQL = sql.load(__file__, "links.sql")


@dataclass(frozen=True, slots=True)
class Row:
    """A link with the moments of its life. `now`: as the database dates it."""

    link: Link
    put_at: datetime
    linked_at: datetime | None
    ended_at: datetime | None
    now: datetime
    ask: UUID | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """What whoever asked may know: that they asked, where and when."""

    id: UUID
    named: UUID
    asked_at: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Unlooked:
    """An ask that the service has yet to look into; `stands`: who asked is still here."""

    id: UUID
    person: UUID
    home: UUID
    named: UUID
    name: bytes
    contact: bytes | None
    born: bytes | None
    stands: bool


async def hold_with_links(tx: Connection, person: UUID) -> None:
    """Somebody, and every record that hears of what they say or that they are erased, however many links away."""
    held: set[UUID] = set()
    while wanted := {person, *(row["id"] for row in await tx.fetch(SQL["linked_with"], person))} - held:
        await tx.execute(SQL["hold_people"], sorted(wanted))
        held |= wanted


async def lock(tx: Connection, id: UUID) -> Link:
    """The link, ours alone until `tx` ends, and both records before it: each hears of it. NotFound also where row
    security hides it."""
    known = _row(await tx.fetchrow(SQL["find_link"], id), id).link
    async with reaching(tx, SERVICE):
        await tx.execute(SQL["hold_people"], [side.person for side in known.sides])
    return _row(await tx.fetchrow(SQL["lock_link"], id), id).link


async def lock_known(tx: Connection, id: UUID) -> Link | None:
    """The same for a clock: None where it is not here."""
    row = await tx.fetchrow(SQL["lock_link"], id)
    return _row(row, id).link if row else None


async def find(tx: Connection, id: UUID) -> Row:
    return _row(await tx.fetchrow(SQL["find_link"], id), id)


async def links_of(tx: Connection, person: UUID) -> list[Row]:
    return [_row(row, row["id"]) for row in await tx.fetch(SQL["links_of"], person)]


async def puts_at(tx: Connection, agency: UUID, limit: int = 50) -> list[Row]:
    """Those whom an agency's workers are to ask."""
    return [_row(row, row["id"]) for row in await tx.fetch(SQL["puts_at"], agency, limit)]


async def is_linked(tx: Connection, one: UUID, other: UUID) -> bool:
    """Or is being asked about."""
    return bool(await tx.fetchval(SQL["is_linked"], one, other))


async def add(
    tx: Connection, made: Decision[Link], cause: Cause, *, by: UUID | None = None, ask: UUID | None = None
) -> bool:
    """False where a never-list keeps the two apart, or one was erased: nothing is written then, and nobody is told."""
    link = made.state
    known = link.known.value if link.known else None
    sides = link.asking.person, link.asking.home, link.asked.person, link.asked.home
    await tx.execute(SQL["hold_people"], [side.person for side in link.sides])
    if await tx.fetchval(SQL["add_link"], link.id, *sides, link.stage.value, known, by, ask) is None:
        return False
    await _tell(tx, made, cause)
    return True


async def save(tx: Connection, decision: Decision[Link], cause: Cause, by: UUID | None = None) -> None:
    """State, events of both records and clock, in the reach of the service: one of the two is another agency's."""
    link = decision.state
    known, because = link.known and link.known.value, link.because and link.because.value
    async with reaching(tx, SERVICE):
        await tx.execute(SQL["save_link"], link.id, link.stage.value, known, because, by)
        await _tell(tx, decision, cause)


async def _tell(tx: Connection, decision: Decision[Link], cause: Cause) -> None:
    async with reaching(tx, SERVICE):
        for event in decision.events:
            person: UUID = event.person  # type: ignore[attr-defined]
            await tell_of(tx, person, [event], cause)
        await start_timers(tx, decision.timers)


async def add_ask(tx: Connection, id: UUID, person: UUID, home: UUID, named: UUID, known: Identity, by: UUID) -> None:
    await tx.execute(SQL["add_ask"], id, person, home, named, known.value, by)


async def asks_today(tx: Connection, worker: UUID) -> int:
    found: int = await tx.fetchval(SQL["asks_today"], worker)
    return found


async def has_asked(tx: Connection, person: UUID, named: UUID, patience: Patience) -> bool:
    within = timedelta(days=patience.ask_days)
    return bool(await tx.fetchval(SQL["has_asked"], person, named, within))


async def asks_of(tx: Connection, person: UUID) -> list[Ask]:
    return [Ask(row["id"], row["named"], row["asked_at"], row["now"]) for row in await tx.fetch(SQL["asks_of"], person)]


async def list_unlooked(tx: Connection, limit: int) -> list[Unlooked]:
    rows = await tx.fetch(SQL["list_unlooked"], limit)
    return [
        Unlooked(
            row["id"], row["person_id"], row["home"], row["named"], row["name"], row["contact"], row["born"],
            row["stands"],
        )
        for row in rows
    ]  # fmt: skip


async def looked(tx: Connection, id: UUID) -> bool:
    """False where another process has looked meanwhile."""
    return await tx.fetchval(SQL["looked"], id) is not None


async def pretend(tx: Connection, patience: Patience) -> None:
    """A clock of nothing, where an ask put nothing: clocks are read by more than rows are, and theirs tell nothing."""
    await start_timers(tx, [Timer(KIND, uuid7(), Hours.days(patience.ask_days))])


async def open_links(tx: Connection, person: UUID) -> list[UUID]:
    return [row["id"] for row in await tx.fetch(SQL["open_links"], person)]


# Incidents


@dataclass(frozen=True, slots=True)
class Incident:
    """A link was wrong: what one desk has to look at. `shown`: what was seen of either record because of it."""

    id: UUID
    person: UUID
    agency: UUID
    shown: tuple[dict[str, str], ...]
    late: bool
    found: bytes | None
    opened_at: datetime
    closed_by: UUID | None
    closed_at: datetime | None
    linked_at: datetime
    other: UUID | None  # the other agency; None where a never-list keeps the two apart
    now: datetime


async def open_incidents(tx: Connection, link: Link, linked_at: datetime, patience: Patience) -> list[UUID]:
    """One for the desk of each agency, with what each saw of the other's record; the clock starts at once."""
    async with reaching(tx, SERVICE):
        values = (link.asking.person, link.asking.home, link.asked.person, link.asked.home, sorted(WHAT), linked_at)
        rows = await tx.fetch(SQL["shown_between"], *values) if link.is_across else []
        shown = json.dumps([_shown(row) for row in rows])
        opened = []
        for side in link.sides if link.is_across else (link.asking,):
            id = uuid7()
            await tx.execute(SQL["add_incident"], id, link.id, side.person, side.home, shown, linked_at)
            opened.append(id)
        await start_timers(tx, [Timer(LATE, id, Hours.days(patience.look_days)) for id in opened])
    return opened


def _shown(row: Record) -> dict[str, str]:
    whom, by = str(row["person_id"]), str(row["agency_id"])
    return {"at": row["at"].isoformat(), "person": whom, "agency": by, "what": row["action"]}


async def find_incident(tx: Connection, id: UUID) -> Incident:
    row = await tx.fetchrow(SQL["find_incident"], id)
    if row is None:
        raise NotFound("incident", id)
    names = ("closed_by", "closed_at", "linked_at", "other", "now")
    return Incident(
        id, row["person_id"], row["agency_id"], tuple(json.loads(row["shown"])), row["late"], row["found"],
        row["opened_at"], *(row[name] for name in names),
    )  # fmt: skip


async def is_open_incident(tx: Connection, id: UUID) -> bool:
    """Held until `tx` ends."""
    row = await tx.fetchrow(SQL["lock_incident"], id)
    return row is not None and row["closed_at"] is None


async def incidents_at(tx: Connection, agency: UUID) -> list[Record]:
    return list(await tx.fetch(SQL["incidents_at"], agency))


async def incidents_of(tx: Connection, person: UUID) -> list[Record]:
    return list(await tx.fetch(SQL["incidents_of"], person))


async def close_incident(tx: Connection, id: UUID, found: bytes, by: UUID) -> None:
    await tx.execute(SQL["close_incident"], id, found, by)
    await start_timers(tx, [Timer(LATE, id, None)])


async def be_late(tx: Connection, id: UUID) -> bool:
    return await tx.fetchval(SQL["be_late"], id) is not None


def as_json(row: Row, person: UUID) -> dict[str, Any]:
    """As programs are told of it from one side: of a question nothing but that it waits."""
    link, other = row.link, row.link.other(person)
    found: dict[str, Any] = {"id": str(link.id), "stage": link.stage.value}
    if link.stage is not Stage.PUT:
        found |= {"agency": str(other.home), "linked_at": row.linked_at.isoformat() if row.linked_at else None}
    return found


def _row(row: Record | None, id: UUID) -> Row:
    if row is None:
        raise NotFound("link", id)
    link = Link(
        row["id"], Side(row["person_id"], row["home"]), Side(row["other_id"], row["other_home"]), Stage(row["stage"]),
        Identity(row["known"]) if row["known"] else None, Because(row["because"]) if row["because"] else None,
    )  # fmt: skip
    return Row(link, row["put_at"], row["linked_at"], row["ended_at"], row["now"], row["ask_id"])
