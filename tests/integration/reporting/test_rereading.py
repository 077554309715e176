"""Before the report is wiped it is asked whether the archives can make it again."""

from types import SimpleNamespace
from typing import Any

import pytest

from cli import rereading
from shared.contracts.message import MessageEvent
from shared.messaging import deadletters
from shared.messaging.outbox import put_events
from shared.runtime.ids import uuid7
from tests.integration.reporting.world import OCTOBER, World, agency_called, promised
from tests.network import FreshDatabase, Network

pytestmark = pytest.mark.network


@pytest.fixture
def here(network: Network, database: FreshDatabase, world: World) -> Any:
    return SimpleNamespace(databases=network.databases, database=database.name)


async def test_a_report_that_counted_what_no_archive_holds_would_not_come_back(here: Any, world: World):
    agency = uuid7()
    await world.hear((agency_called(agency, "Cedar House"), OCTOBER), *promised(agency, "kept"))
    assert await rereading.uncovered(here) == 2


async def test_what_waits_to_be_published_counts_as_held(here: Any, world: World, database: FreshDatabase):
    agency = uuid7()
    said = agency_called(agency, "Cedar House")
    await world.hear((said, OCTOBER))
    async with rereading._schema(here, "intake") as intake:
        await put_events(intake, agency, [said], partitionkey=agency)
    assert await rereading.uncovered(here) == 0


async def test_a_wiped_report_is_empty_and_remembers_what_was_given_up(here: Any, world: World):
    records = await world.hear(*promised(uuid7(), "kept"))
    broken = records[0]._replace(offset=90, value=b"{}", headers=_of_somebody_else(records[0].headers))
    await world.inbox.process([broken])
    [letter] = await deadletters.letters(world.pool, "reporting")
    await deadletters.drop(world.inbox, letter["number"], "ops:pat", "of somebody else")
    dropped, before = await rereading.wipe(here)
    assert dropped == [rereading.Dropped(letter["topic"], letter["event_id"], "ops:pat", "of somebody else")]
    assert before["promise"] == 1
    assert set((await rereading.count(here)).values()) == {0}
    assert MessageEvent.topic not in {letter.topic for letter in dropped}


def _of_somebody_else(headers: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    new = {"ce_id": str(uuid7()).encode(), "ce_subject": str(uuid7()).encode()}
    return [(name, new.get(name, value)) for name, value in headers]
