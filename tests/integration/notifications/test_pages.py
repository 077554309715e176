"""The partner's page, the list, the catalog and a person's messages, as browsers and programs get them."""

import json
from contextlib import asynccontextmanager
from datetime import date, timedelta

import httpx
import pytest

from services.notifications.app import service
from shared.contracts import person as people
from shared.contracts import referral
from shared.contracts.agency import Calendar, Registered
from shared.contracts.referral import Stage
from shared.messaging.meters import Meters
from shared.process import Running, build
from shared.runtime.database import pool
from shared.runtime.settings import Settings
from shared.security import demo
from tests.integration.notifications import clients
from tests.integration.notifications.world import ZONE, Matter, open_world

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka")]

PAGE = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}


@asynccontextmanager
async def site(world):
    """The web app in this process, on a pool of its own; demo accounts sign in by token."""
    settings: Settings = world.settings
    app = build(service(settings), settings)
    async with (
        pool(settings, "notifications test") as opened,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000") as client,
    ):
        app.state.running = Running(settings, opened, world.keys, Meters())
        yield client


def signed_in(world, account, **headers) -> dict:
    return {"Authorization": f"Bearer {demo.token(world.settings, account)}", **headers}


async def lantern(world):
    """Lantern Clinic with its partner engineer Imani, connected."""
    await world.hear(Registered(agency=demo.LANTERN_CLINIC, name="Lantern Clinic", calendar=Calendar(timezone=ZONE)))
    partner = await world.desk.add(demo.LANTERN_CLINIC)
    world._slugs.append(partner.slug)
    return partner


async def test_the_partner_engineer_sees_their_own_stream(database, cluster):
    async with open_world(database, cluster) as world, site(world) as client:
        partner = await lantern(world)
        matter = Matter(partner.agency)
        await world.hear(matter.welcomed(), matter.granted(), matter.sent())
        world.start_relay()
        await world.all_sent()
        answer = await client.get("/notifications/partner", headers=signed_in(world, demo.IMANI, **PAGE))
        assert answer.status_code == 200, answer.text
        for words in ("Your stream", "Synthetic people only.", partner.slug, "referral.received", "Not yet"):
            assert words in answer.text
        assert (await world.desk.show(partner.slug))["password"] not in answer.text
        assert str(matter.person) not in answer.text
        told = (await client.get("/notifications/partner", headers=signed_in(world, demo.IMANI, **JSON))).json()
        assert told["connection"]["slug"] == partner.slug
        assert told["behind"]["unread"] >= 1
        assert [event["type"] for event in told["last_events"]] == ["referral.received"]
        assert "password" not in told["connection"]


async def test_what_its_reader_committed_is_what_it_has_read(database, cluster):
    async with open_world(database, cluster) as world, site(world) as client:
        partner = await lantern(world)
        matter = Matter(partner.agency)
        await world.hear(matter.welcomed(), matter.granted(), matter.sent())
        world.start_relay()
        await world.all_sent()
        await world.stop("relay")
        shown = await world.desk.show(partner.slug)
        import asyncio

        def read_and_commit() -> None:
            consumer = clients.consumer_of(shown, f"{shown['group_prefix']}desk")
            consumer.subscribe([shown["topics"]["referral"], shown["topics"]["setback"]])
            read = 0
            while read < 2:
                message = consumer.poll(1)
                if message is not None and message.error() is None:
                    read += 1
                    consumer.commit(message, asynchronous=False)
            consumer.close()

        await world.desk.test(partner.slug)
        world.start_relay()
        await world.all_sent()
        await asyncio.to_thread(read_and_commit)
        told = (await client.get("/notifications/partner", headers=signed_in(world, demo.IMANI, **JSON))).json()
        total = await world.pool.fetchval("SELECT count(*) FROM partner_sent")
        assert told["behind"]["unread"] == total - 2
        assert told["first_event_read_at"]
        page = await client.get("/notifications/partner", headers=signed_in(world, demo.IMANI, **PAGE))
        assert "minutes to your first event" in page.text


async def test_others_see_nothing_of_it(database, cluster):
    async with open_world(database, cluster) as world, site(world) as client:
        partner = await lantern(world)
        where = f"/notifications/partners/{partner.slug}"
        assert (await client.get(where, headers=JSON)).status_code == 401
        assert (await client.get(where, headers=signed_in(world, demo.RAY, **JSON))).status_code == 404
        assert (await client.get(where, headers=signed_in(world, demo.DANA, **JSON))).status_code in (403, 404)
        assert (await client.get(where, headers=signed_in(world, demo.MARCUS, **JSON))).status_code in (403, 404)
        assert (await client.get(where, headers=signed_in(world, demo.RUTH, **JSON))).status_code == 200
        assert (await client.post(f"{where}/test", headers=signed_in(world, demo.MARCUS, **JSON))).status_code in (
            403,
            404,
        )


async def test_an_agency_without_a_stream_is_told_how_to_get_one(database, cluster):
    async with open_world(database, cluster) as world, site(world) as client:
        page = await client.get("/notifications/partner", headers=signed_in(world, demo.MARCUS, **PAGE))
        assert page.status_code == 200 and "no stream yet" in page.text


async def test_the_network_sees_all_partners_and_an_engineer_is_led_to_theirs(database, cluster):
    async with open_world(database, cluster) as world, site(world) as client:
        partner = await lantern(world)
        page = await client.get("/notifications/partners", headers=signed_in(world, demo.RUTH, **PAGE))
        assert "Lantern Clinic" in page.text and partner.slug in page.text
        mine = await client.get("/notifications/partners", headers=signed_in(world, demo.IMANI, **PAGE))
        assert (mine.status_code, mine.headers["location"]) == (303, "/notifications/partner")


async def test_a_test_event_is_sent_once_however_often_the_button_is_pressed(database, cluster):
    async with open_world(database, cluster) as world, site(world) as client:
        partner = await lantern(world)
        headers = signed_in(world, demo.IMANI, **JSON, **{"Idempotency-Key": "press-1"})
        first = await client.post(f"/notifications/partners/{partner.slug}/test", headers=headers)
        again = await client.post(f"/notifications/partners/{partner.slug}/test", headers=headers)
        assert first.status_code == again.status_code == 202
        assert first.json() == again.json()
        assert await world.pool.fetchval("SELECT count(*) FROM partner_row") == 2


async def test_a_new_password_is_shown_once_and_holds(database, cluster, kafka, monkeypatch):
    monkeypatch.setenv("THROUGHCARE_KAFKA_ADMIN_USER", kafka.access.user)
    monkeypatch.setenv("THROUGHCARE_KAFKA_ADMIN_PASSWORD", kafka.access.password)
    async with open_world(database, cluster) as world, site(world) as client:
        partner = await lantern(world)
        old = (await world.desk.show(partner.slug))["password"]
        where = f"/notifications/partners/{partner.slug}/rotate"
        page = await client.post(where, headers=signed_in(world, demo.IMANI, **PAGE))
        shown = await world.desk.show(partner.slug)
        assert shown["password"] != old and shown["password"] in page.text
        assert page.headers["cache-control"] == "no-store"
        again = await client.get("/notifications/partner", headers=signed_in(world, demo.IMANI, **PAGE))
        assert shown["password"] not in again.text
        assert await clients.read(shown, "referral") == []


async def test_without_an_administrator_the_page_names_the_command(database, cluster, monkeypatch):
    monkeypatch.delenv("THROUGHCARE_KAFKA_ADMIN_USER", raising=False)
    async with open_world(database, cluster) as world, site(world) as client:
        partner = await lantern(world)
        where = f"/notifications/partners/{partner.slug}/rotate"
        answer = await client.post(where, headers=signed_in(world, demo.IMANI, **JSON))
        assert answer.status_code == 409 and "partner rotate" in answer.text


async def test_the_catalog_shows_every_event_with_a_sample(database, cluster):
    async with open_world(database, cluster) as world, site(world) as client:
        page = await client.get("/notifications/catalog", headers=PAGE)
        told = (await client.get("/notifications/catalog", headers=JSON)).json()
        types = {event["type"] for topic in told["topics"] for event in topic["events"]}
        assert {"partner.referral.received.v1", "partner.setback.shared.v1", "partner.answer.given.v1"} <= types
        assert all(kind in page.text for kind in types)
        for topic in told["topics"]:
            for event in topic["events"]:
                json.loads(event["sample"])


async def test_the_person_and_their_worker_see_their_messages_and_why_one_waits(database, cluster):
    async with open_world(database, cluster, quiet_from=0, quiet_until=23) as world, site(world) as client:
        partner = await lantern(world)
        matter = Matter(partner.agency, person=demo.RAY)
        await world.hear(
            people.Welcomed(
                person=demo.RAY, agency=demo.LANTERN_CLINIC, worker=demo.DANA, language="es", channels=("sms",),
                synthetic=True,
            ),
            await world.contact(demo.RAY, "555-0100"),
            matter.granted(expires_on=date.today() + timedelta(days=9)),
            matter.sent(),
            matter.says(referral.Accepted, Stage.ACCEPTED),
        )  # fmt: skip
        where = f"/notifications/people/{demo.RAY}/messages"
        worker = await client.get(where, headers=signed_in(world, demo.DANA, **PAGE))
        assert worker.status_code == 200 and "buena noticia" not in worker.text.split("<title>")[1].split("</title>")[0]
        assert ("held: quiet hours until 23:00" in worker.text) or ("On its way" in worker.text)
        own = await client.get(where, headers=signed_in(world, demo.RAY, **PAGE))
        assert own.status_code == 200 and "555-0100" not in own.text + worker.text
        assert "held" not in own.text and ("Waits until" in own.text) == ("held:" in worker.text)
        part = await client.get(where, headers=signed_in(world, demo.RAY, **PAGE, **{"HX-Request": "true"}))
        assert "<html" not in part.text
        assert (await client.get(where, headers=signed_in(world, demo.JO, **JSON))).status_code == 404
        assert (await client.get(where, headers=signed_in(world, demo.GRACE, **JSON))).status_code == 404
        looked = await world.pool.fetch("SELECT actor_id, allowed FROM audit WHERE person_id = $1", demo.RAY)
        assert {row["actor_id"] for row in looked if row["allowed"]} == {demo.DANA, demo.RAY}
        assert {row["actor_id"] for row in looked if not row["allowed"]} == {demo.JO, demo.GRACE}


async def test_every_route_has_its_entry(database, cluster):
    async with open_world(database, cluster) as world:
        build(service(world.settings), world.settings)  # raises where one has none
