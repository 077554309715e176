"""Shards have one owner at a time, and an owner that sleeps does not keep them."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from shared.contracts.topics import PARTITIONS
from shared.messaging import shards
from shared.messaging.shards import Shards
from shared.runtime.database import OUTAGES, connect
from shared.runtime.settings import Settings

pytestmark = pytest.mark.network


@asynccontextmanager
async def owner(database):
    connection = await connect(Settings(**await database.settings("reporting")), "test owner")
    try:
        yield Shards(connection, "reporting"), connection
    finally:
        await connection.close()


async def test_two_owners_share_and_the_second_gets_nothing_before_the_first_gives(database):
    async with owner(database) as (first, _), owner(database) as (second, _):
        await first.rebalance()
        assert len(first.owned) == PARTITIONS
        assert not (await second.rebalance())[0]
        await first.rebalance()
        await second.rebalance()
        assert len(first.owned) == len(second.owned) == PARTITIONS // 2
        assert not first.owned & second.owned


@pytest.mark.parametrize("statement", ["SELECT 1", "BEGIN"], ids=["between statements", "within a transaction"])
async def test_one_that_asks_nothing_for_long_is_ended(statement, database, monkeypatch):
    async with owner(database) as (asleep, connection), owner(database) as (awake, _):
        await asleep.rebalance()
        await connection.execute(statement)
        monkeypatch.setattr(shards, "STUCK_AFTER", timedelta(0))
        while len(awake.owned) < PARTITIONS:
            await awake.rebalance()
        with pytest.raises(OUTAGES):
            await connection.fetchval("SELECT 1")


async def test_one_that_is_busy_is_left_alone(database, monkeypatch):
    async with owner(database) as (busy, connection), owner(database) as (other, beside):
        await busy.rebalance()
        monkeypatch.setattr(shards, "STUCK_AFTER", timedelta(0))
        asked = asyncio.create_task(connection.fetchval("SELECT pg_sleep(0.5), 1"))
        while not await beside.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"):
            await asyncio.sleep(0.01)
        await other.rebalance()
        await asked
        assert busy.owned - other.owned == busy.owned


async def test_a_transaction_that_nobody_goes_on_with_gives_its_locks_back(database, monkeypatch):
    monkeypatch.setattr("shared.runtime.database.ASLEEP_AFTER", "100ms")
    async with owner(database) as (_, sleeper):
        async with owner(database) as (_, waiting):
            await sleeper.execute("BEGIN")
            await sleeper.execute("SELECT pg_advisory_xact_lock(7)")
            await waiting.execute("SELECT pg_advisory_lock(7)")
        with pytest.raises(OUTAGES):
            await sleeper.fetchval("SELECT 1")
