"""The inbox: turns records into effects, each exactly once and in order, whatever is redelivered, lost or broken.

A batch of sound records is one transaction: offsets locked first, then progress read, effects made, progress and
offsets written. Whatever does not fit that path goes through `careful`, record by record. No exception leaves
`process`: what may pass is tried again, what may not is parked, and the partition moves on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import structlog
from asyncpg import Connection, Pool

from shared.messaging import careful, tracing, witness
from shared.messaging.batch import Arrival, Batch, KafkaRecord, load_progress, lock_offsets, read, save
from shared.messaging.bell import Bell
from shared.messaging.failpoints import MUTANT, reach
from shared.messaging.judging import Verdict, judge
from shared.messaging.meters import Meters
from shared.messaging.reactions import Fact, Reactions
from shared.messaging.sealing import Opener
from shared.runtime import sql
from shared.runtime.backoff import pause
from shared.runtime.database import PASSING, fetch, transaction
from shared.security.keys import KeyMissing, Keys

SQL = sql.load(__file__, "inbox.sql")
READ_AT_ONCE = 64  # records, a millisecond: so long Postgres may wait for the next statement of the batch before
CAREFUL_BELOW = 64  # records: a batch with trouble is halved down to this before it is taken one by one

Way = Callable[[Connection, Batch], Awaitable[None]]

log = structlog.get_logger("inbox")


class NotSmooth(Exception):
    """This batch holds something that must be taken one by one."""


class Inbox:
    """The inbox of one consumer. `process` has two halves: an edge can read one batch while it applies another."""

    def __init__(
        self,
        pool: Pool,
        service: str,
        reactions: Reactions,
        meters: Meters | None = None,
        bell: Bell | None = None,
        keys: Keys | None = None,
    ) -> None:
        self.pool = pool
        self.service = service
        self.consumer = service
        self.reactions = reactions
        self.meters = meters or Meters()
        self.opener = Opener(service, keys)
        self._bell = bell or Bell()
        self.cluster = ""  # set by the edge once it knows which log it reads

    async def process(self, records: Sequence[KafkaRecord]) -> None:
        """Make the effects of these records, which come in the order of each partition. Returns when it is done."""
        await self.apply(await self.read(records))

    async def read(self, records: Sequence[KafkaRecord]) -> list[Arrival]:
        """All that can be said of records before the database is asked; others get their turn in between.

        Returns once the keys of everybody in them are there: without one, nobody can tell what a record says.
        """
        arrivals: list[Arrival] = []
        for start in range(0, len(records), READ_AT_ONCE):
            arrivals += map(read, records[start : start + READ_AT_ONCE])
            await asyncio.sleep(0)
        await self._until_done(self._open, arrivals)
        reach("inbox.received")
        return arrivals

    async def apply(self, arrivals: Sequence[Arrival]) -> None:
        """Make the effects of what was read. One batch at a time, in the order of their reading."""
        await self._until_done(self._take_noted_first if MUTANT == "ack_before_commit" else self._take, arrivals)

    async def _until_done(
        self, act: Callable[[Sequence[Arrival]], Awaitable[None]], arrivals: Sequence[Arrival]
    ) -> None:
        attempt = 0
        while arrivals:
            try:
                await act(arrivals)
            except PASSING as error:
                attempt += 1
                self.meters.retries.inc()
                log.warning("batch is tried again", error=type(error).__name__, attempt=attempt, records=len(arrivals))
                await pause(attempt)
            except Exception as error:  # a bug of ours: loud, and no reason to lose a record or the consumer
                attempt += 1
                self.meters.retries.inc()
                log.error("the inbox itself broke; its batch is tried again", exc_info=error, attempt=attempt)
                await pause(attempt)
            else:
                return

    async def _open(self, arrivals: Sequence[Arrival]) -> None:
        """While the keys are away, revocations and erasures among these act at once: they carry nothing sealed."""
        try:
            await self.opener.open(arrivals)
        except PASSING as error:
            if isinstance(error, KeyMissing):
                self.meters.keys_missing.inc()
                log.error("a key is missing; the batch waits for it", records=len(arrivals))
            urgent = [a for a in arrivals if a.envelope and a.envelope.type in self.reactions.urgent]
            if urgent:
                await self._transact(urgent, self._at_once, to_keep=False)
            raise

    async def next_offsets(self) -> dict[tuple[str, int], int]:
        """Where to read on in this cluster, by topic and partition."""
        rows = await fetch(self.pool, SQL["offsets"], self.consumer, self.cluster)
        return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}

    async def _take(self, arrivals: Sequence[Arrival]) -> None:
        try:
            await self._transact(arrivals, self._smoothly)
        except NotSmooth:
            if len(arrivals) <= CAREFUL_BELOW:
                await self._transact(arrivals, self._carefully)
                return
            middle = len(arrivals) // 2
            await self._take(arrivals[:middle])
            await self._take(arrivals[middle:])

    async def _transact(self, arrivals: Sequence[Arrival], how: Way, *, to_keep: bool = True) -> None:
        batch = Batch(self.consumer, self.cluster, arrivals)
        async with transaction(self.pool) as connection:
            await lock_offsets(connection, batch)
            await load_progress(connection, batch)
            await how(connection, batch)
            if to_keep:
                await save(connection, batch)
            reach("inbox.applied")
        reach("inbox.committed")
        self._bell.ring()  # a reaction may have written to the outbox, or to a partner's rows
        self._count(batch)

    async def _smoothly(self, tx: Connection, batch: Batch) -> None:
        """All of it at once; anything out of the ordinary raises NotSmooth, and nothing stays."""
        facts: dict[str, list[Fact]] = {}
        gone: set[UUID] = set()
        for arrival in batch.arrivals:
            envelope, record = arrival.envelope, arrival.record
            if envelope is None:
                raise NotSmooth
            progress = batch.of(record.topic, envelope.subject)
            verdict = judge(progress, envelope)
            if MUTANT == "no_progress_check":
                verdict = Verdict.APPLY
            if verdict is Verdict.DUPLICATE:
                batch.duplicates[record.topic] += 1
                continue
            if verdict is not Verdict.APPLY or progress.parked or arrival.bad:
                raise NotSmooth
            if arrival.fact is None:
                if arrival.erased is not None:
                    gone.add(arrival.erased)
                    batch.erased[record.topic] += 1
                batch.advance(record, envelope, batch.ignored)
                continue
            facts.setdefault(record.topic, []).append(arrival.fact)
            batch.advance(record, envelope, batch.applied)
        for topic, heard in facts.items():
            try:
                with tracing.applying(self.consumer, topic, heard):
                    await self.reactions.to(topic)(tx, heard)
                await witness.note(tx, self.consumer, topic, heard)
            except PASSING:
                raise
            except Exception as error:
                raise NotSmooth from error
        await self.reactions.forget(tx, gone)

    async def _carefully(self, tx: Connection, batch: Batch) -> None:
        for arrival in batch.arrivals:
            await self.taker(tx, batch).take(arrival)

    async def _at_once(self, tx: Connection, batch: Batch) -> None:
        for arrival in batch.arrivals:
            await self.taker(tx, batch).act_at_once(arrival)

    def taker(self, tx: Connection, batch: Batch) -> careful.Taker:
        return careful.Taker(tx, self.service, self.reactions, batch, self.meters, self.opener)

    async def _take_noted_first(self, arrivals: Sequence[Arrival]) -> None:
        await self._note_offsets_first(arrivals)
        await self._take(arrivals)

    async def _note_offsets_first(self, arrivals: Sequence[Arrival]) -> None:
        """The fault harness's mutant: the offset is committed before the effect."""
        batch = Batch(self.consumer, self.cluster, arrivals)
        async with transaction(self.pool) as connection:
            await lock_offsets(connection, batch)
            await save(connection, batch)

    def _count(self, batch: Batch) -> None:
        self.meters.batch.observe(len(batch.arrivals))
        for meter, counts in ((self.meters.applied, batch.applied), (self.meters.ignored, batch.ignored)):
            for (topic, _), count in counts.items():
                meter.labels(topic).inc(count)
        for labelled, by_topic in ((self.meters.duplicates, batch.duplicates), (self.meters.erased, batch.erased)):
            for topic, count in by_topic.items():
                labelled.labels(topic).inc(count)
