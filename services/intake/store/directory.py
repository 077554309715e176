"""Agencies and programs in Postgres."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Connection, Record

from services.intake.directory import RECORDS, Agency, AgencyEntry, Origin, Program, ProgramEntry
from services.intake.distance import on_paper
from shared.runtime import sql
from shared.runtime.errors import NotFound
from shared.security.workers import know_agency

SQL = sql.load(__file__, "directory.sql")
WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Listed:
    """A program as a list shows it, with what its agency says."""

    program: Program
    agency_name: str
    agency: AgencyEntry
    miles: float | None = None  # to its nearest place, where somebody asked from where


async def lock_agency(tx: Connection, id: UUID) -> Agency | None:
    """The agency, ours alone until `tx` ends; None when there is none yet."""
    row = await tx.fetchrow(SQL["lock_agency"], id)
    return _agency(row) if row else None


async def add_agency(tx: Connection, agency: Agency) -> bool:
    """False when somebody else added it in the same moment: lock it then."""
    added = await tx.fetchval(SQL["add_agency"], *_agency_row(agency)) is not None
    if added:
        await know_agency(tx, agency.id, agency.entry.name, shows_roles=agency.entry.shows_roles)
    return added


async def save_agency(tx: Connection, before: Agency, after: Agency) -> None:
    await tx.execute(SQL["save_agency"], *_agency_row(after))
    if before.entry.name != after.entry.name:
        await tx.execute(SQL["rename_programs"], after.id, after.entry.name)
    await know_agency(tx, after.id, after.entry.name, shows_roles=after.entry.shows_roles)


async def find_agency(tx: Connection, id: UUID) -> Agency:
    row = await tx.fetchrow(SQL["find_agency"], id)
    if row is None:
        raise NotFound("agency", id)
    return _agency(row)


async def agency_names(tx: Connection, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The names of these agencies; one that is not known is left out."""
    wanted = sorted({id for id in ids if id is not None})
    return {row["id"]: row["name"] for row in await tx.fetch(SQL["agencies_named"], wanted)} if wanted else {}


async def list_agencies(
    tx: Connection, *, words: str = "", after: UUID | None = None, limit: int = 50
) -> list[tuple[Agency, int]]:
    """Agencies in the alphabet, each with the number of its programs."""
    rows = await tx.fetch(SQL["list_agencies"], words_of(words), after, limit)
    return [(_agency(row), row["programs"]) for row in rows]


async def list_welcoming(tx: Connection) -> list[Agency]:
    """Agencies that take people who refer themselves, in the alphabet."""
    rows = await tx.fetch(SQL["list_welcoming"])
    return [Agency(row["id"], AgencyEntry.model_validate_json(row["entry"])) for row in rows]


async def lock_program(tx: Connection, id: UUID) -> Program | None:
    row = await tx.fetchrow(SQL["lock_program"], id)
    return _program(row) if row else None


async def add_program(tx: Connection, program: Program) -> bool:
    """False when somebody else added it in the same moment. Its agency is known: the caller has looked."""
    added = await tx.fetchval(SQL["add_program"], *_program_row(program)) is not None
    if added:
        await _add_places(tx, program)
    return added


async def save_program(tx: Connection, program: Program) -> None:
    await tx.execute(SQL["save_program"], *_program_row(program))
    await tx.execute(SQL["forget_places"], program.id)
    await _add_places(tx, program)


async def _add_places(tx: Connection, program: Program) -> None:
    places = program.entry.places
    if not places:
        return
    spots = [on_paper(*place.spot) if place.spot else None for place in places]
    await tx.execute(SQL["add_places"], program.id, [place.area for place in places], spots)


async def place_by_postcode(tx: Connection, program: UUID | None = None) -> None:
    """Places of which nobody said where they are: of one program, or of all after a load."""
    await tx.execute(SQL["place_by_postcode"], program)


async def withdraw_program(tx: Connection, id: UUID, reason: str) -> None:
    await tx.execute(SQL["withdraw_program"], id, reason)


async def find_program(tx: Connection, id: UUID) -> Listed:
    row = await tx.fetchrow(SQL["find_program"], id)
    if row is None:
        raise NotFound("program", id)
    return listed(row)


async def programs_of(tx: Connection, agency: UUID, limit: int = 500) -> list[Program]:
    return [_program(row) for row in await tx.fetch(SQL["programs_of"], agency, limit)]


async def known_agencies(tx: Connection, ids: Iterable[UUID]) -> dict[UUID, Agency]:
    """Those of `ids` that are here, locked."""
    return {row["id"]: _agency(row) for row in await tx.fetch(SQL["known_agencies"], sorted(ids))}


async def known_programs(tx: Connection, ids: Iterable[UUID]) -> dict[UUID, Program]:
    return {row["id"]: _program(row) for row in await tx.fetch(SQL["known_programs"], sorted(ids))}


async def walk_agencies(tx: Connection, after: UUID | None, limit: int) -> list[Agency]:
    """Those that may be exported, some at a time, in the order of their ids."""
    return [_agency(row) for row in await tx.fetch(SQL["walk_agencies"], after, limit)]


async def programs_of_each(tx: Connection, agencies: Iterable[UUID]) -> dict[UUID, list[Program]]:
    found: dict[UUID, list[Program]] = defaultdict(list)
    for row in await tx.fetch(SQL["programs_of_each"], list(agencies)):
        found[row["agency_id"]].append(_program(row))
    return found


async def not_seen_again(tx: Connection, source: str, seen: Iterable[UUID]) -> int:
    count: int = await tx.fetchval(SQL["not_seen_again"], source, list(seen))
    return count


def words_of(words: str) -> str | None:
    """What somebody typed as a query: every word, each from its beginning. None where no word is in it."""
    found = WORD.findall(words.lower())[:12]
    return " & ".join(f"{word}:*" for word in found) or None


def _agency_row(agency: Agency) -> tuple[object, ...]:
    entry, origin = agency.entry, agency.origin
    words = " ".join(filter(None, (entry.name, entry.description)))
    source = (origin.source, origin.source_id, origin.assured_on) if origin else (None, None, agency.said_on)
    return agency.id, entry.name, _json(entry), entry.welcomes, *source, words


def _program_row(program: Program) -> tuple[object, ...]:
    entry, origin = program.entry, program.origin
    words = " ".join(filter(None, (entry.name, entry.description)))
    source = (origin.source, origin.source_id, origin.assured_on) if origin else (None, None, program.said_on)
    needs = list(entry.needs)
    takes = [record for record in RECORDS if entry.accepts.lets_in(record)]
    found = entry.openness, list(entry.languages), takes, bool(entry.documents), entry.minimum_age, entry.maximum_age
    return program.id, entry.agency, entry.name, _json(entry), needs, entry.accepting, *source, words, *found


def _json(entry: AgencyEntry | ProgramEntry) -> str:
    return json.dumps(entry.model_dump(mode="json", exclude_defaults=True))


def _agency(row: Record) -> Agency:
    said_on = None if row["source"] else row["assured_on"]
    return Agency(row["id"], AgencyEntry.model_validate_json(row["entry"]), _origin(row), said_on)


def _program(row: Record) -> Program:
    entry = ProgramEntry.model_validate_json(row["entry"])
    said_on = None if row["source"] else row["assured_on"]
    return Program(row["id"], entry, _origin(row), row["withdrawn"] is not None, said_on)


def listed(row: Record, miles: float | None = None) -> Listed:
    return Listed(_program(row), row["agency_name"], AgencyEntry.model_validate_json(row["agency"]), miles)


def _origin(row: Record) -> Origin | None:
    return Origin(row["source"], row["source_id"], row["assured_on"]) if row["source"] else None
