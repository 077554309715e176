"""The servers that a benchmark runs against: its own Kafka and Postgres under a temporary home, gone afterwards."""

import asyncio
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.watch import Watch
from shared.contracts.topics import SERVICES, TOPICS
from shared.local import ports
from shared.local.kafka import LocalKafka
from shared.local.keystore import KeyStore, beside
from shared.local.passwords import Passwords
from shared.local.postgres import LocalPostgres
from shared.local.provision import DATABASE, Databases
from shared.messaging.cluster import Access, Cluster
from shared.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Servers:
    """Both servers, with roles, schemas, topics and access rules as on any other day."""

    home: Path
    passwords: Passwords
    postgres: LocalPostgres
    kafka: LocalKafka
    databases: Databases
    keys: KeyStore
    cluster: Cluster

    def settings(self, service: str, **changed: object) -> Settings:
        """What a process of `service` would run with."""
        given: dict[str, object] = {
            "database": self.databases.url(service, DATABASE, password=False),
            "database_password": self.passwords.of(f"postgres.{service}"),
            "keys": self.keys.url(service, password=False),
            "keys_password": self.passwords.of(f"postgres.{service}"),
            "kafka": self.kafka.bootstrap,
            "kafka_user": service,
            "kafka_password": self.passwords.of(f"kafka.{service}"),
            "signing_secret": self.passwords.of("signing"),
            "sealing_key": self.passwords.of("sealing"),
            "sealing_key_file": self.passwords.path("sealing"),
            "home": self.home,
            "demo": True,
        }
        return Settings(**(given | changed))  # type: ignore[arg-type]

    def watch(self, **processes: int) -> Watch:
        """Started now, on both servers and these processes; `python` is this one, if it is none of them."""
        postgres, kafka = self.postgres.pid, self.kafka.pid
        if postgres is None or kafka is None:
            raise RuntimeError("a server is gone")
        return Watch(postgres=postgres, kafka=kafka, **processes)

    async def clear(self) -> None:
        """Nothing waits anywhere, or is remembered of a log, that an earlier benchmark has left."""
        await self.cluster.delete_topics([topic.name for topic in TOPICS])
        await self.cluster.ensure_topics()
        for service in SERVICES:
            owner = await self.owner(service)
            try:
                await owner.execute("TRUNCATE outbox, event_archive, relay_mark, progress, consumer_offset")
            finally:
                await owner.close()

    async def owner(self, service: str) -> asyncpg.Connection:
        """Who may empty tables, and fill them by COPY: the administrator, since row-level security holds the owner."""
        return await asyncpg.connect(self.databases.url(None, DATABASE), server_settings={"search_path": service})


@asynccontextmanager
async def servers() -> AsyncIterator[Servers]:
    """Started, and stopped and deleted at the end, whatever happens."""
    home = Path(tempfile.mkdtemp(prefix="throughcare-bench-"))
    passwords = Passwords(home / "secrets")
    postgres = LocalPostgres(home, ports.anywhere(), passwords)
    kafka = LocalKafka(home, ports.anywhere({postgres.port}), passwords)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _stop, asyncio.current_task())
    try:
        await postgres.start()
        await kafka.start()
        databases = Databases(postgres.dsn, passwords)
        await databases.ensure_roles()
        await databases.ensure(DATABASE)
        await databases.migrate(DATABASE)
        keys = KeyStore(databases, beside(DATABASE))
        await keys.ensure_roles(services=False)
        await keys.ensure()
        cluster = Cluster(Access(kafka.bootstrap, "admin", passwords.of("kafka.admin")))
        await cluster.ensure_topics()
        await cluster.ensure_services({service: passwords.of(f"kafka.{service}") for service in SERVICES})
        yield Servers(home, passwords, postgres, kafka, databases, keys, cluster)
    finally:
        for server in (kafka, postgres):
            await server.kill()
        shutil.rmtree(home, ignore_errors=True)


def _stop(task: asyncio.Task[object] | None) -> None:
    """Ended from outside, it ends its servers too."""
    if task is not None:
        task.cancel()
