"""Asking for help needs no account, so a program could fill an agency's list with people who are none."""

import pytest

from services.intake.asking import ASKS
from tests.integration.intake.browsers import Browsers, fields
from tests.integration.intake.conftest import browsers, house
from tests.integration.intake.world import Door, text

pytestmark = pytest.mark.network
__all__ = ["browsers", "house"]


async def test_a_flood_from_one_place_ends_and_the_next_place_is_not_kept_out(browsers: Browsers, house: Door):
    before = await house.pool.fetchval("SELECT count(*) FROM person")
    async with browsers.open(at="127.0.0.7", Accept="application/json") as flood:
        answers = [await flood.post("/intake/start", json={"name": f"Nobody {n}"}) for n in range(ASKS.amount + 5)]
    assert [answer.status_code for answer in answers] == [201] * ASKS.amount + [429] * 5
    assert int(answers[-1].headers["retry-after"]) > 0
    assert await house.pool.fetchval("SELECT count(*) FROM person") == before + ASKS.amount
    async with browsers.open(at="127.0.0.7") as same:
        form = fields((await same.get("/intake/start")).text, "What should we call you?")
        kept = await same.post("/intake/start", data={**form, "name": "Wren", "words": "I have no bed."})
        assert kept.status_code == 429 and "I have no bed." in kept.text, "nothing typed is lost"
        assert "Wait" in text(kept)
    async with browsers.open(at="127.0.0.8", Accept="application/json") as elsewhere:
        assert (await elsewhere.post("/intake/start", json={"name": "Robin"})).status_code == 201
