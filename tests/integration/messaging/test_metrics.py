"""What `/metrics` says moves with what it is about: lag, the outbox, parked records, dead letters by reason."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress

import httpx
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from asyncpg import Connection
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from shared.messaging import deadletters, edge, housekeeping
from shared.messaging.kafka import client_options
from shared.messaging.reactions import Fact
from shared.runtime.health import Health, health_router
from tests.integration.messaging.world import TOPIC, Side, World, new, until
from tests.integration.messaging.world import world as open_world
from tests.network import FreshDatabase

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka", "clean_topics")]


@pytest_asyncio.fixture(loop_scope="session")
async def world(database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Both sides measure themselves all the time."""
    monkeypatch.setattr(housekeeping, "EVERY", 0.05)
    monkeypatch.setattr(edge, "MEASURE_EVERY", 0.05)
    async with open_world(database) as opened:
        sides = (opened.writer, opened.reader)
        tasks = [asyncio.create_task(housekeeping.keep_house(s.pool, s.meters, s.service)) for s in sides]
        yield opened
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def metrics(side: Side) -> dict[str, float]:
    """As a scraper reads them: name and labels' values -> number; lag summed over partitions."""
    app = FastAPI()
    app.include_router(health_router(Health(), side.meters.registry))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        text = (await client.get("/metrics")).text
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = [value for label, value in sorted(sample.labels.items()) if label != "partition"]
            name = "/".join([sample.name.removeprefix("throughcare_"), *labels])
            found[name] = found.get(name, 0) + sample.value
    return found


async def shows(side: Side, name: str, fits: Callable[[float | None], bool]) -> None:
    async def fitting() -> bool:
        return fits((await metrics(side)).get(name))

    try:
        await until(fitting, 60)
    except TimeoutError:
        pytest.fail(f"{name} was {(await metrics(side)).get(name)} to the end")


async def test_the_outbox_says_how_many_wait_and_how_long_the_oldest_has(world: World):
    await world.writer.say(new(), 3)
    await shows(world.writer, "outbox_unsent", lambda n: n == 3)
    await shows(world.writer, "outbox_oldest_seconds", lambda age: age is not None and age > 0.2)
    world.writer.start("relay")
    await shows(world.writer, "outbox_unsent", lambda n: n == 0)
    await shows(world.writer, "outbox_oldest_seconds", lambda age: age == 0)
    assert (await metrics(world.writer))["relay_events_total"] == 3


async def test_lag_counts_what_was_read_and_has_no_effect_yet(world: World):
    go, subject = asyncio.Event(), new()

    async def slow(tx: Connection, facts: Sequence[Fact]) -> None:
        await go.wait()

    world.reader.reactions._by_topic[TOPIC] = slow
    world.writer.start("relay")
    await world.writer.say(subject, 7)
    world.reader.start("edge")
    await shows(world.reader, f"consumer_lag/{TOPIC}", lambda lag: lag == 7)
    go.set()
    await shows(world.reader, f"consumer_lag/{TOPIC}", lambda lag: lag == 0)
    await world.reader.stop("edge")
    assert f"consumer_lag/{TOPIC}" not in await metrics(world.reader), "whoever reads them now tells it"


async def test_dead_letters_are_counted_by_reason_until_somebody_settles_them(world: World):
    poisoned = new()
    world.reader.refuse.add(poisoned)
    world.writer.start("relay")
    world.reader.start("edge")
    await world.writer.say(new(), 1, about=poisoned)
    async with AIOKafkaProducer(**client_options(world.writer.settings)) as producer:
        await producer.send_and_wait(TOPIC, b"{}", partition=0)
    await shows(world.reader, "dead_letters/poison", lambda n: n == 1)
    await shows(world.reader, "parked_subjects/poison", lambda n: n == 1)

    async def both_parked() -> bool:
        return len(await deadletters.letters(world.reader.pool, "reporting")) == 2

    await until(both_parked)
    waiting = await deadletters.letters(world.reader.pool, "reporting")
    foreign = next(row["reason"] for row in waiting if row["subject"] is None)
    await shows(world.reader, f"dead_letters/{foreign}", lambda n: n == 1)
    for row in waiting:
        await deadletters.drop(world.reader.inbox, row["number"], "ops:test", "only a test")
    await shows(world.reader, "dead_letters/poison", lambda n: n is None)
    await shows(world.reader, f"dead_letters/{foreign}", lambda n: n is None)
    await shows(world.reader, "parked_subjects/poison", lambda n: n is None)
    counted = await metrics(world.reader)
    assert counted[f"inbox_parked_total/poison/{TOPIC}"] == counted[f"inbox_parked_total/{foreign}/{TOPIC}"] == 1
