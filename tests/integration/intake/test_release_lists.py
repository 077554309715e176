"""A row of a release list: a sealed invitation, for one agency, that only the person's own yes turns into a person."""

import asyncio
import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.intake import release_lists
from shared.security import demo
from shared.security.keys import Erased
from shared.security.sealing import Compartment
from tests.integration.intake.world import NUMBER, Door, text

pytestmark = pytest.mark.network
DESK = demo.YUSUF  # of Cedar House, which sends the lists of these tests
HOME = date.today() + timedelta(days=12)
HEAD = "reference,name,release_date,language,reach"
RAY = f"A-1,Ray Canary,{HOME},en,Unit 4"
JO = f"A-2,Jo Canary,{HOME + timedelta(days=1)},es,"


async def send(
    door: Door, *rows: str, by: UUID = DESK, to: UUID = demo.WELCOME_ALDER, head: str = HEAD
) -> httpx.Response:
    return await pour(door, "\n".join([head, *rows]).encode(), by, to)


async def pour(door: Door, body: Any, by: UUID = DESK, to: UUID = demo.WELCOME_ALDER) -> httpx.Response:
    headers = {**door.as_(by), "Content-Type": "text/csv"}
    return await door.client.post(f"/intake/release-lists/{to}", content=body, headers=headers)


async def settle(door: Door) -> None:
    """Until the worker has made invitations of all that was sent."""
    while await door.pool.fetchval("SELECT count(*) FROM release_list"):
        assert await door.fire()


async def named(door: Door, *rows: str, **more: Any) -> list[dict[str, Any]]:
    answer = await send(door, *rows, **more)
    assert answer.status_code == 202, answer.text
    await settle(door)
    return await asked(door)


async def asked(door: Door, by: UUID = demo.DANA) -> list[dict[str, Any]]:
    return list((await door.get("/intake/invited", by)).json().get("invited", []))


async def link_of(door: Door, id: str) -> tuple[str, str]:
    made = (await door.post(f"/intake/invited/{id}/link", {}, demo.DANA)).json()
    return re.sub(r"^https?://[^/]+", "", made["link"]), made["pin"]


async def type_pin(door: Door, path: str, pin: str) -> tuple[httpx.Response, str]:
    page = await door.fill(path, {"pin": pin})
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
    return page, ticket[1] if ticket else ""


async def test_a_row_is_seen_by_the_agency_it_names_and_by_nobody_else(door):
    [ray, jo] = await named(door, RAY, JO)
    assert (ray["name"], ray["release_on"], ray["reach"], jo["language"]) == ("Ray Canary", str(HOME), "Unit 4", "es")
    assert await asked(door, DESK) == [] and await asked(door, demo.GRACE) == []
    for stranger in (DESK, demo.GRACE, demo.RUTH, demo.RAY):
        assert (await door.get(f"/intake/invited/{ray['id']}", stranger)).status_code == 404
    assert (await door.get(f"/intake/invited/{ray['id']}", demo.DANA)).json()["name"] == "Ray Canary"
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 0
    assert await door.events("person") == []


async def test_nothing_of_a_row_lies_open_in_the_database(door):
    await send(door, RAY)

    async def lies() -> str:
        tables = ("release_list", "release_row", "invited", "timer", "audit")
        return " ".join([str(await door.pool.fetch(f"SELECT * FROM {table}")) for table in tables])  # noqa: S608

    before = await lies()
    await settle(door)
    for where in (before, await lies()):
        assert "Canary" not in where and "A-1" not in where and "Unit 4" not in where
    assert await door.pool.fetchval("SELECT count(*) FROM release_row") == 0


async def test_their_word_to_a_worker_makes_them_a_person_who_can_be_found(door):
    [ray] = await named(door, RAY)
    done = await door.post(f"/intake/invited/{ray['id']}/yes", {"given": "in_person"}, demo.DANA)
    assert done.status_code == 201, done.text
    person = (await door.get(f"/intake/people/{ray['id']}", demo.DANA)).json()
    assert (person["name"], person["worker"], person["contact"]) == ("Ray Canary", str(demo.DANA), None)
    found = (await door.post("/intake/people/find", {"q": "canary"}, demo.DANA)).json()["people"]
    assert [one["id"] for one in found] == [ray["id"]]
    [welcomed] = await door.events("person", ray["id"])
    assert welcomed["data"]["came"] == "through_worker", "no event tells that a list named them"
    assert await asked(door) == []
    looks = (await door.get(f"/intake/people/{ray['id']}/looks", UUID(ray["id"]))).json()["looks"]
    assert "invitation.read" in {look["action"] for look in looks}, "they read who looked before they came"


async def test_a_yes_on_the_workers_form_leads_to_who_they_are_which_waits_for_no_other_service(door):
    [ray] = await named(door, RAY)
    said = await door.fill(f"/intake/invited/{ray['id']}/yes", {"given": "in_person"}, demo.DANA)
    assert (said.status_code, said.headers["location"]) == (303, f"/intake/people/{ray['id']}/portrait")
    assert "Ray Canary" in text(await door.page(said.headers["location"], demo.DANA))


@pytest.mark.parametrize("word", ["yes", "no"])
async def test_who_writes_down_no_way_gets_the_page_back_with_what_to_mend(door: Door, word: str):
    [ray] = await named(door, RAY)
    page = await door.fill(f"/intake/invited/{ray['id']}/{word}", {}, demo.DANA)
    assert (page.status_code, page.text.count("Say how they told you.")) == (422, 2)
    assert ray["name"] in page.text
    assert (await door.get(f"/intake/invited/{ray['id']}", demo.DANA)).status_code == 200, "nothing was answered"


async def test_whoever_may_tell_of_somebody_finds_the_page_for_it_from_the_directory(door):
    page = await door.page("/intake/directory", demo.YUSUF)
    assert 'href="/intake/release-lists"' in page.text, "who runs an agency has no list of people to find it by"
    assert "/intake/release-lists" not in (await door.page("/intake/directory")).text


async def test_link_and_pin_open_their_choice_and_a_yes_leads_to_what_happens_next(door):
    [ray] = await named(door, RAY)
    path, pin = await link_of(door, ray["id"])
    shut = text(await door.page(path))
    assert "Ray" not in shut and "Cedar" not in shut and "Alder" not in shut
    page, ticket = await type_pin(door, path, pin)
    assert "Welcome Alder would like to help you" in text(page)
    assert "Cedar House is never told what you choose" in text(page)
    said = {"ticket": ticket, "answer": "yes", "name": "Ray C", "contact": NUMBER, "safe": "yes", "language": "en"}
    done = await door.fill(f"{path}/answer", said)
    assert (done.status_code, done.headers["location"]) == (303, "/intake/start/done")
    assert "named to walk with you" in text(await door.page("/intake/start/done"))
    person = (await door.get(f"/intake/people/{ray['id']}", demo.LENA)).json()
    assert (person["name"], person["contact"], person["came"]) == ("Ray C", NUMBER, "by_themselves")
    again = await asyncio.gather(*(door.fill(f"{path}/answer", said) for _ in range(3)))
    assert {sent.headers["location"] for sent in again} == {"/intake/start/done"}, "sent again, it is the first answer"
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 1
    assert (await type_pin(door, path, pin))[1] == "", "a link opens nothing any more"


async def test_two_presses_at_once_are_one_yes_and_none_is_no_answer(door):
    [ray] = await named(door, RAY)
    path, pin = await link_of(door, ray["id"])
    _, ticket = await type_pin(door, path, pin)
    asked_again = await door.fill(f"{path}/answer", {"ticket": ticket, "name": "Ray"})
    assert asked_again.status_code == 422
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 0, "nobody said yes yet"
    said = {"ticket": ticket, "answer": "yes", "name": "Ray"}
    both = await asyncio.gather(*(door.fill(f"{path}/answer", said) for _ in range(4)))
    assert [sent.status_code for sent in both] == [303] * 4
    assert await door.types("person") == ["person.welcomed", "person.acknowledged"]


async def test_a_no_deletes_what_was_told_with_its_key_and_no_later_list_asks_again(door):
    [ray, jo] = await named(door, RAY, JO)
    path, pin = await link_of(door, ray["id"])
    _, ticket = await type_pin(door, path, pin)
    gone = await door.fill(f"{path}/answer", {"ticket": ticket, "answer": "no"})
    assert "It is deleted" in text(gone)
    late = await door.fill(f"{path}/answer", {"ticket": ticket, "answer": "yes", "name": "Ray"})
    assert "It is deleted" in text(late), "what is deleted comes back by no second thought"
    assert (await door.post(f"/intake/invited/{jo['id']}/no", {"given": "by_phone"}, demo.DANA)).status_code == 200
    for id in (ray["id"], jo["id"]):
        with pytest.raises(Erased):
            await door.running.keys.get(UUID(id), Compartment.IDENTITY)
    assert await named(door, RAY, JO) == []
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 0


async def test_thirty_silent_days_delete_a_row_and_its_key_and_leave_nothing(door):
    [ray] = await named(door, RAY)
    await door.shift("29 days 23 hours")
    await door.fire()
    assert len(await asked(door)) == 1
    await door.shift("30 days 1 minute")
    await door.fire()
    assert await door.pool.fetchval("SELECT count(*) FROM invited") == 0
    with pytest.raises(Erased):
        await door.running.keys.get(UUID(ray["id"]), Compartment.IDENTITY)
    assert await door.pool.fetchval("SELECT count(*) FROM timer WHERE kind LIKE 'invited%'") == 0


async def test_an_updated_list_moves_the_day_and_touches_nobody_who_is_here(door):
    [ray, jo] = await named(door, RAY, JO)
    await door.post(f"/intake/invited/{jo['id']}/yes", {"given": "in_person"}, demo.DANA)
    before = await door.pool.fetch("SELECT * FROM person")
    later = HOME + timedelta(days=20)
    [moved] = await named(door, f"A-1,Ray Canary,{later},en,", f"A-2,Other Name,{later},en,")
    assert (moved["id"], moved["release_on"]) == (ray["id"], str(later))
    assert await door.pool.fetch("SELECT * FROM person") == before
    await door.shift("29 days")
    [again] = await named(door, f"A-1,Ray Canary,{later},en,")
    await door.shift("31 days")
    await door.fire()
    assert again["id"] == ray["id"] and len(await asked(door)) == 1, "a list that names them again is a word"


async def test_a_list_that_sends_them_elsewhere_takes_them_from_the_first_agency(door):
    await door.agency(demo.LANTERN_CLINIC, "Lantern Clinic", welcomes=True)
    [ray] = await named(door, RAY)
    path, pin = await link_of(door, ray["id"])
    assert await named(door, RAY, to=demo.LANTERN_CLINIC) == []
    assert [one["name"] for one in await asked(door, demo.GRACE)] == ["Ray Canary"]
    with pytest.raises(Erased):
        await door.running.keys.get(UUID(ray["id"]), Compartment.IDENTITY)
    assert (await door.get(f"/intake/invited/{ray['id']}", demo.DANA)).status_code == 404
    assert (await type_pin(door, path, pin))[1] == ""


async def test_two_senders_may_know_two_people_by_one_reference(door):
    await named(door, RAY)
    both = await named(door, f"A-1,Sam Canary,{HOME},en,", by=demo.GRACE)
    assert sorted(one["name"] for one in both) == ["Ray Canary", "Sam Canary"]


async def test_one_person_is_named_by_a_form_or_a_program(door):
    said = {"agency": str(demo.WELCOME_ALDER), "name": "Ray Canary", "release_date": str(HOME), "reference": "A-1"}
    page = await door.page("/intake/release-lists", DESK)
    assert "No criminal-justice information (CJI)" in text(page)
    sent = await door.fill("/intake/release-lists", said, DESK)
    assert (sent.status_code, sent.headers["location"]) == (303, "/intake/release-lists")
    assert (await door.post("/intake/release-lists", said, DESK)).status_code == 202
    await settle(door)
    assert len(await asked(door)) == 1
    unknown = await door.post("/intake/release-lists", {"agency": str(demo.WELCOME_ALDER), "name": "Jo"}, DESK)
    assert unknown.status_code == 202, "the day may not be known"
    await settle(door)
    assert [one["release_on"] for one in await asked(door)] == [str(HOME), None]


async def test_only_an_agency_that_welcomes_people_is_told_of_them(door):
    for other in (demo.LANTERN_CLINIC, demo.CEDAR_HOUSE, demo.RAY):
        answer = await send(door, RAY, to=other)
        assert (answer.status_code, answer.json()["field"]) == (422, "agency")
    assert (await send(door, RAY, by=demo.RAY)).status_code == 404
    assert (await door.client.post(f"/intake/release-lists/{demo.WELCOME_ALDER}", content=b"x")).status_code == 401


# What is wrong is named, and nothing is half taken


async def test_what_is_wrong_is_named_row_by_row_and_no_row_is_taken(door):
    answer = await send(door, JO, f"=cmd|x,,{HOME},en,", "A-3,Ray,12/31/2026,en,")
    assert answer.status_code == 422
    assert "Mend 2 rows" in answer.json()["detail"]
    found = [(one["row"], one["field"], one["value"]) for one in answer.json()["rows"]]
    assert found == [(3, "reference", "=cmd|x"), (3, "name", ""), (4, "release_date", "12/31/2026")]
    for table in ("release_list", "release_row", "invited"):
        assert await door.pool.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608


async def test_a_number_to_reach_them_by_is_no_formula(door):
    [ray] = await named(door, f"A-1,Ray,{HOME},en,+1 (555) 010-7788")
    assert ray["reach"] == "+1 (555) 010-7788"


async def test_a_reference_that_stands_there_twice_is_named(door):
    [twice] = (await send(door, RAY, JO, f"A-1,Somebody,{HOME},en,")).json()["rows"]
    assert (twice["row"], twice["value"]) == (4, "A-1") and "Row 2 has the same one." in twice["do"]


async def test_a_list_with_a_column_of_a_case_is_refused_in_one_sentence(door):
    answer = await send(door, f"{RAY},burglary", head=f"{HEAD},charge")
    assert answer.status_code == 422
    assert "The column “charge” is not taken" in answer.json()["detail"]
    assert await door.pool.fetchval("SELECT count(*) FROM release_list") == 0


async def test_latin_1_semicolons_and_a_byte_order_mark_are_read(door):
    rows = f"reference;name;release_date\r\nA-1;José Núñez;{HOME}\r\n"
    assert (await pour(door, rows.encode("latin-1"))).status_code == 202
    assert (await pour(door, b"\xef\xbb\xbf" + rows.replace("A-1", "A-2").encode())).status_code == 202
    await settle(door)
    assert {one["name"] for one in await asked(door)} == {"José Núñez"}


async def test_two_million_rows_are_refused_before_they_are_read(door, monkeypatch):
    read = 0

    async def rows():
        nonlocal read
        yield b"reference,name,release_date\n"
        for number in range(2_000_000):
            read += 1
            yield f"A-{number},Ray,{HOME}\n".encode()

    monkeypatch.setattr(release_lists, "MOST_ROWS", 1_000)
    monkeypatch.setattr("services.intake.naming.MOST_ROWS", 1_000)
    answer = await pour(door, rows())
    assert answer.status_code in (413, 422)
    assert await door.pool.fetchval("SELECT count(*) FROM release_row") == 0
    assert read < 400_000


async def test_a_list_that_breaks_off_leaves_nothing(door):
    async def broken():
        yield f"{HEAD}\n{RAY}\n".encode()
        raise ConnectionError("a tunnel")

    assert (await pour(door, broken())).status_code == 500
    assert await door.pool.fetchval("SELECT count(*) FROM release_list") == 0
