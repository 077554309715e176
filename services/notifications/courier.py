"""Carries messages: each is claimed, handed to its carrier outside of any transaction, and settled.

A claim is a lease in the row and a lock on the session of whoever holds it. While either stands somebody may be at it,
so a revocation that wants to be sure waits for both: the lock of a process that was stopped stays taken.
"""

import asyncio
import contextlib
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID
from zlib import crc32

import structlog
from asyncpg import Connection, Pool, Record

from services.notifications.carriers import Carrier, FileCarrier, Letter, outbox_of
from services.notifications.database import TROUBLE, transaction
from services.notifications.messages import SQL, Hold, Send, Withhold, decide_row
from services.notifications.settings import Voice
from services.notifications.texts import language_of, words_of
from shared.contracts.message import Sent, Withheld
from shared.messaging.failpoints import reach
from shared.messaging.outbox import put_events
from shared.process import Running
from shared.runtime.backoff import pause
from shared.runtime.database import OUTAGES, connect, fetch
from shared.runtime.errors import Permanent, Retryable
from shared.runtime.settings import Settings
from shared.security.sealing import Erased, Keys

LEASE = timedelta(seconds=15)
CARRY_WITHIN = 8.0  # seconds, well below the lease
POLL = 0.1
AT_ONCE = 50
LOCKS = crc32(b"notifications messages") & 0x7FFFFFFF

log = structlog.get_logger("courier")


async def carry_messages(running: Running) -> None:
    """The worker's task: carry what is due, until cancelled."""
    carrier = FileCarrier(outbox_of(running.settings), running.keys)
    await Courier(running.settings, running.pool, Voice(), carrier, running.keys).run()


async def wait_for_attempts(pool: Pool, consents: Collection[UUID]) -> None:
    """Returns once no attempt under these consents is under way. None of them can begin any more."""
    while True:
        rows = await fetch(pool, SQL["under_way"], list(consents))
        busy = [row for row in rows if row["leased"] or await _is_locked(pool, row["id"])]
        if not busy:
            return
        await asyncio.sleep(POLL)


async def _is_locked(pool: Pool, message: UUID) -> bool:
    """Whether somebody's session holds it still."""
    async with transaction(pool) as connection:
        return not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1, $2)", LOCKS, _number(message))


def _number(message: UUID) -> int:
    """Two messages with one number would only wait for each other."""
    return crc32(message.bytes) & 0x7FFFFFFF


class Courier:
    """One at a time, on one session whose locks say which is in hand. Several processes may run one each."""

    def __init__(self, settings: Settings, pool: Pool, voice: Voice, carrier: Carrier, keys: Keys) -> None:
        self._settings = settings
        self._pool = pool
        self._voice = voice
        self._carrier = carrier
        self._keys = keys

    async def run(self) -> None:
        attempt = 0
        while True:
            try:
                connection = await connect(self._settings, "notifications courier", self._keys)
                try:
                    while True:
                        attempt = 0
                        if not await self.carry_due(connection):
                            await asyncio.sleep(POLL)
                finally:
                    with contextlib.suppress(*OUTAGES):
                        await connection.close(timeout=2)
            except TROUBLE as error:
                attempt += 1
                log.warning("courier starts again", error=type(error).__name__, attempt=attempt)
                await pause(attempt)

    async def carry_due(self, connection: Connection) -> int:
        """One round; returns how many messages were in hand."""
        rows = await connection.fetch(SQL["due"], AT_ONCE)
        taken = 0
        for row in rows:
            lock = LOCKS, _number(row["id"])
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1, $2)", *lock):
                continue
            try:
                taken += await self._carry(connection, row["id"])
            finally:
                with contextlib.suppress(*OUTAGES):
                    await connection.execute("SELECT pg_advisory_unlock($1, $2)", *lock)
        return taken

    async def _carry(self, connection: Connection, message: UUID) -> int:
        letter, attempt = await self._claim(connection, message)
        if letter is None:
            return 0
        reach("message.claimed")
        try:
            async with asyncio.timeout(CARRY_WITHIN):
                await self._carrier.carry(letter)
        except (Erased, Permanent) as error:  # nobody may be written to, or the number does not open here
            if not isinstance(error, Erased):
                log.error("a number does not open", kind="message", id=str(letter.id), error=type(error).__name__)
            await self._settle(connection, letter, Withheld(**_whom(letter), reason="no_safe_way"))
        except (Retryable, TimeoutError, OSError) as error:
            log.warning("carrier does not take a message", error=type(error).__name__, attempt=attempt)
            await connection.execute(SQL["try_later"], message)
        else:
            reach("message.carried")
            await self._settle(connection, letter, Sent(**_whom(letter), channel="sms", attempt=attempt))
        return 1

    async def _claim(self, connection: Connection, message: UUID) -> tuple[Letter | None, int]:
        """Decided once more under its consent's lock, then leased; None when it does not go now."""
        async with connection.transaction():
            await connection.execute(SQL["lock_consent_of"], message)
            row = await connection.fetchrow(SQL["claim"], message)
            if row is None:
                return None, 0
            match decide_row(row, self._voice, row["decided_at"], row["occasion"]):
                case Hold(until=until, why=why):
                    await connection.execute(SQL["hold"], message, until, why)
                    return None, 0
                case Withhold(reason=reason):
                    await self._withhold(connection, row, reason)
                    return None, 0
                case Send():
                    attempt: int = await connection.fetchval(SQL["begin_attempt"], message, LEASE)
                    return _letter(row), attempt

    async def _withhold(self, connection: Connection, row: Record, reason: str) -> None:
        await connection.execute(SQL["settle_withheld"], row["id"], reason)
        event = Withheld(message=row["id"], person=row["person"], audience="person", reason=reason)
        await put_events(connection, row["id"], [event], partitionkey=row["person"], person=row["person"])

    async def _settle(self, connection: Connection, letter: Letter, event: Sent | Withheld) -> None:
        async with connection.transaction():
            if isinstance(event, Sent):
                settled = await connection.fetchval(SQL["settle_sent"], letter.id)
            else:
                settled = await connection.fetchval(SQL["settle_withheld"], letter.id, event.reason)
            if settled is not None:
                await put_events(connection, letter.id, [event], partitionkey=letter.person, person=letter.person)


def _whom(letter: Letter) -> dict[str, Any]:
    return {"message": letter.id, "person": letter.person, "audience": "person"}


def _letter(row: Record) -> Letter:
    return Letter(
        row["id"], row["person"], row["contact"], words_of(row["occasion"], row["language"]),
        language_of(row["language"]), row["occasion"], row["now"], row["link"],
    )  # fmt: skip
