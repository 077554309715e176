"""What a stranger can write to a log comes out readable, or as one record without a value; never as an exception."""

import struct

import cramjam
import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from shared.messaging import unpacking
from shared.messaging.unpacking import Records

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)


def packed(*values: bytes | None, codec: int = NONE, base: int = 0, name: str = "zz") -> bytes:
    builder = DefaultRecordBatchBuilder(2, codec, 0, -1, -1, -1, 1_000_000)
    for number, value in enumerate(values):
        builder.append(number, timestamp=None, key=b"k", value=value, headers=[(name, b"h")])
    data = bytearray(builder.build())
    struct.pack_into(">q", data, 0, base)
    return bytes(data)


def unpacked(data: bytes) -> list[tuple[int, bytes | None]]:
    records, found = Records(data), []
    while records.has_next():
        batch = records.next_batch()
        found += [(record.offset, record.value) for record in batch]
        assert batch.next_offset > found[-1][0]
    return found


@pytest.mark.parametrize("codec", [NONE, GZIP, SNAPPY, LZ4, ZSTD])
def test_batches_in_every_codec_are_read_in_order(codec):
    data = packed(b"a", None, codec=codec) + packed(b"c" * 5_000, base=2) + packed(b"d", codec=codec, base=3)
    assert unpacked(data) == [(0, b"a"), (1, None), (2, b"c" * 5_000), (3, b"d")]


def test_a_header_name_that_is_no_text_costs_nobody_a_record():
    bad = packed(b"a", b"b").replace(b"zz", b"\xff\xfe", 1)
    assert unpacked(bad + packed(b"c", base=2)) == [(0, b"a"), (1, b"b"), (2, b"c")]
    (first, _) = Records(bad).next_batch()
    assert first.headers == [("\\xff\\xfe", b"h")]


def test_records_before_the_bad_one_come_once():
    good, bad = packed(b"a", b"b"), packed(b"a", b"b")
    place = bad.rindex(b"zz")
    assert unpacked(bad[:place] + b"\xff\xfe" + bad[place + 2 :]) == unpacked(good)


@pytest.mark.parametrize("codec", [GZIP, LZ4, ZSTD])
def test_a_bomb_is_one_record_without_a_value(codec, monkeypatch):
    monkeypatch.setattr(unpacking, "MOST", 100_000)
    assert unpacked(packed(b"0" * 900_000, codec=codec) + packed(b"c", base=1)) == [(0, None), (1, b"c")]


def test_what_is_not_what_it_says_is_one_record_without_a_value():
    data = bytearray(packed(b"a" * 200, b"b", codec=ZSTD))
    data[61:] = b"?" * (len(data) - 61)
    assert unpacked(bytes(data) + packed(b"c", base=2)) == [(0, None), (2, b"c")]


def test_a_codec_of_the_future_is_one_record_without_a_value():
    data = bytearray(packed(b"a"))
    data[22] |= 7
    assert unpacked(bytes(data)) == [(0, None)]


def test_a_bomb_is_a_bomb():
    assert len(bytes(cramjam.zstd.compress(b"0" * 100_000_000))) < 10_000
