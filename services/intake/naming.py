"""Release lists on their way in: taken as they stream, kept closed, made into invitations by the worker later.

The two are apart so that the sender learns nothing by how long an answer takes: what is written while they wait is the
same whether they name somebody new, somebody who said no, or somebody who is here.
"""

import json
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from asyncpg import Connection

from services.intake import invited, release_lists
from services.intake.invited import Invited, Patience, Stage, decide
from services.intake.release_lists import MOST_ROWS, MOST_WRONG, Listed, Wrong, columns_of, read_row
from services.intake.sheets import NotASheet, records
from services.intake.store import invited as store
from services.intake.store.invited import Named, Sent, SentRow
from shared.messaging.sealing import keys_of
from shared.messaging.timers import Due, claim, start_timers
from shared.process import Running
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE
from shared.security.blind import blind, blind_key
from shared.security.sealing import Compartment, Keys, open_sealed, seal
from shared.web.edge import transaction
from shared.workflow import CLOCK, Hours, Party, Timer, Until

KIND = "release_list"
ROW = (Compartment.IDENTITY, "release_row.told")  # closed by the list's key
TOLD = (Compartment.IDENTITY, "invited.told")  # by the invitation's own
AT_ONCE = 500  # rows of one statement; of one transaction in the worker
BROKEN_OFF = Hours(1)  # after which a list whose last row never came is deleted
PATIENCE = Patience()
Numbered = tuple[int, Listed | list[Wrong]]


@dataclass
class Report:
    """What the sender is told, and all of it: rows that were taken, or what to mend before any is."""

    rows: int = 0
    wrong: list[Wrong] = field(default_factory=list)


async def take(here: Running, sender: UUID, welcoming: UUID, chunks: AsyncIterable[bytes], today: date) -> Report:
    """A whole list, or nothing of it. Raises NotASheet."""
    return await _keep(here, sender, welcoming, _read(chunks, today))


async def take_one(here: Running, sender: UUID, welcoming: UUID, listed: Listed) -> None:
    """One of whom an agency tells: a list of one row."""

    async def only() -> AsyncIterator[Numbered]:
        yield 1, listed

    await _keep(here, sender, welcoming, only())


async def _read(chunks: AsyncIterable[bytes], today: date) -> AsyncIterator[Numbered]:
    """Each row by its line, as whoever opens the list counts them."""
    columns: tuple[str, ...] | None = None
    rows = 0
    async for record in records(chunks):
        if columns is None:
            columns = columns_of(record.cells)
            continue
        rows += 1
        if rows > MOST_ROWS:
            raise NotASheet(
                f"A list has at most {MOST_ROWS:,} rows: send those of the next months, and the others then."
            )
        yield record.line, read_row(record.line, columns, record.cells, today)
    if rows == 0:
        raise NotASheet("This list names nobody: its first line names the columns, and each one after it somebody.")


async def _keep(here: Running, sender: UUID, welcoming: UUID, rows: AsyncIterator[Numbered]) -> Report:
    """Rows are closed before they are written. A list with a mistake, or without an end, is deleted with its key."""
    id, report = uuid7(), Report()
    async with transaction(here, SERVICE) as tx:  # the sender reads none of it, also not what it sends
        await store.begin_list(tx, id, sender, welcoming)
        await start_timers(tx, [Timer(KIND, id, BROKEN_OFF)])
    try:
        async with _Writing(here, id, await blind_key(here.keys, sender, "invited.reference")) as writing:
            async for number, row in rows:
                report.rows += 1
                if isinstance(row, Listed):
                    report.wrong += await writing.add(number, row, keep=not report.wrong)
                else:
                    report.wrong += row
                if len(report.wrong) >= MOST_WRONG:
                    break
    except BaseException:
        await _forget(here, id)
        raise
    if report.wrong:
        await _forget(here, id)
        return report
    async with transaction(here, SERVICE) as tx:
        await store.end_list(tx, id)
        await start_timers(tx, [Timer(KIND, id, Until(await store.now(tx)))])
    return report


class _Writing:
    """The rows of a list, some hundreds a statement. Of all rows it holds what tells two apart, and no more."""

    def __init__(self, here: Running, list_id: UUID, key: bytes) -> None:
        self._here, self._list, self._key = here, list_id, key
        self._waiting: list[SentRow] = []
        self._seen: dict[bytes, int] = {}

    async def __aenter__(self) -> "_Writing":
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        if kind is None:
            await self._flush()

    async def add(self, number: int, row: Listed, *, keep: bool) -> list[Wrong]:
        reference = blind(self._key, row.reference)
        if before := self._seen.get(reference):
            do = f"Row {before} has the same one. Leave one of the two, or give each their own."
            return [Wrong(number, "reference", row.reference[: release_lists.SHOWN], do)]
        self._seen[reference] = number
        if keep:
            told = await seal(self._here.keys, self._list, *ROW, json.dumps(row.told()))
            self._waiting.append(SentRow(number, reference, told))
        if len(self._waiting) >= AT_ONCE:
            await self._flush()
        return []

    async def _flush(self) -> None:
        if self._waiting:
            async with transaction(self._here, SERVICE) as tx:
                await store.put_rows(tx, self._list, self._waiting)
        self._waiting = []


async def _forget(here: Running, id: UUID) -> None:
    async with transaction(here, SERVICE) as tx:
        await store.drop_list(tx, id)
        await start_timers(tx, [Timer.none(KIND, id)])
    await here.keys.erase(id, "list_ended")


# The worker's part


async def make_invitations(tx: Connection, due: Due) -> None:
    """Some hundreds of rows, then the clock again; with the last of them the list goes, and its key.

    A sender's lists are heard in the order in which they came, each to its end.
    """
    sent = await store.lock_list(tx, due.subject)
    if sent is None or not await claim(tx, due):
        return
    rows = await store.next_rows(tx, sent.id, AT_ONCE) if sent.whole else []
    if not rows:
        await keys_of(tx).erase(sent.id, "list_ended")  # before it commits: a kill in between is made good
        await store.drop_list(tx, sent.id)
        return
    if await store.is_first(tx, sent.id):
        await _invite(tx, sent, rows)
        await store.drop_rows(tx, sent.id, rows[-1].number)
    await start_timers(tx, [Timer(KIND, sent.id, Until(await store.now(tx)))])


async def _invite(tx: Connection, sent: Sent, rows: list[SentRow]) -> None:
    """Whoever waits is named again; who said yes or no at this agency is not touched."""
    keys, at = keys_of(tx), await store.now(tx)
    known = await store.known(tx, sent.sender, [row.reference for row in rows])
    open_ = [(row, one) for row in rows if (one := await _here(tx, sent, known.get(row.reference, [])))]
    made = await keys.create_many([one.id for _, one in open_], Compartment.IDENTITY)
    named = []
    for row, one in open_:
        if made[one.id] is None:
            continue  # a restore has brought back whom silence had deleted: the clock deletes them again
        text = await open_sealed(keys, sent.id, *ROW, row.told)
        day = json.loads(text)["release_on"]
        told = await seal(keys, one.id, *TOLD, text)
        named.append(Named(one.id, row.reference, told, date.fromisoformat(day) if day else None))
    if named:
        await store.put(tx, sent, named, at)
        timers = [invited.clock_of(Invited(one.id, sent.sender, sent.welcoming), PATIENCE) for one in named]
        await start_timers(tx, timers, since=at)


async def _here(tx: Connection, sent: Sent, before: Sequence[Invited]) -> Invited | None:
    """The invitation to write at this agency; None: they have answered it. Wherever else they wait it is deleted.

    Never one that was another agency's: whoever reads here would know by it, or by its id, that nobody had answered.
    """
    here = next((one for one in before if one.welcoming == sent.welcoming), None)
    for one in before:
        if one is not here and one.stage is Stage.WAITING:
            await keys_of(tx).erase(one.id, "named_elsewhere")
            await store.save(tx, decide(one, "name_elsewhere", Party.AGENCY, PATIENCE))
    if here is None:
        return Invited(uuid7(), sent.sender, sent.welcoming)
    return here if here.stage is Stage.WAITING else None


async def lapse(tx: Connection, due: Due) -> None:
    """Thirty days without a word: the row and its key go, and nothing tells that it was there."""
    found = await store.lock_known(tx, due.subject)
    if found is None or not await claim(tx, due):
        return
    if found.stage is Stage.WAITING:
        await keys_of(tx).erase(found.id, "silent")
    await store.save(tx, decide(found, "lapse", CLOCK.party, PATIENCE))


async def told_of(keys: Keys, row: store.Row) -> dict[str, str]:
    """What a sender told of somebody. Raises Erased."""
    found: dict[str, str] = json.loads(await open_sealed(keys, row.invited.id, *TOLD, row.told))
    return found
