"""Ids sort by the time they were made, as RFC 9562 lays them out."""

from uuid import RFC_4122

from shared.runtime import ids
from shared.runtime.ids import uuid7

FIRST = 0x0198C4F27D3A  # milliseconds


def test_an_id_is_of_version_7_and_begins_with_its_millisecond(monkeypatch):
    monkeypatch.setattr(ids.time, "time_ns", lambda: FIRST * 1_000_000 + 999_999)
    made = [uuid7() for _ in range(1000)]
    assert {(id.version, id.variant, id.int >> 80) for id in made} == {(7, RFC_4122, FIRST)}
    assert len(set(made)) == 1000


def test_ids_sort_by_the_millisecond_they_were_made_in(monkeypatch):
    clock = iter(range(FIRST, FIRST + 1000))
    monkeypatch.setattr(ids.time, "time_ns", lambda: next(clock) * 1_000_000)
    made = [uuid7() for _ in range(1000)]
    assert sorted(made) == sorted(made, key=str) == made
