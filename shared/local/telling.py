"""What one part of the network is doing, for `status`: its state, where it listens, what it takes."""

import os
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
    """Resident, of the process and those it started, in MiB."""
    if pid is None:
        return None
    page = os.sysconf("SC_PAGE_SIZE")
    total = 0
    for member in processes.family(pid):
        try:
            total += int(Path(f"/proc/{member}/statm").read_text(encoding="ascii").split()[1]) * page
        except (OSError, ValueError):
            continue
    return total // 2**20
