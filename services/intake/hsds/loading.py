"""Writing a package: what is new or changed, with its events, in batches; what is the same is left alone.

Stable ids make a second load of the same package say nothing. What an agency has written here itself is never
changed by a load.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TypeVar, cast
from uuid import UUID

from asyncpg import Connection, Pool

from services.intake.directory import (
    Agency,
    Program,
    agency_events,
    is_current,
    may_load,
    program_events,
    withdraw,
)
from services.intake.hsds.mapping import Reader
from services.intake.hsds.tables import Problem
from services.intake.store import directory as store
from shared.messaging.outbox import Cause, put_events
from shared.runtime.database import outages
from shared.security import audit
from shared.security.identity import OPERATOR

BATCH = 200  # entries a transaction: short enough that no reader waits, long enough that commits don't count

T = TypeVar("T")
Say = Callable[[str, int], None]  # what is being loaded, and how many so far


@dataclass
class Summary:
    """What a load did. Keys of the counts: new, changed, same, kept (it speaks for itself), withdrawn."""

    source: str
    agencies: Counter[str] = field(default_factory=Counter)
    programs: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    unvouched: int = 0  # programs that nobody has vouched for in a year: pages show them only when asked
    not_seen: int = 0  # programs of an earlier load that this package does not have any more

    @property
    def skipped(self) -> int:
        """Rows that could not be used at all."""
        return sum(problem.skipped for problem in self.problems)

    @property
    def loaded(self) -> int:
        return self.agencies.total() + self.programs.total()


async def load(pool: Pool, reader: Reader, say: Say = lambda what, count: None) -> Summary:
    """Read it all and write what changed. Stopped half-way, the next run goes on where it stopped."""
    summary = Summary(reader.source)
    for agencies in _batches(reader.read_agencies()):
        await _in_one(pool, partial(_load_agencies, batch=agencies, summary=summary))
        say("agencies", summary.agencies.total())
    seen: list[UUID] = []
    for programs in _batches(reader.read_programs()):
        await _in_one(pool, partial(_load_programs, batch=programs, summary=summary))
        seen += [program.id for program in programs]
        summary.unvouched += sum(not is_current(program.origin, reader.today) for program in programs)
        say("programs", summary.programs.total())
    for over in _batches(iter(reader.over)):
        await _in_one(pool, partial(_withdraw, batch=over, summary=summary))
    async with pool.acquire() as connection:
        summary.not_seen = await store.not_seen_again(cast(Connection, connection), reader.source, seen)
    summary.problems = [*reader.package.problems, *reader.problems]
    return summary


async def _in_one(pool: Pool, work: Callable[[Connection], Awaitable[None]]) -> None:
    with outages():
        async with pool.acquire() as connection, connection.transaction():
            await work(cast(Connection, connection))


def _batches(items: Iterator[T]) -> Iterable[list[T]]:
    while batch := list(islice(items, BATCH)):
        yield batch


def _cause(summary: Summary) -> Cause:
    return Cause(f"load:{summary.source}", OPERATOR.cause)


async def _load_agencies(tx: Connection, batch: list[Agency], summary: Summary) -> None:
    known = await store.known_agencies(tx, [agency.id for agency in batch])
    for agency in batch:
        before = known.get(agency.id)
        if before is not None and not may_load(before.origin, summary.source):
            summary.agencies["kept"] += 1
            continue
        if before == agency:
            summary.agencies["same"] += 1
            continue
        if before is None:
            await store.add_agency(tx, agency)
        else:
            await store.save_agency(tx, before, agency)
        events = agency_events(before, agency)
        await put_events(tx, agency.id, events, partitionkey=agency.id, cause=_cause(summary))
        summary.agencies["new" if before is None else "changed"] += 1
    await audit.record(tx, OPERATOR, "directory.import", None, f"source/{summary.source}"[:200], "directory")


async def _load_programs(tx: Connection, batch: list[Program], summary: Summary) -> None:
    known = await store.known_programs(tx, [program.id for program in batch])
    for program in batch:
        before = known.get(program.id)
        if before is not None and not may_load(before.origin, summary.source):
            summary.programs["kept"] += 1
            continue
        if before == program:
            summary.programs["same"] += 1
            continue
        if before is None:
            await store.add_program(tx, program)
        else:
            await store.save_program(tx, program)
        events = program_events(before, program)
        agency = program.entry.agency
        await put_events(tx, program.id, events, partitionkey=agency, cause=_cause(summary))
        summary.programs["new" if before is None else "changed"] += 1
    await audit.record(tx, OPERATOR, "directory.import", None, f"source/{summary.source}"[:200], "directory")


async def _withdraw(tx: Connection, batch: list[UUID], summary: Summary) -> None:
    """What the package says is offered no more, and was loaded from it before."""
    for program in (await store.known_programs(tx, batch)).values():
        if program.withdrawn or not may_load(program.origin, summary.source):
            continue
        await store.withdraw_program(tx, program.id, "ended")
        events = withdraw(program, "ended")
        await put_events(tx, program.id, events, partitionkey=program.entry.agency, cause=_cause(summary))
        summary.programs["withdrawn"] += 1
