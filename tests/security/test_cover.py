"""A cover lends one worker's relation to a colleague for its days: no sooner, no longer, to nobody else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from services.caseplan.reading import mark_of_worker
from shared.contracts import account, person
from shared.runtime.database import transaction
from shared.runtime.ids import uuid7
from shared.security import demo
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.security.sealing import as_text
from shared.security.tokens import Tokens
from shared.security.workers import seal_name
from tests.integration.caseplan.scenes import a_day
from tests.integration.caseplan.world import CEDAR, HOME, HTML, World, open_world, the_network
from tests.network import FreshDatabase

pytestmark = pytest.mark.network
WORDS = "My canary words for Dana alone."
COVER = UUID(int=501)


@pytest_asyncio.fixture(loop_scope="session")
async def world(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(database, tmp_path) as opened:
        await opened.inbox.process([opened.record(event, subject) for event, subject in the_network()])
        yield opened


class Colleague:
    """Somebody who asks with a token of their own."""

    def __init__(self, world: World, role: Role = Role.CASE_MANAGER, agency: UUID = HOME) -> None:
        self.world, self.id = world, uuid7()
        token = Tokens(world.running.settings).issue(Actor(self.id, role, agency))
        self.headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, **headers: str) -> httpx.Response:
        self.world.running.covers.look_again()
        async with self.world.nobody() as client:
            return await client.get(path, headers={**self.headers, **headers})

    async def post(self, path: str, body: dict | None = None) -> httpx.Response:
        self.world.running.covers.look_again()
        async with self.world.nobody() as client:
            return await client.post(path, json=body or {}, headers=self.headers)


async def opens(world: World, who: UUID, name: str, agency: UUID = HOME) -> None:
    sealed = as_text(await seal_name(world.running.keys, who, name))
    await world.hear(account.Opened(account=who, agency=agency, role="case_manager", sealed_name=sealed), who)


async def covers(world: World, by: UUID, *, begins: float = 0, lasts: float = 2, whom: UUID = demo.DANA) -> None:
    """`begins` in so many days, `lasts` so many."""
    starts = await world.now() + timedelta(days=begins)
    said = account.Covered(
        account=whom, cover=COVER, by=by, agency=HOME, starts=starts, ends=starts + timedelta(days=lasts)
    )
    await world.hear(said, whom)


async def hard(world: World) -> str:
    """Something got hard for Jo, who wrote it to Dana alone."""
    setback = str(uuid7())
    await world.ok(demo.JO, "/caseplan/setbacks", {"id": setback, "pace": "today", "words": WORDS})
    return f"/caseplan/setbacks/{setback}"


async def test_who_covers_reads_and_answers_as_the_named_worker_and_afterwards_not_any_more(world: World):
    page, robin = await hard(world), Colleague(world)
    assert (await robin.get(page)).status_code == 404
    await covers(world, robin.id, begins=1)
    assert (await robin.get(page)).status_code == 404, "not before its time"
    await world.later(days=1)
    found = await robin.get(page)
    assert found.status_code == 200 and WORDS in found.text
    assert (await robin.get("/caseplan/today", **HTML)).text.count(str(demo.JO)) > 0
    assert (await robin.post(f"{page}/contact", {"how": "called"})).status_code in (200, 422)
    await world.later(days=2)
    assert (await robin.get(page)).status_code == 404, "nobody did anything: its time is over"


async def test_what_is_lent_reaches_the_list_of_referrals(world: World):
    room, robin = (await a_day(world))["room"], Colleague(world)
    assert str(room) not in (await robin.get("/caseplan/referrals")).text
    await covers(world, robin.id)
    assert str(room) in (await robin.get("/caseplan/referrals")).text
    looks = await world.read(demo.RAY, f"/caseplan/people/{demo.RAY}/looks")
    seen = {(look["action"], look["purpose"]) for look in looks["looks"] if look["actor"] == str(robin.id)}
    assert ("referral.list", f"covering/{demo.DANA}") in seen


async def test_a_cover_that_was_cut_short_counts_no_more_whatever_arrives_afterwards(world: World):
    page, robin = await hard(world), Colleague(world)
    await covers(world, robin.id)
    assert (await robin.get(page)).status_code == 200
    ended = account.CoverEnded(account=demo.DANA, cover=COVER, agency=HOME)
    await world.hear(ended, demo.DANA, skip=1)
    assert (await robin.get(page)).status_code == 404, "it acts on arrival, though a fact before it is missing"


async def test_it_lends_nobody_elses_relation_and_is_not_passed_on(world: World):
    page, robin, third = await hard(world), Colleague(world), Colleague(world)
    await covers(world, robin.id)
    await world.hear(
        account.Covered(
            account=robin.id, cover=uuid7(), by=third.id, agency=HOME, starts=await world.now(),
            ends=await world.now() + timedelta(days=1),
        ),
        robin.id,
    )  # fmt: skip
    assert (await third.get(page)).status_code == 404, "who covers for who covers is no named worker"


async def test_rows_of_another_agency_stay_hidden_whatever_a_cover_says(world: World):
    """Row-level security lets nobody further: a cover that names a worker of another agency opens nothing."""
    page, outsider = await hard(world), Colleague(world, agency=CEDAR)
    await covers(world, outsider.id)
    assert (await outsider.get(page)).status_code == 404
    assert (await outsider.get(f"/caseplan/people/{demo.JO}")).status_code == 404


async def test_other_roles_cover_for_nobody(world: World):
    page = await hard(world)
    for role in (Role.MENTOR, Role.AGENCY_ADMIN, Role.PARTNER_ENGINEER):
        other = Colleague(world, role)
        await covers(world, other.id)
        assert (await other.get(page)).status_code in (403, 404)


async def test_the_person_reads_who_covers_until_when_and_for_whom_each_look_was(world: World):
    robin = Colleague(world)
    await opens(world, robin.id, "Robin Field")
    await opens(world, demo.DANA, "Dana Whitfield")
    await covers(world, robin.id)
    mine = await world.page(demo.JO, "/caseplan/me")
    assert "Robin Field" in mine and "Stands in for Dana until" in mine
    assert (await robin.get(f"/caseplan/people/{demo.JO}")).status_code == 200
    looks = await world.read(demo.JO, f"/caseplan/people/{demo.JO}/looks")
    assert f"covering/{demo.DANA}" in {look["purpose"] for look in looks["looks"] if look["actor"] == str(robin.id)}
    assert "covering for Dana Whitfield" in await world.page(demo.JO, f"/caseplan/people/{demo.JO}/looks")
    await world.later(days=2)
    assert "Stands in for" not in await world.page(demo.JO, "/caseplan/me")


async def test_the_person_reads_before_they_write_that_whoever_covers_reads_it_too(world: World):
    robin, page = Colleague(world), await hard(world)
    await opens(world, robin.id, "Robin Field")
    await opens(world, demo.DANA, "Dana Whitfield")
    assert "Only Dana can read this." in await world.page(demo.JO, "/caseplan/me")
    await covers(world, robin.id)
    assert WORDS in (await robin.get(page)).text
    assert "Only Dana and Robin can read this." in await world.page(demo.JO, "/caseplan/me")
    assert "Esto es solo para Dana y Robin." in await world.page(demo.JO, "/caseplan/me?lang=es")
    assert "Only they and you" not in (await robin.get(page, **HTML)).text


async def test_the_day_of_who_covers_says_whose_word_it_was(world: World):
    robin = Colleague(world)
    await opens(world, demo.DANA, "Dana Whitfield")
    await hard(world)
    await covers(world, robin.id)
    for_dana = "For Dana Whitfield, whom you cover for."
    assert for_dana in (await robin.get("/caseplan/today", **HTML)).text
    assert for_dana not in await world.page(demo.DANA, "/caseplan/today")


async def test_the_day_of_who_covers_has_the_calls_that_were_promised_until_one_of_the_two_has_called(world: World):
    robin = Colleague(world)
    said = {"who": str(demo.JO), "how": "called", "speak_on": (await world.now()).date().isoformat()}
    await world.ok(demo.DANA, "/caseplan/contacts", said)
    await world.later(days=1)
    before = (await robin.get("/caseplan/today")).json()
    await covers(world, robin.id)
    due = (await robin.get("/caseplan/today")).json()
    assert ("contact", str(demo.JO)) not in kinds(before) and ("contact", str(demo.JO)) in kinds(due)
    assert (await robin.post("/caseplan/contacts", {"who": str(demo.JO), "how": "called"})).status_code == 201
    assert ("contact", str(demo.JO)) not in kinds((await robin.get("/caseplan/today")).json())


def kinds(today: dict) -> set[tuple[str, str]]:
    return {(row["kind"], row["person"]) for rows in today["groups"].values() for row in rows}


async def test_the_page_of_who_covers_says_that_something_changed_for_those_they_cover_for(world: World):
    robin = Colleague(world)
    actor = Actor(robin.id, Role.CASE_MANAGER, HOME, covers=frozenset({demo.DANA}))

    async def mark(who: Actor) -> str:
        async with transaction(world.pool) as tx:
            return await mark_of_worker(tx, who)

    quiet, before = await mark(replace(actor, covers=frozenset())), await mark(actor)
    await hard(world)
    assert await mark(actor) != before
    assert await mark(replace(actor, covers=frozenset())) == quiet


async def test_a_day_that_is_read_by_a_cover_says_so_of_those_people_alone(world: World):
    """Whoever has people of their own as well does not stand for a colleague to them."""
    own = person.WorkerAssigned(person=demo.RAY, agency=HOME, worker=demo.LENA, reason="warm_handover")
    await world.hear(own, demo.RAY)
    await covers(world, demo.LENA)
    await hard(world)
    await world.ok(demo.RAY, "/caseplan/setbacks", {"id": str(uuid7()), "pace": "today"})
    world.running.covers.look_again()
    assert (await world.get(demo.LENA, "/caseplan/today")).status_code == 200
    rows = await world.pool.fetch(
        "SELECT person_id, purpose FROM audit WHERE actor_id = $1 AND action = 'today.read'", demo.LENA
    )
    said = {row["person_id"]: row["purpose"] for row in rows}
    assert (said[demo.RAY], said[demo.JO]) == ("care", f"covering/{demo.DANA}")
