"""At the same moment: whatever order the locks fall in, nobody waits for ever and no rule is broken."""

import asyncio

import pytest

from shared.contracts import consent as events
from shared.runtime.ids import uuid7
from shared.security.demo import DANA, JO, RAY, SAM, TASHA, YUSUF
from tests.integration.caseplan.scenes import plan_with
from tests.integration.caseplan.world import BEDS, CEDAR, HARBOR, HTML, World

pytestmark = pytest.mark.network
PEOPLE = (RAY, JO, TASHA, SAM)


async def test_an_agencys_no_and_the_end_of_sharing_with_the_next_one(world: World):
    """Either the second program was asked before and is paused now, or it never hears."""
    cedar = {who: await world.consent(who, CEDAR) for who in PEOPLE}
    harbor = {who: await world.consent(who, HARBOR) for who in PEOPLE}
    referrals = {who: await world.refer(who, second=str(BEDS)) for who in PEOPLE}

    async def stop(ids) -> None:
        ended = [events.Revoked(consent=id, person=who, given="page") for who, id in ids.items()]
        await world.inbox.process([world.record(event, event.consent, key=event.person) for event in ended])

    async def decline(who) -> int:
        path = f"/caseplan/referrals/{referrals[who]}/decline"
        return (await world.post(YUSUF, path, {"reason": "no_capacity"})).status_code

    async with asyncio.timeout(20):
        statuses = await asyncio.gather(*(decline(who) for who in PEOPLE), stop(harbor), stop(cedar))
    assert set(statuses[:4]) == {200}
    disclosed = await world.pool.fetch(
        "SELECT a.stage FROM aggregate a JOIN consent c ON c.id = a.consent WHERE program = $1 AND ended IS NOT NULL",
        BEDS,
    )
    assert {row["stage"] for row in disclosed} <= {"paused"}
    assert await world.pool.fetchval("SELECT count(*) FROM outbox WHERE type LIKE '%halted%'") == 8


async def test_keeping_a_promise_and_finishing_the_step_that_it_is(world: World):
    plan = await plan_with(world, own=0, ours=4)
    promises = (await world.read(DANA, f"/caseplan/people/{RAY}"))["promises"]
    keep = [world.post(DANA, f"/caseplan/promises/{promise['id']}/keep") for promise in promises]
    finish = [
        world.post(DANA, f"/caseplan/plans/{RAY}/finish-step", {"step": step["id"]})
        for step in plan["agreed"]["steps"]
    ]  # fmt: skip
    async with asyncio.timeout(20):
        answers = await asyncio.gather(*keep, *finish)
    assert {answer.status_code for answer in answers} <= {200, 409}
    after = await world.read(DANA, f"/caseplan/people/{RAY}")
    assert {promise["stage"] for promise in after["promises"]} == {"kept"}
    assert all(step["done"] for step in after["plan"]["agreed"]["steps"])


async def test_two_who_ask_the_same_program_at_once_make_one_referral(world: World):
    await world.consent(RAY, HARBOR)
    body = {"person": str(RAY), "program": str(BEDS), "need": "housing"}
    answers = await asyncio.gather(*(world.post(DANA, "/caseplan/referrals", body) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    made = next(answer.json()["id"] for answer in answers if answer.status_code == 201)
    assert {a.headers.get("location") for a in answers} == {None, f"/caseplan/referrals/{made}"}


async def test_a_form_pressed_twice_is_done_once(world: World):
    await world.consent(RAY, HARBOR)
    form = {"person": str(RAY), "program": str(BEDS), "need": "housing", "_key": str(uuid7())}
    async with world.sign_in(DANA, **HTML) as client:
        answers = await asyncio.gather(*(client.post("/caseplan/referrals", data=form) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {303}
    assert await world.pool.fetchval("SELECT count(*) FROM aggregate WHERE kind = 'referral'") == 1
