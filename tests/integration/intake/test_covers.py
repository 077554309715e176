"""Agreeing that a colleague covers, over HTTP: by who is away or answers for the team, and by nobody else."""

import asyncio
import re
from datetime import date, timedelta
from uuid import UUID

import pytest

from services.intake.account_invitations import open_account
from services.intake.accounts import Account, Stage
from shared.runtime.ids import uuid7
from shared.security import demo
from shared.security.permissions import Role
from tests.integration.intake.test_accounts import house, of_welcome_alder  # noqa: F401
from tests.integration.intake.world import NAME, Door, text

pytestmark = pytest.mark.network
COVERS = "/intake/covers"
WHY = "Canary leave"


async def agreeing(house: Door, covering: UUID, **changed: object) -> dict[str, object]:  # noqa: F811
    today: date = (await house.pool.fetchval("SELECT clock()")).date()
    return {"covering": str(covering), "first": str(today + timedelta(days=1)), "last": str(today + timedelta(days=3)),
            "why": WHY, **changed}  # fmt: skip


async def test_whoever_is_away_or_leads_the_team_says_who_covers_and_every_service_is_told(house: Door):  # noqa: F811
    robin = await of_welcome_alder(house)
    own = await house.post(COVERS, await agreeing(house, robin), demo.DANA)
    assert own.status_code == 201, own.text
    told = (await house.events("account", demo.DANA))[-1]
    assert told["type"] == "throughcare.account.covered.v1"
    assert (told["data"]["account"], told["data"]["by"]) == (str(demo.DANA), str(robin))
    assert WHY not in str(told), "why is for their agency to know"
    lead = await house.post(COVERS, await agreeing(house, robin, worker=str(demo.DANA)), demo.LENA)
    assert lead.status_code == 201
    listed = (await house.get(COVERS, demo.DANA)).json()["covers"]
    assert {own.json()["id"], lead.json()["id"]} <= {one["id"] for one in listed}
    row = await house.pool.fetchval("SELECT why FROM cover WHERE id = $1", UUID(own.json()["id"]))
    assert row and WHY.encode() not in row


async def test_nobody_agrees_on_it_for_a_colleague_not_even_who_covers(house: Door):  # noqa: F811
    body = await agreeing(house, demo.DANA, worker=str(demo.LENA))
    for who in (demo.DANA, demo.TONY, demo.RUTH, demo.RAY):
        assert (await house.post(COVERS, body, who)).status_code in (403, 404), who
    there = await house.post(COVERS, body, demo.YUSUF)
    absent = await house.post(COVERS, {**body, "worker": str(uuid7())}, demo.YUSUF)
    assert there.status_code == absent.status_code == 422, "of another agency nobody learns who works there"
    assert there.json()["detail"] == absent.json()["detail"]
    today = (await house.pool.fetchval("SELECT clock()")).date()
    now = await agreeing(house, demo.DANA, worker=str(demo.LENA), first=str(today))
    assert (await house.post(COVERS, now, demo.LENA)).status_code == 201
    house.running.covers.look_again()
    assert (await house.post(COVERS, body, demo.DANA)).status_code in (403, 404), "a cover makes no cover"


async def test_a_worker_of_another_agency_covers_for_nobody_here(house: Door):  # noqa: F811
    stranger = Account(uuid7(), demo.CEDAR_HOUSE, Role.CASE_MANAGER, f"x{uuid7().hex[-9:]}", Stage.ACTIVE)
    assert await open_account(house.pool, house.running.keys, stranger, "Somebody Else", demo.RUTH)
    answer = await house.post(COVERS, await agreeing(house, stranger.id), demo.DANA)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "covering")


async def test_for_its_days_who_covers_may_do_what_the_named_worker_may_until_it_is_ended(house: Door):  # noqa: F811
    person = await house.add()
    path = f"/intake/people/{person}/contact"
    today = (await house.pool.fetchval("SELECT clock()")).date()
    before = await house.page(f"/intake/people/{person}/contact", demo.LENA)
    body = await agreeing(house, demo.LENA, first=str(today))
    made = await house.post(COVERS, body, demo.DANA)
    assert made.status_code == 201
    assert (before.status_code, (await house.page(path, demo.LENA)).status_code) == (403, 200)
    assert (await house.post(f"{COVERS}/{made.json()['id']}/end", {}, demo.YUSUF)).status_code in (403, 404)
    assert (await house.post(f"{COVERS}/{made.json()['id']}/end", {}, demo.LENA)).status_code == 200
    assert (await house.page(path, demo.LENA)).status_code == 403
    assert (await house.events("account", demo.DANA))[-1]["type"] == "throughcare.account.cover_ended.v1"
    assert (await house.post(f"{COVERS}/{made.json()['id']}/end", {}, demo.LENA)).status_code == 409


async def test_the_page_lists_them_keeps_what_was_typed_and_names_no_person(house: Door):  # noqa: F811
    robin = await of_welcome_alder(house, name="Robin Field")
    await house.fill(COVERS, await agreeing(house, robin), demo.DANA)
    page = await house.page(COVERS, demo.LENA)
    assert "Robin Field covers for Dana Whitfield" in text(page) and WHY in text(page) and NAME not in page.text
    wrong = await house.fill(COVERS, await agreeing(house, robin, last="2020-01-01", why="typed words"), demo.DANA)
    assert wrong.status_code == 422 and "typed words" in wrong.text and "hand their people over" in text(wrong)


async def test_who_leads_the_team_does_not_name_themselves_and_so_read_what_was_for_one_worker_alone(house: Door):  # noqa: F811
    today = (await house.pool.fetchval("SELECT clock()")).date()
    body = await agreeing(house, demo.LENA, worker=str(demo.DANA), first=str(today))
    answer = await house.post(COVERS, body, demo.LENA)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "covering")


@pytest.mark.parametrize(("what", "body"), [("end", {}), ("role", {"role": "mentor"})], ids=["leaves", "a mentor now"])
async def test_nobody_stands_in_any_more_who_has_left_or_does_another_work(house: Door, what: str, body: dict):  # noqa: F811
    robin = await of_welcome_alder(house)
    today = (await house.pool.fetchval("SELECT clock()")).date()
    runs = await house.post(COVERS, await agreeing(house, robin, first=str(today)), demo.DANA)
    will = await house.post(COVERS, await agreeing(house, robin), demo.DANA)
    own = await house.post(COVERS, await agreeing(house, demo.DANA, worker=str(robin)), demo.LENA)
    done = await house.post(f"/intake/accounts/{robin}/{what}", body, demo.RUTH)
    assert done.status_code == 200, done.text
    ended = [event["data"]["cover"] for event in await house.events("account", demo.DANA)
             if event["type"] == "throughcare.account.cover_ended.v1"]  # fmt: skip
    assert {runs.json()["id"], will.json()["id"]} <= set(ended)
    listed = {one["id"]: one["ended"] for one in (await house.get(COVERS, demo.LENA)).json()["covers"]}
    assert (listed[runs.json()["id"]], listed[will.json()["id"]]) == (True, True)
    assert listed[own.json()["id"]] is False, "whom they walk with are not left alone before they are handed over"
    written = await house.pool.fetch("SELECT object FROM audit WHERE action = 'cover.end' AND actor_id = $1", demo.RUTH)
    assert {f"cover/{runs.json()['id']}", f"cover/{will.json()['id']}"} <= {row["object"] for row in written}


async def test_a_colleague_who_is_leaving_at_this_moment_covers_for_nobody(house: Door):  # noqa: F811
    for _ in range(3):
        robin = await of_welcome_alder(house)
        body = await agreeing(house, robin)
        agreed, _ = await asyncio.gather(
            house.post(COVERS, body, demo.DANA), house.post(f"/intake/accounts/{robin}/end", {}, demo.RUTH)
        )
        assert agreed.status_code in (201, 422), agreed.text
        live = "SELECT count(*) FROM cover WHERE covering = $1 AND ended_at IS NULL"
        assert await house.pool.fetchval(live, robin) == 0


async def test_a_name_or_a_reason_that_does_not_open_takes_no_page_away(house: Door):  # noqa: F811
    robin = await of_welcome_alder(house, name="Canary Damaged")
    await house.post(COVERS, await agreeing(house, robin), demo.DANA)
    await house.pool.execute("UPDATE worker SET name = $2 WHERE id = $1", robin, b"\x01 damaged")
    await house.pool.execute("UPDATE cover SET why = $2 WHERE covering = $1", robin, b"\x01 damaged")
    page = await house.page(COVERS, demo.LENA)
    assert page.status_code == 200 and "Somebody covers for Dana Whitfield" in text(page)
    accounts = text(await house.page("/intake/accounts", demo.RUTH))
    assert "Name not known" in accounts and "Lena Park" in accounts


async def test_who_leads_the_team_is_not_offered_themselves(house: Door):  # noqa: F811
    page = (await house.page(COVERS, demo.LENA)).text
    away, covering = (re.search(rf'(?s)<select[^>]*name="{name}".*?</select>', page) for name in ("worker", "covering"))
    assert str(demo.LENA) in away[0] and str(demo.LENA) not in covering[0]
