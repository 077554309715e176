"""Accounts in Postgres, with what is told of them. Names and second factors go in and out sealed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from asyncpg import Connection, Record, UniqueViolationError

from services.intake.accounts import INVITATION, Account, Stage
from shared.contracts import account as events
from shared.messaging.outbox import Cause, put_events
from shared.runtime import sql
from shared.runtime.errors import NotFound
from shared.security.fences import raise_fence
from shared.security.permissions import Role
from shared.security.sealing import as_text
from shared.security.workers import know

SQL = sql.load(__file__, "accounts.sql")
EVERYBODY = 2000  # accounts of one agency


@dataclass(frozen=True, slots=True)
class Proofs:
    """An account with what its owner is known by."""

    account: Account
    password: str | None
    totp: bytes | None
    step: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """An account as its list shows it; what pages call them stands among the workers."""

    account: Account
    opened_at: datetime
    left_at: datetime | None


async def add_account(
    tx: Connection,
    account: Account,
    name: bytes,
    totp: bytes,
    invitation: bytes | None,
    by: UUID,
    cause: Cause,
    known_as: bytes | None = None,
) -> bool:
    """Somebody invited; False where the id, the sign-in name or what an issuer knows them by is taken."""
    row = (account.id, account.agency, account.role.value, account.sign_in, name, account.stage.value)
    if await tx.fetchval(SQL["add_account"], *row, totp, invitation, INVITATION, by, known_as) is None:
        return False
    opened = events.Opened(
        account=account.id, agency=account.agency, role=account.role.value, sealed_name=as_text(name)
    )
    await know(tx, [opened])
    await put_events(tx, account.id, [opened], partitionkey=account.id, cause=cause)
    return True


async def lock_account(tx: Connection, id: UUID) -> Account:
    row = await tx.fetchrow(SQL["lock_account"], id)
    if row is None:
        raise NotFound("account", id)
    return _account(row)


async def lock_accounts(tx: Connection, ids: Collection[UUID]) -> dict[UUID, Account]:
    """Several, in the order of their ids; who is not there is left out."""
    return {row["id"]: _account(row) for row in await tx.fetch(SQL["lock_accounts"], list(ids))}


async def find_by_sign_in(tx: Connection, sign_in: str) -> Proofs | None:
    row = await tx.fetchrow(SQL["find_by_sign_in"], sign_in)
    return _proofs(row) if row else None


async def find_proofs(tx: Connection, id: UUID) -> Proofs | None:
    row = await tx.fetchrow(SQL["find_proofs"], id)
    return _proofs(row) if row else None


async def find_invited(tx: Connection, invitation: bytes) -> Proofs | None:
    row = await tx.fetchrow(SQL["find_invited"], invitation)
    return _proofs(row) if row else None


async def lock_invited(tx: Connection, invitation: bytes) -> Account | None:
    """The account that this link is for, ours alone until `tx` ends: a link that is used twice at once opens once."""
    row = await tx.fetchrow(SQL["lock_invited"], invitation)
    return _account(row) if row else None


async def lock_known_as(tx: Connection, known_as: bytes) -> tuple[Account, bytes | None] | None:
    """The account that an issuer knows by this, and who it was there the first time."""
    row = await tx.fetchrow(SQL["lock_known_as"], known_as)
    return (_account(row), row["known_subject"]) if row else None


async def save_arrived(tx: Connection, account: Account, subject: bytes) -> None:
    await tx.execute(SQL["save_arrived"], account.id, account.stage.value, subject)


async def save_known_as(tx: Connection, account: Account, known_as: bytes | None, cause: Cause) -> bool:
    """By what an issuer knows them from now on, with nobody seen there yet; False where another account has that."""
    try:
        async with tx.transaction():
            await tx.execute(SQL["save_known_as"], account.id, known_as)
    except UniqueViolationError:
        return False
    await say_replaced(tx, account.id, "issuer", cause)
    return True


async def find_account(tx: Connection, id: UUID) -> Row:
    row = await tx.fetchrow(SQL["find_account"], id)
    if row is None:
        raise NotFound("account", id)
    return _row(row)


async def find_known(tx: Connection, id: UUID) -> Account | None:
    row = await tx.fetchrow(SQL["find_account"], id)
    return _account(row) if row else None


async def list_accounts(tx: Connection, agency: UUID | None, limit: int) -> list[Row]:
    """Those of `agency`; with None everybody's, which is for the network's office."""
    return [_row(row) for row in await tx.fetch(SQL["list_accounts"], agency, limit)]


async def workers_of(tx: Connection, agency: UUID, roles: Sequence[Role]) -> list[Row]:
    """Who works at an agency in one of these roles."""
    return [_row(row) for row in await tx.fetch(SQL["workers_of"], agency, [role.value for role in roles])]


async def known_at(tx: Connection, agency: UUID) -> list[Row]:
    """Everybody with an account there, also who has left."""
    return await list_accounts(tx, agency, EVERYBODY)


async def walking_with(tx: Connection, accounts: Sequence[UUID]) -> dict[UUID, int]:
    """How many people each of them is the named worker of; who has none is left out."""
    return {row["worker_id"]: row["count"] for row in await tx.fetch(SQL["walking_with"], list(accounts))}


async def walked_with(tx: Connection, worker: UUID, limit: int) -> list[UUID]:
    return [row["id"] for row in await tx.fetch(SQL["walked_with"], worker, limit)]


async def save_accepted(
    tx: Connection, account: Account, password: str, step: int, recovery: Sequence[bytes], cause: Cause
) -> None:
    """The link is used up, also in a backup from before."""
    await tx.execute(SQL["accept"], account.id, password, step)
    await tx.execute(SQL["put_recovery"], account.id, recovery)
    await say_replaced(tx, account.id, "own", cause)


async def save_invited_again(tx: Connection, account: Account, totp: bytes, invitation: bytes, cause: Cause) -> None:
    """What let them in before lets nobody in any more; their sessions are the caller's to end."""
    await tx.execute(SQL["invite_again"], account.id, totp, invitation, INVITATION)
    await tx.execute(SQL["put_recovery"], account.id, [])
    await tx.execute(SQL["forget_devices"], account.id)
    await say_replaced(tx, account.id, "own", cause)


async def say_replaced(tx: Connection, id: UUID, which: Literal["own", "issuer"], cause: Cause) -> None:
    """A restore brings no password back that was given up because somebody knew it. The caller holds the account."""
    replaced = events.ProofsReplaced(account=id, which=which)
    await put_events(tx, id, [replaced], partitionkey=id, cause=cause)


async def save_account(tx: Connection, account: Account, cause: Cause) -> None:
    """Role or stage; tokens that say something else are refused everywhere from here on."""
    name = await tx.fetchval(SQL["save_account"], account.id, account.role.value, account.stage.value)
    now = datetime.now(UTC)  # the clock that tokens are signed by
    event: events.Changed | events.Left
    if account.stage is Stage.LEFT:
        event = events.Left(account=account.id, agency=account.agency, tokens_before=now)
        await tx.execute(SQL["put_recovery"], account.id, [])
        await tx.execute(SQL["forget_devices"], account.id)
    else:
        event = events.Changed(
            account=account.id, agency=account.agency, role=account.role.value, sealed_name=as_text(name),
            tokens_before=now,
        )  # fmt: skip
    await raise_fence(tx, account.id, now.timestamp())
    await know(tx, [event])
    await put_events(tx, account.id, [event], partitionkey=account.id, cause=cause)


async def take_step(tx: Connection, id: UUID, step: int) -> bool:
    """False where the code of that step, or a later one, was taken before."""
    return await tx.fetchval(SQL["take_step"], id, step) is not None


async def take_recovery(tx: Connection, id: UUID, hash: bytes) -> bool:
    return await tx.fetchval(SQL["take_recovery"], id, hash) is not None


async def save_password(tx: Connection, id: UUID, password: str) -> None:
    await tx.execute(SQL["save_password"], id, password)


async def save_phone(tx: Connection, id: UUID, totp: bytes, step: int) -> None:
    """Codes come from another phone; `step` is of the one that it showed."""
    await tx.execute(SQL["save_phone"], id, totp, step)


async def save_recovery(tx: Connection, id: UUID, recovery: Sequence[bytes]) -> None:
    """In the place of those before, used or not."""
    await tx.execute(SQL["put_recovery"], id, recovery)


async def is_known_device(tx: Connection, sign_in: str, hash: bytes) -> bool:
    return bool(await tx.fetchval(SQL["is_known_device"], sign_in, hash))


async def forget_devices(tx: Connection, id: UUID) -> None:
    await tx.execute(SQL["forget_devices"], id)


async def know_device(tx: Connection, id: UUID, hash: bytes) -> None:
    await tx.execute(SQL["know_device"], id, hash)


def _account(row: Record) -> Account:
    return Account(row["id"], row["agency_id"], Role(row["role"]), row["sign_in"], Stage(row["stage"]))


def _row(row: Record) -> Row:
    return Row(_account(row), row["opened_at"], row["left_at"])


def _proofs(row: Record) -> Proofs:
    return Proofs(_account(row), row["password"], row["totp"], row["totp_step"])
