"""Promise P2: agencies keep their word in the open, and no number tells about a person."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from shared.contracts import need, portrait, referral, setback
from shared.contracts.agency import Calendar, Updated
from shared.security import demo
from shared.web.charts import WHY_HIDDEN
from tests.integration.reporting.world import (
    NOW,
    OCTOBER,
    Life,
    World,
    agency_called,
    asked_for_help,
    hard_time,
    promised,
    taken_back,
    told,
)

pytestmark = pytest.mark.network

CEDAR, TABLE, TOOLS = (UUID(int=number) for number in (1, 2, 3))
Stage = referral.Stage


async def counted(world: World, query: str = "") -> dict:
    answer = await world.get(f"/reporting/indicators{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def three_agencies(world: World) -> None:
    names = {CEDAR: "Cedar House", TABLE: "Open Table", TOOLS: "Tool Library"}
    await world.hear(*[(agency_called(id, name), OCTOBER) for id, name in names.items()])


async def many(world: World, *lives: Life) -> None:
    await world.hear(*[fact for life in lives for fact in life.said])


async def test_a_loop_counts_as_confirmed_by_the_person_s_own_word_alone(world: World):
    await three_agencies(world)
    await many(
        world,
        Life(CEDAR).sent().accepted().begun().reported().confirmed(),
        Life(CEDAR).sent().accepted().begun().reported().passed_in_silence().told(),
        Life(CEDAR).sent().accepted().begun().reported().disputed(),
        Life(CEDAR).sent().accepted().begun().reported(),
        Life(CEDAR).sent().accepted().begun().reported().disputed().reported().confirmed(),
        Life(CEDAR).sent().accepted().reported().confirmed().say(referral.Reopened, Stage.REOPENED),
        Life(CEDAR).say(referral.Drafted, Stage.DRAFT),
        Life(CEDAR).sent().say(referral.EnteredInError, Stage.ENTERED_IN_ERROR),
    )
    seen = await counted(world)
    counts = seen["counts"]
    assert (counts["loops_confirmed"], counts["loops_reopened"], counts["loops_silent"]) == (2, 2, 1)
    assert counts["referrals_sent"] == 6 and counts["referrals_reported"] == 5 and counts["referrals_begun"] == 5
    assert counts["told_worker"] == 1
    assert seen["by_stage"] == {"reopened": 2, "reported": 1, "closed": 3}
    assert seen["by_agency"][0]["name"] == "Cedar House" and seen["by_agency"][0]["confirmed"] == 2


async def test_hours_to_a_first_answer_are_open_hours_of_that_agency(world: World):
    await three_agencies(world)
    friday = OCTOBER + timedelta(days=3)  # 10:00 in New York
    await many(
        world,
        Life(CEDAR, OCTOBER).sent().accepted(3),
        Life(CEDAR, friday).sent().say(referral.Seen, Stage.SEEN, 70).accepted(5),  # Monday at one: 7 hours and 4
        Life(TABLE, OCTOBER).sent().say(referral.Delivered, Stage.DELIVERED, 2).accepted(0.5),
        Life(TOOLS, OCTOBER).sent().say(referral.Escalated, Stage.ESCALATED, 60),
    )
    seen = await counted(world)
    hours = {row["name"]: row["first_answer"] for row in seen["by_agency"]}
    assert hours["Cedar House"] == {"answers": 2, "middle_hours": 3.0, "nine_of_ten_hours": 11.0}
    assert hours["Open Table"] == {"answers": 1, "middle_hours": 0.5, "nine_of_ten_hours": 0.5}
    assert hours["Tool Library"] == {"answers": 0, "middle_hours": None, "nine_of_ten_hours": None}
    assert seen["first_answer"]["middle_hours"] == 3.0


async def test_a_calendar_that_is_heard_later_counts_for_what_came_before(world: World):
    await many(world, Life(CEDAR, OCTOBER).sent().accepted(7))
    before = await counted(world)
    assert before["by_agency"][0]["name"] == "An agency not yet in the directory"
    early = Calendar(timezone="America/New_York", openings=({"weekday": 2, "opens": "09:00:00", "closes": "12:00:00"},))
    await world.hear((Updated(agency=CEDAR, name="Cedar House", calendar=early), OCTOBER))
    after = await counted(world)
    assert after["by_agency"][0]["first_answer"]["middle_hours"] == 2.0


async def test_a_promise_is_kept_moved_or_late_and_the_person_s_word_wins(world: World):
    september = OCTOBER - timedelta(days=20)
    await world.hear(
        *promised(CEDAR, "kept"), *promised(CEDAR, "kept", "broken"), *promised(CEDAR, "moved", "kept"),
        *promised(CEDAR, "late"), *promised(CEDAR, "broken", "said_kept"), *promised(CEDAR), *promised(TABLE, "broken"),
        *promised(TABLE, "kept", due=september), *promised(TABLE, "kept", due=NOW + timedelta(days=90)),
        *promised(TABLE, due=NOW + timedelta(days=2)),
    )  # fmt: skip
    seen = await counted(world)
    assert seen["by_month"] == [
        {"month": "2026-09", "due": 1, "kept": 1, "moved": 0, "late": 0},
        {"month": "2026-10", "due": 6, "kept": 2, "moved": 1, "late": 3},
        {"month": "2026-11", "due": 1, "kept": 1, "moved": 0, "late": 0},
    ]
    assert {name: seen["counts"][f"promises_{name}"] for name in ("due", "kept", "moved", "late")} == {
        "due": 8, "kept": 4, "moved": 1, "late": 3
    }  # fmt: skip
    assert seen["by_agency"][0]["promises"] == {"due": 5, "kept": 2, "moved": 1, "late": 2}


async def test_nobody_was_in_touch_if_the_person_says_so(world: World):
    contacted, came = (setback.Contacted, setback.Stage.CONTACTED), (setback.NobodyCame, setback.Stage.OVERDUE)
    again = (setback.AskedAgain, setback.Stage.REPORTED)
    supported, taken_back = (setback.Supported, setback.Stage.SUPPORTED), (setback.Withdrawn, setback.Stage.WITHDRAWN)
    await world.hear(
        *hard_time((*contacted, 2), (*supported, 3)), *hard_time((*contacted, 6)), *hard_time(),
        *hard_time((*contacted, 1), (*came, 5), (*contacted, 8)), *hard_time((*contacted, 1), (*came, 2)),
        *hard_time((*contacted, 3), (*again, 50), (*contacted, 51), (*came, 52)), *hard_time((*taken_back, 1)),
    )  # fmt: skip
    seen = await counted(world)
    counts = {name.removeprefix("setbacks_"): n for name, n in seen["counts"].items() if name.startswith("setbacks_")}
    assert counts == {"told": 6, "reached_in_time": 2, "reached_late": 2, "waiting": 2, "supported": 1}
    assert seen["hours_to_a_human"] == 3.0


def of(seen: dict, prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): n for name, n in seen["counts"].items() if name.startswith(prefix)}


async def test_a_first_answer_is_in_time_unless_the_promised_moment_passed_without_one(world: World):
    await world.hear(
        *asked_for_help(), *asked_for_help(), *asked_for_help(late=True),
        *asked_for_help(answer_by=NOW + timedelta(hours=3)),
        *asked_for_help(late=True, answer_by=OCTOBER - timedelta(days=365)),
    )  # fmt: skip
    assert of(await counted(world), "first_answers_") == {"promised": 3, "in_time": 2, "late": 1}


async def test_what_had_to_be_told_again_is_counted_and_what_was_skipped_is_not(world: World):
    await world.hear(
        *told(portrait.Told, "joys", "people", retold=("joys",)),
        *told(portrait.Told, skipped=("joys",)),
        *told(need.Told, "housing", "work", "food", retold=("housing", "food")),
    )
    seen = await counted(world)
    assert of(seen, "answers_") == {"told": 5, "retold": 3, "first_told": 2}
    assert len((await world.rows())["telling"]) == 2


async def test_a_revocation_is_in_effect_when_the_last_service_has_said_so(world: World):
    def after(caseplan: float, notifications: float) -> list:
        return [("caseplan", timedelta(seconds=caseplan)), ("notifications", timedelta(seconds=notifications))]

    await world.hear(
        *taken_back(*after(0.2, 1.5)), *taken_back(*after(90, 2)), *taken_back(*after(1, 3.25)), *taken_back(),
        *taken_back(after(1, 2)[0]), *taken_back(*after(-60, 1)),
    )  # fmt: skip
    seen = await counted(world)
    assert of(seen, "revocations") == {"": 6, "_in_effect": 4, "_waiting": 2}
    assert seen["seconds_to_in_effect"] == 1.5
    page = await world.get("/reporting/mirror", accept="text/html")
    assert "From “stop sharing” to in effect" in page.text and "2 s" in page.text


async def test_outside_the_demo_no_door_tells_of_a_few(real: World):
    both = [(service, timedelta(seconds=2)) for service in ("caseplan", "notifications")]
    await real.hear(
        *[fact for _ in range(30) for fact in asked_for_help()],
        *[fact for _ in range(3) for fact in asked_for_help(late=True)],
        *[fact for _ in range(40) for fact in told(portrait.Told, "joys")], *told(portrait.Told, "a", retold=("a",)),
        *[fact for _ in range(4) for fact in taken_back(*both)],
    )  # fmt: skip
    seen = await counted(real)
    assert of(seen, "first_answers_") == {"promised": 33, "in_time": None, "late": None}
    assert of(seen, "answers_") == {"told": 41, "retold": None, "first_told": None}
    assert set(of(seen, "revocations").values()) == {None, 0} and seen["seconds_to_in_effect"] is None


async def test_outside_the_demo_a_small_number_leaves_by_no_door(real: World):
    await three_agencies(real)
    lives = [Life(CEDAR).sent().accepted().begun().reported().confirmed() for _ in range(23)]
    lives += [Life(TABLE).sent().accepted().begun().reported().passed_in_silence() for _ in range(17)]
    lives += [Life(TOOLS).sent().accepted().begun().reported().disputed() for _ in range(4)]
    await many(real, *lives)
    for query in ("", "?small=shown", "?small=hidden"):
        seen = await counted(real, query)
        assert seen["small"] == "hidden"
        assert seen["counts"]["referrals_sent"] == 44
        assert seen["counts"]["loops_reopened"] is None and seen["hidden"]["loops_reopened"] == WHY_HIDDEN
        assert seen["counts"]["loops_silent"] is None  # 44 less 23 less 17 would tell
        by_name = {row["name"]: row for row in seen["by_agency"]}
        assert by_name["Tool Library"]["sent"] is None and by_name["Open Table"]["sent"] is None
        assert by_name["Cedar House"]["sent"] == 23
        assert by_name["Tool Library"]["first_answer"] == {
            "answers": None, "middle_hours": None, "nine_of_ten_hours": None
        }  # fmt: skip
        page = await real.get(f"/reporting/mirror{query}", accept="text/html")
        assert page.status_code == 200
        assert "Everybody in this demo" not in page.text and "not shown" in page.text
        assert ">4<" not in page.text and ">17<" not in page.text


async def test_outside_the_demo_only_whole_months_are_counted(real: World):
    await three_agencies(real)
    await many(real, *[Life(CEDAR, at).sent() for at in (OCTOBER, NOW - timedelta(days=1)) for _ in range(12)])
    seen = await counted(real)
    assert seen["window"] == {"first": "2026-05-01", "last": "2026-10-31", "so_far": False}
    assert seen["counts"]["referrals_sent"] == 12


async def test_in_the_demo_the_same_numbers_can_be_looked_at_as_a_real_network_does(world: World):
    await many(world, *[Life(CEDAR, NOW - timedelta(hours=3)).sent() for _ in range(3)])
    assert (await counted(world))["counts"]["referrals_sent"] == 3
    hidden = await counted(world, "?small=hidden")
    assert hidden["counts"]["referrals_sent"] is None and hidden["small"] == "hidden"
    page = await world.get("/reporting/mirror?small=hidden", accept="text/html")
    assert "As a real network sees it." in page.text


async def test_each_number_has_a_definition_and_each_definition_its_numbers(world: World):
    seen = await counted(world)
    defined = {name for definition in seen["definitions"] for name in definition["counts"]}
    assert defined == set(seen["counts"])
    assert all(isinstance(number, int) for number in seen["counts"].values())


@pytest.mark.parametrize("path", ["/reporting/mirror", "/reporting/indicators"])
async def test_staff_may_look_and_others_may_not(world: World, path: str):
    assert (await world.get(path)).status_code == 200
    assert (await world.get(path, demo.AUDITOR)).status_code == 200
    assert (await world.get(path, demo.RAY)).status_code in (403, 404)
    assert (await world.get(path, None)).status_code == 401
    assert (await world.get(f"{path}?small=little")).status_code == 422


async def test_an_empty_mirror_says_what_will_come(world: World):
    page = await world.get("/reporting/mirror", accept="text/html")
    for words in ("No referral was sent", "No agency has answered yet.", "No promise has fallen due", "None yet"):
        assert words in page.text
    assert '<svg class="chart"' not in page.text


async def test_a_code_of_a_newer_writer_is_counted_as_it_is(world: World):
    life = Life(uuid4()).sent()
    records = [world.log.put(*fact) for fact in life.said]
    newer = records[1]._replace(value=records[1].value.replace(b'"stage":"sent"', b'"stage":"put_aside"'))
    await world.inbox.process([records[0], newer])
    assert (await counted(world))["by_stage"] == {"put_aside": 1}
    assert "Put aside" in (await world.get("/reporting/mirror", accept="text/html")).text
