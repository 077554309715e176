"""Envelopes to Kafka records and back, in both modes of the CloudEvents Kafka binding.

Binary inside the network, so a consumer routes without parsing; structured to partners, so one document holds
all. Ours rather than the `cloudevents` package, which takes any text for an id and a time, and raises what it
likes; the tests hold the two against each other.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from json import JSONEncoder
from typing import Any, NoReturn, TypeVar, cast
from uuid import UUID

from pydantic_core import from_json, to_json

from shared.contracts.attributes import (
    DIGITS,
    MEDIA_TYPE,
    BadAttribute,
    check_text,
    check_uri,
    decode_name,
    decode_text,
    format_time,
    parse_epoch,
    parse_id,
    parse_sequence,
    parse_time,
)
from shared.contracts.envelope import LARGEST_EPOCH, LARGEST_NUMBER, LARGEST_VALUE, BadRecord, Envelope, TooLarge

Headers = Sequence[tuple[str, bytes | None]]
Found = Mapping[str, bytes]  # Kafka allows a header without a value: reading one as if it had is an AttributeError
T = TypeVar("T")

JSON = b"application/json"
STRUCTURED = b"application/cloudevents+json"
FIXED_TIME = re.compile(rb"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d\.\d{6}Z")
REQUIRED = ("id", "source", "type", "subject", "time", "sequence", "epoch", "partitionkey", "dataschema")
OPTIONAL = ("traceparent", "causationid", "actor")
ATTRIBUTES = frozenset((*REQUIRED, *OPTIONAL, "specversion", "datacontenttype"))
compact = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def to_kafka(envelope: Envelope) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers in binary mode. TooLarge over 256 KiB; BadAttribute for what CloudEvents forbids."""
    if len(envelope.data) > LARGEST_VALUE:
        raise TooLarge(len(envelope.data))
    check(envelope)
    key = envelope.partitionkey.encode()
    headers = lay_out(
        constants_of(envelope.source, envelope.type, envelope.dataschema),
        key,
        envelope.id,
        envelope.subject,
        envelope.time,
        envelope.sequence,
        envelope.epoch,
        envelope.traceparent,
        envelope.causationid,
        envelope.actor,
    )
    return key, envelope.data, headers


@lru_cache(maxsize=1024)
def constants_of(source: str, type: str, dataschema: str) -> tuple[tuple[str, bytes], ...]:
    """The headers that are the same on every fact of a type."""
    return (
        ("ce_specversion", b"1.0"),
        ("ce_source", source.encode()),
        ("ce_type", type.encode()),
        ("ce_dataschema", dataschema.encode()),
        ("content-type", JSON),
    )


def lay_out(
    constants: tuple[tuple[str, bytes], ...],
    key: bytes,
    id: UUID,
    subject: str,
    time: datetime,
    sequence: int,
    epoch: int,
    traceparent: str | None,
    causationid: str | None,
    actor: str | None,
) -> list[tuple[str, bytes]]:
    """The headers of a record. Unchecked, for who holds facts that were checked: the relay's hot path."""
    headers = [
        *constants,
        ("ce_id", str(id).encode()),
        ("ce_subject", subject.encode()),
        ("ce_time", format_time(time).encode()),
        ("ce_sequence", b"%019d" % sequence),
        ("ce_epoch", b"%d" % epoch),
        ("ce_partitionkey", key),
    ]
    if traceparent is not None:
        headers.append(("ce_traceparent", traceparent.encode()))
    if causationid is not None:
        headers.append(("ce_causationid", causationid.encode()))
    if actor is not None:
        headers.append(("ce_actor", actor.encode()))
    return headers


def to_structured(envelope: Envelope) -> bytes:
    """One JSON document. `data` is set in as it is, so what was sealed or signed stays byte for byte."""
    check(envelope)
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(envelope.id),
        "source": envelope.source,
        "type": envelope.type,
        "subject": envelope.subject,
        "time": format_time(envelope.time),
        "datacontenttype": "application/json",
        "dataschema": envelope.dataschema,
        "sequence": f"{envelope.sequence:0{DIGITS}d}",
        "epoch": envelope.epoch,
        "partitionkey": envelope.partitionkey,
    }
    attributes |= {name: text for name in OPTIONAL if (text := getattr(envelope, name)) is not None}
    return put_data(attributes, envelope.data)


def put_data(attributes: Mapping[str, Any], data: bytes) -> bytes:
    """The CloudEvents document of these attributes and this JSON. TooLarge over 256 KiB, BadRecord if it is no JSON."""
    parse_json(data)
    document = to_json(attributes)[:-1] + b',"data":' + data + b"}"
    if len(document) > LARGEST_VALUE:
        raise TooLarge(len(document))
    return document


def check(envelope: Envelope) -> None:
    """Hold what we are about to write to the rules that we read by. BadAttribute names the one that breaks them."""
    check_text(envelope.subject, "subject")
    check_text(envelope.partitionkey, "partitionkey")
    check_text(envelope.type, "type")
    check_uri(envelope.source, "source")
    check_uri(envelope.dataschema, "dataschema")
    for name in OPTIONAL:
        text = getattr(envelope, name)
        if text is not None:
            check_text(text, name)
    if not 0 < envelope.sequence <= LARGEST_NUMBER:
        raise BadAttribute("bad_sequence", "sequence")
    if not 0 <= envelope.epoch <= LARGEST_EPOCH:
        raise BadAttribute("bad_epoch", "epoch")


def from_kafka(key: bytes | None, value: bytes | None, headers: Headers) -> Envelope:
    """The envelope of a record in either mode. BadRecord, never another error, with as much as could be read."""
    found = cast(Found, dict(headers))
    if len(found) != len(headers) or found.get("content-type") != JSON or "ce_specversion" not in found:
        found = read_headers(headers)
        if is_structured(found):
            return from_structured(value, key)
        if "ce_specversion" not in found:
            raise BadRecord("tombstone" if value is None else "no_envelope")
    return read(found, key, value)


def from_structured(value: bytes | None, key: bytes | None = None) -> Envelope:
    """The envelope of a CloudEvents document. Its `data` is written anew and compact: the old layout is lost."""
    if value is None:
        raise BadRecord("tombstone")
    found, document = open_document(value)
    return read(found, key, data_in(document, found))


def read(found: Found, key: bytes | None, value: bytes | None) -> Envelope:
    try:
        return read_attributes(found, key, value)
    except BadAttribute as bad:
        refuse(found, bad)
    except (KeyError, AttributeError):
        refuse(found, first_missing(found))


def read_attributes(found: Found, key: bytes | None, value: bytes | None) -> Envelope:
    """The hot path: each step here is taken for every record of the network."""
    if found["ce_specversion"] != b"1.0":
        raise BadAttribute("bad_specversion", "specversion")
    if value is None:
        raise BadAttribute("tombstone", "data")
    if len(value) > LARGEST_VALUE:
        raise BadAttribute("too_large", "data")
    partitionkey = decode_text(found["ce_partitionkey"], "partitionkey")
    if key is not None and key != found["ce_partitionkey"]:
        raise BadAttribute("bad_key", "partitionkey")
    return Envelope(
        parse_id(found["ce_id"].decode("latin-1")),
        decode_name(found["ce_source"], "source"),
        decode_name(found["ce_type"], "type"),
        decode_text(found["ce_subject"], "subject"),
        decode_time(found["ce_time"]),
        parse_sequence(found["ce_sequence"]),
        parse_epoch(found["ce_epoch"]),
        partitionkey,
        decode_name(found["ce_dataschema"], "dataschema"),
        decode_optional(found.get("ce_traceparent"), "traceparent"),
        decode_optional(found.get("ce_causationid"), "causationid"),
        decode_optional(found.get("ce_actor"), "actor"),
        value,
    )


def decode_time(raw: bytes) -> datetime:
    text = raw.decode("latin-1")
    if FIXED_TIME.fullmatch(raw):  # our own form: skip the general one
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise BadAttribute("bad_time", "time") from None
    return parse_time(text)


def decode_optional(raw: bytes | None, name: str) -> str | None:
    """Null counts as absent: CloudEvents says so of documents, and a header without a value says no more."""
    return None if raw is None else decode_text(raw, name)


def read_headers(headers: Headers) -> Found:
    """Headers by name, whatever its case. An attribute twice with two values says two things, and is refused."""
    found: dict[str, bytes | None] = {}
    for given, raw in headers:
        name = given.lower()
        if found.setdefault(name, raw) != raw and (name.startswith("ce_") or name == "content-type"):
            del found[name]
            refuse(cast(Found, found), BadAttribute("duplicate_header", name.removeprefix("ce_")))
    return cast(Found, found)


def is_structured(found: Found) -> bool:
    """Whether the value is the whole document. BadRecord for a content type that neither mode has."""
    kind = (found.get("content-type") or b"").split(b";")[0].strip().lower()
    if kind == STRUCTURED:
        return True
    if kind.startswith(b"application/cloudevents") or (kind and "ce_specversion" in found and not is_json(kind)):
        refuse(found, BadAttribute("unsupported_content", "content-type"))
    return False


def is_json(kind: bytes) -> bool:
    return bool(MEDIA_TYPE.fullmatch(kind.split(b";")[0].strip().lower().decode("latin-1")))


def open_document(value: bytes) -> tuple[Found, dict[str, Any]]:
    """A CloudEvents JSON document, and its attributes as the headers that binary mode would have had."""
    if len(value) > LARGEST_VALUE:
        raise BadRecord("too_large")
    document = parse_json(value)
    if not isinstance(document, dict) or "specversion" not in document:
        raise BadRecord("no_envelope")
    found: dict[str, bytes] = {}
    wrong = None
    for name, content in document.items():
        if isinstance(content, str):
            found[f"ce_{name}"] = content.encode()
        elif type(content) is int and abs(content) <= LARGEST_NUMBER:
            found[f"ce_{name}"] = b"%d" % content
        elif name in ATTRIBUTES and content is not None:
            wrong = wrong or BadAttribute("bad_header", name)
    if wrong is not None:
        refuse(found, wrong)
    return found, document


def data_in(document: Mapping[str, Any], found: Found) -> bytes:
    """The data of a document as compact JSON."""
    if "data_base64" in document or not is_json(found.get("ce_datacontenttype", JSON)):
        refuse(found, BadAttribute("unsupported_content", "datacontenttype"))
    if document.get("data") is None:
        refuse(found, BadAttribute("tombstone", "data"))
    try:
        return compact(document["data"]).encode()
    except ValueError:  # 1e400 reads as infinity, which JSON can't say
        refuse(found, BadAttribute("bad_json", "data"))


def parse_json(value: bytes) -> Any:
    """BadRecord for what is not JSON: NaN, lone surrogates, nesting beyond 200 and numbers of 5,000 digits included."""
    try:
        return from_json(value, allow_inf_nan=False)
    except ValueError:
        try:
            value.decode()
        except UnicodeDecodeError:
            raise BadRecord("not_utf8") from None
        raise BadRecord("bad_json") from None


def first_missing(found: Found) -> BadAttribute:
    for name in REQUIRED:
        if f"ce_{name}" not in found:
            return BadAttribute("missing_attribute", name)
        if found[f"ce_{name}"] is None:
            return BadAttribute("bad_header", name)
    return BadAttribute("bad_header", "specversion")


def refuse(found: Found, bad: BadAttribute) -> NoReturn:
    """Raise BadRecord with each attribute that could be read on its own, so that its subject is parked and not more."""

    def salvage(name: str, read: Callable[[bytes], T]) -> T | None:
        raw = found.get(f"ce_{name}")
        if raw is None:
            return None
        try:
            return read(raw)
        except BadAttribute:
            return None

    raise BadRecord(
        bad.reason,
        salvage("subject", lambda raw: decode_text(raw, "subject")),
        salvage("source", lambda raw: decode_name(raw, "source")),
        salvage("id", lambda raw: parse_id(raw.decode("latin-1"))),
        sequence=salvage("sequence", parse_sequence),
        type=salvage("type", lambda raw: decode_name(raw, "type")),
        detail=bad.attribute,
    ) from None
