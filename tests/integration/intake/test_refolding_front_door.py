"""After a restore: who came in since, what they were promised, and whom no list may ask again."""

from uuid import UUID

import pytest

from shared.security import demo
from tests.integration.intake.test_first_days import move, set_day, stages
from tests.integration.intake.test_refolding import backups, logs
from tests.integration.intake.test_release_lists import JO, RAY, asked, named
from tests.integration.intake.test_start import ASKED, KEY
from tests.integration.intake.world import NAME, WORDS, text

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka", "logs")]
__all__ = ["backups", "logs"]


async def test_a_promise_and_what_is_arranged_stand_as_they_stood_with_their_clocks(door, backups):
    before = await backups.take()
    person = UUID((await door.post("/intake/start", {"name": NAME})).json()["id"])
    walked = await door.add()
    await set_day(door, walked, words=WORDS)
    await move(door, walked, "ride", "arrange")
    await move(door, walked, "bed", "have_it")
    known, clocks = (
        await stages(door, walked),
        "SELECT kind, subject FROM timer WHERE kind IN ('arrival', 'first_thing')",
    )
    ticking = {tuple(row) for row in await door.pool.fetch(clocks)}
    await backups.restore(before)
    assert await stages(door, walked) == known
    assert {tuple(row) for row in await door.pool.fetch(clocks)} == ticking
    assert "An answer was promised" in text(await door.page("/intake/people", demo.LENA))
    said = {"worker": str(demo.DANA), "reason": "welcomed"}
    assert (await door.send("PUT", f"/intake/people/{person}/worker", said, demo.LENA)).status_code == 200
    assert await door.pool.fetchval("SELECT stage FROM arrival WHERE person_id = $1", person) == "answered"


async def test_who_said_yes_since_is_here_and_who_said_no_is_asked_by_nobody(door, backups):
    ray, jo = await named(door, RAY, JO)
    before = await backups.take()
    await door.post(f"/intake/invited/{ray['id']}/yes", {"given": "in_person"}, demo.DANA)
    await door.post(f"/intake/invited/{jo['id']}/no", {"given": "by_phone"}, demo.DANA)
    await backups.restore(before)
    assert await asked(door) == []
    assert await named(door, RAY) == []
    assert await door.pool.fetchval("SELECT stage FROM invited WHERE id = $1", UUID(ray["id"])) == "here"
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 1
    await door.shift("31 days")
    while await door.fire():
        pass
    assert await door.pool.fetchval("SELECT count(*) FROM invited WHERE id = $1", UUID(jo["id"])) == 0


async def test_a_phone_that_sends_its_form_again_gives_a_name_back_that_was_lost(door, backups):
    before = await backups.take()
    form = {**ASKED, "_key": KEY}
    await door.fill("/intake/start", form)
    await backups.restore(before)
    await door.fill("/intake/start", form)
    [person] = (await door.get("/intake/people", demo.LENA)).json()["people"]
    assert person["name"] == NAME
