"""A leaving is complete when each promise, referral and clock of whoever left is with somebody who works here."""

from datetime import timedelta
from uuid import UUID

import pytest

from shared.contracts import account, person
from shared.runtime.ids import uuid7
from shared.security import demo
from shared.security.sealing import as_text
from shared.security.workers import seal_name
from tests.integration.caseplan.world import CEDAR, HOME, World

pytestmark = pytest.mark.network
LEAVING = f"/caseplan/leaving/{demo.DANA}"


async def opens(world: World, id: UUID, role: str, name: str, agency: UUID = HOME) -> None:
    sealed = as_text(await seal_name(world.running.keys, id, name))
    await world.hear(account.Opened(account=id, agency=agency, role=role, sealed_name=sealed), id)


async def leaves(world: World) -> UUID:
    """Dana, who walks with four people and gave Ray a promise, leaves. Somebody new works here."""
    new = uuid7()
    await opens(world, demo.DANA, "case_manager", "Dana Whitfield")
    await opens(world, demo.LENA, "supervisor", "Lena Park")
    await opens(world, new, "case_manager", "Robin Field")
    await world.hear(account.Left(account=demo.DANA, agency=HOME, tokens_before=await world.now()), demo.DANA)
    return new


async def promised(world: World) -> str:
    due = (await world.now() + timedelta(days=1)).isoformat()
    body = {"person": str(demo.RAY), "words": "I will ask who drives you.", "due": due}
    return (await world.ok(demo.DANA, "/caseplan/promises", body))["id"]


async def walks(world: World, who: UUID, worker: UUID) -> None:
    said = person.WorkerAssigned(person=who, agency=HOME, worker=worker, reason="worker_left")
    await world.hear(said, who)


async def test_it_is_complete_when_nothing_is_left_and_says_so(world: World):
    await promised(world)
    new = await leaves(world)
    found = await world.read(demo.LENA, LEAVING)
    assert (found["people"], found["promises"], found["complete"], found["has_left"]) == (4, 1, False, True)
    assert "still holds something" in await world.page(demo.LENA, "/caseplan/today")
    for who in (demo.RAY, demo.JO, demo.TASHA, demo.SAM):
        await walks(world, who, new)
    assert not (await world.read(demo.LENA, LEAVING))["complete"], "a promise stays with who gave it"
    assert (await world.ok(demo.LENA, f"{LEAVING}/promises", {"worker": str(new)}))["complete"]
    assert "Done: nothing is left." in await world.page(demo.LENA, LEAVING)
    assert "still holds something" not in await world.page(demo.LENA, "/caseplan/today")


async def test_a_day_on_which_they_would_have_called_is_not_lost_with_who_left(world: World):
    said = {"who": str(demo.RAY), "how": "called", "speak_on": (await world.now()).date().isoformat()}
    await world.ok(demo.DANA, "/caseplan/contacts", said)
    new = await leaves(world)
    for who in (demo.RAY, demo.JO, demo.TASHA, demo.SAM):
        await walks(world, who, new)
    found = await world.read(demo.LENA, LEAVING)
    assert (found["people"], found["days"], found["complete"]) == (0, 1, False)
    assert "still holds something" in await world.page(demo.LENA, "/caseplan/today"), "nobody would see it else"
    assert (await world.ok(demo.LENA, f"{LEAVING}/work"))["complete"]
    assert "still holds something" not in await world.page(demo.LENA, "/caseplan/today")


async def test_the_person_reads_who_keeps_the_promise_now_and_what_was_said_stays(world: World):
    promise = await promised(world)
    before = await world.state("promise", promise)
    clock = await world.pool.fetchrow("SELECT id, due_at FROM timer WHERE subject = $1", promise)
    new = await leaves(world)
    await world.ok(demo.LENA, f"{LEAVING}/promises", {"worker": str(new)})
    assert "Dana gave you this word. Robin keeps it now." in await world.page(demo.RAY, "/caseplan/me")
    after = await world.state("promise", promise)
    assert after == before | {"worker": str(new), "gave": str(demo.DANA)}
    assert clock == await world.pool.fetchrow("SELECT id, due_at FROM timer WHERE subject = $1", promise)
    told = await world.told(UUID(promise), "handed_over")
    assert (told["worker"], told["gave"], told["stage"]) == (str(new), str(demo.DANA), "made")
    looks = await world.read(demo.RAY, f"/caseplan/people/{demo.RAY}/looks")
    assert "leaving.hand_over" in {look["action"] for look in looks["looks"]}


async def test_a_setback_that_a_colleague_covered_goes_to_who_walks_with_the_person(world: World):
    setback = uuid7()
    await world.ok(demo.JO, "/caseplan/setbacks", {"id": str(setback), "pace": "today"})
    await opens(world, demo.LENA, "supervisor", "Lena Park")
    await world.ok(demo.LENA, f"/caseplan/setbacks/{setback}/cover")
    path = f"/caseplan/leaving/{demo.LENA}"
    assert (await world.read(demo.LENA, path))["work"] == 1
    assert (await world.ok(demo.LENA, f"{path}/work"))["complete"]
    assert (await world.state("setback", setback))["worker"] == str(demo.DANA)


async def test_a_promise_is_given_to_nobody_who_does_not_work_here(world: World):
    await promised(world)
    await leaves(world)
    elsewhere, gone = uuid7(), uuid7()
    await opens(world, elsewhere, "case_manager", "Yusuf", CEDAR)
    await opens(world, gone, "case_manager", "Gone")
    await world.hear(account.Left(account=gone, agency=HOME, tokens_before=await world.now()), gone)
    for keeper in (elsewhere, gone, demo.DANA, uuid7()):
        answer = await world.post(demo.LENA, f"{LEAVING}/promises", {"worker": str(keeper)})
        assert answer.status_code == 422, keeper


@pytest.mark.parametrize("who", [demo.YUSUF, demo.RAY, demo.TONY])
async def test_what_a_colleague_holds_is_for_those_who_answer_for_their_agency(world: World, who: UUID):
    await promised(world)
    await leaves(world)
    assert (await world.get(who, LEAVING)).status_code in (403, 404)
    for part in ("promises", "work"):
        answer = await world.post(who, f"{LEAVING}/{part}", {"worker": str(demo.LENA)})
        assert answer.status_code in (403, 404)
