"""Intake for its tests: alone in a database of each test, or one house for a module, with browsers in front of it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.intake.browsers import Browsers
from tests.integration.intake.world import Door, open_door
from tests.network import FreshDatabase, Network


@pytest_asyncio.fixture(loop_scope="session")
async def door(database) -> AsyncIterator[Door]:
    """Intake with three agencies, in a database of this test alone."""
    async with open_door(database) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(network: Network) -> AsyncIterator[Door]:
    """The same for all tests of a module: each is about somebody, or a session, of its own."""
    fresh = FreshDatabase(network)
    async with open_door(fresh) as opened:
        yield opened
    await fresh.drop()


@pytest.fixture
def browsers(house: Door) -> Browsers:
    return Browsers(house)
