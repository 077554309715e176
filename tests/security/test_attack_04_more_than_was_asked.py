"""Attack 4: fields that nobody asked for, sent along in the hope that they are stored (mass assignment)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from shared.contracts.topics import SERVICES
from shared.security import demo
from tests.integration.intake.world import CALENDAR, NAME, NUMBER, WORDS, Door, open_door
from tests.network import FreshDatabase
from tests.security.served import served

pytestmark = pytest.mark.network

CHANGES = {"post", "put", "patch"}
PERSON = {"name": NAME, "way": "sms", "contact": NUMBER, "safe": True, "words": WORDS}
NOT_ASKED = [
    "id",
    "agency_id",
    "agency",
    "home",
    "stage",
    "role",
    "sensitivity",
    "ssn",
    "worker_id",
    "erased",
    "__class__",
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def door(shared_database: FreshDatabase) -> AsyncIterator[Door]:
    async with open_door(shared_database) as opened:
        yield opened


def objects(node: Any) -> list[dict[str, Any]]:
    """Every object that a schema describes by its fields, however deep."""
    if isinstance(node, list):
        return [found for each in node for found in objects(each)]
    if not isinstance(node, dict):
        return []
    here = [node] if node.get("type") == "object" and "properties" in node else []
    return here + [found for each in node.values() for found in objects(each)]


@pytest.mark.parametrize("service", SERVICES)
async def test_no_body_of_any_route_takes_a_field_that_it_does_not_name(shared_database, service):
    async with served(shared_database, service) as here:
        document = (await here.client.get(f"/{service}/openapi.json")).json()
    bodies = {
        f"{method} {path}": operation["requestBody"]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in CHANGES and "requestBody" in operation
    }
    open_to_more = [
        where for where, body in bodies.items() for one in objects(body) if one.get("additionalProperties") is not False
    ]
    assert open_to_more == []
    assert bodies or service not in ("intake", "caseplan"), "else nothing was looked at"


@pytest.mark.parametrize("field", NOT_ASKED)
async def test_a_person_with_a_field_too_many_is_refused_and_not_written(door, field):
    before = await door.pool.fetchval("SELECT count(*) FROM person")
    answer = await door.post("/intake/people", {**PERSON, field: "canary"}, demo.DANA)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert "canary" not in answer.text
    assert await door.pool.fetchval("SELECT count(*) FROM person") == before


async def test_a_colleague_does_not_become_another_agencys_by_a_change_of_role(door):
    body = {"name": "Noor", "sign_in": "noor.cedar", "role": "mentor"}
    elsewhere = await door.post("/intake/accounts", {**body, "agency": str(demo.WELCOME_ALDER)}, demo.YUSUF)
    assert elsewhere.status_code in (403, 404), "an administrator invites for their own agency"
    invited = await door.post("/intake/accounts", body, demo.YUSUF)
    assert invited.status_code == 201
    path = f"/intake/accounts/{invited.json()['id']}/role"
    for more in ({"agency_id": str(demo.WELCOME_ALDER)}, {"agency": None}, {"stage": "active"}):
        assert (await door.post(path, {"role": "supervisor", **more}, demo.YUSUF)).status_code == 422
    row = await door.pool.fetchrow("SELECT agency_id, role, stage FROM account WHERE sign_in = 'noor.cedar'")
    assert tuple(row) == (demo.CEDAR_HOUSE, "mentor", "invited")


async def test_the_calendar_of_an_agency_takes_its_own_fields_alone(door):
    changed = {"name": "Cedar House", "calendar": {**CALENDAR, "agency_id": str(demo.WELCOME_ALDER)}}
    assert (await door.send("PUT", f"/intake/agencies/{demo.CEDAR_HOUSE}", changed, demo.RUTH)).status_code == 422
