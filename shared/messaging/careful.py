"""The careful way through the inbox: one record at a time, each effect behind a savepoint.

Here records are parked, gaps are reported to their owner, and what waited behind a gap is applied once the missing
record arrives. All of it happens in the transaction of the inbox.
"""

import struct
from uuid import UUID

import structlog
from asyncpg import Connection, Record

from shared.contracts.codec import Headers
from shared.contracts.control import RepairRequested
from shared.contracts.deadletter import Parked as ParkedEvent
from shared.contracts.deadletter import Released
from shared.contracts.envelope import LONGEST_TEXT, BadRecord, Envelope
from shared.messaging import tracing, witness
from shared.messaging.batch import Arrival, Batch, KafkaRecord, read
from shared.messaging.judging import HEALS, Parked, Progress, Verdict, judge
from shared.messaging.meters import Meters
from shared.messaging.outbox import put_events
from shared.messaging.reactions import Reactions
from shared.messaging.sealing import Opener
from shared.runtime import sql
from shared.runtime.database import PASSING

SQL = sql.load(__file__, "inbox.sql")
WAITS = {Verdict.GAP: Parked.GAP, Verdict.FORK: Parked.FORK}  # why a subject waits after these verdicts

log = structlog.get_logger("inbox")


class Taker:
    """Takes the records of one batch, in order, in one transaction."""

    def __init__(
        self, tx: Connection, service: str, reactions: Reactions, batch: Batch, meters: Meters, opener: Opener
    ) -> None:
        self._tx = tx
        self._service = service
        self._reactions = reactions
        self._batch = batch
        self._meters = meters
        self._opener = opener

    async def take(self, arrival: Arrival) -> None:
        """Apply, drop, ignore or park one record."""
        record, envelope = arrival.record, arrival.envelope
        if envelope is None:
            assert arrival.bad is not None
            await self._take_unreadable(record, arrival.bad)
            return
        progress = self._batch.of(record.topic, envelope.subject)
        verdict = judge(progress, envelope)
        if verdict is Verdict.APPLY:
            await self._apply(arrival, envelope, progress)
        elif verdict is Verdict.DUPLICATE or await self._given_up(envelope.source, envelope.id):
            self._batch.duplicates[record.topic] += 1
        else:
            await self.act_at_once(arrival)
            await self._park(record, envelope, WAITS.get(verdict) or progress.parked or Parked.POISON, "")

    async def drain(self, topic: str, subject: str, by: str) -> None:
        """Apply what is parked of a subject as far as it goes now; lift the parking when nothing is left."""
        progress = self._batch.of(topic, subject)
        progress.parked = None
        self._batch.changed.add((topic, subject))
        for row in await self._tx.fetch(SQL["waiting_letters"], self._batch.consumer, topic, subject):
            arrival = read(Letter(row))
            await self._opener.open([arrival])
            verdict = judge_letter(row, arrival, progress)
            if verdict in WAITS:
                await self._stay(topic, subject, WAITS[verdict])
                return
            if verdict is Verdict.APPLY and not await self._goes_on(arrival):
                await self._stay(topic, subject, Parked.POISON)
                return
            await settle(self._tx, self._service, row["number"], "replayed", by)

    async def _goes_on(self, arrival: Arrival) -> bool:
        return arrival.envelope is not None and not await self._advance(arrival, arrival.envelope)

    async def _apply(self, arrival: Arrival, envelope: Envelope, progress: Progress) -> None:
        problem = await self._advance(arrival, envelope)
        if problem:
            await self._park(arrival.record, envelope, Parked.POISON, problem)
        elif progress.parked in HEALS:
            await self.drain(arrival.record.topic, envelope.subject, "arrival")

    async def _advance(self, arrival: Arrival, envelope: Envelope) -> str:
        """Make the effect and note it; returns why it can't be made, or nothing."""
        problem = await self._try(arrival)
        if not problem:
            counted = self._batch.ignored if arrival.fact is None else self._batch.applied
            self._batch.advance(arrival.record, envelope, counted)
            if arrival.erased is not None:
                self._batch.erased[arrival.record.topic] += 1
        return problem

    async def _try(self, arrival: Arrival, *, in_order: bool = True) -> str:
        """Make the effect of one record behind a savepoint; returns why it can't be made, or nothing."""
        if arrival.bad is not None:
            return f"{arrival.bad.reason}: {arrival.bad.detail}"
        fact, topic = arrival.fact, arrival.record.topic
        try:
            async with self._tx.transaction():
                if arrival.erased is not None:
                    await self._reactions.forget(self._tx, [arrival.erased])
                elif fact is not None:
                    with tracing.applying(self._batch.consumer, topic, [fact]):
                        await self._reactions.to(topic)(self._tx, [fact])
                    if in_order:
                        await witness.note(self._tx, self._batch.consumer, topic, [fact])
        except PASSING:
            raise
        except Exception as error:
            log.error("record can't be applied", topic=topic, offset=arrival.record.offset, exc_info=error)
            return f"handler: {type(error).__name__}"  # its message may quote what somebody wrote
        return ""

    async def act_at_once(self, arrival: Arrival) -> None:
        """A revocation does not wait for what is missing before it; progress stays where it is."""
        if arrival.envelope is not None and arrival.envelope.type in self._reactions.urgent:
            await self._try(arrival, in_order=False)

    async def _take_unreadable(self, record: KafkaRecord, bad: BadRecord) -> None:
        """Without a subject or a place in its sequence a record holds back nobody; with both it holds its subject."""
        if bad.subject is None or bad.sequence is None or bad.id is None or bad.source is None:
            await self._letter(record, None, None, None, None, bad.reason, bad.detail)
            return
        verdict = place_of(bad.sequence, bad.id, self._batch.of(record.topic, bad.subject))
        if verdict is Verdict.DUPLICATE or await self._given_up(bad.source, bad.id):
            self._batch.duplicates[record.topic] += 1
            return
        await self._letter(record, bad.source, bad.id, bad.subject, bad.sequence, bad.reason, bad.detail)
        await self._stay(record.topic, bad.subject, WAITS.get(verdict, Parked.POISON))

    async def _given_up(self, source: str, id: UUID) -> bool:
        """Whether this very record was dropped: a fork takes no place in its subject, so only its letter knows."""
        state = await self._tx.fetchval(SQL["state_of"], self._batch.consumer, source, id)
        return bool(state == "dropped")

    async def _park(self, record: KafkaRecord, envelope: Envelope, reason: Parked, detail: str) -> None:
        await self._letter(
            record, envelope.source, envelope.id, envelope.subject, envelope.sequence, reason.value, detail
        )
        await self._stay(record.topic, envelope.subject, reason)

    async def _stay(self, topic: str, subject: str, reason: Parked) -> None:
        """Note why a subject waits, and ask its owner for what is missing, once per parking.

        A loss is not asked about again with each record that comes behind it: the answer brings those once more.
        """
        progress = self._batch.of(topic, subject)
        self._batch.changed.add((topic, subject))
        if progress.parked is not None and (progress.parked is not Parked.LOST or reason in HEALS):
            return
        progress.parked = reason
        log.error("subject is parked", topic=topic, reason=reason.value, sequence=progress.sequence)
        if reason in (Parked.GAP, Parked.FORK):
            from_sequence = progress.sequence + 1 if reason is Parked.GAP else max(1, progress.sequence)
            request = RepairRequested(
                service=self._service, wanted_topic=topic, wanted_subject=subject, from_sequence=from_sequence
            )
            name = f"{topic}/{subject}"[:LONGEST_TEXT]  # somebody may have sent a subject as long as is allowed
            await put_events(self._tx, name, [request], partitionkey=subject)

    async def _letter(
        self,
        record: KafkaRecord,
        source: str | None,
        id: UUID | None,
        subject: str | None,
        sequence: int | None,
        reason: str,
        detail: str,
    ) -> None:
        number = await self._tx.fetchval(
            SQL["park"], self._batch.consumer, source, id, record.topic, record.partition, self._batch.cluster,
            record.offset, subject, sequence, reason, detail, record.key, record.value, pack(record.headers),
        )  # fmt: skip
        if number is None:
            return  # parked before: it was read again
        self._meters.parked.labels(record.topic, reason).inc()
        event = ParkedEvent(
            service=self._service,
            record_source=source,
            record_id=id,
            record_topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            record_subject=subject,
            reason=reason,
        )
        await put_events(self._tx, f"{record.topic}/{record.partition}", [event], partitionkey=record.topic)


async def settle(tx: Connection, service: str, number: int, how: str, by: str, because: str | None = None) -> None:
    """A letter waits no more: noted, and announced to whoever heard that it was parked."""
    row = await tx.fetchrow(SQL["settle"], number, how, by, because)
    if row is None:
        return  # settled before
    event = Released(
        service=service,
        record_source=row["source"],
        record_id=row["event_id"],
        record_topic=row["topic"],
        partition=row["partition"],
        offset=row["kafka_offset"],
        record_subject=row["subject"],
        how=how,
    )
    await put_events(tx, f"{row['topic']}/{row['partition']}", [event], partitionkey=row["topic"])


def judge_letter(row: Record, arrival: Arrival, progress: Progress) -> Verdict:
    """The verdict on a parked record, now."""
    if arrival.envelope is None:
        return place_of(row["sequence"], row["event_id"], progress)
    return judge(progress, arrival.envelope)


def place_of(sequence: int, id: UUID, progress: Progress) -> Verdict:
    """The verdict on a record that can't be read, from what is known of its place."""
    ahead = sequence - progress.sequence
    if ahead < 0 or (ahead == 0 and id == progress.last_id):
        return Verdict.DUPLICATE
    if ahead == 0:
        return Verdict.FORK
    return Verdict.APPLY if ahead == 1 else Verdict.GAP


class Letter:
    """A parked record, as the record it was."""

    def __init__(self, row: Record) -> None:
        self.topic: str = row["topic"]
        self.partition: int = row["partition"]
        self.offset: int = row["kafka_offset"]
        self.key: bytes | None = row["key"]
        self.value: bytes | None = row["value"]
        self.headers: Headers = unpack(row["headers"])


def pack(headers: Headers) -> bytes:
    """Headers as bytes, a missing value apart from an empty one: nothing of a parked record is lost."""
    parts = [struct.pack("<I", len(headers))]
    for name, value in headers:
        encoded = name.encode("utf-8", "surrogateescape")
        parts += [struct.pack("<Ii", len(encoded), -1 if value is None else len(value)), encoded, value or b""]
    return b"".join(parts)


def unpack(packed: bytes) -> list[tuple[str, bytes | None]]:
    """The headers that `pack` was given."""
    (count,) = struct.unpack_from("<I", packed)
    place, headers = 4, []
    for _ in range(count):
        name_size, value_size = struct.unpack_from("<Ii", packed, place)
        place += 8
        name = packed[place : place + name_size].decode("utf-8", "surrogateescape")
        place += name_size
        value = None if value_size < 0 else packed[place : place + value_size]
        place += max(0, value_size)
        headers.append((name, value))
    return headers
