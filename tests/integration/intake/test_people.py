"""People are welcomed with a name to be called by and nothing else; what they tell us is theirs alone."""

import contextlib
import io
import json
import logging
from base64 import b64decode
from uuid import UUID

import asyncpg
import pytest
import structlog

from services.intake.account_invitations import open_account
from services.intake.accounts import Account, Stage
from shared.runtime.ids import uuid7
from shared.runtime.logs import start_logs
from shared.security import demo, signing
from shared.security.identity import Actor
from shared.security.keystore.store import give_up
from shared.security.masters import masters_of
from shared.security.permissions import Role
from shared.security.sealing import Compartment, open_sealed
from tests.integration.intake.browsers import Browsers
from tests.integration.intake.world import HTMX, NAME, NUMBER, WORDS, text

pytestmark = pytest.mark.network


async def test_a_name_to_be_called_by_is_enough(door):
    answer = await door.post("/intake/start", {"name": NAME})
    assert answer.status_code == 201
    person = UUID(answer.json()["id"])
    welcomed, acknowledged = await door.events("person", person)
    assert acknowledged["type"] == "throughcare.person.acknowledged.v1"
    assert welcomed["type"] == "throughcare.person.welcomed.v1"
    assert welcomed["data"]["agency"] == str(demo.WELCOME_ALDER)
    assert welcomed["data"]["worker"] is None
    assert welcomed["data"]["came"] == "by_themselves"
    assert welcomed["data"]["channels"] == []
    assert welcomed["partitionkey"] == str(person)


async def test_a_safe_way_to_reach_somebody_travels_sealed_and_only_notifications_key_opens_it(door):
    person = await door.add()
    welcomed, contact = await door.events("person", person)
    assert welcomed["data"]["channels"] == contact["data"]["channels"] == ["sms"]
    assert welcomed["data"]["worker"] == str(demo.DANA)
    sealed = b64decode(contact["data"]["sealed_contact"])
    opened = await open_sealed(door.running.keys, person, Compartment.CONTACT, "contact_way.value", sealed)
    assert opened == NUMBER


async def test_a_way_that_was_not_said_to_be_safe_is_not_used(door):
    for more in ({"safe": False}, {"safe": None}):
        person = await door.add(**more)
        welcomed, contact = await door.events("person", person)
        assert welcomed["data"]["channels"] == contact["data"]["channels"] == []


async def test_no_name_contact_or_word_stands_in_clear_anywhere_in_the_database(door, database):
    person = await door.add()
    await door.allow(person)
    await door.send("PUT", f"/intake/people/{person}/contact", {"way": "mail", "contact": "canary@example.org"}, person)
    for account in (demo.DANA, demo.LENA, person):
        await door.get(f"/intake/people/{person}", account)
        await door.page(f"/intake/people/{person}/shared", account)
    everything = await asyncpg.connect(await database())
    tables = await everything.fetch(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('intake', 'keys')"
    )
    assert len(tables) > 10
    for (table,) in tables:
        dump = "".join(str(tuple(row)) for row in await everything.fetch(f"SELECT * FROM {table}")).lower()  # noqa: S608
        for canary in ("nightingale", NUMBER, "0107788", "canary words", "canary@example.org"):
            assert canary not in dump, f"{canary} stands in {table}"
    await everything.close()


@pytest.fixture
def logged():
    """What the process would write to its log."""
    stream, root, before = io.StringIO(), logging.getLogger(), list(logging.getLogger().handlers)
    with contextlib.redirect_stdout(stream):
        start_logs("intake", "debug")
    yield stream
    root.handlers[:] = before
    root.setLevel(logging.WARNING)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


async def test_no_name_contact_or_word_is_logged_or_put_in_an_address(door, logged):
    person = await door.add()
    await door.post("/intake/people", {"name": NAME, "contact": NUMBER, "way": "mail"}, demo.DANA)
    page = await door.page("/intake/people", demo.DANA)
    answer = await door.fill("/intake/start", {"name": NAME, "contact": NUMBER, "words": WORDS, "way": "sms"})
    assert answer.status_code == 303
    assert NAME in text(page)
    for canary in ("Nightingale", NUMBER, "canary words"):
        assert canary not in logged.getvalue()
        assert canary not in json.dumps(dict(answer.headers))
        assert canary not in "".join(part for part in page.text.split('"') if part.startswith("/"))
    assert str(person) in page.text


async def test_another_agencys_worker_is_told_that_nobody_is_there(door):
    person = await door.add()
    for path in ("", "/name", "/reach", "/header", "/shared", "/contact"):
        answer = await door.get(f"/intake/people/{person}{path}", demo.GRACE)
        assert answer.status_code == 404, path
        assert NAME not in answer.text
    for method, path, body in (
        ("PUT", "/worker", {"worker": str(demo.GRACE)}),
        ("PUT", "/contact", {"way": "in_person"}),
    ):
        answer = await door.send(method, f"/intake/people/{person}{path}", body, demo.GRACE)
        assert answer.status_code == 404, path
    unknown = await door.get(f"/intake/people/{demo.CEDAR_HOUSE}/name", demo.GRACE)
    known = await door.get(f"/intake/people/{person}/name", demo.GRACE)
    assert unknown.json()["title"] == known.json()["title"]


async def test_a_worker_sees_the_people_of_their_own_agency_and_no_others(door):
    person = await door.add()
    mine = (await door.get("/intake/people", demo.DANA)).json()["people"]
    assert [(row["id"], row["name"], row["worker"]) for row in mine] == [(str(person), NAME, str(demo.DANA))]
    assert (await door.get("/intake/people", demo.GRACE)).json()["people"] == []
    assert (await door.get("/intake/people", demo.YUSUF)).status_code == 404
    assert (await door.get("/intake/people", demo.RUTH)).status_code == 404
    found = (await door.post("/intake/people/find", {"q": "nightin"}, demo.LENA)).json()["people"]
    assert len(found) == 1
    assert (await door.post("/intake/people/find", {"q": "robin"}, demo.LENA)).json()["people"] == []
    page = await door.fill("/intake/people/find", {"q": "CANARY"}, demo.DANA)
    assert NAME in text(page)


async def test_whoever_waits_for_a_worker_is_on_the_page_however_many_walk_with_one(door, monkeypatch):
    monkeypatch.setattr("services.intake.pages.people.SHOWN", 1)
    for name in ("Wren", "Robin"):
        await door.post("/intake/start", {"name": name})
    await door.add(name="Heron")
    await door.add(name="Egret")
    page = text(await door.page("/intake/people", demo.LENA))
    assert [name in page for name in ("Wren", "Robin", "Heron", "Egret")] == [True, True, False, True]
    assert "1 to 1 of 2 Go on" in page
    assert "Heron" in text(await door.page("/intake/people?page=2", demo.LENA))


async def test_names_of_a_list_are_opened_with_one_look_at_the_keys(door, monkeypatch):
    for number in range(5):
        await door.add(name=f"{NAME} {number}")
    looks = []
    own = type(door.running.keys).get_many

    async def counted(self, people, compartment):
        looks.append(len(list(people)))
        return await own(self, people, compartment)

    monkeypatch.setattr(type(door.running.keys), "get_many", counted)
    assert len((await door.get("/intake/people", demo.DANA)).json()["people"]) == 5
    assert looks == [5]


async def test_every_look_is_a_row_that_the_person_can_read(door):
    person = await door.add()
    await door.get(f"/intake/people/{person}", demo.DANA)
    await door.get(f"/intake/people/{person}/name", demo.LENA)
    await door.get("/intake/people", demo.LENA)
    looks = (await door.get(f"/intake/people/{person}/looks", person)).json()["looks"]
    assert [(look["action"], look["actor"]) for look in looks] == [
        ("person.list", str(demo.LENA)),
        ("person.name", str(demo.LENA)),
        ("person.read", str(demo.DANA)),
        ("person.add", str(demo.DANA)),
    ]
    page = text(await door.page(f"/intake/people/{person}/looks", person))
    assert "Lena Park , Welcome Alder, saw your name in a list and saw your name." in page
    assert "Dana Whitfield , Welcome Alder, opened your page and wrote down your name." in page
    assert "Why: to find somebody in their list and to walk with you." in page


async def test_the_page_of_what_is_shared_leads_to_the_looks_that_each_service_keeps(door):
    person = await door.add()
    page = (await door.page(f"/intake/people/{person}/shared", person)).text
    for service in ("intake", "caseplan", "notifications"):
        assert f'href="/{service}/people/{person}/looks"' in page
    theirs = (await door.page(f"/intake/people/{person}/shared", demo.DANA)).text
    assert f"/people/{person}/looks" not in theirs


async def test_who_looked_is_for_the_person_and_the_auditor(door):
    person = await door.add()
    other = await door.add()
    path = f"/intake/people/{person}/looks"
    assert (await door.get(path, other)).status_code == 404
    for account in (demo.DANA, demo.LENA, demo.YUSUF, demo.OPS):
        assert (await door.get(path, account)).status_code in (403, 404)
    assert (await door.get(path, demo.AUDITOR)).status_code == 200
    mine = (await door.get(path, person)).json()["looks"]
    assert (mine[0]["action"], mine[0]["actor"]) == ("looks.read", str(demo.AUDITOR))


async def test_the_supervisor_names_who_walks_with_somebody(door):
    person = UUID((await door.post("/intake/start", {"name": NAME})).json()["id"])
    refused = await door.send("PUT", f"/intake/people/{person}/worker", {"worker": str(demo.DANA)}, demo.DANA)
    assert refused.status_code == 404
    elsewhere = {"worker": str(demo.GRACE), "reason": "welcomed"}
    assert (await door.send("PUT", f"/intake/people/{person}/worker", elsewhere, demo.LENA)).status_code == 422
    said = {"worker": str(demo.DANA), "reason": "welcomed"}
    assert (await door.send("PUT", f"/intake/people/{person}/worker", said, demo.LENA)).status_code == 200
    assert (await door.send("PUT", f"/intake/people/{person}/worker", said, demo.LENA)).status_code == 200
    assert await door.types("person", person) == [
        "person.welcomed",
        "person.acknowledged",
        "person.worker_assigned",
    ]
    assigned = (await door.events("person", person))[-1]
    assert assigned["data"]["worker"] == str(demo.DANA)
    assert assigned["actor"] == f"supervisor:{demo.LENA}"


async def test_people_change_how_they_are_reached_and_a_worker_of_another_agency_does_not(door):
    person = await door.add()
    said = {"way": "mail", "contact": "nightingale@example.org", "safe": True, "language": "es"}
    assert (await door.send("PUT", f"/intake/people/{person}/contact", said, person)).status_code == 200
    assert (await door.events("person", person))[-1]["data"]["channels"] == ["mail"]
    found = (await door.get(f"/intake/people/{person}", demo.DANA)).json()
    assert (found["contact"], found["language"], found["safe"]) == ("nightingale@example.org", "es", True)
    bad = await door.send("PUT", f"/intake/people/{person}/contact", {"way": "mail", "contact": "no"}, person)
    assert (bad.status_code, bad.json()["field"]) == (422, "contact")
    none = await door.send("PUT", f"/intake/people/{person}/contact", {}, person)
    assert none.status_code == 200
    assert (await door.events("person", person))[-1]["data"] == {
        "person": str(person), "language": "en", "channels": [], "sealed_contact": None, "ways": []
    }  # fmt: skip


async def test_a_worker_may_choose_the_id_and_nobody_takes_it_twice(door):
    person = await door.add(id=str(demo.RAY), synthetic=True)
    assert person == demo.RAY
    again = await door.post("/intake/people", {"id": str(demo.RAY), "name": "Other"}, demo.DANA)
    assert again.status_code == 409
    assert (await door.get(f"/intake/people/{demo.RAY}/name", demo.RAY)).json()["name"] == NAME


async def test_a_repeated_key_adds_one_person(door):
    body = {"name": NAME}
    first = await door.post("/intake/people", body, demo.DANA, **{"Idempotency-Key": "once"})
    again = await door.post("/intake/people", body, demo.DANA, **{"Idempotency-Key": "once"})
    other = await door.post("/intake/people", {"name": "Other"}, demo.DANA, **{"Idempotency-Key": "once"})
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.status_code == 422
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 1


async def test_a_name_is_a_part_for_a_page_and_a_page_for_a_reader_without_script(door):
    person = await door.add()
    part = await door.get(f"/intake/people/{person}/name", demo.DANA, **HTMX)
    assert part.text.strip() == NAME
    page = await door.page(f"/intake/people/{person}/name", demo.DANA)
    assert f'<h1 class="name">{NAME}</h1>' in page.text
    title = page.text.partition("<title>")[2].partition("</title>")[0]
    assert "A person" in title and NAME not in title


async def test_a_name_is_escaped_wherever_it_is_shown(door):
    person = await door.add(name="<script>alert(1)</script>")
    for path in ("/intake/people", f"/intake/people/{person}/name", f"/intake/people/{person}/header"):
        assert "<script>alert" not in (await door.page(path, demo.DANA)).text


async def test_a_victim_service_agency_keeps_no_people_here(door):
    await door.agency(demo.LANTERN_CLINIC, "Lantern Clinic", holds_no_records=True)
    assert (await door.post("/intake/people", {"name": NAME}, demo.GRACE)).status_code == 409
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 0


async def test_erased_people_have_no_name_and_break_no_list(door):
    gone, here = await door.add(), await door.add(name="Robin")
    await door.running.keys.erase(gone)
    people = (await door.get("/intake/people", demo.DANA)).json()["people"]
    assert {row["id"]: row["name"] for row in people} == {
        str(gone): "Somebody who was erased", str(here): "Robin"
    }  # fmt: skip
    assert (await door.get(f"/intake/people/{gone}", demo.DANA)).status_code == 200


async def test_a_name_whose_key_is_lost_takes_no_other_away_and_its_page_opens_once_it_is_given_up(door, database):
    lost, here = await door.add(), await door.add(name="Robin")
    door.running.keys._cache.clear()
    async with database.keys.owner() as owner:
        await owner.execute("DELETE FROM person_key WHERE person_id = $1", lost)
        for made in (0, 1):
            people = (await door.get("/intake/people", demo.DANA)).json()["people"]
            assert {row["id"]: row["name"] for row in people} == {str(lost): "Name not known here", str(here): "Robin"}
            answer = await door.get(f"/intake/people/{lost}", demo.DANA)
            assert answer.status_code == (200 if made else 503)
            await give_up(owner, masters_of(door.settings), lost)
    assert answer.json()["name"] == "Name not known here"
    assert NUMBER not in answer.text and WORDS not in answer.text


async def test_a_list_says_try_again_while_the_master_key_is_away(door, database):
    person = await door.add()
    door.running.keys._cache.clear()
    async with database.keys.owner() as owner:
        await owner.execute("UPDATE person_key SET master = 'another' WHERE person_id = $1", person)
    assert (await door.get("/intake/people", demo.DANA)).status_code == 503


async def test_a_list_of_people_tells_each_of_whom_it_was_shown_and_no_one_else(door, monkeypatch):
    """What a page did not show was not looked at."""
    monkeypatch.setattr("services.intake.pages.people.SHOWN", 1)
    first, second = await door.add(name="Heron"), await door.add(name="Egret")
    page = text(await door.page("/intake/people?order=name", demo.LENA))
    assert "Egret" in page and "Heron" not in page
    seen = {}
    for person in (first, second):
        looks = (await door.get(f"/intake/people/{person}/looks", person)).json()["looks"]
        seen[person] = any(look["action"] == "person.list" for look in looks)
    assert seen == {first: False, second: True}


async def test_a_list_of_people_is_narrowed_to_those_of_one_worker(door):
    await door.post("/intake/start", {"name": "Wren"})
    await door.add(name="Heron")
    mine = text(await door.page(f"/intake/people?with={demo.DANA}", demo.LENA))
    assert "Heron" in mine and "Wren" not in mine
    waiting = text(await door.page("/intake/people?with=nobody", demo.LENA))
    assert "Wren" in waiting and "Heron" not in waiting
    odd = text(await door.page("/intake/people?with='; --&order=%00&page=-7", demo.LENA))
    assert "Wren" in odd and "Heron" in odd


async def test_outside_the_demo_nobody_is_given_to_a_worker_whom_nobody_knows(door, tmp_path):
    """They would wait unseen: with a worker by name, so on no list of those with whom nobody walks."""
    signing.ensure(tmp_path)
    keys = {"signing_keys": tmp_path / signing.PRIVATE, "verifying_keys": tmp_path / signing.PUBLIC}
    real, colleague = Browsers(door, demo=False, **keys), uuid7()
    account = Account(colleague, demo.WELCOME_ALDER, Role.CASE_MANAGER, "robin.field", Stage.ACTIVE)
    assert await open_account(door.pool, door.running.keys, account, "Robin Field", demo.RUTH)
    lead = real.tokens.issue_for(Actor(uuid7(), Role.SUPERVISOR, demo.WELCOME_ALDER), uuid7())
    headers = {"Authorization": f"Bearer {lead}", "Accept": "application/json"}
    async with real.open(**headers) as asks:
        made = await asks.post("/intake/people", json={"name": NAME, "worker": str(uuid7())})
        assert (made.status_code, made.json()["field"]) == (422, "worker")
        made = await asks.post("/intake/people", json={"name": NAME, "worker": str(colleague)})
        assert made.status_code == 201, made.text
        path = f"/intake/people/{made.json()['id']}/worker"
        assert (await asks.put(path, json={"worker": str(uuid7())})).status_code == 422
        assert (await asks.put(path, json={"worker": str(colleague)})).status_code == 200


@pytest.mark.parametrize("page", ["shared", "erasure", "way-in", "contact"])
async def test_where_a_worker_acts_for_somebody_the_page_says_for_whom(door, page: str):
    person = await door.add()
    staff = (await door.page(f"/intake/people/{person}/{page}", demo.DANA)).text
    assert f'<a href="/caseplan/people/{person}">' in staff
    assert f'hx-get="/intake/people/{person}/name"' in staff
    if page != "way-in":  # nobody's own: they have no such page
        assert "/name" not in (await door.page(f"/intake/people/{person}/{page}", person)).text
