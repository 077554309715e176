"""A stranger guesses an invitation; a prison reads what became of it. Neither learns anything at all."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextvars import Context
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from services.intake import welcoming
from services.intake.invited import WRONG_PINS, new_pin
from services.intake.same_time import SAME_TIME
from services.intake.signing_in.tries import TRIES
from services.intake.ways_in import new_code
from shared.runtime.database import ScopedConnection
from shared.runtime.ids import uuid7
from shared.security import demo
from tests.integration.intake.test_erasures import gone
from tests.integration.intake.test_release_lists import DESK, asked, link_of, named, send, settle, type_pin
from tests.integration.intake.world import Door, open_door, text
from tests.network import FreshDatabase
from tests.security.rows import connected
from tests.security.test_attack_02_03_row_isolation import YUSUF

pytestmark = pytest.mark.network
HOME = date.today() + timedelta(days=12)
STATES = ("new", "waiting", "here", "no", "gone")


@pytest_asyncio.fixture(loop_scope="session")
async def door(database: FreshDatabase) -> AsyncIterator[Door]:
    async with open_door(database) as opened:
        yield opened


def row(reference: str) -> str:
    return f"{reference},Canary Of {reference},{HOME},en,"


async def each_state(door: Door, many: int = 1) -> dict[str, list[str]]:
    """References by what became of them."""
    of = {state: [f"{state}-{number}" for number in range(many)] for state in STATES}
    await named(door, *[row(reference) for reference in of["gone"]])
    await door.shift("31 days")
    while await door.pool.fetchval("SELECT count(*) FROM invited"):
        await door.fire()
    await door.shift("0 days")
    waiting = await named(door, *[row(one) for state in ("waiting", "here", "no") for one in of[state]])
    for one in waiting:
        state = one["name"].removeprefix("Canary Of ").partition("-")[0]
        if state != "waiting":
            verb = {"here": "yes", "no": "no"}[state]
            answer = await door.post(f"/intake/invited/{one['id']}/{verb}", {"given": "in_person"}, demo.DANA)
            assert answer.status_code < 300, answer.text
    return of


# A stranger guesses


async def test_a_link_that_was_guessed_is_told_apart_from_none_by_nothing(door: Door):
    """A link with another PIN, one that was answered, one that nobody ever made: one page, as long."""
    ray, jo = await named(door, row("A-1"), row("A-2"))
    (path, pin), (answered, its_pin) = await link_of(door, ray["id"]), await link_of(door, jo["id"])
    await door.post(f"/intake/invited/{jo['id']}/no", {"given": "by_phone"}, demo.DANA)
    nobodys = f"/intake/yes/{new_code()}"
    tries = {"wrong": (path, _other(pin)), "answered": (answered, its_pin), "nobodys": (nobodys, pin)}
    seen: dict[str, tuple[Any, ...]] = {}
    took: dict[str, float] = {}
    for name, (link, typed) in tries.items():
        shown = await door.page(link)
        began = time.monotonic()
        page = await door.fill(link, {"pin": typed})
        took[name] = time.monotonic() - began
        seen[name] = page.status_code, _without(page, link), shown.status_code, _without(shown, link)
    assert len(set(seen.values())) == 1
    assert "Canary" not in str(seen) and "Alder" not in str(seen) and "Cedar" not in str(seen)
    assert min(took.values()) >= SAME_TIME, took
    assert (await type_pin(door, path, pin))[1], "so that it can fail: the right one opens"


def _without(page: httpx.Response, link: str) -> str:
    return re.sub(r'value="[^"]*"', "", page.text.replace(link, "LINK"))


def _other(pin: str) -> str:
    while (other := new_pin()) == pin:
        pass
    return other


async def test_a_pin_is_not_guessed_by_trying_them(door: Door):
    [ray] = await named(door, row("A-1"))
    path, pin = await link_of(door, ray["id"])
    answers = [(await door.fill(path, {"pin": _other(pin)})).status_code for _ in range(7)]
    assert answers == [422] * 6 + [429]
    assert (await door.fill(path, {"pin": pin})).status_code == 429, "also the right one waits"


async def test_ten_wrong_pins_are_the_end_of_a_link_however_slowly_they_are_typed(door: Door):
    [ray] = await named(door, row("A-1"))
    path, pin = await link_of(door, ray["id"])

    async def typed(what: str, at: int, link: str = path) -> tuple[int, Any, Any]:
        """From a new place every few tries, so that nothing but the link itself counts."""
        door.client.headers["X-Forwarded-For"] = f"127.0.1.{at // (TRIES.amount - 1)}"
        page, ticket = await type_pin(door, link, what)
        return page.status_code, _without(page, link), ticket

    first = await typed(_other(pin), 0)
    for n in range(1, WRONG_PINS):
        assert await typed(_other(pin), n) == first
    began = time.monotonic()
    assert await typed(pin, WRONG_PINS) == first, "the right one opens nothing any more, and looks as a wrong one"
    assert time.monotonic() - began >= SAME_TIME
    assert await typed(pin, WRONG_PINS + 1, f"/intake/yes/{new_code()}") == first
    fresh, its_pin = await link_of(door, ray["id"])
    assert (await typed(its_pin, WRONG_PINS + 2, fresh))[2], "and the agency makes them another"


async def test_who_mistypes_now_and_then_and_gets_it_right_keeps_their_link(door: Door):
    [ray] = await named(door, row("A-1"))
    path, pin = await link_of(door, ray["id"])
    for n in range(3):
        door.client.headers["X-Forwarded-For"] = f"127.0.1.{n}"
        for _ in range(TRIES.amount - 1):
            await door.fill(path, {"pin": _other(pin)})
        assert (await type_pin(door, path, pin))[1]


async def test_a_choice_is_made_by_nobody_without_the_pin(door: Door):
    ray, jo = await named(door, row("A-1"), row("A-2"))
    path, _ = await link_of(door, ray["id"])
    other, pin = await link_of(door, jo["id"])
    _, ticket = await type_pin(door, other, pin)
    for forged in ("", "x", ticket, ticket[:-2] + "xx"):
        for answer in ("yes", "no"):
            refused = await door.fill(f"{path}/answer", {"ticket": forged, "answer": answer, "name": "Mallory"})
            assert refused.status_code == 422
            assert "Canary" not in text(refused)
    assert len(await asked(door)) == 2
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 0


@pytest.mark.parametrize("since", ["a new link", "another agency"])
async def test_a_choice_that_was_opened_by_a_link_which_opens_nothing_any_more_is_not_made(door: Door, since: str):
    await door.agency(demo.LANTERN_CLINIC, "Lantern Clinic", welcomes=True)
    [ray] = await named(door, row("A-1"))
    path, pin = await link_of(door, ray["id"])
    _, ticket = await type_pin(door, path, pin)
    if since == "a new link":
        await link_of(door, ray["id"])
    else:
        await named(door, row("A-1"), to=demo.LANTERN_CLINIC)
    for answer in ("yes", "no"):
        refused = await door.fill(f"{path}/answer", {"ticket": ticket, "answer": answer, "name": "Mallory"})
        assert ("It is deleted" in text(refused)) is (since == "another agency")
        assert refused.status_code in (200, 422) and "Canary" not in text(refused)
    assert await door.pool.fetchval("SELECT stage FROM invited") == "waiting"
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 0


async def test_an_invitation_is_read_by_no_other_agency_by_any_address(door: Door):
    [ray] = await named(door, row("A-1"))
    for who in (DESK, demo.GRACE, demo.RUTH, demo.OPS, demo.AUDITOR, demo.RAY, None):
        for method, path in (("GET", ""), ("POST", "/yes"), ("POST", "/no"), ("POST", "/link")):
            theirs, nobodys = [
                await door.send(method, f"/intake/invited/{id}{path}", {"given": "in_person"}, who)
                for id in (ray["id"], uuid7())
            ]
            assert theirs.status_code in (401, 403, 404)
            assert theirs.content == nobodys.content
    assert len(await asked(door)) == 1


# A prison reads what became of it


async def test_a_sender_hears_the_same_whatever_became_of_a_row(door: Door):
    of = await each_state(door)
    answers = {state: await send(door, row(of[state][0])) for state in STATES}
    told = {(one.status_code, one.content, tuple(sorted(one.headers.items()))) for one in answers.values()}
    assert len(told) == 1, told
    one = {state: await door.post("/intake/release-lists", _as_one(of[state][0]), DESK) for state in STATES}
    assert len({(answer.status_code, answer.content) for answer in one.values()}) == 1
    forms = {state: await door.fill("/intake/release-lists", _as_one(of[state][0]), DESK) for state in STATES}
    assert len({(answer.status_code, answer.headers["location"]) for answer in forms.values()}) == 1


def _as_one(reference: str) -> dict[str, str]:
    agency = str(demo.WELCOME_ALDER)
    return {"agency": agency, "name": "Canary", "release_date": str(HOME), "reference": reference}


async def test_a_list_does_the_same_work_while_its_sender_waits_whatever_became_of_its_rows(door: Door, monkeypatch):
    """No timing: statement by statement the request is the same, and reads nothing of what it knows already. Of three
    the shortest counts: now and then one also reads anew what every request remembers for a while."""
    of, said = await each_state(door, 3), list[str]()
    for name in ("execute", "fetch", "fetchrow", "fetchval"):
        real = getattr(ScopedConnection, name)

        async def heard(self: Any, query: str, *args: Any, _real: Any = real, **more: Any) -> Any:
            said.append(re.sub(r"[0-9a-f-]{36}", "ID", query))
            return await _real(self, query, *args, **more)

        monkeypatch.setattr(ScopedConnection, name, heard)
    did = {}
    for state in STATES:
        tries = []
        for reference in of[state]:
            said.clear()
            await send(door, row(reference))
            tries.append(tuple(said))
        did[state] = min(tries, key=len)
    assert len(set(did.values())) == 1
    assert not [one for one in did["new"] if re.search(r"\b(FROM|INTO|UPDATE) (invited|person)\b", one)]


async def test_a_sender_that_reads_at_a_second_agency_sees_the_same_there_whatever_became_of_a_row(door: Door):
    """It has an account at Lantern Clinic too, and names the same people there, to Alder again, and there once more."""
    await door.agency(demo.LANTERN_CLINIC, "Lantern Clinic", welcomes=True)
    of = await each_state(door)
    before = {record["id"] for record in await door.pool.fetch("SELECT id FROM invited")}
    rows = [row(of[state][0]) for state in STATES]

    async def seen() -> list[tuple[str, bool]]:
        """What differs from one to the next: an id also tells when it was made."""
        return sorted((one["name"], UUID(one["id"]) in before) for one in await asked(door, demo.GRACE))

    all_alike = sorted((f"Canary Of {of[state][0]}", False) for state in STATES)
    await named(door, *rows, to=demo.LANTERN_CLINIC)
    assert await seen() == all_alike
    assert await asked(door) == [], "who waited at the first one waits there no more"
    back = await named(door, *rows)
    assert await seen() == []
    assert not {"Canary Of here-0", "Canary Of no-0"} & {one["name"] for one in back}, "nobody is asked twice by one"
    await named(door, *rows, to=demo.LANTERN_CLINIC)
    assert await seen() == all_alike


async def test_a_yes_that_is_under_way_while_a_list_names_them_elsewhere_makes_nobody_at_the_first_agency(
    door: Door, monkeypatch: pytest.MonkeyPatch
):
    await door.agency(demo.LANTERN_CLINIC, "Lantern Clinic", welcomes=True)
    [ray] = await named(door, row("A-1"))
    parts_for = welcoming.parts_for

    async def late(*args: Any) -> Any:
        """All was read and sealed by then, and nothing is locked."""
        elsewhere = named(door, row("A-1"), to=demo.LANTERN_CLINIC)
        await asyncio.create_task(elsewhere, context=Context())  # not as whoever says yes here
        return await parts_for(*args)

    monkeypatch.setattr(welcoming, "parts_for", late)
    answer = await door.post(f"/intake/invited/{ray['id']}/yes", {"given": "in_person"}, demo.DANA)
    assert answer.status_code == 404
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 0
    assert len(await asked(door, demo.GRACE)) == 1


async def test_a_sender_has_no_page_no_count_and_no_row_that_tells(door: Door, database: FreshDatabase):
    await each_state(door)
    ids = [record["id"] for record in await door.pool.fetch("SELECT id FROM invited")]
    async with connected(await database("intake"), YUSUF) as connection:
        for table in ("release_list", "release_row", "invited"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608
            assert await connection.execute(f"DELETE FROM {table}") == "DELETE 0"  # noqa: S608
        assert await connection.fetchval("SELECT count(*) FROM person") == 0
    for who in (DESK, demo.RUTH):
        for path in ("/intake/release-lists", "/intake/invited", "/intake/people", "/intake/directory", "/intake/desk"):
            page = await door.page(path, who)
            assert "Canary" not in page.text
            assert not [id for id in ids if str(id) in page.text]
    told = str(await door.pool.fetch("SELECT * FROM audit WHERE agency_id = $1", demo.CEDAR_HOUSE))
    assert not [id for id in ids if str(id) in told], "what a sender did is written down without whom it was about"


async def test_nothing_that_is_told_of_a_person_says_that_a_list_named_them(door: Door):
    await each_state(door)
    for event in await door.events("person"):
        assert str(demo.CEDAR_HOUSE) not in str(event)
    for record in await door.pool.fetch("SELECT * FROM person"):
        assert str(demo.CEDAR_HOUSE) not in str(dict(record))


async def test_who_works_at_the_sender_finds_nobody_by_the_reference_they_gave(door: Door):
    """Keys of blind indexes are the sender's own: the same reference of another sender is another mark."""
    await named(door, row("A-1"))
    await named(door, row("A-1"), by=demo.GRACE)
    marks = [record["reference"] for record in await door.pool.fetch("SELECT reference FROM invited")]
    assert len(set(marks)) == 2
    assert b"A-1" not in b"".join(marks)


async def test_whoever_is_erased_leaves_no_mark_of_the_list_that_named_them(door: Door):
    [ray] = await named(door, row("A-1"))
    await door.post(f"/intake/invited/{ray['id']}/yes", {"given": "in_person"}, demo.DANA)
    await gone(door, UUID(ray["id"]))
    assert await door.pool.fetchval("SELECT count(*) FROM invited") == 0
    assert await door.pool.fetchval("SELECT count(*) FROM arrival") == 0
    await settle(door)
