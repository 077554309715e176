"""From *revoked* to *in effect*: what may still be under way outside the database is ended or waited for, then said.

The revocation's own transaction has dropped what waited and left a row here, so this survives any kill. Producers are
ended by initialising their transactional id anew, which needs no word from a process that may be asleep; attempts to
write to somebody can't be ended from outside, so they are waited for.
"""

import asyncio
from datetime import timedelta

import structlog
from asyncpg import Pool, Record

from services.notifications import courier
from services.notifications.database import TROUBLE_WITH_KAFKA, transaction
from services.notifications.streams.writer import fence
from shared.contracts.halted import Halted
from shared.messaging.failpoints import reach
from shared.messaging.outbox import put_events
from shared.process import Running
from shared.runtime import sql
from shared.runtime.backoff import pause
from shared.runtime.database import fetch
from shared.runtime.settings import Settings

SQL = sql.load(__file__, "halting.sql")
POLL = 0.05  # seconds; somebody watches the page until it says that nothing goes out any more
AT_ONCE = 200
CLAIMED_FOR = timedelta(seconds=30)

log = structlog.get_logger("halting")


async def halt(running: Running) -> None:
    """Halt what was asked for, until cancelled."""
    attempt = 0
    while True:
        try:
            if not await halt_some(running.pool, running.settings):
                await asyncio.sleep(POLL)
            attempt = 0
        except TROUBLE_WITH_KAFKA as error:
            attempt += 1
            log.warning("halting is tried again", error=type(error).__name__, attempt=attempt)
            await pause(attempt)


async def halt_some(pool: Pool, settings: Settings) -> int:
    """One round; returns how many consents are in effect ended now."""
    rows = await fetch(pool, SQL["claim"], AT_ONCE, CLAIMED_FOR)
    if not rows:
        return 0
    for shard in sorted({shard for row in rows for shard in row["shards"]}):
        await fence(settings, shard)
    reach("halting.fenced")
    await courier.wait_for_attempts(pool, [row["consent"] for row in rows])
    for row in rows:
        await _say(pool, row)
    log.info("consents halted", count=len(rows))
    return len(rows)


async def _say(pool: Pool, row: Record) -> None:
    async with transaction(pool) as connection:
        if await connection.fetchval(SQL["done"], row["consent"]) is None:
            return
        event = Halted(service="notifications", consent=row["consent"], person=row["person"], reason=row["reason"])
        await put_events(connection, row["consent"], [event], partitionkey=row["person"], person=row["person"])
