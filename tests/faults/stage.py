"""The stage: Postgres, Kafka, two processes of every service, a partner's client, and proxies between them.

Each of them can be killed, stopped, woken and armed; services get the environment that the local network gives them.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
from confluent_kafka import Consumer, TopicPartition

from shared.contracts.topics import SERVICES
from shared.local import ports
from shared.local.kafka import LocalKafka
from shared.local.network import Network
from shared.local.postgres import LocalPostgres
from shared.local.settings import LocalSettings
from shared.messaging import witness
from shared.runtime.reach import SERVICE
from shared.runtime.settings import Settings
from shared.security import signing

ROOT = Path(__file__).parents[2]
PARTNER = "k7m2q9"
HEARTBEAT = 15  # seconds, so that streams beat within a run
STOP_WITHIN = 12.0


@dataclass
class Actor:
    """One process. `failpoint` is where its present life is to end; `service` is empty for the partner's client."""

    name: str
    service: str
    command: list[str]
    environment: dict[str, str]
    port: int = 0
    failpoint: str = ""
    asked: bool = False  # to stop, in good order
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{ports.LOOPBACK}:{self.port}"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def ended_by_itself(self) -> bool:
        """Neither killed nor asked: it has given up."""
        code = self.process.poll() if self.process is not None else None
        return not self.asked and code is not None and code >= 0


@dataclass
class Stage:
    home: Path
    mutant: str = ""
    actors: dict[str, Actor] = field(default_factory=dict)
    ended: Counter[str] = field(default_factory=Counter)  # how often each ended by itself
    network: Network = field(init=False)
    postgres: LocalPostgres = field(init=False)
    kafka: LocalKafka = field(init=False)
    settings: Settings = field(init=False)  # the secrets that every service has
    kafka_door: int = field(init=False)
    postgres_door: int = field(init=False)

    def __post_init__(self) -> None:
        self._watching = threading.Lock()
        self._watcher: Consumer | None = None
        self.network = Network(LocalSettings(home=self.home))
        taken: set[int] = set()
        for name in self.network.ports:  # of this run alone: several may start in the same moment
            self.network.ports[name] = ports.anywhere(taken)  # type: ignore[index]
            taken.add(self.network.ports[name])
        self.kafka_door, self.postgres_door = ports.anywhere(taken), ports.anywhere(taken | {1})
        self.kafka = LocalKafka(
            self.home, self.network.ports["kafka"], self.network.passwords, advertised=self.kafka_door
        )
        self.network.kafka = self.kafka
        assert self.network.postgres is not None
        self.postgres = self.network.postgres

    async def open(self) -> None:
        """Start the servers and prepare them; nothing of ours runs yet."""
        self._open_doors()
        await asyncio.gather(self.postgres.start(), self.kafka.start())
        for step in self.network.preparation():
            await step.work(lambda text: None)
        for service in SERVICES:
            owner = await self.connect(service, owner=True)
            await owner.execute(witness.TABLE)
            await owner.close()
        self.settings = Settings(
            demo=True,
            public_url=self.network.url,
            home=self.home,
            signing_secret=self.network.passwords.of("signing"),
            signing_keys=self.network.tokens / signing.PRIVATE,
            verifying_keys=self.network.tokens / signing.PUBLIC,
            sealing_key=self.network.passwords.of("sealing"),
            kafka=self.kafka.bootstrap,
        )

    async def close(self) -> None:
        for actor in self.actors.values():
            self.thaw(actor.name)
            self.kill(actor.name)
        for server in (self.kafka, self.postgres):
            with suppress(Exception):
                await server.kill()
        self._doors.kill()
        self._doors.communicate()  # closes the pipes too

    async def connect(self, schema: str, *, owner: bool = False) -> asyncpg.Connection:
        """A look from outside: past the proxies."""
        url = self.network.databases.url(f"{schema}_owner" if owner else schema, self.network.database)
        session = {"search_path": schema} | SERVICE.settings
        return await asyncpg.connect(url, server_settings=session, timeout=10, command_timeout=60)

    # Doors

    def _open_doors(self) -> None:
        pairs = [f"{self.kafka_door}:{self.kafka.port}", f"{self.postgres_door}:{self.postgres.port}"]
        with (self.home / "proxy.log").open("ab") as log:
            self._doors = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.proxy", *pairs],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        assert self._doors.stdout is not None
        self._doors.stdout.readline()  # it says that it is ready

    def stall(self, door: int, seconds: float, share: float) -> None:
        """Bytes of that share of the connections through `door` stop flowing for a while; nothing is closed."""
        assert self._doors.stdin is not None
        self._doors.stdin.write(f"stall {door} {seconds} {share}\n".encode())
        self._doors.stdin.flush()

    # Processes

    def cast_services(self) -> None:
        """Two of each. The second speaks to Postgres through a door that can be held."""
        for service in SERVICES:
            for number in (1, 2):
                port = ports.anywhere()
                environment = {
                    **os.environ,
                    **self.network.environment(service),
                    "THROUGHCARE_PORT": str(port),
                    "THROUGHCARE_DATABASE_POOL": "6",
                    "THROUGHCARE_LOG_LEVEL": "info",
                    "THROUGHCARE_HEARTBEAT_SECONDS": str(HEARTBEAT),
                    "THROUGHCARE_QUIET_FROM": "0",
                    "THROUGHCARE_QUIET_UNTIL": "0",  # people are written to at any hour: a run may be at night
                    "THROUGHCARE_TEST_WITNESS": "1",
                    "THROUGHCARE_TEST_MUTANT": self.mutant,
                    "THROUGHCARE_TEST_FAILPOINT_NOTES": str(self.notes_of(service)),
                }
                if number == 2:
                    for name in ("THROUGHCARE_DATABASE", "THROUGHCARE_KEYS"):
                        address = urlsplit(environment[name])
                        who = address.netloc.rpartition(":")[0]
                        environment[name] = urlunsplit(address._replace(netloc=f"{who}:{self.postgres_door}"))
                command = [sys.executable, "-m", f"services.{service}.app"]
                self.actors[f"{service}{number}"] = Actor(f"{service}{number}", service, command, environment, port)

    def cast_partner(self, shown: dict[str, Any]) -> None:
        """The partner's client, from what its portal page says."""
        connection = partner_connection(shown)
        told = {
            "settings": {
                **connection,
                "group.id": f"{shown['group_prefix']}own",
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "session.timeout.ms": 6000,
            },
            "topics": [shown["topics"][name] for name in ("referral", "setback", "receipt")],
            "file": str(self.records),
        }
        path = self.home / "partner.json"
        path.write_text(json.dumps(told), encoding="utf-8")
        script = str(Path(__file__).with_name("client.py"))
        self.actors["partner"] = Actor("partner", "", [sys.executable, script, str(path)], dict(os.environ))

    def of(self, service: str) -> list[Actor]:
        return [actor for actor in self.actors.values() if actor.service == service]

    def start(self, name: str, failpoint: str = "") -> None:
        actor = self.actors[name]
        if actor.ended_by_itself:
            self.ended[name] += 1
        actor.failpoint, actor.asked = failpoint, False
        with (self.home / f"{name}.log").open("ab") as log:
            environment = {**actor.environment, "THROUGHCARE_TEST_FAILPOINT": failpoint}
            actor.process = subprocess.Popen(actor.command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        actor = self.actors[name]
        if actor.process is not None:
            actor.process.kill()
            actor.process.wait()

    def revive(self) -> None:
        """Start again whoever ended by itself, as whoever runs them for real would."""
        for name, actor in self.actors.items():
            if actor.ended_by_itself:
                self.start(name)

    async def stop(self, name: str) -> None:
        """In good order, as a rolling restart does."""
        self.actors[name].asked = True
        self._send(name, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_WITHIN):
                while self.actors[name].alive:
                    await asyncio.sleep(0.05)
        self.kill(name)

    def freeze(self, name: str) -> None:
        self._send(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self._send(name, signal.SIGCONT)

    def _send(self, name: str, number: int) -> None:
        process = self.actors[name].process
        if process is not None and process.poll() is None:
            os.kill(process.pid, number)

    async def ready(self, name: str, patience: float = 120) -> None:
        """RuntimeError if it ended by itself, TimeoutError if it takes too long."""
        actor = self.actors[name]
        async with httpx.AsyncClient(timeout=3, trust_env=False) as client, asyncio.timeout(patience):
            while actor.port:
                if not actor.alive:
                    raise RuntimeError(f"{name} ended by itself; see {self.home / name}.log")
                with suppress(httpx.HTTPError):
                    if (await client.get(f"{actor.url}/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.15)

    async def all_ready(self) -> None:
        """Everything runs, nothing is frozen, nothing is going to die by itself."""
        for name, actor in self.actors.items():
            self.thaw(name)
            if actor.failpoint or not actor.alive:
                self.kill(name)
                self.start(name)
        await asyncio.gather(*(self.ready(name) for name in self.actors))

    # What is where

    def notes_of(self, service: str) -> Path:
        return self.home / f"failpoints.{service}"

    def hits(self, service: str) -> list[str]:
        path = self.notes_of(service)
        return path.read_text(encoding="utf-8").split() if path.exists() else []

    @property
    def records(self) -> Path:
        """What the partner's client has read."""
        return self.home / "partner.records"

    def log_ends(self, topics: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Up to where each (topic, partition) can be read, by who reads what is committed. Blocks."""
        with self._watching:
            if self._watcher is None:
                access = self.kafka.access.confluent()
                self._watcher = Consumer(
                    {**access, "group.id": "throughcare.faults", "isolation.level": "read_committed", "log_level": 0}
                )
            return {
                place: self._watcher.get_watermark_offsets(TopicPartition(*place), timeout=10)[1] for place in topics
            }

    async def pull(self, service: str, subject: Any) -> None:
        """The clock of `subject` runs out now: what a test can do instead of waiting for thirty days."""
        owner = await self.connect(service, owner=True)
        try:
            await owner.execute(
                """UPDATE timer SET rule = '{"until": "2020-01-01T00:00:00+00:00"}', due_at = clock()
                    WHERE subject = $1""",
                str(subject),
            )
        finally:
            await owner.close()


def partner_connection(shown: dict[str, Any]) -> dict[str, Any]:
    return {
        "bootstrap.servers": shown["bootstrap_servers"],
        "security.protocol": shown["security_protocol"],
        "sasl.mechanism": shown["mechanism"],
        "sasl.username": shown["user"],
        "sasl.password": shown["password"],
        "log_level": 2,
    }
