"""Transactions as this service's code takes them, and the troubles that trying again may cure."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from aiokafka.errors import KafkaError
from asyncpg import Connection, Pool

from shared.runtime.database import OUTAGES
from shared.runtime.errors import Retryable

TROUBLE: tuple[type[BaseException], ...] = (*OUTAGES, Retryable)
TROUBLE_WITH_KAFKA: tuple[type[BaseException], ...] = (*TROUBLE, KafkaError)


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """One connection and one transaction: all of it or nothing."""
    async with pool.acquire() as connection, connection.transaction():
        yield cast(Connection, connection)
