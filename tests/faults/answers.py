"""The partner's answers, written to its own topic until a receipt came; read from the file that its client keeps."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException, Producer

from shared.runtime.ids import uuid7
from tests.faults.history import Said
from tests.faults.stage import partner_connection

AGAIN_AFTER = 8.0  # seconds without a receipt


class Answers:
    """`shown` is what the partner's page tells of its connection."""

    def __init__(self, shown: Mapping[str, Any], records: Path) -> None:
        self._topic = shown["topics"]["answer"]
        self._producer = Producer({**partner_connection(dict(shown)), "message.timeout.ms": 10_000})
        self._records = records
        self._read = 0
        self._receipts: dict[str, Mapping[str, Any]] = {}

    async def give(self, called: str, answer: str, **more: str) -> bool:
        """Whether it counts. The same id each time: for its reader they are one answer."""
        document = {
            "specversion": "1.0", "id": f"a-{uuid7()}", "source": "/cedar-house", "type": "partner.answer.given.v1",
            "time": datetime.now(UTC).isoformat(), "datacontenttype": "application/json",
            "data": {"reference": called, "answer": answer, **more},
        }  # fmt: skip
        while True:
            receipt = await self._send(document)
            if receipt is None:
                continue
            if receipt["result"] == "accepted":
                return True
            if receipt["reason"] != "unknown_reference":
                return False
            document["id"] = f"a-{uuid7()}"  # the partner was not told of it yet: it asks anew, as another answer
            await asyncio.sleep(0.5)

    async def _send(self, document: dict[str, Any]) -> Mapping[str, Any] | None:
        headers: list[tuple[str, str | bytes | None]] = [("content-type", b"application/cloudevents+json")]
        try:
            self._producer.produce(self._topic, json.dumps(document).encode(), headers=headers)
            self._producer.poll(0)
        except (KafkaException, BufferError):
            await asyncio.sleep(1)
            return None
        for _ in range(int(AGAIN_AFTER / 0.1)):
            self._refresh()
            if document["id"] in self._receipts:
                return self._receipts[document["id"]]
            await asyncio.sleep(0.1)
        return None

    def _refresh(self) -> None:
        if not self._records.exists() or self._records.stat().st_size == self._read:
            return
        with self._records.open("rb") as file:
            file.seek(self._read)
            whole = file.read().rpartition(b"\n")[0]
        self._read += len(whole) + 1 if whole else 0
        for record in said(whole.decode()):
            if record.type == "partner.answer.receipt.v1":
                self._receipts[record.data["answer_id"]] = record.data

    def close(self) -> None:
        self._producer.flush(1)


def said(text: str) -> Iterator[Said]:
    """The client's file as records. A line that was cut by the client's death is none."""
    for line in text.splitlines():
        try:
            kept = json.loads(line)
        except ValueError:
            continue
        document = json.loads(kept["value"])
        yield Said(kept["topic"], kept["offset"], kept["value"], document["id"], document["type"], document["data"])
