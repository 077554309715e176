"""The four services in processes of their own, on a real Postgres and a real Kafka, for tests that search all of it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from aiokafka import TopicPartition

from shared.contracts.topics import SERVICES
from shared.local import ports
from shared.messaging.cluster import Cluster
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.ledger import Ledger
from tests.integration.backups import empty_logs
from tests.network import FreshDatabase, Network
from tests.security import burglary

ROOT = Path(__file__).parents[2]
HEARD_WITHIN = 60.0
SECRETS = "sealing"


@dataclass
class Site:
    """The whole network, and the ways in."""

    home: Path
    network: Network
    database: FreshDatabase
    settings: Settings
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    async def say(self, who: UUID | None, path: str, body: Any = None, method: str = "POST", status: int = 0) -> Any:
        service = path.split("/")[1]
        headers = {"Authorization": f"Bearer {demo.token(self.settings, who)}"} if who else {}
        answer = await self.clients[service].request(method, path, json=body, headers=headers)
        if status:
            assert answer.status_code == status, (path, answer.status_code, answer.text)
        else:
            assert answer.status_code < 300, (path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def until(self, who: UUID, path: str, is_so: Any = lambda found: True) -> Any:
        """Once another service has heard of it."""
        async with asyncio.timeout(HEARD_WITHIN):
            while True:
                with suppress(AssertionError):
                    if is_so(found := await self.say(who, path, method="GET")):
                        return found
                await asyncio.sleep(0.1)

    async def admin(self, statement: str, *values: Any) -> Any:
        async with burglary.inside(await self.database()) as connection:
            return await connection.fetchval(statement, *values)

    async def until_done(self, statement: str, *values: Any) -> None:
        async with asyncio.timeout(HEARD_WITHIN):
            while not await self.admin(statement, *values):
                await asyncio.sleep(0.1)

    @property
    def administrator(self) -> Settings:
        """Who reads every topic."""
        access = self.network.kafka.access.environment()
        return Settings(
            demo=True, **{name.removeprefix("THROUGHCARE_").lower(): value for name, value in access.items()}
        )

    @property
    def secret(self) -> str:
        return self.network.passwords.of(SECRETS)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.home / "erasures")

    @property
    def files(self) -> bytes:
        """Logs, texts handed to the carrier, anchors, the ledger: whatever lies in the folder of the state."""
        return b"\n".join(path.read_bytes() for path in self.home.rglob("*") if path.is_file())


@asynccontextmanager
async def running(
    network: Network, database: FreshDatabase, cluster: Cluster, home: Path, **more: str
) -> AsyncIterator[Site]:
    """Four processes that write down all there is to say, ready; `more` is added to what each is started with."""
    for service in SERVICES:
        await empty_logs(cluster, service)
    site = Site(home, network, database, Settings(**await database.settings("intake", home=home)))
    try:
        for service in SERVICES:
            await database(service)
            port = ports.anywhere()
            environment = {
                **os.environ, **network.environment(service, database.name), "THROUGHCARE_HOME": str(home),
                "THROUGHCARE_ROLES": "api,worker", "THROUGHCARE_PORT": str(port), "THROUGHCARE_LOG_LEVEL": "debug",
                "THROUGHCARE_QUIET_FROM": "0", "THROUGHCARE_QUIET_UNTIL": "0", **more,  # a text goes out at any hour
            }  # fmt: skip
            command = [sys.executable, "-m", f"services.{service}.app"]
            with (home / f"{service}.log").open("wb") as log:
                site.processes.append(begun(command, environment, log))
            site.clients[service] = httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False, headers={"Accept": "application/json"}
            )
        for client in site.clients.values():
            await is_ready(client)
        yield site
    finally:
        for process in site.processes:
            process.terminate()
        for process in site.processes:
            process.wait(20)
        for client in site.clients.values():
            await client.aclose()


@asynccontextmanager
async def fronted(site: Site) -> AsyncIterator[str]:
    """The one port before all four, as a process too."""
    port = ports.anywhere()
    routes = {service: str(client.base_url).rstrip("/") for service, client in site.clients.items()}
    environment = {**os.environ, "THROUGHCARE_FRONT_ROUTES": json.dumps(routes), "THROUGHCARE_PORT": str(port)}
    with (site.home / "front.log").open("wb") as log:
        site.processes.append(begun([sys.executable, "-m", "shared.local.front"], environment, log))
    address = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        await is_ready(client, "/healthz")
    yield address


def begun(command: list[str], environment: dict[str, str], log: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)


async def is_ready(client: httpx.AsyncClient, path: str = "/readyz") -> None:
    async with asyncio.timeout(120):
        while True:
            with suppress(httpx.HTTPError):
                if (await client.get(path)).status_code == 200:
                    return
            await asyncio.sleep(0.2)


async def everything_is_said(site: Site) -> None:
    for service in SERVICES:
        await site.until_done(f"SELECT NOT EXISTS (SELECT FROM {service}.outbox)")  # noqa: S608 - our own names
    await site.until_done("SELECT EXISTS (SELECT FROM reporting.referral)")
    await site.until_done("SELECT EXISTS (SELECT FROM reporting.setback) AND EXISTS (SELECT FROM reporting.promise)")


async def all_of(consumer: Any, topic: str) -> list[Any]:
    parts = [TopicPartition(topic, number) for number in range(12)]
    consumer.assign(parts)
    ends = await consumer.end_offsets(parts)
    await consumer.seek_to_beginning(*parts)
    found: list[Any] = []
    while not all([await consumer.position(part) >= ends[part] for part in parts]):
        for records in (await consumer.getmany(*parts, timeout_ms=200)).values():
            found += records
    return found
