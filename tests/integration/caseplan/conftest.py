"""A caseplan of its own for each test: a fresh database that has heard of the network."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest_asyncio

from tests.integration.caseplan.world import World, open_world, the_network
from tests.network import FreshDatabase

MONDAY = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)  # 10 o'clock in New York


@pytest_asyncio.fixture(loop_scope="session")
async def world(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(database, tmp_path) as opened:
        await opened.be_at(MONDAY)
        await opened.inbox.process([opened.record(event, subject) for event, subject in the_network()])
        yield opened
