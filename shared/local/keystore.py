"""The key store's own database: made, migrated, filled from where keys lay before, and made to forget again.

On the server of the others, or on one of its own (THROUGHCARE_KEYS). A backup of the others' database holds no key.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared.contracts.topics import SERVICES
from shared.local.provision import ROOT, Databases, filled
from shared.runtime.migrations import migrate
from shared.security.keystore import moving
from shared.security.keystore.store import grant, replay_erasures
from shared.security.ledger import Ledger

SCHEMA = "keys"
OWNER = f"{SCHEMA}_owner"
FOLDER = ROOT / "shared" / "security" / "keystore" / "migrations"


def beside(database: str) -> str:
    """What the key store of a database is called where nobody named it."""
    return f"{database}_keys"


class KeyStore:
    """One database of keys on the server of `databases`. Every call may be repeated."""

    def __init__(self, databases: Databases, database: str) -> None:
        self.databases = databases
        self.database = database

    def url(self, role: str | None = None, *, password: bool = True) -> str:
        return self.databases.url(role, self.database, password=password)

    async def prepare(self, others: Databases, database: str, ledger: Ledger) -> str:
        """Everything before the first service starts, and what there was to do."""
        await self.ensure_roles(services=others is not self.databases)
        applied = await self.ensure()
        moved = await self.move_from(others, database) if await self.lies_in(others, database) else 0
        forgotten = await self.replay_erasures(ledger)
        told = {"keys moved here": moved, "people forgotten again": forgotten, "migrations": len(applied)}
        return ", ".join(f"{count} {what}" for what, count in told.items() if count) or "up to date"

    async def ensure_roles(self, *, services: bool) -> None:
        """Its owner's; `services` on a server of its own, where nobody else makes what they sign in as."""
        async with self.databases.connected() as connection:
            for service in SERVICES if services else ():
                await self.databases.ensure_role(connection, service, service)
            await self.databases.ensure_role(connection, OWNER, SCHEMA)

    async def ensure(self) -> list[str]:
        """The database with grants, tables and everybody's compartments; the migrations applied now."""
        await self.databases.create(self.database)
        await self._open()
        applied = await migrate(self.url(OWNER), SCHEMA, (FOLDER,))
        async with self.owner() as owner:
            await grant(owner)
        return applied

    async def clone(self, database: str) -> "KeyStore":
        """A copy of this one, which nobody may be connected to."""
        await self.databases.create(database, self.database)
        copy = KeyStore(self.databases, database)
        await copy._open()
        return copy

    async def lies_in(self, databases: Databases, database: str) -> bool:
        """Whether keys lie in a schema of `database` still, as an earlier version kept them."""
        async with databases.connected(database) as admin:
            return await moving.is_old(admin)

    async def move_from(self, databases: Databases, database: str) -> int:
        """Those keys, copied and compared, then dropped there; how many."""
        old = await asyncpg.connect(databases.url(OWNER, database))
        try:
            async with self.owner() as new:
                moved = await moving.move(old, new)
        finally:
            await old.close()
        async with databases.connected(database) as admin:
            await admin.execute(filled("leave_old_database", database=database))
        return moved

    async def replay_erasures(self, ledger: Ledger) -> int:
        async with self.owner() as owner:
            return await replay_erasures(owner, ledger)

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection]:
        """Who sees every row."""
        connection = await asyncpg.connect(self.url(OWNER))
        try:
            yield connection
        finally:
            await connection.close()

    async def _open(self) -> None:
        async with self.databases.connected(self.database) as connection:
            await connection.execute(filled("close_database", database=self.database))
            await connection.execute(filled("ensure_key_store", database=self.database))
            for service in SERVICES:
                await connection.execute(filled("open_key_store", database=self.database, service=service))
