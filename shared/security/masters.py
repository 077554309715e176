"""What wraps the keys of people: master keys, several at once. The newest wraps, all that are known unwrap.

Ours follow from the secrets of THROUGHCARE_SEALING_KEY, one a line, newest first. A key service (a KMS, an HSM) stands
behind the same `Master` and passes the same tests (`tests/unit/security/masters_contract.py`): `id` is the name of its
key *and* its version, `wrap` and `unwrap` are its encrypt and decrypt, and `place` goes into the field for additional
authenticated data, whatever that is called there; a service without one encrypts `place` and key together and compares.
Both are coroutines because such a service is asked over a network: what doesn't answer raises `Retryable`. Each key is
asked for once in 60 seconds and process at most. Where every call has its price, the service opens the secrets
themselves once, at the start, and `LocalMaster` does the rest. `masters_of` is where a setting would choose it.
"""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.runtime.files import stamp
from shared.runtime.settings import Settings, secrets_in

KEY = 32  # bytes, AES-256
NONCE = 12
LOOK_EVERY = 1.0  # seconds between two looks at the file: a rotation is known everywhere after that

log = structlog.get_logger("masters")


class Damaged(Exception):
    """These bytes were not wrapped by this master key for this place, or were changed since."""


class Master(Protocol):
    """One master key."""

    @property
    def id(self) -> bytes:
        """At most 64 bytes, the same for as long as the key lives. It stands beside each key that was wrapped by it."""

    async def wrap(self, place: bytes, key: bytes) -> bytes:
        """`key`, readable by this master alone and for this place alone. Raises Retryable while it is out of reach."""

    async def unwrap(self, place: bytes, wrapped: bytes) -> bytes:
        """What `wrap` was given. Raises Damaged, or Retryable while it is out of reach."""


class LocalMaster:
    """A master key that follows from a secret: AES-256-GCM, in this process."""

    def __init__(self, secret: str) -> None:
        key = HKDF(algorithm=SHA256(), length=KEY, salt=None, info=b"throughcare.master.v1").derive(secret.encode())
        self.id = hashlib.sha256(b"throughcare.master\0" + key).digest()[:8]
        self._cipher = AESGCM(key)

    async def wrap(self, place: bytes, key: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, key, place)

    async def unwrap(self, place: bytes, wrapped: bytes) -> bytes:
        try:
            return self._cipher.decrypt(wrapped[:NONCE], wrapped[NONCE:], place)
        except (InvalidTag, ValueError) as error:  # ValueError: too short to hold a nonce
            raise Damaged("a wrapped key does not open") from error


class Masters:
    """The master keys of a network, newest first."""

    def __init__(self, masters: Sequence[Master]) -> None:
        if not masters:
            raise ValueError("a network needs a master key")
        self._masters = tuple(masters)

    @classmethod
    def of(cls, secrets: str) -> "Masters":
        """Ours, one a line."""
        return Masters([LocalMaster(secret) for secret in secrets_in(secrets)])

    @property
    def all(self) -> Sequence[Master]:
        return self._masters

    @property
    def newest(self) -> Master:
        """It wraps."""
        return self.all[0]

    def find(self, id: bytes) -> Master | None:
        """The one that wrapped, if we have it."""
        return next((master for master in self.all if master.id == id), None)


class FileMasters(Masters):
    """Ours from a file, read again when it was changed: whoever rotates them restarts nothing."""

    def __init__(self, path: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._path, self._now = path, now
        self._looked, self._stamp = now(), stamp(path)
        super().__init__(Masters.of(path.read_text(encoding="utf-8")).all)

    @property
    def all(self) -> Sequence[Master]:
        if self._now() - self._looked >= LOOK_EVERY:
            self._look()
        return self._masters

    def find(self, id: bytes) -> Master | None:
        """One that nobody here has heard of may have come this very second, so then the file is looked at at once."""
        found = super().find(id)
        if found is None:
            self._look()
            found = super().find(id)
        return found

    def _look(self) -> None:
        """A file that is away, empty or half there changes nothing: what we had still opens what it wrapped."""
        self._looked = self._now()
        try:
            seen = stamp(self._path)
            if seen == self._stamp:
                return
            masters = tuple(Masters.of(self._path.read_text(encoding="utf-8")).all)
            if stamp(self._path) != seen:
                return  # somebody is writing it this moment; the next look finds it whole
            self._masters, self._stamp = masters, seen
        except (OSError, ValueError) as error:
            log.error("the file of master keys can't be read; those from before stay", error=type(error).__name__)
            return
        log.info("master keys read anew", count=len(self._masters))


def sealing_secrets(settings: Settings) -> list[str]:
    """Newest first, as of now: for what is opened too seldom to keep watch for it."""
    if settings.sealing_key_file is not None:
        with suppress(OSError):
            if found := secrets_in(settings.sealing_key_file.read_text(encoding="utf-8")):
                return found
    return secrets_in(settings.sealing_key.get_secret_value())


def masters_of(settings: Settings) -> Masters:
    """Those that a process of these settings wraps and unwraps with."""
    if settings.sealing_key_file is not None:
        return FileMasters(settings.sealing_key_file)
    return Masters.of(settings.sealing_key.get_secret_value())
