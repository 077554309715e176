"""Records as Kafka would hand them over, made by hand so that they may be wrong."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from shared.contracts.codec import to_kafka
from shared.contracts.data import dataschema_of, encode_data
from shared.contracts.envelope import Envelope
from shared.messaging.outbox import shard_of, source_of
from shared.runtime.ids import uuid7
from tests.integration.messaging.world import TOPIC, fact

WHEN = datetime(2026, 11, 20, 15, tzinfo=UTC)


@dataclass
class Record:
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


class Log:
    """Hands out offsets, one partition after the other as a broker does."""

    def __init__(self) -> None:
        self._ends: dict[int, int] = {}

    def put(self, subject: UUID, sequence: int, *, id: UUID | None = None, epoch: int = 1, type: str = "", **change):
        """A sound record of `subject`; `change` replaces its key, value or headers."""
        event = fact(subject, change.pop("about", None))
        kind = type or event.type
        envelope = Envelope(
            id=id or uuid7(), source=source_of(TOPIC), type=kind, subject=str(subject), time=WHEN, sequence=sequence,
            epoch=epoch, partitionkey=str(subject), dataschema=dataschema_of(kind), traceparent=None, causationid=None,
            actor=None, data=encode_data(event),
        )  # fmt: skip
        key, value, headers = to_kafka(envelope)
        return self.raw(shard_of(str(subject)), **{"key": key, "value": value, "headers": headers} | change)

    def raw(self, partition: int = 0, *, key=b"k", value=b"v", headers=()) -> Record:
        offset = self._ends.get(partition, 0)
        self._ends[partition] = offset + 1
        return Record(TOPIC, partition, offset, key, value, list(headers))
