"""Writing a package: what is new or changed, with its events, in one transaction; what is the same is left alone.

Stable ids make a second load of the same package say nothing and write nothing. What an agency has written here itself
is never changed by a load. Neither is what this network handed on itself: its export names entries by our own ids.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from shared.messaging.outbox import Cause, Saying, put_of_each
from shared.runtime.database import outages
from shared.security import audit
from shared.security.identity import OPERATOR

BATCH = 500  # entries that are compared, and told of, by one statement

T = TypeVar("T")
Say = Callable[[str, int], None]  # what is being loaded, and how many so far


@dataclass
class Summary:
    """What a load did. Keys of the counts: new, changed, same, kept (it speaks for itself), own, withdrawn."""

    source: str
    agencies: Counter[str] = field(default_factory=Counter)
    programs: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    unvouched: int = 0  # programs that nobody has vouched for in a year: pages show them only when asked
    holds_nobody: int = 0  # agencies that are taken for victim services by their names
    not_seen: int = 0  # programs of an earlier load that this package does not have any more

    @property
    def skipped(self) -> int:
        """Rows that could not be used at all."""
        return sum(problem.skipped for problem in self.problems)

    @property
    def wrote(self) -> int:
        """Entries that this load made or changed."""
        return sum(counts[key] for counts in (self.agencies, self.programs) for key in ("new", "changed", "withdrawn"))

    @property
    def loaded(self) -> int:
        return self.agencies.total() + self.programs.total()


async def load(pool: Pool, reader: Reader, say: Say = lambda what, count: None) -> Summary:
    """Read all of it, then write what changed, in one transaction: a package is loaded or it is not.

    Raises NotAPackage before anything is written where a file can't be read to its end.
    """
    agencies, programs = list(reader.read_agencies()), list(reader.read_programs())
    summary = Summary(reader.source, problems=[*reader.package.problems, *reader.problems])
    with outages():
        async with pool.acquire() as connection, connection.transaction():
            tx = cast(Connection, connection)
            agencies, programs = await _without_our_own(tx, agencies, programs, summary)
            summary.unvouched = sum(not is_current(program, reader.today) for program in programs)
            summary.holds_nobody = sum(agency.entry.holds_no_records for agency in agencies)
            for some in _batches(agencies):
                await _load_agencies(tx, some, summary)
                say("agencies", summary.agencies.total())
            for batch in _batches(programs):
                await _load_programs(tx, batch, summary)
                say("programs", summary.programs.total())
            for over in _batches(reader.over):
                await _withdraw(tx, over, summary)
            if summary.wrote:
                await store.place_by_postcode(tx)
                await audit.record(
                    tx, OPERATOR, "directory.import", None, f"source/{summary.source}"[:200], "directory"
                )
            seen = [program.id for program in programs]
            summary.not_seen = await store.not_seen_again(tx, reader.source, seen)
    return summary


async def _without_our_own(
    tx: Connection, agencies: list[Agency], programs: list[Program], summary: Summary
) -> tuple[list[Agency], list[Program]]:
    """Without what is here under the id that the package gives it; what else such an agency offers is put there."""
    named = {agency.id: id for agency in agencies if (id := _our_id(agency))}
    here = {id for some in _batches(sorted(named.values())) for id in await store.known_agencies(tx, some)}
    home = {read: id for read, id in named.items() if id in here}
    offered = sorted(id for program in programs if program.entry.agency in home and (id := _our_id(program)))
    ours = {id for some in _batches(offered) for id in await store.known_programs(tx, some)}
    rest = [program for program in programs if _our_id(program) not in ours]
    summary.agencies += Counter(own=len(home))
    summary.programs += Counter(own=len(programs) - len(rest))
    return [agency for agency in agencies if agency.id not in home], [_moved(program, home) for program in rest]


def _our_id(read: Agency | Program) -> UUID | None:
    """The id that the package gives it, where it is written as ours are."""
    given = read.origin.source_id if read.origin else ""
    try:
        return UUID(given) if str(UUID(given)) == given else None
    except ValueError:
        return None


def _moved(program: Program, home: Mapping[UUID, UUID]) -> Program:
    agency = home.get(program.entry.agency)
    return replace(program, entry=program.entry.model_copy(update={"agency": agency})) if agency else program


def _batches(items: Sequence[T]) -> Iterable[Sequence[T]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _cause(summary: Summary) -> Cause:
    return Cause(f"load:{summary.source}", OPERATOR.cause)


async def _load_agencies(tx: Connection, batch: Sequence[Agency], summary: Summary) -> None:
    known = await store.known_agencies(tx, [agency.id for agency in batch])
    said: list[Saying] = []
    for agency in batch:
        before = known.get(agency.id)
        if (as_before := _as_before(before, agency, summary)) is not None:
            summary.agencies[as_before] += 1
            continue
        if before is None:
            await store.add_agency(tx, agency)
        else:
            await store.save_agency(tx, before, agency)
        said += [Saying(agency.id, event, agency.id) for event in agency_events(before, agency)]
        summary.agencies["new" if before is None else "changed"] += 1
    await put_of_each(tx, said, cause=_cause(summary))


async def _load_programs(tx: Connection, batch: Sequence[Program], summary: Summary) -> None:
    known = await store.known_programs(tx, [program.id for program in batch])
    said: list[Saying] = []
    for program in batch:
        before = known.get(program.id)
        if (as_before := _as_before(before, program, summary)) is not None:
            summary.programs[as_before] += 1
            continue
        if before is None:
            await store.add_program(tx, program)
        else:
            await store.save_program(tx, program)
        said += [Saying(program.id, event, program.entry.agency) for event in program_events(before, program)]
        summary.programs["new" if before is None else "changed"] += 1
    await put_of_each(tx, said, cause=_cause(summary))


def _as_before(before: Agency | Program | None, now: Agency | Program, summary: Summary) -> str | None:
    """Why nothing is written of it: its agency speaks for itself, or nothing changed."""
    if before is None:
        return None
    if not may_load(before.origin, summary.source):
        return "kept"
    return "same" if before == now else None


async def _withdraw(tx: Connection, batch: Sequence[UUID], summary: Summary) -> None:
    """What the package says is offered no more, and was loaded from it before."""
    for program in (await store.known_programs(tx, batch)).values():
        if program.withdrawn or not may_load(program.origin, summary.source):
            continue
        await store.withdraw_program(tx, program.id, "ended")
        said = [Saying(program.id, event, program.entry.agency) for event in withdraw(program, "ended")]
        await put_of_each(tx, said, cause=_cause(summary))
        summary.programs["withdrawn"] += 1
