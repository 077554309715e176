"""The key store in Postgres, as the service's own role."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from shared.runtime.database import DatabaseAway
from shared.security.keys import CACHED_FOR, SQL
from shared.security.sealing import (
    Compartment,
    Erased,
    KeyMissing,
    Keys,
    PostgresKeys,
    SealingKeyChanged,
    Tampered,
    open_sealed,
    seal,
)
from tests.network import FreshDatabase
from tests.unit.security.keys_contract import CANARY, CONTACT, FIELD, IDENTITY, KeysContract

pytestmark = pytest.mark.network
SECRET = "a sealing key of this test, long enough"


class Clock:
    at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pool(shared_database: FreshDatabase) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(await shared_database("intake"), min_size=1, max_size=4) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def keeper(shared_database: FreshDatabase) -> AsyncIterator[asyncpg.Pool]:
    """The administrator, who sees every row."""
    async with asyncpg.create_pool(await shared_database(), min_size=1, max_size=2) as opened:
        yield opened


class TestPostgresKeys(KeysContract):
    @pytest.fixture
    def keys(self, pool: asyncpg.Pool) -> Keys:
        return PostgresKeys(pool, SECRET)


class TestWithoutItsCache(KeysContract):
    """The same rules where every question goes to the table."""

    @pytest.fixture
    def keys(self, pool: asyncpg.Pool) -> Keys:
        class Hurried(Clock):
            def __call__(self) -> float:
                self.at += 2 * CACHED_FOR
                return self.at

        return PostgresKeys(pool, SECRET, Hurried())


async def test_two_processes_make_one_key(pool):
    person = uuid4()
    made = await asyncio.gather(*(PostgresKeys(pool, SECRET).create(person, CONTACT) for _ in range(12)))
    assert len(set(made)) == 1


async def test_an_erasure_elsewhere_is_known_here_after_sixty_seconds_at_most(pool):
    clock, person = Clock(), uuid4()
    here, there = PostgresKeys(pool, SECRET, clock), PostgresKeys(pool, SECRET)
    await here.create(person, CONTACT)
    await there.erase(person)
    clock.at = CACHED_FOR - 1
    await here.get(person, CONTACT)
    clock.at = CACHED_FOR
    with pytest.raises(Erased):
        await here.get(person, CONTACT)
    with pytest.raises(Erased):
        await here.create(person, CONTACT)


async def test_an_erasure_here_is_known_at_once(pool):
    keys, person = PostgresKeys(pool, SECRET), uuid4()
    await keys.create(person, CONTACT)
    await keys.erase(person)
    with pytest.raises(Erased):
        await keys.get(person, CONTACT)


async def test_a_key_that_vanished_is_missing_and_not_erased(pool, keeper):
    person = uuid4()
    sealed = await seal(PostgresKeys(pool, SECRET), person, CONTACT, FIELD, CANARY)
    await keeper.execute("DELETE FROM keys.person_key WHERE person_id = $1", person)
    with pytest.raises(KeyMissing):
        await open_sealed(PostgresKeys(pool, SECRET), person, CONTACT, FIELD, sealed)


async def test_making_and_erasing_at_once_ends_erased(pool, keeper):
    for _ in range(20):
        person = uuid4()
        stores = [PostgresKeys(pool, SECRET) for _ in range(4)]
        making = [store.create(person, compartment) for store in stores[:3] for compartment in (CONTACT, IDENTITY)]
        await asyncio.gather(*making, stores[3].erase(person), return_exceptions=True)
        rows = await keeper.fetch("SELECT wrapped, erased_at FROM keys.person_key WHERE person_id = $1", person)
        assert len(rows) == len(Compartment)
        assert all(row["wrapped"] is None and row["erased_at"] for row in rows)


async def test_a_compartment_of_a_newer_version_is_erased_too(pool, keeper):
    keys, person = PostgresKeys(pool, SECRET), uuid4()
    await keys.create(person, CONTACT)
    await keeper.execute(
        "INSERT INTO keys.person_key (person_id, compartment, wrapped, master) VALUES ($1, 'employment', 'x', '')",
        person,
    )
    await keys.erase(person)
    left = "SELECT count(*) FROM keys.person_key WHERE person_id = $1 AND wrapped IS NOT NULL"
    assert await keeper.fetchval(left, person) == 0
    await keeper.execute("DELETE FROM keys.person_key WHERE compartment = 'employment'")


async def test_a_newer_version_makes_no_key_either_for_somebody_erased(pool, keeper):
    """Its compartments have no marker of their own, and it may ask in the very moment of the erasure."""
    person = uuid4()
    await PostgresKeys(pool, SECRET).erase(person)
    await keeper.execute(SQL["create_key"], person, "employment", b"x", b"")
    assert await keeper.fetchval("SELECT count(*) FROM keys.person_key WHERE compartment = 'employment'") == 0


async def test_the_table_holds_no_key_in_clear(pool):
    keys, person = PostgresKeys(pool, SECRET), uuid4()
    key = await keys.create(person, CONTACT)
    row = await pool.fetchrow("SELECT * FROM keys.person_key WHERE person_id = $1", person)
    assert key not in row["wrapped"]
    assert SECRET.encode() not in row["wrapped"] + row["master"]


async def test_another_master_key_is_named_and_harms_nothing(pool):
    person = uuid4()
    sealed = await seal(PostgresKeys(pool, SECRET), person, CONTACT, FIELD, CANARY)
    other = PostgresKeys(pool, "another sealing key, set by mistake")
    with pytest.raises(SealingKeyChanged, match="THROUGHCARE_SEALING_KEY"):
        await open_sealed(other, person, CONTACT, FIELD, sealed)
    with pytest.raises(SealingKeyChanged):
        await seal(other, person, CONTACT, FIELD, "more")
    assert await open_sealed(PostgresKeys(pool, SECRET), person, CONTACT, FIELD, sealed) == CANARY


async def test_a_wrapped_key_moved_to_another_row_is_refused(pool):
    ray, jo = uuid4(), uuid4()
    for person in (ray, jo):
        await PostgresKeys(pool, SECRET).create(person, CONTACT)
        await PostgresKeys(pool, SECRET).create(person, IDENTITY)
    move = """UPDATE keys.person_key AS here SET wrapped = other.wrapped FROM keys.person_key other
               WHERE here.person_id = $1 AND here.compartment = 'contact'
                 AND other.person_id = $2 AND other.compartment = $3"""
    for person, compartment in ((ray, "identity"), (jo, "contact")):
        await pool.execute(move, ray, person, compartment)
        with pytest.raises(KeyMissing, match="another row"):
            await PostgresKeys(pool, SECRET).get(ray, CONTACT)


async def test_a_list_of_people_costs_one_question(pool, shared_database):
    people = [uuid4() for _ in range(200)]
    await asyncio.gather(*(PostgresKeys(pool, SECRET).create(person, IDENTITY) for person in people))
    asked = []

    async def listen(connection: asyncpg.Connection) -> None:
        connection.add_query_logger(asked.append)

    async with asyncpg.create_pool(await shared_database("intake"), min_size=1, max_size=1, init=listen) as watched:
        keys = PostgresKeys(watched, SECRET)
        assert len(await keys.get_many(people, IDENTITY)) == 200
        assert len(await keys.get_many(people, IDENTITY)) == 200
    assert len([query for query in asked if "person_key" in query.query]) == 1


async def test_sealing_while_every_connection_is_taken_is_refused_and_does_not_hang(shared_database, monkeypatch):
    monkeypatch.setattr("shared.security.keys.PATIENCE", 0.2)
    async with asyncpg.create_pool(await shared_database("intake"), min_size=1, max_size=1) as small, small.acquire():
        with pytest.raises(DatabaseAway):
            await seal(PostgresKeys(small, SECRET), uuid4(), CONTACT, FIELD, CANARY)


async def test_no_dump_of_the_schema_tells_what_was_sealed(pool, shared_database):
    """What a copy of the database shows without the master key: nothing of anybody's words."""
    person = uuid4()
    sealed = await seal(PostgresKeys(pool, SECRET), person, CONTACT, FIELD, CANARY)
    await pool.execute(
        "INSERT INTO idempotency (actor_id, key, route, body_hash, body) VALUES ($1, 'k', 'r', '', $2)", person, sealed
    )
    connection = await asyncpg.connect(await shared_database("intake", owner=True))
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'intake'")
        dump = [await connection.fetch(f'SELECT * FROM "{table["tablename"]}"') for table in tables]  # noqa: S608
    finally:
        await connection.close()
    assert "canary" not in repr(dump)


def test_sealing_errors_are_of_three_kinds():
    assert not issubclass(Erased, KeyMissing)
    assert not issubclass(KeyMissing, Erased)
    assert not issubclass(Tampered, KeyMissing | Erased)


async def test_a_service_opens_its_own_compartments_and_no_others(pool, shared_database: FreshDatabase):
    person = uuid4()
    sealed = await seal(PostgresKeys(pool, SECRET), person, CONTACT, FIELD, CANARY)
    await seal(PostgresKeys(pool, SECRET), person, IDENTITY, FIELD, CANARY)
    async with asyncpg.create_pool(await shared_database("notifications"), min_size=1, max_size=2) as theirs:
        assert await open_sealed(PostgresKeys(theirs, SECRET), person, CONTACT, FIELD, sealed) == CANARY
        with pytest.raises(KeyMissing):
            await PostgresKeys(theirs, SECRET).get(person, IDENTITY)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await PostgresKeys(theirs, SECRET).create(person, Compartment.PLAN)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await PostgresKeys(theirs, SECRET).erase(person)
    async with asyncpg.create_pool(await shared_database("reporting"), min_size=1, max_size=2) as theirs:
        assert await theirs.fetch("SELECT FROM keys.person_key WHERE person_id = $1", person) == []


async def test_an_erasure_closes_every_compartment_for_every_service(pool, shared_database: FreshDatabase):
    person = uuid4()
    async with asyncpg.create_pool(await shared_database("caseplan"), min_size=1, max_size=2) as theirs:
        await PostgresKeys(theirs, SECRET).create(person, Compartment.SETBACK)
        await PostgresKeys(pool, SECRET).erase(person)
        with pytest.raises(Erased):
            await PostgresKeys(theirs, SECRET).get(person, Compartment.SETBACK)
        with pytest.raises(Erased):
            await PostgresKeys(theirs, SECRET).create(person, Compartment.PLAN)
