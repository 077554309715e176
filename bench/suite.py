"""All benchmarks of one run: on the same servers, one after the other, with what the machine is.

A benchmark is a module with `async def bench(at: Servers, plan: Plan)`; what it returns tells itself as JSON and as
rows of the table. Adding one is adding its line to `BENCHES`.
"""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from bench.found import Found, Plan
from bench.network import Servers, servers

NAMES = (
    "relay", "inbox", "sealed", "commands", "page", "search", "signin", "session", "front_door", "consent", "rotation",
    "audit", "duplicates", "latency",
    "memory",
)  # fmt: skip
BENCHES: Mapping[str, str] = {name: f"bench.{name}" for name in NAMES}
LIBRARIES = ("aiokafka", "faststream", "asyncpg", "pydantic", "uvloop")


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found, and where."""

    command: str
    machine: Mapping[str, Any]
    results: Sequence[Found]

    @property
    def reached(self) -> bool:
        return all(result.reached for result in self.results)

    def as_json(self) -> dict[str, Any]:
        return {
            "command": self.command,
            "machine": dict(self.machine),
            "benches": [result.as_json() for result in self.results],
        }


async def run(names: Sequence[str], plan: Plan, command: str) -> Report:
    plan.say("Starting Kafka and Postgres of their own ...")
    async with servers() as at:
        machine = await _machine(at)
        results = []
        for number, name in enumerate(names, 1):
            plan.say(f"[{number}/{len(names)}] {name}")
            if number > 1:
                await at.clear()
            results.append(await _bench(name)(at, plan))
    return Report(command, {**machine, "load_after": round(os.getloadavg()[0], 1)}, results)


def _bench(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = import_module(BENCHES[name]).bench
    return found


async def _machine(at: Servers) -> dict[str, Any]:
    owner = await at.owner("reporting")
    try:
        postgres = str(await owner.fetchval("SHOW server_version")).split()[0]
    finally:
        await owner.close()
    return {
        "when": datetime.now(UTC).date().isoformat(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": round(os.getloadavg()[0], 1),
        "versions": {
            "python": platform.python_version(),
            "postgres": postgres,
            "kafka": _kafka(),
            **{library: version(library) for library in LIBRARIES},
        },
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _kafka() -> str:
    """From the lock of its jars: `org.apache.kafka:kafka-clients:4.4.0 sha256 bytes`."""
    from shared.local import jars

    lock = Path(jars.__file__).with_name("jars.lock").read_text(encoding="utf-8")
    found = [line.split()[0] for line in lock.splitlines() if line.startswith("org.apache.kafka:kafka-clients:")]
    return found[0].rpartition(":")[2] if found else "unknown"
