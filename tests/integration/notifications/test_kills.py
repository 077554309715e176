"""Promise P6 on a partner's stream: dense and in order, whoever is killed, wherever."""

import asyncio
import os
import random
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from shared.messaging import shards
from tests.integration.notifications import clients
from tests.integration.notifications.world import Matter, World, open_world, until

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka")]

ROOT = Path(__file__).parents[3]
FAILPOINTS = ("partner.numbered", "partner.written", "partner.committed", "partner.archived")


@pytest.mark.timeout(300)
async def test_a_stream_stays_dense_through_kills_at_every_failpoint(database, cluster, network, tmp_path):
    """Each relay process dies at its failpoint the n-th time it gets there; the next takes over."""
    notes = tmp_path / "notes"
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        matters: list[Matter] = []
        for number, failpoint in enumerate((*FAILPOINTS, *FAILPOINTS)):
            relay = await start_relay(network, database, f"{failpoint}:{1 + number // 4}", notes)
            while relay.returncode is None:
                matters.append(await world.referred(partner))
                await asyncio.sleep(0.01)
            await relay.wait()
        world.start_relay()
        await world.all_sent()
        assert sorted(notes.read_text().split()) == sorted((*FAILPOINTS, *FAILPOINTS))
        events = await clients.read(await world.desk.show(partner.slug), "referral")
        assert clients.sequences(events) == list(range(1, len(events) + 1))
        assert len({event["id"] for event in events}) == len(events)
        received = [e["data"]["reference"] for e in events if e["type"] == "partner.referral.received.v1"]
        called = await world.pool.fetch("SELECT reference, thing FROM telling WHERE kind = 'referral'")
        names = {row["thing"]: row["reference"] for row in called}
        assert received == [names[matter.referral] for matter in matters]


@pytest.mark.timeout(300)
async def test_a_stream_stays_dense_through_kills_at_any_moment(database, cluster, network):
    async with open_world(database, cluster) as world:
        partners = [await world.partner() for _ in range(3)]
        expected = 0
        for life in range(6):
            relay = await start_relay(network, database)
            for _ in range(10 + life):
                for partner in partners:
                    await world.referred(partner)
                    expected += 1
                await asyncio.sleep(0.05)
            await has_archived(world, 3 * (life + 1))
            relay.kill()
            await relay.wait()
        world.start_relay()
        await world.all_sent()
        received = 0
        for partner in partners:
            events = await clients.read(await world.desk.show(partner.slug), "referral")
            assert clients.sequences(events) == list(range(1, len(events) + 1))
            received += clients.said(events).count("partner.referral.received.v1")
        assert received == expected


@pytest.mark.parametrize("state", ["idle", "idle in transaction"])
async def test_two_relays_share_the_partners_and_a_stopped_one_is_replaced(
    state, database, cluster, network, monkeypatch
):
    """Its session holds the shards while its process sleeps, wherever it was stopped; in time somebody ends it."""
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        sleeper = await start_relay(network, database)
        await world.referred(partner)
        await world.all_sent()
        await stop_while(state, sleeper, world)
        monkeypatch.setattr(shards, "STUCK_AFTER", timedelta(seconds=2))
        await world.referred(partner)
        world.start_relay()
        await world.all_sent()
        os.kill(sleeper.pid, signal.SIGCONT)
        await world.referred(partner)
        await world.all_sent()
        sleeper.kill()
        await sleeper.wait()
        events = await clients.read(await world.desk.show(partner.slug), "referral")
        assert clients.sequences(events) == list(range(1, len(events) + 1))
        assert len(clients.said(events)) == 3


async def stop_while(state: str, sleeper: asyncio.subprocess.Process, world: World) -> None:
    """SIGSTOP, again and again, until it hits the moment in which Postgres is left in `state`."""

    async def hit() -> bool:
        await asyncio.sleep(random.uniform(0, 0.03))  # somewhere in its round
        os.kill(sleeper.pid, signal.SIGSTOP)
        await asyncio.sleep(0.02)  # for Postgres to end what it was asked; no condition tells that nothing comes
        found = await world.pool.fetchval(
            "SELECT state FROM pg_stat_activity WHERE application_name = 'notifications partner relay'"
            " AND datname = current_database()"
        )
        if found != state:
            os.kill(sleeper.pid, signal.SIGCONT)
        return bool(found == state)

    await until(hit)


async def start_relay(network, database, failpoint: str = "", notes: Path | None = None) -> asyncio.subprocess.Process:
    armed = (
        {"THROUGHCARE_TEST_FAILPOINT": failpoint, "THROUGHCARE_TEST_FAILPOINT_NOTES": str(notes)} if failpoint else {}
    )
    code = (
        "import asyncio\n"
        "from services.notifications.settings import Voice\n"
        "from services.notifications.streams.relay import PartnerRelay\n"
        "from shared.runtime.settings import Settings\n"
        "asyncio.run(PartnerRelay(Settings(), Voice(heartbeat_seconds=3600)).run())\n"
    )
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL,
        env={**os.environ, **network.environment("notifications", database.name), **armed, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


async def has_archived(world, count: int) -> None:
    async def reached() -> bool:
        return await world.pool.fetchval("SELECT count(*) FROM partner_sent") >= count

    await until(reached)
