from collections.abc import AsyncIterator

import pytest_asyncio

from tests.integration.intake.world import Door, open_door


@pytest_asyncio.fixture(loop_scope="session")
async def door(database) -> AsyncIterator[Door]:
    """Intake with three agencies, in a database of this test alone."""
    async with open_door(database) as opened:
        yield opened
