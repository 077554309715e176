"""The one place where an event becomes JSON and JSON an event; `sealed` closes and opens what is of a person.

Readers ignore fields they do not know, take codes they do not know, and skip types they do not know, so a newer writer
harms no older reader.
"""

from functools import cache
from typing import Any, cast

from pydantic import BaseModel, ValidationError, create_model
from pydantic_core import ErrorDetails

from shared.contracts.codes import READING_EVENTS
from shared.contracts.envelope import LARGEST_VALUE, BadRecord, Envelope, TooLarge
from shared.contracts.events import EVENTS, Event
from shared.runtime.errors import ThroughcareError

SCHEMAS = "urn:throughcare:schema:"


class UnknownType(ThroughcareError):
    """A type that this version does not know: no failure. Its reader advances and counts it as ignored by rule."""

    def __init__(self, type: str) -> None:
        super().__init__(f"no event type {type} here")
        self.type = type


def dataschema_of(type: str) -> str:
    """The URI that names the schema of a type; `docs/contracts/schemas/<type>.json` is what it names."""
    return SCHEMAS + type


def encode_data(event: Event) -> bytes:
    """Compact JSON with every field, so that a default that changes later changes no old fact. TooLarge over 256 KiB.

    In clear: for what concerns no person, and for what must be read without a key.
    """
    data = event.__pydantic_serializer__.to_json(event)
    if len(data) > LARGEST_VALUE:
        raise TooLarge(len(data))
    return data


def decode_data(type: str, data: bytes, hidden: frozenset[str] = frozenset()) -> Event:
    """The event. UnknownType for a type we do not have; otherwise BadRecord, with fields but never their values.

    `hidden` fields lie in parts that this reader may not open. A default stands in where there is one; the others are
    not there, and asking for one is an AttributeError.
    """
    kind = EVENTS.get(type)
    if kind is None:
        raise UnknownType(type)
    try:
        return read_data(kind, data, hidden)
    except ValidationError as error:
        if not any(problem["type"] == "enum" for problem in problems(error)):
            raise bad_record(type, error) from None
    return read_with_new_codes(kind, data, hidden)


def decode(envelope: Envelope) -> Event:
    """`decode_data` of a record in clear, so that a refusal knows whose record it was."""
    try:
        return decode_data(envelope.type, envelope.data)
    except BadRecord as bad:
        raise of(envelope, bad) from None


def of(envelope: Envelope, bad: BadRecord) -> BadRecord:
    """The same refusal, with whose record it was."""
    return BadRecord(
        bad.reason,
        envelope.subject,
        envelope.source,
        envelope.id,
        sequence=envelope.sequence,
        type=envelope.type,
        detail=bad.detail,
    )


def read_data(kind: type[Event], data: bytes, hidden: frozenset[str] = frozenset()) -> Event:
    if not hidden:
        return cast(Event, kind.__pydantic_validator__.validate_json(data, strict=True))
    seen = _without(kind, hidden).__pydantic_validator__.validate_json(data, strict=True)
    return kind.model_construct(seen.model_fields_set, **seen.__dict__)


@cache
def _without(kind: type[Event], hidden: frozenset[str]) -> type[BaseModel]:
    """What of a type can be held to its schema when some of its fields can't be read."""
    fields: dict[str, Any] = {
        name: (field.annotation, field) for name, field in kind.model_fields.items() if name not in hidden
    }
    return create_model(kind.__name__, __config__=kind.model_config, **fields)


def read_with_new_codes(kind: type[Event], data: bytes, hidden: frozenset[str]) -> Event:
    """Once more, taking codes that are not declared here. A second reading, so that the first pays nothing for it."""
    token = READING_EVENTS.set(True)
    try:
        return read_data(kind, data, hidden)
    except ValidationError as error:
        raise bad_record(kind.type, error) from None
    finally:
        READING_EVENTS.reset(token)


def bad_record(type: str, error: ValidationError) -> BadRecord:
    """The reason code and the first field that is wrong. What stood there may be personal, so it is left out."""
    first, *more = problems(error)
    if first["type"] == "json_invalid":
        return BadRecord("bad_json", type=type)
    place = ".".join(str(part) for part in first["loc"]) or "the whole"
    detail = f"{place}: {first['type']}" + (f" and {len(more)} more" if more else "")
    return BadRecord("bad_data", type=type, detail=detail)


def problems(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False, include_input=False, include_context=False)
