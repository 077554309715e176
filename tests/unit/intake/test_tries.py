"""How often somebody may try: the stranger waits, and nobody else does."""

import pytest

from services.intake.signing_in.tries import TRIES, TRIES_OF_ALL, TRIES_OF_LINK, TooManyTries, Tries, place_of


def use_up(tries: Tries, account: str, place: str) -> None:
    for _ in range(TRIES.amount):
        tries.count(account, place)


def test_the_seventh_try_within_a_minute_waits_and_is_told_how_long():
    tries = Tries()
    use_up(tries, "dana", "10.0.0.1")
    with pytest.raises(TooManyTries, match="Nothing is locked") as refused:
        tries.count("dana", "10.0.0.1")
    assert 0 < int(refused.value.headers["Retry-After"]) <= 60


def test_a_strangers_tries_keep_out_nobody_but_the_stranger():
    tries = Tries()
    use_up(tries, "dana", "10.0.0.1")
    for place in ("10.0.0.2", "device 6b1f"):
        tries.count("dana", place)
    tries.count("lena", "10.0.0.1")


def test_going_through_the_list_is_trying_too():
    tries = Tries()
    for number in range(TRIES_OF_ALL.amount):
        tries.count(f"name {number}", "10.0.0.1")
    with pytest.raises(TooManyTries):
        tries.count("another name", "10.0.0.1")
    tries.count("another name", "10.0.0.2")


def test_a_try_that_was_right_was_none():
    tries = Tries()
    for _ in range(3):
        use_up(tries, "dana", "10.0.0.1")
        tries.succeeded("dana", "10.0.0.1")


def test_signing_in_as_oneself_in_between_buys_no_tries_at_others():
    tries, wrong = Tries(), 0
    with pytest.raises(TooManyTries):
        while wrong < 2 * TRIES_OF_ALL.amount:
            tries.count("mine", "10.0.0.1")
            tries.succeeded("mine", "10.0.0.1")
            tries.count(f"name {wrong}", "10.0.0.1")
            wrong += 1
    assert wrong == TRIES_OF_ALL.amount


def test_an_office_behind_one_address_signs_in_as_one_in_the_morning():
    tries = Tries()
    for number in range(5 * TRIES_OF_ALL.amount):
        tries.count(f"name {number}", "10.0.0.1")
        tries.succeeded(f"name {number}", "10.0.0.1")


def test_a_link_takes_a_hundred_tries_a_day_from_wherever_and_its_owner_is_not_kept_out():
    tries = Tries()
    for number in range(TRIES_OF_LINK.amount):
        tries.count_link("link", f"10.0.{number}.1")
    with pytest.raises(TooManyTries):
        tries.count_link("link", "10.9.9.9")
    known = place_of("a browser that they have used")
    tries.count_link("link", known)
    tries.count_link("another link", "10.9.9.9")
