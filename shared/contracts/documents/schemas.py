"""The JSON Schema of an event type, as documents and the compatibility check read it.

It says what a reader accepts: a field is required unless it has a default, and a code is any code, with today's values
beside it. Of sealed types it describes the opened parts, and says of each field in which part it lies.
"""

from copy import deepcopy
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from shared.contracts.codes import CODE, Coded
from shared.contracts.compartments import fields_in, is_about_a_person
from shared.contracts.data import dataschema_of
from shared.contracts.events import Event, topic_of

Schema = dict[str, Any]


class OpenCodes(GenerateJsonSchema):
    """Declared codes as `x-known-values` and their meanings, since readers take others too; no titles made of names."""

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        kind = schema["cls"]
        if not issubclass(kind, Coded):
            return super().enum_schema(schema)
        return {
            "type": "string",
            "pattern": CODE,
            "x-known-values": [member.value for member in kind],
            "x-meanings": {member.value: member.explanation for member in kind},
        }

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@cache
def schema_of(kind: type[Event]) -> Schema:
    """A document of its own: JSON Schema 2020-12, its parts under `$defs`. Made once: do not change it."""
    found = kind.model_json_schema(schema_generator=OpenCodes)
    found.pop("title", None)
    for part in found.get("$defs", {}).values():
        part.pop("title", None)
    if is_about_a_person(kind):
        for compartment, names in fields_in(kind).items():
            for name in names:
                found["properties"][name]["x-compartment"] = compartment.value
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": dataschema_of(kind.type),
        "title": kind.type,
        "x-topic": topic_of(kind),
        **found,
    }


def inlined(schema: Schema) -> Schema:
    """The same without `$ref`: each part in the place where it is used, what stands beside a `$ref` on top of it."""
    return _inline(deepcopy(schema), schema.get("$defs", {}), ())


def _inline(node: Any, parts: Schema, inside: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_inline(item, parts, inside) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        if name in inside:
            raise ValueError(f"{name} holds itself; an event's data is flat enough to do without")
        rest = {key: value for key, value in node.items() if key != "$ref"}
        return _inline({**parts[name], **rest}, parts, (*inside, name))
    return {key: _inline(value, parts, inside) for key, value in node.items() if key != "$defs"}
