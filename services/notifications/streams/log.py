"""Reading partners' own logs back: what stands in them is the only truth about what was said."""

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.attributes import parse_time
from shared.messaging.kafka import client_options
from shared.runtime.errors import Retryable
from shared.runtime.settings import Settings

READ_WITHIN = 20.0  # seconds


class Unreadable(Retryable):
    """A log does not hand over what it says that it holds."""


@dataclass(frozen=True, slots=True)
class Said:
    """A record as it stands in a partner's log."""

    offset: int
    life: int
    sequence: int
    id: UUID
    type: str
    at: datetime
    data: str  # JSON, without sequence and life


class PartnerLogs:
    """Looks at committed records, without a group."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._looker = self._consumer()

    def _consumer(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            **client_options(self._settings),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )

    async def __aenter__(self) -> Self:
        await asyncio.wait_for(self._looker.start(), READ_WITHIN)
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await _stop(self._looker)

    async def topics(self) -> set[str]:
        """Partners' topics that there are."""
        found = await asyncio.wait_for(self._looker.topics(), READ_WITHIN)
        return {name for name in found if name.startswith("partner.")}

    async def ends(self, topics: Collection[str]) -> Mapping[str, int]:
        """Where the next record of each log would stand."""
        places = [TopicPartition(topic, 0) for topic in topics]
        if not places:
            return {}
        found = await asyncio.wait_for(self._looker.end_offsets(places), READ_WITHIN)
        return {place.topic: end for place, end in found.items()}

    async def tail(self, topic: str, first: int, end: int) -> list[Said]:
        """What stands from offset `first` up to, not including, `end`. What has expired by now is left out.

        A consumer of its own each time: aiokafka's fetcher dies when an assignment is taken from it.
        """
        place = TopicPartition(topic, 0)
        said: list[Said] = []
        if first >= end:
            return said
        consumer = self._consumer()
        try:
            async with asyncio.timeout(READ_WITHIN):
                await consumer.start()
                consumer.assign([place])
                consumer.seek(place, first)
                while await consumer.position(place) < end:
                    answer = await consumer.getmany(place, timeout_ms=200)
                    said += [_said(r.offset, r.value) for r in answer.get(place, ()) if r.offset < end]
        except TimeoutError:
            raise Unreadable(f"{topic} from offset {first}") from None
        finally:
            await _stop(consumer)
        return said


async def _stop(consumer: AIOKafkaConsumer) -> None:
    """aiokafka lets the cancellation of a task of its own escape, if that task never ran; ours goes on."""
    try:
        await consumer.stop()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise


def _said(offset: int, value: bytes) -> Said:
    document: dict[str, Any] = json.loads(value)
    data: dict[str, Any] = document["data"]
    life, sequence = data.pop("life"), data.pop("sequence")
    at = parse_time(document["time"])
    return Said(offset, life, sequence, UUID(document["id"]), document["type"], at, json.dumps(data))
