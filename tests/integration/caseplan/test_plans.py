"""Promise P5: a plan is agreed, not assigned; a staff step of it is a promise."""

from datetime import timedelta

import pytest

from shared.contracts import person
from shared.security.demo import DANA, GRACE, JO, LENA, RAY, SAM, TONY
from tests.integration.caseplan.scenes import plan_with, promise_by
from tests.integration.caseplan.world import CEDAR, HOME, HTML, World

pytestmark = pytest.mark.network


async def day(world: World, days: int) -> str:
    return str((await world.now()).date() + timedelta(days=days))


async def version(world: World, words: str = "Work by spring.", days: int = 5, owner: str = "worker") -> dict:
    step = {"goal": 0, "owner": owner, "due": await day(world, days), "words": "I will ask the workshop."}
    return {"goals": [{"words": words}], "steps": [step]}


async def test_it_holds_once_both_have_signed_whoever_began(world: World):
    await world.ok(DANA, f"/caseplan/plans/{RAY}/suggest", await version(world))
    plan = await world.read(RAY, f"/caseplan/plans/{RAY}")
    assert (plan["stage"], plan["version"], plan["agreed"]) == ("asked_person", 0, None)
    assert (await world.post(DANA, f"/caseplan/plans/{RAY}/sign", {"way": "phone"})).status_code == 409
    await world.ok(RAY, f"/caseplan/plans/{RAY}/sign", {"seen": plan["seen"]})
    await world.ok(RAY, f"/caseplan/plans/{RAY}/propose", await version(world, "My own key."))
    held = await world.read(DANA, f"/caseplan/plans/{RAY}")
    assert (held["stage"], held["version"], held["agreed"]["goals"][0]["words"]) == (
        "asked_worker",
        1,
        "Work by spring.",
    )
    await world.ok(DANA, f"/caseplan/plans/{RAY}/sign")
    agreed = await world.read(RAY, f"/caseplan/plans/{RAY}")
    assert (agreed["stage"], agreed["version"], agreed["agreed"]["goals"][0]["words"]) == ("active", 2, "My own key.")


async def test_nobody_signs_another_version_than_the_one_they_read(world: World):
    await world.ok(DANA, f"/caseplan/plans/{RAY}/suggest", await version(world))
    seen = (await world.read(RAY, f"/caseplan/plans/{RAY}"))["seen"]
    await world.ok(DANA, f"/caseplan/plans/{RAY}/suggest", await version(world, "Something else."))
    answer = await world.post(RAY, f"/caseplan/plans/{RAY}/sign", {"seen": seen})
    assert answer.status_code == 409
    assert await world.stage("plan", RAY) == "asked_person"


async def test_a_no_leaves_what_was_agreed_with_its_words(world: World):
    await plan_with(world, words="My own key.")
    await world.ok(DANA, f"/caseplan/plans/{RAY}/suggest", await version(world, "Something else."))
    await world.ok(RAY, f"/caseplan/plans/{RAY}/not-now")
    plan = await world.read(RAY, f"/caseplan/plans/{RAY}")
    assert (plan["stage"], plan["proposal"]) == ("active", None)
    assert plan["agreed"]["goals"][0]["words"] == "My own key."
    assert not await world.pool.fetchval("SELECT count(*) FROM words WHERE field LIKE 'suggested/%'")


async def test_the_persons_days_are_theirs(world: World):
    plan = await plan_with(world, own=2, ours=0)
    first, second = plan["agreed"]["steps"]
    later = await day(world, 9)
    await world.ok(RAY, f"/caseplan/plans/{RAY}/move-step", {"step": first["id"], "due": later})
    await world.ok(RAY, f"/caseplan/plans/{RAY}/drop-step", {"step": second["id"]})
    await world.ok(RAY, f"/caseplan/plans/{RAY}/finish-step", {"step": first["id"]})
    [step] = (await world.read(RAY, f"/caseplan/plans/{RAY}"))["agreed"]["steps"]
    assert (step["due"], step["done"], step["words"]) == (later, True, "Pick part 1 of town.")
    refused = await world.post(DANA, f"/caseplan/plans/{RAY}/finish-step", {"step": first["id"]})
    assert refused.status_code == 409


async def test_a_staff_step_is_a_promise_from_the_second_signature_on(world: World):
    await world.ok(DANA, f"/caseplan/plans/{RAY}/suggest", await version(world))
    assert (await world.read(RAY, "/caseplan/me"))["promises"] == []
    await world.ok(RAY, f"/caseplan/plans/{RAY}/sign")
    [promise] = (await world.read(RAY, "/caseplan/me"))["promises"]
    assert (promise["words"], promise["worker"]) == ("I will ask the workshop.", str(DANA))
    assert promise["due"].startswith(f"{await day(world, 6)}T04:59"), "Saturday has no doors that close"


async def test_a_plan_signed_after_the_day_of_a_staff_step_makes_a_promise_for_today(world: World):
    await world.ok(DANA, f"/caseplan/plans/{RAY}/suggest", await version(world, days=1))
    await world.later(days=3)
    await world.ok(RAY, f"/caseplan/plans/{RAY}/sign")
    [promise] = (await world.read(RAY, "/caseplan/me"))["promises"]
    assert promise["due"].startswith(f"{await day(world, 0)}T22:00"), "until the doors close, at five in New York"
    assert promise["stage"] == "made"
    await world.later(hours=1)
    assert await world.stage("promise", promise["id"]) == "made"


async def test_keeping_the_promise_finishes_the_step_and_the_other_way_round(world: World):
    plan = await plan_with(world, own=0, ours=2)
    first, second = plan["agreed"]["steps"]
    await world.ok(DANA, f"/caseplan/plans/{RAY}/finish-step", {"step": first["id"]})
    stages = {p["words"]: p["stage"] for p in (await world.read(RAY, "/caseplan/me"))["promises"]}
    assert stages == {"I will call 1.": "kept", "I will call 2.": "made"}
    open_one = next(p for p in (await world.read(RAY, "/caseplan/me"))["promises"] if p["stage"] == "made")
    await world.ok(DANA, f"/caseplan/promises/{open_one['id']}/keep")
    steps = (await world.read(DANA, f"/caseplan/plans/{RAY}"))["agreed"]["steps"]
    assert {step["id"]: step["done"] for step in steps} == {first["id"]: True, second["id"]: True}


async def test_a_new_version_moves_or_lets_go_of_what_staff_owe(world: World):
    plan = await plan_with(world, own=0, ours=2, days=3)
    goal, (first, _) = plan["agreed"]["goals"][0], plan["agreed"]["steps"]
    moved = first | {"due": await day(world, 10), "goal": goal["id"]}
    body = {"goals": [goal], "steps": [{key: moved[key] for key in ("id", "goal", "owner", "due", "words")}]}
    await world.ok(RAY, f"/caseplan/plans/{RAY}/propose", body)
    await world.ok(DANA, f"/caseplan/plans/{RAY}/sign")
    promises = {p["words"]: p for p in (await world.read(RAY, "/caseplan/me"))["promises"]}
    assert promises["I will call 2."]["stage"] == "released"
    assert (promises["I will call 1."]["stage"], promises["I will call 1."]["due"][:10]) == (
        "made",
        await day(world, 10),
    )


async def test_a_step_longer_than_two_weeks_is_sent_back(world: World):
    before = await world.counts()
    answer = await world.post(DANA, f"/caseplan/plans/{RAY}/suggest", await version(world, days=15))
    assert answer.status_code == 409
    assert "smaller" in answer.json()["detail"]
    assert await world.counts() == before


async def test_the_editor_shows_and_keeps_all_of_a_large_plan(world: World):
    goals = [{"words": f"Goal {n}."} for n in range(12)]
    due = await day(world, 5)
    steps = [{"goal": 0, "owner": "worker", "due": due, "words": f"I will call {n}."} for n in range(15)]
    await world.ok(DANA, f"/caseplan/plans/{RAY}/suggest", {"goals": goals, "steps": steps})
    page = await world.page(DANA, f"/caseplan/plans/{RAY}/edit")
    assert all(f'name="goal-{n}"' in page for n in range(12))
    assert all(f'name="step-0-{m}"' in page for m in range(15))
    sent = {f"goal-{n}": f"Goal {n}." for n in range(12)} | {"": "a field without a name"}
    for m in range(15):
        sent |= {f"step-0-{m}": f"I will call {m}.", f"step-0-{m}-owner": "worker", f"step-0-{m}-due": due}
    async with world.sign_in(DANA, **HTML) as client:
        assert (await client.post(f"/caseplan/plans/{RAY}/edit", data=sent)).status_code == 303
    proposal = (await world.state("plan", RAY))["proposal"]
    assert (len(proposal["goals"]), len(proposal["steps"])) == (12, 15)


async def test_too_much_at_once_is_put_to_the_person_as_a_question(world: World):
    await plan_with(world, SAM, own=7, ours=0)
    [row] = (await world.read(DANA, "/caseplan/today"))["groups"]["together"]
    assert (row["person"], row["loads"]) == (str(SAM), ["crowded", "one_sided"])
    await world.ok(DANA, f"/caseplan/plans/{SAM}/ask-load", {"loads": row["loads"]})
    assert "together" not in (await world.read(DANA, "/caseplan/today"))["groups"]
    assert "Is this too much?" in await world.page(SAM, "/caseplan/me")
    await world.ok(SAM, f"/caseplan/plans/{SAM}/say-too-much")
    [waits] = (await world.read(DANA, "/caseplan/today"))["groups"]["waits"]
    assert (waits["kind"], waits["stage"]) == ("plan", "too_much")
    await world.later(days=3)
    assert await world.stage("plan", SAM) == "overdue", "staff who stay silent to it are late"


async def test_a_supervisor_answers_a_plan_that_its_worker_left_lying_and_gives_their_own_word(world: World):
    body = await version(world)
    await world.ok(RAY, f"/caseplan/plans/{RAY}/propose", body)
    early = await world.post(LENA, f"/caseplan/plans/{RAY}/sign")
    assert early.status_code == 409, "it is the worker's to answer until they are late"
    assert (await world.get(LENA, f"/caseplan/plans/{RAY}/edit", **HTML)).status_code == 409
    await world.later(days=3)
    assert await world.stage("plan", RAY) == "overdue"
    [row] = (await world.read(LENA, "/caseplan/today"))["groups"]["team"]
    assert (row["kind"], row["person"]) == ("plan", str(RAY))
    assert {"sign", "suggest", "disagree"} == set((await world.read(LENA, f"/caseplan/plans/{RAY}"))["offers"])
    assert (await world.get(LENA, f"/caseplan/plans/{RAY}/edit", **HTML)).status_code == 200
    assert (await world.post(GRACE, f"/caseplan/plans/{RAY}/sign")).status_code == 404
    await world.ok(LENA, f"/caseplan/plans/{RAY}/sign")
    assert await world.stage("plan", RAY) == "active"
    [promise] = (await world.read(RAY, "/caseplan/me"))["promises"]
    assert (await world.state("promise", promise["id"]))["worker"] == str(LENA)
    await world.ok(LENA, f"/caseplan/promises/{promise['id']}/keep")
    [step] = [one for one in (await world.state("plan", RAY))["agreed"]["steps"] if one["owner"] == "worker"]
    assert step["done"]


async def test_a_plan_that_fits_asks_nothing(world: World):
    await plan_with(world, SAM, own=2, ours=2)
    assert "together" not in (await world.read(DANA, "/caseplan/today"))["groups"]


async def test_what_the_old_worker_held_goes_with_the_person_but_promises_stay_with_who_gave_them(world: World):
    await plan_with(world, own=1, ours=0)
    await world.consent(RAY, CEDAR)
    referral, promise = await world.refer(), await promise_by(world)
    setback = (await world.ok(RAY, "/caseplan/setbacks", {"words": "Too much."}))["id"]
    assigned = person.WorkerAssigned(person=RAY, agency=HOME, worker=LENA, reason="warm_handover")
    await world.hear(assigned, RAY)
    assert (await world.read(LENA, f"/caseplan/setbacks/{setback}"))["words"] == "Too much."
    assert (await world.get(DANA, f"/caseplan/setbacks/{setback}")).status_code == 404
    assert (await world.state("plan", RAY))["worker"] == str(LENA)
    assert (await world.state("referral", referral))["worker"] == str(LENA)
    assert (await world.state("promise", promise))["worker"] == str(DANA)
    await world.ok(DANA, f"/caseplan/promises/{promise}/keep")
    await world.ok(LENA, f"/caseplan/setbacks/{setback}/contact")


async def test_everybody_with_a_worker_has_one_plan_and_others_cannot_read_it(world: World):
    assert (await world.read(JO, f"/caseplan/plans/{JO}"))["stage"] == "new"
    assert (await world.get(RAY, f"/caseplan/plans/{JO}")).status_code == 404
    assert (await world.get(TONY, f"/caseplan/plans/{JO}")).status_code == 404
    assert (await world.read(LENA, f"/caseplan/plans/{JO}"))["person"] == str(JO)
