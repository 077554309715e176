"""Dead letters, for operators: look at them, try them again, drop one, or accept that what came before is lost.

Nothing disappears here: a letter is parked, replayed or dropped, by whom, when and why. Dropping advances the subject's
progress past the record, so a later reading of the log does not bring it back.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from asyncpg import Connection, Pool, Record

from shared.messaging.batch import Arrival, Batch, load_progress, lock_everywhere, read, save
from shared.messaging.careful import Letter, Taker, judge_letter, settle
from shared.messaging.inbox import Inbox
from shared.messaging.judging import Parked, Progress, Verdict
from shared.runtime import sql
from shared.runtime.database import fetch, transaction
from shared.runtime.errors import Conflict, Invalid, NotFound

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
    [counts] = await fetch(pool, SQL["count_records"], consumer)
    rows = await fetch(pool, SQL["count_letters"], consumer)
    letters = {(row["state"], row["foreign_record"]): row["count"] for row in rows}
    return Account(
        applied=counts["applied"],
        ignored=counts["ignored"],
        parked=letters.get(("parked", False), 0),
        foreign=letters.get(("parked", True), 0),
        dropped=letters.get(("dropped", False), 0) + letters.get(("dropped", True), 0),
    )


async def waiting(db: Pool | Connection, consumer: str) -> int:
    """How many letters nobody has settled yet."""
    return sum(row["count"] for row in await fetch(db, SQL["letters_by_reason"], consumer))


async def letters(pool: Pool, consumer: str, *, settled: bool = False, limit: int = 200) -> Sequence[Record]:
    """The letters that wait, oldest first; with `settled`, the others too."""
    return await fetch(pool, SQL["list_letters"], consumer, settled, limit)


async def letter(pool: Pool | Connection, consumer: str, number: int) -> Record:
    for row in await fetch(pool, SQL["show_letter"], consumer, number):
        return row
    raise NotFound("dead letter", number)


async def accepted(pool: Pool | Connection, consumer: str) -> Sequence[Record]:
    """The losses that operators accepted, oldest first."""
    return await fetch(pool, SQL["list_accepted"], consumer)


@dataclass(frozen=True, slots=True)
class _Case:
    """A letter that waits, and what its settling needs, in a transaction that nobody else can disturb."""

    tx: Connection
    inbox: Inbox
    row: Record
    arrival: Arrival
    batch: Batch
    taker: Taker

    @property
    def progress(self) -> Progress:
        return self.batch.of(self.row["topic"], self.row["subject"])

    async def first(self) -> Record:
        """The letter of its subject that comes before all others."""
        where = self.row["topic"], self.row["subject"]
        row: Record = (await self.tx.fetch(SQL["waiting_letters"], self.batch.consumer, *where))[0]
        return row

    async def go_on(self, by: str) -> str:
        """Apply what can be applied now; returns what became of the letter."""
        await self.taker.drain(self.row["topic"], self.row["subject"], by)
        return str((await letter(self.tx, self.batch.consumer, self.row["number"]))["state"])


async def replay(inbox: Inbox, number: int, by: str) -> str:
    """Try a letter, and what waits behind it, again; returns what became of it: replayed or parked."""
    async with _settling(inbox, number) as case:
        return await (_replay_foreign(case, by) if case.row["subject"] is None else case.go_on(by))


async def drop(inbox: Inbox, number: int, by: str, because: str) -> str:
    """Give a letter up. Only the first of its subject can be dropped: the others wait for it."""
    _check_reason(because)
    async with _settling(inbox, number) as case:
        if case.row["subject"] is not None:
            await _pass_over(case)
        await settle(case.tx, inbox.service, number, "dropped", by, because)
        if case.row["subject"] is not None:
            await case.go_on(by)
        return "dropped"


async def accept(inbox: Inbox, number: int, by: str, because: str) -> str:
    """Go on without what is lost before the letters of a subject; returns what became of this one of them."""
    _check_reason(because)
    async with _settling(inbox, number) as case:
        if case.row["subject"] is None:
            raise Conflict(f"letter {number} names no subject, so nothing is missing before it", ("drop", "replay"))
        progress, first = case.progress, await case.first()
        _check_lost(progress, first)
        where = case.batch.consumer, case.row["topic"], case.row["subject"]
        last = first["sequence"] - 1
        await case.tx.execute(SQL["note_accepted"], *where, progress.sequence + 1, last, because, by)
        progress.sequence, progress.last_id = last, None
        return await case.go_on(by)


def _check_reason(because: str) -> None:
    if not because.strip():
        raise Invalid("because", "Say why: whoever reads this later was not there.")


def _check_lost(progress: Progress, first: Record) -> None:
    if progress.parked is Parked.GAP:
        raise Conflict("its owner has not said that the missing record is lost; replay asks once more", ("replay",))
    if progress.parked is not Parked.LOST:
        raise Conflict(
            f"nothing is lost here: letter {first['number']} comes next; replay or drop it", ("replay", "drop")
        )
    if first["sequence"] <= progress.sequence:
        raise Conflict(f"letter {first['number']} of the same subject is a fork; drop it first", ("drop",))


@asynccontextmanager
async def _settling(inbox: Inbox, number: int) -> AsyncIterator[_Case]:
    """A letter to be settled, while no inbox works on its partition; what was changed is saved at the end."""
    async with transaction(inbox.pool) as connection:
        row = await letter(connection, inbox.consumer, number)
        arrival = read(Letter(row))
        batch = Batch(inbox.consumer, row["cluster"], [arrival])
        await lock_everywhere(connection, batch)
        row = await letter(connection, inbox.consumer, number)  # again, now that nobody else can change it
        if row["state"] != "parked":
            raise Conflict(f"letter {number} was {row['state']} already", ("list",))
        await load_progress(connection, batch)
        yield _Case(connection, inbox, row, arrival, batch, inbox.taker(connection, batch))
        await save(connection, batch)


async def _replay_foreign(case: _Case, by: str) -> str:
    """What named no subject may have become readable: then it is taken as if it had just come, and may wait again."""
    envelope, number = case.arrival.envelope, case.row["number"]
    if envelope is None:
        return "parked"
    await case.inbox.opener.open([case.arrival])
    await case.taker.take(case.arrival)
    await settle(case.tx, case.inbox.service, number, "replayed", by)
    state = await case.tx.fetchval(SQL["state_of"], case.batch.consumer, envelope.source, envelope.id)
    return str(state or "replayed")


async def _pass_over(case: _Case) -> None:
    """Move progress past the letter, never past what is missing before it. A fork takes no place of its own."""
    first = await case.first()
    if first["number"] != case.row["number"]:
        raise Conflict(f"letter {first['number']} of the same subject comes first", ("drop", "replay"))
    progress = case.progress
    verdict = judge_letter(case.row, case.arrival, progress)
    if verdict is Verdict.GAP:
        advice = "accept" if progress.parked is Parked.LOST else "replay"
        raise Conflict(f"what comes before letter {first['number']} is missing: {advice} it first", (advice,))
    if verdict not in (Verdict.FORK, Verdict.DUPLICATE):
        progress.sequence, progress.last_id = case.row["sequence"], case.row["event_id"]
