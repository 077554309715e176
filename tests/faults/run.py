"""One run of the harness: a stage, a load, chaos, a restore half-way, and the judgment."""

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from uuid import UUID

from aiokafka import AIOKafkaProducer

from shared.messaging.failpoints import MUTANTS
from shared.messaging.kafka import client_options
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings
from tests.faults.chaos import Chaos, dump, restore
from tests.faults.history import Findings, judge
from tests.faults.load import SUBJECTS, Load
from tests.faults.stage import Stage
from tests.faults.toy.app import TOPIC

WRITER, READER = "notifications", "reporting"
SETTLE_WITHIN = 180.0  # seconds from the last blow until nothing is under way
POISON = 20
BREAKS = {  # mutant -> the failpoint at which it shows, and how few aggregates it takes
    "ack_before_commit": ("inbox.applied", 200),
    "no_aggregate_lock": ("", 3),
    "no_progress_check": ("relay.acknowledged", 200),
}
MUTANT_SETTLES_WITHIN = 20.0  # seconds; what a mutant lost never comes
TYPE = b"throughcare.message.decided.v1"
WAITING = "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM timer)"
SEEN = "SELECT count(DISTINCT id) FROM witness WHERE topic = $1"
FACTS = "SELECT count(*) FROM event_archive WHERE topic = $1"

Say = Callable[[str], None]


@dataclass
class Report:
    """What a run found. `ok` only when nothing was lost, doubled or inverted and the poison is all that is parked."""

    seed: int
    findings: Findings
    poison: int
    kills: int
    blows: dict[str, int]
    failpoints: dict[str, int]
    disclosed_after_revocation: int = 0
    settled: bool = True
    seconds: float = 0.0
    mutants_caught: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        f = self.findings
        wrong = f.lost + f.doubled + f.inverted + self.disclosed_after_revocation
        return self.settled and not wrong and f.parked + f.foreign == self.poison

    def json(self) -> str:
        f = self.findings
        return json.dumps(
            {
                "ok": self.ok, "seed": self.seed, "produced": f.produced, "applied": f.applied, "ignored": f.ignored,
                "foreign": f.foreign, "parked": f.parked, "poison": self.poison, "lost": f.lost, "doubled": f.doubled,
                "inverted": f.inverted, "disclosed_after_revocation": self.disclosed_after_revocation,
                "kills": self.kills, "blows": self.blows, "failpoints": self.failpoints, "settled": self.settled,
                "mutants_caught": self.mutants_caught, "seconds": round(self.seconds, 1), "examples": f.examples,
            },
            indent=2,
        )  # fmt: skip


async def run(events: int, kills: int, seed: int, *, mutant: str = "", say: Say = print) -> Report:
    """The whole play in a temporary home, which is deleted if all is well and named if not."""
    began = monotonic()
    home = Path(tempfile.mkdtemp(prefix="throughcare-faults-"))
    home.chmod(0o755)
    stage = Stage(home, mutant)
    try:
        say(f"Starting Postgres and Kafka, seed {seed}")
        toy = Path(__file__).parent / "toy" / "migrations"
        await stage.open({WRITER: toy, READER: toy})
        await _cast(stage)
        only, subjects = BREAKS.get(mutant, ("", SUBJECTS))
        load = Load(stage, ["api1", "api2"], events, seed, subjects)
        chaos = Chaos(stage, kills, seed, TOPIC, only)
        say(f"Asking for {events} events, {kills} kills meanwhile")
        loading = asyncio.create_task(load.run())
        try:
            poison = await _play(stage, load, chaos, loading, say)
        finally:
            loading.cancel()
        say("Waiting until nothing is under way")
        settled = await _settle(stage, MUTANT_SETTLES_WITHIN if mutant else SETTLE_WITHIN)
        findings = await judge(stage, load.intents, load.acknowledged, WRITER, READER, TOPIC)
        hits = Counter(stage.notes.read_text().split() if stage.notes.exists() else ())
        report = Report(
            seed, findings, poison, chaos.killed, dict(sorted(chaos.done.items())),
            {point: hits[point] for point in chaos.failpoints}, settled=settled, seconds=monotonic() - began,
        )  # fmt: skip
    finally:
        await stage.close()
    if not report.ok and not mutant:
        say(f"The logs of this run are in {home}")
    return report


async def catch_mutants(seed: int, *, say: Say = print) -> list[str]:
    """Break one guarantee at a time; a harness that finds nothing then proves nothing."""
    caught = []
    for mutant in MUTANTS:
        report = await run(600, 6 if BREAKS[mutant][0] else 0, seed, mutant=mutant, say=lambda _: None)
        say(f"Mutant {mutant}: {'NOT CAUGHT' if report.ok else 'caught'} ({', '.join(report.findings.examples[:1])})")
        if not report.ok:
            caught.append(mutant)
    return caught


async def _cast(stage: Stage) -> None:
    app = "tests.faults.toy.app"
    for number in (1, 2):
        stage.cast(f"api{number}", WRITER, [app, "writer"], "api")
        stage.cast(f"worker{number}", WRITER, [app, "writer"], "worker")
        stage.cast(f"reader{number}", READER, [app, "reader"], "worker")
    for name in stage.actors:
        stage.start(name)
    await asyncio.gather(*(stage.ready(name) for name in stage.actors))


async def _play(stage: Stage, load: Load, chaos: Chaos, loading: asyncio.Task[None], say: Say) -> int:
    """Chaos beside the load; poison in between; half-way the writer's schema is set back to an earlier state."""
    began = monotonic()
    poison = await _poison(stage)
    striking = asyncio.create_task(chaos.run())
    backup, restored = b"", bool(stage.mutant)  # a mutant's run is short
    while not (loading.done() and striking.done() and restored):
        await asyncio.sleep(0.2)
        for task in (loading, striking):
            if task.done() and task.exception():
                raise task.exception()  # type: ignore[misc]
        load.pace = _pace(load, chaos, monotonic() - began)
        share = min(load.asked / load.events, 1.0)
        if not backup and not restored and share > 0.25:
            backup = await _quietly(stage, load, chaos, lambda: dump(stage, WRITER))
            say(f"Backup taken after {load.asked} events, {chaos.killed} kills")
        elif not restored and share > 0.5:
            await _set_back(stage, load, chaos, backup)
            restored = True
            say(f"Writer restored to that backup after {load.asked} events, {chaos.killed} kills")
    return poison


def _pace(load: Load, chaos: Chaos, seconds: float) -> float:
    """Events a second that make what is left of the load last as long as what is left of the chaos."""
    if chaos.killed >= chaos.kills:
        return 1e9
    each = seconds / chaos.killed if chaos.killed else 4.0
    return max(5.0, (load.events - load.asked) / (each * (chaos.kills - chaos.killed)))


async def _quietly(stage: Stage, load: Load, chaos: Chaos, act):  # type: ignore[no-untyped-def]
    """Do something while neither load nor chaos runs and all that was said is on its way."""
    async with chaos.lock:
        await load.rest()
        await _heal(stage)
        if not await _settle(stage):
            raise RuntimeError("the network does not come to rest")
        try:
            return await act()
        finally:
            load.paused.set()


async def _set_back(stage: Stage, load: Load, chaos: Chaos, backup: bytes) -> None:
    writers = [name for name, actor in stage.actors.items() if actor.service == WRITER]

    async def act() -> None:
        for name in writers:
            stage.kill(name)
        await restore(stage, WRITER, backup)
        for name in writers:
            stage.start(name)
        await asyncio.gather(*(stage.ready(name) for name in writers))
        chaos.done["restore"] += 1

    await _quietly(stage, load, chaos, act)


async def _heal(stage: Stage) -> None:
    """Everything runs, nothing is frozen, nothing is going to die by itself."""
    for name, actor in stage.actors.items():
        stage.thaw(name)
        if actor.failpoint or not actor.alive:
            stage.kill(name)
            stage.start(name)
    await asyncio.gather(*(stage.ready(name) for name in stage.actors))


async def _settle(stage: Stage, within: float = SETTLE_WITHIN) -> bool:
    """Wait until the outbox is empty, no clock is due and the reader has seen all; False if that does not come."""
    await _heal(stage)
    writer, reader = await stage.connect(WRITER), await stage.connect(READER)
    try:
        async with asyncio.timeout(within):
            while await writer.fetchval(WAITING) or await reader.fetchval(SEEN, TOPIC) < await writer.fetchval(
                FACTS, TOPIC
            ):
                await asyncio.sleep(0.2)
        return True
    except TimeoutError:
        return False
    finally:
        await writer.close()
        await reader.close()


async def _poison(stage: Stage) -> int:
    """Records that can't be applied, on subjects of their own; returns how many."""
    access = stage.kafka.access
    settings = Settings(
        demo=True,
        kafka=access.bootstrap,
        kafka_user=access.user,
        kafka_password=access.password,
    )
    producer = AIOKafkaProducer(**client_options(settings), acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for number in range(POISON):
            key, headers = _bad_headers(uuid7(), number)
            await producer.send_and_wait(TOPIC, b"{not json" if number % 3 else None, key=key, headers=headers)
    finally:
        await producer.stop()
    return POISON


def _bad_headers(subject: UUID, number: int) -> tuple[bytes, list[tuple[str, bytes]]]:
    key = str(subject).encode()
    if number % 2:
        return key, [("ce_specversion", b"1.0"), ("ce_subject", b"\xff\xfe")]
    return key, [
        ("ce_specversion", b"1.0"), ("ce_id", str(uuid7()).encode()), ("ce_source", b"/throughcare/notifications"),
        ("ce_type", TYPE), ("ce_subject", key), ("ce_time", b"2026-11-20T15:00:00.000000Z"),
        ("ce_sequence", b"%019d" % 1), ("ce_epoch", b"1"), ("ce_partitionkey", key),
        ("ce_dataschema", b"urn:throughcare:schema:" + TYPE), ("content-type", b"application/json"),
    ]  # fmt: skip
