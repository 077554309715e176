"""Records come back as the envelopes they were, and nothing that arrives can do more than be refused."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.attributes import BadAttribute, format_time, parse_time
from shared.contracts.codec import from_kafka, from_structured, to_kafka, to_structured
from shared.contracts.control import RepairRequested
from shared.contracts.deadletter import Parked
from shared.contracts.envelope import LARGEST_NUMBER, LARGEST_VALUE, REASONS, BadRecord, Envelope, TooLarge
from shared.runtime.errors import Permanent
from tests.unit.contracts.worlds import ID, a_record, an_envelope, clean_text, envelopes, json_values, moments, shifted

STRUCTURED = ("content-type", b"application/cloudevents+json")


def refused(key, value, headers) -> BadRecord:
    with pytest.raises(BadRecord) as bad:
        from_kafka(key, value, headers)
    assert bad.value.reason in REASONS
    return bad.value


@settings(deadline=None, max_examples=60)
@given(envelopes)
def test_a_record_in_binary_mode_comes_back_as_the_envelope_it_was(envelope):
    assert from_kafka(*to_kafka(envelope)) == envelope


@settings(deadline=None, max_examples=60)
@given(envelopes, json_values.filter(lambda value: value is not None))
def test_a_structured_record_comes_back_with_the_same_attributes_and_data(envelope, value):
    envelope = replace(envelope, data=json.dumps(value).encode())
    read = from_kafka(envelope.partitionkey.encode(), to_structured(envelope), [STRUCTURED])
    assert replace(read, data=b"") == replace(envelope, data=b"")
    assert json.loads(read.data) == value


@settings(deadline=None, max_examples=60)
@given(envelopes)
def test_what_is_written_sorts_and_reads_as_the_binding_says(envelope):
    key, value, pairs = to_kafka(envelope)
    headers = dict(pairs)
    assert key == headers["ce_partitionkey"]
    assert value == envelope.data
    assert len(headers["ce_sequence"]) == 19 and int(headers["ce_sequence"]) == envelope.sequence
    assert headers["ce_specversion"] == b"1.0" and headers["content-type"] == b"application/json"
    assert len(headers["ce_time"]) == 27 and headers["ce_time"].endswith(b"Z")
    assert {name for name in headers if name not in ("content-type",)} >= {f"ce_{a}" for a in ("id", "source", "type")}


def test_sealed_data_stays_byte_for_byte_in_a_structured_record():
    data = b'{ "sealed" : "AAAA" }'
    assert b'"data":' + data + b"}" in to_structured(an_envelope(data=data))


@settings(deadline=None)
@given(moments, st.integers(-23, 23))
def test_a_time_is_the_same_moment_in_any_offset(moment, hours):
    assert parse_time(shifted(moment, hours)) == moment == parse_time(format_time(moment))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2018-04-05T17:31:00Z", datetime(2018, 4, 5, 17, 31, tzinfo=UTC)),
        ("2018-04-05t17:31:00.5z", datetime(2018, 4, 5, 17, 31, 0, 500_000, tzinfo=UTC)),
        ("2018-04-05T17:31:00.123456789Z", datetime(2018, 4, 5, 17, 31, 0, 123_456, tzinfo=UTC)),
        ("2018-04-05T18:31:00+01:00", datetime(2018, 4, 5, 17, 31, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
    ],
)
def test_every_form_of_rfc_3339_is_read(text, moment):
    _, value, headers = a_record(("ce_time", text.encode()))
    assert from_kafka(None, value, headers).time == moment


@pytest.mark.parametrize(
    "text",
    ["", "2018-04-05", "20180405T173100Z", "2018-04-05T17:31:00", "2018-04-05 17:31:00Z", "2018-02-30T00:00:00Z",
     "2018-04-05T24:00:00Z", "2018-04-05T24:00:00.000000Z",
     "0001-01-01T00:00:00+23:00", "2018-04-05T17:31:00.123456X", "２018-04-05T17:31:00Z",
     "2018-02-30T00:00:00.000000Z", "2018-04-05T17:31:00+0100", "9999-12-31T23:59:60Z"],
)  # fmt: skip
def test_what_is_no_rfc_3339_is_refused(text):
    assert refused(*a_record(("ce_time", text.encode()))).reason == "bad_time"


def test_a_time_without_an_offset_cannot_be_written():
    with pytest.raises(BadAttribute, match="time"):
        to_kafka(an_envelope(time=datetime(2026, 1, 1)))


def test_another_offset_is_written_as_utc():
    moment = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=-5)))
    assert dict(to_kafka(an_envelope(time=moment))[2])["ce_time"] == b"2026-01-01T17:00:00.000000Z"


@pytest.mark.parametrize(
    ("changes", "attribute"),
    [
        ({"subject": ""}, "subject"),
        ({"subject": "a\x00b"}, "subject"),
        ({"subject": "\ud800"}, "subject"),
        ({"subject": "x" * 257}, "subject"),
        ({"source": "not a uri"}, "source"),
        ({"dataschema": "/relative"}, "dataschema"),
        ({"type": "line\nbreak"}, "type"),
        ({"partitionkey": "\u009f"}, "partitionkey"),
        ({"actor": ""}, "actor"),
        ({"sequence": 0}, "sequence"),
        ({"sequence": LARGEST_NUMBER + 1}, "sequence"),
        ({"epoch": -1}, "epoch"),
    ],
)
@pytest.mark.parametrize("write", [to_kafka, to_structured])
def test_what_cloudevents_forbids_is_not_written(changes, attribute, write):
    with pytest.raises(BadAttribute) as bad:
        write(an_envelope(**changes))
    assert bad.value.attribute == attribute
    assert isinstance(bad.value, Permanent)


def test_a_value_over_256_kib_is_refused_on_both_ways():
    too_much = b'"' + b"x" * LARGEST_VALUE + b'"'
    for write in (to_kafka, to_structured):
        with pytest.raises(TooLarge) as large:
            write(an_envelope(data=too_much))
        assert large.value.size > LARGEST_VALUE
    key, _, headers = a_record()
    assert refused(key, b"x" * 1_000_000, headers).reason == "too_large"
    assert refused(key, b"x" * 1_000_000, [STRUCTURED]).reason == "too_large"


@pytest.mark.parametrize("name", ["id", "source", "type", "subject", "time", "sequence", "epoch", "dataschema"])
def test_a_missing_attribute_is_named(name):
    bad = refused(*a_record(without=(f"ce_{name}",)))
    assert (bad.reason, bad.detail) == ("missing_attribute", name)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (("ce_id", b"1234"), "bad_id"),
        (("ce_id", b"{0198f0a0-1111-7222-8333-444455556666}"), "bad_id"),
        (("ce_id", b"0198f0a01111722283334444555566660000"), "bad_id"),
        (("ce_id", "０198f0a0-1111-7222-8333-444455556666".encode()), "bad_id"),
        (("ce_sequence", b"0"), "bad_sequence"),
        (("ce_sequence", b"-1"), "bad_sequence"),
        (("ce_sequence", b"1_0"), "bad_sequence"),
        (("ce_sequence", b"9" * 19), "bad_sequence"),
        (("ce_sequence", b"9" * 5000), "bad_sequence"),
        (("ce_sequence", "٣".encode()), "bad_sequence"),
        (("ce_epoch", b"4294967296"), "bad_epoch"),
        (("ce_epoch", b"one"), "bad_epoch"),
        (("ce_specversion", b"0.3"), "bad_specversion"),
        (("ce_subject", b""), "bad_header"),
        (("ce_subject", b"a\x00b"), "bad_header"),
        (("ce_subject", b"x" * 5000), "bad_header"),
        (("ce_subject", "Jos\xe9".encode("latin-1")), "not_utf8"),
        (("ce_source", b"no uri at all"), "bad_header"),
        (("ce_type", "caf\xe9".encode("latin-1")), "not_utf8"),
        (("ce_actor", b"\xff"), "not_utf8"),
        (("ce_partitionkey", b"somebody else"), "bad_key"),
        (("content-type", b"text/plain"), "unsupported_content"),
        (("content-type", b"application/cloudevents-batch+json"), "unsupported_content"),
        (("content-type", b"application/cloudevents+avro"), "unsupported_content"),
    ],
)
def test_a_bad_header_is_refused_by_its_reason(header, reason):
    assert refused(*a_record(header)).reason == reason


@pytest.mark.parametrize("name", ["ce_id", "ce_subject", "ce_sequence", "ce_time", "ce_source", "ce_specversion"])
def test_a_header_without_a_value_is_refused_where_a_value_is_needed(name):
    assert refused(*a_record((name, None))).reason in ("bad_header", "bad_specversion")


def test_a_header_without_a_value_counts_as_absent_where_none_is_needed():
    key, value, headers = a_record(("ce_actor", None), ("ce_traceparent", None), ("ce_causationid", None))
    read = from_kafka(key, value, headers)
    assert (read.actor, read.traceparent, read.causationid) == (None, None, None)


def test_headers_of_others_are_nobodys_business():
    key, value, headers = a_record(("x-note", "caf\xe9".encode("latin-1")), ("traceparent", None), ("x-note", b"twice"))
    assert from_kafka(key, value, headers) == an_envelope()


def test_an_unknown_extension_is_ignored():
    key, value, headers = a_record(("ce_flavour", b"\xff"))
    assert from_kafka(key, value, headers) == an_envelope()


def test_an_attribute_twice_with_two_values_says_two_things_and_is_refused():
    key, value, headers = a_record()
    bad = refused(key, value, [*headers, ("ce_subject", b"another")])
    assert (bad.reason, bad.detail, bad.subject, bad.id) == ("duplicate_header", "subject", None, ID)


def test_an_attribute_twice_with_one_value_says_one_thing():
    key, value, headers = a_record()
    assert from_kafka(key, value, [*headers, *headers]) == an_envelope()


def test_names_of_headers_are_read_in_any_case():
    key, value, headers = a_record()
    assert from_kafka(key, value, [(name.upper(), raw) for name, raw in headers]) == an_envelope()


def test_a_content_type_may_have_parameters_or_be_absent():
    key, value, headers = a_record(("content-type", b"application/json; charset=utf-8"))
    assert from_kafka(key, value, headers) == an_envelope()
    key, value, headers = a_record(without=("content-type",))
    assert from_kafka(key, value, headers) == an_envelope()
    document = to_structured(an_envelope())
    headers = [("Content-Type", b"application/cloudevents+json; charset=UTF-8")]
    assert from_kafka(None, document, headers) == an_envelope()


def test_a_tombstone_is_refused_with_what_its_headers_tell():
    key, _, headers = a_record()
    bad = refused(key, None, headers)
    assert (bad.reason, bad.subject, bad.id, bad.sequence) == ("tombstone", an_envelope().subject, ID, 3)
    assert refused(key, None, []).reason == "tombstone"
    assert refused(key, None, [STRUCTURED]).reason == "tombstone"


def test_a_record_of_somebody_else_has_no_envelope():
    bad = refused(b"k", b'{"hello": 1}', [("kafka_replyTopic", b"x")])
    assert (bad.reason, bad.subject, bad.source, bad.id) == ("no_envelope", None, None, None)


def test_a_refusal_keeps_what_could_be_read_and_nothing_else():
    bad = refused(*a_record(("ce_time", b"never"), ("ce_source", b"\xff")))
    whole = an_envelope()
    assert (bad.subject, bad.id, bad.sequence, bad.type) == (whole.subject, ID, 3, whole.type)
    assert bad.source is None


def test_a_refusal_quotes_no_value():
    bad = refused(*a_record(("ce_time", b"Ray Washington")))
    assert "Ray" not in str(bad)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b"[]", "no_envelope"),
        (b"null", "no_envelope"),
        (b"{}", "no_envelope"),
        (b'"' + b"x" * 100 + b'"', "no_envelope"),
        (b"\xff\xfe", "not_utf8"),
        ('{"specversion":"1.0","subject":"Jos\xe9"}'.encode("latin-1"), "not_utf8"),
        (b'{"specversion":"1.0","subject":"\\ud800"}', "bad_json"),
        (b'{"specversion":"1.0"}', "tombstone"),
        (b'{"specversion":"1.0","data":null}', "tombstone"),
        (b'{"specversion":"1.0","data":{}}', "missing_attribute"),
        (b'{"specversion":"1.0","data_base64":"AAAA"}', "unsupported_content"),
        (b'{"specversion":"1.0","datacontenttype":"text/xml","data":"<a/>"}', "unsupported_content"),
        (b'{"specversion":1.0,"data":1}', "bad_header"),
        (b'{"specversion":"1.0","subject":{"a":1},"data":1}', "bad_header"),
        (b'{"specversion":"1.0","data":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "bad_json"),
        (b'{"specversion":"1.0","data":' + b"9" * 5000 + b"}", "bad_json"),
        (b'{"specversion":"1.0","data":1e400}', "bad_json"),
        (b'{"specversion":"1.0","data":NaN}', "bad_json"),
    ],
)
def test_a_document_that_is_no_record_of_ours_is_refused(document, reason):
    assert refused(None, document, [STRUCTURED]).reason == reason


def test_a_document_whose_key_is_not_its_partition_key_is_refused():
    assert refused(b"another", to_structured(an_envelope()), [STRUCTURED]).reason == "bad_key"


def test_a_document_may_hold_numbers_and_nulls_where_attributes_are():
    document = json.loads(to_structured(an_envelope()))
    document |= {"sequence": 3, "actor": None, "comment": {"any": "thing"}, "huge": 10**30}
    assert from_structured(json.dumps(document).encode()) == an_envelope(actor=None)


names = st.sampled_from(
    [*(f"ce_{name}" for name in Envelope.__dataclass_fields__), "ce_specversion", "content-type", "x", ""]
) | st.text(max_size=5)
raw_values = (
    st.none()
    | st.binary(max_size=40)
    | st.sampled_from(
        [b"1.0", b"1", b"application/json", b"application/cloudevents+json", str(ID).encode(), b"2026-11-22T15:04:05Z"]
    )
)


@settings(deadline=None, max_examples=300)
@given(
    st.none() | st.binary(max_size=20),
    st.none() | st.binary(max_size=60),
    st.lists(st.tuples(names, raw_values), max_size=16),
)
def test_whatever_arrives_is_an_envelope_or_a_refusal(key, value, headers):
    try:
        assert isinstance(from_kafka(key, value, headers), Envelope)
    except BadRecord as bad:
        assert bad.reason in REASONS


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_one_changed_header_never_does_more_than_be_refused_with_sound_parts(data):
    key, value, headers = a_record()
    place = data.draw(st.integers(0, len(headers) - 1))
    headers[place] = (headers[place][0], data.draw(raw_values))
    try:
        from_kafka(key, value, headers)
    except BadRecord as bad:
        assert bad.subject in (None, an_envelope().subject) or headers[place][0] == "ce_subject"
        assert bad.id in (None, ID) or headers[place][0] == "ce_id"


@settings(deadline=None, max_examples=200)
@given(json_values)
def test_any_json_as_a_structured_record_is_an_envelope_or_a_refusal(value):
    document = {
        **json.loads(to_structured(an_envelope())),
        **(value if isinstance(value, dict) else {"subject": value}),
    }
    try:
        from_kafka(None, json.dumps(document).encode(), [STRUCTURED])
    except BadRecord as bad:
        assert bad.reason in REASONS


@settings(deadline=None, max_examples=60)
@given(clean_text)
def test_whatever_subject_was_read_can_be_named_when_it_is_parked_or_asked_for(subject):
    key, value, headers = a_record(("ce_subject", subject.encode()))
    assert from_kafka(key, value, headers).subject == subject
    Parked(service="intake", record_topic="t", partition=0, offset=0, record_subject=subject, reason="gap")
    RepairRequested(service="intake", wanted_topic="t", wanted_subject=subject, from_sequence=1)
