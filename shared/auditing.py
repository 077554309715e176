"""Keeping the audit honest, beside the work: each worker chains what its service's audit holds and anchors the head.

An anchor goes to a file, flushed to the disk, and through the outbox to the service's own control topic; the file comes
first, since a head that is written there and not committed as such is still a head that was.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
from asyncpg import Pool, PostgresError

from shared.contracts.codec import Headers, from_kafka
from shared.contracts.control import AuditAnchored
from shared.contracts.data import UnknownType, decode
from shared.contracts.envelope import BadRecord
from shared.messaging.kafka import reader
from shared.messaging.losses import log_ends, read
from shared.messaging.meters import Meters
from shared.messaging.outbox import put_events, shard_of
from shared.messaging.publisher import Log
from shared.runtime.database import OUTAGES, transaction
from shared.runtime.settings import Settings
from shared.security.anchors import Anchor, Signer, append, file_of
from shared.security.chaining import SQL, Chainer, Head, depth, lock_of

EVERY = 2.0  # seconds between two looks for new rows
BETWEEN = timedelta(minutes=1)  # anchors of one service
STEP = 2_000  # records of the control topic read at a time

log = structlog.get_logger("audit")


async def keep_chained(pool: Pool, settings: Settings, service: str, meters: Meters) -> None:
    """Chain and anchor until cancelled; a database that is away is asked again later."""
    chainer, anchorer = Chainer(pool, service), Anchorer(pool, settings, service, meters)
    while True:
        try:
            await chainer.run()
            await anchorer.run(datetime.now(UTC))
            waiting, since = await depth(pool)
            meters.audit_waiting.set(waiting)
            meters.audit_since.set(since)
        except OUTAGES as error:
            log.warning("nothing chained", error=type(error).__name__)
        except PostgresError as error:  # somebody took a table or a right away: an alarm, and people are served on
            log.error("the audit can't be chained", error=type(error).__name__)
        await asyncio.sleep(EVERY)


class Anchorer:
    """Signs the head and puts it where the owner of the database has no hand."""

    def __init__(self, pool: Pool, settings: Settings, service: str, meters: Meters) -> None:
        self._pool = pool
        self._service = service
        self._file = file_of(settings, service)
        self._signer = Signer(settings)
        self._meters = meters

    async def run(self, now: datetime) -> Anchor | None:
        """At most one anchor a minute, and only of something new; returns it."""
        async with transaction(self._pool) as tx:
            if not await tx.fetchval(SQL["lock_chain"], lock_of(self._service)):
                return None
            row = await tx.fetchrow(SQL["due"], now, BETWEEN)
            if row is None:
                return None
            head = Head(*row)
            anchor = self._signer.sign(anchor_of(self._service, head, now))
            filed = head.filed
            if filed != anchor.position and await self._file_it(anchor):
                filed = anchor.position
            if head.announced != anchor.position:
                await put_events(tx, f"audit/{self._service}", [event_of(anchor)], partitionkey=self._service)
            await tx.execute(SQL["note_anchor"], anchor.position, filed, now)
        return anchor

    async def _file_it(self, anchor: Anchor) -> bool:
        """A folder that can't be written is an alarm, and no reason to stop: the control topic has the anchor too."""
        try:
            await asyncio.to_thread(append, self._file, [anchor])
        except OSError as error:
            log.error("the anchor could not be filed", where=str(self._file), error=type(error).__name__)
            self._meters.audit_unfiled.set(1)
            return False
        self._meters.audit_unfiled.set(0)
        return True


def anchor_of(service: str, head: Head, now: datetime) -> Anchor:
    """Unsigned still."""
    position, hash = head.link(service)
    return Anchor(service, position, hash.hex(), head.settled, now.astimezone(UTC).isoformat())


def event_of(anchor: Anchor) -> AuditAnchored:
    return AuditAnchored(
        service=anchor.service,
        position=anchor.position,
        hash=anchor.hash,
        settled=anchor.settled,
        anchored_at=anchor.when,
        key=anchor.key,
        signature=anchor.signature,
    )


def anchor_in(event: AuditAnchored) -> Anchor:
    """What the control topic holds, as it was signed."""
    return Anchor(
        event.service,
        event.position,
        event.hash,
        event.settled,
        event.anchored_at.astimezone(UTC).isoformat(),
        event.key,
        event.signature,
    )


async def announced(settings: Settings, service: str) -> list[Anchor]:
    """The anchors on the control topic, from its beginning. Raises KafkaError where nothing answers."""
    where = Log(f"throughcare.{service}.control.v1", shard_of(service))
    consumer = reader(settings)
    try:
        await consumer.start()
        found: list[Anchor] = []
        end = (await log_ends(consumer, [where])).get(where, 0)
        for first in range(0, end, STEP):
            for record in await read(consumer, where, first, min(end, first + STEP)):
                found += _anchors_in(record.key, record.value, record.headers)
        return found
    finally:
        await consumer.stop()


def _anchors_in(key: bytes | None, value: bytes | None, headers: Headers) -> list[Anchor]:
    """One at most: the topic carries repairs too."""
    try:
        event = decode(from_kafka(key, value, headers))
    except (BadRecord, UnknownType):
        return []
    return [anchor_in(event)] if isinstance(event, AuditAnchored) else []
