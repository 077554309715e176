"""Picking rows up: decided once more, under lock, and numbered; and putting away what the log acknowledged.

A row is read only after the producer that will write it was initialised. So whoever initialised it anew since then has
also ended whatever was read before.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection, Record

from services.notifications import consents
from services.notifications.consents import Forgotten
from services.notifications.disclosing import lock_consents
from services.notifications.disclosure import (
    Agreement,
    Consent,
    Person,
    Recipient,
    about_referral,
    about_setback,
    obstacle,
)
from shared.contracts.data import read_data
from shared.contracts.events import EVENTS
from shared.contracts.partner_codec import to_partner
from shared.contracts.partner_view import Heartbeat, ReferralReceived, SetbackShared, StreamEvent
from shared.runtime import sql

SQL = sql.load(__file__, "rows.sql")
TOLD_OF = {ReferralReceived.type, SetbackShared.type}  # what the rest of the network hears was acknowledged


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


@dataclass(frozen=True, slots=True)
class Found:
    """A row, and what decides about it besides its consent."""

    row: Row
    to: Recipient
    about: Person | None
    need: str | None

    def may_go(self, consents: Mapping[UUID, Consent]) -> bool:
        """Decided as on the first day, by what is known now."""
        row = self.row
        if row.consent is None:
            return True
        if row.person is None or row.thing is None or (row.kind == "referral" and self.need is None):
            return False
        if row.kind == "setback":
            matter = about_setback(row.person, row.agency, row.thing)
        else:
            matter = about_referral(row.person, row.agency, self.need or "")
        return obstacle(matter, consents.get(row.consent), self.about, self.to) is None


def _found(record: Record) -> Found:
    row = Row(
        record["position"], record["shard"], record["partner"], record["slug"], record["agency"], record["stream"],
        record["life"], record["id"], record["type"], record["data"], record["at"], record["kind"], record["thing"],
        record["person"], record["consent"], record["sequence"] or 0,
    )  # fmt: skip
    agreed = zip(record["agreed_from"], record["agreed_until"], strict=True)
    to = Recipient(
        row.partner, row.slug, row.agency, row.shard, record["now"].astimezone(ZoneInfo(record["timezone"])).date(),
        record["holds_no_records"], tuple(Agreement(first, last) for first, last in agreed),
    )  # fmt: skip
    known = row.person is not None and record["synthetic"] is not None
    about = Person(row.person, record["synthetic"], record["erased"]) if known and row.person else None
    return Found(row, to, about, record["need"])


async def busy(connection: Connection, shards: Iterable[int], absent: Collection[UUID], cluster: str) -> set[int]:
    return {row["shard"] for row in await connection.fetch(SQL["busy"], sorted(shards), list(absent), cluster)}


async def pick_up(connection: Connection, shards: Iterable[int], absent: Collection[UUID], most: int) -> list[Row]:
    """The next rows of these shards with their sequences, committed, without what may not be told any more."""
    async with connection.transaction():
        records = await connection.fetch(SQL["next_rows"], sorted(shards), list(absent), most)
        if not records:
            return []
        kept, barred = await _decide_again(connection, [_found(record) for record in records])
        if barred:
            kept += await _silence(connection, [row for row in barred if row.sequence])
            await _drop(connection, [row for row in barred if not row.sequence])
            await consents.forget(connection, [_forgotten(row) for row in barred])
        numbered = await _number(connection, kept)
    return sorted(numbered, key=lambda row: (row.shard, row.partner, row.stream, row.sequence))


def _forgotten(row: Row) -> Forgotten:
    return Forgotten(row.partner, row.thing, row.type)


async def _decide_again(connection: Connection, found: Sequence[Found]) -> tuple[list[Row], list[Row]]:
    """What may go and what may not, as things are now; the consents stay locked until the numbers are given."""
    asked = {one.row.consent for one in found if one.row.consent}
    locked = await lock_consents(connection, asked) if asked else {}
    kept: list[Row] = []
    barred: list[Row] = []
    for one in found:
        (kept if one.may_go(locked) else barred).append(one.row)
    return kept, barred


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
    """These rows with their numbers. One that went away between reading and numbering is not among them."""
    done = [row for row in rows if row.sequence]
    without = [row for row in rows if not row.sequence]
    if without:
        partners = list({row.partner for row in without})
        answer = await connection.fetch(SQL["number"], [row.position for row in without], partners)
        given = {row["position"]: row["sequence"] for row in answer}
        done += [replace(row, sequence=given[row.position]) for row in without if row.position in given]
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
