"""Which shards this relay owns: advisory locks on one direct connection, shared fairly among the living.

A lock lives and dies with its connection, and every statement of the relay runs on that same connection: a process
that lost its shards cannot archive anything, whatever it still believes. A process that sleeps keeps its connection;
the others end it.
"""

from datetime import timedelta
from zlib import crc32

from asyncpg import Connection

from shared.contracts.topics import PARTITIONS
from shared.runtime import sql

SQL = sql.load(__file__, "relay.sql")
PRESENCE = 1000  # lock numbers from here on say only "a relay is alive"
MOST_RELAYS = 100
STUCK_AFTER = timedelta(seconds=20)  # longer than any answer of Kafka is waited for


class Shards:
    """The shards that `connection` holds for `service`."""

    def __init__(self, connection: Connection, service: str) -> None:
        self._connection = connection
        self._key = crc32(f"relay {service}".encode()) & 0x7FFFFFFF  # locks are database-wide: the key says whose
        self._present = False
        self.owned: set[int] = set()

    async def rebalance(self) -> tuple[set[int], set[int]]:
        """Take free shards up to a fair share and give back what is over it; returns (gained, lost).

        Call it only while nothing is in flight: a shard given back may be sent by another a moment later.
        """
        if not self._present:
            await self._enter()
        await self._connection.fetchval(SQL["end_stuck"], self._key, STUCK_AFTER)
        share = -(-PARTITIONS // max(1, await self._connection.fetchval(SQL["members"], self._key)))
        lost = set(sorted(self.owned)[share:])
        for shard in lost:
            await self._connection.execute("SELECT pg_advisory_unlock($1, $2)", self._key, shard)
        self.owned -= lost
        gained = set()
        for shard in range(PARTITIONS):
            if len(self.owned) >= share:
                break
            if shard not in self.owned | lost and await self._lock(shard):
                gained.add(shard)
                self.owned.add(shard)
        return gained, lost

    async def _enter(self) -> None:
        for seat in range(PRESENCE, PRESENCE + MOST_RELAYS):
            if await self._lock(seat):
                self._present = True
                return

    async def _lock(self, number: int) -> bool:
        return bool(await self._connection.fetchval("SELECT pg_try_advisory_lock($1, $2)", self._key, number))
