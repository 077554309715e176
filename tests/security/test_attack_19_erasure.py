"""Attack 19: somebody is erased, and then everything that there is of the network is searched for what they told it.

Four services in processes of their own, a real Postgres, a real Kafka. What they told is planted through every form;
the search opens whatever any key opens, so that before the erasure it finds all of it.
"""

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from cli.audit import gather
from shared.contracts.codec import from_kafka
from shared.contracts.topics import SERVICES, TOPICS
from shared.local.keystore import KeyStore
from shared.messaging.cluster import Cluster
from shared.messaging.kafka import reader
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.anchors import Signer
from shared.security.keystore.store import replay_erasures
from shared.security.verifying import verify
from tests.network import FreshDatabase, Network
from tests.security import burglary
from tests.security.site import HEARD_WITHIN, Site, all_of, everything_is_said, running

pytestmark = [pytest.mark.network, pytest.mark.timeout(400), pytest.mark.usefixtures("kafka")]

ROOMS = UUID("01934b00-0000-7000-8d00-000000000001")
CALENDAR = {
    "timezone": "America/New_York",
    "openings": [{"weekday": day, "opens": "00:00", "closes": "23:59"} for day in range(1, 8)],
}
NO = dict.fromkeys(("supervision", "courts", "immigration", "child_protection"), "no")
PERSON, OTHER = uuid7(), uuid7()
NAME, NUMBER = "Canary Nightingale", "+1 555 010 7788"
WORDS = {  # by the form that they are typed into
    what: f"Zz {what} canary {what[::-1]} qq"
    for what in (
        "asked",
        "goal",
        "step",
        "referral",
        "promise",
        "contact",
        "setback",
        "reflection",
        "concern",
        "portrait",
        "plan b",
        "health",
        "readers",
    )
}
SECOND = "+1 555 010 7766"
CANARIES = (NAME, NUMBER, "+1 555 010 7799", SECOND, *WORDS.values())
ROBIN = "Robin Goldfinch"


async def a_network(site: Site) -> None:
    """Two agencies, a program, and somebody else, who stays."""
    for id, name, lead in (
        (demo.WELCOME_ALDER, "Welcome Alder", demo.LENA),
        (demo.CEDAR_HOUSE, "Cedar House", demo.YUSUF),
    ):
        body = {"name": name, "calendar": CALENDAR, "lead": str(lead), "welcomes": True, "reports_to": NO}
        await site.say(demo.RUTH, f"/intake/agencies/{id}", body, "PUT")
    body = {"agency": str(demo.CEDAR_HOUSE), "name": "Rooms", "needs": ["housing"], "reports_to": NO}
    await site.say(demo.RUTH, f"/intake/programs/{ROOMS}", body, "PUT")
    await site.say(demo.DANA, "/intake/people", {"id": str(OTHER), "name": ROBIN})


async def tell_everything(site: Site) -> None:
    """One person's life here, a canary in every field that takes words."""
    me, dana = PERSON, demo.DANA
    body = {"id": str(me), "name": NAME, "way": "sms", "contact": NUMBER, "safe": True, "words": WORDS["asked"]}
    await site.say(dana, "/intake/people", body)
    changed = {"way": "sms", "contact": CANARIES[2], "safe": True}
    await site.say(me, f"/intake/people/{me}/contact", changed, "PUT")
    for section, told in (("portrait", {"joys": WORDS["portrait"]}), ("basics", {"plan_b": WORDS["plan b"]}),
                          ("care", {"care_wishes": WORDS["health"], "health": "first"})):  # fmt: skip
        await site.say(me, f"/intake/people/{me}/portrait/{section}", told)
    other = {"way": "voice", "contact": SECOND, "safe": True, "readers": WORDS["readers"]}
    await site.say(me, f"/intake/people/{me}/ways", other)
    plan, soon = f"/caseplan/plans/{me}", (datetime.now(UTC) + timedelta(days=6)).date().isoformat()
    await site.until(dana, plan)
    steps = [{"goal": 0, "owner": "person", "due": soon, "words": WORDS["step"]}]
    await site.say(dana, f"{plan}/suggest", {"goals": [{"words": WORDS["goal"]}], "steps": steps})
    await site.say(me, f"{plan}/sign", {})
    yes = {"person": str(me), "recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"], "shown": True}
    consent = (await site.say(me, "/intake/consents", yes))["id"]
    referral = {"person": str(me), "program": str(ROOMS), "need": "housing", "words": WORDS["referral"]}
    async with asyncio.timeout(HEARD_WITHIN):
        while True:  # caseplan has to hear of the consent, and of the program
            with suppress(AssertionError):
                await site.say(dana, "/caseplan/referrals", {**referral, "consent": consent})
                break
            await asyncio.sleep(0.2)
    [asked] = (await site.until(demo.YUSUF, "/caseplan/asked", lambda found: found["referrals"]))["referrals"]
    await site.say(demo.YUSUF, f"/caseplan/referrals/{asked['id']}/accept", {})
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    promise = {"person": str(me), "words": WORDS["promise"], "due": tomorrow}
    await site.say(dana, "/caseplan/promises", promise)
    contact = {"who": str(me), "how": "met", "what": WORDS["contact"], "speak_on": soon}
    await site.say(dana, "/caseplan/contacts", contact)
    setback = str(uuid7())
    await site.say(me, "/caseplan/setbacks", {"id": setback, "words": WORDS["setback"], "pace": "today"})
    await site.say(dana, f"/caseplan/setbacks/{setback}/contact", {})
    await site.say(me, f"/caseplan/setbacks/{setback}/reflect", {"next_time": WORDS["reflection"]})
    await site.say(demo.LENA, "/caseplan/concerns", {"person": str(me), "words": WORDS["concern"]})
    for path in (f"/caseplan/people/{me}", f"/intake/people/{me}", f"/intake/people/{me}/shared"):
        await site.say(dana, path, method="GET")
    await site.say(dana, "/caseplan/promises", {"person": str(me), "words": NAME, "due": NUMBER}, status=422)
    await everything_is_said(site)


async def erase(site: Site) -> None:
    page = f"/intake/people/{PERSON}/erasure"
    await site.say(PERSON, page, {})
    await site.say(demo.DANA, f"{page}/confirm", {"identity": "known"})
    async with burglary.inside(await site.database("intake", owner=True)) as owner:
        await owner.execute("UPDATE intake.clock_shift SET shift = interval '8 days'")
    await site.until_done("SELECT stage = 'done' FROM intake.erasure WHERE person_id = $1", PERSON)


async def readable(site: Site, dsn: str, keys: KeyStore) -> str:
    async with keys.owner() as owner:
        return await burglary.everything_in(dsn, await burglary.keys_in(owner, site.secret))


async def topics(site: Site, keys: KeyStore) -> tuple[bytes, str]:
    """Every record of every topic: the bytes, and what of them opens."""
    async with keys.owner() as owner:
        open_ = await burglary.keys_in(owner, site.secret)
    consumer = reader(site.administrator)
    raw, text = [], []
    await consumer.start()
    try:
        for topic in TOPICS:
            for record in await all_of(consumer, topic.name):
                raw.append(b"\n".join([record.key or b"", record.value or b"", *(v for _, v in record.headers)]))
                with suppress(Exception):
                    envelope = from_kafka(record.key, record.value, record.headers)
                    text += burglary.events(open_, envelope.id, envelope.type, envelope.data)
    finally:
        await consumer.stop()
    return b"\n".join(raw), "\n".join(text)


async def counts(site: Site) -> dict[str, int]:
    """Of what the network reports, and of what that is made of. (That it was set is one text more.)"""
    tables = [f"reporting.{name}" for name in ("referral", "promise", "setback", "agency", "program")]
    tables += ["caseplan.aggregate", "caseplan.contact", "notifications.referral", "intake.person", "intake.consent"]
    return {table: await site.admin(f"SELECT count(*) FROM {table}") for table in tables}  # noqa: S608 - our own names


async def audit_is_well(site: Site) -> None:
    for service in SERVICES:
        settings = Settings(**await site.database.settings(service, home=site.home))
        found = await gather(settings, service)
        dsn = await site.database(service)
        connection = await asyncpg.connect(dsn, server_settings={"search_path": service, "app.reach": "service"})
        try:
            report = await verify(connection, service, found.anchors, Signer(settings))
        finally:
            await connection.close()
        assert report.ok, (service, report.findings)


async def test_nothing_that_somebody_told_can_be_read_once_they_are_erased(
    network: Network, database: FreshDatabase, cluster: Cluster, tmp_path: Path
):
    async with running(network, database, cluster, tmp_path) as site:
        await a_network(site)
        await tell_everything(site)
        dsn, keys = await database(), database.keys

        before = await readable(site, dsn, keys)
        assert {canary for canary in CANARIES if canary in before} == set(CANARIES), "the search finds what there is"
        _, opened = await topics(site, keys)
        assert CANARIES[2] in opened, "and in topics"
        await site.until_done("SELECT EXISTS (SELECT FROM notifications.message WHERE state = 'sent')")
        assert burglary.seen_in(site.files, CANARIES) == {CANARIES[2]}, (
            "a text lies with the carrier, and no log says more"
        )
        dump = await burglary.tool("pg_dump", "-Fc", "-d", dsn)
        keys_dump = await burglary.tool("pg_dump", "-Fc", "-d", keys.url())
        counted = await counts(site)

        await erase(site)
        await everything_is_said(site)

        clear = {
            "databases": await burglary.tool("pg_dump", "-d", dsn),
            "key store": await burglary.tool("pg_dump", "-d", keys.url()),
            "topics": (await topics(site, keys))[0],
            "files": site.files,
            "exports": json.dumps(await site.say(demo.RUTH, "/reporting/indicators", method="GET")).encode(),
        }
        for where, content in clear.items():
            assert burglary.seen_in(content, CANARIES) == set(), where
        for found in (await readable(site, dsn, keys), (await topics(site, keys))[1]):
            assert not [canary for canary in CANARIES if canary in found]
        assert ROBIN in await readable(site, dsn, keys), "nobody else is touched"

        assert await counts(site) == counted
        await audit_is_well(site)

        for path in (f"/intake/people/{PERSON}", f"/caseplan/people/{PERSON}", f"/caseplan/plans/{PERSON}"):
            answer = await site.clients[path.split("/")[1]].get(
                path,
                headers={"Authorization": f"Bearer {demo.token(site.settings, demo.DANA)}"},
            )
            assert answer.status_code in (404, 410), (path, answer.status_code)

        await a_restored_backup_forgets(site, dump, keys_dump)


async def a_restored_backup_forgets(site: Site, dump: bytes, keys_dump: bytes) -> None:
    """All of it as it was the day before, the key store too. The ledger alone was in no backup; `up` replays it."""
    databases = await site.network.with_postgres()
    name, keys = f"test_{uuid7().hex}", KeyStore(databases, f"keys_{uuid7().hex}")
    await databases.create(name)
    await databases.create(keys.database)
    try:
        await burglary.tool("pg_restore", "-d", databases.url(None, name), given=dump)
        await burglary.tool("pg_restore", "-d", keys.url(), given=keys_dump)
        was = await readable(site, databases.url(None, name), keys)
        assert NAME in was, "the backups themselves bring it back"
        async with keys.owner() as owner:
            assert await replay_erasures(owner, site.ledger) == 1
            assert await replay_erasures(owner, site.ledger) == 0
        found = await readable(site, databases.url(None, name), keys)
        assert not [canary for canary in CANARIES if canary in found]
        assert ROBIN in found
    finally:
        await databases.drop(name)
        await databases.drop(keys.database)
