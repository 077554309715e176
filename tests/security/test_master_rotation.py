"""A new master key: every key wrapped anew beside whoever makes, opens and erases keys; killed anywhere, it goes on."""

import asyncio
import json
import os
import stat
import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from cli import keys as command
from services.notifications.credentials import open_password, seal_password
from shared.local.keystore import FOLDER, KeyStore
from shared.local.passwords import Passwords
from shared.local.settings import ROOT
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE
from shared.runtime.settings import Settings
from shared.security.keys import place_of
from shared.security.keystore import moving, rotation
from shared.security.keystore.rotation import tally, wrap_anew
from shared.security.ledger import Ledger
from shared.security.masters import FileMasters, LocalMaster, Masters
from shared.security.sealing import (
    Compartment,
    Erased,
    KeyMissing,
    PostgresKeys,
    SealingKeyChanged,
    open_sealed,
    seal,
)
from tests.network import FreshDatabase

pytestmark = pytest.mark.network
CONTACT, IDENTITY = Compartment.CONTACT, Compartment.IDENTITY
FIELD = "contact_way.value"
OLD, NEW = "the master secret from before", "the new master secret"
ROTATED = Masters.of(f"{NEW}\n{OLD}")


@pytest_asyncio.fixture(loop_scope="session")
async def store(database: FreshDatabase) -> KeyStore:
    await database("intake")
    return database.keys


@pytest_asyncio.fixture(loop_scope="session")
async def owner(store: KeyStore) -> AsyncIterator[asyncpg.Connection]:
    async with store.owner() as connection:
        yield connection


@pytest_asyncio.fixture(loop_scope="session")
async def pool(store: KeyStore) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(store.url("intake"), min_size=1, max_size=4) as opened:
        yield opened


def of(pool: asyncpg.Pool, masters: Masters, home: Path) -> PostgresKeys:
    """A process of its own: nothing is remembered from another."""
    return PostgresKeys(pool, masters, Ledger(home / "erasures"))


async def people_under(pool: asyncpg.Pool, secret: str, home: Path, count: int) -> dict[UUID, bytes]:
    """Each with two keys; what was sealed of them."""
    keys, people = of(pool, Masters.of(secret), home), [uuid4() for _ in range(count)]
    await asyncio.gather(*(keys.create(person, IDENTITY) for person in people))
    return {person: await seal(keys, person, CONTACT, FIELD, str(person)) for person in people}


async def counts(owner: asyncpg.Connection, masters: Masters = ROTATED) -> dict[str, int]:
    return {one.state: one.rows for one in (await tally(owner, masters)).under}


async def all_open(pool: asyncpg.Pool, masters: Masters, home: Path, sealed: dict[UUID, bytes]) -> bool:
    keys = of(pool, masters, home)
    return all(
        [await open_sealed(keys, person, CONTACT, FIELD, text) == str(person) for person, text in sealed.items()]
    )


async def test_every_key_moves_to_the_new_master_key_and_stays_the_same_key(owner, pool, tmp_path):
    sealed = await people_under(pool, OLD, tmp_path, 30)
    assert await counts(owner) == {"newest": 0, "known": 60}
    done = await wrap_anew(owner, ROTATED, rest=0)
    assert (done.rows, done.people, done.damaged) == (60, 30, 0)
    assert await counts(owner) == {"newest": 60, "known": 0}
    assert await all_open(pool, Masters.of(NEW), tmp_path, sealed)
    with pytest.raises(SealingKeyChanged):  # the old secret opens nothing any more
        await of(pool, Masters.of(OLD), tmp_path).get(next(iter(sealed)), CONTACT)


async def test_half_way_everything_opens_and_new_keys_are_under_the_new_one(owner, pool, tmp_path, monkeypatch):
    monkeypatch.setattr(rotation, "AT_ONCE", 7)
    sealed = await people_under(pool, OLD, tmp_path, 20)
    half_way = asyncio.Event()

    def stop(rows: int) -> None:
        if rows >= 14:
            half_way.set()
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await wrap_anew(owner, ROTATED, rest=0, progress=stop)
    assert half_way.is_set()
    assert await counts(owner) == {"newest": 14, "known": 26}
    assert await all_open(pool, ROTATED, tmp_path, sealed)
    await of(pool, ROTATED, tmp_path).create(uuid4(), CONTACT)
    assert await counts(owner) == {"newest": 15, "known": 26}
    assert (await wrap_anew(owner, ROTATED, rest=0)).rows == 26  # goes on, and does nothing twice
    assert (await wrap_anew(owner, ROTATED, rest=0)).rows == 0
    assert await all_open(pool, Masters.of(NEW), tmp_path, sealed)


async def test_somebody_erased_meanwhile_stays_erased(owner, pool, tmp_path, monkeypatch):
    """The row was read, and is forgotten before what was wrapped anew of it is written."""
    sealed = await people_under(pool, OLD, tmp_path, 5)
    ray, keys = next(iter(sealed)), of(pool, ROTATED, tmp_path)
    newest = LocalMaster(NEW)

    class Slow:
        id = newest.id
        unwrap = newest.unwrap

        async def wrap(self, place: bytes, key: bytes) -> bytes:
            if ray.bytes in place:
                await keys.erase(ray)
            return await newest.wrap(place, key)

    await wrap_anew(owner, Masters([Slow(), LocalMaster(OLD)]), rest=0)
    rows = await owner.fetch("SELECT wrapped, erased_at FROM person_key WHERE person_id = $1", ray)
    assert len(rows) == len(Compartment)
    assert all(row["wrapped"] is None and row["erased_at"] for row in rows)
    assert await counts(owner) == {"newest": 8, "known": 0}


async def test_what_a_law_keeps_is_wrapped_anew_too_and_stays_put_away(owner, pool, tmp_path):
    """Otherwise it would be lost with the old secret, before its day."""
    sealed = await people_under(pool, OLD, tmp_path, 3)
    ray = next(iter(sealed))
    await of(pool, Masters.of(OLD), tmp_path).erase(ray, until=date(2032, 11, 30))
    assert await counts(owner) == {"newest": 0, "known": 6}
    assert (await wrap_anew(owner, ROTATED, rest=0)).rows == 6
    assert await counts(owner) == {"newest": 6, "known": 0}
    rows = await owner.fetch("SELECT * FROM person_key WHERE person_id = $1 AND put_away IS NOT NULL", ray)
    assert len(rows) == 2
    for row in rows:
        assert row["wrapped"] is None
        assert await LocalMaster(NEW).unwrap(place_of(ray, row["compartment"]), row["put_away"])


async def test_makers_and_erasers_beside_it_lose_nothing_and_wait_for_nobody(owner, pool, tmp_path, monkeypatch):
    monkeypatch.setattr(rotation, "AT_ONCE", 20)
    sealed = await people_under(pool, OLD, tmp_path, 150)
    gone = list(sealed)[::3]
    late, made = of(pool, Masters.of(OLD), tmp_path), {}  # a process that has not heard of the new master key

    async def erase() -> None:
        for person in gone:
            await of(pool, ROTATED, tmp_path).erase(person)

    async def make() -> None:
        for number in range(100):
            person, keys = uuid4(), (late, of(pool, ROTATED, tmp_path))[number % 2]
            made[person] = await seal(keys, person, CONTACT, FIELD, str(person))

    await asyncio.gather(wrap_anew(owner, ROTATED, rest=0), erase(), make())
    await wrap_anew(owner, ROTATED, rest=0)
    assert (await counts(owner))["known"] == 0
    for person in gone:
        del sealed[person]
        with pytest.raises(Erased):
            await of(pool, ROTATED, tmp_path).get(person, CONTACT)
    assert await all_open(pool, Masters.of(NEW), tmp_path, sealed | made)


async def test_a_key_wrapped_anew_before_its_maker_looks_again_serves_its_maker(owner, pool, tmp_path):
    class Overtaken(PostgresKeys):
        """A process that has not heard of the new master key, and is slow after it has made a key."""

        async def _fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
            rows = await super()._fetch(statement, *arguments)
            if statement == "create_key":
                await wrap_anew(owner, ROTATED, rest=0)
            return rows

    person = uuid4()
    late = Overtaken(pool, Masters.of(OLD), Ledger(tmp_path / "erasures"))
    sealed = await seal(late, person, CONTACT, FIELD, str(person))
    assert await counts(owner) == {"newest": 1, "known": 0}
    assert await all_open(pool, Masters.of(NEW), tmp_path, {person: sealed})


async def test_a_damaged_row_and_an_unknown_master_key_are_told_and_left(owner, pool, tmp_path):
    sealed = await people_under(pool, OLD, tmp_path, 4)
    strangers = await people_under(pool, "somebody else's", tmp_path, 1)
    ray = next(iter(sealed))
    await owner.execute("UPDATE person_key SET wrapped = 'x' WHERE person_id = $1 AND compartment = 'contact'", ray)
    done = await wrap_anew(owner, ROTATED, rest=0)
    assert (done.rows, done.damaged) == (7, 1)
    assert await counts(owner) == {"newest": 7, "known": 1, "unknown": 2}
    assert await all_open(pool, Masters.of("somebody else's"), tmp_path, strangers)
    with pytest.raises(KeyMissing):
        await of(pool, ROTATED, tmp_path).get(ray, CONTACT)


async def test_a_running_process_follows_the_file_without_a_restart(owner, pool, tmp_path):
    secrets = Passwords(tmp_path / "secrets")
    secrets.keep("sealing", OLD)
    keys = of(pool, FileMasters(secrets.path("sealing")), tmp_path)
    person, later = uuid4(), uuid4()
    sealed = await seal(keys, person, CONTACT, FIELD, str(person))
    secrets.keep("sealing", f"{NEW}\n{OLD}")
    await wrap_anew(owner, ROTATED, rest=0)  # before that process has looked
    afresh = of(pool, keys._masters, tmp_path)  # the same process, sixty seconds later
    assert await open_sealed(afresh, person, CONTACT, FIELD, sealed) == str(person)
    await afresh.create(later, CONTACT)
    assert await counts(owner) == {"newest": 2, "known": 0}


# The command


@pytest.fixture
def home(database: FreshDatabase, store: KeyStore, tmp_path: Path) -> SimpleNamespace:
    """What `keys` needs of a network: its key store, its secrets, its ledger."""
    passwords = Passwords(tmp_path / "secrets")
    return SimpleNamespace(
        keys=store, databases=database.network.databases, database=database.name, passwords=passwords, cluster=None,
        sealing=passwords.path("sealing"), ledger=Ledger(tmp_path / "erasures"), home=tmp_path,
        settings=SimpleNamespace(demo=True, sealing_key_file=None), public_url="http://127.0.0.1:1",
        access=SimpleNamespace(bootstrap="127.0.0.1:1"),
    )  # fmt: skip


async def rotate(home: SimpleNamespace) -> dict:
    async with home.keys.owner() as owner:
        return await command._rotate(home, owner, lambda text: None)


@pytest.fixture(autouse=True)
def no_rest(monkeypatch):
    monkeypatch.setattr(command, "LOOK_EVERY", 0)


async def test_one_command_makes_a_secret_wraps_everything_and_says_what_may_go(home, pool, tmp_path):
    old = home.passwords.of("sealing")
    sealed = await people_under(pool, old, tmp_path, 10)
    found = await rotate(home)
    new, kept = home.passwords.of("sealing").split("\n")
    assert (kept, len(new)) == (old, 43)
    assert stat.S_IMODE(home.sealing.stat().st_mode) == 0o600
    assert found["made"] and found["finished"]
    assert found["wrapped_anew"] == {"rows": 20, "people": 10, "partner_passwords": 0}
    assert [(one["state"], one["rows"], one["people"]) for one in found["masters"]] == [
        ("newest", 20, 10), ("known", 0, 0),
    ]  # fmt: skip
    assert found["may_be_dropped"] == [LocalMaster(old).id.hex()]
    assert await all_open(pool, Masters.of(new), tmp_path, sealed)
    assert old not in json.dumps(found) and new not in json.dumps(found)


async def test_run_again_after_an_interruption_it_makes_no_second_secret(home, pool, tmp_path, monkeypatch):
    sealed = await people_under(pool, home.passwords.of("sealing"), tmp_path, 10)
    with monkeypatch.context() as patched:

        def killed(home: SimpleNamespace) -> None:
            make(home)
            raise KeyboardInterrupt

        make = command._make
        patched.setattr(command, "_make", killed)
        with pytest.raises(KeyboardInterrupt):
            await rotate(home)
    secrets = home.passwords.of("sealing")
    assert len(secrets.split("\n")) == 2
    found = await rotate(home)
    assert (found["made"], found["finished"]) == (False, True)
    assert home.passwords.of("sealing") == secrets
    assert await all_open(pool, Masters.of(secrets.split("\n")[0]), tmp_path, sealed)


async def test_a_damaged_row_keeps_nobody_from_rotating(home, owner, pool, tmp_path):
    [ray] = await people_under(pool, home.passwords.of("sealing"), tmp_path, 1)
    await owner.execute("UPDATE person_key SET wrapped = 'x' WHERE person_id = $1 AND compartment = 'contact'", ray)
    for secrets in (2, 3):
        found = await rotate(home)
        assert (found["made"], found["finished"], found["damaged"]) == (True, False, 1)
        assert len(home.passwords.of("sealing").split("\n")) == secrets


async def test_whoever_lost_a_secret_is_given_no_other_one(home, pool, tmp_path):
    await people_under(pool, "a secret that stands in the file no more", tmp_path, 1)
    before = home.passwords.of("sealing")
    found = await rotate(home)
    assert (found["made"], found["finished"]) == (False, False)
    assert home.passwords.of("sealing") == before


async def test_two_at_once_make_one_secret(home, pool, tmp_path):
    await people_under(pool, home.passwords.of("sealing"), tmp_path, 10)
    found = await asyncio.gather(rotate(home), rotate(home))
    assert sorted(one["made"] for one in found) == [False, True]
    assert all(one["finished"] for one in found)
    assert len(home.passwords.of("sealing").split("\n")) == 2


async def test_a_given_file_of_secrets_is_used_and_never_written(home, pool, tmp_path):
    """As in a cluster, where whoever runs it puts the new secret there."""
    await people_under(pool, OLD, tmp_path, 3)
    home.sealing = tmp_path / "given"
    home.sealing.write_text(f"{NEW}\n{OLD}")
    home.settings.sealing_key_file = home.sealing
    found = await rotate(home)
    assert (found["made"], found["wrapped_anew"]["rows"]) == (False, 6)
    assert (await rotate(home))["wrapped_anew"]["rows"] == 0
    assert home.sealing.read_text() == f"{NEW}\n{OLD}"


async def test_partners_passwords_move_along(home, database, pool, tmp_path):
    settings = Settings(demo=True, sealing_key=home.passwords.of("sealing"))
    partner, agency = uuid7(), uuid7()
    theirs = await asyncpg.connect(await database("notifications"), server_settings=SERVICE.settings)
    try:
        await theirs.execute("INSERT INTO agency VALUES ($1, 'Harbor Street', 'America/New_York', false)", agency)
        await theirs.execute(
            "INSERT INTO partner (id, agency, slug, shard, quota, password, made_at, rotated_at) "
            "VALUES ($1, $2, 'k7', 0, 1, $3, now(), now())",
            partner, agency, seal_password(settings, partner, "a password"),
        )  # fmt: skip
        found = await rotate(home)
        assert found["wrapped_anew"]["partner_passwords"] == 1
        newest = Settings(demo=True, sealing_key=home.passwords.of("sealing").split("\n")[0])
        sealed = await theirs.fetchval("SELECT password FROM partner WHERE id = $1", partner)
        assert open_password(newest, partner, sealed) == "a password"
    finally:
        await theirs.close()


async def test_killed_again_and_again_it_ends_with_every_key_under_the_new_one(owner, pool, store, tmp_path):
    """A process of its own, killed with SIGKILL whenever it has wrapped a little more."""
    sealed = await people_under(pool, OLD, tmp_path, 120)
    code = (
        "import asyncio, sys\nimport asyncpg\n"
        "from shared.security.keystore import rotation\nfrom shared.security.masters import Masters\n"
        "rotation.AT_ONCE = 20\n"
        "async def main():\n"
        "    owner = await asyncpg.connect(sys.argv[1])\n"
        "    await rotation.be_alone(owner)\n"
        "    said = lambda rows: print(rows, flush=True)\n"
        "    await rotation.wrap_anew(owner, Masters.of(sys.argv[2]), progress=said, rest=0)\n"
        "asyncio.run(main())\n"
    )
    kills = 0
    while (await counts(owner))["known"]:
        rotating = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-c", code, store.url("keys_owner"), f"{NEW}\n{OLD}",
            stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT,
        )  # fmt: skip
        assert rotating.stdout is not None
        for _ in range(4):
            await rotating.stdout.readline()
        rotating.kill()
        await rotating.wait()
        kills += 1
        assert await all_open(pool, ROTATED, tmp_path, sealed)
    assert kills >= 2
    assert await all_open(pool, Masters.of(NEW), tmp_path, sealed)


# Moving out of the schema of old


@pytest_asyncio.fixture(loop_scope="session")
async def old(database: FreshDatabase, store: KeyStore) -> AsyncIterator[asyncpg.Pool]:
    """Intake, in a database as earlier versions left it: keys in a schema beside everything else."""
    admin = await asyncpg.connect(await database())
    await admin.execute("CREATE SCHEMA keys AUTHORIZATION keys_owner; GRANT USAGE ON SCHEMA keys TO intake")
    await admin.execute(f"GRANT CONNECT ON DATABASE {database.name} TO keys_owner")
    owner = await asyncpg.connect(await database("keys", owner=True))
    await owner.execute((FOLDER / "0001_pre_keys.sql").read_text(encoding="utf-8"))
    await owner.close()
    there = {"search_path": "keys"}
    async with asyncpg.create_pool(await database("intake"), min_size=1, max_size=4, server_settings=there) as opened:
        yield opened
    await admin.close()


async def lies_there(database: FreshDatabase) -> bool:
    return await database.keys.lies_in(database.keys.databases, database.name)


async def move(database: FreshDatabase) -> int:
    return await database.keys.move_from(database.keys.databases, database.name)


async def test_keys_of_an_earlier_version_move_to_their_own_database(database, old, pool, tmp_path, monkeypatch):
    monkeypatch.setattr(moving, "AT_ONCE", 7)
    sealed = await people_under(old, OLD, tmp_path, 20)
    ray = next(iter(sealed))
    del sealed[ray]
    await of(old, Masters.of(OLD), tmp_path).erase(ray)
    assert await lies_there(database)
    assert await move(database) == 19 * 2 + len(Compartment)
    assert not await lies_there(database)
    assert await all_open(pool, Masters.of(OLD), tmp_path, sealed)
    with pytest.raises(Erased):
        await of(pool, Masters.of(OLD), tmp_path).get(ray, CONTACT)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(await database("keys", owner=True))  # it has nothing left to do there


async def test_a_move_that_was_interrupted_goes_on_and_learns_of_erasures_since(database, old, owner, pool, tmp_path):
    sealed = await people_under(old, OLD, tmp_path, 10)
    ray = next(iter(sealed))
    half = await old.fetch("SELECT * FROM person_key ORDER BY person_id, compartment LIMIT 11")
    columns = ([row[column] for row in half] for column in moving.COLUMNS)
    await owner.execute(moving.SQL["put_rows"], *columns)
    await of(old, Masters.of(OLD), tmp_path).erase(ray)
    del sealed[ray]
    assert await move(database) == 9 * 2 + len(Compartment)
    assert await all_open(pool, Masters.of(OLD), tmp_path, sealed)
    with pytest.raises(Erased):
        await of(pool, Masters.of(OLD), tmp_path).get(ray, CONTACT)


async def test_a_copy_that_differs_drops_nothing(database, old, owner, tmp_path):
    [ray] = await people_under(old, OLD, tmp_path, 1)
    row = await old.fetchrow("SELECT * FROM person_key WHERE person_id = $1 AND compartment = 'contact'", ray)
    await owner.execute(
        "INSERT INTO person_key (person_id, compartment, wrapped, master) VALUES ($1, 'contact', 'another', $2)",
        ray, row["master"],
    )  # fmt: skip
    with pytest.raises(moving.NotTheSame, match=str(ray)):
        await move(database)
    assert await old.fetchval("SELECT count(*) FROM person_key") == 2


async def test_an_old_backup_that_brings_the_schema_back_overwrites_nothing(database, old, owner, pool, tmp_path):
    """The others' database was restored to a day before the move; since then the master key was rotated."""
    sealed = await people_under(old, OLD, tmp_path, 5)
    rows = await old.fetch("SELECT * FROM person_key ORDER BY person_id, compartment")
    await owner.execute(moving.SQL["put_rows"], *([row[column] for row in rows] for column in moving.COLUMNS))
    await wrap_anew(owner, ROTATED, rest=0)
    assert await move(database) == 10
    assert await counts(owner) == {"newest": 10, "known": 0}
    assert await all_open(pool, Masters.of(NEW), tmp_path, sealed)


async def test_no_key_is_made_behind_the_copy(database, old, pool, tmp_path):
    """A process of the earlier version that still runs waits, and then fails: it loses nothing."""
    await people_under(old, OLD, tmp_path, 50)
    keys, made = of(old, Masters.of(OLD), tmp_path), []

    async def go_on_making() -> None:
        while True:
            person = uuid4()
            await keys.create(person, CONTACT)
            made.append(person)

    maker = asyncio.create_task(go_on_making())
    while len(made) < 5:
        await asyncio.sleep(0)
    await move(database)
    with pytest.raises(asyncpg.PostgresError):
        await maker
    for person in made:
        assert await of(pool, Masters.of(OLD), tmp_path).get(person, CONTACT)
