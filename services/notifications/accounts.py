"""The account of what went to agencies' own systems of somebody: kept for years, where a stream keeps it for hours."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Connection, Record

from shared.contracts.delivery import Acknowledged
from shared.runtime import sql
from shared.web.disclosures import MOST, YEARS, Disclosure, Found

SQL = sql.load(__file__, "accounts.sql")


async def note(tx: Connection, rows: Sequence[Record]) -> None:
    """What partners' logs hold now."""
    columns = ("person", "agency", "thing", "kind", "consent")
    await tx.execute(SQL["note_told"], *([row[column] for row in rows] for column in columns))


async def note_again(tx: Connection, event: Acknowledged, at: datetime) -> None:
    """What had been noted since the backup that was restored."""
    kind, thing = ("referral", event.referral) if event.referral else ("setback", event.setback)
    await tx.execute(SQL["fold_told"], event.person, event.agency, thing, kind, event.consent, at)


async def told(tx: Connection, person: UUID) -> Found:
    rows = await tx.fetch(SQL["told_of"], person, f"{YEARS} years", MOST)
    found = [Disclosure(row["at"], row["agency"], row["kind"], "stream") for row in rows]
    names = await tx.fetch(SQL["agencies"], sorted({one.agency for one in found}))
    return found, {row["id"]: row["name"] for row in names}
