"""Unpacks what Kafka holds so that one bad batch costs nobody else anything.

aiokafka raises for a header name that isn't UTF-8, and unpacks a million bytes of zstd to the gigabytes that they may
hold. Either would stop its reader at that place, for everybody and for ever. Here such a record comes readable, or as
one without a value, which every inbox parks.
"""

import struct
from collections.abc import Iterator
from typing import Any

import cramjam
import structlog
from aiokafka.codec import snappy_decode
from aiokafka.consumer import fetcher
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import _DefaultRecordBatchPy as Slow
from aiokafka.record.default_records import _DefaultRecordPy as Record
from aiokafka.record.memory_records import MemoryRecords

MOST = 16 * 2**20  # bytes of one batch, unpacked; packed it has at most one million
LENGTH_AT, CODEC_AT, BEFORE_LENGTH = 8, 22, 12  # in a batch of format 2
UNPACK = {1: cramjam.gzip.decompress_into, 3: cramjam.lz4.decompress_into, 4: cramjam.zstd.decompress_into}
SNAPPY = 2  # packs to a twentieth at best

log = structlog.get_logger("unpacking")


def install() -> None:
    """Make every consumer of this process unpack this way."""
    fetcher.MemoryRecords = Records


class Records:
    """The batches of one answer, in order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._quick = MemoryRecords(data)
        self._at = 0

    def size_in_bytes(self) -> int:
        return int(self._quick.size_in_bytes())

    def has_next(self) -> bool:
        return bool(self._quick.has_next())

    def next_batch(self) -> Any:
        batch = self._quick.next_batch()
        end = self._at + BEFORE_LENGTH + struct.unpack_from(">i", self._data, self._at + LENGTH_AT)[0]
        raw, self._at = memoryview(self._data)[self._at : end], end
        return Batch(batch, raw) if batch is not None else None


class Batch:
    """One batch: quickly where it is as ours are, carefully where it isn't."""

    def __init__(self, quick: Any, raw: memoryview) -> None:
        self._quick = quick
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._quick, name)

    def __next__(self) -> Any:
        return next(self._quick)

    def __iter__(self) -> Iterator[Any]:
        last = -1
        if not self._raw[CODEC_AT] & Slow.CODEC_MASK:
            try:
                for record in self._quick:
                    yield record
                    last = record.offset
                return
            except UnicodeDecodeError:
                pass
        yield from _carefully(self._raw, last)


def _carefully(raw: memoryview, last: int) -> Iterator[Any]:
    """The records after `last`, and one without a value for all from where it can't be read any further."""
    batch = Slow(raw)
    try:
        batch._buffer = Lenient(_unpacked(batch))
        batch._pos, batch._decompressed = 0, True
        for record in batch:
            if record.offset > last:
                yield record
                last = record.offset
    except (KafkaError, cramjam.DecompressionError, ValueError, IndexError, struct.error) as error:
        log.warning("records can't be unpacked", offset=max(last + 1, batch.base_offset), error=type(error).__name__)
        yield Record(max(last + 1, batch.base_offset), batch.max_timestamp, batch.timestamp_type, None, None, [])


def _unpacked(batch: Slow) -> bytes | bytearray:
    data, codec = bytes(memoryview(batch._buffer)[batch._pos :]), batch.compression_type
    if not codec:
        return data
    if codec == SNAPPY:
        return snappy_decode(data)
    if codec not in UNPACK:
        raise ValueError("a codec that nobody knows")
    room = bytearray(MOST)
    return room[: UNPACK[codec](data, room)]


class Lenient(bytearray):
    """Bytes whose parts become text whatever they hold."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return Lenient(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return super().decode(encoding, "backslashreplace")
