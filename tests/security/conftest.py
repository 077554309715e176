"""One database for each module here: its tests keep apart by people and keys of their own, which saves a clone each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.network import FreshDatabase, Network
from tests.security import chains


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared_database(network: Network) -> AsyncIterator[FreshDatabase]:
    fresh = FreshDatabase(network)
    try:
        yield fresh
    finally:
        await fresh.drop()


@pytest_asyncio.fixture(loop_scope="session")
async def world(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[chains.World]:
    """An audit that nobody has written to."""
    async with chains.audited(database, tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def ten(world: chains.World) -> chains.World:
    """Ten rows, anchored at the fourth and at the tenth; number 3 was handed out to somebody who gave up."""
    await world.look(2)
    await chains.give_up(world)
    await world.look(2)
    await world.anchor()
    await world.look(6)
    await world.anchor()
    assert await world.links() == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11]
    assert (await world.verify()).ok
    return world
