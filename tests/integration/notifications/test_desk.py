"""`throughcare partner ...`, as an operator types it, against real servers."""

import asyncio
import json
import os
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import pytest

from shared.messaging.cluster import Access, Cluster, SignInRefused
from tests.integration.notifications import clients
from tests.integration.notifications.world import ZONE, open_world

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka")]

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def partner(network, database, postgres, kafka):
    """Runs the command; returns its exit code, what it printed, and what it complained of."""
    await database("notifications")
    address = urlunsplit(urlsplit(postgres.dsn)._replace(path=f"/{database.name}"))
    environment = {
        **os.environ,
        "THROUGHCARE_HOME": str(network.home),
        "THROUGHCARE_DATABASE": address,
        "THROUGHCARE_KAFKA": kafka.access.bootstrap,
        "THROUGHCARE_KAFKA_USER": kafka.access.user,
        "THROUGHCARE_KAFKA_PASSWORD": kafka.access.password,
        "THROUGHCARE_KAFKA_SECURITY": kafka.access.security,
    }

    async def run(*words: str) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli", "partner", *words, cwd=ROOT, env=environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, complaint = await process.communicate()
        return process.returncode or 0, out.decode(), complaint.decode()

    return run


async def test_a_partner_is_added_shown_agreed_with_tested_rotated_and_removed(database, cluster, partner):
    async with open_world(database, cluster) as world:
        agency = await world.agency("Lantern Clinic")
        code, out, complaint = await partner("add", "lantern clinic", "--json")
        assert code == 0, complaint
        shown = json.loads(out)
        slug = shown["slug"]
        world._slugs.append(slug)
        assert shown["agency"] == str(agency) and shown["agreement"] is None
        assert json.loads((await partner("list", "--json"))[1])[0]["slug"] == slug

        until = date.today() + timedelta(days=30)
        assert (await partner("agree", slug, "--until", str(until)))[0] == 0
        assert (await partner("test", slug))[0] == 0
        world.start_relay()
        await world.all_sent()
        shown = json.loads((await partner("show", slug, "--json"))[1])
        today = datetime.now(ZoneInfo(ZONE)).date()  # the agency's, which may not be this machine's
        assert shown["agreement"] == {"from": str(today), "until": str(until), "holds_today": True}
        assert "partner.test.hello.v1" in clients.said(await clients.read(shown, "setback"))

        fresh = json.loads((await partner("rotate", slug, "--json"))[1])
        assert fresh["password"] != shown["password"]
        assert await clients.read(shown | fresh, "referral")
        assert (await partner("remove", slug))[0] == 0
        world._slugs.remove(slug)
        assert json.loads((await partner("list", "--json"))[1]) == []
        deeds = await world.pool.fetch(
            "SELECT actor_role, action, purpose FROM audit WHERE object = $1 ORDER BY number", f"partner/{slug}"
        )
        assert [(row["action"], row["purpose"]) for row in deeds] == [
            ("partner.manage", "add"), ("partner.agree", "agreement"), ("partner.manage", "test"),
            ("partner.manage", "rotate"), ("partner.manage", "remove"),
        ]  # fmt: skip
        assert {row["actor_role"] for row in deeds} == {"ops"}
        gone = Access(shown["bootstrap_servers"], slug, fresh["password"])
        with pytest.raises(SignInRefused):
            await Cluster(gone).is_ready()


async def test_what_does_not_work_is_said_in_one_sentence(database, cluster, partner):
    async with open_world(database, cluster) as world:
        await world.agency("Harbor Street", holds_no_records=True)
        for words, says in (
            (("add", "Harbor Street"), "keeps no people's records"),
            (("add", "Nobody at all"), "no agency"),
            (("show", "zzzzzz"), "no partner zzzzzz"),
            (("agree", "zzzzzz", "--until", "2027-01-01"), "no partner"),
        ):
            code, _, complaint = await partner(*words)
            assert code == 1 and says in complaint and complaint.count("\n") == 1, complaint
