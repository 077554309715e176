"""What a partner reads says nothing of the inside, and what it writes is read with patience and no belief."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.documents.samples import sample_of
from shared.contracts.envelope import REASONS
from shared.contracts.events import EVENTS
from shared.contracts.partner_codec import Inbound, Unanswerable, from_partner, to_partner
from shared.contracts.partner_view import Answer, Disclosure, ReferralReceived, StreamEvent
from tests.unit.contracts.worlds import ID, json_values

TIME = datetime(2026, 11, 22, 15, 4, 5, tzinfo=UTC)
STRUCTURED = [("content-type", b"application/cloudevents+json")]
VIEWS = [kind for kind in EVENTS.values() if issubclass(kind, StreamEvent)]
INSIDE = {"person", "actor", "causationid", "traceparent", "epoch", "worker", "agency"}


def fields_in(value) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*(fields_in(inner) for inner in value.values()))
    return set().union(*(fields_in(inner) for inner in value)) if isinstance(value, list) else set()


def a_document(**changes) -> dict:
    data = {"reference": "r-4t8w1", "answer": "accept"}
    whole = {"specversion": "1.0", "id": "desk-17", "source": "/lantern", "type": Answer.type, "data": data}
    return whole | changes


def unanswerable(value, headers=STRUCTURED) -> Unanswerable:
    with pytest.raises(Unanswerable) as no:
        from_partner(value, headers)
    assert no.value.reason in REASONS
    return no.value


@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.type)
def test_a_partners_record_holds_nothing_of_the_inside(kind):
    key, value, headers = to_partner(sample_of(kind), id=ID, time=TIME, slug="k7m2q9")
    document = json.loads(value)
    assert not fields_in(document) & INSIDE
    assert not set(kind.model_fields) & INSIDE
    assert headers == [("content-type", b"application/cloudevents+json")]
    assert key == b"k7m2q9"
    assert document["source"] == "/throughcare"


def test_a_partners_record_counts_in_its_own_stream():
    event = sample_of(ReferralReceived).model_copy(update={"sequence": 1206, "life": 2})
    document = json.loads(to_partner(event, id=ID, time=TIME, slug="k7m2q9")[1])
    assert document["sequence"] == "0000000000000001206"
    assert (document["data"]["sequence"], document["data"]["life"]) == (1206, 2)
    assert UUID(document["id"]) == ID
    assert document["subject"] == event.reference


@pytest.mark.parametrize("kind", [kind for kind in VIEWS if issubclass(kind, Disclosure)], ids=lambda kind: kind.type)
def test_every_disclosure_on_the_wire_has_notice_and_scope_of_consent(kind):
    data = json.loads(to_partner(sample_of(kind), id=ID, time=TIME, slug="k7m2q9")[1])["data"]
    assert data["notice"] == "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
    assert set(data["consent"]) == {"reference", "categories", "purpose", "expires_on"}


def test_an_answer_is_read_in_both_modes_with_no_more_than_cloudevents_asks():
    read = from_partner(json.dumps(a_document()).encode(), STRUCTURED)
    assert read == Inbound("desk-17", Answer(reference="r-4t8w1", answer="accept"))
    headers = [("ce_" + name, a_document()[name].encode()) for name in ("specversion", "id", "source", "type")]
    assert from_partner(json.dumps(a_document()["data"]).encode(), headers) == read
    assert from_partner(json.dumps(a_document()).encode(), []) == read  # the content type was forgotten


def test_nothing_in_the_record_says_who_the_partner_is():
    read = from_partner(json.dumps(a_document(source="/somebody/else", subject="x", partner="y")).encode(), STRUCTURED)
    assert read == from_partner(json.dumps(a_document()).encode(), STRUCTURED)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"specversion": "0.3"}, "bad_specversion"),
        ({"source": ""}, "bad_header"),
        ({"source": None}, "missing_attribute"),
        ({"type": "throughcare.consent.granted.v1"}, "bad_data"),
        ({"data": None}, "tombstone"),
        ({"data": "accept"}, "bad_data"),
        ({"data": {"answer": "accept"}}, "bad_data"),
        ({"data": {"reference": "r-4t8w1", "answer": "decline"}}, "bad_data"),
        ({"data": {"reference": "' OR 1=1", "answer": "accept"}}, "bad_data"),
        ({"datacontenttype": "text/xml"}, "unsupported_content"),
    ],
)
def test_a_refusal_knows_which_record_to_send_the_receipt_for(changes, reason):
    no = unanswerable(json.dumps(a_document(**changes)).encode())
    assert (no.reason, no.answer_id) == (reason, "desk-17")


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (None, STRUCTURED),
        (None, []),
        (b"", STRUCTURED),
        (b"hello", []),
        (b"x" * 1_000_000, []),
        (b"[" * 5000, STRUCTURED),
        (json.dumps(a_document(id="")).encode(), STRUCTURED),
        (json.dumps(a_document(id="a\x00b")).encode(), STRUCTURED),
        (json.dumps(a_document(id="x" * 257)).encode(), STRUCTURED),
        (json.dumps(a_document(id=None)).encode(), STRUCTURED),
        (b"{}", [("ce_id", "caf\xe9".encode("latin-1")), ("ce_specversion", b"1.0")]),
        (b"{}", [("ce_id", None), ("ce_specversion", b"1.0")]),
        (b"{}", [("ce_id", b"a"), ("ce_id", b"b"), ("ce_specversion", b"1.0")]),
    ],
)
def test_a_record_without_a_readable_id_gets_no_receipt(value, headers):
    assert unanswerable(value, headers).answer_id is None


def test_a_tombstone_or_a_giant_with_an_id_gets_its_receipt():
    headers = [("ce_" + name, a_document()[name].encode()) for name in ("specversion", "id", "source", "type")]
    assert unanswerable(None, headers).answer_id == "desk-17"
    assert unanswerable(b"x" * 1_000_000, headers).answer_id == "desk-17"


def test_an_answer_that_nobody_thought_of_is_left_to_the_domain_to_refuse():
    data = {"reference": "r-4t8w1", "answer": "teleport"}
    read = from_partner(json.dumps(a_document(data=data)).encode(), STRUCTURED)
    assert (read.id, read.answer.answer, read.answer.reference) == ("desk-17", "teleport", "r-4t8w1")


@settings(deadline=None, max_examples=200)
@given(json_values, st.dictionaries(st.text(max_size=8), st.none() | st.binary(max_size=12), max_size=4))
def test_whatever_a_partner_writes_is_an_answer_or_a_refusal(value, headers):
    try:
        from_partner(json.dumps(a_document(data=value)).encode(), [*STRUCTURED, *headers.items()])
        from_partner(json.dumps(value).encode(), list(headers.items()))
    except Unanswerable as no:
        assert no.reason in REASONS
