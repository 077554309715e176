"""A batch of records on its way through one transaction: what arrived, what was known, what changed.

The offset row of each partition is locked before anything else, so a partition has one applier at a time; progress is
saved only from the state it was read in, so even a process that wakes late changes nothing twice.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Protocol
from uuid import UUID

from asyncpg import Connection

from shared.contracts.codec import Headers, from_kafka
from shared.contracts.data import UnknownType, decode, of
from shared.contracts.envelope import BadRecord, Envelope
from shared.contracts.events import EVENTS, Event, SideEvent
from shared.contracts.sealed import Sealed, is_sealed, take_apart
from shared.messaging.judging import Parked, Progress
from shared.messaging.reactions import Fact
from shared.runtime import sql
from shared.runtime.errors import Retryable

SQL = sql.load(__file__, "inbox.sql")
UNKNOWN = -1  # stands for "no row yet" where a sequence is compared


class KafkaRecord(Protocol):
    """What we use of a consumer's record."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


@dataclass(slots=True)
class Arrival:
    """A record and what could be read of it. With nothing but its envelope it is of a type that we don't know."""

    record: KafkaRecord
    envelope: Envelope | None = None
    fact: Fact | None = None
    bad: BadRecord | None = None
    sealed: Sealed | None = None  # what is still to be opened, by `sealing.Opener`
    erased: UUID | None = None  # the person whose keys are gone, and with them all but the envelope


@dataclass(slots=True)
class Batch:
    """What one transaction knows and changes."""

    consumer: str
    cluster: str
    arrivals: Sequence[Arrival]
    progress: dict[tuple[str, str], Progress] = field(default_factory=dict)
    before: dict[tuple[str, str], int] = field(default_factory=dict)  # sequences as they were read
    changed: set[tuple[str, str]] = field(default_factory=set)
    applied: Counter[tuple[str, int]] = field(default_factory=Counter)
    ignored: Counter[tuple[str, int]] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    erased: Counter[str] = field(default_factory=Counter)  # of those ignored, the ones whose person was erased

    places: dict[tuple[str, int], int] = field(init=False)  # topic and partition -> offset after the last record here

    def __post_init__(self) -> None:
        self.places = {(a.record.topic, a.record.partition): a.record.offset + 1 for a in self.arrivals}

    def of(self, topic: str, subject: str) -> Progress:
        known = self.progress.get((topic, subject))
        if known is None:
            known = self.progress[topic, subject] = Progress()
        return known

    def advance(self, record: KafkaRecord, envelope: Envelope, counted: Counter[tuple[str, int]]) -> None:
        where = (record.topic, envelope.subject)
        self.progress[where].advance(envelope)
        self.changed.add(where)
        counted[record.topic, record.partition] += 1


class Overtaken(Retryable):
    """Progress moved under this transaction; what it did is undone and judged again."""


def read(record: KafkaRecord) -> Arrival:
    """Never raises: what can't be read is an arrival that says so."""
    try:
        envelope = from_kafka(record.key, record.value, record.headers)
    except BadRecord as bad:
        return Arrival(record, bad=bad)
    try:
        if is_sealed(envelope.data):
            return Arrival(record, envelope, sealed=_closed(envelope))
        return Arrival(record, envelope, Fact(envelope, _at_home(record, envelope, decode(envelope))))
    except UnknownType:
        return Arrival(record, envelope)
    except BadRecord as bad:
        return Arrival(record, envelope, bad=bad)


def _at_home(record: KafkaRecord, envelope: Envelope, event: Event) -> Event:
    """Who may write a topic is the broker's to say, so no service's word counts on another's."""
    if isinstance(event, SideEvent) and event.topic != record.topic:
        raise of(envelope, BadRecord("wrong_topic", detail="service"))
    return event


def _closed(envelope: Envelope) -> Sealed | None:
    """None for a type that we don't know: nobody needs a key to skip it."""
    try:
        return take_apart(envelope.data) if envelope.type in EVENTS else None
    except BadRecord as bad:
        raise of(envelope, bad) from None


async def lock_offsets(tx: Connection, batch: Batch) -> None:
    """Become the one applier of these partitions; creates their rows on first sight.

    Then the rows of other clusters are locked too: who settles a letter of one of those can't see a row made just now.
    """
    places = batch.places
    columns = [topic for topic, _ in places], [partition for _, partition in places]
    rows = await tx.fetch(SQL["lock_offsets"], batch.consumer, batch.cluster, *columns)
    if len(rows) < len(places):
        await tx.execute(SQL["make_offsets"], batch.consumer, batch.cluster, *columns)
        await lock_everywhere(tx, batch)


async def lock_everywhere(tx: Connection, batch: Batch) -> None:
    """Keep everybody else from these partitions, whichever cluster they read."""
    columns = [topic for topic, _ in batch.places], [partition for _, partition in batch.places]
    await tx.fetch(SQL["lock_everywhere"], batch.consumer, *columns)


async def load_progress(tx: Connection, batch: Batch) -> None:
    """What is known of every subject that these records name."""
    named: dict[str, set[str]] = {}
    for arrival in batch.arrivals:
        if subject := arrival.envelope.subject if arrival.envelope else arrival.bad and arrival.bad.subject:
            named.setdefault(arrival.record.topic, set()).add(subject)
    for topic, subjects in named.items():
        for row in await tx.fetch(SQL["progress"], batch.consumer, topic, subjects):
            where = topic, row["subject"]
            batch.before[where] = row["sequence"]
            batch.progress[where] = Progress(
                row["epoch"], row["sequence"], row["last_id"], Parked(row["parked"]) if row["parked"] else None
            )


async def save(tx: Connection, batch: Batch) -> None:
    """Progress and offsets, in the transaction of the effects."""
    for topic, places in groupby(sorted(batch.changed), key=itemgetter(0)):
        await _save_progress(tx, batch, topic, [subject for _, subject in places])
    offsets = batch.places
    await tx.execute(
        SQL["save_offsets"],
        batch.consumer,
        batch.cluster,
        [topic for topic, _ in offsets],
        [partition for _, partition in offsets],
        list(offsets.values()),
        [batch.applied[place] for place in offsets],
        [batch.ignored[place] for place in offsets],
    )


async def _save_progress(tx: Connection, batch: Batch, topic: str, subjects: Sequence[str]) -> None:
    """All of them, or Overtaken."""
    known = [batch.progress[topic, subject] for subject in subjects]
    saved = await tx.execute(
        SQL["save_progress"],
        batch.consumer,
        topic,
        subjects,
        [p.epoch for p in known],
        [p.sequence for p in known],
        [p.last_id for p in known],
        [p.parked for p in known],
        [batch.before.get((topic, subject), UNKNOWN) for subject in subjects],
    )
    if int(saved.rpartition(" ")[2]) != len(subjects):
        raise Overtaken("another process was faster with a subject of this batch")
