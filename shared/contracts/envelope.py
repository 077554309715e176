"""The envelope of a fact: CloudEvents 1.0 with the few extensions that order and trace it.

Everything a consumer needs to route, order and drop duplicates is here, so no one opens `data` to find out
whether a record is theirs. `BadRecord` says what could not be read, and as much as could.

    Permanent
    ├── BadRecord    what arrived is no record of ours; `reason` is one of `REASONS`
    └── TooLarge     what is to be sent does not fit
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.runtime.errors import Permanent

LARGEST_VALUE = 256 * 1024  # bytes; a fact of ids and codes takes 600, and a broker's default ends at 1 MB
LARGEST_NUMBER = 2**63 - 1  # Postgres bigint: `sequence`
LARGEST_EPOCH = 2**31 - 1  # a CloudEvents Integer
LONGEST_TEXT = 256  # characters of any one attribute; they are keys of indexes

REASONS = {
    "no_envelope": "neither CloudEvents headers nor a CloudEvents document",
    "unsupported_content": "a content type other than JSON, or a batch",
    "bad_specversion": "another version of CloudEvents than 1.0",
    "missing_attribute": "an attribute that every fact carries is absent",
    "bad_header": "an attribute is empty, too long, of the wrong kind or holds control characters",
    "duplicate_header": "an attribute is there twice with two values",
    "not_utf8": "an attribute or the document is not UTF-8",
    "bad_id": "the id is no UUID",
    "bad_time": "the time is not RFC 3339",
    "bad_sequence": "the sequence is no number from 1",
    "bad_epoch": "the epoch is no number from 0",
    "bad_key": "the record key is another than the partition key",
    "tombstone": "no value at all",
    "too_large": "a value over 256 KiB",
    "bad_json": "data or document is not JSON",
    "bad_data": "data that does not fit the schema of its type",
    "wrong_topic": "one service's word on another service's topic",
    "tampered": "a sealed part that does not open: changed, cut short, or moved from another record",
}


@dataclass(slots=True)
class Envelope:
    """One fact on its way. `sequence` counts per (topic, subject) from 1; `data` is the bytes as on the wire.

    `subject` is the aggregate, `partitionkey` the person (or agency), `epoch` the life of the source's database.
    Nobody changes one; it is not frozen, because a frozen class takes ten times as long to make (1.7 us of 26 a fact).
    """

    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    sequence: int
    epoch: int
    partitionkey: str
    dataschema: str
    traceparent: str | None
    causationid: str | None
    actor: str | None
    data: bytes


class BadRecord(Permanent):
    """`detail` names an attribute or a field, never a value: it reaches logs and the dead letters' list."""

    def __init__(
        self,
        reason: str,
        subject: str | None = None,
        source: str | None = None,
        id: UUID | None = None,
        *,
        sequence: int | None = None,
        type: str | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(f"{reason}: {detail or REASONS[reason]}")
        self.reason = reason
        self.detail = detail
        self.subject = subject
        self.source = source
        self.id = id
        self.sequence = sequence
        self.type = type


class TooLarge(Permanent):
    """Data over the limit is refused before it is written, never cut."""

    def __init__(self, size: int) -> None:
        super().__init__(f"an event's data may take {LARGEST_VALUE} bytes; this one takes {size}")
        self.size = size
