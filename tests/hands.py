"""The service's own hands: a pool for tests that work as its worker does, or look into its tables beside the app.

The app under test has a pool of its own, where a transaction says for whom it acts, and one that forgets gets nothing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared.runtime.database import pool
from shared.runtime.reach import SERVICE
from shared.runtime.settings import Settings
from shared.security.keys import Keys


@asynccontextmanager
async def hands(settings: Settings, keys: Keys | None = None) -> AsyncIterator[asyncpg.Pool]:
    """With `keys` for those that write events."""
    async with pool(settings, "hands", keys, reach=SERVICE) as own:
        yield own
