"""Where a fact's way is traced: as it is published, and as it takes effect."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from asyncpg import Record
from opentelemetry.trace import SpanKind

from shared.messaging.reactions import Fact
from shared.runtime import traces

KAFKA = {"messaging.system": "kafka"}


@contextmanager
def publishing(rows: Sequence[Record]) -> Iterator[None]:
    """Outbox rows on their way to the broker's word."""
    if not traces.are_on():
        yield
        return
    parents = [row["traceparent"] for row in rows]
    told = [(str(row["id"]), row["type"], row["traceparent"]) for row in rows]
    with (
        traces.batch("publish", SpanKind.PRODUCER, parents, **KAFKA, **_size(rows)),
        traces.facts(SpanKind.PRODUCER, "publish", told, **KAFKA),
    ):
        yield


@contextmanager
def applying(consumer: str, topic: str, heard: Sequence[Fact]) -> Iterator[None]:
    """Facts of one topic on their way to their effects."""
    if not traces.are_on():
        yield
        return
    parents = [envelope.traceparent for envelope, _ in heard]
    told = [(str(envelope.id), envelope.type, envelope.traceparent) for envelope, _ in heard]
    about = {**KAFKA, "messaging.destination.name": topic, "messaging.consumer.group.name": consumer}
    with (
        traces.batch(f"process {topic}", SpanKind.CONSUMER, parents, **about, **_size(heard)),
        traces.facts(SpanKind.CONSUMER, "process", told, **about),
    ):
        yield


def _size(of: Sequence[object]) -> dict[str, int]:
    return {"messaging.batch.message_count": len(of)}
