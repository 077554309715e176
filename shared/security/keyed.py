"""A service's pool together with the key store by which what is written through it is sealed.

The key store has connections of its own: whoever seals inside a transaction must not wait for one that others hold.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asyncpg import Pool

from shared.runtime.database import pool
from shared.runtime.reach import NOTHING, Reach
from shared.runtime.settings import Settings
from shared.security.keys import Alarm, PostgresKeys, open_keys


@asynccontextmanager
async def keyed_pool(
    settings: Settings, name: str, alarm: Alarm = lambda reason: None, *, reach: Reach = NOTHING
) -> AsyncIterator[tuple[Pool, PostgresKeys]]:
    async with open_keys(settings, name, alarm) as keys, pool(settings, name, keys, reach=reach) as opened:
        yield opened, keys
