"""Fences: the tokens that are refused before they run out, since their session ended or their owner left.

Intake tells by event; each service keeps what it heard in a table of its own schema, and every process holds that small
table in memory, at most half a second old. So a sign-out counts everywhere within about a second, and no request
asks another service.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from math import inf
from uuid import UUID

from asyncpg import Connection, Pool

from shared.contracts.account import Changed, Left, SessionEnded
from shared.messaging.reactions import Fact
from shared.runtime import sql
from shared.runtime.database import outages
from shared.security.identity import NotSignedIn
from shared.security.tokens import AHEAD, LIFE_OF_A_VOICE, NOT_BELIEVED, Token

SQL = sql.load(__file__, "fences.sql")
FRESH_FOR = 0.5  # seconds that a process goes by what it has read
KEPT = LIFE_OF_A_VOICE + AHEAD  # seconds: nobody holds a token that is older
PATIENCE = 5.0  # seconds for a connection
BITE = 1000  # rows that one cleaning deletes


class Fences:
    """What one process knows of them. Without its database it believes nobody: it could do nothing for them anyway."""

    def __init__(self, pool: Callable[[], Pool], now: Callable[[], float] = time.monotonic) -> None:
        self._pool, self._now = pool, now
        self._before: Mapping[UUID, float] = {}
        self._until = -inf
        self._look: asyncio.Future[None] | None = None
        self._round = 0

    async def check(self, token: Token) -> None:
        """Raises NotSignedIn. Where the session itself is live, its browser gets a fresh token from it."""
        before = await self._known()
        if any(token.issued <= before.get(id, -inf) for id in (token.sid, token.actor.id) if id):
            raise NotSignedIn(NOT_BELIEVED)

    def look_again(self) -> None:
        """This very process has raised one; a look that is under way may have missed it."""
        self._until, self._look = -inf, None
        self._round += 1

    async def _known(self) -> Mapping[UUID, float]:
        if self._now() >= self._until:
            if self._look is None or self._look.done():
                self._look = asyncio.ensure_future(self._read())
            await asyncio.shield(self._look)  # one look for all who wait, and where it fails it fails for all at once
        return self._before

    async def _read(self) -> None:
        until, round = self._now() + FRESH_FOR, self._round  # from before the look, so that nothing newer is missed
        with outages():
            async with asyncio.timeout(PATIENCE), self._pool().acquire() as connection:
                rows = await connection.fetch(SQL["list_fences"])
        if round == self._round:
            self._before, self._until = {row["id"]: row["before"] for row in rows}, until


async def raise_fence(tx: Connection, id: UUID, before: float = inf) -> None:
    """Refuse the tokens of a session or an account that were signed until `before` (Unix seconds)."""
    await tx.execute(SQL["raise_fence"], id, before)


async def forget_fences(tx: Connection) -> None:
    """A worker's chore."""
    await tx.execute(SQL["forget_fences"], float(KEPT), BITE)


async def hear(tx: Connection, facts: Sequence[Fact]) -> None:
    """Sorted, so that two batches never wait for each other. A topic read anew is mostly of tokens long gone."""
    now: datetime = await tx.fetchval("SELECT clock()")
    lately = [event for envelope, event in facts if envelope.time > now - timedelta(seconds=KEPT)]
    raised = [fence for event in lately if (fence := _fence(event)) is not None]
    for id, before in sorted(raised, key=lambda fence: str(fence[0])):
        await raise_fence(tx, id, before)


def _fence(event: object) -> tuple[UUID, float] | None:
    match event:
        case SessionEnded(session=session):
            return session, inf
        case Changed(account=account, tokens_before=before) | Left(account=account, tokens_before=before):
            return account, before.timestamp()
        case _:
            return None
