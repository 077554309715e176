"""Partners' own clients with what `partner show` says, and nothing of ours: confluent-kafka, and a careless one."""

import asyncio
import json
import struct
import time
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition


def settings_of(shown: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "bootstrap.servers": shown["bootstrap_servers"],
        "security.protocol": shown["security_protocol"],
        "sasl.mechanism": shown["mechanism"],
        "sasl.username": shown["user"],
        "sasl.password": shown["password"],
        "log_level": 0,
        **more,
    }


def consumer_of(shown: dict[str, Any], group: str | None = None, **more: Any) -> Consumer:
    ours = {
        "group.id": group or f"{shown['group_prefix']}{uuid4().hex[:6]}",
        "auto.offset.reset": "earliest",
        "isolation.level": shown["isolation_level"],
        "enable.auto.commit": False,
    }
    return Consumer(settings_of(shown, **ours, **more))


def _read(shown: dict[str, Any], topic: str, isolation: str) -> list[Any]:
    """Everything that stands on a topic now, from its beginning to its end."""
    consumer = consumer_of(shown | {"isolation_level": isolation}, **{"enable.partition.eof": True})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        found, deadline = [], time.monotonic() + 20
        while time.monotonic() < deadline:
            message = consumer.poll(0.5)
            if message is None:
                continue
            if message.error() is None:
                found.append(message)
            elif message.error().code() == KafkaError._PARTITION_EOF:
                return found
            else:
                raise KafkaException(message.error())
        raise TimeoutError(f"{topic} has no end")
    finally:
        consumer.close()


async def read(shown: dict[str, Any], stream: str, isolation: str = "read_committed") -> list[dict[str, Any]]:
    """The CloudEvents of one of the partner's streams."""
    found = await asyncio.to_thread(_read, shown, shown["topics"][stream], isolation)
    return [json.loads(message.value()) for message in found]


async def read_raw(shown: dict[str, Any], stream: str) -> list[Any]:
    return await asyncio.to_thread(_read, shown, shown["topics"][stream], "read_uncommitted")


def said(events: list[dict[str, Any]]) -> list[str]:
    """What happened, heartbeats left out."""
    return [e["type"] for e in events if e["type"] != "partner.stream.heartbeat.v1"]


def sequences(events: list[dict[str, Any]]) -> list[int]:
    return [int(event["sequence"]) for event in events]


def _produce(
    shown: dict[str, Any], topic: str, records: list[tuple[bytes | None, list[tuple[str, bytes | None]]]], codec: str
) -> None:
    producer = Producer(settings_of(shown, **{"message.max.bytes": 2_000_000, "compression.type": codec}))
    failed: list[Any] = []
    for value, headers in records:
        producer.produce(
            topic, value=value, headers=headers, on_delivery=lambda error, _: error and failed.append(error)
        )
    if producer.flush(20) or failed:
        raise KafkaException(failed[0] if failed else None)


async def answer(
    shown: dict[str, Any], *records: tuple[bytes | None, list[tuple[str, bytes | None]]], codec: str = "none"
) -> None:
    await asyncio.to_thread(_produce, shown, shown["topics"]["answer"], list(records), codec)


async def answer_carelessly(shown: dict[str, Any], *values: bytes) -> None:
    """Records whose header names are no text: no client library writes that, so their bytes are put in by hand."""
    producer = AIOKafkaProducer(
        bootstrap_servers=shown["bootstrap_servers"],
        security_protocol=shown["security_protocol"],
        sasl_mechanism=shown["mechanism"],
        sasl_plain_username=shown["user"],
        sasl_plain_password=shown["password"],
    )
    async with producer:
        batch = producer.create_batch()
        for value in values:
            batch.append(timestamp=None, key=None, value=value, headers=[("zz", b"")])
        batch.close()
        packed = bytearray(bytes(batch._build()).replace(b"zz", b"\xff\xfe"))
        struct.pack_into(">I", packed, 17, calc_crc32c(bytes(packed[21:])))
        batch._buffer = packed
        await (await producer.send_batch(batch, shown["topics"]["answer"], partition=0))


def document(reference: str, answer: str = "accept", *, id: str = "a-1", **more: Any) -> tuple[bytes, list]:  # type: ignore[type-arg]
    """An answer as a structured CloudEvent."""
    event = {
        "specversion": "1.0", "id": id, "source": "/lantern/desk", "type": "partner.answer.given.v1",
        "datacontenttype": "application/json", "data": {"reference": reference, "answer": answer, **more},
    }  # fmt: skip
    return json.dumps(event).encode(), [("content-type", b"application/cloudevents+json")]
