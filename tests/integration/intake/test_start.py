"""The front door: one question needs an answer, nothing typed is lost, and they leave with a way back."""

import asyncio
import re
from uuid import UUID

import pytest

from services.intake.people import SelfReferral
from shared.security import demo
from tests.integration.intake.world import NAME, NUMBER, WORDS, text

pytestmark = pytest.mark.network
ASKED = {"name": NAME, "way": "sms", "contact": NUMBER, "safe": "yes", "language": "en", "needs": ["housing", "food"]}


async def test_the_form_asks_at_most_eight_things_and_needs_one(door):
    page = await door.page("/intake/start")
    fields = set(re.findall(r'name="([a-z]+)"', page.text)) - {"viewport", "referrer"}
    assert fields <= set(SelfReferral.model_fields)
    assert len(SelfReferral.model_fields) <= 8
    assert page.text.count(" required") == 1


async def test_somebody_asks_for_help_and_leaves_with_a_link_and_a_pin(door):
    sent = await door.fill("/intake/start", {**ASKED, "words": WORDS})
    assert (sent.status_code, sent.headers["location"]) == (303, "/intake/start/done")
    page = await door.page("/intake/start/done")
    person = UUID((await door.events("person"))[0]["subject"])
    assert demo.pin(door.settings, person) in text(page)
    assert demo.link(door.settings, person) in page.text
    assert "Welcome Alder reads it" in text(page)
    assert NAME not in page.text
    seen = (await door.get(f"/intake/people/{person}", demo.LENA)).json()
    assert (seen["needs"], seen["words"]) == (["housing", "food"], WORDS)


async def test_the_link_and_the_pin_open_their_own_page(door):
    found = (await door.post("/intake/start", {"name": NAME})).json()
    code = found["link"].rpartition("/")[2]
    opened = await door.fill(f"/intake/sign-in/{code}", {"pin": found["pin"]})
    assert (opened.status_code, opened.headers["location"]) == (303, "/caseplan/me")
    home = await door.client.get("/intake/", headers={"Accept": "text/html"})
    assert home.headers["location"] == "/caseplan/me"
    me = await door.client.get("/intake/me", headers={"Accept": "text/html"})
    assert me.headers["location"] == f"/intake/people/{found['id']}/shared"
    shared = await door.client.get(me.headers["location"], headers={"Accept": "text/html"})
    assert "Nothing is shared." in text(shared)


async def test_the_page_with_the_pin_opens_in_their_own_browser_alone(door):
    await door.fill("/intake/start", ASKED)
    door.client.cookies.clear()
    page = await door.page("/intake/start/done")
    person = UUID((await door.events("person"))[0]["subject"])
    assert demo.pin(door.settings, person) not in page.text
    forged = await door.client.get(
        "/intake/start/done", headers={"Accept": "text/html", "Cookie": f"welcome={person.hex}"}
    )
    assert demo.pin(door.settings, person) not in forged.text


async def test_the_form_keeps_what_was_typed(door):
    page = await door.fill("/intake/start", {**ASKED, "name": " ", "words": WORDS, "safe": "no"})
    assert page.status_code == 422
    assert "Tell us what to call you. Any name is fine." in text(page)
    for kept in (f'value="{NUMBER}"', WORDS, 'value="housing" checked', 'value="sms" checked', 'value="no" checked'):
        assert kept in page.text
    long = await door.fill("/intake/start", {**ASKED, "name": "a" * 201})
    assert "Make it shorter: 120 letters at most." in text(long) and "Any name is fine" not in text(long)
    again = await door.fill("/intake/start?lang=es", {**ASKED, "contact": "12"})
    assert "Ese número de teléfono no está completo." in text(again)
    door.client.cookies.delete("lang")
    again = await door.fill("/intake/start", {**ASKED, "contact": "12"})
    assert again.status_code == 422
    assert "That is not a whole phone number." in text(again)
    assert f'value="{NAME}"' in again.text
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 0


async def test_a_second_press_of_the_button_is_the_first_ones_answer(door):
    form = {**ASKED, "_key": "01934b00-0000-7000-8000-000000000001"}
    first, again = [await door.fill("/intake/start", form) for _ in range(2)]
    assert first.status_code == again.status_code == 303
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 1


KEY = "01934b00-0000-7000-8000-000000000002"


async def test_a_form_that_is_sent_again_from_a_tunnel_makes_one_person_whatever_was_changed(door):
    """Its answer was lost, so they changed the name and sent it again; some at once, one of them days later."""
    first = await door.fill("/intake/start", {**ASKED, "_key": KEY})
    again = await asyncio.gather(*(door.fill("/intake/start", {**ASKED, "_key": KEY}) for _ in range(5)))
    changed = await door.fill("/intake/start", {**ASKED, "_key": KEY, "name": "Somebody Else"})
    await door.shift("9 days")
    await door.pool.execute("DELETE FROM idempotency")
    late = await door.fill("/intake/start", {**ASKED, "_key": KEY})
    for sent in (first, *again, changed, late):
        assert (sent.status_code, sent.headers["location"]) == (303, "/intake/start/done")
    assert "We had it already, so it counts once." in text(await door.page("/intake/start/done"))
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 1
    [person] = {event["subject"] for event in await door.events("person")}
    assert (await door.get(f"/intake/people/{person}", demo.LENA)).json()["name"] == NAME
    assert await door.types("person") == ["person.welcomed", "person.contact_changed", "person.acknowledged"]


async def test_two_forms_are_two_people_and_a_program_may_name_its_key_as_it_likes(door):
    for key in (KEY, KEY.replace("2", "3")):
        await door.fill("/intake/start", {**ASKED, "_key": key})
    answers = [await door.post("/intake/start", {"name": NAME}, **{"Idempotency-Key": "1"}) for _ in range(2)]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 3


async def test_an_answer_is_promised_by_a_moment_and_rings_until_somebody_is_named(door):
    person = UUID((await door.post("/intake/start", {"name": NAME})).json()["id"])
    told = (await door.events("person", person))[-1]
    assert told["type"] == "throughcare.person.acknowledged.v1"
    assert "An answer was promised" in text(await door.page("/intake/people", demo.LENA))
    assert await door.fire() == 0
    await door.shift("5 days")  # over every weekend
    await door.fire()
    late = (await door.events("person", person))[-1]
    assert late["type"] == "throughcare.person.answer_late.v1"
    assert late["data"]["answer_by"] == told["data"]["answer_by"]
    assert "it is late" in text(await door.page("/intake/people", demo.LENA))
    await door.shift("6 days 1 hour")
    assert await door.fire() == 1, "it rings again each day"
    said = {"worker": str(demo.DANA), "reason": "welcomed"}
    assert (await door.send("PUT", f"/intake/people/{person}/worker", said, demo.LENA)).status_code == 200
    await door.shift("30 days")
    assert await door.fire() == 0
    assert "promised" not in text(await door.page("/intake/people", demo.LENA))


async def test_who_comes_through_a_worker_waits_for_nobody(door):
    person = await door.add()
    assert "person.acknowledged" not in await door.types("person", person)
    assert await door.pool.fetchval("SELECT count(*) FROM arrival") == 0


async def test_where_several_agencies_welcome_the_person_chooses(door):
    await door.agency(demo.LANTERN_CLINIC, "Lantern Clinic", welcomes=True)
    unchosen = await door.fill("/intake/start", ASKED)
    assert unchosen.status_code == 422
    assert "Choose who should welcome you." in text(unchosen)
    await door.fill("/intake/start", {**ASKED, "agency": str(demo.LANTERN_CLINIC)})
    assert (await door.events("person"))[0]["data"]["agency"] == str(demo.LANTERN_CLINIC)
    elsewhere = await door.post("/intake/start", {"name": NAME, "agency": str(demo.CEDAR_HOUSE)})
    assert (elsewhere.status_code, elsewhere.json()["field"]) == (422, "agency")


async def test_where_no_agency_welcomes_the_page_says_so_and_keeps_nothing(door):
    await door.agency(demo.WELCOME_ALDER, "Welcome Alder", welcomes=False)
    assert "No agency takes this form today." in text(await door.page("/intake/start"))
    assert (await door.post("/intake/start", {"name": NAME})).status_code == 409
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 0


async def test_what_happens_next_names_the_next_day_on_which_somebody_is_there(door):
    calendar = {"timezone": "America/New_York", "openings": []}  # none told: Monday to Friday, 9 to 5
    await door.agency(demo.WELCOME_ALDER, "Welcome Alder", welcomes=True, calendar=calendar)
    await door.fill("/intake/start", {"name": NAME})
    page = text(await door.page("/intake/start/done"))
    assert re.search(r"Welcome Alder reads it (today|tomorrow|Monday|[a-z]+ 9:00)", page)
    assert "We have no safe way to reach you." in page


async def test_the_form_speaks_spanish(door):
    page = await door.client.get("/intake/start?lang=es", headers={"Accept": "text/html"})
    assert "¿Cómo le llamamos?" in text(page)
    assert "Español" not in text(page).split("¿Qué idioma")[0]


async def test_a_worker_fills_the_form_with_somebody_and_walks_with_them(door):
    assert "Somebody asked for help" in text(await door.page("/intake/people/new", demo.DANA))
    sent = await door.fill("/intake/people", {**ASKED, "words": WORDS}, demo.DANA)
    assert (sent.status_code, sent.headers["location"]) == (303, "/intake/people")
    [row] = (await door.get("/intake/people", demo.DANA)).json()["people"]
    assert row["worker"] == str(demo.DANA)
    kept = await door.fill("/intake/people", {**ASKED, "contact": "x"}, demo.DANA)
    assert kept.status_code == 422
    assert f'value="{NAME}"' in kept.text


async def test_the_supervisors_list_begins_with_whom_nobody_walks_with(door):
    await door.add(name="Robin")
    person = (await door.post("/intake/start", {"name": NAME})).json()["id"]
    page = await door.page("/intake/people", demo.LENA)
    seen = text(page)
    assert seen.index("Nobody walks with them yet") < seen.index(NAME) < seen.index("Robin")
    form = {"worker": str(demo.DANA), "reason": "welcomed"}
    named = await door.fill(f"/intake/people/{person}/worker", form, demo.LENA)
    assert named.status_code == 303
    assert "Nobody walks with them yet" not in text(await door.page("/intake/people", demo.LENA))
