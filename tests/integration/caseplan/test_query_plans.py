"""The statements behind every page, at the size of a county: an index named, nothing sorted, few rows touched."""

import json
from collections.abc import AsyncIterator
from hashlib import md5
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from services.caseplan.store import SQL
from shared.messaging.inbox import SQL as INBOX
from shared.messaging.relay import SQL as RELAY
from shared.runtime.database import transaction
from shared.runtime.reach import SERVICE, Reach, acting
from tests.integration.caseplan.world import World, open_world
from tests.network import FreshDatabase, Network

pytestmark = pytest.mark.network
FILL = """
INSERT INTO aggregate (kind, id, person, worker, home, receiving, program, consent, stage, is_open, state, made_at,
                       moved_at)
SELECT 'referral', gen_random_uuid(), md5('p' || n % 9000)::uuid, md5('w' || n % 150)::uuid, md5('h' || n % 20)::uuid,
       md5('r' || n % 60)::uuid, md5('g' || n)::uuid, md5('c' || n % 9000)::uuid,
       CASE WHEN n % 3 = 0 THEN 'seen' ELSE 'closed' END, n % 3 = 0, '{}',
       clock() - n * interval '1 minute', clock() - n * interval '1 minute'
  FROM generate_series(1, 60000) n;
INSERT INTO aggregate (kind, id, person, worker, home, stage, is_open, state, made_at, moved_at)
SELECT 'promise', gen_random_uuid(), md5('p' || n % 9000)::uuid, md5('w' || n % 150)::uuid, md5('h' || n % 20)::uuid,
       CASE WHEN n / 150 % 20 = 0 THEN 'broken' ELSE 'kept' END, false,
       jsonb_build_object('by_person', 'true', 'admitted', CASE WHEN n / 150 % 40 = 0 THEN 'true' END),
       clock() - n * interval '1 minute', clock() - n * interval '1 minute'
  FROM generate_series(1, 30000) n;
INSERT INTO happened (kind, id, person, verb, stage, party, way, at)
SELECT 'referral', gen_random_uuid(), md5('p' || n % 9000)::uuid, 'see', 'seen', 'agency', 'page', clock()
  FROM generate_series(1, 120000) n;
INSERT INTO progress (consumer, topic, subject, epoch, sequence)
SELECT 'caseplan', 'throughcare.consent.v1', 's' || n, 1, 1 FROM generate_series(1, 60000) n;
INSERT INTO outbox (shard, id, topic, subject, sequence, epoch, partitionkey, type, at, data)
SELECT n % 12, gen_random_uuid(), 'throughcare.plan.v1', 's' || n, 1, 1, 'p', 't', clock(), ''
  FROM generate_series(1, 60000) n;
ANALYZE;
"""
ONE: dict[str, tuple[str, tuple[Any, ...], str]] = {
    "what a person has": (SQL["list_of_person"], ("p1", "referral", 50), "aggregate_person_idx"),
    "what a worker holds": (SQL["list_open_of_worker"], ("w1", "referral", 60), "aggregate_worker_idx"),
    "what a worker has not owned up to": (SQL["list_broken_of_worker"], ("w1", 60), "aggregate_broken_idx"),
    "what fell to a supervisor": (SQL["list_held_by_team"], ("h1", "referral", ["seen"], 60), "aggregate_home_idx"),
    "a timeline": (SQL["timeline"], ("p1", ["concern"], 40), "happened_person_idx"),
}


def as_id(name: str) -> UUID:
    return UUID(md5(name.encode(), usedforsecurity=False).hexdigest())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def county(network: Network, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    fresh = FreshDatabase(network)
    home: Path = tmp_path_factory.mktemp("home")
    try:
        async with open_world(fresh, home) as world:
            for statement in filter(str.strip, FILL.split(";")):
                await world.pool.execute(statement)
            yield world
    finally:
        await fresh.drop()


WORKER = Reach(as_id("h1"), None, as_id("w1"))


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


async def explained(county: World, reach: Reach, statement: str, *values: Any, options: str = "") -> tuple[str, Any]:
    """The plan that the app itself is given, for whoever acts."""
    with acting(reach):
        async with transaction(county.running.pool) as tx:
            told = await tx.fetchval(f"EXPLAIN ({options}FORMAT JSON) {statement}", *values)
    return told, nodes(json.loads(told)[0]["Plan"])


@pytest.mark.parametrize("reach", [SERVICE, WORKER], ids=["the service", "a worker"])
@pytest.mark.parametrize("name", ONE)
async def test_it_reads_one_range_of_its_index(county: World, name: str, reach: Reach):
    """Whoever acts: row-level security looks at the rows that the index finds, and finds none itself."""
    statement, values, index = ONE[name]
    values = (as_id(values[0]), *values[1:])
    told, found = await explained(county, reach, statement, *values, options="ANALYZE, ")
    assert index in {node.get("Index Name") for node in found}, told
    assert "Sort" not in {node["Node Type"] for node in found}, told
    assert sum(node.get("Rows Removed by Filter", 0) for node in found) <= 200, told


async def test_what_stands_on_a_consent_is_found_without_looking_at_the_others(county: World):
    told, found = await explained(county, SERVICE, SQL["lock_under"], [as_id("c1")], [])
    assert "aggregate_consent_idx" in {node.get("Index Name") for node in found}, told
    assert "Seq Scan" not in {node["Node Type"] for node in found}, told


async def test_the_inbox_and_the_relay_find_their_rows_by_their_keys(county: World):
    subjects = [f"s{number}" for number in range(1, 60)]
    asked = (INBOX["progress"], "caseplan", "throughcare.consent.v1", subjects)
    round_ = (RELAY["fetch_round"], [0, 1], [0, 0], [0, 0], 512)
    for (statement, *values), index in ((asked, "progress_pkey"), (round_, "outbox_pkey")):
        told, found = await explained(county, SERVICE, statement, *values)
        assert index in {node.get("Index Name") for node in found}, told
        scanned = {node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"}
        assert not scanned & {"progress", "outbox"}, told


MARKS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "a worker's day": (SQL["mark_of_worker"], (["w1", "w2"], "h1", False)),
    "a supervisor's day": (SQL["mark_of_worker"], (["w1"], "h1", True)),
    "the person's own page": (SQL["mark_of_person"], ("p1",)),
}


@pytest.mark.parametrize("name", MARKS)
async def test_what_every_open_page_asks_every_two_seconds_reads_a_few_rows_by_index(county: World, name: str):
    statement, arguments = MARKS[name]
    values = [as_id(one) if isinstance(one, str) else [*map(as_id, one)] if isinstance(one, list) else one
              for one in arguments]  # fmt: skip
    told, found = await explained(county, SERVICE, statement, *values, options="ANALYZE, ")
    scans = [node for node in found if "Scan" in node["Node Type"] and "Relation Name" in node]
    assert {node["Relation Name"] for node in scans if node["Node Type"] == "Seq Scan"} <= {"person"}, told
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in scans) < 400, told
