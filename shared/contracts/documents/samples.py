"""A sample of each event type, made from its schema: what documents show and what later readers must still read.

Every sample is the same on every machine and every day. A type whose rules span several fields, so that field by field
makes no sound sample, gives its own: `model_config = ConfigDict(json_schema_extra={"examples": [{...}]})`.
"""

import json
import re
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from shared.contracts.codec import to_structured
from shared.contracts.data import dataschema_of, decode_data, encode_data
from shared.contracts.documents.schemas import Schema, inlined, schema_of
from shared.contracts.envelope import BadRecord, Envelope
from shared.contracts.events import Event, topic_of
from shared.contracts.partner_codec import SOURCE, to_partner
from shared.contracts.partner_view import Answer, StreamEvent
from shared.contracts.topics import BY_NAME

MOMENT = datetime(2026, 11, 22, 15, 4, 5, 123456, UTC)
FORMATS = {"date": "2026-11-22", "date-time": "2026-11-22T15:04:05Z", "time": "09:00:00", "uri": "https://example.org/"}
SLUG = "k7m2q9"


def sample_id(name: str) -> UUID:
    """Always the same for one name."""
    return uuid5(NAMESPACE_URL, f"urn:throughcare:sample:{name}")


@cache
def sample_of(kind: type[Event], *, full: bool = True) -> Event:
    """An event with every field, or with only those that it must have. ValueError if none can be made."""
    schema = inlined(schema_of(kind))
    data = schema["examples"][0] if "examples" in schema else _example(schema, kind.type, full)
    try:
        return decode_data(kind.type, json.dumps(data).encode())
    except BadRecord as bad:
        raise ValueError(f"{kind.__qualname__} needs an example of its own: {bad}") from None


def record_of(event: Event) -> bytes:
    """The event as a structured record, the way its topic carries it."""
    id = sample_id(event.type)
    if isinstance(event, StreamEvent):
        return to_partner(event, id=id, time=MOMENT, slug=SLUG)[1]
    data = encode_data(event)
    if isinstance(event, Answer):
        mine = {"specversion": "1.0", "id": "a-0001", "source": "/lantern/desk", "type": event.type}
        return json.dumps({**mine, "data": json.loads(data)}).encode()
    return to_structured(envelope_of(event, data))


def envelope_of(event: Event, data: bytes) -> Envelope:
    topic = topic_of(type(event)).format(service="caseplan")
    return Envelope(
        id=sample_id(event.type),
        source=f"{SOURCE}/{BY_NAME[topic].owner}",
        type=event.type,
        subject=str(sample_id("subject")),
        time=MOMENT,
        sequence=1,
        epoch=1,
        partitionkey=str(sample_id("key")),
        dataschema=dataschema_of(event.type),
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        causationid=str(sample_id("cause")),
        actor=f"worker:{sample_id('worker')}",
        data=data,
    )


def _example(schema: Schema, name: str, full: bool) -> Any:
    for key in ("examples", "enum", "x-known-values"):
        if key in schema:
            return schema[key][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return _example(next(branch for branch in schema["anyOf"] if branch.get("type") != "null"), name, full)
    match schema.get("type"):
        case "object":
            return _object(schema, full)
        case "array":
            size = max(schema.get("minItems", 0), 1 if full else 0)
            return [_example(schema["items"], name, full)] * size
        case "string":
            return _text(schema, name)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return schema.get("default", True)
        case other:
            raise ValueError(f"{name}: no sample for a field of type {other}; give it examples")


def _object(schema: Schema, full: bool) -> dict[str, Any]:
    required = schema.get("required", [])
    fields = schema.get("properties", {})
    return {name: _example(field, name, full) for name, field in fields.items() if full or name in required}


def _text(schema: Schema, name: str) -> str:
    if schema.get("format") == "uuid":
        return str(sample_id(name))
    if "format" in schema:
        return FORMATS[schema["format"]]
    text: str = schema.get("default") or "sample"[: schema.get("maxLength", 6)]
    if not re.search(schema.get("pattern", ""), text):
        raise ValueError(f"{name}: no sample for the pattern {schema['pattern']}; give it examples")
    return text
