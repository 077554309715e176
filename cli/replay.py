"""`replay`: rebuild what was lost from the archives: a whole Kafka cluster, and what a service made of the events.

Archives hold every event that a service ever published. A relay that meets a cluster without them publishes them
again, in order; whoever had them drops them as duplicates, whoever was wiped applies them anew.
"""

import asyncio
import json
import time
from importlib import import_module
from typing import Annotated, Any

import asyncpg
import typer

from cli import steps
from shared.contracts.topics import SERVICES
from shared.local.network import Network, Say, Step
from shared.messaging.kafka import reader
from shared.messaging.losses import log_ends
from shared.messaging.publisher import Log
from shared.runtime.settings import Settings

WITHIN = 1800.0  # seconds; an archive of a million events takes minutes
QUEUED = "SELECT (SELECT count(*) FROM outbox) AS waiting, (SELECT count(*) FROM event_archive) AS archived"
READ = "SELECT topic, partition, next_offset FROM consumer_offset WHERE cluster = $1"


def register(app: typer.Typer) -> None:
    @app.command()
    def replay(
        everything: Annotated[bool, typer.Option("--all", help="All topics, users, access rules and streams.")] = False,
        rebuild: Annotated[bool, typer.Option("--rebuild", help="Wipe the report first and make it anew.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False,
    ) -> None:
        """Publish again what Kafka lacks, and wait until every service has read it."""
        if not (everything or rebuild):
            raise typer.BadParameter("say --all for a lost Kafka, or --rebuild to make the report anew")
        report = asyncio.run(_replay(Network(), rebuild, quiet=as_json))
        if as_json:
            print(json.dumps(report, indent=2))
        else:
            print(f"\n{report['archived']:,} archived events stand in Kafka again, and every service has read them.")
        raise typer.Exit(0 if report["ok"] else 1)


async def _replay(network: Network, rebuild: bool, *, quiet: bool) -> dict[str, Any]:
    began = time.monotonic()
    report: dict[str, Any] = {"ok": False, "rebuilt": rebuild}

    async def stop(say: Say) -> str:
        await asyncio.gather(*(part.stop() for part in network.services))
        return "no old producer may write to a new cluster"

    async def wipe(say: Say) -> str:
        from services.reporting.store import wipe as wipe_projections

        owner = await asyncpg.connect(network.databases.url("reporting_owner", network.database))
        try:
            async with owner.transaction():
                await wipe_projections(owner)
        finally:
            await owner.close()
        return "it is made anew from the events"

    async def streams(say: Say) -> str:
        from services.notifications import provisioning

        async with provisioning.open_desk(network) as desk:
            return f"{len(await desk.rebuild())} partners"

    async def wait(say: Say) -> str:
        report.update(await _wait(network, say))
        return f"{report['archived']:,} events"

    found = [Step("Stopping the services", stop)]
    if rebuild:
        found.append(Step("Wiping the report", wipe))
    found += [*network.preparation(), Step("Rebuilding the partners' streams", streams)]
    found += [Step("Starting the services", network.start_services), Step("Reading everything again", wait)]
    async with network.alone(lambda text: None if quiet else print(text)):
        network.settle_ports()
        if quiet:
            for step in found:
                await step.work(lambda text: None)
        else:
            await steps.walk(found)
    report |= {"ok": True, "seconds": round(time.monotonic() - began, 1)}
    return report


async def _wait(network: Network, say: Say) -> dict[str, Any]:
    """Until every outbox is empty and every service has read its topics to their ends."""
    until = time.monotonic() + WITHIN
    cluster = await network.cluster.cluster_id()
    while True:
        counts = [await _look(network, service, cluster) for service in SERVICES]
        behind = sum(count["waiting"] + count["unread"] for count in counts)
        say(f"{behind:,} to go")
        if not behind:
            return {"cluster": cluster, "archived": sum(count["archived"] for count in counts)}
        if time.monotonic() > until:
            raise TimeoutError(f"{behind} events are still on their way after {WITHIN:.0f} s")
        await asyncio.sleep(1)


async def _look(network: Network, service: str, cluster: str) -> dict[str, int]:
    connection = await asyncpg.connect(network.databases.url(service, network.database))
    try:
        queued = await connection.fetchrow(QUEUED)
        assert queued is not None, "counting always gives a row"
        read = {
            Log(row["topic"], row["partition"]): row["next_offset"] for row in await connection.fetch(READ, cluster)
        }
    finally:
        await connection.close()
    ends = await _ends(network, service)
    unread = sum(max(0, end - read.get(where, 0)) for where, end in ends.items())
    return {"waiting": queued["waiting"], "archived": queued["archived"], "unread": unread}


async def _ends(network: Network, service: str) -> dict[Log, int]:
    settings = Settings(**_kafka_of(network, service))
    topics = import_module(f"services.{service}.app").service(settings).reactions.topics
    consumer = reader(settings)
    await consumer.start()
    try:
        return await log_ends(consumer, [Log(topic, shard) for topic in topics for shard in range(12)])
    finally:
        await consumer.stop()


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
