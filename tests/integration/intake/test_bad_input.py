"""Whatever is sent, the answer is a problem that names what to mend, and nothing is half-written."""

import json
from urllib.parse import unquote

import pytest
import pytest_asyncio

from shared.runtime.ids import uuid7
from shared.security import demo
from tests.integration.intake.world import CALENDAR, NAME, open_door
from tests.network import FreshDatabase

pytestmark = pytest.mark.network
TABLES = ("person", "consent", "program", "outbox", "idempotency", "timer")
ID = "01934b00-0000-7000-8000-0000000000ff"
PERSON = {"name": NAME}
AGENCY = {"name": "Harbor House", "calendar": CALENDAR}
PROGRAM = {"agency": str(demo.CEDAR_HOUSE), "name": "Rooms", "needs": ["housing"]}
CONSENT = {"person": str(demo.RAY), "recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"], "shown": True}
COMMANDS = {
    "person": ("POST", "/intake/people", PERSON, demo.DANA),
    "start": ("POST", "/intake/start", PERSON, None),
    "agency": ("PUT", f"/intake/agencies/{ID}", AGENCY, demo.RUTH),
    "program": ("PUT", f"/intake/programs/{ID}", PROGRAM, demo.RUTH),
    "consent": ("POST", "/intake/consents", CONSENT, demo.RAY),
    "ask": ("POST", "/intake/consents/ask", {**CONSENT, "shown": None}, demo.DANA),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def door(network):
    """One for all of them: refused, they leave nothing behind."""
    fresh = FreshDatabase(network)
    async with open_door(fresh) as opened:
        await opened.add(id=str(demo.RAY))
        yield opened
    await fresh.drop()


async def rows(door):
    return {table: await door.pool.fetchval(f"SELECT count(*) FROM {table}") for table in (*TABLES, "agency")}  # noqa: S608


async def refused(door, name, content, *, status=422, media="application/json"):
    method, path, _, account = COMMANDS[name]
    before = await rows(door)
    headers = {**door.as_(account), "Content-Type": media, "Idempotency-Key": "a-key"}
    answer = await door.client.request(method, path, content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await rows(door) == before
    return answer.json()


@pytest.mark.parametrize("name", COMMANDS)
async def test_what_is_no_json_is_refused_without_a_trace(door, name):
    for content in (b"{", b"[" * 100_000, b'{"name": "\xff"}', b"NaN,"):
        problem = await refused(door, name, content, status=400)
        assert "body" in problem["detail"]
    for content in (b"[]", b'"text"', b"3", b"null"):
        assert await refused(door, name, content)
    empty = await door.client.request(*COMMANDS[name][:2], headers=door.as_(COMMANDS[name][3]))
    assert empty.status_code in (400, 422)


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_field_that_nobody_knows_is_named(door, name):
    body = {**COMMANDS[name][2], "nickname": 1}
    body.pop("shown", None) if name == "ask" else None
    problem = await refused(door, name, json.dumps(body))
    assert [error["field"] for error in problem["errors"]] == ["nickname"]
    assert problem["errors"][0]["pointer"] == "#/nickname"


@pytest.mark.parametrize(
    ("name", "wrong", "field"),
    [
        ("person", {"name": 3}, "name"),
        ("person", {"name": ""}, "name"),
        ("person", {"name": "x" * 121}, "name"),
        ("person", {"name": "two\nlines"}, "name"),
        ("person", {"name": "nul\x00"}, "name"),
        ("person", {"id": "seven"}, "id"),
        ("person", {"way": "pigeon"}, "way"),
        ("person", {"contact": "12", "way": "sms"}, "contact"),
        ("person", {"contact": "nobody", "way": "mail"}, "contact"),
        ("person", {"way": "sms"}, "contact"),
        ("person", {"needs": ["money", "gold"]}, "needs.1"),
        ("person", {"language": "English"}, "language"),
        ("person", {"worker": [1]}, "worker"),
        ("person", {"words": "\x07"}, "words"),
        ("start", {"worker": str(demo.DANA)}, "worker"),
        ("start", {"id": ID}, "id"),
        ("agency", {"calendar": {"timezone": "Mars/North"}}, "calendar.timezone"),
        ("agency", {"calendar": {"timezone": "UTC", "openings": [{"weekday": 8}]}}, "calendar.openings.0.weekday"),
        ("agency", {"calendar": {"timezone": "UTC", "hours": 1}}, "calendar.hours"),
        ("agency", {"reports_to": {"police": "yes"}}, "reports_to.police"),
        ("agency", {"reports_to": {"courts": "YES!"}}, "reports_to.courts"),
        ("agency", {"website": "javascript:alert(1)"}, "website"),
        ("agency", {"holds_no_records": "perhaps"}, "holds_no_records"),
        ("program", {"needs": []}, "needs"),
        ("program", {"needs": ["spaceships"]}, "needs.0"),
        ("program", {"minimum_age": -1}, "minimum_age"),
        ("program", {"agency": ID}, "agency"),
        ("program", {"capacity": {"available": 1}}, "capacity.as_of"),
        ("program", {"capacity": {"available": "many", "as_of": "2026-11-20"}}, "capacity.available"),
        ("program", {"documents": ["blood"]}, "documents.0"),
    ],
)
async def test_a_wrong_value_is_named_by_its_place(door, name, wrong, field):
    problem = await refused(door, name, json.dumps({**COMMANDS[name][2], **wrong}))
    assert field in {error["field"] for error in problem["errors"]}
    assert "Nightingale" not in json.dumps(problem)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"categories": []}, "categories"),
        ({"categories": "referral"}, "categories"),
        ({"categories": ["gossip"]}, "categories.0"),
        ({"recipient": "cedar"}, "recipient"),
        ({"recipient": ID}, "recipient"),
        ({"discloser": ID}, "discloser"),
        ({"recipient": str(demo.WELCOME_ALDER)}, "recipient"),
        ({"purpose": "fun"}, "purpose"),
        ({"expires_on": "tomorrow"}, "expires_on"),
        ({"expires_on": "2020-01-01"}, "expires_on"),
        ({"expires_on": "2090-01-01"}, "expires_on"),
        ({"setback": ID}, "setback"),
        ({"shown": "maybe"}, "shown"),
        ({"given": "by_pigeon"}, "given"),
    ],
)
async def test_a_consent_that_makes_no_sense_is_refused_by_its_field(door, wrong, field):
    problem = await refused(door, "consent", json.dumps({**CONSENT, **wrong}))
    assert field in {error["field"] for error in problem["errors"]}


@pytest.mark.parametrize("name", COMMANDS)
async def test_three_hundred_kilobytes_are_too_much(door, name):
    body = {**COMMANDS[name][2], "words": "x" * 300 * 1024}
    problem = await refused(door, name, json.dumps(body), status=413)
    assert problem["title"] == "That is too much at once"


@pytest.mark.parametrize(
    "path",
    [
        "/intake/agencies/seven",
        "/intake/programs/1;2",
        "/intake/people/me/shared",
        "/intake/consents/none",
        "/intake/programs?limit=0",
        "/intake/programs?after=x",
        "/intake/agencies?limit=5000",
    ],
)
async def test_an_address_that_names_nothing_is_refused_by_its_part(door, path):
    answer = await door.get(path, demo.DANA)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"]


async def test_what_is_not_there_is_not_found(door):
    for path in ("agencies", "programs", "people", "consents"):
        assert (await door.get(f"/intake/{path}/{uuid7()}", demo.DANA)).status_code == 404
    word = {"given": "in_person"}
    assert (await door.post(f"/intake/consents/{uuid7()}/revoke", word, demo.DANA)).status_code == 404
    assert (await door.post(f"/intake/programs/{uuid7()}/withdraw", {"reason": "ended"}, demo.RUTH)).status_code == 404


async def test_odd_words_in_the_search_find_nothing_and_break_nothing(door):
    for q in ("'; DROP TABLE person; --", "\x00", ":* & |", "((((", "🙂", "a" * 5000, "%", "the"):
        assert (await door.client.get("/intake/programs", params={"q": q})).status_code == 200
        page = await door.client.get("/intake/directory", params={"q": q, "need": q}, headers={"Accept": "text/html"})
        assert page.status_code == 200
    back = await door.client.get(
        "/intake/directory", params={"back": "//evil.example"}, headers={"Accept": "text/html"}
    )
    assert '="//evil.example' not in unquote(back.text), "whatever stands in an address, no link leads there"


async def test_a_form_of_another_site_is_refused(door):
    data = {"name": NAME}
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert (await door.client.post("/intake/start", data=data, headers=headers)).status_code == 403
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 1
