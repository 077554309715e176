"""Fixtures for every tier. Unit tests start nothing: what a test asks for is started when the first one asks.

`database` is a factory of addresses into a fresh clone, `kafka` and `postgres` are the servers themselves.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import settings

from shared.messaging.cluster import Cluster
from tests.network import FreshDatabase, Kafka, Network, Postgres, close_network, open_network

settings.register_profile("here", deadline=None)  # a busy machine is not a broken test
settings.load_profile("here")

TESTS = Path(__file__).parent
TIERS = ("unit", "contracts", "faults", "integration", "e2e", "security")  # fast first, then the longest
NETWORKED = {"network", "postgres", "kafka", "cluster", "database"}
DATA = Path(os.environ.get("THROUGHCARE_TEST_DATA", TESTS.parents[1] / "shared" / "data"))


def _tier(item: pytest.Item) -> int:
    part = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
    return TIERS.index(part) if part in TIERS else len(TIERS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_tier)
    for item in items:
        asked = NETWORKED & set(getattr(item, "fixturenames", ()))
        if asked and not item.get_closest_marker("network"):
            raise pytest.UsageError(f"{item.nodeid} asks for {sorted(asked)}: mark it with pytest.mark.network")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def network() -> AsyncIterator[Network]:
    """Both servers of this run; `with_postgres` and `with_kafka` start them."""
    opened = await asyncio.to_thread(open_network)
    try:
        yield opened
    finally:
        await close_network(opened)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres(network: Network) -> Postgres:
    await network.with_postgres()
    return network.postgres


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kafka(network: Network) -> Kafka:
    """The broker, with topics, users and access rules. A test that kills it starts it again before it ends."""
    await network.with_kafka()
    return network.kafka


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cluster(network: Network) -> Cluster:
    """The administrator's connection to `kafka`."""
    return await network.with_kafka()


@pytest_asyncio.fixture(loop_scope="session")
async def database(network: Network) -> AsyncIterator[FreshDatabase]:
    fresh = FreshDatabase(network)
    try:
        yield fresh
    finally:
        await fresh.drop()


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of outside test data (standards' own vectors, real directories)."""
    if not DATA.is_dir():
        pytest.skip(f"no test data at {DATA}; THROUGHCARE_TEST_DATA names another folder")
    return DATA
