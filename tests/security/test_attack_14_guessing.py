"""Attack 14: guessing passwords and names. Ten thousand tries get nowhere, tell nothing, and keep nobody out."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from services.intake.same_time import SAME_TIME
from services.intake.signing_in.tries import TRIES, TRIES_OF_ALL
from tests.integration.intake.browsers import Browsers, fields
from tests.integration.intake.test_staff_sign_in import PASSWORD, Colleague, colleague, sign_in
from tests.integration.intake.world import open_door
from tests.network import FreshDatabase

AT_ONCE = 20

pytestmark = pytest.mark.network


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def settled(shared_database: FreshDatabase) -> AsyncIterator[tuple[Browsers, Colleague]]:
    async with open_door(shared_database) as door:
        browsers = Browsers(door)
        yield browsers, await colleague(browsers)


async def guess(asks: httpx.AsyncClient, form: dict[str, str], name: str, password: str) -> httpx.Response:
    data = {**form, "name": name, "password": password, "code": "000000"}
    return await asks.post("/intake/account/sign-in", data=data)


async def form_of(asks: httpx.AsyncClient) -> dict[str, str]:
    return fields((await asks.get("/intake/account/sign-in")).text, "Sign-in name")


@pytest.mark.timeout(600)
async def test_ten_thousand_tries_get_nowhere_and_their_victim_signs_in_all_the_while(settled):
    """From three addresses, one of them the victim's own office; half of them at one account, half through a list."""
    browsers, who = settled
    browsers = Browsers(browsers.door)
    counted: Counter[int] = Counter()
    async with browsers.open(at="127.0.0.7") as own:
        assert (await sign_in(own, who)).status_code == 303, "this browser is known from here on"
        for address in ("127.0.0.7", "127.0.0.8", "127.0.0.9"):
            async with browsers.open(at=address) as asks:
                form = await form_of(asks)
                asks.headers["Accept"] = "application/json"
                for start in range(0, 3334, AT_ONCE):
                    names = [who.account.sign_in if n % 2 else f"name{start + n}" for n in range(AT_ONCE)]
                    guesses = (guess(asks, form, name, f"password {start}") for name in names)
                    counted.update(answer.status_code for answer in await asyncio.gather(*guesses))
        assert (await sign_in(own, who, code=who.recovery[0])).status_code == 303, "from a browser that is known"
    async with browsers.open(at="127.0.0.10") as elsewhere:
        assert (await sign_in(elsewhere, who, code=who.recovery[1])).status_code == 303, "or from where nobody guessed"
    assert sum(counted.values()) >= 10_000
    assert set(counted) == {422, 429}
    assert counted[422] < counted[429] / 20


async def test_the_seventh_try_at_an_account_waits_and_is_told_for_how_long(settled):
    browsers, who = settled
    browsers = Browsers(browsers.door)
    async with browsers.open(at="127.0.1.1") as asks:
        form = await form_of(asks)
        answers = [await guess(asks, form, who.account.sign_in, "wrong wrong wrong") for _ in range(TRIES.amount + 1)]
    assert [answer.status_code for answer in answers] == [422] * TRIES.amount + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert "Nothing is locked" in answers[-1].text


async def test_a_name_that_nobody_has_is_counted_as_one_that_somebody_has(settled):
    browsers, _ = settled
    browsers = Browsers(browsers.door)
    async with browsers.open(at="127.0.1.2") as asks:
        form = await form_of(asks)
        answers = [await guess(asks, form, "nobody.at.all", "wrong wrong wrong") for _ in range(TRIES.amount + 1)]
    assert [answer.status_code for answer in answers] == [422] * TRIES.amount + [429]


async def test_going_through_a_list_of_names_from_one_address_is_stopped(settled):
    browsers, _ = settled
    browsers = Browsers(browsers.door)
    async with browsers.open(at="127.0.1.3") as asks:
        form = await form_of(asks)
        answers = Counter(
            [
                (await guess(asks, form, f"name{n}", "wrong wrong wrong")).status_code
                for n in range(TRIES_OF_ALL.amount + 5)
            ]
        )
    assert answers == {422: TRIES_OF_ALL.amount, 429: 5}


async def test_no_refusal_tells_by_its_time_or_its_words_what_was_wrong(settled):
    """A name that nobody has, a wrong password, and the right password with a wrong code."""
    browsers, who = settled
    kinds = {
        "no such name": ("nobody.at.all", PASSWORD),
        "wrong password": (who.account.sign_in, "wrong wrong wrong"),
        "wrong code": (who.account.sign_in, PASSWORD),
    }
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    told = set()
    for turn in range(6):
        for kind, (name, password) in kinds.items():
            async with Browsers(browsers.door).open(at=f"127.0.2.{turn}") as asks:
                form = await form_of(asks)
                began = time.perf_counter()
                answer = await guess(asks, form, name, password)
                took[kind].append(time.perf_counter() - began)
            assert answer.status_code == 422
            told.add(answer.text.replace(form["_csrf"], "").replace(name, "NAME").split("<form")[0])
            told.add(len(answer.text.replace(name, "")))
    least = {kind: min(times) for kind, times in took.items()}  # a busy machine adds what it likes
    assert len(told) == 2, "one page, of one length"
    assert min(least.values()) >= SAME_TIME
    assert max(least.values()) < 2 * SAME_TIME, least
