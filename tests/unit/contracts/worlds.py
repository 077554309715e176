"""Envelopes and records for the tests of the contracts, as plain functions."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from shared.contracts.attributes import LONGEST_TEXT, URI_REFERENCE, is_clean
from shared.contracts.codec import to_kafka
from shared.contracts.envelope import LARGEST_EPOCH, LARGEST_NUMBER, Envelope

ID = UUID("0198f0a0-1111-7222-8333-444455556666")
Header = tuple[str, bytes | None]


def an_envelope(**changes: object) -> Envelope:
    """A sound envelope with some fields replaced."""
    fields: dict[str, object] = {
        "id": ID,
        "source": "/throughcare/caseplan",
        "type": "throughcare.referral.sent.v1",
        "subject": "0198f0a0-aaaa-7222-8333-444455556666",
        "time": datetime(2026, 11, 22, 15, 4, 5, 123456, UTC),
        "sequence": 3,
        "epoch": 1,
        "partitionkey": "0198f0a0-bbbb-7222-8333-444455556666",
        "dataschema": "urn:throughcare:schema:throughcare.referral.sent.v1",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "causationid": "0198f0a0-cccc-7222-8333-444455556666",
        "actor": "worker:0198f0a0-dddd-7222-8333-444455556666",
        "data": b'{"a":1}',
    }
    return Envelope(**{**fields, **changes})  # type: ignore[arg-type]


def a_record(*replaced: Header, without: tuple[str, ...] = (), **changes: object) -> tuple[bytes, bytes, list[Header]]:
    """A sound record of which headers are replaced, added or left out."""
    key, value, headers = to_kafka(an_envelope(**changes))
    names = {name for name, _ in replaced}
    kept: list[Header] = [(name, raw) for name, raw in headers if name not in names and name not in without]
    return key, value, [*kept, *replaced]


clean_text = st.text(min_size=1, max_size=LONGEST_TEXT).filter(is_clean)
uri_text = st.from_regex(URI_REFERENCE, fullmatch=True).filter(lambda text: len(text) <= LONGEST_TEXT)
moments = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)).flatmap(
    lambda naive: st.timezones().map(lambda zone: naive.replace(tzinfo=zone))
) | st.datetimes(timezones=st.just(UTC))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
envelopes = st.builds(
    Envelope,
    id=st.uuids(),
    source=uri_text,
    type=clean_text,
    subject=clean_text,
    time=moments,
    sequence=st.integers(1, LARGEST_NUMBER),
    epoch=st.integers(0, LARGEST_EPOCH),
    partitionkey=clean_text,
    dataschema=st.just("urn:throughcare:schema:x") | uri_text.map(lambda text: f"x:{text}"[:LONGEST_TEXT]),
    traceparent=st.none() | clean_text,
    causationid=st.none() | clean_text,
    actor=st.none() | clean_text,
    data=st.binary(min_size=1, max_size=200),
)


def shifted(moment: datetime, hours: int) -> str:
    """The same moment as RFC 3339 with another offset."""
    sign = "-" if hours < 0 else "+"
    local = (moment.astimezone(UTC) + timedelta(hours=hours)).replace(tzinfo=None)
    return f"{local.isoformat(timespec='microseconds')}{sign}{abs(hours):02d}:00"
