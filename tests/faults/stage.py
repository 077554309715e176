"""The stage: a Postgres, a Kafka and the processes between them, each of which can be killed, stopped and woken."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx

from shared.contracts.topics import SERVICES
from shared.local import ports
from shared.local.kafka import LocalKafka
from shared.local.passwords import Passwords
from shared.local.postgres import LocalPostgres
from shared.local.provision import Databases
from shared.messaging import witness
from shared.messaging.cluster import Access, Cluster
from shared.runtime.migrations import migrate

ROOT = Path(__file__).parents[2]
DATABASE = "throughcare"


@dataclass
class Actor:
    """One process of a service. `failpoint` is where its present life is to end."""

    name: str
    service: str
    command: list[str]
    roles: str
    port: int
    failpoint: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass
class Stage:
    home: Path
    mutant: str = ""
    witnesses: tuple[str, ...] = ("reporting",)
    actors: dict[str, Actor] = field(default_factory=dict)
    passwords: Passwords = field(init=False)
    postgres: LocalPostgres = field(init=False)
    kafka: LocalKafka = field(init=False)
    databases: Databases = field(init=False)
    cluster: Cluster = field(init=False)

    def __post_init__(self) -> None:
        self.passwords = Passwords(self.home / "secrets")
        self.postgres = LocalPostgres(self.home, ports.anywhere(), self.passwords)
        self.kafka = LocalKafka(self.home, ports.anywhere(), self.passwords)

    async def open(self, extra: dict[str, Path]) -> None:
        """Start the servers and prepare them; `extra` are migrations beyond a service's own, by schema."""
        await asyncio.gather(self.postgres.start(), self.kafka.start())
        self.databases = Databases(self.postgres.dsn, self.passwords)
        await self.databases.ensure_roles()
        await self.databases.ensure(DATABASE)
        await self.databases.migrate(DATABASE)
        for schema, folder in extra.items():
            await migrate(self.databases.url(f"{schema}_owner", DATABASE), schema, [folder])
        for schema in self.witnesses:
            owner = await self.connect(schema, owner=True)
            await owner.execute(witness.TABLE)
            await owner.close()
        self.cluster = Cluster(self.kafka.access)
        await self.cluster.ensure_topics()
        await self.cluster.ensure_services({name: self.passwords.of(f"kafka.{name}") for name in SERVICES})

    async def close(self) -> None:
        for actor in self.actors.values():
            self.kill(actor.name)
        for server in (self.kafka, self.postgres):
            with suppress(Exception):
                await server.kill()

    async def connect(self, schema: str, *, owner: bool = False) -> asyncpg.Connection:
        role = f"{schema}_owner" if owner else schema
        return await asyncpg.connect(self.databases.url(role, DATABASE), server_settings={"search_path": schema})

    def cast(self, name: str, service: str, command: list[str], roles: str) -> Actor:
        self.actors[name] = Actor(name, service, command, roles, ports.anywhere())
        return self.actors[name]

    def start(self, name: str, failpoint: str = "") -> None:
        actor = self.actors[name]
        actor.failpoint = failpoint
        log = (self.home / f"{name}.log").open("ab")
        actor.process = subprocess.Popen(
            [sys.executable, "-m", *actor.command], cwd=ROOT, env=self._environment(actor), stdout=log, stderr=log
        )
        log.close()

    def kill(self, name: str) -> None:
        actor = self.actors[name]
        if actor.process is not None:
            actor.process.kill()
            actor.process.wait()

    def send(self, name: str, number: int) -> None:
        process = self.actors[name].process
        if process is not None and process.poll() is None:
            os.kill(process.pid, number)

    def freeze(self, name: str) -> None:
        self.send(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self.send(name, signal.SIGCONT)

    async def ready(self, name: str, patience: float = 90) -> None:
        actor = self.actors[name]
        async with httpx.AsyncClient(timeout=3) as client, asyncio.timeout(patience):
            while True:
                if not actor.alive:
                    raise RuntimeError(f"{name} ended by itself; see {self.home / name}.log")
                with suppress(httpx.HTTPError):
                    if (await client.get(f"{actor.url}/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.1)

    @property
    def notes(self) -> Path:
        return self.home / "failpoints"

    def _environment(self, actor: Actor) -> dict[str, str]:
        user = actor.service
        access = Access(self.kafka.bootstrap, user, self.passwords.of(f"kafka.{user}"))
        return {
            **os.environ,
            **access.environment(),
            "THROUGHCARE_DATABASE": self.databases.url(user, DATABASE, password=False),
            "THROUGHCARE_DATABASE_PASSWORD": self.passwords.of(f"postgres.{user}"),
            "THROUGHCARE_DATABASE_POOL": "6",
            "THROUGHCARE_DEMO": "1",
            "THROUGHCARE_HOME": str(self.home),
            "THROUGHCARE_ROLES": actor.roles,
            "THROUGHCARE_PORT": str(actor.port),
            "THROUGHCARE_LOG_LEVEL": "warning",
            "THROUGHCARE_TEST_WITNESS": "1" if actor.service in self.witnesses else "",
            "THROUGHCARE_TEST_MUTANT": self.mutant,
            "THROUGHCARE_TEST_FAILPOINT": actor.failpoint,
            "THROUGHCARE_TEST_FAILPOINT_NOTES": str(self.notes),
        }
