"""Whoever adds a person may choose the id. Keys, sessions and rows go by it: nobody is added by one of another kind."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio

from services.intake.account_invitations import open_account
from services.intake.accounts import Account, Stage
from services.intake.known import index_of
from shared.runtime.ids import uuid7
from shared.security import demo
from shared.security.blind import NETWORK
from shared.security.identity import NOBODY
from shared.security.permissions import Role
from tests.integration.intake.browsers import Browsers
from tests.integration.intake.phones import FIRST, settled, type_pin
from tests.integration.intake.test_erasures import gone
from tests.integration.intake.world import NAME, Door, open_door
from tests.network import FreshDatabase

pytestmark = pytest.mark.network
TABLES = ("person", "name_part", "way_in")


@pytest_asyncio.fixture(loop_scope="session")
async def door(database: FreshDatabase) -> AsyncIterator[Door]:
    async with open_door(database) as opened:
        yield opened


async def somebody(door: Door, role: Role = Role.NETWORK_ADMIN, agency: UUID | None = None) -> UUID:
    account = Account(uuid7(), agency, role, f"s{uuid7().hex[-9:]}", Stage.ACTIVE)
    assert await open_account(door.pool, door.running.keys, account, "Somebody Here", demo.RUTH)
    return account.id


async def test_nobody_is_added_by_the_id_of_an_account_an_agency_or_the_network(door: Door):
    """Erased seven days later, a colleague's second factor, an agency's search or everybody's sign-in would be gone."""
    elsewhere = await somebody(door, Role.SUPERVISOR, demo.CEDAR_HOUSE)
    for id in (elsewhere, await somebody(door), demo.CEDAR_HOUSE, demo.WELCOME_ALDER, demo.LENA, NETWORK, NOBODY):
        answer = await door.post("/intake/people", {"id": str(id), "name": NAME}, demo.DANA)
        assert (answer.status_code, answer.json()["detail"]) == (409, "There is somebody with this id already."), id
        for table in TABLES:
            column = "id" if table == "person" else "person_id"
            found = f"SELECT count(*) FROM {table} WHERE {column} = $1"  # noqa: S608 - our own names
            assert await door.pool.fetchval(found, id) == 0
    assert (await door.post("/intake/people", {"id": str(uuid7()), "name": NAME}, demo.DANA)).status_code == 201


async def test_a_person_by_the_id_of_an_account_signs_in_as_nobody_who_works_here(door: Door):
    """Should there ever be one: the link and PIN of a person open a person's session, also when it is renewed."""
    browsers, boss = Browsers(door), await somebody(door)
    person = await door.add()
    await door.pool.execute("DELETE FROM name_part WHERE person_id = $1", person)
    await door.pool.execute("UPDATE person SET id = $2 WHERE id = $1", person, boss)
    link = await settled(browsers, boss)
    async with browsers.open() as phone:
        assert (await type_pin(phone, link, FIRST)).status_code == 303
        for _ in range(2):
            actor = browsers.tokens.read(phone.cookies[browsers.tokens.cookie_name]).actor
            assert (actor.role, actor.person, actor.agency) == (Role.PERSON, boss, None)
            browsers.lose_token(phone)
            assert (await phone.get("/intake/session/renew?next=/intake/directory")).status_code == 303


async def test_erasing_somebody_takes_nobody_elses_keys(door: Door):
    person, colleague = await door.add(), await somebody(door, Role.CASE_MANAGER, demo.WELCOME_ALDER)
    before = await index_of(door.running.keys, "robin@cedar.example")
    await gone(door, person)
    assert await index_of(door.running.keys, "robin@cedar.example") == before
    assert (await door.post("/intake/people/find", {"q": NAME[:5]}, demo.DANA)).status_code == 200
    names = (await door.get("/intake/accounts", demo.RUTH)).json()["accounts"]
    assert "Somebody Here" in {one["name"] for one in names if one["id"] == str(colleague)}
