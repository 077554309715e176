"""`audit`: rows of the audit a second through the chainer, beside the plain INSERT of the same rows.

A chainer that is no slower than a service can write never falls behind, whatever the service does.
"""

import asyncpg

from bench.found import Plan
from bench.network import Servers
from bench.rounds import Result, interleave
from bench.watch import Lap
from shared.runtime.database import pool
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE
from shared.security import audit, demo
from shared.security.chaining import Chainer

ROWS = 50_000  # a round
AT_ONCE = 100  # rows a statement and commit: no page shows more people
PLAIN = f"plain INSERT of the same rows, {AT_ONCE} a statement"


async def bench(at: Servers, plan: Plan) -> Result:
    """Every round writes and chains; which of the two is on the clock is the side. The chain grows all the time."""
    rows = plan.many(ROWS)
    owner = await at.owner("caseplan")
    try:
        async with pool(at.settings("caseplan"), "bench audit", reach=SERVICE) as opened:
            load = _Load(at, opened, rows)
            await Chainer(opened, "caseplan").run()  # what an earlier benchmark has left
            result = await interleave(
                "audit",
                "committed rows of the audit to chained",
                plan,
                rows,
                goal=1.0,
                ours=load.ours,
                limits={PLAIN: load.theirs},
            )
        result.extra["links"] = await owner.fetchval("SELECT count(*) FROM audit_chain")
    finally:
        await owner.close()
    return result


class _Load:
    def __init__(self, at: Servers, opened: asyncpg.Pool, rows: int) -> None:
        self._at, self._pool, self._rows = at, opened, rows
        self._chainer = Chainer(opened, "caseplan")

    async def ours(self) -> Lap:
        await self._write()
        return await self._chain()

    async def theirs(self) -> Lap:
        lap = await self._write()
        await self._chain()
        return lap

    async def _write(self) -> Lap:
        """By the service's own role and statement."""
        people = [uuid7() for _ in range(self._rows)]
        watch = self._at.watch()
        async with self._pool.acquire() as connection:
            for start in range(0, len(people), AT_ONCE):
                some = people[start : start + AT_ONCE]
                await audit.record_many(connection, demo.person_actor(demo.DANA), "person.list", some, "name", "list")
        return watch.stop()

    async def _chain(self) -> Lap:
        watch = self._at.watch()
        done = await self._chainer.run()
        lap = watch.stop()
        if done != self._rows:
            raise RuntimeError(f"{done} of {self._rows} rows were chained")
        return lap
