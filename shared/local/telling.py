"""What one part of the network is doing, for `status`: its state, where it listens, what it takes."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shared.local import processes
from shared.local.kafka import LocalKafka
from shared.local.parts import Part
from shared.local.postgres import LocalPostgres
from shared.messaging.cluster import Cluster


async def tell(name: str, part: LocalPostgres | LocalKafka | Part | None, given: str | None) -> dict[str, Any]:
    if part is None:
        address = urlsplit(given or "").netloc.rpartition("@")[2] or given
        return {"name": name, "state": "given", "address": address, "pid": None, "port": None}
    pid = part.pid
    state = "stopped"
    if pid is not None:
        state = "running" if await _is_ready(part) else "starting"
    return {"name": name, "state": state, "pid": pid, "port": part.port, "memory_mib": _memory(pid)}


async def _is_ready(part: LocalPostgres | LocalKafka | Part) -> bool:
    if isinstance(part, LocalKafka):
        return await Cluster(part.access).is_ready()
    return await part.is_ready()


def _memory(pid: int | None) -> int | None:
    """Of the process and those it started, in MiB; what they share is counted once."""
    return None if pid is None else sum(map(_share, processes.family(pid))) // 1024


def _share(pid: int) -> int:
    """KiB: its own pages, and its part of those that others use too (PSS); 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
