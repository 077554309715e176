"""Passwords: slow to try, quick to refuse for whoever is too many, and long rather than clever."""

import asyncio

import pytest
from argon2 import PasswordHasher, extract_parameters

from services.intake.signing_in import passwords
from services.intake.signing_in.passwords import AT_ONCE, WAITING, Crowded, Passwords, check_new, needs_rehash
from shared.runtime.errors import Invalid

GOOD = "the tram was late again"


async def test_what_was_hashed_is_known_again_and_nothing_else_is():
    hashing = Passwords()
    kept = await hashing.hash(GOOD)
    assert GOOD not in kept
    assert await hashing.is_right(kept, GOOD)
    for wrong in (GOOD + " ", GOOD.upper(), "", "x" * 100_000, "\x00"):
        assert not await hashing.is_right(kept, wrong)
    assert not await hashing.is_right("no hash at all", GOOD)


async def test_nobodys_password_is_never_right():
    assert not await Passwords().is_right(None, GOOD)


async def test_it_is_argon2id_with_at_least_what_the_standard_recommends():
    parameters = extract_parameters(await Passwords().hash(GOOD))
    assert parameters.type.name == "ID"
    assert (parameters.time_cost, parameters.memory_cost, parameters.parallelism) >= (3, 65536, 4)  # RFC 9106, 4


def test_a_hash_of_cheaper_days_is_made_anew():
    assert needs_rehash(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD))


async def test_a_crowd_is_sent_away_and_the_others_are_served(monkeypatch):
    monkeypatch.setattr(passwords, "_verify", lambda kept, given: True)
    hashing = Passwords()
    answers = await asyncio.gather(*(hashing.is_right("x", "y") for _ in range(60)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Crowded)]
    assert len(refused) == 60 - AT_ONCE - WAITING
    assert refused[0].headers == {"Retry-After": "5"}
    assert await hashing.is_right("x", "y"), "and nothing is blocked by it afterwards"


@pytest.mark.parametrize("password", ["", "Tr4mB4hn", "a" * 16, "dana.whitfield2026", "x" * 201, "ab" * 6])
def test_a_password_that_is_easy_to_guess_is_not_taken(password):
    with pytest.raises(Invalid) as refused:
        check_new(password, "dana.whitfield")
    assert refused.value.field == "password"
    assert password == "" or password not in str(refused.value)


@pytest.mark.parametrize("password", [GOOD, "correct horse", "ñandúes en la pampa", "x1y2z3x1y2z3"])
def test_a_sentence_is_welcome(password):
    assert check_new(password, "dana") == password
