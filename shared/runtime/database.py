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


class Keyed(asyncpg.Connection):
    """A connection that carries the key store by which its holder seals what is written through it."""

    keys: Any = None


def _keyed(keys: object | None) -> type[Keyed]:
    return type("Keyed", (Keyed,), {"keys": keys})


async def connect(settings: Settings, name: str, keys: object | None = None) -> asyncpg.Connection:
    """One direct connection, for what must hold a session: advisory locks, most of all."""
    with outages():
        return await asyncpg.connect(
            settings.database,
            connection_class=_keyed(keys),
            password=settings.database_password.get_secret_value() or None,
            ssl=tls(settings.main_store),
            timeout=10,
            command_timeout=COMMAND_TIMEOUT,
            server_settings=_session(name),
        )


@asynccontextmanager
async def pool(settings: Settings, name: str, keys: object | None = None) -> AsyncIterator[asyncpg.Pool]:
    """The service's own schema, by connections that carry `name` and the keys of people.

    By the name `pg_stat_activity` tells who is who.
    """
    async with pool_at(settings.main_store, name, settings.database_pool, keys=keys) as opened:
        yield opened


@asynccontextmanager
async def pool_at(
    address: Address, name: str, size: int, *, least: int = 1, keys: object | None = None
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
            server_settings=_session(name),
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
