"""`latency`: from a commit in caseplan to the partner's own client, through relay, inbox, fan-out, consent and relay.

Both services are processes as `up` starts them, the client is a third. Events come at random moments (Poisson) at the
stated rate, whether or not those before have arrived, so that a slow one is not left out. Each is a referral to the
partner's agency, of one of a thousand people, each with a consent that is live.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Self, cast
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.figures import histogram, percentile
from bench.found import Plan, Row, goal_cell
from bench.network import Servers
from bench.relay import BESIDE
from bench.services import serving
from services.notifications.provisioning import Desk
from shared.contracts.referral import Sent, Stage
from shared.local.settings import ROOT
from shared.messaging.kafka import client_options
from shared.messaging.outbox import put_events
from shared.runtime.database import pool
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE, act
from shared.runtime.settings import Settings
from shared.security.keyed import keyed_pool
from shared.security.references import reference

RATES = {1: 60.0, 100: 20.0, 500: 15.0}  # events a second, and for how many seconds
WARM_UP = ((100, 8.0), (500, 6.0))
HOP_FOR = 5.0  # seconds
LEAST_HOPS = 20  # a second: one a second for five seconds would be five
PEOPLE = 1_000
P50, P99 = 25.0, 100.0  # milliseconds: the goals
EDGES = (5, 10, 15, 20, 25, 35, 50, 75, 100, 150, 250, 500)
WRITERS = 8
ARRIVE_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds that events of one rate took."""

    rate: int
    ours: Sequence[float]
    hop: Sequence[float]  # a bare produce and consume
    late: float  # how far behind its plan the source was, at most
    spent: Mapping[str, float]  # microseconds of processor an event, by process

    @property
    def reached(self) -> bool:
        return percentile(self.ours, 50) < P50 and percentile(self.ours, 99) < P99

    def as_json(self) -> dict[str, Any]:
        return {
            "events_per_second": self.rate,
            "reached": self.reached,
            "source_late_ms": round(self.late, 1),
            "cpu_us_per_event": {name: round(spent) for name, spent in self.spent.items()},
            "ours": _summary(self.ours),
            "bare_hop": _summary(self.hop),
        }

    def row(self) -> Row:
        ours, hop = _summary(self.ours), _summary(self.hop)
        return Row(
            "latency",
            f"commit to the partner's own client, {self.rate} event{'s' if self.rate > 1 else ''}/s",
            f"p50 {ours['p50']:g} ms, p99 {ours['p99']:g} ms",
            f"one bare relay hop, produce and consume: p50 {hop['p50']:g} ms, p99 {hop['p99']:g} ms",
            f"{ours['p50'] / hop['p50']:.1f} times its p50, {ours['p99'] / hop['p99']:.1f} times its p99",
            goal_cell(f"p50 < {P50:g} ms, p99 < {P99:g} ms", self.reached),
            " + ".join(f"{self.spent[name]:.0f}" for name in ("services", "postgres", "kafka")),
        )


def _summary(values: Sequence[float]) -> dict[str, Any]:
    shares = {f"p{share}": round(percentile(values, share), 1) for share in (50, 90, 99)}
    counts = histogram(values, EDGES)
    names = [*(f"<={edge}" for edge in EDGES), f">{EDGES[-1]}"]
    return {**shares, "most": round(max(values), 1), "events": len(values), "ms": dict(zip(names, counts, strict=True))}


@dataclass(frozen=True, slots=True)
class Latency:
    """The result: one row a rate."""

    times: Sequence[Times]
    name: str = "latency"

    @property
    def reached(self) -> bool:
        return all(one.reached for one in self.times)

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "reached": self.reached, "rates": [one.as_json() for one in self.times]}

    def rows(self) -> list[Row]:
        return [one.row() for one in self.times]

    def notes(self) -> list[str]:
        head = ["| latency, ms | " + " | ".join([*(f"≤ {edge}" for edge in EDGES), "more"]) + " |"]
        head.append("|-" * (len(EDGES) + 2) + "|")
        lines = [
            f"| {one.rate}/s, {len(one.ours)} events | " + " | ".join(map(str, histogram(one.ours, EDGES))) + " |"
            for one in self.times
        ]
        return ["\n".join([*head, *lines])]


async def bench(at: Servers, plan: Plan) -> Latency:
    found = []
    async with _services(at) as pids, _Road.open(at) as road, _Hop.open(at) as hop:
        for rate, seconds in WARM_UP:
            await road.drive(rate, seconds)
        for rate, seconds in RATES.items():
            bare, _ = await hop.drive(max(rate, LEAST_HOPS), HOP_FOR)
            watch = at.watch(**pids)
            ours, late = await road.drive(rate, seconds)
            spent = {name: used / len(ours) * 1e6 for name, used in watch.stop().spent.items()}
            spent["services"] = sum(spent[name] for name in pids)
            found.append(times := Times(rate, ours, bare, late, spent))
            plan.say(f"latency at {rate}/s: {times.row().ours}; {times.row().limit}")
    return Latency(found)


@asynccontextmanager
async def _services(at: Servers) -> AsyncIterator[Mapping[str, int]]:
    """The two that the way leads through, and which processes they are."""
    async with serving(at, "caseplan") as caseplan, serving(at, "notifications") as notifications:
        assert caseplan.pid is not None and notifications.pid is not None
        yield {"caseplan": caseplan.pid, "notifications": notifications.pid}


Start = Callable[[int], Coroutine[Any, Any, None]]


async def _poisson(rate: int, seconds: float, start: Start) -> float:
    """Calls `start` with 0, 1, 2 ... at random moments, waiting for none; how late it was at most, in milliseconds."""
    chance = random.Random(rate)
    began, due, late, number = time.perf_counter(), 0.0, 0.0, 0
    async with asyncio.TaskGroup() as under_way:
        while (due := due + chance.expovariate(rate)) < seconds:
            if (ahead := began + due - time.perf_counter()) > 0:
                await asyncio.sleep(ahead)
            late = max(late, time.perf_counter() - began - due)
            under_way.create_task(start(number))
            number += 1
    return late * 1000


@dataclass(slots=True)
class _Road:
    """From the commit to the partner."""

    settings: Settings
    writers: asyncpg.Pool
    agency: UUID
    consents: Sequence[tuple[UUID, UUID]]  # person and consent
    left: dict[str, int] = field(default_factory=dict)  # by reference: when its COMMIT was sent
    took: dict[str, float] = field(default_factory=dict)  # milliseconds

    @classmethod
    @asynccontextmanager
    async def open(cls, at: Servers) -> AsyncIterator[Self]:
        agency = uuid7()
        consents = await _people(at, agency)
        shown = await _partner(at, agency)
        settings = at.settings("caseplan", database_pool=WRITERS)
        act(SERVICE)
        async with keyed_pool(settings, "bench") as (writers, _):
            road = cls(settings, writers, agency, consents)
            async with _client(shown, road.arrived):
                yield road

    async def drive(self, rate: int, seconds: float) -> tuple[list[float], float]:
        """The milliseconds of all events of this drive, once all have arrived, and how late the source was."""
        self.left.clear()
        self.took.clear()
        late = await _poisson(rate, seconds, self.commit)
        async with asyncio.timeout(ARRIVE_WITHIN):
            while len(self.took) < len(self.left):
                await asyncio.sleep(0.02)
        return list(self.took.values()), late

    async def commit(self, number: int) -> None:
        """The clock starts when COMMIT is sent: what Postgres takes to make it last counts."""
        person, consent = self.consents[number * 7 % len(self.consents)]
        referral = uuid7()
        event = Sent(
            referral=referral, person=person, program=uuid7(), agency=self.agency, consent=consent, need="housing",
            stage=Stage.SENT, owner="agency", way="page",
        )  # fmt: skip
        called = reference(self.settings, self.agency, referral)
        async with self.writers.acquire() as borrowed:
            connection = cast(asyncpg.Connection, borrowed)
            transaction = connection.transaction()
            await transaction.start()
            await put_events(connection, referral, [event], partitionkey=person, person=person)
            self.left[called] = time.perf_counter_ns()
            await transaction.commit()

    def arrived(self, called: str, moment: int) -> None:
        if called in self.left and called not in self.took:
            self.took[called] = (moment - self.left[called]) / 1e6


async def _people(at: Servers, agency: UUID) -> list[tuple[UUID, UUID]]:
    """As notifications knows them once it has heard of them."""
    pairs = [(uuid7(), uuid7()) for _ in range(PEOPLE)]
    owner = await at.owner("notifications")
    try:
        name = "Lantern Clinic"
        await owner.execute("INSERT INTO agency VALUES ($1, $2, 'America/New_York', false)", agency, name)
        people = [(person, ["sms"], True) for person, _ in pairs]
        await owner.copy_records_to_table("person", records=people, columns=("id", "channels", "synthetic"))
        until = date.today() + timedelta(days=30)
        consents = [(consent, person, agency, ["referral"], "referral", until, True) for person, consent in pairs]
        columns = ("id", "person", "recipient", "categories", "purpose", "expires_on", "confirmed")
        await owner.copy_records_to_table("consent", records=consents, columns=columns)
    finally:
        await owner.close()
    return pairs


async def _partner(at: Servers, agency: UUID) -> dict[str, Any]:
    settings = at.settings("notifications")
    async with pool(settings, "bench desk", reach=SERVICE) as opened:
        act(SERVICE)
        desk = Desk(opened, at.cluster, settings)
        return await desk.show((await desk.add(agency)).slug)


@asynccontextmanager
async def _client(shown: Mapping[str, Any], arrived: Callable[[str, int], None]) -> AsyncIterator[None]:
    """Runs `bench.reader` and hands on what it writes."""
    settings = {
        "bootstrap.servers": shown["bootstrap_servers"],
        "security.protocol": shown["security_protocol"],
        "sasl.mechanism": shown["mechanism"],
        "sasl.username": shown["user"],
        "sasl.password": shown["password"],
        "group.id": f"{shown['group_prefix']}bench",
        "isolation.level": shown["isolation_level"],
        "enable.auto.commit": False,
    }
    pipe = asyncio.subprocess.PIPE
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "bench.reader", stdin=pipe, stdout=pipe, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    assert client.stdin is not None and client.stdout is not None
    asked = {"settings": settings, "topic": shown["topics"]["referral"]}
    client.stdin.write(json.dumps(asked).encode() + b"\n")
    await client.stdin.drain()
    if await client.stdout.readline() != b"ready\n":
        raise RuntimeError("the partner's client did not start")
    reading = asyncio.create_task(_hand_on(client.stdout, arrived))
    try:
        yield
    finally:
        reading.cancel()
        with suppress(ProcessLookupError):
            client.kill()
        await client.wait()


async def _hand_on(lines: asyncio.StreamReader, arrived: Callable[[str, int], None]) -> None:
    async for line in lines:
        moment, called = line.split()
        arrived(called.decode(), int(moment))


@dataclass(slots=True)
class _Hop:
    """A bare aiokafka pair: the producer that awaits each send, and a consumer of the same topic, in this process."""

    producer: AIOKafkaProducer
    left: list[int] = field(default_factory=list)
    took: list[float] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def open(cls, at: Servers) -> AsyncIterator[Self]:
        options = client_options(at.settings("caseplan"))
        producer = AIOKafkaProducer(**options, acks="all", enable_idempotence=True)
        consumer = AIOKafkaConsumer(**options, enable_auto_commit=False)
        await producer.start()
        await consumer.start()
        place = TopicPartition(BESIDE, 0)
        consumer.assign([place])
        await consumer.seek_to_end(place)
        hop = cls(producer)
        reading = asyncio.create_task(hop.read(consumer))
        try:
            yield hop
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
            await consumer.stop()
            await producer.stop()

    async def drive(self, rate: int, seconds: float) -> tuple[list[float], float]:
        self.left.clear()
        self.took.clear()
        late = await _poisson(rate, seconds, self.send)
        async with asyncio.timeout(ARRIVE_WITHIN):
            while len(self.took) < len(self.left):
                await asyncio.sleep(0.02)
        return list(self.took), late

    async def send(self, number: int) -> None:
        moment = time.perf_counter_ns()
        self.left.append(moment)
        await self.producer.send_and_wait(BESIDE, str(moment).encode().ljust(600), partition=0)

    async def read(self, consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            self.took.append((time.perf_counter_ns() - int(record.value)) / 1e6)
