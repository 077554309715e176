"""The audit: who looked, in the transaction of the look; rows are added and never changed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from shared.security import audit, demo
from shared.security.permissions import Role
from tests.network import FreshDatabase

pytestmark = pytest.mark.network
DANA, RAY, YUSUF = (demo.person_actor(id) for id in (demo.DANA, demo.RAY, demo.YUSUF))


@pytest_asyncio.fixture(loop_scope="session")
async def tx(database: FreshDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(await database("caseplan"))
    try:
        yield connection
    finally:
        await connection.close()


async def test_a_person_sees_who_looked_when_and_why_the_latest_first(tx):
    at = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    await audit.record(tx, DANA, "plan.read", RAY.id, "plan/7", "care", at)
    await audit.record(tx, YUSUF, "referral.read", RAY.id, "referral/9", "referral")
    await audit.record(tx, DANA, "plan.read", demo.JO, "plan/8", "care")
    latest, first = await audit.who_looked(tx, RAY.id)
    assert (latest.actor, latest.agency, latest.purpose) == (demo.YUSUF, demo.CEDAR_HOUSE, "referral")
    assert latest.at.tzinfo
    assert first == audit.Look(
        first.number, at, demo.DANA, Role.CASE_MANAGER, demo.WELCOME_ALDER, "plan.read", "plan/7", "care", True
    )


async def test_ones_own_looks_are_no_news(tx):
    await audit.record(tx, RAY, "plan.read", RAY.id, "plan/7", "own")
    assert await audit.who_looked(tx, RAY.id) == []
    assert await tx.fetchval("SELECT count(*) FROM audit") == 1, "but they are recorded"


async def test_a_list_that_shows_several_people_is_a_look_at_each_of_them(tx):
    await audit.record_many(tx, DANA, "person.list", [demo.RAY, demo.JO, demo.RAY], "list", "care")
    await audit.record_many(tx, DANA, "person.list", [], "list", "care")
    for person in (demo.RAY, demo.JO):
        [look] = await audit.who_looked(tx, person)
        assert (look.action, look.object, look.allowed) == ("person.list", "list", True)


async def test_a_refusal_is_recorded_as_one(tx):
    await audit.record(tx, YUSUF, "person.read", demo.RAY, "person", "unstated", allowed=False)
    [look] = await audit.who_looked(tx, demo.RAY)
    assert not look.allowed


async def test_the_audit_goes_with_the_act(tx):
    """No row without the act, no act without the row."""
    with pytest.raises(ZeroDivisionError):
        async with tx.transaction():
            await audit.record(tx, DANA, "plan.sign", demo.RAY, "plan/7", "care")
            raise ZeroDivisionError
    assert await audit.who_looked(tx, demo.RAY) == []


async def test_time_is_the_services_own_clock(tx):
    await tx.execute("UPDATE clock_shift SET shift = '10 days'")
    await audit.record(tx, DANA, "plan.read", demo.RAY, "plan/7", "care")
    [look] = await audit.who_looked(tx, demo.RAY)
    assert (look.at - datetime.now(UTC)).days in (9, 10)


async def test_a_long_list_comes_in_pages_without_a_gap(tx):
    for number in range(25):
        await audit.record(tx, DANA, "plan.read", demo.RAY, f"plan/{number}", "care")
    seen, before = [], audit.LATEST
    while page := await audit.who_looked(tx, demo.RAY, limit=10, before=before):
        seen += [look.object for look in page]
        before = page[-1].number
    assert seen == [f"plan/{number}" for number in reversed(range(25))]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET purpose = 'other'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "INSERT INTO audit OVERRIDING SYSTEM VALUE SELECT (a).* FROM (SELECT audit AS a FROM audit) x"
        " ON CONFLICT (number) DO UPDATE SET purpose = 'x'",
        "ALTER TABLE audit DISABLE TRIGGER audit_stays",
        "DROP TABLE audit",
    ],
)
async def test_the_service_can_not_change_what_is_written(tx, statement):
    await audit.record(tx, DANA, "plan.read", demo.RAY, "plan/7", "care")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await tx.execute(statement)
    assert len(await audit.who_looked(tx, demo.RAY)) == 1


@pytest.mark.parametrize("statement", ["UPDATE audit SET purpose = 'other'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_a_grant_too_many_or_the_owners_own_slip_changes_nothing_either(tx, database, statement):
    await audit.record(tx, DANA, "plan.read", demo.RAY, "plan/7", "care")
    owner = await asyncpg.connect(await database("caseplan", owner=True))
    try:
        await owner.execute("GRANT ALL ON audit TO caseplan")
        for connection in (tx, owner):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never changed"):
                await connection.execute(statement)
    finally:
        await owner.close()


async def test_no_service_reads_anothers_audit(database):
    await database("caseplan")
    stranger = await asyncpg.connect(await database("reporting"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await stranger.fetch("SELECT * FROM caseplan.audit")
    finally:
        await stranger.close()


async def test_who_looked_is_one_range_of_its_index(tx, database):
    """At a hundred thousand rows: the index named, no sort, few rows touched."""
    await tx.execute(
        """INSERT INTO audit (at, actor_id, actor_role, action, person_id, object, purpose, allowed)
           SELECT clock(), gen_random_uuid(), 'case_manager', 'plan.read',
                  ('00000000-0000-7000-8000-' || lpad((n % 2000)::text, 12, '0'))::uuid, 'plan', 'care', true
             FROM generate_series(1, 100000) n"""
    )
    owner = await asyncpg.connect(await database("caseplan", owner=True))
    try:
        await owner.execute("ANALYZE audit")
    finally:
        await owner.close()
    person = "00000000-0000-7000-8000-000000000007"
    lines = await tx.fetch(
        "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + audit.SQL["who_looked"], person, audit.LATEST, 20
    )
    plan = "\n".join(line[0] for line in lines)
    assert "audit_person_idx" in plan, plan
    assert "Sort" not in plan, plan
    assert "Seq Scan" not in plan, plan


async def test_the_statement_can_be_sent_beside_others(tx):
    await tx.executemany(audit.RECORD, [audit.values(DANA, "plan.read", uuid4(), "plan", "care") for _ in range(3)])
    assert await tx.fetchval("SELECT count(*) FROM audit") == 3
