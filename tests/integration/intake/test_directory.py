"""Agencies and programs: public facts, said by those who answer for them, told once for each change."""

import html
import re
from dataclasses import replace

import pytest

from services.intake.pages import directory as pages
from services.intake.pages.directory import offer
from shared.runtime.ids import uuid7
from shared.security import demo
from tests.integration.intake.world import CALENDAR, text

pytestmark = pytest.mark.network


async def program(door, account=demo.RUTH, id=None, **more):
    id = id or uuid7()
    body = {"agency": str(demo.CEDAR_HOUSE), "name": "Rooms for the first month", "needs": ["housing"], **more}
    return id, await door.send("PUT", f"/intake/programs/{id}", body, account)


async def test_an_agency_is_registered_once_and_updated_when_something_changed(door):
    assert await door.types("agency", demo.CEDAR_HOUSE) == ["agency.registered"]
    await door.agency(demo.CEDAR_HOUSE, "Cedar House", phone="555-0142", lead=str(demo.YUSUF))
    await door.agency(demo.CEDAR_HOUSE, "Cedar House", phone="555-0142", lead=str(demo.YUSUF))
    await door.agency(demo.CEDAR_HOUSE, "Cedar House", phone="555-0142", lead=str(demo.YUSUF), description="Rooms.")
    assert await door.types("agency", demo.CEDAR_HOUSE) == ["agency.registered", "agency.updated"]
    [_, updated] = await door.events("agency", demo.CEDAR_HOUSE)
    assert updated["data"]["lead"] == str(demo.YUSUF)
    assert updated["data"]["calendar"]["openings"][0] == {"weekday": 1, "opens": "09:00:00", "closes": "17:00:00"}
    found = (await door.get(f"/intake/agencies/{demo.CEDAR_HOUSE}")).json()
    assert (found["description"], found["source"]) == ("Rooms.", None)


async def test_an_agencys_admin_writes_its_own_entry_and_no_other(door):
    body = {"name": "Cedar House", "calendar": CALENDAR}
    assert (await door.send("PUT", f"/intake/agencies/{demo.CEDAR_HOUSE}", body, demo.YUSUF)).status_code == 200
    assert (await door.send("PUT", f"/intake/agencies/{demo.LANTERN_CLINIC}", body, demo.YUSUF)).status_code == 403
    assert (await door.send("PUT", f"/intake/agencies/{uuid7()}", body, demo.DANA)).status_code == 403
    assert (await door.send("PUT", f"/intake/agencies/{uuid7()}", body)).status_code == 401
    _, mine = await program(door, demo.YUSUF)
    _, theirs = await program(door, demo.YUSUF, agency=str(demo.LANTERN_CLINIC))
    assert (mine.status_code, theirs.status_code) == (201, 403)


async def test_a_program_is_listed_updated_and_withdrawn(door):
    id, made = await program(door)
    assert made.status_code == 201
    capacity = {"available": 2, "maximum": 8, "as_of": "2026-11-20"}
    await program(door, id=id, capacity=capacity, accepting=False)
    await program(door, id=id, capacity=capacity, accepting=False)
    for _ in range(2):
        assert (await door.post(f"/intake/programs/{id}/withdraw", {"reason": "ended"}, demo.RUTH)).status_code == 200
    assert await door.types("program", id) == ["program.listed", "program.updated", "program.withdrawn"]
    assert (await door.events("program", id))[0]["partitionkey"] == str(demo.CEDAR_HOUSE)
    assert (await door.get("/intake/programs")).json()["programs"] == []
    await program(door, id=id)
    assert (await door.types("program", id))[-1] == "program.listed"


async def test_a_program_stays_with_its_agency(door):
    id, _ = await program(door)
    _, moved = await program(door, id=id, agency=str(demo.LANTERN_CLINIC))
    assert moved.status_code == 409


async def test_programs_are_found_by_words_of_theirs_and_of_their_agency(door):
    await program(door, name="Rooms for the first month", description="A key of one's own.")
    await program(door, name="Meals", needs=["food"], accepting=False)
    await program(door, name="Clinic hours", needs=["health"], agency=str(demo.LANTERN_CLINIC))

    async def names(query):
        return [row["name"] for row in (await door.get(f"/intake/programs?{query}")).json()["programs"]]

    assert await names("") == ["Clinic hours", "Meals", "Rooms for the first month"]
    assert await names("q=room") == ["Rooms for the first month"]
    assert await names("q=key") == ["Rooms for the first month"]
    assert await names("q=cedar") == ["Meals", "Rooms for the first month"]
    assert await names("need=health") == ["Clinic hours"]
    assert await names("accepting=true") == ["Clinic hours", "Rooms for the first month"]
    assert await names(f"agency={demo.LANTERN_CLINIC}") == ["Clinic hours"]
    await door.agency(demo.CEDAR_HOUSE, "Juniper House")
    assert await names("q=juniper") == ["Meals", "Rooms for the first month"]
    assert await names("q=cedar") == []


async def test_choosing_a_program_leads_back_to_where_the_worker_came_from(door):
    id, _ = await program(door)
    back = "/caseplan/referrals/new?person=1"
    page = await door.client.get(
        "/intake/directory",
        params={"need": "housing", "back": back},
        headers={**door.as_(demo.DANA), "Accept": "text/html"},
    )
    assert f"{back}&amp;program={id}&amp;agency={demo.CEDAR_HOUSE}" in page.text


async def test_the_pages_say_what_is_passed_on_and_when_somebody_is_there(door):
    id, _ = await program(
        door, capacity={"available": 2, "as_of": "2026-11-20"}, documents=["state_id"], places=["40 Mill Street"]
    )
    agency = text(await door.page(f"/intake/directory/agencies/{demo.CEDAR_HOUSE}", demo.DANA))
    assert "They tell probation or parole." in agency
    assert "They do not tell immigration." in agency
    assert "Monday 9:00 am to 5:00 pm" in agency
    one = text(await door.page(f"/intake/directory/programs/{id}"))
    assert "2 places are free, they said on November 20, 2026. Their answer decides." in one
    assert "State ID" in one
    assert "40 Mill Street" in one


async def test_everybody_may_look_at_the_directory(door):
    await program(door)
    for account in (None, demo.DANA, demo.OPS, demo.IMANI):
        page = await door.page("/intake/directory", account)
        assert page.status_code == 200
        assert "Rooms for the first month" in text(page)


async def test_the_directory_is_walked_by_agency_as_by_program_and_narrowed_to_those_with_room(door, monkeypatch):
    monkeypatch.setattr(pages, "offer", lambda lang: replace(offer(lang), size=1))
    await program(door, name="Rooms for a week")
    await program(door, agency=str(demo.LANTERN_CLINIC), name="A first visit", needs=["health"], accepting=False)

    async def walked(query: str) -> list[str]:
        seen, path = [], f"/intake/directory?{query}"
        while path:
            page = (await door.page(path)).text
            seen += re.findall(r"<b>(Rooms for a week|A first visit)</b>", page)
            onward = re.search(r'href="([^"]*after=[^"]*)"', page)
            path = html.unescape(onward[1]) if onward else ""
        return seen

    assert await walked("") == ["A first visit", "Rooms for a week"]
    assert await walked("order=agency") == ["Rooms for a week", "A first visit"]
    assert await walked("room=yes") == ["Rooms for a week"]
    assert "Nothing here fits what you chose." in text(await door.page("/intake/directory?q=canoe"))


async def test_a_search_names_the_reason_for_each_match_in_the_readers_language(door):
    place = {"address": "40 Mill Street, Baltimore, MD 21215", "directions": "Bus 22 stops at the door.",
             "latitude": 39.34, "longitude": -76.68}  # fmt: skip
    far = {"address": "9 Far Road, Baltimore, MD 21224", "latitude": 39.28, "longitude": -76.55}
    near, _ = await program(door, languages=["es"], places=[place], accepts={"drugs": "yes", "arson": "no"})
    await program(door, name="Rooms far away", languages=["es"], places=[far], accepts={"drugs": "asks"})
    await program(door, name="Rooms that say nothing", languages=["es"], places=[place])
    query = "need=housing&near=21215&within=25&speaks=es&record=drugs"
    english = text(await door.page(f"/intake/directory?{query}"))
    first, second = english.index("Rooms for the first month"), english.index("Rooms far away")
    assert first < second, "the nearest first"
    assert "Rooms that say nothing" not in english, "whoever has not said whom they take is not found by it"
    why = "Helps with a place to stay. Less than a mile from 21215. They speak Spanish."
    assert f"{why} They take people with a record of drugs." in english
    assert "miles from 21215. They speak Spanish. They ask first about a record of drugs." in english
    spanish = text(await door.page(f"/intake/directory?{query}&lang=es"))
    assert "A menos de una milla de 21215. Hablan español. Reciben a gente con antecedentes de drogas." in spanish
    assert "Rooms far away" not in text(await door.page(f"/intake/directory?{query.replace('25', '2')}&order=program"))
    one = text(await door.page(f"/intake/directory/programs/{near}?lang=en"))
    assert "Getting there: Bus 22 stops at the door." in one
    assert "They do not take people with a record of a fire that was set." in one


async def test_a_postcode_that_the_directory_does_not_know_is_said_and_finds_nothing(door):
    await program(door)
    page = text(await door.page("/intake/directory?near=99999"))
    assert "We know no place with this postcode. Try one beside it." in page
    assert "Rooms for the first month" not in page
    refused = await door.get("/intake/programs?near=99999")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "near")


async def test_a_place_without_a_point_stands_in_the_middle_of_its_postcode(door):
    known = {"address": "1 Main St, Baltimore, MD 21215", "latitude": 39.34, "longitude": -76.68}
    await program(door, places=[known])
    other, _ = await program(door, name="Meals", needs=["food"], places=["7 Side St, Baltimore, MD 21215-0042"])
    [found] = (await door.get("/intake/programs?need=food&near=21215&within=2&order=near")).json()["programs"]
    assert (found["id"], found["miles"]) == (str(other), 0.0)
    assert found["places"][0]["latitude"] is None, "what was guessed is told to nobody"


async def test_room_and_age_and_papers_narrow_a_search(door):
    await program(door, name="Open", minimum_age=18)
    await program(door, name="List", openness="waitlist", documents=["state_id"])
    await program(door, name="Asks", openness="after_assessment", maximum_age=24)
    await program(door, name="Closed", accepting=False)

    async def names(query):
        return [row["name"] for row in (await door.get(f"/intake/programs?{query}")).json()["programs"]]

    assert await names("openness=waitlist") == ["List"]
    assert await names("accepting=true") == ["Asks", "List", "Open"]
    assert await names("accepting=false") == ["Closed"]
    assert await names("age=17") == ["Asks", "Closed", "List"]
    assert await names("no_papers=true") == ["Asks", "Closed", "Open"]
    page = text(await door.page("/intake/directory"))
    for said in (
        "Has a list to wait on",
        "Can tell once they have met you",
        "Takes nobody new now",
        "Takes new people",
    ):
        assert said in page


async def test_a_search_over_http_says_why_each_fits_in_the_language_that_was_asked_for(door):
    known = {"address": "1 Main St, Baltimore, MD 21215", "latitude": 39.34, "longitude": -76.68}
    await program(door, languages=["es"], places=[known])
    asked = "/intake/programs?need=housing&language=es&near=21215&no_papers=true"
    [found] = (await door.get(asked)).json()["programs"]
    assert found["why"] == [
        "Helps with a place to stay.",
        "Less than a mile from 21215.",
        "They speak Spanish.",
        "They name no papers.",
    ]
    [found] = (await door.get(asked, **{"Accept-Language": "es"})).json()["programs"]
    assert found["why"][-1] == "No nombran papeles."


async def test_an_agency_whose_name_ends_in_a_full_stop_ends_its_sentence_in_one(door):
    await door.agency(demo.CEDAR_HOUSE, "Cedar House, Inc.")
    await program(door)
    assert "Cedar House, Inc. Helps with" in text(await door.page("/intake/directory?need=housing"))
    assert "Inc.." not in text(await door.page("/intake/directory"))


@pytest.mark.parametrize(("field", "value"), [("need", "housng"), ("language", "Spanish")])
async def test_a_word_that_no_entry_could_have_is_refused_and_not_answered_with_no_help(door, field, value):
    refused = await door.get(f"/intake/programs?{field}={value}")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


async def test_what_was_said_of_room_has_its_day_and_none_that_is_yet_to_come(door):
    id, _ = await program(door)
    today = (await door.events("program", id))[-1]["data"]["openness_as_of"]
    assert today == (await door.pool.fetchval("SELECT clock()::date")).isoformat()
    _, refused = await program(door, openness_as_of="2999-01-01")
    assert refused.json()["errors"][0]["field"] == "openness_as_of"
    await door.shift("370 days")
    page = text(await door.page("/intake/directory"))
    assert "Rooms for the first month" not in page
    assert "that nobody has checked for a year" in page
    again = await door.fill(f"/intake/programs/{id}/still-right", {}, demo.YUSUF)
    assert again.status_code == 303
    assert "Rooms for the first month" in text(await door.page("/intake/directory"))


async def test_an_agencys_admin_writes_hours_and_programs_on_its_own_page(door):
    here = f"/intake/agencies/{demo.CEDAR_HOUSE}"
    assert "What people read about you" in text(await door.page("/intake/agency", demo.YUSUF))
    typed = {"name": "Cedar House", "hours": "Mon-Fri 9:00 to 12:00", "supervision": "no", "phone": "555-0142"}
    assert (await door.fill(f"{here}/edit", typed, demo.YUSUF)).status_code == 303
    found = (await door.get(here)).json()
    assert len(found["calendar"]["openings"]) == 5
    assert found["reports_to"]["supervision"] == "no"
    wrong = await door.fill(f"{here}/edit", {**typed, "hours": "noon"}, demo.YUSUF)
    assert wrong.status_code == 422
    assert "Write a day and its hours on each line" in text(wrong)
    assert "noon" in wrong.text, "what was typed stays"
    new = {"name": "Meals", "needs": ["food"], "openness": "waitlist", "places": "5 Main St | Bus 8", "drugs": "yes"}
    assert (await door.fill(f"{here}/programs", new, demo.YUSUF)).status_code == 303
    [meals] = (await door.get(f"{here}")).json()["programs"]
    assert (meals["openness"], meals["accepts"]["drugs"], meals["places"][0]["directions"]) == (
        "waitlist",
        "yes",
        "Bus 8",
    )
    edit = f"/intake/programs/{meals['id']}/edit"
    assert "5 Main St | Bus 8" in (await door.page(edit, demo.YUSUF)).text
    assert (await door.fill(edit, {**new, "needs": []}, demo.YUSUF)).status_code == 422
    for path in ("/intake/agency", f"/intake/agency/new-program?agency={demo.CEDAR_HOUSE}", edit):
        assert (await door.page(path, demo.DANA)).status_code == 403
    other = f"agency={demo.LANTERN_CLINIC}"
    assert (await door.page(f"/intake/agency?{other}", demo.YUSUF)).status_code == 403
    assert (await door.page(f"/intake/agency/new-program?{other}", demo.YUSUF)).status_code == 403
    assert (await door.page(f"/intake/agency?{other}", demo.RUTH)).status_code == 200
    assert (await door.page("/intake/agency", demo.RUTH)).status_code == 404
    for path, body in ((f"{here}/edit", typed), (edit, new), (f"/intake/programs/{meals['id']}/still-right", {})):
        assert (await door.fill(path, body, demo.GRACE)).status_code == 403
