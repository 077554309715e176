"""Promise P3: a setback opens support, closes nothing, and reaches nobody whom the person has not chosen."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.security.demo import DANA, GRACE, JO, LENA, RAY, TONY, YUSUF
from tests.integration.caseplan.scenes import plan_with, promise_by
from tests.integration.caseplan.world import CEDAR, HARBOR, World

pytestmark = pytest.mark.network
FRIDAY_EVENING = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)  # six in New York: every office is closed
WORDS = "The bus was too full. I walked back."


async def report(world: World, who=JO, **more) -> str:
    return (await world.ok(who, "/caseplan/setbacks", {"words": WORDS, **more}))["id"]


async def test_its_hours_are_real_hours_weekends_included_and_ring_until_somebody_was_in_touch(world: World):
    await world.be_at(FRIDAY_EVENING)
    setback = await report(world, pace="soon")
    await world.ok(DANA, f"/caseplan/setbacks/{setback}/try")
    await world.later(hours=4, minutes=1)
    assert await world.stage("setback", setback) == "overdue"
    await world.later(hours=24)
    assert (await world.events(setback)).count("setback.escalated") == 7
    await world.ok(DANA, f"/caseplan/setbacks/{setback}/contact")
    assert (await world.told(setback, "contacted"))["late"] is True
    await world.later(days=30)
    assert await world.stage("setback", setback) == "resting"


async def test_support_goes_from_a_human_over_a_look_back_to_a_lighter_plan(world: World):
    setback = await report(world)
    await world.ok(DANA, f"/caseplan/setbacks/{setback}/contact")
    await world.ok(JO, f"/caseplan/setbacks/{setback}/reflect", {"next_time": "Take the bus at ten, with Tony."})
    await world.ok(DANA, f"/caseplan/setbacks/{setback}/offer-revision")
    await world.ok(JO, f"/caseplan/setbacks/{setback}/accept-revision")
    steps = ("reported", "contacted", "reflected", "revision_offered", "revision_accepted")
    assert await world.events(setback) == [f"setback.{step}" for step in steps]
    read = await world.read(DANA, f"/caseplan/setbacks/{setback}")
    assert (read["stage"], read["words"], read["next_time"]) == ("supported", WORDS, "Take the bus at ten, with Tony.")


async def test_only_the_person_and_the_named_worker_read_it(world: World):
    setback = await report(world)
    assert (await world.read(DANA, f"/caseplan/setbacks/{setback}"))["words"] == WORDS
    assert (await world.read(JO, "/caseplan/me"))["setbacks"][0]["words"] == WORDS
    for other in (LENA, TONY, YUSUF, GRACE, RAY):
        assert (await world.get(other, f"/caseplan/setbacks/{setback}")).status_code == 404
        assert (await world.post(other, f"/caseplan/setbacks/{setback}/contact")).status_code == 404
    colleague = await world.read(LENA, f"/caseplan/people/{JO}")
    assert colleague["setbacks"] == []
    assert not [line for line in colleague["timeline"] if line["kind"] == "setback"]


@pytest.mark.parametrize("who", [DANA, LENA, YUSUF])
async def test_nobody_else_can_say_that_something_got_hard_for_them(world: World, who):
    answer = await world.post(who, "/caseplan/setbacks", {"words": WORDS})
    assert answer.status_code in (403, 404)


async def test_a_supervisor_covers_for_a_silent_worker_and_reads_nothing(world: World):
    setback = await report(world, pace="soon")
    await world.later(hours=5)
    waiting = (await world.read(LENA, "/caseplan/today"))["groups"]["team"]
    assert [(row["kind"], row["id"]) for row in waiting] == [("setback", setback)]
    assert (await world.post(DANA, f"/caseplan/setbacks/{setback}/cover")).status_code in (403, 404)
    assert (await world.post(GRACE, f"/caseplan/setbacks/{setback}/cover")).status_code in (403, 404)
    await world.ok(LENA, f"/caseplan/setbacks/{setback}/cover")
    assert "words" not in await world.read(LENA, f"/caseplan/setbacks/{setback}")
    await world.ok(LENA, f"/caseplan/setbacks/{setback}/contact")
    assert (await world.told(setback, "contacted"))["worker"] == str(LENA)
    assert (await world.post(LENA, f"/caseplan/setbacks/{setback}/cover")).status_code == 409


async def test_it_is_told_only_by_a_consent_for_exactly_this_one_and_this_recipient(world: World):
    setback, other = await report(world), await report(world)
    await world.consent(JO, CEDAR, "referral")
    await world.consent(RAY, CEDAR, "setback", setback=setback)
    assert (await world.events(setback)) == ["setback.reported"]
    consent = await world.consent(JO, CEDAR, "setback", setback=setback)
    told = await world.told(setback, "shared")
    assert (told["recipient"], told["consent"]) == (str(CEDAR), str(consent))
    assert await world.events(other) == ["setback.reported"]
    assert await world.stage("setback", setback) == "reported", "sharing moves nothing"
    assert (await world.get(YUSUF, f"/caseplan/setbacks/{setback}")).status_code == 404


async def test_nothing_else_changes_while_a_setback_lives(world: World):
    for agency in (CEDAR, HARBOR):
        await world.consent(JO, agency)
    referral = await world.refer(JO)
    await world.ok(YUSUF, f"/caseplan/referrals/{referral}/waitlist", {"position": 3})
    await plan_with(world, JO)
    await promise_by(world, JO, days=3)

    async def others() -> list[tuple[object, ...]]:
        rows = await world.pool.fetch(
            "SELECT kind, id, stage, state, moved_at FROM aggregate WHERE kind <> 'setback' ORDER BY kind, id"
        )
        timers = await world.pool.fetch("SELECT kind, subject, id, due_at FROM timer WHERE kind <> 'setback.lapse'")
        return [tuple(row) for row in (*rows, *sorted(timers))]

    before = await others()
    setback = await report(world, JO, pace="soon")
    await world.ok(DANA, f"/caseplan/setbacks/{setback}/try")
    await world.later(hours=9)
    await world.ok(DANA, f"/caseplan/setbacks/{setback}/contact")
    for who, verb in ((JO, "reflect"), (JO, "nobody-came"), (DANA, "contact"), (JO, "ask-again"), (JO, "withdraw")):
        await world.ok(who, f"/caseplan/setbacks/{setback}/{verb}")
    assert await others() == before


async def test_what_is_taken_back_is_gone(world: World):
    setback = await report(world)
    await world.ok(JO, f"/caseplan/setbacks/{setback}/withdraw")
    assert not await world.pool.fetchval("SELECT count(*) FROM words WHERE kind = 'setback'")
    assert "words" not in await world.read(DANA, f"/caseplan/setbacks/{setback}")


async def worry(world: World) -> str:
    await world.consent(RAY, CEDAR)
    await world.refer()
    body = {"person": str(RAY), "words": "He looked very tired."}
    return (await world.ok(YUSUF, "/caseplan/concerns", body))["id"]


async def test_a_worry_goes_to_the_named_worker_alone(world: World):
    concern = await worry(world)
    assert (await world.read(DANA, f"/caseplan/concerns/{concern}"))["words"] == "He looked very tired."
    for other in (YUSUF, LENA, GRACE, RAY):
        assert (await world.get(other, f"/caseplan/concerns/{concern}")).status_code == 404
    mine = await world.read(RAY, "/caseplan/me")
    assert concern not in str(mine)
    assert concern not in str(await world.read(DANA, f"/caseplan/people/{RAY}"))


async def test_the_person_makes_it_theirs_once_they_were_asked_and_the_worry_is_gone(world: World):
    concern = await worry(world)
    early = await world.post(RAY, "/caseplan/setbacks", {"concern": concern})
    assert early.status_code == 404, "whoever was not asked does not learn that it is there"
    await world.ok(DANA, f"/caseplan/concerns/{concern}/read")
    await world.ok(DANA, f"/caseplan/concerns/{concern}/ask")
    assert (await world.post(JO, "/caseplan/setbacks", {"concern": concern})).status_code == 404
    setback = (await world.ok(RAY, "/caseplan/setbacks", {"concern": concern, "words": "I sleep badly."}))["id"]
    assert await world.stage("concern", concern) == "owned"
    assert (await world.told(concern, "owned"))["setback"] == setback
    assert (await world.told(setback, "reported"))["concern"] == concern
    assert "words" not in await world.read(DANA, f"/caseplan/concerns/{concern}")


async def test_a_worry_left_alone_is_set_aside_and_gone(world: World):
    concern = await worry(world)
    await world.later(days=8)
    assert await world.stage("concern", concern) == "set_aside"
    assert not await world.pool.fetchval("SELECT count(*) FROM words WHERE kind = 'concern'")


async def test_an_agency_that_was_never_asked_cannot_even_worry(world: World):
    body = {"person": str(RAY), "words": "I heard something."}
    assert (await world.post(GRACE, "/caseplan/concerns", body)).status_code == 404


async def test_hours_are_kept_over_the_night_on_which_the_clocks_change(world: World):
    await world.be_at(datetime(2027, 3, 14, 5, 0, tzinfo=UTC))  # midnight in New York; at two it will be three
    setback = await report(world, pace="soon")
    due = (await world.read(DANA, f"/caseplan/setbacks/{setback}"))["due_at"]
    waited = datetime.fromisoformat(due) - await world.now()
    assert timedelta(hours=3, minutes=59) < waited <= timedelta(hours=4)
