"""Asking for help needs no account, so a program could fill an agency's list with people who are none."""

import pytest

from services.intake.signing_in.asking import ASKS
from shared.web.templates import LEAVE
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


@pytest.mark.parametrize("way_out", [LEAVE, "/intake/sign-out"])
async def test_after_the_way_out_the_browser_does_not_tell_that_somebody_asked_for_help(
    browsers: Browsers, house: Door, way_out: str
):
    async with browsers.open() as phone:
        form = fields((await phone.get("/intake/start")).text, "What should we call you?")
        sent = await phone.post("/intake/start", data={**form, "name": "Wren Passing"})
        assert sent.headers["location"] == "/intake/start/done"
        page = (await phone.get("/intake/start/done")).text
        assert "Welcome Alder" in page
        assert (await phone.post(way_out, data=fields(page, "Leave this page"))).status_code in (200, 303)
        assert "Welcome Alder" not in (await phone.get("/intake/start/done")).text, "whoever goes back finds nothing"
