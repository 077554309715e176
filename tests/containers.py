"""Kafka and Postgres in containers, for machines where Docker runs: `THROUGHCARE_TEST_NETWORK=containers`.

The same settings as the embedded ones. The administrator signs in by PLAIN here, because the image offers no way
to format a cluster with a SCRAM user; services and partners sign in by SCRAM as everywhere.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg
from testcontainers.core.container import DockerContainer

from shared.local import ports
from shared.local.kafka import ADMIN, SETTINGS, new_cluster_id
from shared.local.postgres import SETTINGS as POSTGRES_SETTINGS
from shared.local.processes import until
from shared.messaging.cluster import Access, Cluster

KAFKA_IMAGE = "apache/kafka:4.4.0"
POSTGRES_IMAGE = "postgres:18"
INSIDE_KAFKA, INSIDE_CONTROLLER, INSIDE_POSTGRES = 9092, 9093, 5432
PATIENCE = 120.0


class Container:
    """One container, made at the first start and kept through stops and kills until it is wiped."""

    def __init__(self) -> None:
        self.port = ports.anywhere()
        self._container: DockerContainer | None = None

    @property
    def pid(self) -> int | None:
        """Of the container's first process, as this machine sees it."""
        if self._container is None:
            return None
        wrapped = self._container.get_wrapped_container()
        wrapped.reload()
        return wrapped.attrs["State"]["Pid"] or None

    async def start(self) -> None:
        if self._container is None:
            self._container = await asyncio.to_thread(self.make().start)
        elif self.pid is None:
            await asyncio.to_thread(self._container.get_wrapped_container().start)
        async with asyncio.timeout(PATIENCE):
            while not await self.is_ready():
                await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """For good: the end of the run."""
        if self._container is not None:
            await asyncio.to_thread(self._container.stop)
            self._container = None

    async def kill(self) -> None:
        assert self._container is not None
        await asyncio.to_thread(self._container.get_wrapped_container().kill)
        assert await until(lambda: self.pid is None, 10)

    def wipe(self) -> None:
        if self._container is not None:
            self._container.stop()
            self._container = None

    def make(self) -> DockerContainer:
        raise NotImplementedError

    async def is_ready(self) -> bool:
        raise NotImplementedError


class ContainerPostgres(Container):
    def __init__(self, password: str) -> None:
        super().__init__()
        self._password = password

    @property
    def dsn(self) -> str:
        return f"postgresql://postgres:{self._password}@{ports.LOOPBACK}:{self.port}/postgres"

    def make(self) -> DockerContainer:
        inside = {"listen_addresses", "unix_socket_directories"}  # the image's own business
        options = [
            part for key, value in POSTGRES_SETTINGS.items() if key not in inside for part in ("-c", f"{key}={value}")
        ]
        return (
            DockerContainer(POSTGRES_IMAGE)
            .with_env("POSTGRES_PASSWORD", self._password)
            .with_bind_ports(INSIDE_POSTGRES, self.port)
            .with_command(options)
        )

    async def is_ready(self) -> bool:
        try:
            await (await asyncpg.connect(self.dsn, timeout=2)).close()
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        return True


class ContainerKafka(Container):
    def __init__(self, password: str) -> None:
        super().__init__()
        self._password = password

    @property
    def bootstrap(self) -> str:
        return f"{ports.LOOPBACK}:{self.port}"

    @property
    def access(self) -> Access:
        return Access(self.bootstrap, ADMIN, self._password, mechanism="PLAIN")

    def make(self) -> DockerContainer:
        made = DockerContainer(KAFKA_IMAGE).with_bind_ports(INSIDE_KAFKA, self.port)
        for key, value in environment_of(self._settings()).items():
            made = made.with_env(key, value)
        return made.with_env("CLUSTER_ID", new_cluster_id())

    async def is_ready(self) -> bool:
        return ports.answers(self.port) and await Cluster(self.access).is_ready()

    def _settings(self) -> dict[str, Any]:
        sign_in = f'required username="{ADMIN}" password="{self._password}"'
        plain = f'org.apache.kafka.common.security.plain.PlainLoginModule {sign_in} user_{ADMIN}="{self._password}";'
        return {
            **SETTINGS,
            "log.dirs": "/var/lib/kafka/data",
            "listeners": f"SASL://0.0.0.0:{INSIDE_KAFKA},CONTROLLER://127.0.0.1:{INSIDE_CONTROLLER}",
            "advertised.listeners": f"SASL://{self.bootstrap},CONTROLLER://127.0.0.1:{INSIDE_CONTROLLER}",
            "controller.quorum.voters": f"1@127.0.0.1:{INSIDE_CONTROLLER}",
            "listener.name.sasl.sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "listener.name.sasl.plain.sasl.jaas.config": plain,
            "listener.name.controller.plain.sasl.jaas.config": plain,
            "listener.name.sasl.scram-sha-512.sasl.jaas.config": (
                f"org.apache.kafka.common.security.scram.ScramLoginModule {sign_in};"
            ),
        }


def environment_of(settings: Mapping[str, Any]) -> dict[str, str]:
    """As the image reads settings: KAFKA_, a dot as _, an underscore as __, a dash as ___."""
    return {
        "KAFKA_" + key.replace("_", "__").replace("-", "___").replace(".", "_").upper(): value
        for key, value in settings.items()
    }
