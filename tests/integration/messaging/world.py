"""A writer and a reader joined by real Kafka: the smallest network the guarantees can be seen on.

The writer is caseplan (promises stand in for any aggregate), the reader is reporting, with one table of effects that
nothing ever updates: what was done twice or out of order stays visible.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from asyncpg import Connection, Pool

from shared.contracts.control import RepairRequested
from shared.contracts.data import decode_data
from shared.contracts.message import Decided, MessageEvent
from shared.contracts.topics import PARTITIONS
from shared.messaging import losses
from shared.messaging.edge import Edge
from shared.messaging.inbox import Inbox
from shared.messaging.kafka import client_options, reader
from shared.messaging.meters import Meters
from shared.messaging.outbox import put_events
from shared.messaging.publisher import Log
from shared.messaging.reactions import Fact, Reactions
from shared.messaging.relay import Relay
from shared.messaging.repairs import add_repairs
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings
from shared.security.keys import Keys, open_keys
from tests.hands import hands

TOPIC = MessageEvent.topic
EFFECTS = """
CREATE TABLE IF NOT EXISTS effect (
    number bigint GENERATED ALWAYS AS IDENTITY, subject text, sequence bigint, id uuid, about uuid)
"""


def fact(subject: UUID, about: UUID | None = None, person: UUID | None = None) -> Decided:
    return Decided(message=subject, person=person, audience="person", occasion="test", channel="sms", about=about)


async def until(true: Callable[[], Coroutine[Any, Any, bool]], seconds: float = 20) -> None:
    """Wait for a condition, not for a time."""
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.02)


class Side:
    """One service's half: its pool, its relay, its inbox."""

    def __init__(self, settings: Settings, service: str, pool: Pool, keys: Keys | None = None) -> None:
        self.settings, self.service, self.pool, self.keys = settings, service, pool, keys
        self.reactions = Reactions()
        self.refuse: set[UUID] = set()
        add_repairs(self.reactions, service)
        self.meters = Meters()
        self.inbox = Inbox(pool, service, self.reactions, self.meters, keys=keys)
        self.relay = Relay(settings, service, self.meters)
        self.edge = Edge(settings, self.inbox)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, *parts: str) -> None:
        for part in parts:
            self._tasks[part] = asyncio.create_task(getattr(self, part).run(), name=f"{self.service} {part}")

    async def stop(self, *parts: str) -> None:
        for part in parts or tuple(self._tasks):
            task = self._tasks.pop(part, None)
            if task:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def say(self, subject: UUID, count: int = 1, about: UUID | None = None, person: UUID | None = None) -> None:
        said = [fact(subject, about, person)] * count
        async with self.pool.acquire() as connection, connection.transaction():
            await put_events(connection, subject, said, partitionkey=person or subject, person=person)

    async def sent(self) -> bool:
        return not await self.pool.fetchval("SELECT count(*) FROM outbox")

    async def effects(self, subject: UUID) -> list[int]:
        rows = await self.pool.fetch("SELECT sequence FROM effect WHERE subject = $1 ORDER BY number", str(subject))
        return [row["sequence"] for row in rows]

    async def has(self, subject: UUID, count: int) -> None:
        async def reached() -> bool:
            return len(await self.effects(subject)) >= count

        await until(reached)

    async def parked(self, subject: UUID) -> str | None:
        return await self.pool.fetchval("SELECT parked FROM progress WHERE subject = $1", str(subject))

    async def asked(self) -> list[tuple[str, str, int]]:
        """What waits to be asked of the owners of topics: topic, subject and first sequence to say again."""
        rows = await self.pool.fetch("SELECT type, data FROM outbox WHERE topic LIKE '%control%' ORDER BY position")
        found = [decode_data(row["type"], row["data"]) for row in rows]
        return [(e.wanted_topic, e.wanted_subject, e.from_sequence) for e in found if isinstance(e, RepairRequested)]

    async def never_parked(self) -> bool:
        """Nothing came out of its order on the way, not even to be healed: no letter, and nobody was told or asked."""
        return not await self.pool.fetchval("SELECT (SELECT count(*) FROM dead_letter) + (SELECT count(*) FROM outbox)")


async def logged(settings: Settings) -> dict[Log, dict[int, UUID | None]]:
    """What stands on the topic: the id at each offset of each partition that holds something."""
    consumer = reader(settings)
    async with consumer:
        ends = await losses.log_ends(consumer, [Log(TOPIC, shard) for shard in range(PARTITIONS)])
        return {log: await losses.read_ids(consumer, log, 0, end) for log, end in ends.items() if end}


async def archived(side: Side) -> dict[Log, dict[int, UUID]]:
    """The same as the writer's archive has it."""
    found: dict[Log, dict[int, UUID]] = {}
    for row in await side.pool.fetch("SELECT shard, kafka_offset, id FROM event_archive WHERE topic = $1", TOPIC):
        found.setdefault(Log(TOPIC, row["shard"]), {})[row["kafka_offset"]] = row["id"]
    return found


@asynccontextmanager
async def group(side: Side, place: TopicPartition) -> AsyncIterator[AIOKafkaConsumer]:
    """How far Kafka's own group says that a reader is on one partition; to be seen and changed from outside."""
    options = client_options(side.settings) | {"group_id": f"throughcare.{side.service}", "enable_auto_commit": False}
    async with AIOKafkaConsumer(**options) as consumer:
        consumer.assign([place])
        yield consumer


class World:
    def __init__(self, writer: Side, reader: Side) -> None:
        self.writer, self.reader = writer, reader


@asynccontextmanager
async def world(database: Any) -> AsyncIterator[World]:
    """A writer on message topics (notifications) and a reader (reporting); nothing runs until started."""
    async with AsyncExitStack() as stack:
        sides = []
        for service in ("notifications", "reporting"):
            settings = Settings(**await database.settings(service))
            keys = await stack.enter_async_context(open_keys(settings, f"{service} test"))
            pool = await stack.enter_async_context(hands(settings, keys))
            sides.append(Side(settings, service, pool, keys))
        writer, hearer = sides
        import asyncpg

        owner = await asyncpg.connect(
            await database("reporting", owner=True), server_settings={"search_path": "reporting"}
        )
        await owner.execute(EFFECTS)
        await owner.close()

        @hearer.reactions.on(TOPIC)
        async def note(tx: Connection, facts: Sequence[Fact]) -> None:
            for envelope, event in facts:
                if event.about in hearer.refuse:
                    raise ValueError("this handler has a bug")
                await tx.execute(
                    "INSERT INTO effect (subject, sequence, id, about) VALUES ($1, $2, $3, $4)",
                    envelope.subject, envelope.sequence, envelope.id, event.about,
                )  # fmt: skip

        try:
            yield World(writer, hearer)
        finally:
            for side in sides:
                await side.stop()


NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
new = uuid7
