"""The partner's own Kafka client, as a partner would write it: librdkafka and JSON, nothing of ours.

It reads its two streams, writes answers to its own topic, and waits for the receipts.
"""

import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Self

from confluent_kafka import Consumer, KafkaError, Producer


class PartnerClient:
    """`shown` is what `./throughcare partner show SLUG --json` prints."""

    def __init__(self, shown: Mapping[str, Any]) -> None:
        self.shown = shown
        self.records: list[dict[str, Any]] = []
        self.caught_up = threading.Event()  # with all that stood on its topics when it came
        self._stop = threading.Event()
        self._connection = {
            "bootstrap.servers": shown["bootstrap_servers"],
            "security.protocol": shown["security_protocol"],
            "sasl.mechanism": shown["mechanism"],
            "sasl.username": shown["user"],
            "sasl.password": shown["password"],
        }
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def _read(self) -> None:
        consumer = Consumer(
            {
                **self._connection,
                "group.id": f"{self.shown['group_prefix']}demo-{uuid.uuid4().hex[:8]}",
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
            }
        )
        topics = {self.shown["topics"][name] for name in ("referral", "setback", "receipt")}
        behind = set(topics)
        consumer.subscribe(list(topics))
        try:
            while not self._stop.is_set():
                message = consumer.poll(0.2)
                if message is None:
                    continue
                error = message.error()
                if error is None:
                    self.records.append(json.loads(message.value() or b"{}") | {"topic": message.topic()})
                elif error.code() == KafkaError._PARTITION_EOF:
                    behind.discard(message.topic())
                    if not behind:
                        self.caught_up.set()
        finally:
            consumer.close()

    def find(self, kind: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
        """The first record of that type that fits, among those read so far."""
        return next((record for record in list(self.records) if record["type"] == kind and fits(record["data"])), None)

    def answer(self, reference: str, answer: str, **more: str) -> str:
        """Write an answer to the partner's own topic; returns the id it was given, for its receipt."""
        id = f"a-{uuid.uuid4().hex[:12]}"
        document = {
            "specversion": "1.0", "id": id, "source": "/cedar-house", "type": "partner.answer.given.v1",
            "time": datetime.now(UTC).isoformat(), "datacontenttype": "application/json",
            "data": {"reference": reference, "answer": answer, **more},
        }  # fmt: skip
        producer = Producer(self._connection)
        content: list[tuple[str, str | bytes | None]] = [("content-type", b"application/cloudevents+json")]
        producer.produce(self.shown["topics"]["answer"], json.dumps(document).encode(), headers=content)
        if producer.flush(20):
            raise TimeoutError("the answer was not acknowledged within 20 s")
        return id

    def receipt(self, answer: str, within: float = 60.0) -> dict[str, Any] | None:
        """What became of an answer."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            found = self.find("partner.answer.receipt.v1", lambda data: data["answer_id"] == answer)
            if found:
                return found
            time.sleep(0.1)
        return None
