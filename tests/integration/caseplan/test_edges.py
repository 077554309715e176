"""The edges: said twice is done once, bad input leaves nothing, nothing personal leaves and pages read little."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio

from shared.contracts import person
from shared.runtime.ids import uuid7
from shared.security import audit
from shared.security.cast import by_id
from shared.security.demo import AUDITOR, DANA, GRACE, JO, LENA, RAY, SAM, TASHA, YUSUF
from shared.web.looks import ON_A_PAGE
from tests.integration.caseplan.conftest import MONDAY
from tests.integration.caseplan.scenes import a_day, plan_with, promise_by
from tests.integration.caseplan.world import BEDS, CEDAR, HARBOR, HOME, ROOMS, World, open_world, the_network
from tests.network import FreshDatabase, Network

pytestmark = pytest.mark.network
CANARY = "CANARY-7f3a"


async def test_the_same_key_gets_the_first_answer_and_another_body_is_refused(world: World):
    await world.consent(RAY, CEDAR)
    body = {"person": str(RAY), "program": str(ROOMS), "need": "housing"}
    key = {"Idempotency-Key": str(uuid7())}
    first = await world.post(DANA, "/caseplan/referrals", body, **key)
    again = await world.post(DANA, "/caseplan/referrals", body, **key)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = await world.post(DANA, "/caseplan/referrals", body | {"program": str(BEDS)}, **key)
    assert other.status_code == 422
    assert await world.pool.fetchval("SELECT count(*) FROM aggregate WHERE kind = 'referral'") == 1


async def test_two_at_once_with_one_key_act_once(world: World):
    promise = await promise_by(world)
    key = {"Idempotency-Key": str(uuid7())}
    path = f"/caseplan/promises/{promise}/keep"
    answers = await asyncio.gather(*(world.post(DANA, path, **key) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert await world.events(promise) == ["promise.made", "promise.kept"]


async def test_of_eight_who_accept_at_once_one_wins_and_the_others_learn_what_is_offered(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    answers = await asyncio.gather(*(world.post(YUSUF, f"/caseplan/referrals/{referral}/accept") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert "begin" in refused.json()["offered"]


async def test_an_id_of_ones_own_choice_is_taken_once(world: World):
    await world.consent(RAY, CEDAR)
    id = uuid7()
    assert await world.refer(id=str(id)) == id
    body = {"person": str(RAY), "program": str(BEDS), "need": "housing", "id": str(id), "send": False}
    assert (await world.post(DANA, "/caseplan/referrals", body)).status_code == 409


LATER = "2030-01-01T10:00:00Z"
BAD = [
    ("POST", "/caseplan/referrals", "not json", 400, None),
    ("POST", "/caseplan/referrals", [], 422, None),
    ("POST", "/caseplan/referrals", {}, 422, "person"),
    ("POST", "/caseplan/referrals", {"person": "ray", "program": str(ROOMS), "need": "housing"}, 422, "person"),
    ("POST", "/caseplan/referrals", {"person": str(RAY), "program": str(RAY), "need": "housing"}, 422, "program"),
    ("POST", "/caseplan/referrals", {"person": str(RAY), "program": str(ROOMS), "need": "x y"}, 422, "need"),
    ("POST", "/caseplan/referrals", {"person": str(RAY), "program": str(ROOMS), "need": "food"}, 422, "need"),
    ("POST", "/caseplan/referrals", {"person": str(uuid7()), "program": str(ROOMS), "need": "housing"}, 404, None),
    (
        "POST",
        "/caseplan/referrals",
        {"person": str(RAY), "program": str(ROOMS), "need": "housing", "stage": "closed"},
        422,
        "stage",
    ),
    ("POST", "/caseplan/promises", {"person": str(RAY), "words": "I will.", "due": "soon"}, 422, "due"),
    ("POST", "/caseplan/promises", {"person": str(RAY), "words": "I will.", "due": "2030-01-01T10:00:00"}, 422, "due"),
    ("POST", "/caseplan/promises", {"person": str(RAY), "words": "I will.", "due": "2001-01-01T10:00:00Z"}, 422, "due"),
    (
        "POST",
        "/caseplan/promises",
        {"person": str(RAY), "words": "I\u0000will", "due": LATER},
        422,
        "words",
    ),
    ("POST", "/caseplan/promises", {"person": str(RAY), "words": " ", "due": LATER}, 422, "words"),
    (
        "POST",
        "/caseplan/promises",
        {"person": str(RAY), "words": "w" * 4001, "due": LATER},
        422,
        "words",
    ),
    ("POST", "/caseplan/referrals/{referral}/decline", {}, 422, "reason"),
    ("POST", "/caseplan/referrals/{referral}/decline", {"reason": "dislike"}, 422, "reason"),
    ("POST", "/caseplan/referrals/{referral}/decline", {"reason": "not_eligible"}, 409, None),
    ("POST", "/caseplan/referrals/{referral}/waitlist", {"position": 0}, 422, "position"),
    ("POST", "/caseplan/referrals/{referral}/waitlist", {"position": 10**30}, 422, "position"),
    ("POST", "/caseplan/referrals/{referral}/report", {"outcome": "got_help"}, 409, None),
    ("POST", "/caseplan/referrals/{referral}/lapse", {}, 404, None),
    ("POST", "/caseplan/referrals/{referral}/pause", {}, 404, None),
    ("POST", "/caseplan/referrals/nowhere/accept", {}, 422, "id"),
    ("POST", "/caseplan/plans/{plan}/suggest", {"goals": []}, 409, None),
    ("POST", "/caseplan/plans/{plan}/suggest", {"goals": [{"words": "A key."}], "steps": [{"goal": 3}]}, 422, None),
    (
        "POST",
        "/caseplan/plans/{plan}/suggest",
        {
            "goals": [{"words": "A key."}],
            "steps": [{"goal": 3, "owner": "person", "due": "2026-11-20", "words": "Look."}],
        },
        422,
        "steps.0.goal",
    ),
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def asked(network: Network, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, UUID]]:
    """One world for all that is refused in it, with one referral that was sent."""
    fresh = FreshDatabase(network)
    try:
        async with open_world(fresh, tmp_path_factory.mktemp("home")) as world:
            await world.be_at(MONDAY)
            await world.inbox.process([world.record(event, subject) for event, subject in the_network()])
            await world.consent(RAY, CEDAR)
            yield world, await world.refer()
    finally:
        await fresh.drop()


@pytest.mark.parametrize(("method", "path", "body", "status", "field"), BAD)
async def test_bad_input_is_told_by_its_field_and_leaves_nothing(asked, method, path, body, status, field):
    world, referral = asked
    path = path.format(referral=referral, plan=RAY)
    who = YUSUF if "/referrals/" in path else DANA
    before = await world.counts()
    refused = status in (403, 404)  # that is written down, and nothing else
    async with world.sign_in(who) as client:
        content = body if isinstance(body, str) else json.dumps(body)
        answer = await client.request(method, path, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert field is None or answer.json()["field"] == field, answer.text
    after = await world.counts()
    assert after["audit"] - before["audit"] in (0, refused)
    assert {**after, "audit": 0} == {**before, "audit": 0}


async def test_a_body_of_a_megabyte_is_refused_before_it_is_read(world: World):
    answer = await world.post(DANA, "/caseplan/promises", {"person": str(RAY), "words": "w" * 1_000_000})
    assert answer.status_code == 413


async def test_what_people_write_stands_in_no_event_no_row_in_clear_and_no_log(world: World, capfd):
    for agency in (CEDAR, HARBOR):
        await world.consent(RAY, agency)
    referral = await world.refer(words=f"{CANARY} one")
    no = {"reason": "other", "words": f"{CANARY} two"}
    await world.ok(YUSUF, f"/caseplan/referrals/{referral}/decline", no)
    setback = (await world.ok(RAY, "/caseplan/setbacks", {"words": f"{CANARY} three"}))["id"]
    await world.ok(DANA, f"/caseplan/setbacks/{setback}/contact")
    await world.ok(RAY, f"/caseplan/setbacks/{setback}/reflect", {"next_time": f"{CANARY} four"})
    await world.ok(YUSUF, "/caseplan/concerns", {"person": str(RAY), "words": f"{CANARY} five"})
    await promise_by(world, words=f"{CANARY} six")
    await plan_with(world, words=f"{CANARY} seven")
    contact = {"who": str(RAY), "how": "met", "what": f"{CANARY} eight"}
    await world.ok(DANA, "/caseplan/contacts", contact)
    read = json.dumps(await world.read(DANA, f"/caseplan/people/{RAY}"))
    for number in ("one", "two", "three", "four", "six", "seven", "eight"):
        assert f"{CANARY} {number}" in read, number
    tables = await world.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    for row in tables:
        found = await world.pool.fetchval(
            f"SELECT count(*) FROM {row['tablename']} t WHERE t::text LIKE $1 OR t::text LIKE $2",  # noqa: S608
            f"%{CANARY}%", f"%{CANARY.encode().hex()}%",
        )  # fmt: skip
        assert found == 0, row["tablename"]
    printed = capfd.readouterr()
    assert CANARY not in printed.out + printed.err


async def test_every_read_of_a_record_is_a_row_and_a_refused_one_is_another(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    await world.pool.fetch("SELECT 1")
    reads = [
        (DANA, f"/caseplan/people/{RAY}", "plan.read"),
        (DANA, f"/caseplan/referrals/{referral}", "referral.read"),
        (YUSUF, "/caseplan/asked", "referral.list"),
        (DANA, "/caseplan/referrals", "referral.list"),
        (LENA, f"/caseplan/plans/{RAY}", "plan.read"),
        (RAY, "/caseplan/me", "mine.read"),
    ]
    for who, path, action in reads:
        before = await world.pool.fetchval("SELECT count(*) FROM audit")
        await world.read(who, path)
        rows = await world.pool.fetch("SELECT actor_id, action, person_id FROM audit ORDER BY number OFFSET $1", before)
        assert [tuple(row) for row in rows] == [(who, action, RAY)], path
    assert (await world.get(GRACE, f"/caseplan/people/{RAY}")).status_code == 404
    last = await world.pool.fetchrow("SELECT actor_id, person_id, allowed FROM audit ORDER BY number DESC LIMIT 1")
    assert tuple(last) == (GRACE, RAY, False)


async def test_every_page_with_a_form_is_a_look_at_whom_it_is_about(world: World):
    await plan_with(world)
    setback = (await world.ok(JO, "/caseplan/setbacks", {"words": "Too much."}))["id"]
    forms = [
        (DANA, f"/caseplan/plans/{RAY}/finish-step", "step.mark", RAY),
        (DANA, f"/caseplan/promises/new?person={RAY}", "promise.make", RAY),
        (DANA, f"/caseplan/referrals/new?person={RAY}&program={ROOMS}", "referral.send", RAY),
        (LENA, f"/caseplan/concerns/new?person={RAY}", "concern.raise", RAY),
        (LENA, f"/caseplan/setbacks/{setback}/cover", "setback.cover", JO),
        (JO, f"/caseplan/setbacks/{setback}/tell", "setback.share", JO),
    ]
    for who, path, action, whom in forms:
        before = await world.pool.fetchval("SELECT count(*) FROM audit")
        await world.page(who, path)
        rows = await world.pool.fetch("SELECT actor_id, action, person_id FROM audit ORDER BY number OFFSET $1", before)
        assert [tuple(row) for row in rows] == [(who, action, whom)], path


async def test_a_worry_on_the_list_for_the_day_is_a_look_at_whom_it_is_about(world: World):
    await plan_with(world, SAM)
    await world.ok(LENA, "/caseplan/concerns", {"person": str(SAM), "words": "Very tired."})
    await world.read(DANA, "/caseplan/today")
    looks = "SELECT count(*) FROM audit WHERE action = 'today.read' AND person_id = $1"
    assert await world.pool.fetchval(looks, SAM) == 1


async def statements(world: World, who: UUID, path: str) -> int:
    """How many statements an answer takes, once its keys are known."""
    await world.read(who, path)
    asked: list[str] = []
    connections = [holder._con for holder in world.running.pool._holders if holder._con]
    for connection in connections:
        connection.add_query_logger(lambda record: asked.append(record.query))
    await world.read(who, path)
    for connection in connections:
        connection._query_loggers.clear()
    return len(asked)


@pytest.mark.parametrize("path", ["/caseplan/today", f"/caseplan/people/{RAY}", "/caseplan/referrals"])
async def test_a_page_takes_as_many_statements_for_twenty_things_as_for_one(world: World, path: str):
    await world.consent(RAY, CEDAR)
    await world.refer()
    await promise_by(world)
    few = await statements(world, DANA, path)
    for number in range(20):
        await promise_by(world, (RAY, JO, TASHA)[number % 3] if path == "/caseplan/today" else RAY)
    await world.consent(RAY, HARBOR)
    await world.refer(program=BEDS)
    assert await statements(world, DANA, path) == few
    assert 3 < few < 40


async def test_today_never_shows_more_than_fifteen_things(world: World):
    for _ in range(20):
        await promise_by(world)
    groups = (await world.read(DANA, "/caseplan/today"))["groups"]
    assert sum(len(rows) for rows in groups.values()) == 15
    # the other five, and three people with whom nothing has begun
    assert "Eight more can wait." in await world.page(DANA, "/caseplan/today")


async def test_nobody_signed_out_and_no_other_role_gets_in(world: World):
    ids = await a_day(world)
    paths = ["/caseplan/today", "/caseplan/me", f"/caseplan/people/{RAY}", f"/caseplan/referrals/{ids['room']}"]
    async with world.nobody() as client:
        for path in paths:
            assert (await client.get(path)).status_code == 401, path
    assert (await world.get(RAY, "/caseplan/today")).status_code == 404
    assert (await world.get(DANA, "/caseplan/me")).status_code == 404
    assert (await world.get(JO, f"/caseplan/people/{RAY}")).status_code == 404


async def test_the_interface_is_described_with_a_body_for_every_verb(world: World):
    async with world.nobody() as client:
        document = (await client.get("/caseplan/openapi.json")).json()
    decline = document["paths"]["/caseplan/referrals/{id}/decline"]["post"]
    schema = decline["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["reason"]
    assert "no_capacity" in json.dumps(schema)
    posts = [path for path, methods in document["paths"].items() if "post" in methods]
    assert all(
        "requestBody" in document["paths"][path]["post"] for path in posts if not path.endswith(("/cover", "/work"))
    )


async def test_somebody_with_whom_nobody_walks_yet_has_a_page_and_loses_nothing(world: World):
    new = uuid7()
    await world.hear(person.Welcomed(person=new, language="es", agency=HOME), new)
    page = await world.page(new, "/caseplan/me")
    assert "Nobody is named for you yet." in page
    assert "Todavía no hay nadie con usted." in await world.page(new, "/caseplan/me?lang=es")
    before = await world.counts()
    assert (await world.post(new, "/caseplan/setbacks", {"words": "It is cold."})).status_code == 409
    refer = {"person": str(new), "program": str(ROOMS), "need": "housing", "send": False}
    assert (await world.post(LENA, "/caseplan/referrals", refer)).status_code == 409
    assert await world.counts() | {"audit": 0} == before | {"audit": 0}
    await world.hear(person.WorkerAssigned(person=new, agency=HOME, worker=DANA, reason="welcomed"), new)
    await world.ok(new, "/caseplan/setbacks", {"words": "It is cold."})
    assert (await world.read(DANA, f"/caseplan/plans/{new}"))["stage"] == "new"


async def test_the_person_reads_who_looked_at_their_plan_and_nobody_else_does(world: World):
    await world.read(DANA, f"/caseplan/people/{RAY}")
    worry = await world.ok(LENA, "/caseplan/concerns", {"person": str(RAY), "words": "He looked very tired."})
    await world.read(DANA, f"/caseplan/concerns/{worry['id']}")
    path = f"/caseplan/people/{RAY}/looks"
    looks = (await world.read(RAY, path))["looks"]
    assert [(look["action"], look["actor"]) for look in looks] == [("plan.read", str(DANA))], "a worry stays private"
    page = await world.page(RAY, path)
    assert "Dana Whitfield</b>, Welcome Alder, opened your plan." in page
    assert "<title>My page</title>" in page
    assert "abrió su plan." in await world.page(RAY, f"{path}?lang=es")
    for who in (DANA, LENA, JO):
        assert (await world.get(who, path)).status_code in (403, 404)
    seen = (await world.read(AUDITOR, path))["looks"]
    assert {look["action"] for look in seen} >= {"concern.raise", "concern.read"}


async def test_what_was_looked_at_long_ago_is_a_page_away(world: World):
    dana = by_id(DANA)
    assert dana is not None
    async with world.pool.acquire() as tx:
        for _ in range(ON_A_PAGE + 1):
            await audit.record(tx, dana.actor, "plan.read", RAY, "person", "care")
    first = await world.read(RAY, f"/caseplan/people/{RAY}/looks")
    assert len(first["looks"]) == ON_A_PAGE
    rest = await world.read(RAY, f"/caseplan/people/{RAY}/looks?before={first['earlier']}")
    assert len(rest["looks"]) == 1 and rest["earlier"] is None
    assert (await world.get(RAY, f"/caseplan/people/{RAY}/looks?before=none")).status_code == 422
