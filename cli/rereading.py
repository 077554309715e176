"""What `replay` asks of the databases: may the report be wiped, is everything published, has everybody read it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

from cli.inboxes import inbox
from services.reporting import store
from shared.contracts.topics import BY_NAME, PARTITIONS, SERVICES
from shared.local.network import Network, Say
from shared.local.trouble import Trouble
from shared.messaging import deadletters
from shared.messaging.kafka import reader
from shared.messaging.losses import log_ends
from shared.messaging.publisher import Log
from shared.runtime import sql
from shared.runtime.database import fetch
from shared.runtime.errors import Conflict
from shared.runtime.reach import SERVICE
from shared.runtime.settings import Settings

SQL = sql.load(str(Path(__file__)), "rereading.sql")
REPORT = store.CONSUMER
WITHIN = 1800.0  # seconds; an archive of a million events takes minutes
STEP = 5_000  # subjects asked about at a time


class Dropped(NamedTuple):
    """A letter that an operator gave up, who and why: their word holds for a report that is made anew."""

    topic: str
    event_id: Any
    by: str
    because: str


@asynccontextmanager
async def _schema(network: Network, role: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(network.databases.url(role, network.database), server_settings=SERVICE.settings)
    try:
        yield connection
    finally:
        await connection.close()


async def absent(network: Network) -> dict[str, Any]:
    """How many archived events this cluster was never given: the relays publish those again."""
    cluster = await network.cluster.cluster_id()
    archived = elsewhere = 0
    for service in SERVICES:
        async with _schema(network, service) as connection:
            row = await connection.fetchrow(SQL["queued"], cluster)
            assert row is not None, "counting always gives a row"
            archived, elsewhere = archived + row["archived"], elsewhere + row["elsewhere"]
    return {"cluster": cluster, "archived": archived, "republished": elsewhere}


async def uncovered(network: Network) -> int:
    """Subjects of which the report has counted more than their owner's archive holds."""
    async with _schema(network, REPORT) as report:
        known = await report.fetch(SQL["counted"], REPORT)
    by_topic: dict[str, dict[str, int]] = {}
    for row in known:
        if row["topic"] in BY_NAME:
            by_topic.setdefault(row["topic"], {})[row["subject"]] = row["sequence"]
    missing = 0
    for topic, counted in by_topic.items():
        async with _schema(network, BY_NAME[topic].owner) as owner:
            missing += await _missing(owner, topic, counted)
    return missing


async def _missing(owner: asyncpg.Connection, topic: str, counted: dict[str, int]) -> int:
    subjects, missing = list(counted), 0
    for start in range(0, len(subjects), STEP):
        asked = subjects[start : start + STEP]
        held = {row["subject"]: row["sequence"] for row in await owner.fetch(SQL["held"], topic, asked)}
        missing += sum(1 for subject in asked if held.get(subject, 0) < counted[subject])
    return missing


async def wipe(network: Network) -> tuple[list[Dropped], dict[str, int]]:
    """Forget the report and all that it has read; what operators had given up, and the rows that there were."""
    before = await count(network)
    async with _schema(network, f"{REPORT}_owner") as owner, owner.transaction():
        dropped = [Dropped(*row) for row in await owner.fetch(SQL["dropped"], REPORT)]
        await store.wipe(owner)
    return dropped, before


async def count(network: Network) -> dict[str, int]:
    """Rows of each projection."""
    async with _schema(network, REPORT) as report:
        return {table: await report.fetchval(f"SELECT count(*) FROM {table}") for table in store.PROJECTIONS}  # noqa: S608 - our own names


async def drop_again(network: Network, dropped: list[Dropped]) -> int:
    """What operators had given up is given up again, in their names and words, in the order of its subject.

    What waits behind a loss stays parked: its owner has to say once more that nobody has the missing record.
    """
    words = {(letter.topic, letter.event_id): letter for letter in dropped}
    again = 0
    if words:
        async with inbox(network, REPORT) as opened:
            for row in await fetch(opened.pool, SQL["parked"], REPORT):
                letter = words.get((row["topic"], row["event_id"]))
                if letter is not None:
                    with suppress(Conflict):
                        await deadletters.drop(opened, row["number"], letter.by, letter.because)
                        again += 1
    return again


async def wait(network: Network, say: Say) -> dict[str, Any]:
    """Until every log holds what its archive holds, every outbox is empty, and everybody has read to the ends.

    Seen twice, with nothing written between: the services are looked at one after the other.
    """
    until = time.monotonic() + WITHIN
    cluster = await network.cluster.cluster_id()
    before = -1
    while True:
        counts = [await _look(network, service, cluster) for service in SERVICES]
        behind = sum(count["unsent"] + count["unread"] for count in counts)
        archived = sum(count["archived"] for count in counts)
        say(f"{behind:,} to go")
        if not behind and archived == before:
            return {"cluster": cluster, "archived": archived}
        before = archived if not behind else -1
        if time.monotonic() > until:
            raise Trouble(
                f"{behind:,} events are still on their way after {WITHIN:.0f} s: `./throughcare status` tells what "
                "stands still, `./throughcare dlq list` what is parked; then run the same command again."
            )
        await asyncio.sleep(0.5)


async def _look(network: Network, service: str, cluster: str) -> dict[str, int]:
    async with _schema(network, service) as connection:
        queued = await connection.fetchrow(SQL["queued"], cluster)
        assert queued is not None, "counting always gives a row"
        marks = {Log(*row[:2]): row["kafka_offset"] for row in await connection.fetch(SQL["marks"], cluster)}
        read = {Log(*row[:2]): row["next_offset"] for row in await connection.fetch(SQL["read"], service, cluster)}
    settings = Settings(**_kafka_of(network, service))
    heard = import_module(f"services.{service}.app").service(settings).reactions.topics
    consumer = reader(settings)
    await consumer.start()
    try:
        places = {Log(topic, shard) for topic in heard for shard in range(PARTITIONS)}
        ends = await log_ends(consumer, sorted(places | marks.keys()))
    finally:
        await consumer.stop()
    unread = sum(max(0, ends.get(where, 0) - read.get(where, 0)) for where in places)
    lost = sum(max(0, offset + 1 - ends.get(where, 0)) for where, offset in marks.items())
    return {
        "unsent": queued["waiting"] + queued["elsewhere"] + lost,
        "archived": queued["archived"],
        "unread": unread,
    }


def _kafka_of(network: Network, service: str) -> dict[str, Any]:
    access = network.access_of(service)
    return {
        "demo": True,
        "kafka": access.bootstrap,
        "kafka_user": access.user,
        "kafka_password": access.password,
        "kafka_security": access.security,
        "kafka_mechanism": access.mechanism,
        "kafka_ca_file": access.ca_file,
    }
