"""Dead letters, for operators: look at them, try them again, or drop one and say why.

Nothing disappears here: a letter is parked, replayed or dropped, by whom and when. Dropping advances the subject's
progress past the record, so a later reading of the log does not bring it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from asyncpg import Connection, Pool, Record

from shared.messaging.batch import Arrival, Batch, load_progress, lock_offsets, read, save
from shared.messaging.careful import Letter, Taker, settle
from shared.messaging.inbox import Inbox
from shared.runtime import sql
from shared.runtime.database import transaction
from shared.runtime.errors import Conflict, NotFound

SQL = sql.load(__file__, "inbox.sql")


@dataclass(frozen=True, slots=True)
class Account:
    """Distinct records of a consumer by what came of them: read = applied + ignored + parked + dropped."""

    applied: int
    ignored: int
    parked: int
    foreign: int  # parked records that name no subject
    dropped: int


async def account(pool: Pool | Connection, consumer: str) -> Account:
    counts = await pool.fetchrow(SQL["count_records"], consumer)
    assert counts is not None, "counting always gives a row"
    letters = {(r["state"], r["foreign_record"]): r["count"] for r in await pool.fetch(SQL["count_letters"], consumer)}
    return Account(
        applied=counts["applied"],
        ignored=counts["ignored"],
        parked=letters.get(("parked", False), 0),
        foreign=letters.get(("parked", True), 0),
        dropped=letters.get(("dropped", False), 0) + letters.get(("dropped", True), 0),
    )


async def waiting(db: Pool | Connection, consumer: str) -> int:
    """How many letters nobody has settled yet."""
    return sum(row["count"] for row in await db.fetch(SQL["letters_by_reason"], consumer))


async def letters(pool: Pool, consumer: str, *, settled: bool = False, limit: int = 200) -> Sequence[Record]:
    """The letters that wait, oldest first; with `settled`, the others too."""
    rows: Sequence[Record] = await pool.fetch(SQL["list_letters"], consumer, settled, limit)
    return rows


async def letter(pool: Pool | Connection, consumer: str, number: int) -> Record:
    row = await pool.fetchrow(SQL["show_letter"], consumer, number)
    if row is None:
        raise NotFound("dead letter", number)
    return row


async def replay(inbox: Inbox, number: int, by: str) -> str:
    """Try a letter, and what waits behind it, again; returns what became of it: replayed or parked."""
    return await _settle(inbox, number, by, drop=False)


async def drop(inbox: Inbox, number: int, by: str) -> str:
    """Give a letter up. Only the first of its subject can be dropped: the others wait for it."""
    return await _settle(inbox, number, by, drop=True)


async def _settle(inbox: Inbox, number: int, by: str, *, drop: bool) -> str:
    async with transaction(inbox.pool) as connection:
        row = await letter(connection, inbox.consumer, number)
        arrival = read(Letter(row))
        batch = Batch(inbox.consumer, row["cluster"], [arrival])
        await lock_offsets(connection, batch)
        row = await letter(connection, inbox.consumer, number)  # again, now that nobody else can change it
        if row["state"] != "parked":
            raise Conflict(f"letter {number} was {row['state']} already", ("list",))
        await load_progress(connection, batch)
        taker = Taker(connection, inbox.service, inbox.reactions, batch, inbox.meters)
        if row["subject"] is None:
            await _settle_foreign(connection, inbox.service, taker, arrival, number, by, drop=drop)
        else:
            if drop:
                await _drop_first(connection, inbox.service, batch, row, by)
            await taker.drain(row["topic"], row["subject"], by)
        await save(connection, batch)
        return str((await letter(connection, inbox.consumer, number))["state"])


async def _settle_foreign(
    tx: Connection, service: str, taker: Taker, arrival: Arrival, number: int, by: str, *, drop: bool
) -> None:
    if not drop and arrival.envelope is None:
        return  # still unreadable: it stays
    if not drop:
        await taker.take(arrival)
    await settle(tx, service, number, "dropped" if drop else "replayed", by)


async def _drop_first(tx: Connection, service: str, batch: Batch, row: Record, by: str) -> None:
    waiting = await tx.fetch(SQL["waiting_letters"], batch.consumer, row["topic"], row["subject"])
    if waiting[0]["number"] != row["number"]:
        raise Conflict(f"letter {waiting[0]['number']} of the same subject comes first", ("drop", "replay"))
    progress = batch.of(row["topic"], row["subject"])
    if row["sequence"] > progress.sequence:  # a fork's record takes no place of its own
        progress.sequence, progress.last_id = row["sequence"], row["event_id"]
    batch.changed.add((row["topic"], row["subject"]))
    await settle(tx, service, row["number"], "dropped", by)
