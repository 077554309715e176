"""The whole network on this machine: what belongs to it, in which order it starts, how it stops.

Everything about it lies under one folder. Ports are chosen once and remembered there, so that two checkouts run
side by side and a partner's client finds the broker where it was.
"""

import asyncio
import fcntl
import functools
import json
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from confluent_kafka import KafkaException

from shared.contracts.topics import SERVICES
from shared.local import jars, ports, trouble
from shared.local.environment import environment_of
from shared.local.kafka import LocalKafka
from shared.local.keystore import KeyStore, beside
from shared.local.parts import Part
from shared.local.passwords import Passwords
from shared.local.portbook import PortBook
from shared.local.postgres import LocalPostgres
from shared.local.provision import DATABASE, Databases, named, signed_in
from shared.local.settings import ROOT, LocalSettings
from shared.local.telling import tell
from shared.local.trouble import Trouble
from shared.messaging import deadletters
from shared.messaging.cluster import Access, BrokerAway, Cluster, NotTrusted, SignInRefused
from shared.runtime.reach import SERVICE
from shared.security.ledger import Ledger

LEAST_SPACE = 500_000_000  # bytes; Kafka and Postgres stop hard on a full disk
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing `up` does. `work` gets a way to tell how far it is and returns what it found or did."""

    title: str
    work: Callable[[Say], Awaitable[str]]


class Network:
    """Everything under one home. Making one starts nothing."""

    def __init__(self, settings: LocalSettings | None = None, *, root: Path = ROOT) -> None:
        self.settings = settings or LocalSettings()
        self.home = self.settings.home
        self.root = root
        self.passwords = Passwords(self.home / "secrets")
        self._book = PortBook(self.home, self.settings)
        self.notes: list[str] = []  # what the person should know at the end of `up`

    # What belongs to it

    @property
    def tokens(self) -> Path:
        """The folder with both halves of the keys of tokens."""
        return self.home / "tokens"

    @property
    def ports(self) -> Mapping[str, int]:
        """By part: postgres, kafka, front and each service."""
        return self._book.ports

    def settle_ports(self) -> None:
        """Before anything is started, and under the lock: parts whose port was taken meanwhile move."""
        self.notes += self._book.settle()

    @functools.cached_property
    def postgres(self) -> LocalPostgres | None:
        """None when another Postgres was given."""
        if self.settings.database:
            return None
        return LocalPostgres(self.home, self.ports["postgres"], self.passwords)

    @functools.cached_property
    def kafka(self) -> LocalKafka | None:
        """None when another Kafka was given."""
        if self.settings.kafka:
            return None
        return LocalKafka(self.home, self.ports["kafka"], self.passwords)

    @functools.cached_property
    def access(self) -> Access:
        """The administrator's, to the embedded or the given Kafka."""
        if self.kafka is not None:
            return self.kafka.access
        given = self.settings
        return Access(
            given.kafka or "",
            given.kafka_user,
            given.kafka_password.get_secret_value(),
            given.kafka_security,
            given.kafka_mechanism,
            given.kafka_ca_file,
        )

    def access_of(self, user: str) -> Access:
        """How a service or partner signs in; without SASL everybody is the same to Kafka."""
        if not self.access.security.startswith("SASL"):
            return self.access
        admin, password = self.access, self.passwords.of(f"kafka.{user}")
        return Access(admin.bootstrap, user, password, admin.security, "SCRAM-SHA-512", admin.ca_file)

    @functools.cached_property
    def cluster(self) -> Cluster:
        try:
            return Cluster(self.access, replication=self.settings.replication)
        except KafkaException as error:  # before anything was asked: the settings themselves
            raise Trouble(f"THROUGHCARE_KAFKA and what goes with it can't be used: {error.args[0].str()}.") from error

    @functools.cached_property
    def databases(self) -> Databases:
        if self.postgres is not None:
            return Databases(self.postgres.dsn, self.passwords)
        given = self.settings
        url = signed_in(given.database or "", given.database_password.get_secret_value())
        return Databases(url, self.passwords, ca_file=given.database_ca_file)

    @property
    def database(self) -> str:
        """Its name: what a given address says, or our own."""
        return named(self.settings.database) or DATABASE

    @functools.cached_property
    def keys(self) -> KeyStore:
        """Beside the others' database, or on a server of its own."""
        given = self.settings
        if given.keys is None:
            return KeyStore(self.databases, beside(self.database))
        url = signed_in(given.keys, given.keys_password.get_secret_value())
        server = Databases(url, self.passwords, ca_file=given.keys_ca_file, setting="THROUGHCARE_KEYS")
        return KeyStore(server, named(given.keys) or beside(self.database))

    @property
    def sealing(self) -> Path:
        """The file of the master secrets, newest first."""
        return self.settings.sealing_key_file or self.passwords.path("sealing")

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.settings.erasures or self.home / "erasures")

    @property
    def url(self) -> str:
        """The front port, from this machine."""
        return f"http://{ports.LOOPBACK}:{self.ports['front']}"

    @property
    def public_url(self) -> str:
        """Where people reach it: what links, cookies and tokens are made for."""
        return self.settings.public_url or self.url

    @functools.cached_property
    def services(self) -> tuple[Part, ...]:
        """Those that this checkout has, in the order of the house."""
        return tuple(
            Part(
                self.home, self.root, name, f"services.{name}.app", self.ports[name], self.environment(name), "/readyz"
            )
            for name in SERVICES
            if (self.root / "services" / name / "app.py").exists()
        )

    @functools.cached_property
    def front(self) -> Part:
        routes = {part.name: f"http://{ports.LOOPBACK}:{part.port}" for part in self.services}
        settings = {"THROUGHCARE_PORT": str(self.ports["front"]), "THROUGHCARE_FRONT_ROUTES": json.dumps(routes)}
        return Part(self.home, self.root, "front", "shared.local.front", self.ports["front"], settings, "/healthz")

    def environment(self, service: str) -> dict[str, str]:
        """What a process of `service` is started with."""
        return environment_of(self, service)

    # Starting

    @asynccontextmanager
    async def alone(self, say: Say = lambda text: None) -> AsyncIterator[None]:
        """One command at a time may change this home; the others wait for it. A killed one lets go by dying."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            file = (self.home / "lock").open("a+")
        except OSError as error:
            raise trouble.of_disk(error, f"use the folder {self.home}") from error
        with file:
            told = False
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if not told:
                        say(f"Another ./throughcare is at work in {self.home}; waiting for it.")
                        told = True
                    await asyncio.sleep(0.1)
            yield

    def steps(self) -> Iterator[Step]:
        """What `up` does, in order. Each step may be run again, and does only what is missing."""
        yield from self.preparation()
        yield Step("Starting the services", self.start_services)
        yield Step("Opening the front port", self.open_front)

    def preparation(self) -> Iterator[Step]:
        """Both servers, with everything in them that the services need before they start."""
        if not self.settings.kafka:
            yield Step("Fetching Kafka", self._fetch)
        yield Step("Starting Postgres" if not self.settings.database else "Reaching Postgres", self._start_postgres)
        yield Step("Starting Kafka" if not self.settings.kafka else "Reaching Kafka", self._start_kafka)
        yield Step("Preparing the database", self._prepare_database)
        yield Step("Preparing the key store", self._prepare_keys)
        yield Step("Preparing topics, users and access rules", self._prepare_kafka)

    def check_space(self) -> None:
        free = shutil.disk_usage(self.home).free
        if free < LEAST_SPACE:
            raise Trouble(
                f"The disk of {self.home} has only {free // 1_000_000} MB free and Kafka and Postgres need "
                f"{LEAST_SPACE // 1_000_000} MB: free some space, then run ./throughcare up again."
            )

    async def _fetch(self, say: Say) -> str:
        began = time.monotonic()
        fetched = False

        def progress(done: int, total: int) -> None:
            nonlocal fetched
            fetched = True
            say(f"{done} of {total} jars")

        found = await jars.ensure(progress=progress)
        if not fetched:
            return f"{len(found)} jars in the cache, verified"
        return f"{len(found)} jars fetched and verified in {time.monotonic() - began:.0f} s"

    async def _start_postgres(self, say: Say) -> str:
        if self.postgres is None:
            return urlsplit(self.settings.database or "").netloc.rpartition("@")[2]
        running = self.postgres.pid is not None
        await self.postgres.start()
        return "running already" if running else f"port {self.postgres.port}"

    async def _start_kafka(self, say: Say) -> str:
        if self.kafka is None:
            await self._reach_kafka()
            return self.access.bootstrap
        running = self.kafka.pid is not None and self.kafka.cluster_id is not None
        if self.kafka.cluster_id is None:
            # A new cluster must not hear an old producer: it would be taken for another one and dropped silently.
            await asyncio.gather(*(part.stop() for part in self.services))
        await self.kafka.start()
        return "running already" if running else f"port {self.kafka.port}"

    async def _reach_kafka(self) -> None:
        deadline = time.monotonic() + 15
        try:
            while not await self.cluster.is_ready():
                if time.monotonic() > deadline:
                    raise Trouble(
                        f"Nothing answers as Kafka at {self.access.bootstrap}: check THROUGHCARE_KAFKA and "
                        f"THROUGHCARE_KAFKA_SECURITY (now {self.access.security})."
                    )
        except SignInRefused as error:
            raise Trouble(
                f"Kafka at {self.access.bootstrap} refuses the user {self.access.user}: "
                "check THROUGHCARE_KAFKA_USER and THROUGHCARE_KAFKA_PASSWORD."
            ) from error
        except NotTrusted as error:
            raise Trouble(
                f"The certificate of Kafka at {self.access.bootstrap} is not signed by whom we trust: "
                "check THROUGHCARE_KAFKA_CA_FILE and THROUGHCARE_KAFKA_SECURITY."
            ) from error

    async def _prepare_database(self, say: Say) -> str:
        await self.databases.ensure_roles()
        await self.databases.ensure(self.database)
        applied = await self.databases.migrate(self.database)
        count = sum(len(names) for names in applied.values())
        return f"{count} migrations" if count else "up to date"

    async def _prepare_keys(self, say: Say) -> str:
        """Before anything starts: nobody reads a key of somebody whom a restore brought back."""
        if await self.keys.lies_in(self.databases, self.database):
            await asyncio.gather(*(part.stop() for part in self.services))  # they would look in the old place
        return await self.keys.prepare(self.databases, self.database, self.ledger)

    async def _prepare_kafka(self, say: Say) -> str:
        try:
            made = await self.cluster.ensure_topics()
            if self.access.security.startswith("SASL"):
                await self.cluster.ensure_services({s: self.passwords.of(f"kafka.{s}") for s in SERVICES})
        except BrokerAway as error:
            raise Trouble(f"Kafka did not finish its set-up ({error}): run ./throughcare up again.") from error
        return f"{len(made)} topics made" if made else "up to date"

    async def start_services(self, say: Say) -> str:
        if not self.services:
            return "none in this checkout"
        done = await asyncio.gather(*(part.ensure() for part in self.services), return_exceptions=True)
        failed = [what for what in done if isinstance(what, BaseException)]
        if failed:
            await self.front.ensure()  # the rest of the house opens all the same
            raise failed[0]
        told = [f"{part.name} {what}" for part, what in zip(self.services, done, strict=True) if what]
        if not told:
            return "running already"
        return ", ".join(told) if len(told) < len(done) else f"{len(done)} services"

    async def open_front(self, say: Say) -> str:
        return f"{self.url} {await self.front.ensure() or 'open already'}".removesuffix(" started")

    # Stopping and telling

    async def down(self, *, servers: bool = True) -> list[str]:
        """Stops everything of this home, the front first; what was running. Without `servers` both of them stay."""
        parts = (self.front, *self.services)
        stopped = [part.name for part in parts if part.pid is not None]
        await asyncio.gather(*(part.stop() for part in parts))
        for name, server in (("kafka", self.kafka), ("postgres", self.postgres)):
            if server is not None and servers:
                if server.pid is not None:
                    stopped.append(name)
                await server.stop()
        return stopped

    def wipe(self) -> None:
        """Deletes all state. Only after `down`."""
        try:
            for entry in self.home.iterdir():
                if entry.name == "lock":
                    continue  # we hold it
                if entry == self.ledger.folder and (self.settings.database or self.settings.keys):
                    continue  # the given database stays, and a backup of it would bring people back
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        except OSError as error:
            raise trouble.of_disk(error, f"delete what is in {self.home}") from error

    async def status(self) -> dict[str, Any]:
        """Each part with its state: `running`, `starting` (there, but not ready), `stopped` or `given`.

        `parked`: by service, how many records wait for somebody; None where its database does not tell.
        """
        found: list[tuple[str, LocalPostgres | LocalKafka | Part | None, str | None]] = [
            ("postgres", self.postgres, self.settings.database),
            ("kafka", self.kafka, self.settings.kafka),
            *((part.name, part, None) for part in (*self.services, self.front)),
        ]
        parts = await asyncio.gather(*(tell(*each) for each in found))
        ready = all(part["state"] in ("running", "given") for part in parts)
        stopped = parts[0]["state"] == "stopped"
        names = [part.name for part in self.services]
        counts = [None] * len(names) if stopped else await asyncio.gather(*(self._parked(name) for name in names))
        parked = dict(zip(names, counts, strict=True))
        return {"home": str(self.home), "url": self.url, "ready": ready, "parked": parked, "parts": parts}

    async def _parked(self, service: str) -> int | None:
        try:
            url = self.databases.url(service, self.database)
            connection = await asyncpg.connect(url, timeout=5, server_settings=SERVICE.settings)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return None
        try:
            return await deadletters.waiting(connection, service)
        except asyncpg.PostgresError:  # its tables are not there yet
            return None
        finally:
            await connection.close()
