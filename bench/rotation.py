"""`rotation`: what wrapping everybody's keys anew costs those who work meanwhile, and how many people a second it does.

The commands are those of `commands`, through the real app; beside them is the same without a rotation, in the same run.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from statistics import median
from typing import Self

import asyncpg

from bench.commands import CLIENTS, Load, loaded
from bench.found import Plan
from bench.network import Servers
from bench.rounds import Result, interleave
from bench.watch import Lap
from shared.contracts.compartments import OPENS
from shared.local.settings import ROOT
from shared.runtime.ids import uuid7
from shared.security.keys import place_of
from shared.security.masters import LocalMaster

PEOPLE = 10_000
SECRETS = ("the master secret from before", "the new master secret")
COMPARTMENTS = sorted({compartment.value for opened in OPENS.values() for compartment in opened})
ALONE = "the same commands without a rotation"
COLUMNS = ("person_id", "compartment", "wrapped", "master")


async def bench(at: Servers, plan: Plan) -> Result:
    await _fill(at)
    async with loaded(at, plan) as load, Rotator.started(at) as rotator:
        beside = _Beside(load, rotator)
        result = await interleave(
            "rotation", "", plan, load.commands, goal=0.9, ours=beside.once, limits={ALONE: load.ours}
        )
    people = median(rotator.people[-plan.rounds :])
    result.what = (
        f"HTTP commands, {CLIENTS} at a time, while the keys of {people:,.0f} people a second are wrapped anew"
    )
    result.extra |= {"people": PEOPLE, "keys_of_each": len(COMPARTMENTS), "people_per_second": round(people)}
    return result


async def _fill(at: Servers) -> None:
    """Everybody with a key in every compartment, under the first secret."""
    master = LocalMaster(SECRETS[0])
    people = [uuid7() for _ in range(PEOPLE)]
    rows = [
        (person, compartment, await master.wrap(place_of(person, compartment), os.urandom(32)), master.id)
        for person in people
        for compartment in COMPARTMENTS
    ]
    owner = await asyncpg.connect(at.keys.url("keys_owner"))
    try:
        await owner.copy_records_to_table("person_key", records=rows, columns=COLUMNS)
    finally:
        await owner.close()


@dataclass(slots=True)
class Rotator:
    """`bench.rotator`, and how many people a second it did in each turn."""

    process: asyncio.subprocess.Process
    people: list[float] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def started(cls, at: Servers) -> AsyncIterator[Self]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "bench.rotator",
            stdin=pipe,
            stdout=pipe,
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT)},
        )
        rotator = cls(process)
        try:
            await rotator._say(json.dumps({"url": at.keys.url("keys_owner"), "secrets": SECRETS}))
            yield rotator
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def go(self) -> None:
        await self._say("go")

    async def stop(self) -> None:
        await self._say("stop")
        assert self.process.stdout is not None
        told = json.loads(await self.process.stdout.readline())
        self.people.append(told["rows"] / len(COMPARTMENTS) / told["seconds"])

    async def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()


@dataclass(frozen=True, slots=True)
class _Beside:
    load: Load
    rotator: Rotator

    async def once(self) -> Lap:
        await self.rotator.go()
        lap = await self.load.ours()
        await self.rotator.stop()
        return lap
