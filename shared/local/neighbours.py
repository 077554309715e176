"""The ports that this user's other homes hold, so that two networks started in the same second choose different ones.

A free port is no promise: the seconds until a broker listens on it are long enough for a neighbour to choose it too.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path

FILE = "ports.json"


class Neighbours:
    """What other homes hold, as of now. `tell` makes ours known to them."""

    def __init__(self, home: Path, known: dict[str, list[int]], path: Path | None) -> None:
        self._home = home
        self._known = known
        self._path = path

    @property
    def ports(self) -> set[int]:
        return {port for home, held in self._known.items() if home != str(self._home) for port in held}

    def tell(self, ours: Collection[int]) -> None:
        if self._path is None:
            return
        self._known[str(self._home)] = sorted(ours)
        draft = self._path.with_suffix(".new")
        with contextlib.suppress(OSError):
            draft.write_text(json.dumps(self._known, indent=2) + "\n", encoding="utf-8")
            draft.replace(self._path)


@contextlib.contextmanager
def of(home: Path) -> Iterator[Neighbours]:
    """The neighbours of `home`, held still meanwhile. Without a cache folder to meet in there are none."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "throughcare"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "ports.lock").open("a+")
    except OSError:
        yield Neighbours(home, {}, None)
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Neighbours(home, _read(folder / FILE), folder / FILE)


def _read(path: Path) -> dict[str, list[int]]:
    """Homes that are gone, or were reset, hold nothing."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return {home: [int(port) for port in held] for home, held in known.items() if _is_kept(home)}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _is_kept(home: str) -> bool:
    try:
        return (Path(home) / "network.json").exists()
    except OSError:
        return False
