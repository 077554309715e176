"""No event that concerns a person has a place where a name, a contact or free text could stand."""

import re

import pytest

from shared.contracts.documents.schemas import inlined, schema_of
from shared.contracts.events import EVENTS, topic_of
from shared.contracts.topics import BY_NAME

PERSONAL = {
    "name",
    "names",
    "surname",
    "phone",
    "phones",
    "email",
    "mail",
    "address",
    "addresses",
    "street",
    "text",
    "note",
    "notes",
    "comment",
    "comments",
    "message_text",
    "words",
    "body",
    "title",
    "birth",
    "birthday",
    "dob",
    "born",
    "ssn",
    "gender",
    "race",
    "religion",
    "photo",
    "story",
    "reflection",
    "quote",
    "free",
}
PUBLIC = {name for name, topic in BY_NAME.items() if topic.public}
CONCERNING_PEOPLE = [kind for kind in EVENTS.values() if topic_of(kind) not in PUBLIC]
# Text that no pattern holds, and why it can hold nothing personal.
FIXED = {"notice"}  # the rule's own sentence


def fields(schema, path=""):
    """Every field below a schema with its own schema: (name, path, schema)."""
    for name, field in schema.get("properties", {}).items():
        yield name, f"{path}{name}", field
        yield from fields(field, f"{path}{name}.")
    for branch in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())):
        yield from fields(branch, path)


def leaves(schema):
    """The schemas of plain values inside one field's schema."""
    inner = [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]
    return [leaf for branch in inner for leaf in leaves(branch)] if inner else [schema]


@pytest.mark.parametrize("kind", CONCERNING_PEOPLE, ids=lambda kind: kind.type)
def test_no_field_is_called_like_something_personal(kind):
    for name, path, _ in fields(inlined(schema_of(kind))):
        if not name.startswith("sealed_"):  # base64 of what only a key opens, says the next test
            assert not PERSONAL & set(re.split("_", name)), f"{path} of {kind.type}: ids and codes only"


@pytest.mark.parametrize("kind", CONCERNING_PEOPLE, ids=lambda kind: kind.type)
def test_no_field_takes_free_text(kind):
    for name, path, field in fields(inlined(schema_of(kind))):
        for leaf in leaves(field):
            if leaf.get("type") != "string" or name in FIXED:
                continue
            held = leaf.get("format") or leaf.get("pattern") or leaf.get("enum") or leaf.get("const")
            assert held or leaf.get("maxLength", 10**6) <= 256, f"{path} of {kind.type} takes any text"
            if leaf.get("pattern"):
                assert not re.search(leaf["pattern"], "Ray Washington, 555-0142") or is_technical(kind), (
                    f"{path} of {kind.type} takes a sentence"
                )


def is_technical(kind) -> bool:
    """Repairs and dead letters quote topics and subjects, which are ids that the envelope already shows in clear."""
    return kind.type.split(".")[1] in ("repair", "deadletter")


def test_the_lint_sees_what_it_looks_for():
    public = [kind for kind in EVENTS.values() if topic_of(kind) in PUBLIC]
    called = {name for kind in public for name, _, _ in fields(inlined(schema_of(kind)))}
    assert called & PERSONAL == {"name", "phone"}
