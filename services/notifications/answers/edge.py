"""Reads every partner's answer topic. The topics come and go with the partners, so they are found by their name.

Offsets are kept with the effect; Kafka's own commits serve lag alone.
"""

from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from services.notifications.answers.taking import AnswerInbox
from services.notifications.database import TROUBLE_WITH_KAFKA
from shared.messaging import unpacking
from shared.messaging.edge import known_offsets
from shared.messaging.kafka import client_options, cluster_id
from shared.process import Running
from shared.runtime.backoff import pause
from shared.runtime.settings import Settings

GROUP = "throughcare.notifications.answers"
PATTERN = r"^partner\.[a-z0-9-]+\.answer\.v1$"
LOOK_FOR_TOPICS_MS = 3_000
MOST = 200  # records a transaction

log = structlog.get_logger("answers")


async def hear_answers(running: Running) -> None:
    """The worker's task, until cancelled."""
    await AnswerEdge(running.settings, AnswerInbox(running.pool, running.meters)).run()


class AnswerEdge:
    """Feeds an AnswerInbox until cancelled; several processes share the topics."""

    def __init__(self, settings: Settings, inbox: AnswerInbox) -> None:
        self._settings = settings
        self._inbox = inbox

    async def run(self) -> None:
        unpacking.install()
        attempt = 0
        while True:
            try:
                await self._session()
            except TROUBLE_WITH_KAFKA as error:
                attempt += 1
                log.warning("reader of answers starts again", error=type(error).__name__, attempt=attempt)
                await pause(attempt)

    async def _session(self) -> None:
        self._inbox.cluster = await cluster_id(self._settings)
        consumer = AIOKafkaConsumer(
            **client_options(self._settings),
            group_id=GROUP,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            metadata_max_age_ms=LOOK_FOR_TOPICS_MS,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            max_poll_records=MOST,
        )
        consumer.subscribe(pattern=PATTERN, listener=_Seeker(consumer, self._inbox))
        await consumer.start()
        try:
            while True:
                answer = await consumer.getmany(timeout_ms=1_000)
                records = [record for place in answer.values() for record in place]
                if records:
                    await self._inbox.process(records)
                    await consumer.commit({TopicPartition(*place): end for place, end in _ends(records).items()})
        finally:
            await consumer.stop()


def _ends(records: list[Any]) -> dict[tuple[str, int], int]:
    return {(record.topic, record.partition): record.offset + 1 for record in records}


class _Seeker(ConsumerRebalanceListener):
    """Reads on where the database says."""

    def __init__(self, consumer: AIOKafkaConsumer, inbox: AnswerInbox) -> None:
        self._consumer = consumer
        self._inbox = inbox

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        known = await known_offsets(self._inbox)
        for place in assigned:
            self._consumer.seek(place, known.get((place.topic, place.partition), 0))

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """The batch under way holds its rows' locks; the next owner waits for them."""
