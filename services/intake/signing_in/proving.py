"""Whether somebody is who they say: password and code, judged together, at the door and before they change either.

So no answer tells which of the two was wrong, whether there is such a name, or that a guessed password was right.
"""

import time
from dataclasses import replace

import structlog
from asyncpg import Connection
from fastapi import Request

from services.intake.accounts import Stage
from services.intake.same_time import takes_as_long
from services.intake.signing_in import codes, door, passwords
from services.intake.signing_in.passwords import Passwords
from services.intake.signing_in.tries import Tries
from services.intake.store import accounts as store
from services.intake.store.accounts import Proofs
from shared.runtime.errors import NotAllowed
from shared.security.sealing import Compartment, Tampered, open_sealed
from shared.web.edge import command, running, transaction

log = structlog.get_logger("intake")


class NoPasswords(NotAllowed):
    title = "Passwords are not used here"

    def __init__(self) -> None:
        super().__init__("Sign in with your work account instead. Whoever looks after accounts can help you.")


def require_passwords(request: Request) -> None:
    """Raises NoPasswords where this network lets its staff in by its issuer alone."""
    if not running(request).settings.passwords:
        raise NoPasswords


class Proving:
    """One per process, so that tries are counted together wherever somebody tries."""

    def __init__(self, tries: Tries, hashing: Passwords) -> None:
        self._tries = tries
        self._hashing = hashing

    async def prove(self, request: Request, name: str, password: str, code: str) -> Proofs | None:
        """The account, if all is right; the code is used up then. Raises TooManyTries."""
        began = time.monotonic()
        place = await door.place(request, lambda tx, device: store.is_known_device(tx, name, device))
        self._tries.count(name, place)
        proofs = await self._proved(request, name, password, codes.plain(code))
        if proofs is None:
            log.info("signin.refused")  # not by which name: somebody may have typed their password there
            await takes_as_long(began)
            return None
        self._tries.succeeded(name, place)
        return proofs

    async def _proved(self, request: Request, name: str, password: str, code: str) -> Proofs | None:
        """Everything is looked at, whatever is wrong."""
        here = running(request)
        async with transaction(here) as tx:
            found = await store.find_by_sign_in(tx, name)
        known = found is not None and found.account.stage is Stage.ACTIVE
        right = await self._hashing.is_right(found.password if found and known else None, password)
        if found is None or not right or not known:
            return None
        async with command(here) as tx:
            if not await _takes_code(request, tx, found, code):
                return None
        if found.password and passwords.needs_rehash(found.password):
            fresh = await self._hashing.hash(password)
            async with transaction(here) as tx:
                await store.save_password(tx, found.account.id, fresh)
            return replace(found, password=fresh)
        return found


async def _takes_code(request: Request, tx: Connection, found: Proofs, code: str) -> bool:
    """Whether the code is right and new; it is used from here on."""
    if not codes.is_of_app(code):
        return await store.take_recovery(tx, found.account.id, codes.hash_of_recovery(code))
    if found.totp is None:
        return False
    keys = running(request).keys
    try:
        secret = await open_sealed(keys, found.account.id, Compartment.IDENTITY, "account.totp", found.totp)
    except Tampered:  # its key is lost: no code fits, and a new link mends it
        log.warning("a second factor does not open", id=str(found.account.id))
        return False
    step = codes.step_of(secret, code, time.time(), found.step)
    return step is not None and await store.take_step(tx, found.account.id, step)
