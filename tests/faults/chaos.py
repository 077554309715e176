"""The chaos: kills, freezes, lost log ends and a restore, drawn from a seed while the load runs."""

import asyncio
import random
import subprocess
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from shared.local.postgres import BINARIES
from shared.messaging.failpoints import FAILPOINTS
from tests.faults.stage import DATABASE, Stage

REACHED_BY = {
    "command": ("api",),
    "relay": ("worker",),
    "timer": ("worker",),
    "inbox": ("reader",),
}
PAUSE = (0.2, 0.9)  # seconds between blows
REACH_WITHIN = 8.0  # seconds for a process to get to its failpoint
FROZEN = (0.5, 14.0)  # seconds; the longest outlives Kafka's patience with a group member


@dataclass
class Chaos:
    stage: Stage
    kills: int
    seed: int
    topic: str
    only: str = ""  # strike at this failpoint and nowhere else
    done: Counter[str] = field(default_factory=Counter)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # held while it strikes

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed * 7919 + 1)
        self.failpoints = [point for point in FAILPOINTS if point.partition(".")[0] in REACHED_BY]
        self._random.shuffle(self.failpoints)
        if self.only:
            self.failpoints = [self.only]
        self._next = 0

    @property
    def killed(self) -> int:
        return sum(count for blow, count in self.done.items() if blow.startswith("kill"))

    async def run(self) -> None:
        """Strike until `kills` kills were made."""
        while self.killed < self.kills:
            await asyncio.sleep(self._random.uniform(*PAUSE))
            async with self.lock:
                await self._strike()

    async def _strike(self) -> None:
        blow = self._random.choices(
            ("kill", "failpoint", "freeze", "kill_kafka", "kill_postgres", "cut_log"), (45, 40, 6, 3, 4, 1)
        )[0]
        if self.only:
            blow = "failpoint"
        elif self.killed == 5:
            blow = "kill_kafka"
        elif self.killed == 10:
            blow = "kill_postgres"
        elif self.killed == 15:
            blow = "cut_log"
        await getattr(self, f"_{blow}")()

    async def _kill(self) -> None:
        name = self._random.choice(list(self.stage.actors))
        self.stage.kill(name)
        self.stage.start(name)
        self.done[f"kill {name}"] += 1

    async def _failpoint(self) -> None:
        """Start a process again with a place where it is to die by itself, and give it time to get there."""
        point = self.failpoints[self._next % len(self.failpoints)]
        self._next += 1
        kind = point.partition(".")[0]
        names = [name for name in self.stage.actors if name.rstrip("0123456789") in REACHED_BY[kind]]
        name = self._random.choice(names)
        others = [other for other in names if other != name]
        self.stage.kill(name)
        self.done[f"kill {name}"] += 1
        self.stage.start(name, f"{point}:{self._random.randint(1, 5)}")
        if kind in ("relay", "inbox", "timer"):
            for other in others:  # the only one of its kind gets all the work, so it surely gets there
                self.stage.freeze(other)
        with suppress(TimeoutError, RuntimeError):
            await self.stage.ready(name, 30)  # a RuntimeError says that it got there already
            async with asyncio.timeout(REACH_WITHIN):
                while self.stage.actors[name].alive:
                    await asyncio.sleep(0.05)
        for other in others:
            self.stage.thaw(other)
        if not self.stage.actors[name].alive:
            self.done[f"kill {name}"] += 1
        self.stage.kill(name)
        self.stage.start(name)

    async def _freeze(self) -> None:
        name = self._random.choice(list(self.stage.actors))
        self.stage.freeze(name)
        await asyncio.sleep(self._random.uniform(*FROZEN))
        self.stage.thaw(name)
        self.done[f"freeze {name}"] += 1

    async def _kill_kafka(self) -> None:
        await self.stage.kafka.kill()
        await self.stage.kafka.start()
        self.done["kill kafka"] += 1

    async def _kill_postgres(self) -> None:
        await self.stage.postgres.kill()
        await self.stage.postgres.start()
        self.done["kill postgres"] += 1

    async def _cut_log(self) -> None:
        """A power cut: the broker dies and the end of some logs was never on the disk."""
        await self.stage.kafka.kill()
        for folder in sorted(self.stage.kafka.data.glob(f"{self.topic}-*")):
            segment = max(folder.glob("*.log"))
            if self._random.random() < 0.5 and segment.stat().st_size:
                with segment.open("r+b") as file:
                    file.truncate(int(segment.stat().st_size * self._random.uniform(0.8, 1.0)))
        await self.stage.kafka.start()
        self.done["kill kafka"] += 1
        self.done["cut log"] += 1


async def dump(stage: Stage, schema: str) -> bytes:
    """A backup of one service's schema."""
    return await _tool("pg_dump", "-Fc", "-n", schema, "-d", stage.databases.url(None, DATABASE))


async def restore(stage: Stage, schema: str, backup: bytes) -> None:
    """Set one service's schema back to a backup, grants included. Its processes must be down."""
    address = stage.databases.url(None, DATABASE)
    await _tool("pg_restore", "--clean", "--if-exists", "--single-transaction", "-d", address, given=backup)


async def _tool(program: str, *arguments: str, given: bytes | None = None) -> bytes:
    command = [str(BINARIES / program), *arguments]
    done = await asyncio.to_thread(subprocess.run, command, input=given, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[-400:])
    return done.stdout
