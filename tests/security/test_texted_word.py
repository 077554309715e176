"""A link that went by text to a phone that somebody else holds: the four figures behind it can't be tried through."""

from itertools import islice

import pytest

from services.intake.signing_in.tries import TRIES
from services.intake.ways_in import WRONG_WORDS
from shared.security import demo
from tests.integration.intake.browsers import Browsers
from tests.integration.intake.conftest import browsers, house
from tests.integration.intake.phones import choose, hand_out
from tests.integration.intake.world import Door

pytestmark = pytest.mark.network
__all__ = ["browsers", "house"]
CODE = "abcdefghijklmnop"


async def test_ten_wrong_words_are_the_end_of_a_link_however_slowly_they_are_typed(
    browsers: Browsers, house: Door, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("services.intake.api.ways_in.new_code", lambda: CODE)
    person = await house.add()
    answer = await house.post(f"/intake/people/{person}/way-in", {"checked": "known", "text": True}, demo.DANA)
    word, link = answer.json()["word"], f"/intake/sign-in/{CODE}"
    wrong = islice((f"{n:04}" for n in range(10_000) if f"{n:04}" != word), WRONG_WORDS)
    for n, guess in enumerate(wrong):
        # From a new place every few tries, so that nothing but the link itself counts.
        async with browsers.open(at=f"127.0.1.{n // (TRIES.amount - 1)}") as asks:
            assert (await choose(asks, link, word=guess)).status_code == 422
    state = (await house.get(f"/intake/people/{person}/way-in", demo.DANA)).json()
    assert (state["link"], state["pin"]) == (False, False)
    async with browsers.open(at="127.0.2.1") as asks:
        page = await asks.get(link)
        assert 'name="new"' not in page.text, "no PIN can be chosen by it any more"
    monkeypatch.undo()
    fresh = await hand_out(house, person)
    async with browsers.open() as phone:
        assert (await choose(phone, fresh)).status_code == 303, "and their worker makes them another"
