"""Tells the network what partners' logs acknowledged, apart from the writing, which it would slow down."""

import asyncio

import structlog
from asyncpg import Pool, Record

from services.notifications import accounts
from services.notifications.database import transaction
from shared.contracts.delivery import Acknowledged
from shared.messaging.outbox import Saying, put_of_each
from shared.process import Running
from shared.runtime import sql
from shared.runtime.backoff import pause
from shared.runtime.database import OUTAGES

SQL = sql.load(__file__, "told.sql")
AT_ONCE = 200
POLL = 0.05  # seconds

log = structlog.get_logger("told")


async def tell_acknowledged(running: Running) -> None:
    """The worker's task, until cancelled."""
    attempt = 0
    while True:
        try:
            if await tell_some(running.pool) < AT_ONCE:
                await asyncio.sleep(POLL)
            attempt = 0
        except OUTAGES as error:
            attempt += 1
            log.warning("acknowledgements wait", error=type(error).__name__, attempt=attempt)
            await pause(attempt)


async def tell_some(pool: Pool) -> int:
    """One round; returns how many were told of."""
    async with transaction(pool) as connection:
        rows = await connection.fetch(SQL["untold"], AT_ONCE)
        if not rows:
            return 0
        await put_of_each(connection, [Saying(row["thing"], _event(row), row["person"], row["person"]) for row in rows])
        await accounts.note(connection, rows)
        await connection.execute(SQL["mark_told"], [row["place"] for row in rows])
        return len(rows)


def _event(row: Record) -> Acknowledged:
    return Acknowledged(
        person=row["person"],
        agency=row["agency"],
        partner=row["partner"],
        referral=row["thing"] if row["kind"] == "referral" else None,
        setback=row["thing"] if row["kind"] == "setback" else None,
        consent=row["consent"],
    )
