"""Migrations: numbered SQL files, each run once, in order, in a transaction of its own.

`0003_pre_name.sql` may run while the old code still serves (it only adds); `0004_post_name.sql` waits until the
old code is gone. A file that was run is never changed: its checksum is kept and compared.
A line `-- no-transaction` at the top serves CREATE INDEX CONCURRENTLY.
"""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import asyncpg

from shared.runtime.reach import SERVICE

Phase = Literal["pre", "post"]
FILE = re.compile(r"^(\d{4})_(pre|post)_[a-z0-9_]+\.sql$")
LOCK_TIMEOUT = "5s"  # a migration that waits longer than this for a table would stop the service behind it
LEDGER = """
CREATE TABLE IF NOT EXISTS migration (
    name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
"""


class MigrationError(Exception):
    """A migration is misnamed, was changed after it ran, or failed; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    name: str  # folder/file, so two folders may both have a 0001
    phase: Phase
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def collect(folders: Sequence[Path]) -> list[Migration]:
    """The migrations of `folders`, folder by folder, in the order of their numbers."""
    found = []
    for folder in folders:
        for path in sorted(folder.glob("*.sql")):
            match = FILE.match(path.name)
            if not match:
                raise MigrationError(f"{path} should be named 0001_pre_what_it_does.sql or 0001_post_....sql")
            phase: Phase = "pre" if match[2] == "pre" else "post"
            found.append(Migration(f"{folder.parent.name}/{path.name}", phase, path.read_text(encoding="utf-8")))
    return found


async def migrate(dsn: str, schema: str, folders: Sequence[Path], *, phase: Phase | None = None) -> list[str]:
    """Bring `schema` up to date; returns the names applied now. Several callers at once are safe."""
    migrations = [m for m in collect(folders) if phase in (None, m.phase)]
    session = {"search_path": schema, "lock_timeout": LOCK_TIMEOUT}
    # Row-level security holds the owner too: a migration that fills a column means every row.
    connection = await asyncpg.connect(dsn, server_settings=session | SERVICE.settings)
    try:
        await _lock(connection, schema)
        await connection.execute(LEDGER)
        known = {row["name"]: row["sha256"] for row in await connection.fetch("SELECT name, sha256 FROM migration")}
        applied = []
        for migration in migrations:
            if migration.name in known:
                _same(migration, known[migration.name])
                continue
            await _apply(connection, migration)
            applied.append(migration.name)
        return applied
    finally:
        await connection.close()


async def pending(connection: asyncpg.Connection, folders: Sequence[Path]) -> list[str]:
    """Names of pre migrations not yet applied: a service is not ready while any is left."""
    known = {row["name"] for row in await connection.fetch("SELECT name FROM migration")}
    return [m.name for m in collect(folders) if m.phase == "pre" and m.name not in known]


async def _lock(connection: asyncpg.Connection, schema: str) -> None:
    # Asked for again and again instead of waited for: a waiting statement holds a snapshot, which would
    # deadlock with CREATE INDEX CONCURRENTLY in the migration that holds the lock.
    key = int.from_bytes(hashlib.sha256(f"migrate {schema}".encode()).digest()[:8], "big", signed=True)
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", key):
        await asyncio.sleep(0.1)


def _same(migration: Migration, sha256: str) -> None:
    if migration.sha256 != sha256:
        raise MigrationError(f"{migration.name} was changed after it ran; put it back and add a new migration instead")


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    note = "INSERT INTO migration (name, sha256) VALUES ($1, $2)"
    try:
        if migration.text.startswith("-- no-transaction"):
            await connection.execute(migration.text)
            await connection.execute(note, migration.name, migration.sha256)
            return
        async with connection.transaction():
            await connection.execute(migration.text)
            await connection.execute(note, migration.name, migration.sha256)
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{migration.name} failed and changed nothing: {error}") from error
