"""Passwords, by argon2id. Hashing is slow on purpose, so it runs in a thread, two at a time, and a crowd is sent away.

A name that nobody has is hashed for as well: the time an answer takes tells nothing about who works here.
"""

import asyncio
import secrets
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.runtime.errors import Invalid, Refused

SHORTEST, LONGEST = 12, 200  # characters; a sentence is welcome (NIST SP 800-63B: length, and no rules of composition)
AT_ONCE = 2  # hashes of 64 MiB each
WAITING = 20  # requests that may wait for their turn

_hasher = PasswordHasher()  # argon2-cffi's own: RFC 9106, low-memory profile (t=3, 64 MiB, p=4)
_nobodys = _hasher.hash(secrets.token_urlsafe(16))


class Crowded(Refused):
    """More people sign in at once than this process has hands for."""

    status = 503
    title = "Many are signing in"

    def __init__(self) -> None:
        super().__init__("Wait a few seconds, then try again. Nothing is locked.")
        self.headers = {"Retry-After": "5"}


@dataclass
class Passwords:
    """One per process."""

    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _here: int = 0

    async def hash(self, password: str) -> str:
        return await self._in_turn(_hasher.hash, password)

    async def is_right(self, kept: str | None, given: str) -> bool:
        """Whether `given` is what was hashed; where nothing was kept, it takes as long to say no."""
        right = await self._in_turn(_verify, kept or _nobodys, given[:LONGEST])
        return bool(right) and kept is not None

    async def _in_turn(self, work, *arguments):  # type: ignore[no-untyped-def]
        if self._here >= AT_ONCE + WAITING:
            raise Crowded
        self._here += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work, *arguments)
        finally:
            self._here -= 1


def needs_rehash(kept: str) -> bool:
    """Whether it was hashed by an older, cheaper setting."""
    return _hasher.check_needs_rehash(kept)


def check_new(password: str, sign_in: str) -> str:
    """`password`, or Invalid with what to do."""
    if len(password) < SHORTEST:
        raise Invalid("password", f"Use {SHORTEST} characters or more. A short sentence is easy to remember.")
    if len(password) > LONGEST:
        raise Invalid("password", f"Use {LONGEST} characters at most.")
    if len(set(password.lower())) < 5 or sign_in in password.lower():
        raise Invalid("password", "That one is easy to guess. A short sentence of your own is better.")
    return password


def _verify(kept: str, given: str) -> bool:
    try:
        return _hasher.verify(kept, given)
    except (VerificationError, InvalidHashError):
        return False
