"""The one place where an event becomes bytes and bytes an event: sealing each person's parts belongs here alone.

Readers ignore fields they do not know, take codes they do not know, and skip types they do not know, so a newer writer
harms no older reader.
"""

from typing import cast
from uuid import UUID

from pydantic import ValidationError
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


def encode_data(event: Event, *, person: UUID | None) -> bytes:
    """Compact JSON with every field, so that a default that changes later changes no old fact. TooLarge over 256 KiB.

    `person` is whose fact it is, None for the public facts of agencies and programs.
    """
    data = event.__pydantic_serializer__.to_json(event)
    if len(data) > LARGEST_VALUE:
        raise TooLarge(len(data))
    return data


def decode_data(type: str, data: bytes) -> Event:
    """The event. UnknownType for a type we do not have; otherwise BadRecord, with fields but never their values."""
    kind = EVENTS.get(type)
    if kind is None:
        raise UnknownType(type)
    try:
        return read_data(kind, data)
    except ValidationError as error:
        if not any(problem["type"] == "enum" for problem in problems(error)):
            raise bad_record(type, error) from None
    return read_with_new_codes(kind, data)


def decode(envelope: Envelope) -> Event:
    """`decode_data` of a record, so that a refusal knows whose record it was."""
    try:
        return decode_data(envelope.type, envelope.data)
    except BadRecord as bad:
        raise BadRecord(
            bad.reason,
            envelope.subject,
            envelope.source,
            envelope.id,
            sequence=envelope.sequence,
            type=envelope.type,
            detail=bad.detail,
        ) from None


def read_data(kind: type[Event], data: bytes) -> Event:
    return cast(Event, kind.__pydantic_validator__.validate_json(data, strict=True))


def read_with_new_codes(kind: type[Event], data: bytes) -> Event:
    """Once more, taking codes that are not declared here. A second reading, so that the first pays nothing for it."""
    token = READING_EVENTS.set(True)
    try:
        return read_data(kind, data)
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
