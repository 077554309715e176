"""A partner's own Kafka client, in a process of its own: librdkafka and JSON, nothing of ours.

It keeps each record that it read as a line of a file, on the disk before its offset is committed; so whatever was ever
readable to a partner stands in that file, and nothing takes it out again.
"""

import json
import os
import sys
from pathlib import Path

from confluent_kafka import Consumer, KafkaException


def read(settings: dict, topics: list[str], path: Path) -> None:
    consumer = Consumer(settings)
    consumer.subscribe(topics)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(file, b"\n")  # a life that ended in the middle of a line read that record for nothing: it comes again
    while True:
        found = [message for message in consumer.consume(500, timeout=0.2) if message.error() is None]
        if not found:
            continue
        lines = (
            json.dumps({"topic": m.topic(), "offset": m.offset(), "value": (m.value() or b"").decode()}) for m in found
        )
        os.write(file, "".join(f"{line}\n" for line in lines).encode())
        os.fsync(file)
        try:
            consumer.commit(asynchronous=False)
        except KafkaException as error:
            print(error, file=sys.stderr, flush=True)  # it is read again, and kept again


if __name__ == "__main__":
    told = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    read(told["settings"], told["topics"], Path(told["file"]))
