"""Counting tries is no weapon itself: it forgets what is over, and many counts make no other one slower."""

import time
from itertools import count

import pytest

from services.intake.signing_in.tries import Tries
from shared.security import counting
from shared.security.counting import Counts, Limit

LIMIT = Limit(3, 60)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch):
    """A second goes by as one says so."""
    now = [1000.0]

    class Time:
        monotonic = staticmethod(lambda: now[0])

    monkeypatch.setattr(counting, "time", Time)
    return now


def test_what_is_over_counts_no_more_one_by_one(clock):
    counts = Counts()
    for _ in range(3):
        assert counts.hit(LIMIT, "a")
        clock[0] += 20
    assert counts.hit(LIMIT, "a"), "the first is a minute old"
    assert not counts.hit(LIMIT, "a") and counts.of_late(LIMIT, "a") == 3
    assert counts.wait(LIMIT, "a") == 20
    clock[0] += 19.9
    assert not counts.hit(LIMIT, "a") and counts.wait(LIMIT, "a") == 1
    clock[0] += 0.1
    assert counts.hit(LIMIT, "a") and not counts.hit(LIMIT, "a")
    counts.clear(LIMIT, "a")
    assert counts.of_late(LIMIT, "a") == 0 and counts.wait(LIMIT, "a") == 1


def test_one_too_many_makes_nobody_wait_longer(clock):
    counts = Counts()
    for _ in range(3):
        counts.hit(LIMIT, "a")
    for _ in range(59):
        clock[0] += 1
        assert not counts.hit(LIMIT, "a")
    clock[0] += 1
    assert counts.hit(LIMIT, "a")


def test_names_and_limits_are_counted_apart(clock):
    counts, other = Counts(), Limit(1, 60)
    assert counts.hit(other, "a", "b") and not counts.hit(other, "a", "b")
    assert counts.hit(LIMIT, "a", "b") and counts.hit(other, "a") and counts.hit(other, "ab")


def test_whatever_is_over_is_forgotten(clock):
    """Else whoever tries a thousand names a day fills the memory in the end."""
    counts, number = Counts(), count()
    for _ in range(50):
        for _ in range(100):
            counts.hit(LIMIT, f"name {next(number)}")
        counts.hit(LIMIT, "always here")
        clock[0] += 30
    assert len(counts) <= 201 and counts.of_late(LIMIT, "always here") == 1


def test_a_hundred_thousand_tries_make_the_next_ones_no_slower():
    """The library that counted before looked at all of them after each, in a thread of its own, for ever."""
    tries = Tries()
    for number in range(100_000):
        tries.count_link(f"link {number}", f"10.{number // 65000}.{number // 250}.{number % 250}")
    time.sleep(0.2)
    before = time.process_time()
    for number in range(10):
        tries.count_link(f"another {number}", "192.0.2.1")
        time.sleep(0.1)
    assert time.process_time() - before < 0.2
