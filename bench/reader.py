"""A partner's own client, in a process of its own: confluent-kafka and what `partner show` says, nothing of ours.

Reads how to connect from its standard input, writes `ready` and then a line for each record: the moment it had it, on
the clock that all processes of a machine share, and the reference that the record is about.
"""

import json
import sys
import time

from confluent_kafka import Consumer, TopicPartition


def main() -> None:
    asked = json.loads(sys.stdin.readline())
    consumer = Consumer(asked["settings"])
    consumer.assign([TopicPartition(asked["topic"], 0, 0)])
    consumer.poll(1.0)  # signed in, and at the end of what is there
    print("ready", flush=True)
    while True:
        for message in consumer.consume(500, 0.001) or ():
            moment = time.perf_counter_ns()
            value = message.value()
            if message.error() is None and value is not None:
                print(moment, json.loads(value)["data"].get("reference", "-"))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
