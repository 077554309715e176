"""States as JSON and back. What people wrote (the fields that show nowhere) is left out: it is sealed elsewhere."""

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def to_json(state: Any) -> str:
    """Ids and codes only."""
    return json.dumps(_plain(state), default=str)


def from_json(kind: Any, text: str) -> Any:
    """The state that `to_json` was given, its words empty."""
    return _adapter(kind).validate_json(text, strict=False)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.repr}
    if isinstance(value, (tuple, list, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value
