"""A legal demand: the desk hands over nothing, the record is held, counsel decides, and the person is told.

Lena answers for Welcome Alder, whose record of the person a court asks for.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from shared.contracts.person import AskedFor
from shared.runtime.ids import uuid7
from shared.runtime.reach import Reach
from shared.security.demo import AUDITOR, DANA, GRACE, IMANI, LENA, OPS, RUTH, TONY, WELCOME_ALDER, YUSUF
from shared.security.edge import entries
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.security.sealing import Compartment, Erased
from shared.security.tokens import Tokens
from tests.integration.intake.world import HTML, NAME, NUMBER, WORDS, Door, open_door, text
from tests.network import FreshDatabase
from tests.security.rows import connected

pytestmark = pytest.mark.network
WHO, WHAT = "County Court, case 26-117", "Each page of the plan and all notes since March."
COUNSEL = {"counsel": "Rosa Delgado", "why": "A subpoena alone is no order."}
OTHERS = (DANA, TONY, GRACE, YUSUF, IMANI, RUTH, OPS, AUDITOR)


def day(days: int) -> str:
    return str(datetime.now(UTC).date() + timedelta(days=days))


def what_came(**more: object) -> dict[str, object]:
    said = {"name": NAME, "paper": "subpoena", "who": WHO, "what": WHAT, "due_on": day(14), "until": day(365)}
    return said | more


@pytest_asyncio.fixture(loop_scope="session")
async def door(database: FreshDatabase) -> AsyncIterator[Door]:
    async with open_door(database) as opened:
        yield opened


async def came(door: Door, **more: object) -> str:
    answer = await door.post("/intake/demands", what_came(**more), LENA)
    assert answer.status_code == 201, answer.text
    return f"/intake/demands/{answer.json()['id']}"


async def forbidden(door: Door) -> str:
    return await came(door, told_from=day(30))


async def decides(door: Door, demand: str, **more: object) -> httpx.Response:
    return await door.post(f"{demand}/decide", COUNSEL | more, LENA)


async def told_of(door: Door, person: UUID) -> int:
    return sum(one["type"] == AskedFor.type for one in await door.events("person", person))


async def test_what_nobody_has_decided_is_a_number_on_the_day_of_who_answers_for_the_agency(door: Door):
    await door.add()
    demand = await came(door)
    assert (await door.get("/intake/waiting", LENA)).json()["desk"] == 1
    page = text(await door.page("/intake/waiting", LENA))
    assert "One thing waits at the privacy desk." in page and NAME not in page and WHAT not in page
    assert (await door.get("/intake/waiting", DANA)).json()["desk"] == 0
    await decides(door, demand, decision="object")
    assert (await door.get("/intake/waiting", LENA)).json()["desk"] == 0


# Nothing is handed over


async def test_the_desk_shows_nothing_of_the_record_and_leads_to_none(door: Door):
    person = await door.add()
    await door.allow(person)
    demand = await came(door)
    await decides(door, demand, decision="comply", scope=["plan", "contact"])
    for path in ("/intake/desk", "/intake/demands/new", f"/intake/demands/new?person={person}", demand):
        page = await door.page(path, LENA)
        assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
        assert "content-disposition" not in page.headers
        for words in (NUMBER, WORDS):
            assert words not in page.text, path
        for leads in ("export", "download", f"/people/{person}/shared", f"/caseplan/people/{person}", ".csv", ".zip"):
            assert leads not in page.text, (path, leads)
    answer = (await door.get(demand, LENA)).json()
    assert set(answer) == {"id", "agency", "paper", "due_on", "told_from", "part2_order", "decision", "scope"}


async def test_no_route_of_the_desk_does_anything_but_write_down(door: Door):
    transport: httpx.ASGITransport = door.client._transport  # type: ignore[assignment]
    routes = {str(entry) for entry in entries(transport.app)}  # type: ignore[arg-type]
    assert {one for one in routes if "/demands" in one or "/desk" in one} == {
        "GET /intake/desk", "GET /intake/demands/new", "POST /intake/demands", "GET /intake/demands/{demand_id}",
        "POST /intake/demands/{demand_id}/order", "POST /intake/demands/{demand_id}/decide",
    }  # fmt: skip


async def test_only_who_answers_for_the_owning_agency_writes_it_down_sees_it_and_says_what_counsel_decided(door: Door):
    person = await door.add()
    for who in (*OTHERS, person):
        assert (await door.post("/intake/demands", what_came(), who)).status_code in (403, 404, 422), who
    assert await door.pool.fetchval("SELECT count(*) FROM demand") == 0
    demand = await came(door)
    admin = Tokens(door.settings).issue(Actor(uuid7(), Role.AGENCY_ADMIN, WELCOME_ALDER))
    theirs = await door.client.get(demand, headers={"Authorization": f"Bearer {admin}", **HTML})
    assert theirs.status_code == 200 and WHO in theirs.text
    for who in (*OTHERS, person):
        assert (await door.get(demand, who)).status_code in (403, 404), who
        order = {"court": "County Court", "ordered_on": day(0), "compels": True}
        for path, body in (("order", order), ("decide", COUNSEL | {"decision": "object"})):
            assert (await door.post(f"{demand}/{path}", body, who)).status_code in (403, 404), (who, path)
    assert WHO not in (await door.page("/intake/desk", YUSUF)).text
    row = await door.pool.fetchrow("SELECT * FROM demand")
    assert row["decision"] is None and row["ordered_on"] is None
    assert WHO.encode() not in row["told"], "sealed"


async def test_about_somebody_of_another_agency_it_says_no_more_than_about_nobody(door: Door):
    await door.add()
    refused = [await door.post("/intake/demands", what_came(name=guess), LENA) for guess in ("Canary", "No Such Body")]
    refused.append(await door.post("/intake/demands", what_came(name=None, person=str(uuid7())), LENA))
    stranger = await door.post("/intake/demands", what_came(), YUSUF)
    assert {one.status_code for one in (*refused, stranger)} == {422}
    assert len({one.text for one in (*refused, stranger)}) == 1


# Held


async def test_from_that_moment_on_nothing_is_erased(door: Door):
    person = await door.add()
    await door.post(f"/intake/people/{person}/erasure", {}, person)
    await door.post(f"/intake/people/{person}/erasure/confirm", {"identity": "known"}, DANA)
    await came(door)
    name = await door.pool.fetchval("SELECT name FROM person WHERE id = $1", person)
    await door.shift("8 days")
    await door.fire()
    assert await door.pool.fetchval("SELECT stage FROM erasure WHERE person_id = $1", person) == "kept"
    assert await door.pool.fetchval("SELECT name FROM person WHERE id = $1", person) == name != b""
    with pytest.raises(Erased):
        await door.running.keys.create(person, Compartment.PLAN)
    await door.shift("367 days")
    await door.fire()
    assert await door.pool.fetchval("SELECT stage FROM erasure WHERE person_id = $1", person) == "erased"
    assert await door.pool.fetchval("SELECT told FROM demand WHERE person_id = $1", person) == b""


# Care for drugs or alcohol


async def test_care_for_drugs_or_alcohol_stays_shut_without_the_order_that_the_law_asks_for(door: Door):
    await door.add()
    for paper in ("subpoena", "court_order", "warrant", "part2_order", "request"):
        demand = await came(door, paper=paper)
        refused = await decides(door, demand, decision="comply", scope=["plan", "substance_use"])
        assert (refused.status_code, refused.json()["field"]) == (422, "scope"), paper
        assert "subpart E" in refused.json()["detail"]
        assert 'value="substance_use"' not in (await door.page(demand, LENA)).text, "nor is it there to tick"
    alone = {"court": "County Court", "ordered_on": day(0)}
    assert (await door.post(f"{demand}/order", alone, LENA)).status_code == 422, "an order compels nobody"
    assert (await decides(door, demand, decision="comply", scope=["substance_use"])).status_code == 422
    assert (await door.post(f"{demand}/order", alone | {"compels": True}, LENA)).status_code == 200
    assert (await decides(door, demand, decision="comply", scope=["substance_use"])).status_code == 200


async def test_counsel_decides_once_and_an_objection_may_be_overruled(door: Door):
    await door.add()
    demand = await came(door)
    assert (await decides(door, demand, decision="object")).status_code == 200
    assert "Rosa Delgado" in text(await door.page(demand, LENA))
    assert (await decides(door, demand, decision="narrow", scope=["plan"])).status_code == 200
    assert (await decides(door, demand, decision="comply", scope=["plan", "contact"])).status_code == 409
    answer = (await door.get(demand, LENA)).json()
    assert (answer["decision"], answer["scope"]) == ("narrow", ["plan"])


# Told, or not yet


async def test_the_person_is_told_at_once_in_plain_words_and_reads_what_was_decided(door: Door):
    person = await door.add()
    demand = await came(door)
    assert await told_of(door, person) == 1
    assert "Someone asks by law" in text(await door.page("/intake/me/questions", person))
    mine = text(await door.page(f"/intake/people/{person}/shared", person))
    for words in (WHO, WHAT, "Nothing went out from here", "has not decided yet", "drugs or alcohol stays shut"):
        assert words in mine, words
    await decides(door, demand, decision="narrow", scope=["plan"])
    assert "said yes to a part: your plan" in text(await door.page(f"/intake/people/{person}/shared", person))
    looks = text(await door.page(f"/intake/people/{person}/looks", person))
    assert "wrote down that someone asks by law for it" in looks
    token = Tokens(door.settings).issue_for(Actor(person, Role.PERSON, person=person, harmless=True), uuid7())
    for path in (f"/intake/people/{person}/shared", "/intake/me/questions"):
        page = await door.client.get(path, headers={"Authorization": f"Bearer {token}", **HTML})
        assert page.status_code == 200 and "asks by law" not in page.text and WHO not in page.text


async def test_while_an_order_forbids_it_nothing_tells_them_not_by_a_page_an_event_the_audit_or_the_database(
    door: Door, database: FreshDatabase
):
    person, other = await door.add(), await door.add(name="Robin")
    await door.page(f"/intake/demands/new?person={person}", LENA)
    demand = await forbidden(door)
    await door.page(demand, LENA)
    await door.page("/intake/desk", LENA)
    await decides(door, demand, decision="object")
    await door.shift("29 days")
    await door.fire()
    assert await told_of(door, person) == 0
    paths = ("shared", "erasure", "looks", "disclosures", "told")
    for path in paths:
        page, same = [text(await door.page(f"/intake/people/{who}/{path}", who)) for who in (person, other)]
        assert page.replace(str(person), "") == same.replace(str(other), ""), path
    for who in (person, DANA):
        for path in ("shared", "erasure"):
            page = text(await door.page(f"/intake/people/{person}/{path}", who))
            assert WHO not in page and "legal demand" not in page, "nor is it there to be read to them"
    assert "asks by law" not in text(await door.page("/intake/me/questions", person))
    async with connected(await database("intake"), Reach(person=person, actor=person)) as own:
        for table in ("demand", "hold"):
            assert await own.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608
        assert await own.fetchval("SELECT count(*) FROM audit WHERE object LIKE 'demand/%'") == 0
    assert "Say nothing" in text(await door.page(demand, LENA))


async def test_on_the_day_on_which_the_order_ends_they_are_told_by_themselves(door: Door):
    person = await door.add()
    await forbidden(door)
    await door.shift("31 days")
    await door.fire()
    assert await told_of(door, person) == 1
    await door.fire()
    assert await told_of(door, person) == 1, "once"
    mine = text(await door.page(f"/intake/people/{person}/shared", person))
    assert WHO in mine and "A judge did not let us tell you before" in mine


async def test_silence_lasts_no_longer_than_what_it_is_about(door: Door):
    await door.add()
    for more in ({"told_from": day(366)}, {"told_from": day(0)}, {"until": day(0)}, {"due_on": day(-1)}):
        answer = await door.post("/intake/demands", what_came(**more), LENA)
        assert (answer.status_code, answer.json()["field"]) == (422, next(iter(more)))
    assert date.fromisoformat(day(0)) and await door.pool.fetchval("SELECT count(*) FROM hold") == 0
