"""Anchors: the chain's head, signed and kept where the owner of the database has no hand.

A chain alone shows no cut at its end, and whoever rewrites all of it makes another that fits. An anchor says what the
hash at a position was. Its key follows from the network's signing secret, which no database holds.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.runtime.files import sync_folder
from shared.runtime.settings import Settings

ANCHOR = "throughcare.audit.anchor.v1"
ACCEPTED = "throughcare.audit.accepted.v1"


@dataclass(frozen=True, slots=True)
class Anchor:
    """At `at` the chain of `service` had this hash at this position, and every number up to `settled` was in it.

    With `because` it is an operator's word instead: what was anchored beyond `position` until `at` is known to be lost.
    """

    service: str
    position: int
    hash: str  # hexadecimal
    settled: int
    at: str  # ISO 8601, UTC, by the clock of the process that signed
    key: str = ""  # which key signed it
    signature: str = ""
    because: str = ""
    by: str = ""

    @property
    def when(self) -> datetime:
        return datetime.fromisoformat(self.at)

    @property
    def is_acceptance(self) -> bool:
        return bool(self.because)

    def signed_bytes(self) -> bytes:
        """Everything but key and signature; a text is quoted, so that none can end a line."""
        kind = ACCEPTED if self.is_acceptance else ANCHOR
        said = [kind, self.service, self.position, self.hash, self.settled, self.at, self.because, self.by]
        return json.dumps(said, ensure_ascii=True).encode()

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value != ""}

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """Raises ValueError or TypeError for what is none."""
        kinds = {field.name: field.type for field in fields(cls)}
        for name, value in said.items():
            if type(value) is not kinds.get(name):
                raise TypeError(f"{name} is no part of an anchor")
        anchor = cls(**said)
        if anchor.position < 0 or anchor.when.tzinfo is None or len(bytes.fromhex(anchor.hash)) != 32:
            raise ValueError("an anchor has a place, a time with its zone and a hash of 32 bytes")
        return anchor


class Signer:
    """Signs anchors and knows its own again."""

    def __init__(self, settings: Settings) -> None:
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=ANCHOR.encode())
        self._key = derive.derive(settings.signing_secret.get_secret_value().encode())
        self.name = hashlib.sha256(b"name of a key\0" + self._key).hexdigest()[:16]

    def sign(self, anchor: Anchor) -> Anchor:
        signature = hmac.new(self._key, anchor.signed_bytes(), hashlib.sha256).hexdigest()
        return Anchor(**{**asdict(anchor), "key": self.name, "signature": signature})

    def is_ours(self, anchor: Anchor) -> bool:
        """Whether this key is said to have signed it."""
        return anchor.key == self.name

    def holds(self, anchor: Anchor) -> bool:
        return hmac.compare_digest(self.sign(anchor).signature, anchor.signature)


def file_of(settings: Settings, service: str) -> Path:
    return settings.anchors_folder / f"{service}.jsonl"


def append(file: Path, anchors: Iterable[Anchor]) -> None:
    """Add lines, on the disk when this returns. Raises OSError.

    A line that a power cut left unfinished is ended first: it costs itself alone.
    """
    is_new = not file.exists()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        end = os.lseek(descriptor, 0, os.SEEK_END)
        torn = end > 0 and os.pread(descriptor, 1, end - 1) != b"\n"
        lines = "".join(json.dumps(anchor.as_json()) + "\n" for anchor in anchors)
        _write(descriptor, (b"\n" if torn else b"") + lines.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        sync_folder(file.parent)


def _write(descriptor: int, said: bytes) -> None:
    while said:
        said = said[os.write(descriptor, said) :]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file holds: its anchors, and the numbers of lines that are none."""

    anchors: list[Anchor]
    unreadable: list[int]


def read(file: Path) -> Kept:
    """All anchors of a file; a file that isn't there holds none. Raises OSError for one that may not be read."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return Kept([], [])
    kept = Kept([], [])
    for number, line in enumerate(text.splitlines(), 1):
        try:
            kept.anchors.append(Anchor.of(json.loads(line)))
        except (AttributeError, TypeError, ValueError):
            kept.unreadable.append(number)
    return kept
