"""A Kafka and a Postgres that somebody else runs, with TLS: prepared, used by real processes, never in clear."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import asyncpg
import httpx
import pytest
import pytest_asyncio

from cli import scenery
from cli.story.voices import Voice, until
from shared.local import ports
from shared.local.kafka import LocalKafka
from shared.local.network import Network
from shared.local.parts import _environment
from shared.local.passwords import Passwords
from shared.local.postgres import LocalPostgres
from shared.local.settings import ROOT, LocalSettings
from shared.local.trouble import Trouble
from shared.messaging.cluster import Access, Cluster
from shared.security import demo
from tests.integration.local import certificates
from tests.integration.local.certificates import Certificates
from tests.integration.local.tls_door import TlsDoor

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]


class TlsKafka(LocalKafka):
    """The embedded broker with TLS on the port that clients use."""

    def __init__(self, home: Path, passwords: Passwords, files: Certificates) -> None:
        super().__init__(home, ports.anywhere(), passwords, quick=True)
        self._files = files

    @property
    def access(self) -> Access:
        return replace(super().access, security="SASL_SSL", ca_file=self._files.authority)

    def _properties(self, data: Path) -> str:
        store = self.folder / "keystore.pem"
        store.write_text(self._files.key.read_text() + self._files.server.read_text())
        store.chmod(0o600)
        tls = {
            "listener.security.protocol.map": "SASL:SASL_SSL,CONTROLLER:SASL_PLAINTEXT",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": store,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self._files.authority,
        }
        return super()._properties(data) + "".join(f"{key}={value}\n" for key, value in tls.items())


class Given(NamedTuple):
    kafka: TlsKafka
    postgres: TlsDoor
    files: Certificates
    passwords: Passwords

    def settings(self, home: Path) -> dict[str, str]:
        """What a person sets: two addresses, two passwords, and whom to trust."""
        return {
            "THROUGHCARE_HOME": str(home),
            "THROUGHCARE_DATABASE": f"postgresql://postgres@127.0.0.1:{self.postgres.port}/elsewhere",
            "THROUGHCARE_DATABASE_PASSWORD": self.passwords.of("postgres.postgres"),
            "THROUGHCARE_DATABASE_CA_FILE": str(self.files.authority),
            "THROUGHCARE_KAFKA": self.kafka.bootstrap,
            "THROUGHCARE_KAFKA_PASSWORD": self.passwords.of("kafka.admin"),
            "THROUGHCARE_KAFKA_SECURITY": "SASL_SSL",
            "THROUGHCARE_KAFKA_CA_FILE": str(self.files.authority),
        }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def given(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Given]:
    home = tmp_path_factory.mktemp("given")
    files, passwords = certificates.make(home / "tls"), Passwords(home / "secrets")
    database = LocalPostgres(home, ports.anywhere(), passwords)
    broker = TlsKafka(home, passwords, files)
    try:
        await asyncio.gather(database.start(), broker.start())
        async with TlsDoor(database.port, files) as door:
            yield Given(broker, door, files, passwords)
    finally:
        await asyncio.gather(broker.stop(), database.stop())


def network_of(given: Given, home: Path, monkeypatch: pytest.MonkeyPatch, **changed: str) -> Network:
    for name, value in (given.settings(home) | changed).items():
        monkeypatch.setenv(name, value)
    return Network(LocalSettings())


async def prepare(given: Given, home: Path) -> tuple[int, str]:
    """`./throughcare prepare`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "prepare", cwd=ROOT, env=os.environ | given.settings(home),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_two_settings_and_a_ca_file_are_enough_to_publish_and_to_consume(given: Given, tmp_path, monkeypatch):
    home = tmp_path / "home"
    code, said = await prepare(given, home)
    assert code == 0, said
    assert "Fetching Kafka" not in said
    network = network_of(given, home, monkeypatch)
    network.settle_ports()
    parts = [part for part in network.services if part.name in ("intake", "reporting")]
    try:
        await asyncio.gather(*(part.ensure() for part in parts), network.front.ensure())
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            facts = {"name": "Cedar House", **scenery.AGENCIES[demo.CEDAR_HOUSE]}
            body = facts | {"lead": str(facts["lead"]), "calendar": {"timezone": scenery.ZONE}}
            await Voice(network, client, demo.RUTH).say(f"/intake/agencies/{demo.CEDAR_HOUSE}", body, method="PUT")
        reading = await asyncpg.connect(network.databases.url("reporting", network.database))

        async def counted() -> bool:
            return bool(await reading.fetchval("SELECT name FROM agency WHERE id = $1", demo.CEDAR_HOUSE))

        await until(counted, "reporting to hear of the agency")
        await reading.close()
        assert given.postgres.opened > 10
        assert not given.postgres.clear, "somebody spoke to Postgres in clear"
    finally:
        await asyncio.gather(*(part.stop() for part in (*parts, network.front)))


def test_no_process_is_given_a_given_kafkas_administrator(given: Given, tmp_path, monkeypatch):
    network = network_of(given, tmp_path / "home", monkeypatch)
    network.settle_ports()
    administrators = {given.passwords.of("kafka.admin"), given.passwords.of("postgres.postgres")}
    for part in (*network.services, network.front):
        assert not [name for name in part.settings if "ADMIN" in name], part.name
        assert not administrators & {*part.settings.values(), *_environment().values()}, part.name


async def test_a_partner_gets_user_rules_and_quota_over_tls(given: Given):
    cluster = Cluster(given.kafka.access)
    await cluster.ensure_topics()
    await cluster.ensure_partner("k7m2q9", "a password", bytes_per_second=1_000_000)
    assert await cluster.quota("k7m2q9") == 1_000_000
    assert await cluster.acls("k7m2q9")
    theirs = replace(given.kafka.access, user="k7m2q9", password="a password")
    assert await Cluster(theirs).is_ready()


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("THROUGHCARE_KAFKA_CA_FILE", "THROUGHCARE_KAFKA_CA_FILE"),
        ("THROUGHCARE_DATABASE_CA_FILE", "THROUGHCARE_DATABASE_CA_FILE"),
    ],
)
async def test_a_server_that_another_authority_vouches_for_is_refused_in_one_sentence(
    given: Given, tmp_path, monkeypatch, setting, said
):
    other = certificates.make(tmp_path / "tls", "another").authority
    network = network_of(given, tmp_path / "home", monkeypatch, **{setting: str(other)})
    with pytest.raises(Trouble, match=said):
        for step in network.preparation():
            await step.work(lambda text: None)
