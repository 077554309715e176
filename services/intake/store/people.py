"""People in Postgres. What is sealed goes in and out as bytes; opening it is the caller's, with the audit row."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Connection, Record

from services.intake.people import Because, Person
from shared.runtime import sql
from shared.runtime.database import reaching
from shared.runtime.errors import NotFound
from shared.runtime.reach import SERVICE
from shared.security.blind import NETWORK
from shared.security.identity import NOBODY
from shared.security.keys import Erased

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


async def save_contact(tx: Connection, person: Person, contact: bytes | None) -> None:
    await tx.execute(SQL["save_contact"], person.id, contact, person.way, person.safe, person.language, person.held)


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
    return Person(
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
