"""Clocks that survive everything: rows with a rule and a moment, fired in the transaction of their effect.

A clock is one row per (kind, subject) with an id of its own; starting another voids it, so no clock of the past can
act. Due, its handler locks the aggregate first, as every command does, then the clock, works its rule out again and
goes back to sleep if it is early: a holiday entered yesterday counts today.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from asyncpg import Connection, Pool, Record

from shared.messaging.failpoints import reach
from shared.messaging.meters import Meters
from shared.runtime import sql
from shared.runtime.backoff import pause
from shared.runtime.database import PASSING, fetch, transaction
from shared.runtime.ids import uuid7
from shared.workflow.clocks import BusinessDays, Hours, Patience, Timer, Until, dump, load

SQL = sql.load(__file__, "timers.sql")
POLL = 0.5  # seconds; promises are counted in hours
AT_ONCE = 100

log = structlog.get_logger("timers")


class Due(NamedTuple):
    """A clock that ran out: what it was for, and the id that says it is still the live one."""

    kind: str
    subject: UUID
    id: UUID


Handler = Callable[[Connection, Due], Awaitable[None]]
WorkOut = Callable[[Connection, datetime, Patience], Awaitable[datetime]]


async def plain(tx: Connection, start: datetime, patience: Patience) -> datetime:
    """The moment of a rule that needs no calendar."""
    match patience:
        case Hours():
            return patience.after(start)
        case Until(moment):
            return moment
        case BusinessDays():
            raise ValueError("business days need the calendar of an agency")


async def start_timers(
    tx: Connection, timers: Iterable[Timer], work_out: WorkOut = plain, *, since: datetime | None = None
) -> None:
    """Start (or, without patience, stop) clocks inside `tx`, which holds the lock on their aggregate.

    `since`: when the silence began, where that is not now; so a restore gives nobody more time than they had.
    """
    for timer in timers:
        if timer.patience is None:
            await tx.execute(SQL["stop_timer"], timer.kind, str(timer.subject))
            continue
        start = since or await tx.fetchval(SQL["now"])
        due = await work_out(tx, start, timer.patience)
        rule = json.dumps(dump(timer.patience))
        await tx.execute(SQL["start_timer"], timer.kind, str(timer.subject), uuid7(), rule, due, since)


async def claim(tx: Connection, due: Due, work_out: WorkOut = plain) -> bool:
    """Take a due clock, with its aggregate already locked; False if it is void or must sleep on.

    A claimed clock is gone: the handler's decision starts the next one.
    """
    row = await tx.fetchrow(SQL["lock_timer"], due.kind, str(due.subject), due.id)
    if row is None:
        return False
    moment = await work_out(tx, row["started_at"], load(json.loads(row["rule"])))
    if moment > row["at"]:
        await tx.execute(SQL["sleep_timer"], due.kind, str(due.subject), due.id, moment)
        return False
    await tx.execute(SQL["end_timer"], due.kind, str(due.subject), due.id)
    reach("timer.claimed")
    return True


async def work_out_again(tx: Connection, agency: UUID, work_out: WorkOut) -> int:
    """Move every clock that follows this agency's calendar to where its rule puts it now; returns how many."""
    rows = await tx.fetch(SQL["timers_by_rule"], json.dumps({"agency": str(agency)}))
    for row in rows:
        moment = await work_out(tx, row["started_at"], load(json.loads(row["rule"])))
        await tx.execute(SQL["sleep_timer"], row["kind"], row["subject"], row["id"], moment)
    return len(rows)


class Clockwork:
    """Fires the clocks of one service. Several may run: the aggregate's lock lets one act."""

    def __init__(self, pool: Pool, meters: Meters | None = None) -> None:
        self._pool = pool
        self._meters = meters or Meters()
        self._handlers: dict[str, Handler] = {}

    def on(self, kind: str, handler: Handler) -> None:
        """`handler(tx, due)` locks the aggregate, calls `claim`, and if it is True makes the effect."""
        self._handlers[kind] = handler

    async def run(self) -> None:
        """Fire until cancelled."""
        attempt = 0
        while True:
            try:
                fired = await self.fire_due()
                attempt = 0
                if fired < AT_ONCE:
                    await asyncio.sleep(POLL)
            except PASSING as error:
                attempt += 1
                log.warning("clocks wait for the database", error=type(error).__name__, attempt=attempt)
                await pause(attempt)

    async def fire_due(self) -> int:
        """One round; returns how many clocks were looked at."""
        rows = await fetch(self._pool, SQL["due_timers"], AT_ONCE)
        self._meters.timers_late.set((rows[0]["at"] - rows[0]["due_at"]).total_seconds() if rows else 0)
        for row in rows:
            await self._fire(row)
        return len(rows)

    async def _fire(self, row: Record) -> None:
        due = Due(row["kind"], UUID(row["subject"]), row["id"])
        handler = self._handlers.get(due.kind)
        try:
            if handler is None:
                raise LookupError(f"no handler for clocks of kind {due.kind}")
            async with transaction(self._pool) as connection:
                await handler(connection, due)
                reach("timer.applied")
        except PASSING:
            raise
        except Exception as error:
            log.error("clock fails and will be tried again", kind=due.kind, exc_info=error)
            await fetch(self._pool, SQL["delay_timer"], due.kind, row["subject"], due.id)
        else:
            self._meters.timers_fired.labels(due.kind).inc()
