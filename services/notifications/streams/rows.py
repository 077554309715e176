"""Picking rows up: decided once more, under lock, and numbered; and putting away what the log acknowledged.

A row is read only after the producer that will write it was initialised. So whoever initialised it anew since then has
also ended whatever was read before.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Connection, Record

from services.notifications import consents
from services.notifications.disclosing import Facts, load_facts
from services.notifications.disclosure import Matter, about_referral, about_setback, obstacle
from shared.contracts.data import read_data
from shared.contracts.events import EVENTS
from shared.contracts.partner_codec import to_partner
from shared.contracts.partner_view import Heartbeat, ReferralReceived, SetbackShared, StreamEvent
from shared.runtime import sql
from shared.runtime.errors import Retryable

SQL = sql.load(__file__, "rows.sql")
TOLD_OF = {ReferralReceived.type, SetbackShared.type}  # what the rest of the network hears was acknowledged


class Overtaken(Retryable):
    """A row went away between reading and numbering; nothing of this round may stay."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record to be, or one that was. `sequence` 0: has none yet."""

    position: int
    shard: int
    partner: UUID
    slug: str
    agency: UUID
    stream: str
    life: int
    id: UUID
    type: str
    data: str  # JSON, without sequence and life
    at: datetime
    kind: str | None
    thing: UUID | None
    person: UUID | None
    consent: UUID | None
    sequence: int

    def record(self) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
        """Key, value and headers, as the partner reads it."""
        kind = EVENTS[self.type]
        data = json.dumps({**json.loads(self.data), "sequence": self.sequence, "life": self.life})
        event = read_data(kind, data.encode())
        assert isinstance(event, StreamEvent)
        return to_partner(event, id=self.id, time=self.at, slug=self.slug)


def row_of(row: Record) -> Row:
    return Row(
        row["position"], row["shard"], row["partner"], row["slug"], row["agency"], row["stream"], row["life"],
        row["id"], row["type"], row["data"], row["at"], row["kind"], row["thing"], row["person"], row["consent"],
        row["sequence"] or 0,
    )  # fmt: skip


async def busy(connection: Connection, shards: Iterable[int], absent: Collection[UUID], cluster: str) -> set[int]:
    return {row["shard"] for row in await connection.fetch(SQL["busy"], sorted(shards), list(absent), cluster)}


async def pick_up(connection: Connection, shards: Iterable[int], absent: Collection[UUID], most: int) -> list[Row]:
    """The next rows of these shards with their sequences, committed, without what may not be told any more."""
    async with connection.transaction():
        found = [row_of(row) for row in await connection.fetch(SQL["next_rows"], sorted(shards), list(absent), most)]
        if not found:
            return []
        kept, barred = await _decide_again(connection, found)
        kept += await _silence(connection, [row for row in barred if row.sequence])
        await _drop(connection, [row for row in barred if not row.sequence])
        numbered = await _number(connection, kept)
        await consents.forget(connection, [_forgotten(row) for row in barred])  # type: ignore[misc]
    return sorted(numbered, key=lambda row: (row.shard, row.partner, row.stream, row.sequence))


def _forgotten(row: Row) -> dict[str, object]:
    return {"partner": row.partner, "thing": row.thing, "type": row.type}


async def _decide_again(connection: Connection, rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Consent, agreement and all else as they are now; the consents stay locked until the numbers are given."""
    telling = [row for row in rows if row.consent]
    if not telling:
        return list(rows), []
    facts = await load_facts(
        connection,
        {row.agency for row in telling},
        {row.consent for row in telling if row.consent},
        {row.person for row in telling if row.person},
    )
    things = [row.thing for row in telling if row.kind == "referral"]
    needs = {row["id"]: row["need"] for row in await connection.fetch(SQL["matters"], things)}
    kept: list[Row] = []
    barred: list[Row] = []
    for row in rows:
        (kept if row.consent is None or _may_go(row, facts, needs) else barred).append(row)
    return kept, barred


def _may_go(row: Row, facts: Facts, needs: dict[UUID, str]) -> bool:
    to = next((to for to in facts.recipients.get(row.agency, ()) if to.partner == row.partner), None)
    if to is None or row.consent is None or row.person is None or row.thing is None:
        return False
    matter: Matter
    if row.kind == "setback":
        matter = about_setback(row.person, row.agency, row.thing)
    elif row.thing in needs:
        matter = about_referral(row.person, row.agency, needs[row.thing])
    else:
        return False
    return obstacle(matter, facts.consents.get(row.consent), facts.people.get(row.person), to) is None


async def _silence(connection: Connection, rows: Sequence[Row]) -> list[Row]:
    if not rows:
        return []
    answer = await connection.fetch(SQL["silence"], [row.position for row in rows], Heartbeat.type)
    fresh = {row["position"]: row for row in answer}
    return [
        replace(
            row, id=fresh[row.position]["id"], at=fresh[row.position]["at"], type=Heartbeat.type, data="{}", kind=None,
            thing=None, person=None, consent=None,
        )
        for row in rows
        if row.position in fresh
    ]  # fmt: skip


async def _drop(connection: Connection, rows: Sequence[Row]) -> None:
    if rows:
        await connection.execute(SQL["drop"], [row.position for row in rows])


async def _number(connection: Connection, rows: Sequence[Row]) -> list[Row]:
    """The next numbers of each stream, in the order the rows were decided."""
    without = sorted((row for row in rows if not row.sequence), key=lambda row: row.position)
    done = [row for row in rows if row.sequence]
    if not without:
        return done
    locked = await connection.fetch(SQL["lock_streams"], list({row.partner for row in without}))
    last = {(row["partner"], row["stream"]): row["sequence"] for row in locked}
    given: dict[tuple[UUID, str], int] = {}
    for row in without:
        place = row.partner, row.stream
        given[place] = last[place] = last[place] + 1
        done.append(replace(row, sequence=last[place]))
    new = done[-len(without) :]
    count = await connection.fetchval(
        SQL["give_sequences"],
        [row.position for row in new],
        [row.sequence for row in new],
        [partner for partner, _ in given],
        [stream for _, stream in given],
        list(given.values()),
    )
    if count != len(new):
        raise Overtaken("rows of a partner went away while they were numbered")
    return done


async def give_up(connection: Connection, rows: Sequence[Row]) -> None:
    """What can't be written as it is must not hold back the rest: a heartbeat takes its place."""
    await _silence(connection, rows)


async def archive(connection: Connection, rows: Sequence[Row], offsets: Sequence[int]) -> None:
    """These rows stand in their logs."""
    columns: dict[str, list[object]] = defaultdict(list)
    for row, offset in zip(rows, offsets, strict=True):
        for name in ("partner", "stream", "life", "sequence", "id", "type", "data", "at", "kind", "thing", "person"):
            columns[name].append(getattr(row, name))
        columns["consent"].append(row.consent)
        columns["offset"].append(offset)
        columns["untold"].append(row.type in TOLD_OF and row.consent is not None)
    await connection.execute(SQL["archive"], *columns.values(), sorted({row.shard for row in rows}))


async def beat(connection: Connection, shards: Iterable[int], absent: Collection[UUID], every: float) -> None:
    await connection.execute(SQL["beat"], sorted(shards), timedelta(seconds=every), list(absent), Heartbeat.type)
