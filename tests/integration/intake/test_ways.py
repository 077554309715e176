"""Several ways to reach somebody: the safe one is tried first, a lost phone stops all that it could show."""

from uuid import UUID

import pytest

from shared.security.demo import DANA, LENA, TONY, YUSUF
from tests.integration.intake.world import NUMBER, Door, text

pytestmark = pytest.mark.network
OTHER = "555-010-9911"


async def add(door: Door, person: UUID, account: UUID = DANA, *, status: int = 200, **said) -> dict:
    answer = await door.post(f"/intake/people/{person}/ways", said, account)
    assert answer.status_code == status, answer.text
    return answer.json()


async def ways(door: Door, person: UUID, account: UUID = DANA) -> list[dict]:
    answer = await door.get(f"/intake/people/{person}/ways", account)
    assert answer.status_code == 200, answer.text
    return answer.json()["ways"]


async def press(door: Door, person: UUID, way: dict, verb: str, account: UUID) -> None:
    answer = await door.post(f"/intake/people/{person}/ways/{way['id']}/{verb}", {}, account)
    assert answer.status_code == 200, answer.text


async def last_told(door: Door) -> dict:
    return [event["data"] for event in await door.events("person") if event["type"].endswith("contact_changed.v1")][-1]


async def test_each_way_has_its_own_safety_hours_and_word(door: Door):
    person = await door.add()
    said = {"quiet_from": "14:00", "quiet_until": "16:00", "readers": "My mother", "code_word": "Bluebird"}
    await add(door, person, way="voice", contact=OTHER, safe=True, **said)
    first, second = await ways(door, person)
    assert (first["way"], first["contact"], first["readers"]) == ("sms", NUMBER, None)
    assert (second["contact"], second["readers"], second["code_word"]) == (OTHER, "My mother", "Bluebird")
    told = await last_told(door)
    assert told["channels"] == ["sms", "voice"]
    assert [(way["channel"], way.get("quiet_from")) for way in told["ways"]] == [("sms", None), ("voice", "14:00:00")]
    page = text(await door.page(f"/intake/people/{person}/ways", person))
    assert "Who else reads it: My mother" in page and "“Bluebird”" in page


async def test_a_way_that_was_not_said_to_be_safe_is_told_to_nobody(door: Door):
    person = await door.add()
    await add(door, person, way="mail", contact="ray@example.org")
    assert [way["channel"] for way in (await last_told(door))["ways"]] == ["sms"]


async def test_the_other_one_is_tried_first_and_what_holds_of_each_goes_with_it(door: Door):
    person = await door.add()
    await add(door, person, way="sms", contact=OTHER, safe=True, readers="Jo")
    [_, second] = await ways(door, person)
    await press(door, person, second, "first", person)
    first, second = await ways(door, person)
    assert (first["contact"], first["readers"], second["contact"]) == (OTHER, "Jo", NUMBER)
    reach = (await door.get(f"/intake/people/{person}/reach", DANA)).json()
    assert reach["contact"] == OTHER, "who asks for one way gets the first"


async def test_a_lost_phone_stops_all_that_it_shows_and_both_sides_free_each_way(door: Door):
    person = await door.add()
    await add(door, person, way="mail", contact="ray@example.org", safe=True)
    await add(door, person, way="post", contact="40 Mill Street", safe=True)
    lost = await door.post(f"/intake/people/{person}/lost-phone", {}, LENA)
    assert lost.status_code == 200
    assert (await last_told(door))["channels"] == ["post"]
    held = {way["way"]: way["held"] for way in await ways(door, person)}
    assert held == {"sms": "nobody", "mail": "nobody", "post": None}
    mail = next(way for way in await ways(door, person) if way["way"] == "mail")
    await press(door, person, mail, "safe", DANA)
    assert (await last_told(door))["channels"] == ["post"]
    await press(door, person, mail, "safe", person)
    assert (await last_told(door))["channels"] == ["mail", "post"]
    await add(door, person, way="sms", contact=OTHER, safe=True)
    assert (await last_told(door))["channels"] == ["mail", "post"], "a new number does not get around it"


async def test_two_who_change_it_at_once_see_each_other_and_what_was_typed_is_kept(door: Door):
    person = await door.add()
    await add(door, person, way="mail", contact="ray@example.org", safe=True)
    typed = {"way": "sms", "contact": OTHER, "safe": "yes", "seen": "0"}
    page = await door.fill(f"/intake/people/{person}/ways", typed, DANA)
    assert page.status_code == 409
    assert OTHER in page.text and "ray@example.org" in page.text and 'name="seen" value="1"' in page.text
    assert len(await ways(door, person)) == 2
    again = await door.fill(f"/intake/people/{person}/ways", {**typed, "seen": "1"}, DANA)
    assert again.status_code == 303
    assert len(await ways(door, person)) == 3


async def test_two_numbers_written_over_each_other_are_both_seen(door: Door):
    person = await door.add()
    drawn = {"way": "sms", "safe": "yes", "language": "en", "seen": "0"}
    path = f"/intake/people/{person}/contact"
    assert (await door.fill(path, {**drawn, "contact": OTHER}, person)).status_code == 303
    page = await door.fill(path, {**drawn, "contact": "555-010-3333"}, DANA)
    assert page.status_code == 409 and f"“{OTHER}”" in text(page) and "555-010-3333" in page.text
    again = await door.fill(path, {**drawn, "contact": "555-010-3333", "seen": "1"}, DANA)
    assert again.status_code == 303


async def test_what_can_t_be_right_is_mended_beside_its_field(door: Door):
    person = await door.add()
    page = await door.fill(f"/intake/people/{person}/ways", {"contact": "12", "readers": "Jo"}, person)
    assert page.status_code == 422 and "whole phone number" in text(page) and 'value="Jo"' in page.text
    half = await door.fill(
        f"/intake/people/{person}/ways", {"contact": OTHER, "quiet_from": "20:00", "safe": "no"}, person
    )
    assert half.status_code == 422 and "Say both hours" in text(half)
    [only] = await ways(door, person)
    await door.fill(f"/intake/people/{person}/ways/{only['id']}", {"safe": "yes", "code_word": "Robin"}, person)
    [only] = await ways(door, person)
    assert (only["contact"], only["code_word"]) == (NUMBER, "Robin"), "a number that is left empty stays"


async def test_a_colleague_sees_them_and_whoever_has_no_business_does_not(door: Door):
    person = await door.add()
    assert (await door.get(f"/intake/people/{person}/ways", LENA)).status_code == 200
    assert (await door.post(f"/intake/people/{person}/ways", {"contact": OTHER}, TONY)).status_code in (403, 404)
    await door.allow(person, categories=["contact"])
    assert (await door.get(f"/intake/people/{person}/ways", YUSUF)).status_code in (403, 404)


async def test_a_worker_reads_whose_ways_these_are_in_a_workers_words(door: Door):
    person = await door.add()
    own, staff = [await door.page(f"/intake/people/{person}/ways", who) for who in (person, DANA)]
    assert "I will come by" in text(own) and "you say is safe" in text(own)
    assert "They will come by" in text(staff) and "they say is safe" in text(staff)
    assert f'hx-get="/intake/people/{person}/name"' in staff.text
    asking = await door.page("/intake/people/new", DANA)
    assert "They will come by" in text(asking) and "I will come by" not in text(asking)


async def test_nothing_of_it_stands_in_clear(door: Door):
    person = await door.add()
    await add(door, person, way="sms", contact=OTHER, safe=True, readers="Canary reader", code_word="Canaryword")
    rows = await door.pool.fetch("SELECT w::text AS row FROM contact_way w UNION ALL SELECT p::text FROM person p")
    found = " ".join(row["row"] for row in rows)
    for said in (OTHER, "Canary reader", "Canaryword"):
        assert said not in found and said.encode().hex() not in found
