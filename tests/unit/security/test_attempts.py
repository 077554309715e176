"""Trying to sign in: a few tries a minute, and a stranger's tries lock out nobody else."""

import pytest

from shared.security.attempts import MINUTE, REMEMBERED, TRIES, TRIES_OF_ALL, Attempts, TooManyTries


class Clock:
    at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_the_seventh_try_in_a_minute_waits_and_is_told_how_long():
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(TRIES):
        attempts.count("ray", "127.0.0.1")
    clock.at += 20
    with pytest.raises(TooManyTries) as refused:
        attempts.count("ray", "127.0.0.1")
    assert refused.value.headers == {"Retry-After": "40"}
    assert refused.value.status == 429
    clock.at += 41
    attempts.count("ray", "127.0.0.1")


def test_a_stranger_locks_out_only_the_stranger():
    attempts = Attempts(Clock())
    for _ in range(TRIES):
        attempts.count("ray", "10.0.0.1")
    with pytest.raises(TooManyTries):
        attempts.count("ray", "10.0.0.1")
    attempts.count("ray", "10.0.0.2")


def test_going_through_the_list_of_people_is_trying_too():
    attempts = Attempts(Clock())
    for number in range(TRIES_OF_ALL):
        attempts.count(f"person {number}", "10.0.0.1")
    with pytest.raises(TooManyTries):
        attempts.count("person 99", "10.0.0.1")


def test_a_try_that_succeeds_costs_nothing():
    attempts = Attempts(Clock())
    for _ in range(3 * TRIES_OF_ALL):
        attempts.count("dana", "127.0.0.1")
        attempts.succeeded("dana", "127.0.0.1")


def test_many_tries_do_not_fill_the_memory():
    clock = Clock()
    attempts = Attempts(clock)
    for number in range(3 * REMEMBERED):
        clock.at += MINUTE / 1000
        attempts.count(f"person {number}", f"address {number}")
    assert len(attempts._tries) <= REMEMBERED + 2
