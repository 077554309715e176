"""The key store in Postgres, in a database of its own, as the services' own roles."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from shared.contracts.compartments import OPENS
from shared.contracts.topics import SERVICES
from shared.local.postgres import BINARIES
from shared.messaging.meters import Meters
from shared.runtime.database import DatabaseAway
from shared.runtime.reach import SERVICE
from shared.security.keys import CACHED_FOR, SQL, open_keys, place_of
from shared.security.keystore.store import grant
from shared.security.ledger import Ledger, LedgerAway
from shared.security.masters import Masters
from shared.security.sealing import (
    Compartment,
    Erased,
    KeyMissing,
    Keys,
    NotGranted,
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
MATRIX = [(service, compartment) for service in SERVICES for compartment in Compartment]


class Clock:
    at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def store(shared_database: FreshDatabase) -> FreshDatabase:
    await shared_database("intake")
    return shared_database


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return Ledger(tmp_path_factory.mktemp("home") / "erasures")


@asynccontextmanager
async def signed_in(store: FreshDatabase, service: str) -> AsyncIterator[asyncpg.Pool]:
    """In the key store, as that service."""
    async with asyncpg.create_pool(store.keys.url(service), min_size=1, max_size=4) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pool(store: FreshDatabase) -> AsyncIterator[asyncpg.Pool]:
    async with signed_in(store, "intake") as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def keeper(store: FreshDatabase) -> AsyncIterator[asyncpg.Pool]:
    """The owner, who sees every row."""
    async with asyncpg.create_pool(store.keys.url("keys_owner"), min_size=1, max_size=2) as opened:
        yield opened


@pytest.fixture
def of(ledger: Ledger):
    """A process's own view of the key store over a pool."""

    def make(pool: asyncpg.Pool, secret: str = SECRET, **more) -> PostgresKeys:
        return PostgresKeys(pool, Masters.of(secret), more.pop("ledger", ledger), **more)

    return make


class TestPostgresKeys(KeysContract):
    @pytest.fixture
    def keys(self, pool: asyncpg.Pool, of) -> Keys:
        return of(pool)


class TestWithoutItsCache(KeysContract):
    """The same rules where every question goes to the table."""

    @pytest.fixture
    def keys(self, pool: asyncpg.Pool, of) -> Keys:
        class Hurried(Clock):
            def __call__(self) -> float:
                self.at += 2 * CACHED_FOR
                return self.at

        return of(pool, now=Hurried())


async def test_two_processes_make_one_key(pool, of):
    person = uuid4()
    made = await asyncio.gather(*(of(pool).create(person, CONTACT) for _ in range(12)))
    assert len(set(made)) == 1


async def test_an_erasure_elsewhere_is_known_here_after_sixty_seconds_at_most(pool, of):
    clock, person = Clock(), uuid4()
    here, there = of(pool, now=clock), of(pool)
    await here.create(person, CONTACT)
    await there.erase(person)
    clock.at = CACHED_FOR - 1
    await here.get(person, CONTACT)
    clock.at = CACHED_FOR
    with pytest.raises(Erased):
        await here.get(person, CONTACT)
    with pytest.raises(Erased):
        await here.create(person, CONTACT)


async def test_an_erasure_here_is_known_at_once(pool, of):
    keys, person = of(pool), uuid4()
    await keys.create(person, CONTACT)
    await keys.erase(person)
    with pytest.raises(Erased):
        await keys.get(person, CONTACT)


async def test_a_key_that_vanished_is_missing_and_not_erased(pool, keeper, of):
    person = uuid4()
    sealed = await seal(of(pool), person, CONTACT, FIELD, CANARY)
    await keeper.execute("DELETE FROM person_key WHERE person_id = $1", person)
    with pytest.raises(KeyMissing):
        await open_sealed(of(pool), person, CONTACT, FIELD, sealed)


async def test_making_and_erasing_at_once_ends_erased(pool, keeper, of):
    for _ in range(20):
        person = uuid4()
        stores = [of(pool) for _ in range(4)]
        making = [store.create(person, compartment) for store in stores[:3] for compartment in (CONTACT, IDENTITY)]
        await asyncio.gather(*making, stores[3].erase(person), return_exceptions=True)
        rows = await keeper.fetch("SELECT wrapped, erased_at FROM person_key WHERE person_id = $1", person)
        assert len(rows) == len(Compartment)
        assert all(row["wrapped"] is None and row["erased_at"] for row in rows)


async def test_a_compartment_of_a_newer_version_is_erased_too(pool, keeper, of):
    keys, person = of(pool), uuid4()
    await keys.create(person, CONTACT)
    await keeper.execute(
        "INSERT INTO person_key (person_id, compartment, wrapped, master) VALUES ($1, 'employment', 'x', '')",
        person,
    )
    await keys.erase(person)
    left = "SELECT count(*) FROM person_key WHERE person_id = $1 AND wrapped IS NOT NULL"
    assert await keeper.fetchval(left, person) == 0
    await keeper.execute("DELETE FROM person_key WHERE compartment = 'employment'")


async def test_a_newer_version_makes_no_key_either_for_somebody_erased(pool, keeper, of):
    """Its compartments have no marker of their own, and it may ask in the very moment of the erasure."""
    person = uuid4()
    await of(pool).erase(person)
    await keeper.execute(SQL["create_key"], person, "employment", b"x", b"")
    assert await keeper.fetchval("SELECT count(*) FROM person_key WHERE compartment = 'employment'") == 0


async def test_the_table_holds_no_key_in_clear(pool, of):
    keys, person = of(pool), uuid4()
    key = await keys.create(person, CONTACT)
    row = await pool.fetchrow(
        "SELECT person_id, compartment, wrapped, master FROM person_key WHERE person_id = $1", person
    )
    assert key not in row["wrapped"]
    assert SECRET.encode() not in row["wrapped"] + row["master"]


async def test_another_master_key_is_named_and_harms_nothing(pool, of):
    person = uuid4()
    sealed = await seal(of(pool), person, CONTACT, FIELD, CANARY)
    other = of(pool, "another sealing key, set by mistake")
    with pytest.raises(SealingKeyChanged, match="THROUGHCARE_SEALING_KEY"):
        await open_sealed(other, person, CONTACT, FIELD, sealed)
    with pytest.raises(SealingKeyChanged):
        await seal(other, person, CONTACT, FIELD, "more")
    assert await open_sealed(of(pool), person, CONTACT, FIELD, sealed) == CANARY


async def test_the_first_key_of_somebody_alarms_nobody(pool, of):
    cried: list[str] = []
    with pytest.raises(KeyMissing):
        await of(pool, alarm=cried.append).get_many([uuid4()], CONTACT, alarm=False)
    assert cried == []


async def test_a_wrapped_key_moved_to_another_row_is_refused(pool, keeper, of):
    ray, jo = uuid4(), uuid4()
    for person in (ray, jo):
        await of(pool).create(person, CONTACT)
        await of(pool).create(person, IDENTITY)
    move = """UPDATE person_key AS here SET wrapped = other.wrapped FROM person_key other
               WHERE here.person_id = $1 AND here.compartment = 'contact'
                 AND other.person_id = $2 AND other.compartment = $3"""
    for person, compartment in ((ray, "identity"), (jo, "contact")):
        await keeper.execute(move, ray, person, compartment)
        with pytest.raises(KeyMissing, match="another row"):
            await of(pool).get(ray, CONTACT)


async def test_a_list_of_people_costs_one_question(pool, store, of):
    people = [uuid4() for _ in range(200)]
    await asyncio.gather(*(of(pool).create(person, IDENTITY) for person in people))
    asked = []

    async def listen(connection: asyncpg.Connection) -> None:
        connection.add_query_logger(asked.append)

    async with asyncpg.create_pool(store.keys.url("intake"), min_size=1, max_size=1, init=listen) as watched:
        keys = of(watched)
        assert len(await keys.get_many(people, IDENTITY)) == 200
        assert len(await keys.get_many(people, IDENTITY)) == 200
    assert len([query for query in asked if "person_key" in query.query]) == 1


async def test_sealing_while_every_connection_is_taken_is_refused_and_does_not_hang(store, monkeypatch, of):
    monkeypatch.setattr("shared.security.keys.PATIENCE", 0.2)
    async with asyncpg.create_pool(store.keys.url("intake"), min_size=1, max_size=1) as small, small.acquire():
        with pytest.raises(DatabaseAway):
            await seal(of(small), uuid4(), CONTACT, FIELD, CANARY)


def test_sealing_errors_are_of_three_kinds():
    assert not issubclass(Erased, KeyMissing)
    assert not issubclass(KeyMissing, Erased)
    assert not issubclass(Tampered, KeyMissing | Erased)


async def test_an_erasure_closes_every_compartment_for_every_service(pool, store: FreshDatabase, of):
    person = uuid4()
    async with signed_in(store, "caseplan") as theirs:
        await of(theirs).create(person, Compartment.SETBACK)
        await of(pool).erase(person)
        with pytest.raises(Erased):
            await of(theirs).get(person, Compartment.SETBACK)
        with pytest.raises(Erased):
            await of(theirs).create(person, Compartment.PLAN)


# Who opens what


@pytest.mark.parametrize(("service", "compartment"), MATRIX, ids=[f"{s}-{c}" for s, c in MATRIX])
async def test_each_role_opens_the_compartments_of_its_work_and_no_others(store, keeper, of, service, compartment):
    person, key, master = uuid4(), os.urandom(32), Masters.of(SECRET).newest
    wrapped = await master.wrap(place_of(person, compartment), key)
    await keeper.execute(SQL["create_key"], person, compartment, wrapped, master.id)
    async with signed_in(store, service) as theirs:
        keys = of(theirs)
        rows = await theirs.fetch("SELECT FROM person_key WHERE person_id = $1", person)
        if compartment in OPENS[service]:
            assert await keys.get(person, compartment) == key
            assert len(await keys.create(uuid4(), compartment)) == 32
            assert len(rows) == 1
            return
        assert rows == []
        for refused in (keys.get, keys.create):
            with pytest.raises(NotGranted):
                await refused(person, compartment)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):  # not by going around our code either
            await theirs.execute(SQL["create_key"], uuid4(), compartment, b"x", b"x")


@pytest.mark.parametrize("service", [service for service in SERVICES if service != "intake"])
async def test_intake_alone_erases_and_a_refused_erasure_stands_in_no_ledger(store, pool, of, tmp_path, service):
    ledger, person = Ledger(tmp_path), uuid4()
    async with signed_in(store, service) as theirs:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await of(theirs, ledger=ledger).erase(person)
    assert ledger.read() == []
    await of(pool, ledger=ledger).erase(person, "asked")
    assert [entry.person for entry in ledger.read()] == [person]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE person_key SET wrapped = 'x'",
        "DELETE FROM person_key",
        "TRUNCATE person_key",
        "INSERT INTO compartment_of VALUES (current_user, 'health')",
        "UPDATE compartment_of SET compartment = 'health'",
        "ALTER TABLE person_key DISABLE ROW LEVEL SECURITY",
    ],
)
async def test_no_service_changes_a_key_or_gives_itself_a_compartment(store, service, statement):
    async with signed_in(store, service) as theirs:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await theirs.execute(statement)


async def test_a_compartment_that_is_no_longer_ones_work_is_taken_away(store, keeper, pool, of):
    person = uuid4()
    await of(pool).create(person, IDENTITY)
    async with store.keys.owner() as owner:
        try:
            assert await grant(owner, {**OPENS, "intake": OPENS["intake"] - {IDENTITY}}) == 1
            with pytest.raises(NotGranted):
                await of(pool).get(person, IDENTITY)
        finally:
            assert await grant(owner) == 1
        assert await grant(owner) == 0
    assert await of(pool).get(person, IDENTITY)


async def test_other_roles_do_not_even_reach_the_key_store(store):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(store.keys.url("caseplan_owner"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(await store("keys", owner=True))  # nor does its own owner reach the others' database


# Missing and damaged


async def test_what_should_open_and_does_not_is_counted_and_an_erasure_is_not(pool, keeper, of):
    meters, ray, jo, tasha = Meters(), uuid4(), uuid4(), uuid4()

    def counted() -> dict[str, float]:
        [family] = [one for one in meters.registry.collect() if one.name == "throughcare_key_alarms"]
        return {s.labels["reason"]: s.value for s in family.samples if s.name.endswith("_total")}

    async def asks(person) -> type[Exception]:
        with pytest.raises((Erased, KeyMissing, SealingKeyChanged)) as refused:
            await of(pool, alarm=meters.key_alarm).get(person, CONTACT)
        # Whoever runs it reads whose key it is; whoever asks for somebody erased never reads our own id of them.
        assert (str(person) in str(refused.value)) is (refused.type is not Erased)
        return refused.type

    first = of(pool, alarm=meters.key_alarm)
    for person in (ray, jo, tasha):
        await first.create(person, CONTACT)
    assert counted() == {}  # making one's first key is no alarm
    await first.erase(ray)
    assert await asks(ray) is Erased
    assert counted() == {}
    await keeper.execute("DELETE FROM person_key WHERE person_id = $1", jo)
    assert await asks(jo) is KeyMissing
    await keeper.execute("UPDATE person_key SET wrapped = 'x' WHERE person_id = $1", tasha)
    assert await asks(tasha) is KeyMissing
    await keeper.execute("UPDATE person_key SET master = 'x' WHERE person_id = $1", tasha)
    assert await asks(tasha) is SealingKeyChanged
    assert counted() == {"missing": 1, "damaged": 1, "unknown_master": 1}


# The ledger


async def test_an_erasure_that_cannot_be_kept_in_the_ledger_does_not_happen(pool, of, tmp_path):
    (tmp_path / "file").write_text("")
    person = uuid4()
    keys = of(pool, ledger=Ledger(tmp_path / "file"))
    key = await keys.create(person, CONTACT)
    with pytest.raises(LedgerAway):
        await keys.erase(person)
    assert await of(pool).get(person, CONTACT) == key


async def test_a_restored_key_store_forgets_again_whoever_stands_in_the_ledger(store, pool, keeper, of, tmp_path):
    """A real dump of the database, taken before Ray asked to be forgotten and restored after it."""
    ledger, ray, jo = Ledger(tmp_path), uuid4(), uuid4()
    keys = of(pool, ledger=ledger)
    of_ray = await seal(keys, ray, CONTACT, FIELD, CANARY)
    of_jo = await seal(keys, jo, CONTACT, FIELD, CANARY)
    backup = await dump(store.keys.url())
    await keys.erase(ray)
    await restore(store.keys.url(), backup)
    assert await open_sealed(of(pool), ray, CONTACT, FIELD, of_ray) == CANARY  # so far a restore brings people back
    assert await store.keys.replay_erasures(ledger) == 1
    with pytest.raises(Erased):
        await open_sealed(of(pool), ray, CONTACT, FIELD, of_ray)
    with pytest.raises(Erased):
        await of(pool).create(ray, IDENTITY)
    rows = await keeper.fetch("SELECT compartment, wrapped FROM person_key WHERE person_id = $1", ray)
    assert {row["compartment"] for row in rows} == set(Compartment)
    assert all(row["wrapped"] is None for row in rows)
    assert await open_sealed(of(pool), jo, CONTACT, FIELD, of_jo) == CANARY
    assert await store.keys.replay_erasures(ledger) == 0


async def test_somebody_who_stands_in_the_ledger_alone_gets_no_key_either(store, pool, of, tmp_path):
    """The process died between the line and the commit, or the restored backup is older than the person."""
    ledger, person = Ledger(tmp_path), uuid4()
    await ledger.append(person, "asked")
    assert await store.keys.replay_erasures(ledger) == 1
    with pytest.raises(Erased):
        await of(pool).create(person, CONTACT)


# What a law keeps

UNTIL = date(2032, 11, 30)


async def test_what_was_put_away_is_erased_for_every_service_and_nobodys_to_take_out(store, pool, keeper, of):
    keys, person = of(pool), uuid4()
    sealed = await seal(keys, person, CONTACT, FIELD, CANARY)
    wrapped = await keeper.fetchval("SELECT wrapped FROM person_key WHERE person_id = $1", person)
    await keys.erase(person, until=UNTIL)
    for _ in range(2):
        with pytest.raises(Erased):
            await open_sealed(of(pool), person, CONTACT, FIELD, sealed)
        with pytest.raises(Erased):
            await of(pool).create(person, IDENTITY)
        await of(pool).erase(person, until=UNTIL)  # said again it is the same
    kept = await keeper.fetch("SELECT * FROM person_key WHERE person_id = $1 AND put_away IS NOT NULL", person)
    assert [(row["put_away"], row["put_away_until"], row["wrapped"]) for row in kept] == [(wrapped, UNTIL, None)]
    for service in SERVICES:
        async with signed_in(store, service) as theirs:
            for statement in (
                "SELECT put_away FROM person_key",
                "SELECT * FROM person_key",
                "UPDATE person_key SET wrapped = put_away",
                "INSERT INTO person_key (person_id, compartment, master, put_away) VALUES (uuidv7(), 'facts', '', '')",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await theirs.execute(statement)


async def test_after_its_day_what_was_put_away_goes_and_does_not_come_back(pool, keeper, of):
    keys, person = of(pool), uuid4()
    await keys.create(person, CONTACT)
    await keys.erase(person, until=UNTIL)
    await keys.erase(person)
    left = "SELECT count(*) FROM person_key WHERE person_id = $1 AND coalesce(wrapped, put_away) IS NOT NULL"
    assert await keeper.fetchval(left, person) == 0
    await keys.erase(person, until=UNTIL)
    assert await keeper.fetchval(left, person) == 0


async def test_a_restored_key_store_puts_away_again_and_destroys_no_evidence(store, pool, keeper, of, tmp_path):
    ledger, ray, jo = Ledger(tmp_path), uuid4(), uuid4()
    keys = of(pool, ledger=ledger)
    for person in (ray, jo):
        await keys.create(person, CONTACT)
    backup = await dump(store.keys.url())
    for person in (ray, jo):
        await keys.erase(person, until=UNTIL)
    await keys.erase(jo)
    await restore(store.keys.url(), backup)
    assert await store.keys.replay_erasures(ledger) == 2
    assert await store.keys.replay_erasures(ledger) == 0
    kept = await keeper.fetch("SELECT person_id FROM person_key WHERE put_away IS NOT NULL AND wrapped IS NULL")
    assert ray in {row["person_id"] for row in kept}
    assert jo not in {row["person_id"] for row in kept}
    for person in (ray, jo):
        with pytest.raises(Erased):
            await of(pool).get(person, CONTACT)


# Backups


async def test_an_ordinary_dump_of_the_network_holds_no_key(store, pool, of):
    """Neither a wrapped key nor where it would lie; and what was sealed tells nobody's words."""
    person, keys = uuid4(), of(pool)
    sealed = await seal(keys, person, CONTACT, FIELD, CANARY)
    wrapped = await pool.fetchval("SELECT wrapped FROM person_key WHERE person_id = $1", person)
    main = await asyncpg.connect(await store("intake"), server_settings=SERVICE.settings)
    try:
        await main.execute(
            "INSERT INTO idempotency (actor_id, key, route, body_hash, body) VALUES ($1, 'k', 'r', '', $2)",
            person, sealed,
        )  # fmt: skip
    finally:
        await main.close()
    plain = (await dump(await store(), "plain")).decode()
    assert sealed.hex() in plain  # the dump is whole
    assert wrapped.hex() not in plain
    assert "person_key" not in plain
    assert "canary" not in plain
    assert wrapped.hex() in (await dump(store.keys.url(), "plain")).decode()


async def test_a_process_opens_the_key_store_by_its_settings_alone(store, tmp_path):
    from shared.runtime.settings import Settings

    settings = Settings(**await store.settings("intake", home=tmp_path))
    person = uuid4()
    async with open_keys(settings, "test") as keys:
        assert await keys.answers()
        assert await keys.granted() == set(OPENS["intake"])
        await keys.create(person, CONTACT)
        await keys.erase(person, "asked")
    [line] = next((tmp_path / "erasures").iterdir()).read_text().splitlines()
    assert json.loads(line)["person"] == str(person)


async def dump(dsn: str, form: str = "custom") -> bytes:
    return await tool("pg_dump", f"--format={form}", "-d", dsn)


async def restore(dsn: str, backup: bytes) -> None:
    await tool("pg_restore", "--clean", "--if-exists", "--single-transaction", "-d", dsn, given=backup)


async def tool(program: str, *arguments: str, given: bytes | None = None) -> bytes:
    command: list[str | Path] = [BINARIES / program, *arguments]
    done = await asyncio.to_thread(subprocess.run, command, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-400:]
    return done.stdout
