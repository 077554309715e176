"""The audit: who looked, in the transaction of the look; rows are added and never changed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from shared.runtime.reach import SERVICE
from shared.security import audit, demo
from shared.security.permissions import Role
from tests.network import FreshDatabase

pytestmark = pytest.mark.network
DANA, YUSUF = (demo.person_actor(id) for id in (demo.DANA, demo.YUSUF))


@pytest_asyncio.fixture(loop_scope="session")
async def tx(shared_database: FreshDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(await shared_database("caseplan"), server_settings=SERVICE.settings)
    try:
        yield connection
    finally:
        await connection.execute("UPDATE clock_shift SET shift = '0'")
        await connection.close()


@pytest.fixture
def ray() -> UUID:
    """A person nobody has looked at yet."""
    return uuid4()


async def test_a_person_sees_who_looked_when_and_why_the_latest_first(tx, ray):
    at = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    await audit.record(tx, DANA, "plan.read", ray, "plan/7", "care", at)
    await audit.record(tx, YUSUF, "referral.read", ray, "referral/9", "referral")
    await audit.record(tx, DANA, "plan.read", demo.JO, "plan/8", "care")
    latest, first = await audit.who_looked(tx, ray)
    assert (latest.actor, latest.agency, latest.purpose) == (demo.YUSUF, demo.CEDAR_HOUSE, "referral")
    assert latest.at.tzinfo
    assert first == audit.Look(
        first.number, at, demo.DANA, Role.CASE_MANAGER, demo.WELCOME_ALDER, "plan.read", "plan/7", "care", True
    )


async def test_ones_own_looks_are_no_news(tx, ray):
    await audit.record(tx, demo.person_actor(ray), "plan.read", ray, "plan/7", "own")
    assert await audit.who_looked(tx, ray) == []
    recorded = await tx.fetchval("SELECT count(*) FROM audit WHERE person_id = $1", ray)
    assert recorded == 1, "but they are recorded"


async def test_a_list_that_shows_several_people_is_a_look_at_each_of_them(tx, ray):
    jo = uuid4()
    await audit.record_many(tx, DANA, "person.list", [ray, jo, ray], "list", "care")
    await audit.record_many(tx, DANA, "person.list", [], "list", "care")
    for person in (ray, jo):
        [look] = await audit.who_looked(tx, person)
        assert (look.action, look.object, look.allowed) == ("person.list", "list", True)


async def test_a_refusal_is_recorded_as_one(tx, ray):
    await audit.record(tx, YUSUF, "person.read", ray, "person", "unstated", allowed=False)
    [look] = await audit.who_looked(tx, ray)
    assert not look.allowed


async def test_the_audit_goes_with_the_act(tx, ray):
    """No row without the act, no act without the row."""
    with pytest.raises(ZeroDivisionError):
        async with tx.transaction():
            await audit.record(tx, DANA, "plan.sign", ray, "plan/7", "care")
            raise ZeroDivisionError
    assert await audit.who_looked(tx, ray) == []


async def test_time_is_the_services_own_clock(tx, ray):
    await tx.execute("UPDATE clock_shift SET shift = '10 days'")
    await audit.record(tx, DANA, "plan.read", ray, "plan/7", "care")
    [look] = await audit.who_looked(tx, ray)
    assert (look.at - datetime.now(UTC)).days in (9, 10)


async def test_a_long_list_comes_in_pages_without_a_gap(tx, ray):
    for number in range(25):
        await audit.record(tx, DANA, "plan.read", ray, f"plan/{number}", "care")
    seen, before = [], audit.LATEST
    while page := await audit.who_looked(tx, ray, limit=10, before=before):
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
async def test_the_service_can_not_change_what_is_written(tx, ray, statement):
    await audit.record(tx, DANA, "plan.read", ray, "plan/7", "care")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await tx.execute(statement)
    assert len(await audit.who_looked(tx, ray)) == 1


@pytest.mark.parametrize("statement", ["UPDATE audit SET purpose = 'other'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_a_grant_too_many_or_the_owners_own_slip_changes_nothing_either(tx, ray, shared_database, statement):
    await audit.record(tx, DANA, "plan.read", ray, "plan/7", "care")
    owner = await asyncpg.connect(await shared_database("caseplan", owner=True))
    try:
        await owner.execute("GRANT ALL ON audit TO caseplan")
        for connection in (tx, owner):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never changed"):
                await connection.execute(statement)
    finally:
        await owner.close()


async def test_no_service_reads_anothers_audit(shared_database):
    await shared_database("caseplan")
    stranger = await asyncpg.connect(await shared_database("reporting"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await stranger.fetch("SELECT * FROM caseplan.audit")
    finally:
        await stranger.close()


async def test_who_looked_is_one_range_of_its_index(tx, shared_database):
    """At a hundred thousand rows: the index named, no sort, few rows touched."""
    await tx.execute(
        """INSERT INTO audit (at, actor_id, actor_role, action, person_id, object, purpose, allowed)
           SELECT clock(), gen_random_uuid(), 'case_manager', 'plan.read',
                  ('00000000-0000-7000-8000-' || lpad((n % 2000)::text, 12, '0'))::uuid, 'plan', 'care', true
             FROM generate_series(1, 100000) n"""
    )
    owner = await asyncpg.connect(await shared_database("caseplan", owner=True))
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


async def test_the_statement_can_be_sent_beside_others(tx, ray):
    await tx.executemany(audit.RECORD, [audit.values(DANA, "plan.read", ray, "plan", "care") for _ in range(3)])
    assert len(await audit.who_looked(tx, ray)) == 3
