"""What a worker does every few seconds besides its work: measure the queues and raise alarms."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from asyncpg import Connection, Pool

from shared.messaging.meters import Meters
from shared.runtime import sql
from shared.runtime.database import OUTAGES, transaction

RELAY = sql.load(__file__, "relay.sql")
INBOX = sql.load(__file__, "inbox.sql")
EVERY = 5.0  # seconds
Chore = Callable[[Connection], Awaitable[object]]
OLD_SNAPSHOT = 60.0  # seconds; from here on polling the outbox grows slow (measured)

log = structlog.get_logger("house")


async def keep_house(pool: Pool, meters: Meters, service: str, chores: Sequence[Chore] = ()) -> None:
    """Measure, and do the `chores` of others, until cancelled; a database that is away is asked again later."""
    while True:
        try:
            async with transaction(pool) as tx:
                await _measure(tx, meters, service)
            for chore in chores:
                async with transaction(pool) as tx:
                    await chore(tx)
        except OUTAGES as error:
            log.warning("nothing measured", error=type(error).__name__)
        await asyncio.sleep(EVERY)


async def _measure(tx: Connection, meters: Meters, service: str) -> None:
    depth = await tx.fetchrow(RELAY["depth"])
    assert depth is not None, "counting always gives a row"
    meters.outbox_rows.set(depth["rows"])
    meters.outbox_age.set(depth["oldest"])
    meters.outbox_blocked.set(depth["blocked"])
    age = await tx.fetchval(RELAY["oldest_snapshot"])
    meters.snapshot_age.set(age)
    if age > OLD_SNAPSHOT:
        log.error("a transaction stays open too long", seconds=round(age))
    for gauge, statement in ((meters.letters, "letters_by_reason"), (meters.held_up, "parked_by_reason")):
        rows = await tx.fetch(INBOX[statement], service)
        meters.tell(gauge, {row["reason"]: row["count"] for row in rows})
