"""Sessions in Postgres. One that ends before its time is told to the other services in the same transaction."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from asyncpg import Connection, Record

from services.intake.sessions import KEPT, LONGEST, AccessChanged, Ending, Session, hash_of, new_secret, quiet_of
from shared.contracts.account import SessionEnded
from shared.messaging.outbox import Cause, put_events
from shared.runtime import sql
from shared.runtime.ids import uuid7
from shared.security.fences import raise_fence
from shared.security.identity import Actor
from shared.security.permissions import Role

SQL = sql.load(__file__, "sessions.sql")


async def open_session(tx: Connection, actor: Actor, proof: str | None = None) -> tuple[str, Session]:
    """A new session of `actor`, and the secret for their browser: it is kept nowhere else.

    Raises AccessChanged where they have left, or were erased, since they proved who they are, or where what they proved
    it by (the hash of a password or PIN) is theirs no more. The caller ends other sessions afterwards: whoever ends
    somebody's access holds the account first.
    """
    secret, id = new_secret(), uuid7()
    quiet = quiet_of(actor.role)
    who = actor.id, actor.role.value, actor.agency
    lasts = quiet, LONGEST, KEPT
    row = await tx.fetchrow(SQL["add_session"], id, hash_of(secret), *who, *lasts, actor.harmless, proof)
    if row is None:
        raise AccessChanged
    left = min(quiet, LONGEST) if quiet else LONGEST
    role, agency = Role(row["role"]), row["agency_id"]
    return secret, Session(id, actor.id, role, agency, left.total_seconds(), harmless=actor.harmless)


async def renew_session(tx: Connection, secret: str, *, step: bool) -> Session | None:
    """The live session behind `secret`; `step`: its owner did something. None: it is over, or never was."""
    row = await tx.fetchrow(SQL["renew_session"], hash_of(secret), step)
    return _session(row) if row else None


async def end_session(tx: Connection, secret: str, because: Ending, cause: Cause) -> None:
    """End the session behind `secret`, if it is live."""
    await _told(
        tx, [row["id"] for row in await tx.fetch(SQL["end_by_secret"], hash_of(secret), because)], because, cause
    )


async def end_sessions(tx: Connection, account: UUID, because: Ending, cause: Cause, *, but: UUID | None = None) -> int:
    """End all that somebody has, `but` one; how many there were."""
    ended = [row["id"] for row in await tx.fetch(SQL["end_of_account"], account, because, but)]
    await _told(tx, ended, because, cause)
    return len(ended)


async def check_not_ended(tx: Connection, id: UUID | None) -> None:
    """Raises AccessChanged. For what changes how somebody signs in, once nobody else can: whoever was ended by another
    change, a moment ago, changes nothing after it."""
    if await tx.fetchval(SQL["has_ended"], id):
        raise AccessChanged


async def end_again(tx: Connection, id: UUID, because: str, at: datetime) -> None:
    await tx.execute(SQL["end_again"], id, at, because)


async def _told(tx: Connection, ended: Iterable[UUID], because: Ending, cause: Cause) -> None:
    for id in sorted(ended, key=str):
        await raise_fence(tx, id)
        await put_events(tx, id, [SessionEnded(session=id, because=because)], partitionkey=id, cause=cause)


def _session(row: Record) -> Session:
    who = row["account_id"], Role(row["role"]), row["agency_id"]
    return Session(row["id"], *who, left=row["remaining"], quiet_for=row["quiet_for"], harmless=row["harmless"])
