"""How far behind a partner's own reader is, from what its groups committed. To look is all that we may there."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.messaging.kafka import client_options
from shared.runtime.settings import Settings

WITHIN = 4.0  # seconds; a page waits for it
ERROR, STATE = 0, 2  # places in a group's description


@dataclass(frozen=True, slots=True)
class Readers:
    """What the groups of one partner have read: the furthest of them, by topic."""

    committed: Mapping[str, int]
    connected: bool


async def readers_of(settings: Settings, group_prefix: str) -> Readers | None:
    """None where Kafka does not answer in time."""
    try:
        async with asyncio.timeout(WITHIN):
            return await _look(settings, group_prefix)
    except (KafkaError, OSError, TimeoutError):
        return None


async def _look(settings: Settings, group_prefix: str) -> Readers:
    admin = AIOKafkaAdminClient(**client_options(settings), request_timeout_ms=int(WITHIN * 1000))
    await admin.start()
    try:
        groups = [name for name, _ in await admin.list_consumer_groups() if name.startswith(group_prefix)]
        committed: dict[str, int] = {}
        for group in groups:
            for place, known in (await admin.list_consumer_group_offsets(group)).items():
                committed[place.topic] = max(known.offset, committed.get(place.topic, 0))
        described = await admin.describe_consumer_groups(groups) if groups else []
        states = {row[STATE] for answer in described for row in answer.groups if not row[ERROR]}
        return Readers(committed, bool(states - {"Empty", "Dead"}))
    finally:
        await admin.close()
