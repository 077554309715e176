"""A lost Kafka and a wiped report come back from the archives alone, as whoever reads those slowly would say.

The whole network of a machine runs here, each service its own process, and the command is the one that people type.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio

from cli import scenery
from cli.story.partner import PartnerClient
from cli.story.voices import Voice
from services.notifications import provisioning
from shared.contracts.topics import TOPICS
from shared.local import kafka
from shared.local.network import Network
from shared.local.settings import ROOT, LocalSettings
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE
from shared.security import demo
from tests.integration.reporting.oracle import FAMILIES, HEARD, Tables, archived, counts_of, rows_of

pytestmark = [pytest.mark.network, pytest.mark.timeout(420)]
LIVES, CALLERS = 16, 4
ENOUGH = 60  # events published that the report has not seen


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    network = Network(LocalSettings(home=tmp_path_factory.mktemp("lost") / "home"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kafka, "JVM", (*kafka.JVM, *kafka.QUICK))
        try:
            network.settle_ports()
            for step in network.steps():
                await step.work(lambda text: None)
            await scenery.load(network)
            yield network
        finally:
            await network.down()


class Load:
    """People who are welcomed, asked for, answered, promised something and caught by bad days, many at a time."""

    def __init__(self, network: Network, client: httpx.AsyncClient) -> None:
        self.network, self.client = network, client
        self.dana, self.yusuf = Voice(network, client, demo.DANA), Voice(network, client, demo.YUSUF)
        self.left = list(range(LIVES))

    async def run(self) -> None:
        await asyncio.gather(*(self._caller() for _ in range(CALLERS)))

    async def _caller(self) -> None:
        while self.left:
            await self.life(self.left.pop())

    async def life(self, number: int) -> str:
        """All of somebody's facts; the id of the referral."""
        person, consent, referral = uuid7(), str(uuid7()), str(uuid7())
        theirs = Voice(self.network, self.client, person)
        await self.dana.say(
            "/intake/people",
            {"id": str(person), "name": "Somebody", "way": "sms", "contact": f"+1 555 010 {2000 + number}",
             "safe": True, "language": "en", "synthetic": True},
        )  # fmt: skip
        allowed = {"person": str(person), "recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"], "shown": True}
        await theirs.say("/intake/consents", {"id": consent, **allowed})
        asked = {"person": str(person), "program": str(scenery.ROOMS), "need": "housing", "consent": consent}
        await self.dana.say("/caseplan/referrals", {"id": referral, **asked})
        await self._promise(theirs, person, number)
        await self._setback(theirs, number)
        await self._answers(theirs, f"/caseplan/referrals/{referral}", number)
        return referral

    async def front_door(self) -> None:
        """Somebody asks by themselves, tells who they are, and takes a yes back; done when it is in effect."""
        person = UUID((await self.dana.say("/intake/start", {"name": "Somebody"}))["id"])
        theirs, consent = Voice(self.network, self.client, person), str(uuid7())
        await theirs.say(f"/intake/people/{person}/portrait/portrait", {"joys": "My garden."})
        allowed = {"recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"], "shown": True}
        await theirs.say("/intake/consents", {"id": consent, "person": str(person), **allowed})
        await theirs.say(f"/intake/consents/{consent}/revoke")
        await theirs.see(f"/intake/consents/{consent}", lambda found: found["stage"] == "in_effect" or None)

    async def _promise(self, theirs: Voice, person: UUID, number: int) -> None:
        promise = str(uuid7())
        due = (datetime.now(UTC) + timedelta(hours=20)).isoformat()
        await self.dana.say(
            "/caseplan/promises", {"id": promise, "person": str(person), "words": "I will call.", "due": due}
        )
        if number % 3 == 2:
            later = (datetime.now(UTC) + timedelta(hours=30)).isoformat()
            await self.dana.say(f"/caseplan/promises/{promise}/ask-for-time", {"due": later})
            await theirs.say(f"/caseplan/promises/{promise}/agree")
        await self.dana.say(f"/caseplan/promises/{promise}/{('keep', 'admit')[number % 2]}")

    async def _setback(self, theirs: Voice, number: int) -> None:
        setback = str(uuid7())
        await theirs.say("/caseplan/setbacks", {"id": setback, "words": "No bus.", "pace": "today"})
        if number % 3:
            await self.dana.say(f"/caseplan/setbacks/{setback}/contact")

    async def _answers(self, theirs: Voice, referral: str, number: int) -> None:
        if number % 4 == 3:
            await self.yusuf.say(f"{referral}/decline", {"reason": "no_capacity"})
            return
        await self.yusuf.say(f"{referral}/accept")
        await self.yusuf.say(f"{referral}/begin")
        await self.yusuf.say(f"{referral}/report", {"outcome": "got_help"})
        await theirs.say(f"{referral}/{('confirm', 'dispute')[number % 4 == 2]}")


def url_of(network: Network) -> Any:
    return lambda schema: network.databases.url(schema, network.database)


async def ask(network: Network, role: str, statement: str, *arguments: Any) -> Any:
    url = network.databases.url(role, network.database)
    connection = await asyncpg.connect(url, server_settings=SERVICE.settings)
    try:
        return await connection.fetch(statement, *arguments)
    finally:
        await connection.close()


async def projections(network: Network) -> Tables:
    found: Tables = {}
    for table in FAMILIES:
        rows = [dict(row) for row in await ask(network, "reporting", f"SELECT * FROM {table}")]  # noqa: S608 - our own names
        for row in rows:
            if "calendar" in row:
                row["calendar"] = json.loads(row["calendar"])
        found[table] = {row["id"]: row for row in rows}
    return found


async def unseen(network: Network) -> int:
    """Archived facts of the report's own topics that it has not counted."""
    counted = sum(row["sequence"] for row in await ask(network, "reporting", "SELECT topic, sequence FROM progress")
                  if row["topic"].split(".")[1] in HEARD)  # fmt: skip
    held = 0
    for schema in ("intake", "caseplan", "notifications"):
        topics = [row["topic"] for row in await ask(network, schema, "SELECT topic FROM event_archive")]
        held += sum(topic.split(".")[1] in HEARD for topic in topics)
    return held - counted


async def equal_to_the_oracle(network: Network) -> Tables:
    """Row by row; what they both say."""
    expected = rows_of(await archived(url_of(network), network.keys.url, network.passwords.of("sealing")))
    found = await projections(network)
    for table in FAMILIES:
        assert found[table] == expected[table], table
        assert found[table], f"nothing to compare in {table}"
    return expected


async def in_kafka(network: Network) -> dict[str, Any]:
    """What Kafka knows besides records."""
    cluster = network.cluster
    return {
        "topics": {topic for topic in await cluster.topics() if not topic.startswith("__")},
        "users": await cluster.users(),
        "rules": sorted(map(str, await cluster.acls())),
        "quota": await cluster.quota("k7m2q9"),
    }


async def throughcare(network: Network, *words: str) -> dict[str, Any]:
    """`./throughcare WORDS`, and the JSON it prints."""
    environment = os.environ | {"THROUGHCARE_HOME": str(network.home)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *words, cwd=ROOT, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complained = await process.communicate()
    assert process.returncode == 0, complained.decode() or said.decode()
    found: dict[str, Any] = json.loads(said)
    return found


async def lose_it_all(network: Network) -> None:
    """The services die, Kafka's folder goes from under the running broker, the report forgets what it read."""
    for part in network.services:
        if part.pid is not None:
            os.kill(part.pid, signal.SIGKILL)
    assert network.kafka is not None and network.kafka.pid is not None
    shutil.rmtree(network.kafka.data)
    await ask(network, "reporting_owner", f"TRUNCATE {', '.join(FAMILIES)}")
    await ask(network, "reporting_owner", "DELETE FROM progress")


async def partner_reads(network: Network, enough: Any) -> list[dict[str, Any]]:
    """The records of the partner's own client, once `enough` says so."""
    async with provisioning.open_desk(network) as desk:
        shown = await desk.show("k7m2q9")
    with PartnerClient(shown) as partner:
        async with asyncio.timeout(60):
            while not enough(partner.records):
                await asyncio.sleep(0.1)
        return list(partner.records)


def streams(records: list[dict[str, Any]]) -> dict[tuple[str, int], list[int]]:
    """The sequences in the log, by topic and life."""
    found: dict[tuple[str, int], list[int]] = {}
    for record in records:
        found.setdefault((record["topic"], record["data"]["life"]), []).append(record["data"]["sequence"])
    return found


async def test_a_lost_kafka_and_a_wiped_report_come_back_as_the_archives_say(running: Network):
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        load = Load(running, client)
        await load.front_door()
        under_way = asyncio.create_task(load.run())
        reporting = next(part for part in running.services if part.name == "reporting")
        while len(load.left) > LIVES - CALLERS - 2:
            await asyncio.sleep(0.05)
        os.kill(reporting.pid or 0, signal.SIGKILL)
        while await unseen(running) < ENOUGH:
            assert not under_way.done() or not under_way.exception()
            await asyncio.sleep(0.1)
        before = await in_kafka(running)
        assert not under_way.done(), "the load has to be under way still"
        await lose_it_all(running)
        under_way.cancel()
        await asyncio.gather(under_way, return_exceptions=True)

        report = await throughcare(running, "replay", "--all", "--json")

        assert report["ok"]
        assert report["republished"] >= ENOUGH
        assert report["partners"] == ["k7m2q9"]
        assert await in_kafka(running) == before
        assert {topic.name for topic in TOPICS} < before["topics"]
        expected = await equal_to_the_oracle(running)
        assert report["report"]["rows"] == {table: len(rows) for table, rows in expected.items()}
        seen = await load.dana.get("/reporting/indicators")
        assert seen["counts"] == counts_of(expected, datetime.fromisoformat(seen["as_of"]), "America/New_York")

        await load.life(LIVES)  # it works on, fact by fact
        while await unseen(running):
            await asyncio.sleep(0.1)
        await equal_to_the_oracle(running)
        records = await partner_reads(running, lambda read: any(r["type"].endswith("closed.v1") for r in read))
        found_streams = streams(records)
        assert {life for _, life in found_streams} == {2}
        assert all(sequences == list(range(1, len(sequences) + 1)) for sequences in found_streams.values())
