"""How long a silence may last is a rule; the moment is worked out from it, again and again."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.workflow import BusinessDays, Hours, Timer, Until
from shared.workflow.clocks import dump, load

ID = UUID(int=1)
PATIENCE = st.one_of(
    st.builds(BusinessDays, st.integers(1, 60), st.uuids()),
    st.builds(Hours, st.integers(1, 10_000)),
    st.builds(Until, st.datetimes(timezones=st.just(UTC))),
)


@given(PATIENCE)
def test_a_rule_survives_its_row(patience):
    assert load(json.loads(json.dumps(dump(patience)))) == patience


def test_a_rule_that_nobody_knows_is_refused_by_name():
    with pytest.raises(ValueError, match="fortnights"):
        load({"fortnights": 1})


def test_hours_are_real_hours_when_the_clocks_change():
    new_york = ZoneInfo("America/New_York")
    evening_before = datetime(2026, 3, 7, 20, tzinfo=new_york)
    assert Hours(24).after(evening_before) == datetime(2026, 3, 8, 21, tzinfo=new_york)


@given(st.datetimes(timezones=st.just(ZoneInfo("Europe/Berlin"))), st.integers(1, 1000))
def test_hours_are_never_more_or_fewer_than_said(start, count):
    if start.year < 9990:
        assert Hours(count).after(start).astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=count)


@pytest.mark.parametrize("make", [lambda: BusinessDays(0, ID), lambda: Hours(0), lambda: Until(datetime(2026, 1, 1))])
def test_a_clock_that_can_not_run_is_refused(make):
    with pytest.raises(ValueError, match=r"clock|zone"):
        make()


@pytest.mark.parametrize(
    ("patience", "words"),
    [
        (BusinessDays(1, ID), "1 business day"),
        (BusinessDays(2, ID), "2 business days"),
        (Hours(4), "4 hours"),
        (Hours(1), "1 hour"),
        (Hours.days(14), "14 days"),
    ],
)
def test_a_rule_reads_as_people_say_it(patience, words):
    assert str(patience) == words


def test_a_timer_without_patience_only_stops_the_live_one():
    assert Timer.none("referral.lapse", ID) == Timer("referral.lapse", ID, None)
