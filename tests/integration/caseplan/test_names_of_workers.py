"""A worker's name on caseplan's pages: heard sealed with the account, said to colleagues, and to people unless that is
not safe."""

from uuid import UUID

import pytest

from shared.contracts import account, agency, person
from shared.runtime.ids import uuid7
from shared.security import demo
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.security.sealing import as_text
from shared.security.tokens import Tokens
from shared.security.workers import seal_name
from tests.integration.caseplan.world import HOME, HTML, World, an_agency

pytestmark = pytest.mark.network
NAME = "Canary Whinchat"


async def joins(world: World, *, named: bool = True) -> UUID:
    """Somebody new at Welcome Alder, who walks with Ray from now on."""
    id = uuid7()
    sealed = as_text(await seal_name(world.running.keys, id, NAME)) if named else None
    await world.hear(account.Opened(account=id, agency=HOME, role="case_manager", sealed_name=sealed), id)
    assigned = person.WorkerAssigned(person=demo.RAY, agency=HOME, worker=id, reason="warm_handover")
    await world.hear(assigned, demo.RAY)
    return id


async def shows(world: World, *, roles: bool) -> None:
    said = an_agency(HOME, "Welcome Alder", lead=demo.LENA, shows_roles=roles)
    await world.hear(agency.Updated.model_validate(said.model_dump()), HOME)


async def looked(world: World) -> str:
    return await world.page(demo.RAY, f"/caseplan/people/{demo.RAY}/looks")


async def test_the_person_reads_who_walks_with_them_and_who_looked(world: World):
    await joins(world)
    await world.read(demo.LENA, f"/caseplan/people/{demo.RAY}")
    assert NAME in await world.page(demo.RAY, "/caseplan/me")
    assert NAME in await world.page(demo.LENA, f"/caseplan/people/{demo.RAY}")
    assert "Lena Park" in await looked(world)


async def test_where_names_are_not_safe_the_person_reads_the_role_everywhere_and_colleagues_the_name(world: World):
    await joins(world)
    await world.hear(account.Opened(account=demo.LENA, agency=HOME, role="supervisor"), demo.LENA)
    due = (await world.now()).replace(hour=22).isoformat()
    body = {"person": str(demo.RAY), "words": "I will call the clinic.", "due": due}
    made = await world.post(demo.LENA, "/caseplan/promises", body)
    assert made.status_code == 201, made.text
    await shows(world, roles=True)
    mine = await world.page(demo.RAY, "/caseplan/me")
    for name in (NAME, "Canary", "Lena"):
        assert name not in mine and name not in await looked(world)
    assert "A case manager at Welcome Alder" in mine
    assert NAME in await world.page(demo.LENA, f"/caseplan/people/{demo.RAY}")
    await shows(world, roles=False)
    assert NAME in await world.page(demo.RAY, "/caseplan/me")


async def test_without_a_name_the_page_says_what_they_do(world: World):
    await joins(world, named=False)
    assert "A case manager at Welcome Alder" in await world.page(demo.RAY, "/caseplan/me")


async def test_a_name_lies_sealed_and_a_damaged_one_breaks_no_page(world: World):
    worker = await joins(world)
    assert NAME.encode() not in await world.pool.fetchval("SELECT name FROM worker WHERE id = $1", worker)
    await world.pool.execute("UPDATE worker SET name = '\\x0102' WHERE id = $1", worker)
    assert "A case manager at Welcome Alder" in await world.page(demo.RAY, "/caseplan/me")


async def test_the_bar_says_ones_own_name_and_agency(world: World):
    worker = await joins(world)
    token = Tokens(world.running.settings).issue(Actor(worker, Role.CASE_MANAGER, HOME))
    async with world.nobody() as asks:
        page = (await asks.get("/caseplan/today", headers={**HTML, "Authorization": f"Bearer {token}"})).text
    assert NAME in page and "Welcome Alder" in page
