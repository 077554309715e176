"""A log and a world of their own for the tests of messaging."""

import pytest
import pytest_asyncio

from shared.contracts.topics import BY_NAME, TOPICS
from tests.integration.messaging.records import Log
from tests.integration.messaging.world import TOPIC, world

OWNER = BY_NAME[TOPIC].owner


@pytest_asyncio.fixture(loop_scope="session")
async def clean_topics(cluster):
    """Empty logs: a fresh database beside an old log would rightly take itself for a restored one."""
    names = [topic.name for topic in TOPICS if topic.owner == OWNER or topic.name.endswith((".control.v1", ".dlq.v1"))]
    await cluster.delete_topics(names)
    await cluster.ensure_topics()


@pytest.fixture
async def reader(database, kafka):
    """A reader that is handed its records by the test."""
    async with world(database) as w:
        w.reader.inbox.cluster = "test"
        yield w.reader


@pytest.fixture
def log():
    return Log()
