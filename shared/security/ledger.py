"""The ledger of erasures: who was forgotten, when and why, kept apart from every backup.

A backup that is restored brings forgotten keys back; replaying the ledger forgets them again before anything starts.
One line of JSON each, on disk before the erasure commits. No names: a person's id, a moment, a code.
"""

import asyncio
import fcntl
import json
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from shared.runtime.errors import Permanent, Retryable
from shared.runtime.files import sync_folder

WHY = re.compile(r"[a-z][a-z_]{0,39}")
SUFFIX = ".jsonl"


class LedgerAway(Retryable):
    """Its folder can't be written, so nobody can be forgotten for good yet."""


class LedgerDamaged(Permanent):
    """A line of it can't be read: whom it names is not known, so nothing may start on restored keys."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """One line. A person may stand there twice. `until`: a law keeps their keys put away until that day."""

    person: UUID
    at: datetime
    why: str
    until: date | None = None


class Ledger:
    """The files in `folder`: one for each machine that writes, so that none shares an end of file over a network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def append(self, person: UUID, why: str, until: date | None = None) -> None:
        """On disk when it returns. `why` is a code such as `asked`, never a sentence."""
        if not WHY.fullmatch(why):
            raise ValueError(f"{why!r} is no code for a reason")
        said = {"person": str(person), "at": datetime.now(UTC).isoformat(), "why": why}
        line = json.dumps(said | ({"until": until.isoformat()} if until else {})) + "\n"
        try:
            await asyncio.to_thread(self._write, line.encode())
        except OSError as error:
            raise LedgerAway(f"the erasure ledger in {self.folder} can't be written: {error.strerror}") from error

    def read(self) -> list[Erasure]:
        """Every erasure. Raises LedgerDamaged."""
        return [entry for path in sorted(self.folder.glob(f"*{SUFFIX}")) for entry in _entries(path)]

    def _write(self, line: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"{re.sub(r'[^A-Za-z0-9-]', '-', socket.gethostname()) or 'here'}{SUFFIX}"
        is_new = not path.exists()
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(_whole(file))
            file.truncate()
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync_folder(self.folder)


def _whole(file: BinaryIO) -> int:
    """Where the last whole line ends. What a crash cut short behind it was never committed."""
    text = file.read()
    return text.rfind(b"\n") + 1


def _entries(path: Path) -> Iterator[Erasure]:
    *lines, _cut_short = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            said = json.loads(line)
            until = date.fromisoformat(said["until"]) if "until" in said else None
            yield Erasure(UUID(str(said["person"])), datetime.fromisoformat(str(said["at"])), str(said["why"]), until)
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerDamaged(
                f"line {number} of the erasure ledger {path} can't be read: mend it before anything starts, "
                "since somebody who was forgotten may stand there"
            ) from error
