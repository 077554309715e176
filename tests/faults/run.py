"""One run of the harness: a stage, lives on it, chaos, a restore half-way, and the judgment."""

import asyncio
import json
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TypeVar

from shared.contracts.topics import BY_NAME, SERVICES
from shared.messaging.failpoints import MUTANTS
from shared.runtime.database import OUTAGES
from tests.faults import cast
from tests.faults.answers import Answers, said
from tests.faults.chaos import Chaos, dump, restore
from tests.faults.gather import gather, listens
from tests.faults.history import Findings, History, judge
from tests.faults.lives import KAFKA_TROUBLE, STREAMS, Life, Memory
from tests.faults.load import LIVES, Load
from tests.faults.poison import ANSWERS, Poison
from tests.faults.stage import Stage

SETTLE_WITHIN = 240.0  # seconds from the last blow until nothing is under way
FULL = 100  # kills: so many reach every failpoint
SET_BACK = ("notifications", "caseplan", "reporting", "intake")  # one of them, by the seed, is restored half-way
BREAKS = {  # mutant -> the service and the failpoint at which it shows; no_aggregate_lock shows under load alone
    "ack_before_commit": ("reporting", "inbox.applied"),
    "no_progress_check": ("caseplan", "relay.acknowledged"),
}
MUTANT_SETTLES_WITHIN = 25.0  # seconds; what a mutant lost never comes
PACES = (4.0, 400.0)  # events a second, the least and the most
TELL_EVERY = 10.0  # seconds
LOOK_EVERY = 1.0
PRODUCED = "SELECT (SELECT count(*) FROM event_archive) + (SELECT count(*) FROM outbox)"
WAITING = {
    "outbox": "SELECT count(*) FROM outbox",
    "partner_row": "SELECT count(*) FROM partner_row",
    "halting": "SELECT count(*) FROM halting",
    "due": "SELECT count(*) FROM timer WHERE due_at < clock()",
    "messages": "SELECT count(*) FROM message WHERE state = 'waiting'",
}
TROUBLE: tuple[type[Exception], ...] = (*OUTAGES, *KAFKA_TROUBLE)
OFFSETS = "SELECT topic, partition, next_offset FROM consumer_offset WHERE consumer = $1"

Say = Callable[[str], None]
T = TypeVar("T")


@dataclass
class Report:
    """What a run found. `ok` only when nothing was lost, doubled, inverted, disclosed too late or miscounted."""

    seed: int
    findings: Findings = field(default_factory=Findings)
    produced: int = 0
    applied: int = 0
    ignored: int = 0
    foreign: int = 0
    parked: int = 0
    poison: int = 0
    kills: int = 0
    blows: dict[str, int] = field(default_factory=dict)
    failpoints: dict[str, int] = field(default_factory=dict)
    settled: bool = True
    lives: int = 0
    given_up: list[str] = field(default_factory=list)
    cut_short: int = 0
    ended: dict[str, int] = field(default_factory=dict)  # processes that gave up, and how often
    revocations: int = 0
    partner_records: int = 0
    seconds: float = 0.0
    mutants_caught: list[str] = field(default_factory=list)

    @property
    def missed(self) -> list[str]:
        """Failpoints that a full run should have visited."""
        return [name for name, hits in self.failpoints.items() if not hits] if self.kills >= FULL else []

    @property
    def ok(self) -> bool:
        return self.settled and self.findings.clean and not self.missed

    def json(self) -> str:
        f = self.findings
        return json.dumps(
            {
                "ok": self.ok, "seed": self.seed, "produced": self.produced, "applied": self.applied,
                "ignored": self.ignored, "foreign": self.foreign, "parked": self.parked, "poison": self.poison,
                "lost": f.lost, "doubled": f.doubled, "inverted": f.inverted,
                "disclosed_after_revocation": f.disclosed_after_revocation, "miscounted": f.miscounted,
                "kills": self.kills, "blows": self.blows, "failpoints": self.failpoints, "settled": self.settled,
                "lives": self.lives, "given_up": self.given_up[:10], "cut_short": self.cut_short,
                "ended_by_themselves": self.ended, "revocations": self.revocations,
                "partner_records": self.partner_records, "mutants_caught": self.mutants_caught,
                "seconds": round(self.seconds, 1), "examples": f.examples,
            },
            indent=2,
        )  # fmt: skip


class Play:
    """Everything of one run that has to be known in more than one place."""

    def __init__(self, stage: Stage, events: int, kills: int, seed: int, say: Say) -> None:
        self.stage = stage
        self.events = events
        self.say = say
        self.began = monotonic()
        self.load = Load(stage, seed)
        self.memory = Memory()
        self.chaos = Chaos(stage, self.memory, kills, seed, BREAKS.get(stage.mutant))
        self.produced = 0
        self.is_well = False
        self.set_back = SET_BACK[seed % len(SET_BACK)]
        self._random = random.Random(seed)

    async def open(self) -> None:
        """Servers, processes, the directory, the partner; then the poison, while all is calm."""
        self.say("Starting Postgres, Kafka and two processes of every service")
        await self.stage.open()
        self.listens = listens(self.stage.settings)
        self.stage.cast_services()
        await self.stage.all_ready()
        await cast.directory(self.load)
        shown = await cast.connect_partner(self.stage)
        self.stage.cast_partner(shown)
        self.stage.start("partner")
        self.answers = Answers(shown, self.stage.records)
        self.poison = self.chaos.poison = Poison(self.listens)
        await self.poison.spread(self.stage)
        if not await self.settle():
            raise RuntimeError("the network does not come to rest before anything has happened")

    async def close(self) -> None:
        with suppress(AttributeError):
            self.answers.close()
        await self.load.close()
        await self.stage.close()

    # Playing

    async def play(self) -> None:
        """Lives and chaos until both are done; half-way one service is set back to an earlier state."""
        tasks = [asyncio.create_task(self._people(number)) for number in range(LIVES)]
        striking = asyncio.create_task(self.chaos.run())
        telling = monotonic()
        backup, restored = b"", bool(self.stage.mutant)  # a mutant's run is short
        try:
            while not (striking.done() and restored and all(task.done() for task in tasks)):
                await asyncio.sleep(LOOK_EVERY)
                _raise_of([*tasks, striking])
                if not self.chaos.lock.locked():
                    self.stage.revive()
                await self._count()
                self._set_pace()
                share = self.produced / self.events
                if not restored and not backup and share > 0.25:
                    backup = await self.quietly(lambda: dump(self.stage, self.set_back))
                    self.say(f"Backup of {self.set_back} taken after {self.produced} events")
                elif not restored and backup and (share > 0.5 or striking.done()):
                    await self._restore(backup)
                    restored = True
                if monotonic() > telling + TELL_EVERY:
                    telling = monotonic()
                    self._tell()
        finally:
            for task in (*tasks, striking):
                task.cancel()
            await asyncio.gather(*tasks, striking, return_exceptions=True)

    async def _people(self, number: int) -> None:
        """One life after the other."""
        await asyncio.sleep(number * 0.1)
        while self.produced < self.events or not self.chaos.is_over:
            seed = self._random.random()
            await Life(self.load, self.answers, self.memory, random.Random(seed)).live()

    async def _count(self) -> None:
        with suppress(*OUTAGES):
            self.produced = sum(await self._produced())

    def _set_pace(self) -> None:
        """What makes the rest of the load last as long as the rest of the chaos."""
        left, kills = self.events - self.produced, self.chaos.kills - self.chaos.killed
        if kills <= 0:
            self.load.pace = PACES[1]
            return
        seconds = monotonic() - self.began
        each = seconds / self.chaos.killed if self.chaos.killed else 8.0
        self.load.pace = min(max(PACES[0], left / (each * kills)), PACES[1])

    def _tell(self) -> None:
        hit = sum(1 for hits in self.chaos.hits.values() if hits)
        self.say(
            f"{monotonic() - self.began:5.0f} s  {self.produced} events  {self.chaos.killed} kills  "
            f"{hit} of {len(self.chaos.points)} failpoints  {self.memory.told} lives  "
            f"{len(self.memory.ended)} revocations in effect"
        )

    async def _restore(self, backup: bytes) -> None:
        async def act() -> None:
            for actor in self.stage.of(self.set_back):
                self.stage.kill(actor.name)
            await restore(self.stage, self.set_back, backup)
            self.load.set_back_at = monotonic()
            await self.stage.all_ready()
            self.chaos.done["restore"] += 1

        await self.quietly(act)
        self.say(f"{self.set_back} restored to that backup after {self.produced} events")

    async def quietly(self, act: Callable[[], Awaitable[T]]) -> T:
        """Do something while neither load nor chaos runs and all that was said is on its way."""
        async with self.chaos.lock:
            await self.load.rest()
            if not await self.settle():
                raise RuntimeError(f"the network does not come to rest; see the logs in {self.stage.home}")
            try:
                return await act()
            finally:
                self.load.going.set()

    # Coming to rest

    async def settle(self, within: float = SETTLE_WITHIN) -> bool:
        """Wait until nothing is under way, twice in a row; False if that does not come."""
        self.busy = "somebody is not ready"
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self.stage.all_ready()
                calm = 0
                while calm < 2:
                    self.busy = await self._busy()
                    calm = 0 if self.busy else calm + 1
                    await asyncio.sleep(0.7)
                return True
        self.say(f"Still under way: {self.busy}")
        return False

    async def _busy(self) -> str:
        """What is still under way, in words; empty when all is at rest."""
        try:
            for service in SERVICES:
                for what in ("outbox", "due"):
                    if count := await self.look(service, WAITING[what]):
                        return f"{count} {what} of {service}"
            for what in ("partner_row", "halting", "messages"):
                if count := await self.look("notifications", WAITING[what]):
                    return f"{count} {what}"
            return await self._unread()
        except TROUBLE as error:
            return f"a look: {type(error).__name__} {error}"

    async def _unread(self) -> str:
        topics = frozenset().union(*self.listens.values())
        places = [(topic, number) for topic in topics for number in range(BY_NAME[topic].partitions)]
        ends = await asyncio.to_thread(self.stage.log_ends, [*places, (ANSWERS, 0)])
        for service in SERVICES:
            connection = await self.stage.connect(service)
            try:
                rows = await connection.fetch(OFFSETS, service)
            finally:
                await connection.close()
            reached = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
            hears = [p for p in places if p[0] in self.listens[service]]
            hears += [(ANSWERS, 0)] if service == "notifications" else []
            for place in hears:
                if reached.get(place, 0) < ends[place]:
                    return f"{service} is at {reached.get(place, 0)} of {ends[place]} on {place}"
        return await self._partner_behind()

    async def _partner_behind(self) -> str:
        """The client has all that stood on its streams a moment ago; the last may be the mark of a transaction."""
        ends = await asyncio.to_thread(self.stage.log_ends, list(STREAMS))
        last = {topic: -1 for topic, _ in STREAMS}
        for record in said(self.stage.records.read_text(encoding="utf-8") if self.stage.records.exists() else ""):
            last[record.topic] = max(last.get(record.topic, -1), record.offset)
        for (topic, _), end in ends.items():
            if last[topic] + 2 < end:
                return f"the partner is at {last[topic]} of {end} on {topic}"
        return ""

    async def look(self, service: str, query: str) -> int:
        connection = await self.stage.connect(service)
        try:
            return int(await connection.fetchval(query))
        finally:
            await connection.close()

    async def report(self) -> Report:
        self.say("Waiting until nothing is under way")
        settled, history, totals = await self._history()
        findings = await asyncio.to_thread(judge, history)
        report = Report(
            self.load.seed, findings, len(history.facts), totals["applied"], totals["ignored"], totals["foreign"],
            totals["parked"], sum(self.poison.expected(unknown=False).values()), self.chaos.killed,
            dict(sorted(self.chaos.done.items())), self.chaos.hits, settled, self.memory.told, self.load.given_up,
            self.load.cut_short, dict(self.stage.ended), len(self.memory.ended), len(history.said),
            monotonic() - self.began,
        )  # fmt: skip
        self.is_well = report.ok
        return report

    async def _history(self) -> tuple[bool, History, dict[str, int]]:
        """Read while nobody says anything: a clock that rings between two of the reads would look like a loss."""
        within = MUTANT_SETTLES_WITHIN if self.stage.mutant else SETTLE_WITHIN
        settled = await self.settle(within)
        while True:
            before = await self._produced()
            settled = settled and await self.settle(within)
            history, totals = await gather(self.stage, list(self.load.intents.values()), self.memory, self.poison)
            if not settled or before == await self._produced():
                return settled, history, totals

    async def _produced(self) -> list[int]:
        return [await self.look(service, PRODUCED) for service in SERVICES]

    async def break_with(self, mutant: str, events: int) -> Report:
        """Go on with a guarantee broken on purpose; what the judge says then."""
        self.stage.mutant = mutant
        for actor in self.stage.actors.values():
            self.stage.kill(actor.name)
            actor.environment["THROUGHCARE_TEST_MUTANT"] = mutant
        await self.stage.all_ready()
        self.events, self.chaos.only = self.produced + events, BREAKS.get(mutant)
        await self.play()
        return await self.report()


async def run(events: int, kills: int, seed: int, *, mutant: str = "", say: Say = print) -> Report:
    """The whole play in a temporary home, which is deleted if all is well and named if not."""
    async with a_play(events, kills, seed, mutant=mutant, say=say) as play:
        say(f"Asking for {events} events, {kills} kills meanwhile, seed {seed}")
        await play.play()
        return await play.report()


@asynccontextmanager
async def a_play(events: int, kills: int, seed: int, *, mutant: str = "", say: Say = print) -> AsyncIterator[Play]:
    """A play whose stage stands, and is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="throughcare-faults-"))
    home.chmod(0o755)
    play = Play(Stage(home, mutant), events, kills, seed, say)
    try:
        await play.open()
        yield play
    finally:
        await play.close()
        if mutant or play.is_well:
            shutil.rmtree(home, ignore_errors=True)
        else:
            say(f"The logs of this run are in {home}")


async def catch_mutants(seed: int, *, say: Say = print) -> list[str]:
    """Break one guarantee at a time; a harness that finds nothing then proves nothing."""
    caught = []
    for mutant in MUTANTS:
        findings = (await run(700, 0, seed, mutant=mutant, say=lambda _: None)).findings
        say(f"Mutant {mutant}: {'NOT CAUGHT' if findings.clean else f'caught: {findings.examples[0]}'}")
        if not findings.clean:
            caught.append(mutant)
    return caught


def _raise_of(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()):
            raise error
