"""The five things of somebody's first days: each has a clock while it is not there, on every path."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.first_days import MOVES, WORKFLOW, Kind, Patience, Stage, begin, clock_of, decide, move_day
from shared.runtime.ids import uuid7
from shared.workflow import CLOCK, LAPSE, By, Party, Until

ZONE = ZoneInfo("America/New_York")
DAY = date(2026, 12, 5)
THINGS = begin(uuid7(), DAY, ZONE)
WORKER = By(Party.WORKER)


@given(st.data())
def test_on_every_path_what_is_not_there_has_one_clock_and_each_move_is_told(data):
    thing = data.draw(st.sampled_from(THINGS))
    for _ in range(data.draw(st.integers(0, 12))):
        offered = list(MOVES[thing.stage].items())
        if not offered:
            break
        verb, move = data.draw(st.sampled_from(offered))
        thing, told, [clock] = decide(thing, verb, By(move.by[0]) if verb != LAPSE else CLOCK, Patience())
        assert [event.stage for event in told] == [thing.stage]
        assert (clock.subject, clock.patience is not None) == (thing.id, WORKFLOW.is_open(thing.stage))


@pytest.mark.parametrize("stage", [Stage.OPEN, Stage.ARRANGED, Stage.PRESSING])
def test_silence_alone_brings_each_of_them_to_missed_and_no_later_than_72_hours(stage):
    thing = replace(THINGS[0], stage=stage)
    for _ in Stage:
        if not WORKFLOW.is_open(thing.stage):
            break
        clock = clock_of(thing, Patience())
        assert isinstance(clock.patience, Until)
        assert clock.patience.moment <= thing.begins + timedelta(hours=72)
        thing = decide(thing, LAPSE, CLOCK, Patience()).state
    assert thing.stage is Stage.MISSED


def test_the_five_are_the_ride_the_phone_the_bed_medicine_and_papers():
    assert [thing.thing for thing in THINGS] == list(Kind)
    assert len({thing.id for thing in THINGS}) == 5


@pytest.mark.parametrize("stage", Stage)
def test_another_day_opens_again_what_was_arranged_and_leaves_what_is_there(stage):
    thing = replace(THINGS[0], stage=stage)
    later = thing.begins + timedelta(days=9)
    moved = move_day(thing, later, WORKER, Patience()).state
    assert moved.begins == later
    kept = stage in (Stage.THERE, Stage.NOT_WANTED)
    assert moved.stage is (stage if kept else Stage.OPEN)
    assert move_day(thing, thing.begins, WORKER, Patience()).state == thing
