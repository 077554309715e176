"""Whether a changed schema still fits its readers and its past: what was published binds.

Two readers count: today's, who will meet tomorrow's records, and tomorrow's, who will read today's again at every
replay. So a change must be harmless both ways, and only three are: another optional field, another known value of an
open code, other words. What this module does not know to be harmless, it refuses.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.contracts.documents.schemas import Schema, inlined

WORDS = frozenset({"description", "title", "examples", "deprecated", "x-meanings", "$schema", "$id", "$defs"})
LOWER = {
    "minimum": "a lower bound",
    "exclusiveMinimum": "a lower bound",
    "minLength": "a least length",
    "minItems": "a least count",
}
UPPER = {
    "maximum": "an upper bound",
    "exclusiveMaximum": "an upper bound",
    "maxLength": "a longest length",
    "maxItems": "a largest count",
}
STRUCTURE = frozenset({"properties", "required", "items", "anyOf", "oneOf", "allOf", "enum", "x-known-values"})


class Rule(StrEnum):
    """Why a change is refused."""

    TYPE_REMOVED = "type_removed"
    TOPIC_CHANGED = "topic_changed"
    FIELD_REMOVED = "field_removed"
    FIELD_RENAMED = "field_renamed"
    FIELD_ADDED_REQUIRED = "field_added_required"
    FIELD_NOW_REQUIRED = "field_now_required"
    FIELD_NOW_OPTIONAL = "field_now_optional"
    KIND_CHANGED = "kind_changed"
    NULL_ADDED = "null_added"
    NULL_REMOVED = "null_removed"
    NARROWED = "narrowed"
    WIDENED = "widened"
    PATTERN_CHANGED = "pattern_changed"
    FORMAT_CHANGED = "format_changed"
    DEFAULT_CHANGED = "default_changed"
    CLOSED_VALUE_ADDED = "closed_value_added"
    CLOSED_VALUE_REMOVED = "closed_value_removed"
    KNOWN_VALUE_REMOVED = "known_value_removed"
    CODE_CLOSED = "code_closed"
    CODE_OPENED = "code_opened"
    ALTERNATIVES_CHANGED = "alternatives_changed"
    COMPARTMENT_CHANGED = "compartment_changed"
    UNKNOWN_CHANGE = "unknown_change"


@dataclass(frozen=True, slots=True)
class Break:
    """One refused change. `says` is the whole sentence, with what to do instead."""

    type: str
    path: str
    rule: Rule
    why: str

    @property
    def says(self) -> str:
        place = f"`{self.path}`" if self.path else "the event"
        family, _, version = self.type.rpartition(".v")
        following = f"{family}.v{int(version) + 1}" if version.isdigit() else "a new type"
        return f"{self.type}: {place} {self.why} Leave it as it was, or add {following} beside it."


def binding(schema: Schema) -> Schema:
    """The part of a schema that readers rely on: no words, and each part in its place. What is published is this."""
    return _bare(inlined(schema))


def breaks(name: str, old: Schema, new: Schema | None) -> list[Break]:
    """Every refused change to a type, from what was published to what the code says; `new` None: the type is gone."""
    if new is None:
        why = "is gone, and its records stay on the topic for ever."
        return [Break(name, "", Rule.TYPE_REMOVED, why)]
    old, new = binding(old), binding(new)
    found = [Break(name, path, rule, why) for path, rule, why in _compare(old, new, "")]
    if old.get("x-topic") != new.get("x-topic"):
        why = f"moved from {old.get('x-topic')} to {new.get('x-topic')}, where no reader of today looks."
        found.insert(0, Break(name, "", Rule.TOPIC_CHANGED, why))
    return found


Found = Iterator[tuple[str, Rule, str]]


def _compare(old: Schema, new: Schema, path: str) -> Found:
    old, old_null = _without_null(old)
    new, new_null = _without_null(new)
    if new_null and not old_null:
        yield path, Rule.NULL_ADDED, "may now be null, which readers of today refuse."
    if old_null and not new_null:
        yield path, Rule.NULL_REMOVED, "may no longer be null, as records already written are."
    if old.get("type") != new.get("type"):
        yield path, Rule.KIND_CHANGED, f"was {_kind(old)} and is now {_kind(new)}."
        return
    yield from _fields(old, new, path)
    yield from _values(old, new, path)
    yield from _limits(old, new, path)
    yield from _alternatives(old, new, path)
    lay, lies = old.get("x-compartment"), new.get("x-compartment")
    if lay is not None and lay != lies:  # none: published before there was sealing, and read in clear
        yield (
            path,
            Rule.COMPARTMENT_CHANGED,
            f"moved from `{lay}` to `{lies}`, whose key readers of today may not have.",
        )
    if "items" in old or "items" in new:
        yield from _compare(old.get("items", {}), new.get("items", {}), f"{path}[]")
    yield from _rest(old, new, path)


def _fields(old: Schema, new: Schema, path: str) -> Found:
    before, after = old.get("properties", {}), new.get("properties", {})
    must_before, must_after = set(old.get("required", ())), set(new.get("required", ()))
    added = [name for name in after if name not in before]
    for name, field in before.items():
        where = f"{path}.{name}" if path else name
        if name not in after:
            twin = next((a for a in added if _bare(after[a]) == _bare(field)), None)
            if twin:
                yield where, Rule.FIELD_RENAMED, f"is now called `{twin}`, and readers of today look for `{name}`."
            else:
                yield where, Rule.FIELD_REMOVED, "was removed, and readers of today count on it."
            continue
        if name in must_after - must_before:
            yield where, Rule.FIELD_NOW_REQUIRED, "is now required, and records already written may lack it."
        if name in must_before - must_after:
            yield (
                where,
                Rule.FIELD_NOW_OPTIONAL,
                "is no longer required, and readers of today refuse a record without it.",
            )
        if name not in must_before | must_after and field.get("default", ...) != after[name].get("default", ...):
            yield where, Rule.DEFAULT_CHANGED, "has another default, which changes what records without it mean."
        yield from _compare(field, after[name], where)
    for name in added:
        if name in must_after:
            where = f"{path}.{name}" if path else name
            yield where, Rule.FIELD_ADDED_REQUIRED, "is new and required, and no record already written has it."


def _values(old: Schema, new: Schema, path: str) -> Found:
    closed_before, closed_after = "enum" in old, "enum" in new
    known_before, known_after = old.get("x-known-values"), new.get("x-known-values")
    if known_before is not None and known_after is None:
        yield path, Rule.CODE_CLOSED, "was an open code; records may hold values that are refused now."
        return
    if closed_before and not closed_after:
        yield path, Rule.CODE_OPENED, "was a closed list; readers of today refuse any other value."
        return
    for value in known_before or ():
        if value not in (known_after or ()):
            yield path, Rule.KNOWN_VALUE_REMOVED, f"no longer knows `{value}`, which records already written may hold."
    if closed_before:
        for value in old["enum"]:
            if value not in new["enum"]:
                yield (
                    path,
                    Rule.CLOSED_VALUE_REMOVED,
                    f"no longer takes {value!r}, which records already written may hold.",
                )
        for value in new["enum"]:
            if value not in old["enum"]:
                yield path, Rule.CLOSED_VALUE_ADDED, f"now takes {value!r}, which readers of today refuse."
    elif closed_after:
        yield path, Rule.CODE_CLOSED, "is now a closed list, and records already written may hold other values."


def _limits(old: Schema, new: Schema, path: str) -> Found:
    for limits, narrower in ((LOWER, lambda a, b: b > a), (UPPER, lambda a, b: b < a)):
        for key, what in limits.items():
            before, after = old.get(key), new.get(key)
            if before == after:
                continue
            if before is None or (after is not None and narrower(before, after)):
                yield path, Rule.NARROWED, f"has {what} of {after} now, and records already written may lie beyond it."
            else:
                yield path, Rule.WIDENED, f"had {what} of {before}, and readers of today refuse what lies beyond it."
    if old.get("pattern") != new.get("pattern"):
        yield path, Rule.PATTERN_CHANGED, "has another pattern, which fits the past or the readers of today, not both."
    if old.get("format") != new.get("format"):
        yield path, Rule.FORMAT_CHANGED, f"was {_kind(old)} and is now {_kind(new)}."


def _alternatives(old: Schema, new: Schema, path: str) -> Found:
    for key in ("anyOf", "oneOf", "allOf"):
        if [_bare(branch) for branch in old.get(key, ())] != [_bare(branch) for branch in new.get(key, ())]:
            yield path, Rule.ALTERNATIVES_CHANGED, "may be other things than it was."


def _rest(old: Schema, new: Schema, path: str) -> Found:
    seen = (
        WORDS
        | STRUCTURE
        | LOWER.keys()
        | UPPER.keys()
        | {"type", "pattern", "format", "default", "x-topic", "x-compartment"}
    )
    for key in sorted((old.keys() | new.keys()) - seen):
        if old.get(key) != new.get(key):
            yield path, Rule.UNKNOWN_CHANGE, f"has another `{key}`, and whether that is harmless is not known here."


def _without_null(schema: Schema) -> tuple[Schema, bool]:
    """The schema as if it could not be null, and whether it can."""
    branches = schema.get("anyOf", ())
    others = [branch for branch in branches if branch.get("type") != "null"]
    if len(others) == len(branches):
        return schema, False
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return ({**others[0], **rest} if len(others) == 1 else {**rest, "anyOf": others}), True


def _bare(schema: Any) -> Any:
    """Without its words."""
    if isinstance(schema, dict):
        fields = {name: _bare(field) for name, field in schema.get("properties", {}).items()}
        rest = {key: _bare(value) for key, value in schema.items() if key not in WORDS and key != "properties"}
        return rest | ({"properties": fields} if fields else {})
    return [_bare(item) for item in schema] if isinstance(schema, list) else schema


def _kind(schema: Schema) -> str:
    return str(schema.get("format") or schema.get("type") or "one of several")
