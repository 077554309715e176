"""A clock of business days waits for open doors, and never for ever."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.caseplan.calendars import LONGEST_CLOSURE, WORKDAYS, Calendar, Span, calendar_of, due
from shared.contracts import agency
from shared.runtime.errors import Invalid
from shared.workflow import BusinessDays, Hours, Until

AGENCY = UUID(int=11)
NEW_YORK = ZoneInfo("America/New_York")
THANKSGIVING = date(2026, 11, 26)
ALDER = Calendar("America/New_York", closed=frozenset({THANKSGIVING}))


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-20 15:00", 2, "2026-11-24 15:00"),
        ("2026-11-24 15:00", 1, "2026-11-25 15:00"),
        ("2026-11-25 15:00", 1, "2026-11-27 15:00"),
        ("2026-11-20 18:30", 1, "2026-11-24 09:00"),
        ("2026-11-22 03:00", 1, "2026-11-24 09:00"),
        ("2026-11-23 07:00", 1, "2026-11-24 09:00"),
        ("2026-11-26 11:00", 1, "2026-11-30 09:00"),
        ("2026-03-06 15:00", 2, "2026-03-10 15:00"),
        ("2026-10-30 15:00", 2, "2026-11-03 15:00"),
        ("2026-12-31 16:00", 1, "2027-01-01 16:00"),
    ],
    ids=[
        "over a weekend",
        "the next day",
        "over a holiday",
        "after hours",
        "in the night of a closed day",
        "before hours",
        "on the holiday itself",
        "over the change to summer time",
        "over the change to winter time",
        "over the year",
    ],
)
def test_days_are_counted_as_people_at_the_agency_count_them(start, days, end):
    assert due(local(start), BusinessDays(days, AGENCY), ALDER) == local(end)


def test_where_the_last_day_is_shorter_its_closing_is_the_end():
    short_friday = Calendar("America/New_York", {**WORKDAYS, 5: Span(time(9), time(13))})
    assert due(local("2026-11-19 15:00"), BusinessDays(1, AGENCY), short_friday) == local("2026-11-20 13:00")


def test_hours_and_agreed_moments_ask_no_calendar():
    friday_night = local("2026-11-20 22:00")
    assert due(friday_night, Hours(24), ALDER) == local("2026-11-21 22:00")
    assert due(friday_night, Until(local("2026-11-22 08:00")), ALDER) == local("2026-11-22 08:00")


def test_twenty_four_hours_over_the_change_of_the_clocks_are_twenty_four():
    assert due(local("2026-03-07 20:00"), Hours(24), ALDER) == local("2026-03-08 21:00")


def test_a_holiday_entered_later_moves_the_clock_and_one_taken_away_moves_it_back():
    start, rule = local("2026-11-25 15:00"), BusinessDays(1, AGENCY)
    without = Calendar("America/New_York")
    assert due(start, rule, without) == local("2026-11-26 15:00")
    assert due(start, rule, ALDER) == local("2026-11-27 15:00")


def test_an_agency_that_closes_for_the_season_does_not_let_a_referral_rot():
    closed = frozenset(date(2026, 12, 1) + timedelta(days=n) for n in range(120))
    start = local("2026-11-30 15:00")
    end = due(start, BusinessDays(2, AGENCY), Calendar("America/New_York", closed=closed))
    assert end == (start.astimezone(UTC) + timedelta(days=14 + LONGEST_CLOSURE))


def test_a_calendar_that_is_never_open_still_ends():
    always = frozenset(date(2026, 11, 1) + timedelta(days=n) for n in range(400))
    start = local("2026-11-20 15:00")
    never_open = Calendar("America/New_York", closed=always)
    assert due(start, BusinessDays(1, AGENCY), never_open) == start + timedelta(days=7 + LONGEST_CLOSURE)


# --- for any calendar ---

ZONES = ["America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana", "UTC"]
HOURS = st.lists(st.integers(0, 23), min_size=2, max_size=2, unique=True).map(
    lambda hours: Span(time(min(hours)), time(max(hours)))
)
CALENDARS = st.builds(
    Calendar,
    st.sampled_from(ZONES),
    st.dictionaries(st.integers(1, 7), HOURS, min_size=1),
    st.frozensets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=30),
)
STARTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@given(CALENDARS, STARTS, st.integers(1, 10))
def test_a_clock_ends_later_than_it_begins_and_never_past_its_limit(calendar, start, days):
    end = due(start, BusinessDays(days, AGENCY), calendar)
    assert start < end <= start + timedelta(days=7 * days + LONGEST_CLOSURE)


@given(CALENDARS, STARTS, st.integers(1, 10))
def test_it_ends_on_an_open_day_within_hours_unless_it_waited_too_long(calendar, start, days):
    end = due(start, BusinessDays(days, AGENCY), calendar)
    opening = calendar.opening(end.astimezone(calendar.tz).date())
    is_limit = end == start + timedelta(days=7 * days + LONGEST_CLOSURE)
    assert is_limit or (opening and opening.opens <= end <= opening.closes)


@given(CALENDARS, STARTS, st.integers(1, 10))
def test_as_many_days_open_as_were_said(calendar, start, days):
    """Counted by an oracle that knows no more than which dates are open."""
    end = due(start, BusinessDays(days, AGENCY), calendar)
    if end == start + timedelta(days=7 * days + LONGEST_CLOSURE):
        return
    begins = start.astimezone(calendar.tz).date()
    ends = end.astimezone(calendar.tz).date()
    between = [begins + timedelta(days=n) for n in range((ends - begins).days + 1)]
    open_days = [day for day in between if (hours := calendar.opening(day)) and hours.closes > start]
    assert len(open_days) == days + 1


@given(CALENDARS, STARTS, st.timedeltas(timedelta(0), timedelta(days=20)), st.integers(1, 5))
def test_who_begins_later_ends_no_sooner(calendar, start, later, days):
    rule = BusinessDays(days, AGENCY)
    assert due(start, rule, calendar) <= due(start + later, rule, calendar)


@given(CALENDARS, STARTS, st.integers(1, 5))
def test_more_days_end_no_sooner(calendar, start, days):
    assert due(start, BusinessDays(days, AGENCY), calendar) <= due(start, BusinessDays(days + 1, AGENCY), calendar)


@given(CALENDARS, STARTS, st.integers(1, 5), st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_another_holiday_never_shortens_a_clock(calendar, start, days, holiday):
    """Unless it is the day of the beginning: then all of the next day's hours are still ahead."""
    more = Calendar(calendar.zone, calendar.week, calendar.closed | {holiday})
    if holiday != start.astimezone(calendar.tz).date():
        first = due(start, BusinessDays(days, AGENCY), calendar)
        then = due(start, BusinessDays(days, AGENCY), more)
        assert then >= first or then.astimezone(calendar.tz).date() > first.astimezone(calendar.tz).date()


# --- where calendars come from ---


def test_an_agency_that_has_told_no_hours_works_from_nine_to_five():
    assert calendar_of(agency.Calendar(timezone="America/New_York")).week == WORKDAYS


def test_a_lunch_break_is_no_end_of_a_day():
    told = agency.Calendar(
        timezone="America/New_York",
        openings=(
            agency.Opening(weekday=1, opens=time(13), closes=time(18)),
            agency.Opening(weekday=1, opens=time(8), closes=time(12)),
        ),
        holidays=(THANKSGIVING,),
    )
    calendar = calendar_of(told)
    assert calendar.week == {1: Span(time(8), time(18))}
    assert calendar.closed == {THANKSGIVING}


def test_an_unknown_zone_in_a_fact_heard_still_gives_a_clock():
    assert calendar_of(agency.Calendar(timezone="Mars/Olympus")).zone == "UTC"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Calendar("Mars/Olympus"),
        lambda: Calendar("UTC", {}),
        lambda: Calendar("UTC", {8: Span(time(9), time(17))}),
        lambda: Calendar("UTC", {1: Span(time(17), time(9))}),
    ],
    ids=["a zone that is not", "never open", "an eighth day", "closed before it opens"],
)
def test_a_calendar_that_can_not_be_is_refused(make):
    with pytest.raises(Invalid):
        make()
