"""People in Postgres. What is sealed goes in and out as bytes; opening it is the caller's, with the audit row."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any
from uuid import UUID

from asyncpg import Connection, Record

from services.intake.people import Person
from services.intake.reaching import Because, Quiet, Way, Ways
from shared.contracts.events import Event
from shared.messaging.outbox import Cause, put_events
from shared.runtime import sql
from shared.runtime.database import reaching
from shared.runtime.errors import NotFound
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE
from shared.security.blind import NETWORK
from shared.security.identity import NOBODY
from shared.security.sealing import Erased, as_bytes, as_text

SQL = sql.load(__file__, "people.sql")


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is known of somebody, closed."""

    name: bytes
    contact: bytes | None = None
    asked: bytes | None = None


@dataclass(frozen=True, slots=True)
class Row:
    person: Person
    sealed: Sealed
    welcomed_at: datetime
    held_because: str | None = None
    held_at: datetime | None = None


async def lock_person(tx: Connection, id: UUID) -> Person:
    """The person, ours alone until `tx` ends. Raises NotFound, or Erased."""
    row = await tx.fetchrow(SQL["lock_person"], id)
    return _person(_still_here(row, id))


async def find_person(tx: Connection, id: UUID) -> Row:
    row = _still_here(await tx.fetchrow(SQL["find_person"], id), id)
    sealed = Sealed(row["name"], row["contact"], row["asked"])
    return Row(_person(row), sealed, row["welcomed_at"], row["held_because"], row["held_at"])


async def tell_of(tx: Connection, person: UUID, told: Sequence[Event], cause: Cause) -> None:
    """What happened to somebody, in order: in their own stream, closed by their own keys."""
    await put_events(tx, person, told, partitionkey=person, person=person, cause=cause)


async def add_person(tx: Connection, person: Person, sealed: Sealed) -> bool:
    """False when that id is taken."""
    row = (person.id, person.agency, person.worker, sealed.name, sealed.contact, sealed.asked)
    rest = (person.way, person.safe, person.language, person.came, person.synthetic)
    return await tx.fetchval(SQL["add_person"], *row, *rest) is not None


async def is_anothers(tx: Connection, id: UUID) -> bool:
    """Whether nobody may be added by this id, since it is an account's, an agency's or the network's own: keys and
    sessions go by id, and theirs would be this person's to open, and to have erased."""
    async with reaching(tx, SERVICE):  # of any agency; that it is taken is all that is told
        return id in (NOBODY, NETWORK) or bool(await tx.fetchval(SQL["is_anothers"], id))


async def name_again(tx: Connection, person: Person, sealed: Sealed) -> bool:
    """Somebody whose name was lost with a restore is told of again; False for whoever has a name, or another agency."""
    found = await tx.fetchval(SQL["name_again"], person.id, person.agency, sealed.name, sealed.asked)
    return found is not None


async def save_worker(tx: Connection, person: Person) -> None:
    await tx.execute(SQL["save_worker"], person.id, person.worker, person.agency)


async def save_contact(tx: Connection, person: Person) -> None:
    """The way that is tried first; the others stay as they are."""
    await tx.execute(
        SQL["save_contact"], person.id, as_bytes(person.contact), person.way, person.safe, person.language, person.held,
        *_hours(person.quiet), as_bytes(person.care), person.version,
    )  # fmt: skip


async def save_others(tx: Connection, person: Person) -> None:
    """All ways beside the first, anew."""
    await _put_ways(tx, person.id, person.others, pretended=False)


async def put_others_again(tx: Connection, person: UUID, ways: Ways) -> None:
    """As an event of ours says, after a restore."""
    await _put_ways(tx, person, ways, pretended=False)


async def pretended_ways(tx: Connection, person: UUID) -> Ways:
    """What was said behind the second PIN."""
    return tuple(_way(row) for row in await tx.fetch(SQL["pretended_ways"], person))


async def pretend_ways(tx: Connection, person: UUID, ways: Ways) -> None:
    await _put_ways(tx, person, ways, pretended=True)


async def _put_ways(tx: Connection, person: UUID, ways: Ways, *, pretended: bool) -> None:
    await tx.execute(SQL["drop_others"], person, pretended)
    for place, way in enumerate(ways, 1):
        id = uuid7() if way.id == person else way.id  # the first goes by the person's own id
        await tx.execute(
            SQL["put_other"], id, person, pretended, place, way.channel, as_bytes(way.contact), way.safe, way.held,
            *_hours(way.quiet), as_bytes(way.care),
        )  # fmt: skip


def _hours(quiet: Quiet | None) -> tuple[time | None, time | None]:
    return (quiet.begin, quiet.end) if quiet else (None, None)


async def held_of(tx: Connection, id: UUID) -> str | None:
    held: str | None = await tx.fetchval(SQL["held_of"], id)
    return held


async def save_hold(tx: Connection, person: Person, because: Because | None = None) -> None:
    await tx.execute(SQL["save_hold"], person.id, person.held, person.safe, because)


async def list_people(tx: Connection, agency: UUID, *, worker: UUID | None = None, limit: int = 500) -> list[Row]:
    """The people of one agency, or those whom one worker of it walks with. No other agency's row is ever read.

    `limit` counts those with a worker: whoever waits for one is always there."""
    rows = await tx.fetch(SQL["list_people"], agency, worker, limit)
    return [listed(row) for row in rows]


async def now(tx: Connection) -> datetime:
    at: datetime = await tx.fetchval(SQL["now"])
    return at


def listed(row: Record) -> Row:
    """Somebody as lists have them: of what is sealed, the name."""
    return Row(_person(row), Sealed(row["name"]), row["welcomed_at"])


def _still_here(row: Record | None, id: UUID) -> Record:
    if row is None:
        raise NotFound("person", id)
    if row["erased_at"] is not None:
        raise Erased(id)
    return row


def _person(row: Record) -> Person:
    person = Person(
        row["id"],
        row["agency_id"],
        row["worker_id"],
        row["language"],
        row["way"],
        row["safe"],
        row["came"],
        row["synthetic"],
        row["held"],
    )
    if "others" not in row.keys():  # noqa: SIM118  a Record knows its columns by keys() alone
        return person  # of a list, which shows the first way
    return replace(
        person,
        quiet=_quiet(row["quiet_from"], row["quiet_until"]),
        contact=as_text(row["contact"]),
        care=as_text(row["care"]),
        others=tuple(_way(one) for one in json.loads(row["others"])),
        version=row["ways_version"],
    )


def _way(row: Record | Mapping[str, Any]) -> Way:
    """Postgres breaks base64 into lines."""
    contact, care = (row[name].replace("\n", "") if row[name] else None for name in ("contact", "care"))
    quiet = _quiet(row["quiet_from"], row["quiet_until"])
    return Way(UUID(str(row["id"])), row["way"], contact, row["safe"], row["held"], quiet, care)


def _quiet(begin: time | str | None, end: time | str | None) -> Quiet | None:
    if begin is None or end is None:
        return None
    return Quiet(*(time.fromisoformat(one) if isinstance(one, str) else one for one in (begin, end)))
