"""Oracles from outside: the `cloudevents` package and the standard's own vectors read and write what we do."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cloudevents.core.bindings import kafka as oracle
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from shared.contracts.attributes import parse_time
from shared.contracts.codec import from_kafka, from_structured, to_kafka, to_structured
from shared.contracts.documents.samples import record_of, sample_of
from shared.contracts.envelope import BadRecord, Envelope
from shared.contracts.events import EVENTS
from tests.unit.contracts.worlds import ID, an_envelope, envelopes, json_values

FORMAT = JSONFormat()
STRUCTURED = [("content-type", b"application/cloudevents+json")]
OURS = {
    "sequence": "0000000000000000003",
    "epoch": "1",
    "partitionkey": "k",
    "subject": "s",
    "dataschema": "urn:throughcare:schema:x",
}
# The package holds extensions to a name of at most 20 lower-case letters and digits, as ours are.
objects = st.dictionaries(st.text(), json_values, max_size=3)


@pytest.fixture
def vectors(data: Path) -> Path:
    folder = data / "cloudevents"
    if not folder.is_dir():
        pytest.skip(f"no CloudEvents vectors at {folder}")
    return folder


def attributes_of(envelope: Envelope) -> dict:
    """The envelope as the oracle holds it."""
    found = {name: getattr(envelope, name) for name in Envelope.__dataclass_fields__ if name != "data"}
    found |= {"id": str(envelope.id), "sequence": f"{envelope.sequence:019d}", "specversion": "1.0"}
    found |= {"datacontenttype": "application/json"}
    return {name: value for name, value in found.items() if value is not None}


@settings(deadline=None, max_examples=60)
@given(envelopes, objects)
def test_the_oracle_reads_our_binary_records(envelope, content):
    key, value, headers = to_kafka(an_envelope_of(envelope, content))
    event = oracle.from_binary(oracle.KafkaMessage(dict(headers), key, value), FORMAT, CloudEvent)
    assert event.get_attributes() == attributes_of(envelope) | {"epoch": str(envelope.epoch)}
    assert event.get_data() == content


@settings(deadline=None, max_examples=60)
@given(envelopes, objects)
def test_the_oracle_reads_our_structured_records(envelope, content):
    value = to_structured(an_envelope_of(envelope, content))
    message = oracle.KafkaMessage(dict(STRUCTURED), None, value)
    event = oracle.from_structured(message, FORMAT, CloudEvent)
    assert event.get_attributes() == attributes_of(envelope)
    assert event.get_data() == content


@settings(deadline=None, max_examples=60)
@given(envelopes, objects)
def test_we_read_the_oracles_records_in_both_modes(envelope, content):
    utc = replace(envelope, time=envelope.time.astimezone(UTC))  # the package writes offsets with seconds as they are
    event = CloudEvent(attributes_of(utc), content)
    for written in (oracle.to_binary(event, FORMAT), oracle.to_structured(event, FORMAT)):
        key = written.key.encode() if isinstance(written.key, str) else written.key
        read = from_kafka(key, written.value, list(written.headers.items()))
        assert json.loads(read.data) == content
        assert an_envelope_of(read, content) == an_envelope_of(envelope, content)


def an_envelope_of(envelope: Envelope, content: dict) -> Envelope:
    fields = {name: getattr(envelope, name) for name in Envelope.__dataclass_fields__}
    return an_envelope(**{**fields, "data": json.dumps(content).encode()})


def test_the_bindings_own_samples_are_told_apart_from_ours(vectors):
    """They carry no UUID and no sequence, so they are foreign; each is recognised as CloudEvents all the same."""
    for sample in json.loads((vectors / "kafka-samples.json").read_text()):
        headers = [(name, text.encode()) for name, text in sample["headers"].items()]
        with pytest.raises(BadRecord) as bad:
            from_kafka(None, sample["value"].encode(), headers)
        assert bad.value.reason == "missing_attribute", sample["name"]
        assert bad.value.source == sample["attributes"]["source"]
        assert bad.value.type == sample["attributes"]["type"]


def test_the_bindings_own_samples_read_as_they_say_once_they_carry_our_extensions(vectors):
    for sample in json.loads((vectors / "kafka-samples.json").read_text()):
        headers = {name: text.encode() for name, text in sample["headers"].items()}
        value = sample["value"].encode()
        if "ce_id" in headers:
            headers |= {"ce_id": str(ID).encode(), **{f"ce_{name}": text.encode() for name, text in OURS.items()}}
        else:
            value = json.dumps({**json.loads(value), **OURS, "id": str(ID)}).encode()
        read = from_kafka(None, value, list(headers.items()))
        said = sample["attributes"]
        assert (read.source, read.type) == (said["source"], said["type"])
        assert read.time == datetime(2018, 4, 5, 3, 56, 24, tzinfo=UTC)
        assert json.loads(read.data) == sample["data"]


def test_every_valid_event_of_the_standard_is_read_or_refused_for_a_rule_of_ours(vectors):
    allowed = {"unsupported_content"}  # we carry JSON only
    read = 0
    for test in json.loads((vectors / "valid-events.json").read_text())["tests"]:
        event = {name: value for name, value in test["event"].items() if value is not None}
        event = {"time": "2018-04-05T17:31:00Z", "data": {}, **event, **OURS, "id": str(ID)}
        try:
            found = from_structured(json.dumps(event).encode())
        except BadRecord as bad:
            assert bad.reason in allowed, test["id"]
            continue
        read += 1
        assert found.source == event["source"]
        assert found.time == datetime(2018, 4, 5, 17, 31, tzinfo=UTC), test["id"]
    assert read > 5


def test_every_time_of_the_standards_events_is_the_same_moment(vectors):
    times = [
        test["event"]["time"]
        for test in json.loads((vectors / "valid-events.json").read_text())["tests"]
        if test["event"].get("time")
    ]
    assert len(times) > 3
    assert {parse_time(text) for text in times} == {datetime(2018, 4, 5, 17, 31, tzinfo=UTC)}


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.type)
def test_every_record_fits_the_standards_own_schema(kind, vectors):
    schema = json.loads((vectors / "cloudevents.schema.json").read_text())
    document = json.loads(record_of(sample_of(kind)))
    assert list(Draft7Validator(schema).iter_errors(document)) == []
