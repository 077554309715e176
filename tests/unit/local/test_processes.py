"""What runs is recognised by more than its number, and nothing it started is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from shared.local import processes
from shared.local.processes import Daemon

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
]
PARENT = [
    sys.executable,
    "-c",
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(600)",
]


def start(home: Path, command: list[str], name: str = "sleeper") -> tuple[Daemon, int]:
    daemon = Daemon(home, name)
    return daemon, daemon.spawn(command, {"PATH": os.environ["PATH"]})


async def first_line(daemon: Daemon) -> str:
    assert await processes.until(lambda: daemon.log.exists() and "\n" in daemon.log.read_text(), 10)
    return daemon.log.read_text().splitlines()[0]


async def test_another_object_of_the_same_home_finds_what_runs(tmp_path: Path):
    daemon, pid = start(tmp_path, SLEEPER)
    assert Daemon(tmp_path, "sleeper").pid == pid
    assert Daemon(tmp_path, "other").pid is None
    await Daemon(tmp_path, "sleeper").stop()
    assert daemon.pid is None


async def test_a_number_given_to_another_program_is_not_ours(tmp_path: Path):
    stranger = subprocess.Popen(SLEEPER)  # noqa: ASYNC220
    try:
        daemon = Daemon(tmp_path, "sleeper")
        daemon.pid_file.parent.mkdir(parents=True)
        daemon.pid_file.write_text(f"{stranger.pid} 12345\n")
        assert daemon.pid is None
        await daemon.stop()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_a_lost_pid_file_is_written_anew(tmp_path: Path):
    daemon, pid = start(tmp_path, SLEEPER)
    daemon.pid_file.unlink()
    assert Daemon(tmp_path, "sleeper").pid == pid
    assert daemon.pid_file.read_text().split()[0] == str(pid)
    await daemon.kill()


async def test_who_ignores_the_polite_signal_is_killed(tmp_path: Path):
    daemon, pid = start(tmp_path, STUBBORN)
    assert await first_line(daemon) == "deaf"
    await daemon.stop(patience=0.1)
    assert processes.birth(pid) is None


async def test_a_kill_takes_the_children_too(tmp_path: Path):
    daemon, pid = start(tmp_path, PARENT)
    child = int(await first_line(daemon))
    assert set(processes.family(pid)) == {pid, child}
    await daemon.kill()
    assert daemon.pid is None
    assert await processes.until(lambda: processes.birth(child) is None, 5)


async def test_a_suspended_process_still_hears_that_it_should_stop(tmp_path: Path):
    daemon, pid = start(tmp_path, SLEEPER)
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    await daemon.stop()
    assert daemon.pid is None
    assert time.monotonic() - began < 10


async def test_a_suspended_process_can_be_killed(tmp_path: Path):
    daemon, pid = start(tmp_path, SLEEPER)
    os.kill(pid, signal.SIGSTOP)
    await daemon.kill()
    assert daemon.pid is None


async def test_a_long_log_is_set_aside(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(processes, "LOG_LIMIT", 10)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "sleeper.log").write_text("a long story\n")
    daemon, _ = start(tmp_path, SLEEPER)
    assert (tmp_path / "logs" / "sleeper.log.1").read_text() == "a long story\n"
    await daemon.kill()


def test_a_process_that_ended_has_no_birth():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert processes.birth(child.pid) is None
    assert processes.birth(os.getpid()) is not None
