"""caseplan set back to a backup takes back what it had said since, and nothing of it is said or done twice."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from services.caseplan.refolding import refold
from shared.contracts import answer, person
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings
from shared.security.demo import DANA, JO, RAY, SAM, TASHA, YUSUF
from tests.integration.backups import Backups, empty_logs
from tests.integration.caseplan.scenes import a_day, promise_by
from tests.integration.caseplan.world import BEDS, CEDAR, HARBOR, HOME, HTML, World

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka", "logs")]

ABOUT_NOW = timedelta(seconds=20)  # how far an event and its row may lie apart on a busy machine
CLOCKS = "SELECT kind, subject, rule, started_at, due_at FROM timer ORDER BY kind, subject"
STANDS = "SELECT * FROM aggregate ORDER BY kind, id"
HAPPENED = """
SELECT kind, id, verb, stage, party, way, who, about FROM happened
 WHERE verb NOT IN ('open', 'cover') AND kind <> 'contact' ORDER BY id, number
"""


@pytest_asyncio.fixture(loop_scope="session")
async def logs(cluster):
    await empty_logs(cluster, "caseplan")


@pytest_asyncio.fixture(loop_scope="session")
async def backups(world: World, database) -> Backups:
    """Beside a world that remembers what it heard, so that it can be read again."""
    settings = Settings(**await database.settings("caseplan"))
    heard, plain = [], world.record

    def record(*arguments, **more):
        heard.append(plain(*arguments, **more))
        return heard[-1]

    world.record, world.heard = record, heard
    return Backups(database, settings, "caseplan", world.pool, refold, world.running.keys)


async def read_again(world: World) -> None:
    """Progress went back with the schema, so what others said comes once more; what was known of it is dropped."""
    for record in world.heard:
        await world.inbox.process([record])


async def stands(world: World) -> dict[tuple[str, UUID], dict]:
    """Every aggregate but for what no event names: the program that was named second, and goals without a step."""
    found = {}
    for row in await world.pool.fetch(STANDS):
        state = json.loads(row["state"])
        state.pop("second", None)
        for version in ("agreed", "proposal"):
            if state.get(version):
                state[version] = sorted(map(str, state[version]["steps"]))
        values = dict(row) | {"state": state}
        del values["made_at"], values["moved_at"]
        found[row["kind"], row["id"]] = values
    return found


async def clocks(world: World) -> dict[tuple[str, str], tuple]:
    rows = await world.pool.fetch(CLOCKS)
    return {(row["kind"], row["subject"]): (row["rule"], row["started_at"], row["due_at"]) for row in rows}


async def lines(world: World) -> list[tuple]:
    return [tuple(row) for row in await world.pool.fetch(HAPPENED)]


def same_clocks(before: dict, after: dict) -> None:
    assert {key: rule for key, (rule, _, _) in after.items()} == {key: rule for key, (rule, _, _) in before.items()}
    for key, (_, started, due) in after.items():
        assert abs(started - before[key][1]) < ABOUT_NOW, key
        assert abs(due - before[key][2]) < ABOUT_NOW, key


async def test_a_day_after_the_backup_is_there_again_and_goes_on(world: World, backups: Backups):
    await world.consent(TASHA, HARBOR)
    early = await world.refer(TASHA, program=BEDS)
    owed = await promise_by(world, JO, words="I will ask.", hours=1)
    before = await backups.take()

    day = await a_day(world)
    await world.ok(DANA, f"/caseplan/promises/{owed}/keep", {"late": True})
    await world.ok(JO, f"/caseplan/promises/{owed}/say-broken")
    await world.later(days=3)  # silence: referrals escalate and expire, setbacks ring, promises come due
    await world.ok(DANA, f"/caseplan/setbacks/{day['hard']}/contact")
    await world.ok(DANA, f"/caseplan/concerns/{day['worry']}/read")
    await world.ok(RAY, f"/caseplan/referrals/{day['care']}/confirm")
    await world.ok(DANA, f"/caseplan/referrals/{day['care']}/tell", {"told": "partly"})
    expected, ticking, told = await stands(world), await clocks(world), await lines(world)
    assert expected["referral", early]["stage"] == "offered"

    assert await backups.restore(before) > 50
    assert await stands(world) == expected
    same_clocks(ticking, await clocks(world))
    assert await lines(world) == told

    await read_again(world)
    assert await stands(world) == expected
    assert await world.events() == [], "nothing is said twice"

    for who, path in ((RAY, "/caseplan/me"), (DANA, f"/caseplan/people/{RAY}"), (DANA, f"/caseplan/plans/{RAY}"),
                      (DANA, "/caseplan/today"), (DANA, f"/caseplan/promises/{owed}"), (TASHA, "/caseplan/me"),
                      (DANA, f"/caseplan/setbacks/{day['hard']}"), (SAM, "/caseplan/me"),
                      (RAY, f"/caseplan/plans/{RAY}/edit")):  # fmt: skip
        assert (await world.get(who, path, **HTML)).status_code in (200, 303), path
    await world.ok(DANA, f"/caseplan/concerns/{day['worry']}/ask")
    await world.ok(JO, f"/caseplan/setbacks/{day['hard']}/enough")
    await world.ok(RAY, f"/caseplan/promises/{day['moving']}/say-kept")


async def test_what_was_revoked_since_stays_stopped_before_the_revocation_is_read_again(world, backups):
    consent = await world.consent(RAY, CEDAR)
    referral = await world.refer()
    before = await backups.take()
    await world.revoke(RAY, consent)
    assert await world.stage("referral", referral) == "paused"

    assert await backups.restore(before) == 2
    assert await world.stage("referral", referral) == "paused"
    assert (await world.get(YUSUF, f"/caseplan/referrals/{referral}")).status_code == 404
    assert await world.read(YUSUF, "/caseplan/asked") in ({"referrals": []}, [])
    await read_again(world)
    assert await world.events() == [], "halted once, paused once"


async def test_an_answer_that_is_read_again_is_not_decided_again(world, backups):
    """A place in line, told twice: the first is offered still when it is read again, and is ignored all the same."""
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    before = await backups.take()

    def place(position: int) -> answer.Received:
        return answer.Received(
            answer_id=uuid7(), referral=referral, person=RAY, partner=uuid7(), agency=CEDAR, answer="waitlist",
            by="stream", receipt=uuid7(), position=position,
        )  # fmt: skip

    await world.hear(place(5), referral, key=RAY)
    await world.hear(place(3), referral, key=RAY)
    setback = UUID((await world.ok(RAY, "/caseplan/setbacks", {"pace": "soon"}))["id"])
    await world.consent(RAY, CEDAR, "setback", setback=setback)
    expected = await stands(world)
    assert len(expected["setback", setback]["state"]["shared"]) == 1

    await backups.restore(before)
    await read_again(world)
    assert await stands(world) == expected
    assert await world.events() == []
    await world.hear(place(1), referral, key=RAY)
    assert (await world.state("referral", referral))["position"] == 1
    assert await world.events() == ["referral.waitlisted"]


async def test_somebody_heard_of_since_gets_their_agency_and_worker_when_they_are_heard_of_again(world, backups):
    before = await backups.take()
    who = uuid7()
    welcomed = person.Welcomed(person=who, language="en", agency=HOME, worker=None)
    await world.hear(welcomed, who)
    named = person.WorkerAssigned(person=who, agency=HOME, worker=DANA, reason="welcomed")
    await world.hear(named, who)
    await world.consent(who, CEDAR)
    referral = await world.refer(who)
    await world.ok(DANA, f"/caseplan/referrals/{await world.refer(who, send=False, program=BEDS)}/withdraw")
    draft = await world.refer(who, send=False, program=BEDS)
    step = {"goal": 0, "owner": "worker", "due": str((await world.now()).date()), "words": "I will ask."}
    await world.ok(DANA, f"/caseplan/plans/{who}/suggest", {"goals": [{"words": "A key."}], "steps": [step]})
    expected, ticking = await stands(world), await clocks(world)

    await backups.restore(before)
    assert await world.stage("referral", referral) == "sent"
    await world.later(minutes=1)  # clocks run meanwhile, by no calendar
    await read_again(world)
    assert await stands(world) == expected
    same_clocks(ticking, await clocks(world))
    await world.ok(DANA, f"/caseplan/referrals/{draft}/withdraw")


async def test_a_plan_signed_since_shows_the_words_of_the_suggestion_that_the_backup_has(world, backups):
    today = (await world.now()).date()
    steps = [{"goal": 0, "owner": "worker", "due": str(today + timedelta(days=3)), "words": "I will call the owner."}]
    body = {"goals": [{"words": "My own key."}], "steps": steps}
    await world.ok(DANA, f"/caseplan/plans/{RAY}/suggest", body)
    before = await backups.take()
    await world.ok(RAY, f"/caseplan/plans/{RAY}/sign")
    expected = await world.read(DANA, f"/caseplan/people/{RAY}")

    await backups.restore(before)
    found = await world.read(DANA, f"/caseplan/people/{RAY}")
    assert found["plan"]["agreed"] == expected["plan"]["agreed"]
    [promise] = found["promises"]
    assert promise["words"] == "I will call the owner."
    await world.ok(DANA, f"/caseplan/promises/{promise['id']}/keep")
    assert (await world.read(DANA, f"/caseplan/plans/{RAY}"))["agreed"]["steps"][0]["done"]


async def test_a_key_used_since_is_told_so_and_nothing_is_done_twice(world, backups):
    before = await backups.take()
    body = {"person": str(RAY), "words": "I will ask.", "due": (await world.now() + timedelta(hours=5)).isoformat()}
    key = {"Idempotency-Key": str(uuid7())}
    first = await world.post(DANA, "/caseplan/promises", body, **key)
    assert first.status_code == 201
    await backups.restore(before)
    again = await world.post(DANA, "/caseplan/promises", body, **key)
    assert (again.status_code, "was taken" in again.text) == (409, True)
    assert await world.pool.fetchval("SELECT count(*) FROM aggregate WHERE kind = 'promise'") == 1
    assert (await world.read(DANA, f"/caseplan/promises/{first.json()['id']}"))["words"] == ""
