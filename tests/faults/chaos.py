"""The chaos: kills, freezes, stalled connections, lost log ends and restores, drawn from a seed while the load runs.

Every failpoint of every service is visited in tours: one process of a service is armed while its twin is away or
frozen, so that it surely gets there; where it died, the next life is armed with the next point.
"""

import asyncio
import random
import struct
import subprocess
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from aiokafka.errors import KafkaError

from shared.local.postgres import BINARIES
from shared.messaging.failpoints import FAILPOINTS
from shared.runtime.database import OUTAGES
from tests.faults.cast import end_agreement
from tests.faults.lives import Memory
from tests.faults.poison import Poison
from tests.faults.stage import Stage

EVERYWHERE = ("relay", "inbox")
REACHED_IN = {  # by the part of a failpoint's name before its dot; the others are everywhere
    "command": ("intake", "caseplan"),
    "timer": ("intake", "caseplan", "notifications"),
    **dict.fromkeys(("partner", "halting", "message", "answer"), ("notifications",)),
}
SHARED = ("relay", "inbox")  # work that twins share by halves, so that a frozen one leaves enough for the other
RARE = ("halting", "answer", "timer")
PAUSE = (0.3, 1.2)  # seconds between blows
REACH_WITHIN = 40.0  # seconds for a process to get to its failpoint
FROZEN = (0.5, 14.0)  # seconds; the longest outlives Kafka's patience with a group member
STALLED = (1.0, 12.0)
CHANCES = 3  # deaths at the point at which a mutant shows
TOUR = 3  # failpoints, one after the other
BLOWS = {"kill": 40, "freeze": 12, "stall": 14, "kill_partner": 10, "kill_kafka": 8, "kill_postgres": 10, "cut_log": 4}
FIRST = ("kill_kafka", "kill_postgres", "kill_partner", "freeze", "stall", "cut_log")  # none of them is left to chance
CUT = ("referral", "consent", "promise", "person", "message", "setback")


def all_points() -> list[tuple[str, str]]:
    """Every failpoint of every service that has it."""
    services = ("intake", "caseplan", "notifications", "reporting")
    return [
        (service, point)
        for point in FAILPOINTS
        for service in services
        if service in REACHED_IN.get(point.partition(".")[0], services)
    ]


@dataclass
class Chaos:
    stage: Stage
    memory: Memory
    kills: int
    seed: int
    only: tuple[str, str] | None = None  # strike this service at this failpoint and do nothing else
    poison: Poison = field(default_factory=lambda: Poison({}))
    done: Counter[str] = field(default_factory=Counter)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # held while it strikes

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed * 7919 + 1)
        self.points = all_points()
        self._random.shuffle(self.points)
        self._waiting = list(self.points)
        self._misses: Counter[tuple[str, str]] = Counter()
        self._first = list(FIRST)
        self._random.shuffle(self._first)

    @property
    def killed(self) -> int:
        return sum(count for blow, count in self.done.items() if blow.startswith("kill"))

    @property
    def hits(self) -> dict[str, int]:
        """By `service/failpoint`, as the dying processes noted themselves."""
        found = {service: Counter(self.stage.hits(service)) for service, _ in self.points}
        return {f"{service}/{point}": found[service][point] for service, point in sorted(self.points)}

    async def run(self) -> None:
        """Strike until `kills` kills were made; where a mutant is to show itself, until it had its chances."""
        while not self.is_over:
            await asyncio.sleep(self._random.uniform(*PAUSE))
            async with self.lock:
                if not self.is_over:
                    await self._strike()

    @property
    def is_over(self) -> bool:
        if self.only:
            service, point = self.only
            return self.stage.hits(service).count(point) >= CHANCES
        return self.killed >= self.kills

    async def _strike(self) -> None:
        if self.only:
            if self.memory.told:  # much is under way by now, so it meets something that it can break
                await self._tour(self.only[0], [self.only[1]])
        elif self._first and self._random.random() < 0.4:
            await getattr(self, f"_{self._first.pop()}")()
        elif self._waiting and (self._random.random() < 0.75 or self._is_late()):
            await self._tour(*self._next_tour())
        else:
            blow = self._random.choices(list(BLOWS), list(BLOWS.values()))[0]
            await getattr(self, f"_{blow}")()

    def _is_late(self) -> bool:
        """Whether the kills that are left are needed for the points that are left."""
        return len(self._waiting) * (1 + 1 / TOUR) >= self.kills - self.killed

    # Failpoints

    def _next_tour(self) -> tuple[str, list[str]]:
        service = self._waiting[0][0]
        points = [point for name, point in self._waiting if name == service][:TOUR]
        return service, points

    async def _tour(self, service: str, points: list[str]) -> None:
        first, second = self._random.sample([actor.name for actor in self.stage.of(service)], 2)
        self._kill_actor(first)
        freezes = all(point.partition(".")[0] in SHARED for point in points) and self._random.random() < 0.5
        if freezes:
            self.stage.freeze(second)
            self.done[f"freeze {second}"] += 1
        elif not points[0].startswith("command"):
            await self.stage.stop(second)
        for point in points:
            await self._visit(service, first, point)
        self.stage.thaw(second)
        self._up(first)
        self._up(second)

    async def _visit(self, service: str, name: str, point: str) -> None:
        """Start it with the place where it is to die by itself, and give it time and reason to get there."""
        if self.stage.actors[name].alive:  # it did not get to the point before
            self._kill_actor(name)
        nth = 1 if point.partition(".")[0] in RARE else self._random.randint(1, 4)
        before = len(self.stage.hits(service))
        self.stage.start(name, f"{point}:{nth}")
        with suppress(TimeoutError, RuntimeError):
            await self.stage.ready(name)  # a RuntimeError says that it got there already
        with suppress(TimeoutError):
            async with asyncio.timeout(REACH_WITHIN):
                while self.stage.actors[name].alive:
                    await self._stimulate(service, point)
                    for _ in range(30):
                        await asyncio.sleep(0.1)
                        if not self.stage.actors[name].alive:
                            break
        if len(self.stage.hits(service)) > before:
            self.done[f"kill {name}"] += 1
        else:
            self._misses[service, point] += 1
        self._settle_point(service, point)

    def _settle_point(self, service: str, point: str) -> None:
        """Visited points leave the list; missed ones come again, at the end."""
        here = (service, point)
        if here in self._waiting:
            self._waiting.remove(here)
            if point not in self.stage.hits(service) and self._misses[here] < 4:
                self._waiting.append(here)

    async def _stimulate(self, service: str, point: str) -> None:
        """What the load does too rarely to be waited for."""
        with suppress(*OUTAGES, KafkaError):
            if point.startswith("timer") and service == "intake" and self.memory.spare_consents:
                await self.stage.pull("intake", self.memory.spare_consents.pop())
            elif point.startswith("timer") and service == "notifications":
                await end_agreement(self.stage)
            elif point.startswith("relay") and service == "reporting":
                await self.poison.one_more(self.stage)

    def _up(self, name: str) -> None:
        actor = self.stage.actors[name]
        if actor.alive and not actor.failpoint:
            return
        if actor.alive:
            self._kill_actor(name)
        self.stage.start(name)

    def _kill_actor(self, name: str) -> None:
        if self.stage.actors[name].alive:
            self.stage.kill(name)
            self.done[f"kill {name}"] += 1

    # Everything else

    async def _kill(self) -> None:
        name = self._random.choice([actor.name for actor in self.stage.actors.values() if actor.service])
        self._kill_actor(name)
        self.stage.start(name)

    async def _kill_partner(self) -> None:
        self._kill_actor("partner")
        self.stage.start("partner")

    async def _freeze(self) -> None:
        name = self._random.choice(list(self.stage.actors))
        self.stage.freeze(name)
        await asyncio.sleep(self._random.uniform(*FROZEN))
        self.stage.thaw(name)
        self.done[f"freeze {name}"] += 1

    async def _stall(self) -> None:
        kind, door = self._random.choice((("kafka", self.stage.kafka_door), ("postgres", self.stage.postgres_door)))
        seconds = self._random.uniform(*STALLED)
        self.stage.stall(door, seconds, self._random.choice((0.5, 1.0)))
        await asyncio.sleep(seconds)
        self.done[f"stall {kind}"] += 1

    async def _kill_kafka(self) -> None:
        await self.stage.kafka.kill()
        await self.stage.kafka.start()
        self.done["kill kafka"] += 1

    async def _kill_postgres(self) -> None:
        await self.stage.postgres.kill()
        await self.stage.postgres.start()
        self.done["kill postgres"] += 1

    async def _cut_log(self) -> None:
        """A power cut: the broker dies, and the end of some logs was never on the disk.

        Partners' own topics are spared: what a partner has read it has read, whatever the log says afterwards. So is
        the poison: it is nobody's, so nobody would write it again, and readers would stand behind the end of the log.
        """
        await self.stage.kafka.kill()
        for family in self._random.sample(CUT, 3):
            for folder in sorted(self.stage.kafka.data.glob(f"throughcare.{family}.v1-*")):
                segment = max(folder.glob("*.log"))
                if self._random.random() < 0.5 and segment.stat().st_size:
                    topic, _, partition = folder.name.rpartition("-")
                    ours = end_of(segment.read_bytes(), self.poison.ends.get((topic, int(partition)), 0))
                    with segment.open("r+b") as file:
                        file.truncate(max(ours, int(segment.stat().st_size * self._random.uniform(0.8, 1.0))))
        await self.stage.kafka.start()
        self.done["kill kafka"] += 1
        self.done["cut log"] += 1


def end_of(log: bytes, offset: int) -> int:
    """Where in the bytes of a segment the batches below `offset` end."""
    place = 0
    while place + 12 <= len(log):
        base, length = struct.unpack_from(">qi", log, place)
        if base >= offset:
            break
        place += 12 + length
    return place


async def dump(stage: Stage, schema: str) -> bytes:
    """A backup of one service's schema."""
    return await _tool("pg_dump", "-Fc", "-n", schema, "-d", stage.network.databases.url(None, stage.network.database))


async def restore(stage: Stage, schema: str, backup: bytes) -> None:
    """Set one service's schema back to a backup, grants included. Its processes must be down."""
    address = stage.network.databases.url(None, stage.network.database)
    await _tool("pg_restore", "--clean", "--if-exists", "--single-transaction", "-d", address, given=backup)


async def _tool(program: str, *arguments: str, given: bytes | None = None) -> bytes:
    command = [str(BINARIES / program), *arguments]
    done = await asyncio.to_thread(subprocess.run, command, input=given, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[-400:])
    return done.stdout
