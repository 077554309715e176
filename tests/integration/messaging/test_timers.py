"""Clocks: one per kind and subject, never early, never lost, never twice."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from shared.messaging import timers
from shared.messaging.timers import Clockwork, claim, start_timers
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings
from shared.workflow.clocks import BusinessDays, Hours, Timer
from tests.hands import hands

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka")]


@pytest.fixture
async def pool(database):
    async with hands(Settings(**await database.settings("caseplan"))) as opened:
        yield opened


async def shift(pool, hours: float) -> None:
    await pool.execute("UPDATE clock_shift SET shift = shift + $1", timedelta(hours=hours))


class Bell:
    """A handler that notes whom it rang for."""

    def __init__(self, work_out=timers.plain) -> None:
        self.rung: list = []
        self.work_out = work_out

    async def __call__(self, tx, due) -> None:
        if await claim(tx, due, self.work_out):
            self.rung.append(due.subject)


def wound(pool, bell) -> Clockwork:
    clockwork = Clockwork(pool)
    clockwork.on("lapse", bell)
    return clockwork


@asynccontextmanager
async def transaction(pool):
    async with pool.acquire() as connection, connection.transaction():
        yield connection


async def start(pool, *wanted: Timer, work_out=timers.plain) -> None:
    async with transaction(pool) as tx:
        await start_timers(tx, wanted, work_out)


async def test_a_clock_rings_once_and_not_before_its_time(pool):
    subject, bell = uuid7(), Bell()
    clockwork = wound(pool, bell)
    await start(pool, Timer("lapse", subject, Hours(2)))
    await shift(pool, 1.9)
    await clockwork.fire_due()
    assert bell.rung == []
    await shift(pool, 0.2)
    await clockwork.fire_due()
    await clockwork.fire_due()
    assert bell.rung == [subject]


async def test_a_newer_clock_voids_the_older_even_while_it_is_being_fired(pool):
    subject, bell = uuid7(), Bell()
    await start(pool, Timer("lapse", subject, Hours(1)))
    await shift(pool, 2)
    (row,) = await pool.fetch(timers.SQL["due_timers"], 10)
    await start(pool, Timer("lapse", subject, Hours(1)))
    await wound(pool, bell)._fire(row)
    assert bell.rung == []
    await shift(pool, 2)
    await wound(pool, bell).fire_due()
    assert bell.rung == [subject]


async def test_a_stopped_clock_is_silent(pool):
    subject, bell = uuid7(), Bell()
    await start(pool, Timer("lapse", subject, Hours(1)))
    await start(pool, Timer.none("lapse", subject))
    await shift(pool, 2)
    await wound(pool, bell).fire_due()
    assert bell.rung == []


async def test_several_clockworks_ring_each_clock_once(pool):
    subjects, bell = [uuid7() for _ in range(30)], Bell()
    await start(pool, *(Timer("lapse", subject, Hours(1)) for subject in subjects))
    await shift(pool, 2)
    await asyncio.gather(*(wound(pool, bell).fire_due() for _ in range(4)))
    assert sorted(bell.rung) == sorted(subjects)


async def test_a_rule_that_grew_meanwhile_sends_the_clock_back_to_sleep(pool):
    """A holiday entered after the clock was started counts."""
    subject, days = uuid7(), {"hours": 1}

    async def work_out(tx, started, patience):
        return started + timedelta(hours=days["hours"])

    bell = Bell(work_out)
    await start(pool, Timer("lapse", subject, BusinessDays(1, uuid7())), work_out=work_out)
    days["hours"] = 24
    await shift(pool, 2)
    await wound(pool, bell).fire_due()
    assert bell.rung == []
    await shift(pool, 23)
    await wound(pool, bell).fire_due()
    assert bell.rung == [subject]


async def test_a_calendar_that_changes_moves_the_clocks_that_follow_it(pool):
    ours, theirs, agency = uuid7(), uuid7(), uuid7()
    hours = {agency: 48}

    async def work_out(tx, started, patience):
        return started + timedelta(hours=hours.get(patience.agency, 48))

    await start(
        pool,
        Timer("lapse", ours, BusinessDays(2, agency)),
        Timer("lapse", theirs, BusinessDays(2, uuid7())),
        work_out=work_out,
    )
    hours[agency] = 1
    async with transaction(pool) as tx:
        assert await timers.work_out_again(tx, agency, work_out) == 1
    await shift(pool, 2)
    bell = Bell(work_out)
    await wound(pool, bell).fire_due()
    assert bell.rung == [ours]


async def test_a_clock_whose_effect_fails_holds_up_no_other_and_is_tried_again(pool):
    bad, good, bell = uuid7(), uuid7(), Bell()
    broken = {"yes": True}

    async def handler(tx, due):
        if due.subject == bad and broken["yes"]:
            raise ValueError("this handler has a bug")
        await bell(tx, due)

    await start(pool, Timer("lapse", bad, Hours(1)), Timer("lapse", good, Hours(1)))
    await shift(pool, 2)
    clockwork = wound(pool, handler)
    await clockwork.fire_due()
    assert bell.rung == [good]
    broken["yes"] = False
    await shift(pool, 2)
    await clockwork.fire_due()
    assert bell.rung == [good, bad]
