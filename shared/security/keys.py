"""The keys of people: one per person and compartment, kept wrapped, erased for good.

`Keys` is what sealing needs of any key store; a key service outside can stand behind it as well as these two. Keys are
made and read outside of the caller's transaction: a key that rolled back with it could already have sealed something.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol
from uuid import UUID

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.contracts.compartments import Compartment
from shared.runtime import sql
from shared.runtime.database import outages
from shared.runtime.errors import Refused, Retryable

SQL = sql.load(__file__, "keys.sql")
CACHED_FOR = 60.0  # seconds: an erasure is complete everywhere after at most that
CACHED = 20_000  # keys a process holds; the oldest leaves first
PATIENCE = 5.0  # seconds to wait for a connection: whoever seals inside a transaction holds one already
KEY = 32  # bytes, AES-256
NONCE = 12


class Erased(Refused):
    """Their keys were forgotten on purpose: skip the content, count the row."""

    status = 410
    title = "Erased"

    def __init__(self, person: UUID) -> None:
        super().__init__(f"What we knew of {person} was erased.")
        self.person = person


class KeyMissing(Retryable):
    """No key and no mark of erasure: an alarm about the key store, never taken for an erasure."""


class SealingKeyChanged(Retryable):
    """The key is there, but another master key wrapped it: THROUGHCARE_SEALING_KEY was changed."""


class Keys(Protocol):
    """A key store. Keys are 32 bytes; they may be remembered for at most 60 seconds."""

    async def get(self, person: UUID, compartment: Compartment) -> bytes:
        """Raises Erased or KeyMissing."""

    async def get_many(self, people: Iterable[UUID], compartment: Compartment) -> Mapping[UUID, bytes | None]:
        """The key of each of them, None for whoever was erased. Raises KeyMissing."""

    async def create(self, person: UUID, compartment: Compartment) -> bytes:
        """The key, made now if there is none yet; the same for all who ask at once. Raises Erased."""

    async def erase(self, person: UUID) -> None:
        """Forget every key of theirs, and remember that it was done."""


class MemoryKeys:
    """A key store that lives as long as the process: for unit tests."""

    def __init__(self) -> None:
        self._keys: dict[tuple[UUID, Compartment], bytes] = {}
        self._erased: set[UUID] = set()

    async def get(self, person: UUID, compartment: Compartment) -> bytes:
        key = (await self.get_many([person], compartment))[person]
        if key is None:
            raise Erased(person)
        return key

    async def get_many(self, people: Iterable[UUID], compartment: Compartment) -> Mapping[UUID, bytes | None]:
        found: dict[UUID, bytes | None] = {}
        for person in people:
            key = self._keys.get((person, compartment))
            if key is None and person not in self._erased:
                raise _missing(person, compartment)
            found[person] = key
        return found

    async def create(self, person: UUID, compartment: Compartment) -> bytes:
        if person in self._erased:
            raise Erased(person)
        return self._keys.setdefault((person, compartment), os.urandom(KEY))

    async def erase(self, person: UUID) -> None:
        self._erased.add(person)
        self._keys = {place: key for place, key in self._keys.items() if place[0] != person}


class PostgresKeys:
    """Keys in the schema `keys`, wrapped by a master key that follows from `secret`. One per process.

    The process's role sees the compartments that its service's work needs; intake alone may erase.
    """

    def __init__(self, pool: asyncpg.Pool, secret: str, now: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._now = now
        derived = HKDF(algorithm=SHA256(), length=KEY, salt=None, info=b"throughcare.master.v1")
        self._master = derived.derive(secret.encode())
        self._fingerprint = hashlib.sha256(b"throughcare.master\0" + self._master).digest()[:8]
        self._cache: dict[tuple[UUID, Compartment], tuple[float, bytes]] = {}

    async def get(self, person: UUID, compartment: Compartment) -> bytes:
        key = (await self.get_many([person], compartment))[person]
        if key is None:
            raise Erased(person)
        return key

    async def get_many(self, people: Iterable[UUID], compartment: Compartment) -> Mapping[UUID, bytes | None]:
        found: dict[UUID, bytes | None] = {person: self._cached(person, compartment) for person in people}
        unknown = [person for person, key in found.items() if key is None]
        if unknown:
            found.update(await self._fetch(unknown, compartment))
        return found

    async def create(self, person: UUID, compartment: Compartment) -> bytes:
        try:
            return await self.get(person, compartment)
        except KeyMissing:
            wrapped = self._wrap(person, compartment, os.urandom(KEY))
            await self._execute("create_key", person, compartment.value, wrapped, self._fingerprint)
            return await self.get(person, compartment)  # ours, or that of whoever was first

    async def erase(self, person: UUID) -> None:
        await self._execute("erase_person", person, [compartment.value for compartment in Compartment])
        self._cache = {place: kept for place, kept in self._cache.items() if place[0] != person}

    async def _fetch(self, people: list[UUID], compartment: Compartment) -> dict[UUID, bytes | None]:
        with outages():
            async with asyncio.timeout(PATIENCE), self._pool.acquire() as connection:
                rows = await connection.fetch(SQL["get_keys"], people)
        erased = {row["person_id"] for row in rows if row["wrapped"] is None}
        wrapped = {row["person_id"]: row for row in rows if row["compartment"] == compartment}
        return {person: None if person in erased else self._known(person, compartment, wrapped) for person in people}

    def _known(self, person: UUID, compartment: Compartment, rows: Mapping[UUID, asyncpg.Record]) -> bytes:
        row = rows.get(person)
        if row is None:
            raise _missing(person, compartment)
        key = self._unwrap(person, compartment, row["wrapped"], row["master"])
        self._cache.pop((person, compartment), None)  # so that the oldest stands first
        self._cache[person, compartment] = (self._now() + CACHED_FOR, key)
        if len(self._cache) > CACHED:
            del self._cache[next(iter(self._cache))]
        return key

    async def _execute(self, statement: str, *arguments: object) -> None:
        with outages():
            async with asyncio.timeout(PATIENCE), self._pool.acquire() as connection:
                await connection.execute(SQL[statement], *arguments)

    def _cached(self, person: UUID, compartment: Compartment) -> bytes | None:
        until, key = self._cache.get((person, compartment), (0.0, b""))
        return key if until > self._now() else None

    def _wrap(self, person: UUID, compartment: Compartment, key: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + AESGCM(self._master).encrypt(nonce, key, _place(person, compartment))

    def _unwrap(self, person: UUID, compartment: Compartment, wrapped: bytes, master: bytes) -> bytes:
        if master != self._fingerprint:
            raise SealingKeyChanged("another master key wrapped the keys of people: set THROUGHCARE_SEALING_KEY back")
        try:
            return AESGCM(self._master).decrypt(wrapped[:NONCE], wrapped[NONCE:], _place(person, compartment))
        except InvalidTag as error:
            raise KeyMissing(f"the {compartment} key of person {person} is damaged or of another row") from error


def _missing(person: UUID, compartment: Compartment) -> KeyMissing:
    return KeyMissing(f"no {compartment} key for person {person}")


def _place(person: UUID, compartment: Compartment) -> bytes:
    """What a wrapped key is bound to, so that no row's key can stand in for another's."""
    return b"\0".join((b"throughcare.key", person.bytes, compartment.encode()))
