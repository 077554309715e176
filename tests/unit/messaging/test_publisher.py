"""What the broker acknowledged of a batch, and no more, goes into the archive."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from aiokafka.errors import NotEnoughReplicasError

from shared.contracts.message import Decided
from shared.messaging import publisher
from shared.messaging.publisher import Log, Publisher
from shared.messaging.relay import Relay, _Session
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings

SETTINGS = Settings(demo=True)


class HalfBroker:
    """Takes two rows a batch, and of several batches only the first."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []

    async def partitions_for(self, topic: str) -> set[int]:
        return {0}

    def create_batch(self) -> Any:
        rows: list[bytes] = []

        def append(*, value: bytes, **_: object) -> object:
            if len(rows) == 2:
                return None
            rows.append(value)
            return object()

        return SimpleNamespace(append=append, rows=rows)

    async def send_batch(self, batch: Any, topic: str, partition: int) -> asyncio.Future[Any]:
        self.batches.append(batch.rows)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if len(self.batches) == 1:
            answer.set_result(SimpleNamespace(offset=7))
        else:
            answer.set_exception(NotEnoughReplicasError())
        return answer


class Archive:
    """The relay's connection: remembers what it is told to move."""

    def __init__(self) -> None:
        self.moved: list[tuple[int, int, int]] = []

    async def fetchval(self, _: str, shards: list[int], positions: list[int], offsets: list[int], *rest: object) -> int:
        self.moved += zip(shards, positions, offsets, strict=True)
        return len(shards)


def row(position: int) -> dict[str, Any]:
    return {
        "shard": 3, "position": position, "id": uuid7(), "topic": Decided.topic, "subject": "s", "sequence": position,
        "epoch": 1, "partitionkey": "k", "type": Decided.type, "at": datetime(2026, 11, 20, tzinfo=UTC),
        "traceparent": None, "causationid": None, "actor": None, "data": b"%d" % position,
    }  # fmt: skip


async def test_of_a_batch_only_the_acknowledged_beginning_is_archived(monkeypatch):
    broker, archive = HalfBroker(), Archive()
    monkeypatch.setattr(publisher, "AIOKafkaProducer", lambda **_: broker)
    sender = Publisher(SETTINGS)
    rows = [row(position) for position in (10, 11, 12, 13, 14)]
    answers = await sender.send(rows)
    assert broker.batches == [[b"10", b"11"], [b"12", b"13"]], "nothing goes out behind what was not taken"
    sent = answers[Log(Decided.topic, 3)]
    assert isinstance(sent.error, NotEnoughReplicasError)
    assert not sent.refused
    await _Session(Relay(SETTINGS, "notifications"), archive, sender, None)._archive(answers)
    assert archive.moved == [(3, 10, 7), (3, 11, 8)]
