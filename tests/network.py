"""The Kafka and Postgres that tests run against: real ones, always, behind one interface.

Embedded by default. `THROUGHCARE_TEST_NETWORK=containers` takes containers where Docker runs;
`THROUGHCARE_TEST_KAFKA` and `THROUGHCARE_TEST_DATABASE` name given ones (with `_USER`, `_PASSWORD` ... as for `up`).
"""

import asyncio
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit, urlunsplit

import pytest

from shared.contracts.topics import SERVICES
from shared.local import ports, processes
from shared.local.kafka import LocalKafka
from shared.local.keystore import KeyStore
from shared.local.passwords import Passwords
from shared.local.postgres import LocalPostgres
from shared.local.provision import Databases
from shared.messaging.cluster import Access, Cluster
from shared.runtime.ids import uuid7

HOMES = "throughcare-test-"
TEMPLATE, KEYS_TEMPLATE = "template_throughcare", "template_keys"


class Server(Protocol):
    """What LocalPostgres and LocalKafka share with their stand-ins."""

    @property
    def pid(self) -> int | None: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def kill(self) -> None: ...
    def wipe(self) -> None: ...


class Postgres(Server, Protocol):
    @property
    def dsn(self) -> str: ...


class Kafka(Server, Protocol):
    @property
    def bootstrap(self) -> str: ...
    @property
    def access(self) -> Access: ...


@dataclass
class Network:
    """One Postgres and one Kafka for a whole test run, each started when the first test asks for it."""

    home: Path
    passwords: Passwords
    postgres: Postgres
    kafka: Kafka
    databases: Databases | None = field(default=None, init=False)
    cluster: Cluster | None = field(default=None, init=False)
    keys_of: dict[str, KeyStore] = field(default_factory=dict, init=False)  # by the name of the database beside it
    _idle_keys: list[KeyStore] = field(default_factory=list, init=False)

    async def with_postgres(self) -> Databases:
        """Started, with a template in which every schema is migrated."""
        if self.databases is None:
            await self.postgres.start()
            databases = Databases(self.postgres.dsn, self.passwords)
            await databases.drop(TEMPLATE)
            await databases.ensure_roles()
            await databases.ensure(TEMPLATE)
            await databases.migrate(TEMPLATE)
            keys = KeyStore(databases, KEYS_TEMPLATE)
            await databases.drop(KEYS_TEMPLATE)
            await keys.ensure_roles(services=False)
            await keys.ensure()
            self.databases = databases
        return self.databases

    async def lend_keys(self) -> KeyStore:
        """An empty key store. Cloning one takes as long as many a test, so those given back are lent again."""
        if self._idle_keys:
            return self._idle_keys.pop()
        return await KeyStore(await self.with_postgres(), KEYS_TEMPLATE).clone(f"keys_{uuid7().hex}")

    async def take_back(self, keys: KeyStore) -> None:
        async with keys.owner() as owner:
            await owner.execute("DELETE FROM person_key")
        self._idle_keys.append(keys)

    async def with_kafka(self) -> Cluster:
        """Started, with the network's topics, a user for every service, and their access rules."""
        if self.cluster is None:
            await self.kafka.start()
            cluster = Cluster(self.kafka.access)
            await cluster.ensure_topics()
            await cluster.ensure_services({s: self.passwords.of(f"kafka.{s}") for s in SERVICES})
            self.cluster = cluster
        return self.cluster

    def access(self, service: str) -> Access:
        """How `service` signs in to Kafka."""
        admin = self.kafka.access
        return Access(
            admin.bootstrap,
            service,
            self.passwords.of(f"kafka.{service}"),
            admin.security,
            "SCRAM-SHA-512",
            admin.ca_file,
        )

    def environment(self, service: str, database: str) -> dict[str, str]:
        """What a process of `service` is started with, against the database of that name."""
        assert self.databases is not None, "ask for the fixture `database` first"
        return {
            **self.access(service).environment(),
            "THROUGHCARE_DATABASE": self.databases.url(service, database, password=False),
            "THROUGHCARE_DATABASE_PASSWORD": self.passwords.of(f"postgres.{service}"),
            "THROUGHCARE_KEYS": self.keys_of[database].url(service, password=False),
            "THROUGHCARE_KEYS_PASSWORD": self.passwords.of(f"postgres.{service}"),
            "THROUGHCARE_SIGNING_SECRET": self.passwords.of("signing"),
            "THROUGHCARE_SEALING_KEY": self.passwords.of("sealing"),
            "THROUGHCARE_HOME": str(self.home),
            "THROUGHCARE_DEMO": "1",
        }

    async def stop(self) -> None:
        for server in (self.kafka, self.postgres):
            await server.stop()


class Given:
    """A server somebody else runs: tests that would kill it are skipped."""

    def __init__(self, address: str, access: Access | None = None) -> None:
        self.dsn = self.bootstrap = address
        self._access = access
        self.pid = None

    @property
    def access(self) -> Access:
        assert self._access is not None
        return self._access

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def kill(self) -> None:
        pytest.skip("this run uses a given server, which tests don't kill")

    def wipe(self) -> None:
        pytest.skip("this run uses a given server, which tests don't wipe")


def given_postgres() -> Given | None:
    address = os.environ.get("THROUGHCARE_TEST_DATABASE")
    if not address:
        return None
    password = os.environ.get("THROUGHCARE_TEST_DATABASE_PASSWORD", "")
    parts = urlsplit(address)
    user, _, rest = parts.netloc.rpartition("@")
    if password and ":" not in user:
        parts = parts._replace(netloc=f"{user}:{quote(password, safe='')}@{rest}")
    return Given(urlunsplit(parts))


def given_kafka() -> Given | None:
    address = os.environ.get("THROUGHCARE_TEST_KAFKA")
    if not address:
        return None
    ca_file = os.environ.get("THROUGHCARE_TEST_KAFKA_CA_FILE")
    access = Access(
        address,
        os.environ.get("THROUGHCARE_TEST_KAFKA_USER", "admin"),
        os.environ.get("THROUGHCARE_TEST_KAFKA_PASSWORD", ""),
        os.environ.get("THROUGHCARE_TEST_KAFKA_SECURITY", "SASL_PLAINTEXT"),
        os.environ.get("THROUGHCARE_TEST_KAFKA_MECHANISM", "SCRAM-SHA-512"),
        Path(ca_file) if ca_file else None,
    )
    return Given(address, access)


def open_network() -> Network:
    """Nothing is started yet."""
    sweep()
    home = Path(tempfile.mkdtemp(prefix=HOMES))
    (home / "owner").write_text(f"{os.getpid()} {processes.birth(os.getpid())}", encoding="ascii")
    passwords = Passwords(home / "secrets")
    if os.environ.get("THROUGHCARE_TEST_NETWORK", "embedded") == "containers":
        from tests import containers

        return Network(
            home,
            passwords,
            given_postgres() or containers.ContainerPostgres(passwords.of("postgres.postgres")),
            given_kafka() or containers.ContainerKafka(passwords.of("kafka.admin")),
        )
    return Network(
        home,
        passwords,
        given_postgres() or LocalPostgres(home, ports.anywhere(), passwords),
        given_kafka() or LocalKafka(home, ports.anywhere(), passwords, quick=True),
    )


async def close_network(network: Network) -> None:
    await network.stop()
    shutil.rmtree(network.home, ignore_errors=True)


def sweep() -> None:
    """Ends what an earlier run left behind when it was killed."""
    for home in Path(tempfile.gettempdir()).glob(f"{HOMES}*"):
        try:
            pid, born = (home / "owner").read_text(encoding="ascii").split()
        except (OSError, ValueError):
            continue
        if processes.birth(int(pid)) != born:
            asyncio.run(_end(home))


async def _end(home: Path) -> None:
    passwords = Passwords(home / "secrets")
    for server in (LocalKafka(home, 0, passwords), LocalPostgres(home, 0, passwords)):
        await server.kill()
    shutil.rmtree(home, ignore_errors=True)


class FreshDatabase:
    """One database per test, cloned at the first call; each call is the address for one service.

    `await database("caseplan")`, `await database("caseplan", owner=True)` for migrations and
    truncating, `await database()` for the administrator. `fresh=True` clones another one. `keys` is
    the key store beside all of them.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.names: list[str] = []
        self._keys: KeyStore | None = None

    @property
    def name(self) -> str:
        return self.names[-1]

    async def __call__(self, service: str | None = None, *, owner: bool = False, fresh: bool = False) -> str:
        databases = await self.network.with_postgres()
        if fresh or not self.names:
            self.names.append(f"test_{uuid7().hex}")
            await databases.clone(TEMPLATE, self.name)
            self.network.keys_of[self.name] = self._keys = self._keys or await self.network.lend_keys()
        role = f"{service}_owner" if owner else service
        return databases.url(role, self.name)

    @property
    def keys(self) -> KeyStore:
        assert self._keys is not None, "call the fixture `database` first"
        return self._keys

    async def settings(self, service: str, **changed: Any) -> dict[str, Any]:
        """Arguments for `Settings(...)`, so that a test may run the service's own code against both servers."""
        await self(service)
        found = self.network.environment(service, self.name)
        found["THROUGHCARE_ROLES"] = "api,worker"
        return {key.removeprefix("THROUGHCARE_").lower(): value for key, value in found.items()} | changed

    async def drop(self) -> None:
        for name in self.names:
            assert self.network.databases is not None
            await self.network.databases.drop(name)
            del self.network.keys_of[name]
        if self._keys is not None:
            await self.network.take_back(self._keys)
