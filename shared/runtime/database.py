"""The pool of connections that a process holds to its own schema.

Whatever Postgres does that trying again may cure becomes `Retryable` in `outages()`, so that callers
need to know one type.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

import asyncpg

from shared.runtime.errors import Retryable
from shared.runtime.reach import NOTHING, SERVICE, Reach, acting, as_sql, current
from shared.runtime.settings import Address, Settings

# InternalClientError is what one killed backend in three raises here; it derives from Exception alone.
OUTAGES: tuple[type[Exception], ...] = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.IdleInTransactionSessionTimeoutError,  # this process slept; what it had begun is undone
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,  # deadlock, serialization
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    ConnectionError,
    TimeoutError,
    OSError,
)
PASSING: tuple[type[Exception], ...] = (*OUTAGES, Retryable)  # trying the same again later may work
COMMAND_TIMEOUT = 30.0  # seconds; a connection that stalls is given up, not waited for
ASLEEP_AFTER = "60s"  # a process stopped within a transaction loses it, and with it the locks that others wait for


class DatabaseAway(Retryable):
    """Postgres is not answering, or ended the transaction for reasons of its own."""


@contextmanager
def outages() -> Iterator[None]:
    """Turns the outages of Postgres into `DatabaseAway`."""
    try:
        yield
    except OUTAGES as error:
        raise DatabaseAway(f"the database is not answering: {type(error).__name__}") from error


def _session(name: str) -> dict[str, str]:
    return {"application_name": name, "idle_in_transaction_session_timeout": ASLEEP_AFTER, "timezone": "UTC"}


def tls(address: Address) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=address.ca_file) if address.ca_file else False


class ScopedConnection(asyncpg.Connection):
    """Begins each transaction with what it may reach, in the same round trip. Outside of one nothing is in reach."""

    def get_reset_query(self) -> str:
        """Nothing: what holds for longer than a transaction has no place on a connection that others borrow next. The
        usual four statements took a round trip each time, more than saying the reach does."""
        return ""

    async def execute(self, query: str, *args: Any, **more: Any) -> str:
        """asyncpg says BEGIN through here, however a transaction is begun."""
        reach = current()
        if query.startswith("BEGIN") and reach != NOTHING:
            query += as_sql(reach)
        status: str = await super().execute(query, *args, **more)
        return status


class Keyed(ScopedConnection):
    """It carries the key store, too, by which its holder seals what is written through it."""

    keys: Any = None


def _keyed(keys: object | None) -> type[Keyed]:
    return type("Keyed", (Keyed,), {"keys": keys})


async def connect(settings: Settings, name: str, keys: object | None = None) -> asyncpg.Connection:
    """One direct connection, for what must hold a session: advisory locks, most of all.

    It is the service's own from end to end, and says so for the session: no pooler can stand before it.
    """
    with outages():
        return await asyncpg.connect(
            settings.database,
            connection_class=_keyed(keys),
            password=settings.database_password.get_secret_value() or None,
            ssl=tls(settings.main_store),
            timeout=10,
            command_timeout=COMMAND_TIMEOUT,
            server_settings=_session(name) | SERVICE.settings,
        )


@asynccontextmanager
async def pool(
    settings: Settings, name: str, keys: object | None = None, *, reach: Reach = NOTHING
) -> AsyncIterator[asyncpg.Pool]:
    """The service's own schema, by connections that carry `name` and the keys of people.

    By the name `pg_stat_activity` tells who is who. `reach` is what holds outside of transactions too.
    """
    async with pool_at(settings.main_store, name, settings.database_pool, keys=keys, reach=reach) as opened:
        yield opened


@asynccontextmanager
async def pool_at(
    address: Address, name: str, size: int, *, least: int = 1, keys: object | None = None, reach: Reach = NOTHING
) -> AsyncIterator[asyncpg.Pool]:
    """A pool of at most `size` connections; `least` are opened at once."""
    with outages():
        opened = await asyncpg.create_pool(
            address.url,
            connection_class=_keyed(keys),
            password=address.password or None,
            ssl=tls(address),
            min_size=least,
            max_size=size,
            timeout=10,
            command_timeout=COMMAND_TIMEOUT,
            server_settings=_session(name) | (reach.settings if reach != NOTHING else {}),
        )
    try:
        yield opened
    finally:
        # close() waits for borrowers; a stalled one must not hold the process for ever
        try:
            async with asyncio.timeout(5):
                await opened.close()
        except TimeoutError:
            opened.terminate()


@asynccontextmanager
async def transaction(opened: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the pool with a transaction begun on it; what is raised inside rolls it back."""
    async with opened.acquire() as borrowed, borrowed.transaction():
        yield cast(asyncpg.Connection, borrowed)  # the pool hands out a stand-in that does all that a connection does


async def fetch(db: asyncpg.Connection | asyncpg.Pool, statement: str, *values: Any) -> list[asyncpg.Record]:
    """The rows of one statement; of a pool in a transaction of its own, since outside of one nothing is in reach."""
    if not isinstance(db, asyncpg.Pool):
        return list(await db.fetch(statement, *values))
    async with transaction(db) as tx:
        return list(await tx.fetch(statement, *values))


async def fetchrow(db: asyncpg.Connection | asyncpg.Pool, statement: str, *values: Any) -> asyncpg.Record | None:
    """The same of a statement that has one row at most."""
    return next(iter(await fetch(db, statement, *values)), None)


@asynccontextmanager
async def reaching(tx: asyncpg.Connection, reach: Reach) -> AsyncIterator[None]:
    """A part of `tx` with another reach: what follows for others from what an actor was allowed to say.

    What is raised inside leaves it as it is, since it ends the transaction too.
    """
    before = current()
    if before == reach:
        yield
        return
    await tx.execute(as_sql(reach))
    with acting(reach):
        yield
    await tx.execute(as_sql(before))
