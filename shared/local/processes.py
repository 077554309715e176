"""Processes that outlive the command which started them: start, recognise, stop, kill.

A pid alone proves nothing after a crash, since the kernel gives it away again. So a pid file also holds the
moment of birth, and every process carries a mark in its environment by which it is found when the file is lost.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from shared.local import trouble

MARK = "THROUGHCARE_PROCESS"
LOG_LIMIT = 20_000_000  # bytes; a longer log is set aside as .1 at the next start


async def until(check: Callable[[], bool], patience: float, every: float = 0.02) -> bool:
    """Waits for `check` to come true, at most `patience` seconds; whether it did."""
    deadline = time.monotonic() + patience
    while not check():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(every)
    return True


def birth(pid: int) -> str | None:
    """When `pid` was born, in clock ticks since boot; None when it is gone or only waits to be buried.

    A dead process whose threads still end (a JVM takes a moment) counts as there: it holds its ports.
    """
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None if Path("/proc/self").exists() else _birth_elsewhere(pid)
    dead = after_name[0] in "ZX" and not _threads_end(pid)
    return None if dead else after_name[19]


def _threads_end(pid: int) -> bool:
    try:
        return len(list(Path(f"/proc/{pid}/task").iterdir())) > 1
    except OSError:
        return False


def _birth_elsewhere(pid: int) -> str | None:
    """Systems without /proc, at the price of a clock that can be set."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else str(process.create_time())
    except psutil.Error:
        return None


def marked(mark: str) -> int | None:
    """The oldest living process of ours that carries `mark`."""
    found = [process for process in psutil.process_iter() if _mark_of(process) == mark and birth(process.pid)]
    return min(found, key=lambda process: process.create_time()).pid if found else None


def _mark_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None  # another user's, or gone meanwhile


def family(pid: int) -> list[int]:
    """`pid`, its children and theirs, and whoever is left in its process group."""
    members = {pid}
    with contextlib.suppress(psutil.Error):
        members.update(child.pid for child in psutil.Process(pid).children(recursive=True))
    for other in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getpgid(other) == pid:
                members.add(other)
    return sorted(members)


def bury(pid: int) -> None:
    """Takes the exit code of a child of ours that has ended, so that it doesn't stay as a zombie."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def send(pid: int, number: signal.Signals) -> None:
    """A signal to a process that may be gone by now."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


class Daemon:
    """One background process of the network under `home`: its pid file, its log, its mark.

    Any process may hold a Daemon of the same home and name: what is running is read from the machine.
    """

    def __init__(self, home: Path, name: str) -> None:
        self.home = home.absolute()
        self.name = name
        self.log = self.home / "logs" / f"{name}.log"
        self.pid_file = self.home / "run" / f"{name}.pid"
        self.mark = f"{self.home}/{name}"

    @property
    def pid(self) -> int | None:
        """The running process, or None."""
        recorded = self._recorded()
        if recorded is not None:
            bury(recorded[0])
            if birth(recorded[0]) == recorded[1]:
                return recorded[0]
        stray = marked(self.mark) if self.home.exists() else None
        if stray is not None:
            self._record(stray)
        return stray

    def spawn(self, command: Sequence[str | Path], environment: Mapping[str, str], user: int | None = None) -> int:
        """Starts `command` in a session of its own, its output appended to the log; the new pid."""
        try:
            for folder in (self.log.parent, self.pid_file.parent):
                folder.mkdir(parents=True, exist_ok=True)
            self.log.parent.chmod(0o700)  # who did what and when is nobody's business on a shared machine
            if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
                self.log.replace(self.log.with_suffix(".log.1"))
            with self.log.open("ab") as log:
                child = subprocess.Popen(
                    [str(part) for part in command],
                    env={**environment, MARK: self.mark},
                    cwd=self.home,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    user=user,
                    group=user,
                    extra_groups=None if user is None else [],
                )
            child.returncode = 0  # or it would complain of a process that is meant to outlive it
            self._record(child.pid)
        except OSError as error:
            raise trouble.of_disk(error, f"start {self.name} under {self.home}") from error
        return child.pid

    async def stop(self, number: signal.Signals = signal.SIGTERM, patience: float = 20.0) -> None:
        """Asks once, waits, then kills what is left."""
        pid = self.pid
        if pid is not None:
            send(pid, number)
            send(pid, signal.SIGCONT)  # one that was suspended hears nothing else
            if not await self.gone(pid, patience):
                await self.kill()
        self.pid_file.unlink(missing_ok=True)

    async def kill(self) -> None:
        """SIGKILL for the process and everything it started; frozen first, so that it starts nothing more."""
        pid = self.pid
        if pid is None:
            return
        send(pid, signal.SIGSTOP)
        members = family(pid)
        for member in members:
            send(member, signal.SIGKILL)
        for member in members:  # one that is still dying would be taken for a stray
            await self.gone(member, 10.0)

    async def gone(self, pid: int, patience: float) -> bool:
        """Waits until `pid` is no longer the process it is now; whether that happened in time."""
        born = birth(pid)

        def over() -> bool:
            bury(pid)
            return born is None or birth(pid) != born

        return await until(over, patience)

    def _recorded(self) -> tuple[int, str] | None:
        try:
            pid, born = self.pid_file.read_text(encoding="ascii").split()
            return int(pid), born
        except (OSError, ValueError):
            return None

    def _record(self, pid: int) -> None:
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.pid_file.with_suffix(f".{os.getpid()}")
        draft.write_text(f"{pid} {birth(pid) or '?'}\n", encoding="ascii")
        draft.replace(self.pid_file)
