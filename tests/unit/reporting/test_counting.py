"""The mirror's figures, worked out from counts of rows."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.counting import AgencyCounts, Answered, PromiseCounts, Raw, count, within
from services.reporting.folding_door import RevocationChange, fold_revocations
from services.reporting.indicators import INDICATORS
from services.reporting.pages import lasting
from services.reporting.window import months_before, window
from shared.contracts.consent import Revoked
from shared.contracts.events import EVENTS
from shared.contracts.halted import Halted
from shared.messaging.reactions import Fact
from shared.runtime.ids import uuid7
from shared.web.charts import Veil
from shared.workflow.calendars import Calendar, open_hours

ZONE = ZoneInfo("America/New_York")
ALDER = Calendar("America/New_York", closed=frozenset({date(2026, 11, 26)}))
CEDAR, TABLE = UUID(int=1), UUID(int=2)
NONE = dict.fromkeys(("sent", "answered", "begun", "reported", "confirmed", "reopened", "silent", "told_worker"), 0)
moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-11-24 10:00", "2026-11-24 13:30", 3.5),
        ("2026-11-20 16:00", "2026-11-23 10:00", 2),
        ("2026-11-25 16:00", "2026-11-27 10:00", 2),
        ("2026-11-21 09:00", "2026-11-22 20:00", 0),
        ("2026-11-24 19:00", "2026-11-24 23:00", 0),
        ("2026-03-06 09:00", "2026-03-09 17:00", 16),
        ("2026-11-24 13:00", "2026-11-24 10:00", 0),
    ],
    ids=["one day", "over a weekend", "over a holiday", "a weekend", "at night", "summer time", "backwards"],
)
def test_only_hours_with_an_open_door_count(start, end, hours):
    assert open_hours(local(start), local(end), ALDER) == hours


@given(st.lists(moments, min_size=3, max_size=3))
def test_open_hours_add_up_and_are_never_more_than_all_hours(times):
    first, second, third = sorted(times)
    whole = open_hours(first, third, ALDER)
    assert whole == pytest.approx(open_hours(first, second, ALDER) + open_hours(second, third, ALDER))
    assert 0 <= whole <= (third - first) / timedelta(hours=1) + 1e-9


def test_the_window_is_six_whole_months_of_the_network_s_own_zone():
    seen = window(datetime(2026, 11, 1, 3, tzinfo=UTC), ZONE, so_far=False)  # still October 31 in New York
    assert (seen.first, seen.last) == (date(2026, 4, 1), date(2026, 9, 30))
    assert seen.until == datetime(2026, 10, 1, 4, tzinfo=UTC)


def test_so_far_it_runs_to_this_moment():
    now = datetime(2026, 11, 24, 15, tzinfo=UTC)
    seen = window(now, ZONE, so_far=True)
    assert seen.until == now and seen.first == date(2026, 5, 1)


@given(st.dates(), st.integers(0, 30))
def test_so_many_months_before_is_a_first_day(day, months):
    if day.year < 10:
        return
    before = months_before(day, months)
    assert before.day == 1 and (day.year * 12 + day.month) - (before.year * 12 + before.month) == months


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=50))
def test_the_middle_is_an_answer_that_came_and_half_came_no_later(hours):
    for share in (0.5, 0.9):
        found = within(hours, share)
        assert any(found == round(hour, 1) for hour in hours)
        assert sum(round(hour, 1) <= found for hour in hours) >= share * len(hours)


def test_an_hour_is_not_shown_where_its_answers_are_too_few():
    at = datetime(2026, 10, 6, 14, tzinfo=UTC)
    answers = [Answered(CEDAR, at, at + timedelta(hours=1))] * 30 + [Answered(TABLE, at, at + timedelta(hours=5))] * 12
    answers += [Answered(UUID(int=3), at, at)] * 2
    rows = [AgencyCounts(id, NONE | {"sent": n, "answered": n}) for id, n in Counter(a.agency for a in answers).items()]
    report = count(Raw(referrals=rows, answers=answers), hide=True)
    hours = {row.id: row.first_answer for row in report.by_agency}
    assert hours[CEDAR].middle is not None
    assert hours[TABLE] == (Veil.HIDDEN, None, None) and hours[UUID(int=3)] == (Veil.HIDDEN, None, None)
    assert count(Raw(referrals=rows, answers=answers), hide=False).by_agency[2].first_answer.answers == 2


def test_a_month_can_t_be_had_by_taking_the_others_from_the_sum():
    months = [PromiseCounts(CEDAR, date(2026, month, 1), 40, 12, 12) for month in (5, 6, 7)]
    months.append(PromiseCounts(CEDAR, date(2026, 8, 1), 40, 12, 3))
    report = count(Raw(promises=months), hide=True)
    hidden = [month for month, row in report.by_month.items() if any(isinstance(n, Veil) for n in row.values())]
    assert len(hidden) >= 2 and report.counts["promises_kept"] == 160


def test_an_indicator_s_sources_are_events_that_exist():
    for indicator in INDICATORS:
        for source in indicator.source:
            assert source in EVENTS or any(kind.startswith(source.split("*")[0]) for kind in EVENTS)


def test_a_hundred_agencies_are_audited_in_the_time_of_a_page():
    ids = [UUID(int=number) for number in range(100)]
    small = [AgencyCounts(id, NONE | {"sent": i % 23, "answered": i % 13, "begun": i % 7}) for i, id in enumerate(ids)]
    kept = [PromiseCounts(id, date(2026, 5 + i % 6, 1), i % 30, i % 4, i % 9) for i, id in enumerate(ids)]
    report = count(Raw(referrals=small, promises=kept), hide=True)
    assert len(report.by_agency) == 100


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("first_answers", Raw(arrivals={"promised": 40, "late": 38})),
        ("answers", Raw(tellings={"told": 40, "retold": 38})),
        ("revocations", Raw(revocations={"in_effect": 38, "waiting": 2}, revocation_middle=timedelta(seconds=2))),
    ],
    ids=["answers in time", "told for the first time", "not in effect yet"],
)
def test_what_is_left_of_a_whole_at_the_front_door_is_no_small_number(name, raw):
    shown = {key: number for key, number in count(raw, hide=True).counts.items() if key.startswith(name)}
    assert sorted(map(str, shown.values())) == sorted(map(str, (40, Veil.HIDDEN, Veil.HIDDEN)))


def test_a_time_is_hidden_with_the_stops_that_it_is_of():
    raw = Raw(revocations={"in_effect": 12, "waiting": 0}, revocation_middle=timedelta(seconds=2.04))
    assert count(raw, hide=True).seconds_to_in_effect == 2.0
    few = Raw(revocations={"in_effect": 5, "waiting": 40}, revocation_middle=timedelta(seconds=2))
    assert count(few, hide=True).seconds_to_in_effect is None
    assert count(few, hide=False).seconds_to_in_effect == 2.0


def test_a_service_s_word_and_the_revocation_are_one_stop_whichever_is_heard_first():
    at, ids = datetime(2026, 10, 6, 14, tzinfo=UTC), {"consent": uuid7(), "person": uuid7()}
    said = [Halted(service="notifications", **ids), Revoked(given="sms", **ids), Halted(service="caseplan", **ids)]
    times = [at + timedelta(seconds=second) for second in range(3)]
    facts = [Fact(SimpleNamespace(id=uuid7(), time=time), event) for time, event in zip(times, said, strict=True)]
    assert fold_revocations(facts) == [RevocationChange(ids["consent"], times[1], times[2], times[0])]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "–"), (0.4, "Under 1 s"), (2, "2 s"), (59.9, "1 min"), (600, "10 min"), (5400, "1.5 h")],
)
def test_how_long_it_took_is_said_in_the_unit_that_fits(seconds, words):
    assert lasting(seconds) == words
