"""What was published binds: each way of breaking a reader is caught and explained, and additions pass."""

from copy import deepcopy

import pytest

from shared.contracts.documents.compatibility import Rule, binding, breaks
from shared.contracts.documents.schemas import schema_of
from shared.contracts.events import EVENTS

NAME = "throughcare.toy.told.v1"
CODE = {"type": "string", "pattern": "^[a-z]+$", "x-known-values": ["sms", "voice"]}
OLD = {
    "title": NAME,
    "x-topic": "throughcare.toy.v1",
    "type": "object",
    "$defs": {
        "Span": {"type": "object", "properties": {"days": {"type": "integer", "minimum": 1}}, "required": ["days"]}
    },
    "properties": {
        "toy": {"type": "string", "format": "uuid"},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "way": CODE,
        "answer": {"type": "string", "enum": ["yes", "no"], "x-compartment": "facts"},
        "until": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}], "default": None},
        "span": {"$ref": "#/$defs/Span"},
        "ways": {"type": "array", "items": CODE, "maxItems": 3, "default": []},
        "label": {"type": "string", "maxLength": 10, "default": "x"},
        "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    },
    "required": ["toy", "count", "way", "answer", "span", "either"],
}


def changed(change) -> list:
    new = deepcopy(OLD)
    change(new["properties"], new)
    return breaks(NAME, binding(OLD), new)


def moved(fields, old, new):
    fields[new] = fields.pop(old)


BREAKING = {
    "a required field goes": (lambda p, s: (p.pop("count"), s["required"].remove("count")), Rule.FIELD_REMOVED),
    "an optional field goes": (lambda p, s: p.pop("label"), Rule.FIELD_REMOVED),
    "a field is renamed": (lambda p, s: moved(p, "label", "caption"), Rule.FIELD_RENAMED),
    "a field comes and is required": (
        lambda p, s: (p.update(more={"type": "integer"}), s["required"].append("more")),
        Rule.FIELD_ADDED_REQUIRED,
    ),
    "an optional field becomes required": (lambda p, s: s["required"].append("label"), Rule.FIELD_NOW_REQUIRED),
    "a required field becomes optional": (lambda p, s: s["required"].remove("count"), Rule.FIELD_NOW_OPTIONAL),
    "a number becomes text": (lambda p, s: p.update(count={"type": "string"}), Rule.KIND_CHANGED),
    "one becomes many": (lambda p, s: p.update(way={"type": "array", "items": CODE}), Rule.KIND_CHANGED),
    "null comes": (lambda p, s: p.update(toy={"anyOf": [p["toy"], {"type": "null"}]}), Rule.NULL_ADDED),
    "null goes": (lambda p, s: p.update(until={"type": "string", "format": "date"}), Rule.NULL_REMOVED),
    "a lower bound rises": (lambda p, s: p["count"].update(minimum=2), Rule.NARROWED),
    "a lower bound falls": (lambda p, s: p["count"].update(minimum=0), Rule.WIDENED),
    "a lower bound goes": (lambda p, s: p["count"].pop("minimum"), Rule.WIDENED),
    "an upper bound falls": (lambda p, s: p["count"].update(maximum=8), Rule.NARROWED),
    "an upper bound rises": (lambda p, s: p["label"].update(maxLength=11), Rule.WIDENED),
    "an upper bound comes": (lambda p, s: p["either"].update(maxLength=11), Rule.NARROWED),
    "a list grows": (lambda p, s: p["ways"].update(maxItems=4), Rule.WIDENED),
    "a pattern changes": (lambda p, s: p["way"].update(pattern="^[a-z_]+$"), Rule.PATTERN_CHANGED),
    "a format changes": (lambda p, s: p["toy"].update(format="date"), Rule.FORMAT_CHANGED),
    "a format goes": (lambda p, s: p["toy"].pop("format"), Rule.FORMAT_CHANGED),
    "a default changes": (lambda p, s: p["label"].update(default="y"), Rule.DEFAULT_CHANGED),
    "a default goes": (lambda p, s: p["label"].pop("default"), Rule.DEFAULT_CHANGED),
    "a closed list grows": (lambda p, s: p["answer"]["enum"].append("perhaps"), Rule.CLOSED_VALUE_ADDED),
    "a closed list shrinks": (lambda p, s: p["answer"]["enum"].remove("no"), Rule.CLOSED_VALUE_REMOVED),
    "a field moves to another part": (
        lambda p, s: p["answer"].update({"x-compartment": "plan"}),
        Rule.COMPARTMENT_CHANGED,
    ),
    "a part is left": (lambda p, s: p["answer"].pop("x-compartment"), Rule.COMPARTMENT_CHANGED),
    "a closed list opens": (lambda p, s: p["answer"].pop("enum"), Rule.CODE_OPENED),
    "a known value goes": (lambda p, s: p["way"]["x-known-values"].remove("sms"), Rule.KNOWN_VALUE_REMOVED),
    "an open code closes": (lambda p, s: p.update(way={"type": "string", "enum": ["sms", "voice"]}), Rule.CODE_CLOSED),
    "a text becomes a closed list": (lambda p, s: p["label"].update(enum=["x"]), Rule.CODE_CLOSED),
    "alternatives change": (lambda p, s: p["either"]["anyOf"].append({"type": "boolean"}), Rule.ALTERNATIVES_CHANGED),
    "a part of a part changes": (lambda p, s: s["$defs"]["Span"]["properties"].pop("days"), Rule.FIELD_REMOVED),
    "an item changes": (lambda p, s: p["ways"].update(items={"type": "integer"}), Rule.KIND_CHANGED),
    "items go": (lambda p, s: p["ways"].pop("items"), Rule.KIND_CHANGED),
    "more fields are forbidden": (lambda p, s: s.update(additionalProperties=False), Rule.UNKNOWN_CHANGE),
    "items must differ": (lambda p, s: p["ways"].update(uniqueItems=True), Rule.UNKNOWN_CHANGE),
    "the topic changes": (lambda p, s: s.update({"x-topic": "throughcare.game.v1"}), Rule.TOPIC_CHANGED),
}
HARMLESS = {
    "what was in clear is sealed": lambda p, s: p["count"].update({"x-compartment": "facts"}),
    "nothing": lambda p, s: None,
    "an optional field comes": lambda p, s: p.update(
        more={"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}
    ),
    "an optional field of a part comes": lambda p, s: s["$defs"]["Span"]["properties"].update(
        hours={"type": "integer", "default": 0}
    ),
    "a known value comes": lambda p, s: p["way"]["x-known-values"].append("post"),
    "known values are told of a text": lambda p, s: p["label"].update({"x-known-values": ["x", "y"]}),
    "words change": lambda p, s: (p["toy"].update(description="The toy."), s.update(description="Told.")),
    "examples come": lambda p, s: p["count"].update(examples=[3]),
    "meanings come": lambda p, s: p["way"].update({"x-meanings": {"sms": "A text message."}}),
    "a part gets another name": lambda p, s: (
        s["$defs"].update(Days=s["$defs"].pop("Span")),
        p.update(span={"$ref": "#/$defs/Days"}),
    ),
}


@pytest.mark.parametrize(("change", "rule"), BREAKING.values(), ids=BREAKING)
def test_a_breaking_change_is_caught_and_explained(change, rule):
    found = changed(change)
    assert rule in {broken.rule for broken in found}
    for broken in found:
        assert broken.says.startswith(f"{NAME}: ")
        assert broken.says.endswith("or add throughcare.toy.told.v2 beside it.")


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_a_harmless_change_passes(change):
    assert changed(change) == []


def test_every_rule_is_broken_by_some_change():
    tried = {rule for _, rule in BREAKING.values()} | {Rule.TYPE_REMOVED}
    assert tried == set(Rule)


def test_a_type_that_is_gone_is_a_break():
    [broken] = breaks(NAME, OLD, None)
    assert broken.rule is Rule.TYPE_REMOVED
    assert "stay on the topic for ever" in broken.says


def test_a_field_may_be_called_like_a_keyword():
    new = deepcopy(OLD)
    new["properties"]["description"] = {"type": "string", "default": ""}
    assert breaks(NAME, new, OLD)[0].rule is Rule.FIELD_REMOVED


def test_the_sentence_names_field_reader_and_way_out():
    [broken] = changed(BREAKING["an optional field goes"][0])
    assert broken.says == (
        "throughcare.toy.told.v1: `label` was removed, and readers of today count on it. "
        "Leave it as it was, or add throughcare.toy.told.v2 beside it."
    )


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.type)
def test_every_type_fits_itself(kind):
    schema = schema_of(kind)
    assert breaks(kind.type, binding(schema), schema) == []
