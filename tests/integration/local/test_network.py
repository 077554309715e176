"""The network of one machine: started, killed anywhere, started again, side by side with another."""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import psutil
import pytest
import pytest_asyncio

from shared.local import kafka, processes
from shared.local.keystore import FOLDER
from shared.local.network import Network
from shared.local.settings import ROOT, LocalSettings
from shared.local.trouble import Trouble
from shared.messaging.cluster import Cluster
from shared.runtime import reach
from shared.runtime.settings import Settings
from shared.security.keys import Compartment, open_keys
from shared.security.ledger import LedgerDamaged

pytestmark = [pytest.mark.network, pytest.mark.timeout(240)]

SERVICE = """
import http.server, json, os, signal, sys

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        seen = {key: value for key, value in os.environ.items() if key.startswith("THROUGHCARE_")}
        self.wfile.write(json.dumps({"pid": os.getpid(), "environment": seen}).encode())
    def log_message(self, *args): pass

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["THROUGHCARE_PORT"])), Answer).serve_forever()
"""


def checkout(folder: Path, *services: str) -> Path:
    """A work tree with our own shared code and small services."""
    folder.mkdir()
    shutil.copytree(ROOT / "shared", folder / "shared", ignore=shutil.ignore_patterns("__pycache__"))
    for service in services:
        package = folder / "services" / service
        package.mkdir(parents=True)
        (package / "app.py").write_text(SERVICE)
    return folder


async def up(network: Network) -> dict[str, str]:
    """What `up` does, told by step."""
    async with network.alone():
        network.settle_ports()
        return {step.title: await step.work(lambda text: None) for step in network.steps()}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    """In a folder with a space and an umlaut in its name, as people have them."""
    home = tmp_path_factory.mktemp("Städte und Wege")
    network = Network(LocalSettings(home=home / "home"), root=checkout(home / "work", "intake", "caseplan"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kafka, "JVM", (*kafka.JVM, *kafka.QUICK))
        await up(network)
        yield network
        await network.down()


def again(network: Network) -> Network:
    """As another process sees the same home."""
    return Network(network.settings, root=network.root)


def pids(network: Network) -> dict[str, int | None]:
    parts = {"postgres": network.postgres, "kafka": network.kafka, "front": network.front}
    return {name: part.pid for name, part in (parts | {part.name: part for part in network.services}).items() if part}


async def told_by(network: Network, service: str) -> dict:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"{network.url}/{service}/what")).json()


async def test_a_second_up_finds_everything_running(running: Network):
    before = pids(running)
    assert None not in before.values()
    assert (await running.status())["ready"]
    said = await up(again(running))
    assert said["Starting Postgres"] == said["Starting Kafka"] == said["Starting the services"] == "running already"
    assert said["Preparing the database"] == said["Preparing the key store"] == "up to date"
    assert said["Preparing topics, users and access rules"] == "up to date"
    assert pids(again(running)) == before


async def test_status_counts_the_records_that_are_parked(running: Network):
    assert (await running.status())["parked"] == {"intake": 0, "caseplan": 0}
    url = running.databases.url("caseplan", running.database)
    connection = await asyncpg.connect(url, server_settings=reach.SERVICE.settings)
    try:
        await connection.execute(
            "INSERT INTO dead_letter (consumer, topic, partition, cluster, kafka_offset, reason, detail, headers, "
            "parked_at) VALUES ('caseplan', 'a', 0, 'a', 1, 'poison', '', '', now())"
        )
        assert (await again(running).status())["parked"] == {"intake": 0, "caseplan": 1}
        await connection.execute("UPDATE dead_letter SET state = 'dropped'")
        assert (await again(running).status())["parked"] == {"intake": 0, "caseplan": 0}
    finally:
        await connection.close()


async def test_a_service_gets_its_own_secrets_by_file_and_no_administrators(running: Network, monkeypatch):
    seen = (await told_by(running, "caseplan"))["environment"]
    assert seen["THROUGHCARE_KAFKA_USER"] == "caseplan"
    assert seen["THROUGHCARE_DATABASE"].startswith("postgresql://caseplan@127.0.0.1:")
    assert seen["THROUGHCARE_KEYS"].startswith("postgresql://caseplan@127.0.0.1:")
    assert seen["THROUGHCARE_KEYS"].endswith("/throughcare_keys")
    assert Path(seen["THROUGHCARE_KEYS_PASSWORD_FILE"]).name == "postgres.caseplan"
    assert Path(seen["THROUGHCARE_ERASURES"]) == running.home / "erasures"
    assert Path(seen["THROUGHCARE_KAFKA_PASSWORD_FILE"]).name == "kafka.caseplan"
    secrets = {path.read_text() for path in running.passwords.folder.iterdir()}
    assert not secrets & set(seen.values())


async def test_no_secret_stands_in_a_log_or_a_process_list(running: Network):
    secrets = {path.name: path.read_text() for path in running.passwords.folder.iterdir()}
    logs = {path.name: path.read_text(errors="replace") for path in (running.home / "logs").iterdir()}
    lines = {str(pid): " ".join(psutil.Process(pid).cmdline()) for pid in pids(running).values()}
    for where, text in (logs | lines).items():
        assert [name for name, secret in secrets.items() if secret in text] == [], where


@pytest.mark.parametrize("part", ["postgres", "intake", "front", "kafka"])
async def test_after_a_kill_the_next_up_restarts_only_what_died(running: Network, part: str):
    before = pids(running)
    await processes.Daemon(running.home, part).kill()
    assert part in [found["name"] for found in (await again(running).status())["parts"] if found["state"] == "stopped"]
    await up(again(running))
    after = pids(again(running))
    assert [name for name in after if after[name] != before[name]] == [part]
    assert (await again(running).status())["ready"]
    assert (await told_by(running, "intake"))["pid"] == after["intake"]


async def test_a_service_that_hangs_is_started_again(running: Network, monkeypatch):
    monkeypatch.setattr("shared.local.parts.SLOW", 0.5)
    stuck = pids(running)["caseplan"]
    assert stuck is not None
    os.kill(stuck, signal.SIGSTOP)
    said = await up(again(running))
    assert said["Starting the services"] == "caseplan was stuck, started again"
    assert pids(again(running))["caseplan"] not in (stuck, None)


async def test_a_service_whose_code_changed_is_started_again(running: Network):
    before = pids(running)
    code = running.root / "services" / "intake" / "app.py"
    code.write_text(f"{SERVICE}\n# changed\n")
    said = await up(again(running))
    assert said["Starting the services"] == "intake changed, started again"
    assert pids(again(running))["caseplan"] == before["caseplan"]


async def test_a_service_that_dies_at_once_is_named_with_its_last_words(running: Network):
    code = running.root / "services" / "intake" / "app.py"
    code.write_text("raise SystemExit('no bed tonight')")
    try:
        with pytest.raises(Trouble, match=r"intake stopped while starting: .*logs intake.* no bed tonight"):
            await up(again(running))
        assert (await told_by(running, "caseplan"))["pid"] == pids(again(running))["caseplan"]  # it fails alone
    finally:
        code.write_text(SERVICE)
    await up(again(running))
    assert (await again(running).status())["ready"]


async def test_down_and_two_ups_at_once_lose_nothing_and_start_one_network(running: Network):
    databases = running.databases
    kept = await running.cluster.cluster_id()
    connection = await asyncpg.connect(databases.url("caseplan_owner", running.database))
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (id int); INSERT INTO kept VALUES (7)")
    await connection.close()
    await again(running).down()
    assert set(pids(again(running)).values()) == {None}
    await asyncio.gather(up(again(running)), up(again(running)))
    assert (await again(running).status())["ready"]
    assert processes.marked(f"{running.home}/kafka") == pids(again(running))["kafka"]
    connection = await asyncpg.connect(databases.url("caseplan", running.database))
    assert await connection.fetchval("SELECT id FROM kept") == 7
    await connection.close()
    assert await Cluster(running.access).cluster_id() == kept


async def test_services_stop_alone_so_that_a_backup_can_be_restored_beside_them(running: Network):
    before = pids(running)
    assert await again(running).down(servers=False) == ["front", "intake", "caseplan"]
    after = pids(again(running))
    assert (after["postgres"], after["kafka"]) == (before["postgres"], before["kafka"])
    assert [name for name, pid in after.items() if pid is None] == ["front", "intake", "caseplan"]
    await up(again(running))
    assert (await again(running).status())["ready"]


async def test_two_homes_run_side_by_side(running: Network, tmp_path: Path):
    other = Network(LocalSettings(home=tmp_path / "home"), root=checkout(tmp_path / "work", "intake"))
    try:
        await up(other)
        used = [[part["port"] for part in (await again(one).status())["parts"]] for one in (running, other)]
        assert not set(used[0]) & set(used[1])
        assert (await other.status())["ready"]
        assert (await again(running).status())["ready"]
        assert (await told_by(other, "intake"))["pid"] != (await told_by(running, "intake"))["pid"]
    finally:
        await other.down()
    assert (await again(running).status())["ready"]


async def leave(running: Network) -> None:
    """Another network was on this server: its databases go, and the roles have our passwords again."""
    for database in ("elsewhere", "elsewhere_keys", "vault"):
        await running.databases.drop(database)
    await running.databases.ensure_roles()
    await running.keys.ensure_roles(services=False)


async def test_a_given_kafka_and_postgres_are_used_and_left_alone(running: Network, tmp_path: Path):
    assert running.postgres
    given = LocalSettings(
        home=tmp_path / "home",
        database=f"postgresql://postgres@127.0.0.1:{running.postgres.port}/elsewhere",
        database_password=running.passwords.of("postgres.postgres"),
        kafka=running.access.bootstrap,
        kafka_password=running.passwords.of("kafka.admin"),
    )
    other = Network(given, root=checkout(tmp_path / "work", "intake"))
    try:
        said = await up(other)
        assert "Fetching Kafka" not in said
        status = await other.status()
        assert status["ready"]
        assert {part["name"]: part["state"] for part in status["parts"]}["kafka"] == "given"
        seen = (await told_by(other, "intake"))["environment"]
        assert seen["THROUGHCARE_DATABASE"].endswith("/elsewhere")
        assert seen["THROUGHCARE_KEYS"].endswith("/elsewhere_keys")
        assert "given" not in json.dumps(await other.down())
    finally:
        await other.down()
        await leave(running)
        await running.cluster.ensure_services({s: running.passwords.of(f"kafka.{s}") for s in ("intake", "caseplan")})
    assert pids(again(running))["kafka"] is not None


async def test_keys_of_an_earlier_version_are_moved_before_anything_starts(running: Network):
    """Its processes are stopped first: they would look in the place of old."""
    before = pids(running)
    person = uuid4()
    async with running.databases.connected(running.database) as admin:
        await admin.execute("CREATE SCHEMA keys AUTHORIZATION keys_owner")
        await admin.execute(f"GRANT CONNECT ON DATABASE {running.database} TO keys_owner")
    old = await asyncpg.connect(running.databases.url("keys_owner", running.database))
    await old.execute((FOLDER / "0001_pre_keys.sql").read_text(encoding="utf-8"))
    await old.execute(
        "INSERT INTO person_key (person_id, compartment, wrapped, master) VALUES ($1, 'contact', 'x', 'y')", person
    )
    await old.close()
    assert (await up(again(running)))["Preparing the key store"] == "1 keys moved here"
    async with running.keys.owner() as owner:
        assert await owner.fetchval("DELETE FROM person_key WHERE person_id = $1 RETURNING wrapped", person) == b"x"
    after = pids(again(running))
    assert after["caseplan"] not in (None, before["caseplan"])
    assert after["postgres"] == before["postgres"]


async def test_up_forgets_again_whoever_a_restored_key_store_brings_back(running: Network):
    person = uuid4()
    await running.ledger.append(person, "asked")
    assert (await up(again(running)))["Preparing the key store"] == "1 people forgotten again"
    assert (await up(again(running)))["Preparing the key store"] == "up to date"
    async with running.keys.owner() as owner:
        assert await owner.fetchval(
            "SELECT bool_and(erased_at IS NOT NULL) FROM person_key WHERE person_id = $1", person
        )


async def test_a_rotation_needs_nothing_but_one_command_while_everything_runs(running: Network):
    before, person = pids(running), uuid4()
    environment = running.environment("intake")
    settings = Settings(
        demo=True, keys=environment["THROUGHCARE_KEYS"], keys_password=running.passwords.of("postgres.intake"),
        sealing_key_file=environment["THROUGHCARE_SEALING_KEY_FILE"], home=running.home,
    )  # fmt: skip
    async with open_keys(settings, "test") as keys:
        key = await keys.create(person, Compartment.CONTACT)
        code, said = await command(running, "keys", "rotate", "--json")
        assert code == 0, said
        found = json.loads(said)
        assert (found["made"], found["finished"]) == (True, True)
        assert [one["rows"] > 0 for one in found["masters"]] == [True, False]
        keys._cache.clear()  # sixty seconds later
        assert await keys.get(person, Compartment.CONTACT) == key
    assert pids(again(running)) == before
    code, said = await command(running, "keys", "status")
    assert code == 0
    assert "wraps nothing" in said
    await up(again(running))
    assert pids(again(running)) == before  # a new secret is no reason to start anything again


async def command(network: Network, *words: str) -> tuple[int, str]:
    """`./throughcare` in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "cli", *words, cwd=ROOT,
        env=os.environ | {"THROUGHCARE_HOME": str(network.home), "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_a_ledger_that_cannot_be_read_lets_nothing_start(running: Network):
    await running.ledger.append(uuid4(), "asked")
    [file] = running.ledger.folder.iterdir()
    whole = file.read_bytes()
    try:
        file.write_bytes(b"noise\n" + whole)
        with pytest.raises(LedgerDamaged, match="line 1"):
            await up(again(running))
    finally:
        file.write_bytes(whole)
    await up(again(running))


async def test_the_key_store_may_be_on_a_server_of_its_own(running: Network, tmp_path: Path):
    """Here it is the same server under another name, which is all that can be told from outside."""
    assert running.postgres
    keys = f"postgresql://postgres@localhost:{running.postgres.port}/vault"
    secret = running.passwords.of("postgres.postgres")
    other = Network(
        LocalSettings(
            home=tmp_path / "home",
            database=f"postgresql://postgres@127.0.0.1:{running.postgres.port}/elsewhere",
            database_password=secret, keys=keys, keys_password=secret,
        )
    )  # fmt: skip
    try:
        await other.databases.ensure_roles()
        await other.databases.ensure(other.database)
        made = len(list(FOLDER.glob("*.sql")))
        assert await other.keys.prepare(other.databases, other.database, other.ledger) == f"{made} migrations"
        given = other.environment("intake")["THROUGHCARE_KEYS"]
        assert given == f"postgresql://intake@localhost:{running.postgres.port}/vault"
        intake = await asyncpg.connect(other.keys.url("intake"))
        assert await intake.fetchval("SELECT count(*) FROM person_key") == 0
        await intake.close()
    finally:
        await leave(running)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"keys": "postgresql://postgres@127.0.0.1:1/x"}, "Nothing answers as Postgres at 127.0.0.1:1: .*KEYS"),
        ({"kafka_password": "wrong"}, "refuses the user admin: check THROUGHCARE_KAFKA_USER"),
        ({"database_password": "wrong"}, "refuses the user or password: check THROUGHCARE_DATABASE"),
        ({"database": "postgresql://postgres@127.0.0.1:1/x"}, "Nothing answers as Postgres at 127.0.0.1:1"),
    ],
)
async def test_wrong_credentials_for_a_given_server_are_one_sentence(running: Network, tmp_path, changed, said):
    assert running.postgres
    right = {
        "home": tmp_path,
        "database": f"postgresql://postgres@127.0.0.1:{running.postgres.port}/elsewhere",
        "database_password": running.passwords.of("postgres.postgres"),
        "kafka": running.access.bootstrap,
        "kafka_password": running.passwords.of("kafka.admin"),
    }
    with pytest.raises(Trouble, match=said):
        await up(Network(LocalSettings(**(right | changed)), root=checkout(tmp_path / "work")))
    await leave(running)
