"""A mirror for each test: in the demo, where small numbers may be seen, and outside it, where they never are."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from shared.security import signing
from tests.integration.reporting.world import NOW, World, open_world
from tests.network import FreshDatabase


@pytest_asyncio.fixture(loop_scope="session")
async def world(database: FreshDatabase) -> AsyncIterator[World]:
    async with open_world(database) as opened:
        await opened.be_at(NOW)
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def real(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[World]:
    """The same outside the demo."""
    signing.ensure(tmp_path)
    keys = {"signing_keys": tmp_path / signing.PRIVATE, "verifying_keys": tmp_path / signing.PUBLIC}
    async with open_world(database, demo=False, **keys) as opened:
        await opened.be_at(NOW)
        yield opened
