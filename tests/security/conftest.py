"""One database for each module here: its tests keep apart by people and keys of their own, which saves a clone each."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.network import FreshDatabase, Network


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared_database(network: Network) -> AsyncIterator[FreshDatabase]:
    fresh = FreshDatabase(network)
    try:
        yield fresh
    finally:
        await fresh.drop()
