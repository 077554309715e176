"""What is generated is what the code says, what was published still holds, and all of it is sound."""

import json
import shutil
from pathlib import Path
from typing import ClassVar

import pytest
import yaml
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from jsonschema import Draft202012Validator, FormatChecker
from typer.testing import CliRunner

from cli.contracts import app
from shared.contracts.codec import to_kafka
from shared.contracts.data import dataschema_of, encode_data
from shared.contracts.documents import published
from shared.contracts.documents.asyncapi import PARTNER, document_of
from shared.contracts.documents.compatibility import Rule
from shared.contracts.documents.samples import envelope_of, record_of, sample_of
from shared.contracts.documents.schemas import schema_of
from shared.contracts.events import EVENTS, Event
from shared.contracts.topics import BY_NAME, LISTENS, SERVICES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / published.FOLDER
DOCUMENTS = (*SERVICES, PARTNER)


@pytest.fixture
def copy(tmp_path) -> Path:
    shutil.copytree(FOLDER, tmp_path / "contracts")
    return tmp_path / "contracts"


def run(*arguments: str):
    return CliRunner().invoke(app, [*arguments])


def toy(**fields: tuple[object, object]) -> type[Event]:
    """A type that a test makes and unmakes; its name is always the same. Fields are (kind, default)."""
    EVENTS.pop("throughcare.toy.told.v1", None)
    kinds = {"topic": ClassVar[str], "type": ClassVar[str], "toy": int} | {
        name: kind for name, (kind, _) in fields.items()
    }
    defaults = {name: default for name, (_, default) in fields.items() if default is not ...}
    body = {"topic": "throughcare.plan.v1", "type": "throughcare.toy.told.v1", "__annotations__": kinds, **defaults}
    return type("ToyTold", (Event,), {**body, "__module__": __name__, "__qualname__": "ToyTold"})


@pytest.fixture
def forget_toys():
    yield
    EVENTS.pop("throughcare.toy.told.v1", None)


def test_the_contracts_hold():
    """The check that CI runs: no drift, nothing published is broken, every golden record reads."""
    result = run("check", "--folder", str(FOLDER))
    assert result.exit_code == 0, result.output


def test_writing_again_changes_nothing(copy):
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    assert run("write", "--folder", str(copy)).exit_code == 0
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.type)
def test_every_type_has_golden_records_and_they_read(kind):
    paths = list((FOLDER / "golden" / kind.type).glob("*.json"))
    assert paths
    for path in paths:
        assert isinstance(published.read_golden(path.read_bytes()), kind)


def test_a_file_changed_by_hand_is_drift(copy):
    path = copy / "asyncapi" / "intake.yaml"
    path.write_text(path.read_text() + "# by hand\n")
    (copy / "schemas" / "throughcare.nobody.knows.v1.json").write_text("{}")
    result = run("check", "--folder", str(copy))
    assert result.exit_code == 1
    assert "intake.yaml is not what the code says" in result.output
    assert "belongs to nothing any more" in result.output
    assert run("write", "--folder", str(copy)).exit_code == 0
    assert run("check", "--folder", str(copy)).exit_code == 0


def test_a_new_type_has_to_be_written_and_then_holds(copy, forget_toys):
    toy()
    result = run("check", "--folder", str(copy))
    assert result.exit_code == 1
    assert "throughcare.toy.told.v1 is not published" in result.output
    assert run("write", "--folder", str(copy)).exit_code == 0
    assert run("check", "--folder", str(copy)).exit_code == 0


def test_an_addition_is_published_beside_the_golden_record_of_before(copy, forget_toys):
    toy()
    published.write(copy)
    kind = toy(more=(int | None, None))
    assert not published.write(copy)
    assert len(list((copy / "golden" / kind.type).glob("*.json"))) >= 2
    assert not published.check(copy)


def test_a_breaking_change_writes_nothing_until_it_is_declared_unreleased(copy, forget_toys):
    toy()
    published.write(copy)
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    toy(more=(int, ...))
    for command in ("check", "write"):
        result = run(command, "--folder", str(copy))
        assert result.exit_code == 1
        assert "throughcare.toy.told.v1: `more` is new and required" in result.output
        assert "throughcare.toy.told.v2" in result.output
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before
    assert run("write", "--folder", str(copy), "--unreleased", "throughcare.toy.*").exit_code == 0
    assert run("check", "--folder", str(copy)).exit_code == 0


def test_a_type_cannot_disappear(copy, forget_toys):
    toy()
    published.write(copy)
    del EVENTS["throughcare.toy.told.v1"]
    assert [broken.rule for broken in published.check(copy).breaks] == [Rule.TYPE_REMOVED]


def test_a_golden_record_that_no_longer_reads_is_told(copy):
    path = next((copy / "golden" / "throughcare.consent.revoked.v1").glob("*.json"))
    record = json.loads(path.read_text())
    del record["data"]["person"]
    path.write_text(json.dumps(record))
    assert "no longer reads: bad_data: person: missing" in run("check", "--folder", str(copy)).output


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.type)
def test_every_schema_is_sound_and_its_samples_fit(kind):
    schema = schema_of(kind)
    Draft202012Validator.check_schema(schema)
    checker = Draft202012Validator(schema, format_checker=FormatChecker())
    for full in (True, False):
        checker.validate(json.loads(record_of(sample_of(kind, full=full)))["data"])
    assert schema["$id"] == dataschema_of(kind.type)


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.type)
def test_every_field_is_described(kind):
    schema = schema_of(kind)
    for part in (schema, *schema.get("$defs", {}).values()):
        for name, field in part.get("properties", {}).items():
            assert field.get("description"), f"{name} says nothing"


@pytest.mark.parametrize("service", DOCUMENTS)
def test_an_asyncapi_document_is_sound(service):
    document = document_of(service)
    servers = {name: {"pathname": "", **server} for name, server in document["servers"].items()}  # optional but there
    ApplicationSchema.model_validate({**document, "servers": servers})
    assert document["asyncapi"] == "3.0.0"
    for pointer in references(document):
        assert resolves(document, pointer), pointer
    for channel in document["channels"].values():
        assert channel["messages"] and channel["bindings"]["kafka"]["partitions"]
    for name in document["components"].get("schemas", {}):
        Draft202012Validator.check_schema(document["components"]["schemas"][name])


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_sends_on_its_own_topics_and_hears_what_it_listens_to(service):
    document = document_of(service)
    done = {"send": set(), "receive": set()}
    for operation in document["operations"].values():
        slot = operation["channel"]["$ref"].removeprefix("#/channels/")
        done[operation["action"]].add(document["channels"][slot]["address"])
    inside = {name for name in done["send"] if name.startswith("throughcare.")}
    assert inside == {topic.name for topic in BY_NAME.values() if topic.owner == service}
    assert done["receive"] == set(LISTENS[service])


def test_the_partners_document_stands_alone_and_holds_nothing_of_the_inside():
    text = published.to_yaml(document_of(PARTNER))
    assert "../" not in text
    assert "throughcare.referral" not in text
    document = yaml.safe_load(text)
    actions = {name: operation["action"] for name, operation in document["operations"].items()}
    assert sorted(actions.values()) == ["receive", "receive", "receive", "send"]
    for name, message in document["components"]["messages"].items():
        schema = {"$ref": f"#/components/messages/{name}/payload", "components": document["components"]}
        for example in message["examples"]:
            Draft202012Validator(schema, format_checker=FormatChecker()).validate(example["payload"])


def test_the_headers_that_are_documented_are_the_headers_that_are_written():
    schema = document_of("intake")["components"]["messageTraits"]["binary"]["headers"]
    for kind in EVENTS.values():
        if kind.type.startswith("partner."):
            continue
        event = sample_of(kind)
        headers = {name: raw.decode() for name, raw in to_kafka(envelope_of(event, encode_data(event)))[2]}
        Draft202012Validator(schema, format_checker=FormatChecker()).validate(headers)
        assert set(headers) == set(schema["properties"])


def references(node) -> list[str]:
    if isinstance(node, list):
        return [pointer for item in node for pointer in references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [pointer for value in node.values() for pointer in references(value)]


def resolves(document, pointer: str) -> bool:
    if pointer.startswith("../"):
        return (FOLDER / "asyncapi" / pointer).resolve().is_file()
    here = document
    for step in pointer.removeprefix("#/").split("/"):
        if step not in here:
            return False
        here = here[step]
    return True
