"""The parts that run our own code on this machine: each service, and the front port before them.

A part is restarted by the next `up` when it died, when it stopped answering, or when its code or settings changed.
"""

import asyncio
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import httpx

from shared.local import processes, trouble
from shared.local.ports import LOOPBACK
from shared.local.settings import LocalSettings
from shared.local.trouble import Trouble
from shared.runtime.settings import PREFIX

SLOW = 30.0  # seconds a running part may take to answer before it counts as stuck
PATIENCE = 90.0
SECRET_SETTINGS = tuple(f"{PREFIX}{name}" for name in ("KAFKA", "DATABASE", "KEYS", "SIGNING", "SEALING"))
OF_COMMANDS = {
    f"{PREFIX}{name.upper()}" for name in (*LocalSettings.model_fields, "started", "python", "jars", "maven")
}


class Part:
    """One Python process: what it runs, where it listens, how it is asked whether it is ready."""

    def __init__(
        self, home: Path, root: Path, name: str, module: str, port: int, settings: Mapping[str, str], ready: str
    ) -> None:
        self.name = name
        self.root = root
        self.module = module
        self.port = port
        self.settings = settings
        self.daemon = processes.Daemon(home, name)
        self.ready_url = f"http://{LOOPBACK}:{port}{ready}"
        self._spec_file = self.daemon.pid_file.with_suffix(".spec")

    @property
    def pid(self) -> int | None:
        return self.daemon.pid

    async def is_ready(self) -> bool:
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
            try:
                return (await client.get(self.ready_url)).status_code == 200
            except httpx.TransportError:
                return False

    async def ensure(self) -> str:
        """Running as it is meant to and ready; what had to be done for it, empty for nothing."""
        if self.pid is not None and self._recorded() == self.meant():
            if await self._answers_within(SLOW):
                return ""
            done = "was stuck, started again"
        else:
            done = "started" if self.pid is None else "changed, started again"
        await self.daemon.stop()
        self._start()
        if not await self._answers_within(PATIENCE):
            raise self._why()
        return done

    async def stop(self) -> None:
        await self.daemon.stop()
        self._spec_file.unlink(missing_ok=True)

    def _start(self) -> None:
        environment = {**_environment(), **self.settings, "PYTHONPATH": str(self.root), "PYTHONUNBUFFERED": "1"}
        self.daemon.spawn([sys.executable, "-P", "-m", self.module], environment)
        self._spec_file.write_text(self.meant(), encoding="ascii")

    async def _answers_within(self, patience: float) -> bool:
        deadline = time.monotonic() + patience
        while not await self.is_ready():
            if self.pid is None or time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True

    def _why(self) -> Trouble:
        log = self.daemon.log
        if self.pid is None:
            return Trouble(
                f"{self.name} stopped while starting: `./throughcare logs {self.name}` says why; "
                f"{trouble.why_it_ended(log)}"
            )
        return Trouble(
            f"{self.name} runs but is not ready after {PATIENCE:.0f} s: `./throughcare logs {self.name}` says "
            "what it waits for."
        )

    def _recorded(self) -> str:
        try:
            return self._spec_file.read_text(encoding="ascii")
        except OSError:
            return ""

    def meant(self) -> str:
        """A sum over settings and code: another one means that what runs is not what is meant."""
        folders = [self.root / "shared", self.root.joinpath(*self.module.split(".")[:-1])]
        known = json.dumps([{**_passed_on(), **self.settings}, list(_stamps(folders))], sort_keys=True)
        return hashlib.sha256(known.encode()).hexdigest()


def _stamps(folders: Iterable[Path]) -> Iterable[tuple[str, int, int]]:
    kinds = {".py", ".sql", ".html", ".css", ".js"}
    for path in sorted({path for folder in folders for path in folder.rglob("*") if path.suffix in kinds}):
        stat = path.stat()
        yield str(path), stat.st_mtime_ns, stat.st_size


def _passed_on() -> dict[str, str]:
    """The settings that a process takes from whoever starts it: of those that commands read, it is given its own."""
    given = {key: value for key, value in _environment().items() if key.startswith((PREFIX, "OTEL_"))}
    return {
        key: value
        for key, value in given.items()
        if key.removesuffix("_FILE") not in OF_COMMANDS and not key.startswith(f"{PREFIX}TEST_")
    }


def _environment() -> dict[str, str]:
    """Ours, without the administrator's credentials: a service gets its own and no more."""
    return {key: value for key, value in os.environ.items() if not key.startswith(SECRET_SETTINGS)}
