"""Victim services: they hold no people here, are never exported, and looking them up leaves no trace."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from services.intake.hsds import exporting
from shared.security import demo
from tests.integration.intake.world import open_door, text
from tests.network import FreshDatabase

pytestmark = pytest.mark.network
SHELTER, ROOMS = uuid4(), uuid4()


@pytest.fixture
async def door(network):
    fresh = FreshDatabase(network)
    async with open_door(fresh) as opened:
        await opened.agency(SHELTER, "Safe Harbor", holds_no_records=True, phone="555-0177")
        body = {"agency": str(SHELTER), "name": "A safe bed", "needs": ["housing"], "hidden_place": True}
        assert (await opened.send("PUT", f"/intake/programs/{ROOMS}", body, demo.RUTH)).status_code == 201
        opened.fresh = fresh  # type: ignore[attr-defined]
        yield opened
    await fresh.drop()


LOOKS = (
    "/intake/directory?need=housing&q=safe",
    f"/intake/directory/agencies/{SHELTER}",
    f"/intake/directory/programs/{ROOMS}",
    f"/intake/agencies/{SHELTER}",
    f"/intake/programs/{ROOMS}",
    "/intake/programs?q=safe",
)


@pytest.mark.parametrize("account", [None, demo.DANA, demo.RAY, demo.YUSUF], ids=["nobody", "worker", "person", "them"])
async def test_looking_one_up_writes_no_row_no_line_and_no_number_by_its_id(door, account):
    before = await door.everything()
    metrics = (await door.client.get("/metrics")).text
    with capture_logs() as lines:
        for path in LOOKS:
            for headers in ({"Accept": "text/html"}, {"Accept": "application/json"}):
                seen = await door.client.get(path, headers={**door.as_(account), **headers})
                assert seen.status_code == 200, path
                assert seen.headers["cache-control"] == "no-store", "nor does the browser keep it"
    assert await door.everything() == before
    assert lines == []
    after = (await door.client.get("/metrics")).text
    for told in (str(SHELTER), str(ROOMS), "Safe Harbor"):
        assert told not in metrics + after


async def test_the_same_look_at_a_persons_page_does_leave_one(door):
    """The control: what is compared would change."""
    person = await door.add()
    before = await door.everything()
    await door.page(f"/intake/people/{person}/shared", demo.DANA)
    assert await door.everything() != before


async def test_no_export_names_it_or_what_it_offers(door, tmp_path):
    written = await exporting.export(door.pool, tmp_path)
    told = "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("*.json"))
    assert written.agencies == 3 and "Cedar House" in told
    for never in ("Safe Harbor", "A safe bed", str(SHELTER), str(ROOMS)):
        assert never not in told
    services = json.loads((tmp_path / "services.json").read_text(encoding="utf-8"))["contents"]
    assert services == []


async def test_it_welcomes_nobody_who_asks_by_themselves(door):
    body = {"name": "Safe Harbor", "calendar": {"timezone": "UTC"}, "holds_no_records": True, "welcomes": True}
    refused = await door.send("PUT", f"/intake/agencies/{SHELTER}", body, demo.RUTH)
    assert refused.status_code == 422


async def test_its_page_says_that_nothing_is_sent_and_nobody_sees_the_look(door):
    page = text(await door.page(f"/intake/directory/programs/{ROOMS}"))
    assert "They keep no record of anybody here. Call them. Nothing is sent. Nobody can see that you looked." in page
    spanish = text(await door.page(f"/intake/directory/programs/{ROOMS}?lang=es"))
    assert "Nadie puede ver que usted miró." in spanish
    assert "Una dirección no se dice, para cuidar a la gente." in spanish


async def test_nobody_says_yes_to_telling_it_or_to_what_it_would_tell(door):
    """Neither now, nor to what was asked before the network's office said that it is one."""
    person, refuge = await door.add(), uuid4()
    await door.agency(refuge, "The Gate")
    asked = await door.post("/intake/consents/ask", _telling(person, refuge), demo.DANA)
    given = await door.allow(person, recipient=str(refuge))
    await door.agency(refuge, "The Gate", holds_no_records=True)
    later = (datetime.now(UTC) + timedelta(days=200)).date().isoformat()
    said = {"shown": True, "read": None}
    for path, body in (
        (f"/intake/consents/{asked.json()['id']}/grant", said),
        (f"/intake/consents/{given['id']}/renew", said | {"expires_on": later}),
        ("/intake/consents", _telling(person, refuge) | {"shown": True}),
        ("/intake/consents", _telling(person, demo.CEDAR_HOUSE) | {"shown": True, "discloser": str(refuge)}),
    ):
        refused = await door.post(path, body, person)
        assert refused.status_code == 422 and "They keep no people" in refused.text, (path, refused.text)
    stop = await door.post(f"/intake/consents/{given['id']}/revoke", {}, person)
    assert stop.status_code == 200, "a no is always heard"


def _telling(person, recipient):
    return {"person": str(person), "recipient": str(recipient), "categories": ["referral"]}
