"""`memory`: what each process takes at rest and under load, while a million events pass through a relay and an inbox.

The events are written into caseplan's outbox, sent by caseplan's relay, and projected by reporting's inbox, both of
them processes as `up` starts them. What a process takes is its PSS: a page that two share is half of each one's.
Whether it grows is told by what is its alone (USS), since its share of common pages rises when another process ends;
and at moments when all that was written is applied, since what is on its way differs from one second to the next.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from zlib import crc32

import asyncpg
import psutil

from bench.figures import slope
from bench.found import Plan, Row, goal_cell
from bench.lives import Said, facts
from bench.network import Servers
from bench.relay import COLUMNS, as_row
from bench.services import serving
from shared.contracts.topics import PARTITIONS, SERVICES
from shared.local.parts import Part

EVENTS = 1_000_000
SAMPLES = 10
PORTION = 20_000  # events written at once
AHEAD = 3  # portions that the source may be ahead of the projection
SETTLED = 0.2  # of the run, which is not counted as growth: caches fill and plans are made
MOST_GROWTH = 8.0  # MiB in the rest of the run; to keep one small object of each event would be 40
UNDER_LOAD = ("caseplan", "reporting")
DOES = {"caseplan": "relay", "reporting": "inbox"}
STALLED = 60.0  # seconds without one more event applied


class Size(NamedTuple):
    """MiB of a process and its children."""

    pss: float
    own: float


class Sample(NamedTuple):
    """So many events were applied, and so large was the process."""

    events: int
    size: Size


@dataclass(slots=True)
class Weight:
    """One process: at rest, at most, and after each tenth of the events."""

    name: str
    rest: Size
    most: float = 0.0  # MiB, PSS, while events were on their way
    samples: list[Sample] = field(default_factory=list)

    @property
    def judged(self) -> bool:
        """A server keeps what it is given; our own processes must not grow."""
        return self.name in UNDER_LOAD

    @property
    def per_million(self) -> float:
        """MiB of its own a million events, once everything is warm."""
        return slope(self._warm()) * 1_000_000

    @property
    def grown(self) -> float:
        """MiB along that line from its beginning to its end."""
        warm = self._warm()
        return slope(warm) * (warm[-1][0] - warm[0][0]) if warm else 0.0

    def _warm(self) -> list[tuple[int, float]]:
        last = self.samples[-1][0] if self.samples else 0
        return [(events, size.own) for events, size in self.samples if events >= SETTLED * last]

    @property
    def reached(self) -> bool:
        return not self.judged or self.grown <= MOST_GROWTH

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"process": self.name, "rest_mib": round(self.rest.pss, 1)}
        if self.samples:
            found |= {
                "most_mib": round(self.most, 1),
                "samples": [
                    {"events": events, "mib": round(size.pss, 1), "own_mib": round(size.own, 1)}
                    for events, size in self.samples
                ],
                "own_mib_per_million_events": round(self.per_million, 2),
            }
        return found

    def row(self) -> Row:
        if not self.samples:
            return Row("memory", f"{self.name}, at rest", f"{self.rest.pss:.0f} MiB", "", "", "", "")
        first, last = self.samples[0], self.samples[-1]
        goal = goal_cell("does not grow", self.reached) if self.judged else ""
        return Row(
            "memory",
            f"{self.name}{f' ({DOES[self.name]})' if self.judged else ''}, at rest and under load",
            f"{self.rest.pss:.0f} MiB; up to {self.most:.0f} under load; "
            f"{first.size.pss:.0f} after {first.events:,} events, {last.size.pss:.0f} after {last.events:,}",
            "",
            f"{self.per_million:+.1f} MiB a million events",
            goal,
            "",
        )


@dataclass(frozen=True, slots=True)
class Memory:
    """The result: one row a process."""

    events: int
    seconds: float
    weights: Sequence[Weight]
    name: str = "memory"

    @property
    def reached(self) -> bool:
        return all(weight.reached for weight in self.weights)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "what": "MiB (PSS) of each process with its children, and of that its own (USS)",
            "events": self.events,
            "seconds": round(self.seconds),
            "reached": self.reached,
            "processes": [weight.as_json() for weight in self.weights],
        }

    def rows(self) -> list[Row]:
        return [weight.row() for weight in self.weights]

    def notes(self) -> list[str]:
        loaded = [weight for weight in self.weights if weight.samples]
        counts = " | ".join(f"{one.events:,}" for one in loaded[0].samples)
        lines = [f"| MiB after so many events: PSS (USS) | {counts} |", "|-" * (len(loaded[0].samples) + 1) + "|"]
        for weight in loaded:
            sizes = " | ".join(f"{size.pss:.0f} ({size.own:.0f})" for _, size in weight.samples)
            lines.append(f"| {weight.name} | {sizes} |")
        return ["\n".join(lines)]


async def bench(at: Servers, plan: Plan) -> Memory:
    events = plan.many(EVENTS)
    rest = await _at_rest(at)
    source, target = await at.owner("caseplan"), await at.owner("reporting")
    try:
        async with _all_serving(at, UNDER_LOAD) as parts:
            pids = {name: _pid(part.pid) for name, part in parts.items()}
            pids |= {"postgres": _pid(at.postgres.pid), "kafka": _pid(at.kafka.pid)}
            weights = [Weight(name, rest[name]) for name in pids]
            began = time.perf_counter()
            async for applied, all_of_it in _passing(source, target, events):
                for weight in weights:
                    size = size_of(pids[weight.name])
                    weight.most = max(weight.most, size.pss)
                    if all_of_it:
                        weight.samples.append(Sample(applied, size))
                if all_of_it:
                    now = ", ".join(f"{weight.name} {weight.samples[-1].size.pss:.0f}" for weight in weights)
                    plan.say(f"memory after {applied:,}: {now} MiB")
            seconds = time.perf_counter() - began
    finally:
        await source.close()
        await target.close()
    others = [Weight(name, rest[name]) for name in rest if name not in pids]
    return Memory(events, seconds, [*weights, *others])


async def _at_rest(at: Servers) -> dict[str, Size]:
    """Every service that there is, and both servers, with nothing to do."""
    async with _all_serving(at, SERVICES) as parts:
        found = {name: size_of(_pid(part.pid)) for name, part in parts.items()}
    return found | {"postgres": size_of(_pid(at.postgres.pid)), "kafka": size_of(_pid(at.kafka.pid))}


@asynccontextmanager
async def _all_serving(at: Servers, names: Sequence[str]) -> AsyncIterator[Mapping[str, Part]]:
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(serving(at, name)) for name in names}


async def _passing(
    source: asyncpg.Connection, target: asyncpg.Connection, events: int
) -> AsyncIterator[tuple[int, bool]]:
    """Writes `events` events, never far ahead; yields how many are applied, and whether that is all of the tenth."""
    size = max(1, min(PORTION, events // SAMPLES))
    portions, before, written, applied = _portions(events, size), await _applied(target), 0, 0
    for tenth in range(1, SAMPLES + 1):
        moved_at = time.monotonic()
        due = events * tenth // SAMPLES
        while applied < due or applied < written:
            if written < due and written - applied < AHEAD * size:
                portion = next(portions)
                async with source.transaction():
                    await source.copy_records_to_table("outbox", records=map(as_row, portion), columns=COLUMNS)
                written += len(portion)
                yield applied, False
            else:
                await asyncio.sleep(0.05)
            if (now := await _applied(target) - before) > applied:
                applied, moved_at = now, time.monotonic()
            if time.monotonic() - moved_at > STALLED:
                raise TimeoutError(f"{applied} of {written} events are applied, and no more come")
        yield applied, True


async def _applied(target: asyncpg.Connection) -> int:
    """As the inbox has noted with its effects."""
    counted: int = await target.fetchval("SELECT coalesce(sum(applied), 0)::bigint FROM consumer_offset")
    return counted


def _portions(events: int, size: int) -> Iterator[list[Said]]:
    """One portion made with care, then the same lives again of other people: making them must not be what is slow."""
    first = list(facts(size))
    for number, start in enumerate(range(0, events, size)):
        yield [_of_others(said, f"{number:04x}") for said in first[: events - start]]


def _of_others(said: Said, mark: str) -> Said:
    subject, person = said.subject[:-4] + mark, said.partitionkey[:-4] + mark
    data = said.data.replace(said.subject.encode(), subject.encode())
    data = data.replace(said.partitionkey.encode(), person.encode())
    return said._replace(subject=subject, partitionkey=person, shard=crc32(person.encode()) % PARTITIONS, data=data)


def size_of(pid: int) -> Size:
    pss = own = 0
    program = psutil.Process(pid)
    for process in (program, *program.children(recursive=True)):
        try:
            found = process.memory_full_info()
        except psutil.Error:  # it ended meanwhile
            continue
        pss, own = pss + found.pss, own + found.uss
    return Size(pss / 2**20, own / 2**20)


def _pid(pid: int | None) -> int:
    if pid is None:
        raise RuntimeError("a process is gone")
    return pid
