"""The directory: what changed is told once, what is old is not shown as help, unknown counts as yes."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.intake.directory import (
    Agency,
    AgencyEntry,
    Calendar,
    Opening,
    Origin,
    Program,
    ProgramEntry,
    ReportsTo,
    agency_events,
    is_current,
    may_load,
    program_events,
    withdraw,
)
from services.intake.hours import next_open
from services.intake.pages.consents import both, passed_on
from shared.contracts import agency, program

HOME = Agency(UUID(int=1), AgencyEntry(name="Cedar House", calendar=Calendar(timezone="America/New_York")))
ROOMS = Program(UUID(int=2), ProgramEntry(agency=HOME.id, name="Rooms", needs=("housing",)))
TODAY = date(2026, 11, 24)
NEW_YORK = ZoneInfo("America/New_York")


def changed(known, **more):
    return replace(known, entry=known.entry.model_copy(update=more))


def test_an_agency_is_told_of_when_it_is_new_and_when_others_would_notice():
    assert [type(event) for event in agency_events(None, HOME)] == [agency.Registered]
    assert agency_events(HOME, HOME) == ()
    assert [type(event) for event in agency_events(HOME, changed(HOME, phone="555-0142"))] == [agency.Updated]
    assert agency_events(HOME, changed(HOME, description="Rooms.")) == ()


def test_a_program_that_was_withdrawn_and_comes_back_is_listed_anew():
    assert [type(event) for event in program_events(None, ROOMS)] == [program.Listed]
    assert program_events(ROOMS, ROOMS) == ()
    [gone] = withdraw(ROOMS, "ended")
    assert isinstance(gone, program.Withdrawn)
    over = replace(ROOMS, withdrawn=True)
    assert withdraw(over, "ended") == ()
    assert [type(event) for event in program_events(over, ROOMS)] == [program.Listed]


@pytest.mark.parametrize(
    ("origin", "current"),
    [
        (Origin("baltimore", "1"), False),
        (Origin("baltimore", "1", date(2019, 4, 1)), False),
        (Origin("baltimore", "1", date(2025, 11, 23)), False),
        (Origin("baltimore", "1", date(2025, 11, 24)), True),
        (Origin("baltimore", "1", date(2026, 10, 1)), True),
    ],
)
def test_what_nobody_vouched_for_lately_is_not_current_help(origin, current):
    assert is_current(replace(ROOMS, origin=origin), TODAY) is current


@pytest.mark.parametrize(
    ("said_on", "current"), [(None, False), (date(2025, 11, 23), False), (date(2025, 11, 24), True)]
)
def test_what_an_agency_said_a_year_ago_itself_is_not_current_help_either(said_on, current):
    assert is_current(replace(ROOMS, said_on=said_on), TODAY) is current


def test_a_load_changes_only_what_the_same_source_brought():
    assert may_load(Origin("baltimore", "1"), "baltimore")
    assert not may_load(Origin("oakland", "1"), "baltimore")
    assert not may_load(None, "baltimore")


def test_unknown_counts_as_yes_and_stands_before_every_no():
    lines = passed_on(ReportsTo(supervision="no", courts="yes"), "en")
    assert [counts for _, counts in lines] == [True, True, True, False]
    assert lines[-1][0] == "They do not tell probation or parole."
    assert "They have not said if they tell immigration. Count it as yes." in [line for line, _ in lines]


@pytest.mark.parametrize(
    ("of_agency", "of_program", "counts"),
    [
        ("no", "unknown", "no"),
        ("unknown", "no", "no"),
        ("yes", "no", "yes"),
        ("no", "yes", "yes"),
        ("unknown", "unknown", "unknown"),
    ],
)
def test_a_yes_of_either_counts_and_a_program_that_says_nothing_is_its_agencys(of_agency, of_program, counts):
    assert both(ReportsTo(courts=of_agency), ReportsTo(courts=of_program)).courts == counts


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (at(24, 10), at(24, 10)),  # Tuesday, open now
        (at(24, 18), at(25, 9)),
        (at(25, 20), at(27, 9)),  # Thursday is a holiday
        (at(27, 17), at(30, 9)),  # Friday evening to Monday
        (at(28, 12), at(30, 9)),
    ],
)
def test_the_next_time_somebody_is_there_leaves_out_nights_weekends_and_holidays(now, opens):
    calendar = Calendar(timezone="America/New_York", holidays=(date(2026, 11, 26),))
    assert next_open(calendar, now) == opens


def test_an_agency_that_is_closed_for_good_names_no_day():
    mondays = tuple(date(2026, 11, 2) + timedelta(weeks=week) for week in range(20))
    only = (Opening(weekday=1, opens=time(9), closes=time(10)),)
    never = Calendar(timezone="UTC", openings=only, holidays=mondays)
    assert next_open(never, datetime(2026, 11, 24, tzinfo=ZoneInfo("UTC"))) is None
