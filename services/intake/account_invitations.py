"""Inviting somebody: a link with a one-time code, in which they choose a password and set up their phone.

The second factor is made now and lies sealed until then: whoever holds the link is who sets it up.
"""

from dataclasses import dataclass
from uuid import UUID

from asyncpg import Pool

from services.intake.accounts import Account, Stage
from services.intake.known import index_of
from services.intake.sessions import hash_of, new_secret
from services.intake.signing_in import codes
from services.intake.store.accounts import add_account
from shared.messaging.outbox import Cause
from shared.runtime.database import transaction
from shared.runtime.settings import Settings
from shared.security import audit
from shared.security.identity import OPERATOR
from shared.security.sealing import Compartment, Keys, seal
from shared.security.signin import INVITED
from shared.security.workers import seal_name


@dataclass(frozen=True, slots=True)
class Invitation:
    """`code` is for the invited alone and is kept nowhere; the rest is for the account's row."""

    code: str
    name: bytes
    totp: bytes

    @property
    def hash(self) -> bytes:
        return hash_of(self.code)

    def link(self, settings: Settings) -> str:
        return f"{settings.public_url.rstrip('/')}{INVITED}/{self.code}"


async def prepare(keys: Keys, account: UUID, name: str = "") -> Invitation:
    """Sealed before any transaction. Without a name it is a new link for somebody whose name is known."""
    sealed = await seal_name(keys, account, name) if name else b""
    totp = await seal(keys, account, Compartment.IDENTITY, "account.totp", codes.new_secret())
    return Invitation(new_secret(), sealed, totp)


async def open_account(
    opened: Pool, keys: Keys, account: Account, name: str, by: UUID, known_as: str = ""
) -> Invitation | None:
    """For a command line: an account with its invitation; None where one of its names, or the id, is taken."""
    made = await prepare(keys, account.id, name)
    index = await index_of(keys, known_as) if known_as else None
    code = made.hash if account.stage is Stage.INVITED else None
    async with transaction(opened) as tx:
        added = await add_account(tx, account, made.name, made.totp, code, by, Cause(None, OPERATOR.cause), index)
        if added:
            await audit.record(tx, OPERATOR, "account.manage", None, f"account/{account.id}", "administration")
    return made if added else None
