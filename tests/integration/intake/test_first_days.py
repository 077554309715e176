"""The first 72 hours at home: five things with clocks, written down with them and read by them; no gate."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.security import demo
from tests.integration.intake.test_erasures import gone
from tests.integration.intake.world import Door, text

pytestmark = pytest.mark.network
HOME = date.today() + timedelta(days=10)
WORDS = "Canary: I see a Mr. Smith on Mondays."


async def set_day(door: Door, person: UUID, day: date = HOME, **more: Any) -> None:
    answer = await door.send("PUT", f"/intake/people/{person}/first-days", {"day": str(day), **more}, demo.DANA)
    assert answer.status_code == 200, answer.text


async def move(door: Door, person: UUID, thing: str, verb: str) -> int:
    path = f"/intake/people/{person}/first-days/{thing}"
    return (await door.post(path, {"move": verb}, demo.DANA)).status_code


async def stages(door: Door, person: UUID, who: UUID | None = None) -> dict[str, str]:
    return dict((await door.get(f"/intake/people/{person}/first-days", who or person)).json()["things"])


async def fire_all(door: Door) -> None:
    while await door.fire():
        pass


async def test_first_help_waits_for_none_of_it(door):
    person = UUID((await door.post("/intake/start", {"name": "Ray"})).json()["id"])
    assert await stages(door, person) == {}
    assert "No day is known yet." in text(await door.page(f"/intake/people/{person}/first-days", person))


async def test_what_nobody_arranged_a_day_before_presses_and_after_72_hours_was_missed(door):
    person = await door.add()
    await set_day(door, person)
    assert set((await stages(door, person)).values()) == {"open"}
    assert await move(door, person, "bed", "arrange") == 200
    assert await move(door, person, "medicine", "have_it") == 200
    assert await move(door, person, "phone", "leave_out") == 200
    await door.shift("8 days")
    await fire_all(door)
    assert (await stages(door, person))["ride"] == "open"
    await door.shift("9 days 6 hours")
    await fire_all(door)
    pressing = {
        "ride": "pressing",
        "bed": "arranged",
        "medicine": "there",
        "phone": "not_wanted",
        "documents": "pressing",
    }
    assert await stages(door, person) == pressing
    await door.shift("14 days")
    await fire_all(door)
    over = {**pressing, "ride": "missed", "bed": "missed", "documents": "missed"}
    assert await stages(door, person, demo.DANA) == over
    told = [e["data"] for e in await door.events("person", person) if "first_thing" in e["type"]]
    assert {one["thing"] for one in told if one["stage"] == "missed"} == {"bed", "documents", "ride"}
    assert await door.pool.fetchval("SELECT count(*) FROM timer WHERE kind = 'first_thing'") == 0


async def test_a_day_that_moves_takes_its_clocks_along(door):
    person = await door.add()
    await set_day(door, person, conditions=["curfew"], words=WORDS)
    await move(door, person, "ride", "arrange")
    await move(door, person, "bed", "have_it")
    await set_day(door, person, HOME + timedelta(days=30))
    found = await stages(door, person)
    assert (found["ride"], found["bed"]) == ("open", "there"), "a ride on another day is none"
    await door.shift("15 days")
    await fire_all(door)
    assert (await stages(door, person))["documents"] == "open"
    kept = (await door.get(f"/intake/people/{person}/first-days", person)).json()
    assert (kept["conditions"], kept["words"]) == (["curfew"], WORDS), "what they told stays"


async def test_what_they_told_of_their_supervision_is_sealed_and_on_no_topic(door):
    person = await door.add()
    await set_day(door, person, conditions=["check_ins", "device"], words=WORDS)
    assert "Canary" not in str(await door.pool.fetch("SELECT * FROM first_days"))
    assert "check_ins" not in str(await door.pool.fetch("SELECT * FROM first_days"))
    said = str(await door.events("person", person))
    assert "Smith" not in said and "check_ins" not in said


async def test_person_and_worker_read_one_page_and_it_takes_nothing_of_a_case(door):
    person = await door.add()
    form = {"day": str(HOME), "conditions": ["curfew"], "words": WORDS}
    sent = await door.fill(f"/intake/people/{person}/first-days", form, demo.DANA)
    assert (sent.status_code, sent.headers["location"]) == (303, f"/intake/people/{person}/first-days")
    own, staff = [text(await door.page(f"/intake/people/{person}/first-days", who)) for who in (person, demo.DANA)]
    assert "I have to be home at some hours" in own and WORDS in own
    assert "Not ready yet. We see to it." in own
    assert "No criminal-justice information (CJI)" in staff
    assert "Their first days" in staff and "this person" in staff and "Hours at home" in staff
    assert "Your" not in staff and "You come home" not in staff and "I have" not in staff
    pressed = await door.fill(f"/intake/people/{person}/first-days/ride", {"move": "arrange"}, demo.DANA)
    assert pressed.status_code == 303
    assert "It is set up for you." in text(await door.page(f"/intake/people/{person}/first-days", person))
    spanish = await door.client.get(
        f"/intake/people/{person}/first-days?lang=es", headers={**door.as_(person), "Accept": "text/html"}
    )
    assert "Sus primeros días" in text(spanish)


async def test_nobody_elses_worker_reads_or_writes_it(door):
    person = await door.add()
    await set_day(door, person)
    for who in (demo.YUSUF, demo.GRACE, demo.RUTH, demo.RAY):
        assert (await door.get(f"/intake/people/{person}/first-days", who)).status_code == 404
        path = f"/intake/people/{person}/first-days/ride"
        assert (await door.post(path, {"move": "arrange"}, who)).status_code in (403, 404)
    assert await move(door, person, "spaceship", "arrange") == 404
    assert await move(door, person, "ride", "fall_through") == 409, "nothing was arranged yet"


async def test_whoever_is_erased_leaves_none_of_it(door):
    person = await door.add()
    await set_day(door, person, words=WORDS)
    await gone(door, person)
    for table in ("first_days", "first_thing", "arrival"):
        assert await door.pool.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608
