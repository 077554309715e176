"""The keys of people: one per person and compartment, kept wrapped, erased for good.

`Keys` is what sealing needs of any key store; a key service outside can stand behind it as well as these two. Keys are
made and read outside of the caller's transaction: a key that rolled back with it could already have sealed something.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from typing import Protocol
from uuid import UUID

import asyncpg
import structlog

from shared.contracts.compartments import Compartment
from shared.runtime import sql
from shared.runtime.database import outages, pool_at
from shared.runtime.errors import Permanent, Refused, Retryable
from shared.runtime.settings import Settings
from shared.security.ledger import Ledger
from shared.security.masters import KEY, Damaged, Masters, masters_of

SQL = sql.load(__file__, "keys.sql")
CACHED_FOR = 60.0  # seconds: an erasure is complete everywhere after at most that
CACHED = 20_000  # keys a process holds; the oldest leaves first
PATIENCE = 5.0  # seconds for one question, the wait for a connection included
CRIES = 20  # people whose missing keys one look names

log = structlog.get_logger("keys")


class Erased(Refused):
    """Their keys were forgotten on purpose: skip the content, count the row."""

    status = 410
    title = "Erased"

    def __init__(self, person: UUID) -> None:
        super().__init__("What we knew of them was erased.")  # and no id: a partner has another than ours
        self.person = person


class KeyMissing(Retryable):
    """No key and no mark of erasure: an alarm about the key store, never taken for an erasure."""


class SealingKeyChanged(Retryable):
    """The key is there, but a master key that this process doesn't have wrapped it: see THROUGHCARE_SEALING_KEY."""


class NotGranted(Permanent):
    """This role's work doesn't need that compartment: skip the part. No alarm; whether there is a key is not told."""


class Keys(Protocol):
    """A key store. Keys are 32 bytes; they may be remembered for at most 60 seconds."""

    async def get(self, person: UUID, compartment: Compartment) -> bytes:
        """Raises Erased, KeyMissing or NotGranted."""

    async def get_many(
        self, people: Iterable[UUID], compartment: Compartment, *, alarm: bool = True
    ) -> Mapping[UUID, bytes | None]:
        """The key of each of them, None for whoever was erased. Raises KeyMissing or NotGranted.

        Without `alarm` a missing one alarms nobody: whoever asks makes it next.
        """

    async def create(self, person: UUID, compartment: Compartment) -> bytes:
        """The key, made now if there is none yet; the same for all who ask at once. Raises Erased or NotGranted."""

    async def create_many(self, people: Iterable[UUID], compartment: Compartment) -> Mapping[UUID, bytes | None]:
        """The same for many, in one question; None for whoever was erased."""

    async def erase(self, person: UUID, why: str = "asked", until: date | None = None) -> None:
        """Forget every key of theirs, and remember that it was done, and for what reason: a code, no words.

        With `until` a law keeps them: they are put away where no service has them, until this is said again without.
        """


class MemoryKeys:
    """A key store that lives as long as the process: for unit tests."""

    def __init__(self) -> None:
        self._keys: dict[tuple[UUID, Compartment], bytes] = {}
        self._erased: set[UUID] = set()

    async def get(self, person: UUID, compartment: Compartment) -> bytes:
        return _one(person, await self.get_many([person], compartment))

    async def get_many(
        self, people: Iterable[UUID], compartment: Compartment, *, alarm: bool = True
    ) -> Mapping[UUID, bytes | None]:
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

    async def create_many(self, people: Iterable[UUID], compartment: Compartment) -> Mapping[UUID, bytes | None]:
        return {one: None if one in self._erased else await self.create(one, compartment) for one in people}

    async def erase(self, person: UUID, why: str = "asked", until: date | None = None) -> None:
        self._erased.add(person)
        self._keys = {place: key for place, key in self._keys.items() if place[0] != person}


Alarm = Callable[[str], None]
"""Called with what is wrong with a key: missing, unknown_master, damaged."""


class PostgresKeys:
    """Keys in a database of their own, wrapped by the newest of `masters`. One per process.

    The process's role sees the compartments that its service's work needs; intake alone may erase.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        masters: Masters,
        ledger: Ledger,
        *,
        alarm: Alarm = lambda reason: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool, self._masters, self._ledger = pool, masters, ledger
        self._alarm, self._now = alarm, now
        self._cache: dict[tuple[UUID, Compartment], tuple[float, bytes]] = {}
        self._granted: tuple[float, frozenset[str]] = (0.0, frozenset())

    async def get(self, person: UUID, compartment: Compartment) -> bytes:
        return _one(person, await self.get_many([person], compartment))

    async def get_many(
        self, people: Iterable[UUID], compartment: Compartment, *, alarm: bool = True
    ) -> Mapping[UUID, bytes | None]:
        found = await self._look(people, compartment)
        without = [person for person, key in found.items() if key == b""]
        if without:
            if alarm:
                for person in without[:CRIES]:
                    self._cry("missing", compartment, person)
            raise _missing(without[0], compartment)
        return found

    async def create(self, person: UUID, compartment: Compartment) -> bytes:
        found: Mapping[UUID, bytes | None] = await self._look([person], compartment)
        if found[person] == b"":
            master, key = self._masters.newest, os.urandom(KEY)
            wrapped = await master.wrap(place_of(person, compartment), key)
            if await self._fetch("create_key", person, compartment.value, wrapped, master.id):
                self._remember(person, compartment, key)  # not read back: a rotation may have wrapped it anew by now
                return key
            found = await self.get_many([person], compartment)  # of whoever was first
        return _one(person, found)

    async def create_many(self, people: Iterable[UUID], compartment: Compartment) -> Mapping[UUID, bytes | None]:
        found = await self._look(people, compartment)
        new = [person for person, key in found.items() if key == b""]
        if not new:
            return found
        master, keys = self._masters.newest, {person: os.urandom(KEY) for person in new}
        wrapped = await asyncio.gather(*(master.wrap(place_of(one, compartment), key) for one, key in keys.items()))
        rows = await self._fetch("create_keys", new, compartment.value, list(wrapped), master.id)
        made = {row["person_id"] for row in rows}
        for person in made:
            self._remember(person, compartment, keys[person])
        return {**found, **await self.get_many(new, compartment)}  # of the others, whoever was first

    async def erase(self, person: UUID, why: str = "asked", until: date | None = None) -> None:
        """Kept in the ledger before it commits: a restored key store forgets them again."""
        known = [compartment.value for compartment in Compartment]
        with outages():
            async with asyncio.timeout(PATIENCE), self._pool.acquire() as connection, connection.transaction():
                if until is None:
                    await connection.execute(SQL["erase_person"], person, known)
                else:
                    await connection.execute(SQL["put_away"], person, known, until)
                await self._ledger.append(person, why, until)
        self._cache = {place: kept for place, kept in self._cache.items() if place[0] != person}

    async def granted(self) -> frozenset[str]:
        """The compartments this role may open, remembered for as long as keys are."""
        until, names = self._granted
        if until <= self._now():
            rows = await self._fetch("granted")
            names = frozenset(row["compartment"] for row in rows)
            self._granted = (self._now() + CACHED_FOR, names)
        return names

    async def answers(self) -> bool:
        """Whether the key store can be asked."""
        await self._fetch("answers")
        return True

    async def _look(self, people: Iterable[UUID], compartment: Compartment) -> dict[UUID, bytes | None]:
        """The key of each; None for whoever was erased, empty where there is neither key nor mark."""
        found: dict[UUID, bytes | None] = {person: self._cached(person, compartment) for person in people}
        unknown = [person for person, key in found.items() if key is None]
        if not unknown:
            return found
        rows = await self._fetch("get_keys", unknown)
        erased = {row["person_id"] for row in rows if row["wrapped"] is None}
        wrapped = {row["person_id"]: row for row in rows if row["compartment"] == compartment}
        living = [person for person in unknown if person in wrapped and person not in erased]
        keys = await asyncio.gather(*(self._unwrap(compartment, wrapped[person]) for person in living))
        found.update({person: None if person in erased else b"" for person in unknown})
        found.update(zip(living, keys, strict=True))
        for person, key in zip(living, keys, strict=True):
            self._remember(person, compartment, key)
        if b"" in found.values() and compartment not in await self.granted():
            raise NotGranted(f"this service has no key to the compartment {compartment}")
        return found

    async def _unwrap(self, compartment: Compartment, row: asyncpg.Record) -> bytes:
        person, master = row["person_id"], self._masters.find(row["master"])
        if master is None:
            self._cry("unknown_master", compartment, person)
            raise SealingKeyChanged(
                f"the master key {row['master'].hex()} wrapped the {compartment} key of person {person}, and it is "
                "not here: put its secret back into THROUGHCARE_SEALING_KEY, on a line of its own"
            )
        try:
            return await master.unwrap(place_of(person, compartment), row["wrapped"])
        except Damaged as error:
            self._cry("damaged", compartment, person)
            raise KeyMissing(f"no {compartment} key for person {person}: it is damaged, or of another row") from error

    def _cry(self, reason: str, compartment: Compartment, person: UUID) -> None:
        self._alarm(reason)
        log.error("a key of a person can't be had", reason=reason, kind=compartment.value, id=str(person))

    def _cached(self, person: UUID, compartment: Compartment) -> bytes | None:
        until, key = self._cache.get((person, compartment), (0.0, b""))
        return key if until > self._now() else None

    def _remember(self, person: UUID, compartment: Compartment, key: bytes) -> None:
        self._cache.pop((person, compartment), None)  # so that the oldest stands first
        self._cache[person, compartment] = (self._now() + CACHED_FOR, key)
        if len(self._cache) > CACHED:
            del self._cache[next(iter(self._cache))]

    async def _fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        with outages():
            async with asyncio.timeout(PATIENCE), self._pool.acquire() as connection:
                return list(await connection.fetch(SQL[statement], *arguments))


@asynccontextmanager
async def open_keys(settings: Settings, name: str, alarm: Alarm = lambda reason: None) -> AsyncIterator[PostgresKeys]:
    """The key store as a process of these settings sees it, over connections of its own, opened when first needed."""
    async with pool_at(settings.key_store, f"{name} keys", settings.keys_pool, least=0) as opened:
        yield PostgresKeys(opened, masters_of(settings), Ledger(settings.ledger), alarm=alarm)


def _one(person: UUID, found: Mapping[UUID, bytes | None]) -> bytes:
    key = found[person]
    if key is None:
        raise Erased(person)
    return key


def _missing(person: UUID, compartment: Compartment) -> KeyMissing:
    return KeyMissing(f"no {compartment} key for person {person}")


def place_of(person: UUID, compartment: str) -> bytes:
    """What a wrapped key is bound to, so that no row's key can stand in for another's."""
    return b"\0".join((b"throughcare.key", person.bytes, compartment.encode()))
