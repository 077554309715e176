"""Poison: records that nobody can apply, on subjects of their own, on every topic that somebody hears.

And their harmless cousins: types and versions that this release does not know, which are counted and passed over.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from pydantic import SecretStr

from shared.contracts.events import EVENTS, Event, topic_of
from shared.contracts.topics import BY_NAME
from shared.messaging.kafka import client_options
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings
from tests.faults.stage import PARTNER, Stage

ANSWERS = f"partner.{PARTNER}.answer.v1"
HUGE = b'{"words":"' + b"x" * 900_000 + b'"}'
Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Bad:
    topic: str
    subject: str
    value: bytes | None
    headers: Headers
    is_unknown: bool = False  # nothing is wrong with it but that it is too new


def bad_records(topics: Mapping[str, frozenset[str]]) -> Iterator[Bad]:
    """`topics` by consumer. One of each kind for every topic, and for the partner's answers what can be wrong there."""
    for topic in sorted(frozenset().union(*topics.values())):
        known = next(type for type, event in EVENTS.items() if _belongs(event, topic))
        for value in (b"{not json", b'{"so": "what"}', None, HUGE):
            subject = str(uuid7())
            yield Bad(topic, subject, value, _headers(topic, subject, known))
        latin = str(uuid7())
        yield Bad(topic, latin, b"{}", [("ce_specversion", b"1.0"), ("ce_subject", b"Andr\xe9")])
        for type in (f"throughcare.{BY_NAME[topic].family}.foreseen.v1", f"{known[:-1]}9"):
            subject = str(uuid7())
            yield Bad(topic, subject, b"{}", _headers(topic, subject, type), is_unknown=True)
    for value in (b"{not json", None, b"\xff\xfe", HUGE):
        yield Bad(ANSWERS, str(uuid7()), value, [("content-type", b"application/cloudevents+json")])


def _belongs(event: type[Event], topic: str) -> bool:
    return topic_of(event).replace("{service}", topic.split(".")[1]) == topic


def _headers(topic: str, subject: str, type: str) -> Headers:
    source = f"/throughcare/{BY_NAME[topic].owner}"
    return [
        ("ce_specversion", b"1.0"), ("ce_id", str(uuid7()).encode()), ("ce_source", source.encode()),
        ("ce_type", type.encode()), ("ce_subject", subject.encode()), ("ce_time", b"2026-11-20T15:00:00.000000Z"),
        ("ce_sequence", b"%019d" % 1), ("ce_epoch", b"1"), ("ce_partitionkey", subject.encode()),
        ("ce_dataschema", f"urn:throughcare:schema:{type}".encode()), ("content-type", b"application/json"),
    ]  # fmt: skip


@dataclass
class Poison:
    """What was put where: how much each consumer must have parked or passed over, and whose facts are none."""

    listens: Mapping[str, frozenset[str]]
    sent: list[Bad] = field(default_factory=list)
    ends: dict[tuple[str, int], int] = field(default_factory=dict)  # (topic, partition) -> offset after the last of it

    @property
    def subjects(self) -> set[str]:
        return {bad.subject for bad in self.sent}

    def expected(self, *, unknown: bool) -> dict[str, int]:
        """By consumer: what it must have parked, or, of the `unknown`, passed over."""
        found: dict[str, int] = {}
        for consumer, topics in self.listens.items():
            hears = topics | ({ANSWERS} if consumer == "notifications" else set())
            found[consumer] = sum(bad.topic in hears and bad.is_unknown is unknown for bad in self.sent)
        return found

    async def spread(self, stage: Stage) -> None:
        """All kinds on all topics."""
        await self._write(stage, list(bad_records(self.listens)))

    async def one_more(self, stage: Stage) -> None:
        """One that reporting can only park, and so must tell of: it has nothing else to say."""
        record = next(bad_records({"reporting": frozenset({"throughcare.program.v1"})}))
        while True:  # twice is no more than once: it has an id
            with suppress(KafkaError):
                await self._write(stage, [record])
                return
            await asyncio.sleep(0.5)

    async def _write(self, stage: Stage, records: Sequence[Bad]) -> None:
        """As the administrator, who alone could."""
        access = stage.kafka.access
        settings = Settings(
            demo=True, kafka=access.bootstrap, kafka_user=access.user, kafka_password=SecretStr(access.password)
        )
        producer = AIOKafkaProducer(
            **client_options(settings), acks="all", enable_idempotence=True, max_request_size=1_048_000
        )
        await producer.start()
        try:
            for bad in records:
                key = bad.subject.encode()
                place = await producer.send_and_wait(bad.topic, bad.value, key=key, headers=bad.headers)
                self.sent.append(bad)
                self.ends[place.topic, place.partition] = place.offset + 1
        finally:
            await producer.stop()
