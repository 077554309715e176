"""Attack 1: a worker asks for people and things of another agency by their ids, one after the other.

They learn as little as of ids that are nobody's (`test_route_matrix.py` says so of every route); it is written down,
the person reads it, and after a while each next question takes a minute.
"""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from shared.runtime.ids import uuid7
from shared.security import demo
from shared.security.permissions import Role
from tests.integration.intake.world import HTML, Door, open_door, text
from tests.network import FreshDatabase
from tests.security.rows import CEDAR, OPEN, ROW, Filled, connected, fill
from tests.security.served import served

pytestmark = pytest.mark.network


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(shared_database: FreshDatabase) -> Filled:
    return await fill(await shared_database(), {*OPEN, "event_archive_other", "audit"})


@pytest_asyncio.fixture(loop_scope="session")
async def door(database: FreshDatabase) -> AsyncIterator[Door]:
    async with open_door(database) as opened:
        yield opened


async def refused(admin: asyncpg.Connection, service: str, actor: object) -> list[tuple[object, ...]]:
    rows = await admin.fetch(
        f"SELECT action, person_id, object, purpose FROM {service}.audit WHERE actor_id = $1 AND NOT allowed"  # noqa: S608
        " ORDER BY number",
        actor,
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
async def test_a_person_of_another_agency_and_nobody_are_the_same_to_a_stranger(shared_database, filled, accept):
    stranger, nobody = uuid7(), uuid7()
    async with served(shared_database, "caseplan") as here, connected(await shared_database()) as admin:
        headers = {**here.as_(Role.CASE_MANAGER, CEDAR, stranger), "Accept": accept}
        await here.client.get("/caseplan/today", headers=headers)  # it has the cookie of its forms from here on
        theirs, nobodys = [
            await here.client.get(f"/caseplan/people/{id}", headers=headers) for id in (demo.RAY, nobody)
        ]
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.content == nobodys.content
        assert theirs.headers == nobodys.headers
        assert await refused(admin, "caseplan", stranger) == [
            ("plan.read", id, f"person/{id}", "refused") for id in (demo.RAY, nobody)
        ]


async def test_things_are_written_down_by_what_they_are(shared_database, filled):
    stranger = uuid7()
    async with served(shared_database, "caseplan") as here, connected(await shared_database()) as admin:
        headers = here.as_(Role.CASE_MANAGER, CEDAR, stranger)
        for path in (f"referrals/{ROW}", f"promises/{ROW}/keep", f"plans/{demo.RAY}"):
            method = "POST" if path.endswith("keep") else "GET"
            assert (await here.ask(method, f"/caseplan/{path}", headers)).status_code in (404, 422)
        assert [(person, what) for _, person, what, _ in await refused(admin, "caseplan", stranger)][0::2] == [
            (None, f"referral/{ROW}"),
            (demo.RAY, f"person/{demo.RAY}"),
        ]


async def test_the_person_reads_that_somebody_was_refused(door):
    person = await door.add()
    assert (await door.get(f"/intake/people/{person}", demo.YUSUF)).status_code == 404
    looks = (await door.get(f"/intake/people/{person}/looks", person)).json()["looks"]
    assert [look["allowed"] for look in looks if look["actor"] == str(demo.YUSUF)] == [False]
    page = await door.client.get(f"/intake/people/{person}/looks", headers={**door.as_(person), **HTML})
    assert "Yusuf Karim" in text(page)


async def test_going_through_ids_is_slowed_for_whoever_does_it_and_nobody_else(door):
    person = await door.add()
    answers = [(await door.get(f"/intake/people/{uuid7()}", demo.YUSUF)).status_code for _ in range(61)]
    assert answers == [404] * 60 + [429]
    slowed = await door.get("/intake/agencies", demo.YUSUF)
    assert slowed.status_code == 429
    assert 0 < int(slowed.headers["retry-after"]) <= 60
    assert slowed.json()["type"] == "urn:throughcare:problem:too-many-refusals"
    assert (await door.get(f"/intake/people/{person}", demo.DANA)).status_code == 200


async def test_whoever_is_not_signed_in_leaves_no_row(door):
    before = await door.pool.fetchval("SELECT count(*) FROM audit")
    assert (await door.get(f"/intake/people/{uuid7()}")).status_code == 401
    assert await door.pool.fetchval("SELECT count(*) FROM audit") == before
