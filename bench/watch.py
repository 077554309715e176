"""A stopwatch that also reads what each process spent: on a machine shared with others, the steadier figure."""

import time
from collections.abc import Mapping
from typing import NamedTuple

import psutil


class Lap(NamedTuple):
    """One round: the seconds by the wall, and the processor seconds of each program, its children included."""

    seconds: float
    spent: Mapping[str, float]


class Watch:
    """Runs from when it is made, on the named processes with their children; `python` is this one if none is named.

    `stop(at)` takes the moment that counts, as `time.perf_counter()` said it.
    """

    def __init__(self, **servers: int) -> None:
        self._servers = {name: psutil.Process(pid) for name, pid in servers.items()}
        self._spent = self._read()
        self.began = time.perf_counter()

    def stop(self, at: float | None = None) -> Lap:
        ended = time.perf_counter() if at is None else at
        now = self._read()
        return Lap(ended - self.began, {name: now[name] - self._spent[name] for name in now})

    def _read(self) -> dict[str, float]:
        return {"python": time.process_time()} | {name: _spent(server) for name, server in self._servers.items()}


def _spent(program: psutil.Process) -> float:
    total = 0.0
    for process in (program, *program.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.Error:  # it ended meanwhile
            continue
        total += times.user + times.system
    return total
