"""A partner's records: what we write to its streams, and what its own system writes to its inbound topic.

Ours are structured documents with nothing of the inside in them. Theirs are read with more patience than our own: a
partner needs only what CloudEvents itself demands (id, source, type) and data. Who it is comes from the topic.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from shared.contracts.attributes import DIGITS, BadAttribute, decode_text, format_time
from shared.contracts.codec import (
    STRUCTURED,
    Found,
    Headers,
    data_in,
    is_structured,
    open_document,
    put_data,
    read_headers,
)
from shared.contracts.data import bad_record, dataschema_of, encode_data, read_data
from shared.contracts.envelope import LARGEST_VALUE, BadRecord
from shared.contracts.partner_view import Answer, StreamEvent

SOURCE = "/throughcare"  # not the service: how the network is built inside is nobody's business


def to_partner(
    event: StreamEvent, *, id: UUID, time: datetime, slug: str
) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers of a record for one partner's stream. `id` is made for this record, not the cause's."""
    reference = getattr(event, "reference", None)
    attributes = {
        "specversion": "1.0",
        "id": str(id),
        "source": SOURCE,
        "type": event.type,
        "subject": reference or slug,
        "time": format_time(time),
        "datacontenttype": "application/json",
        "dataschema": dataschema_of(event.type),
        "sequence": f"{event.sequence:0{DIGITS}d}",
        "partitionkey": slug,
    }
    return slug.encode(), put_data(attributes, encode_data(event)), [("content-type", STRUCTURED)]


@dataclass(frozen=True, slots=True)
class Inbound:
    """`id` is the partner's own text: with its topic it tells a repetition from a new answer."""

    id: str
    answer: Answer


class Unanswerable(BadRecord):
    """It can't be read as an answer. With `answer_id` the partner gets a receipt that says so.

    Without one nobody could tell which record the receipt means, so it is parked alone.
    """

    def __init__(self, bad: BadRecord, answer_id: str | None) -> None:
        super().__init__(bad.reason, detail=bad.detail)
        self.answer_id = answer_id


def from_partner(value: bytes | None, headers: Headers) -> Inbound:
    """The answer of one inbound record, in either mode. Unanswerable, never another error."""
    answer_id = None
    try:
        found, document = _open(value, headers)
        answer_id = _attribute(found, "id")
        if found.get("ce_specversion") != b"1.0":
            raise BadRecord("bad_specversion")
        _attribute(found, "source")
        if _attribute(found, "type") != Answer.type:
            raise BadRecord("bad_data", detail="type")
        return Inbound(answer_id, _read(_fitting(value) if document is None else data_in(document, found)))
    except BadRecord as bad:
        raise Unanswerable(bad, answer_id) from None
    except BadAttribute as bad:
        raise Unanswerable(BadRecord(bad.reason, detail=bad.attribute), answer_id) from None


def _open(value: bytes | None, headers: Headers) -> tuple[Found, dict[str, Any] | None]:
    """The attributes, and the document where there is one; a partner may forget the content type of a document."""
    found = read_headers(headers)
    if is_structured(found) or "ce_specversion" not in found:
        return open_document(_fitting(value))
    return found, None


def _fitting(value: bytes | None) -> bytes:
    if value is None:
        raise BadRecord("tombstone")
    if len(value) > LARGEST_VALUE:
        raise BadRecord("too_large")
    return value


def _attribute(found: Found, name: str) -> str:
    raw = found.get(f"ce_{name}")
    if raw is None:
        raise BadAttribute("missing_attribute", name)
    return decode_text(raw, name)


def _read(data: bytes) -> Answer:
    try:
        answer = read_data(Answer, data)
    except ValidationError as error:
        raise bad_record(Answer.type, error) from None
    assert isinstance(answer, Answer)
    return answer
