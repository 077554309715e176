"""A service's schema set back to an earlier state, as an operator does it: pg_dump, pg_restore, and its own topics."""

import asyncio
import subprocess
from contextlib import suppress

import asyncpg

from shared.contracts.topics import TOPICS
from shared.local.postgres import BINARIES
from shared.messaging.cluster import Cluster
from shared.messaging.relay import Relay
from shared.messaging.restoring import Refold, reconcile
from shared.runtime.settings import Settings
from shared.security.keys import Keys
from tests.network import FreshDatabase


class Backups:
    """Of one service, whose relay and reconciliation run against the real log."""

    def __init__(
        self, database: FreshDatabase, settings: Settings, service: str, pool: asyncpg.Pool, refold: Refold, keys: Keys
    ) -> None:
        self._database, self._settings, self._service = database, settings, service
        self._pool, self._refold, self._keys = pool, refold, keys

    async def take(self) -> bytes:
        await self.publish()
        return await _tool(
            "pg_dump", "-Fc", "--no-unlogged-table-data", "-n", self._service, "-d", await self._database()
        )

    async def publish(self) -> None:
        """Everything that was said is in the log."""
        relay = asyncio.create_task(Relay(self._settings, self._service).run())
        try:
            async with asyncio.timeout(30):
                while await self._pool.fetchval("SELECT count(*) FROM outbox"):
                    await asyncio.sleep(0.05)
        finally:
            relay.cancel()
            with suppress(asyncio.CancelledError):
                await relay

    async def restore(self, backup: bytes) -> int:
        """Set back, and reconciled as at a start; returns how many events came back. The clock does not go back."""
        await self.publish()
        shift = await self._pool.fetchval("SELECT shift FROM clock_shift")
        dsn = await self._database()
        await _tool("pg_restore", "--clean", "--if-exists", "--single-transaction", "-d", dsn, given=backup)
        await self._pool.expire_connections()
        await _shifted(self._database, self._service, shift)
        return await reconcile(self._pool, self._settings, self._service, self._refold, self._keys)


async def _shifted(database: FreshDatabase, service: str, shift: object) -> None:
    connection = await asyncpg.connect(await database(), server_settings={"search_path": service})
    await connection.execute("UPDATE clock_shift SET shift = $1", shift)
    await connection.close()


async def empty_logs(cluster: Cluster, service: str) -> None:
    """A fresh database beside an old log would rightly take itself for a restored one."""
    await cluster.delete_topics([topic.name for topic in TOPICS if topic.owner == service])
    await cluster.ensure_topics()


async def _tool(program: str, *arguments: str, given: bytes | None = None) -> bytes:
    command = [str(BINARIES / program), *arguments]
    done = await asyncio.to_thread(subprocess.run, command, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-400:]
    return done.stdout
