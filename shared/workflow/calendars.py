"""When an agency is open: when a clock that counts its days runs out, and how many open hours went by.

Worked out in UTC from each day's opening, so a change of the clocks neither gives nor takes an hour. A calendar that
closes for weeks cannot make a referral rot: closed days are waited for up to a limit, then silence counts again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import NamedTuple, assert_never
from zoneinfo import ZoneInfo

from shared.contracts import agency
from shared.runtime.errors import Invalid
from shared.workflow.clocks import BusinessDays, Hours, Patience, Until

LONGEST_CLOSURE = 14  # days in a row that may be closed before they count as silence; our choice: a winter break


class Span(NamedTuple):
    """From the first door opened to the last one closed, in local time; a lunch break is no end of a day."""

    opens: time
    closes: time


class Opening(NamedTuple):
    """One open day as moments."""

    opens: datetime
    closes: datetime


# Monday to Friday, 9 to 5: what is assumed of an agency that has told no hours.
WORKDAYS: Mapping[int, Span] = {day: Span(time(9), time(17)) for day in range(1, 6)}


@dataclass(frozen=True)
class Calendar:
    """`week` has the open weekdays, 1 is Monday; `closed` the days that are not, whatever the weekday.

    Invalid when the time zone is unknown, no weekday is open, or a day closes before it opens.
    """

    zone: str
    week: Mapping[int, Span] = field(default_factory=lambda: WORKDAYS)
    closed: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        try:
            self.tz  # noqa: B018 - looked up now, so that a wrong zone is refused when it is said
        except (KeyError, ValueError, OSError):
            raise Invalid("timezone", "Name a time zone such as America/New_York.") from None
        if not self.week or not set(self.week) <= set(range(1, 8)):
            raise Invalid("openings", "An agency is open on at least one day of the week.")
        if any(span.closes <= span.opens for span in self.week.values()):
            raise Invalid("openings", "A day closes after it opens.")

    @cached_property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def opening(self, day: date) -> Opening | None:
        """The day's hours in UTC; None when it is closed."""
        span = self.week.get(day.isoweekday())
        if span is None or day in self.closed:
            return None
        opens, closes = self._moment(day, span.opens), self._moment(day, span.closes)
        return Opening(opens, closes) if closes > opens else None  # hours that a change of the clocks took

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, tzinfo=self.tz).astimezone(UTC)


def calendar_of(facts: agency.Calendar) -> Calendar:
    """The calendar that an agency has published. A zone that nobody knows counts as UTC: a clock a few hours off
    is better than none."""
    week: dict[int, Span] = {}
    for span in facts.openings:
        known = week.get(span.weekday, Span(span.opens, span.closes))
        week[span.weekday] = Span(min(known.opens, span.opens), max(known.closes, span.closes))
    closed = frozenset(facts.holidays)
    try:
        return Calendar(facts.timezone, week or WORKDAYS, closed)
    except Invalid:
        return Calendar("UTC", week or WORKDAYS, closed)


def due(start: datetime, patience: Patience, calendar: Calendar) -> datetime:
    """The moment in UTC at which silence since `start` has lasted as long as `patience` allows.

    `calendar` is that of the agency whose days are counted; real hours and agreed moments do not ask it.
    """
    match patience:
        case BusinessDays(count, _):
            return after_days(start, count, calendar)
        case Hours():
            return patience.after(start).astimezone(UTC)
        case Until(moment):
            return moment.astimezone(UTC)
        case _:
            assert_never(patience)


def after_days(start: datetime, count: int, calendar: Calendar) -> datetime:
    """`count` open days later, as far into that day as `start` was into its own.

    Told on an open Friday at three, two days end on Tuesday at three. What comes on a closed day or after hours comes
    when the next open day begins; where the last day is shorter, its closing is the end.
    """
    start = start.astimezone(UTC)
    limit = start + timedelta(days=7 * count + LONGEST_CLOSURE)
    day = start.astimezone(calendar.tz).date()
    into: timedelta | None = None
    left = count
    while True:
        opening = calendar.opening(day)
        day += timedelta(days=1)
        if opening is None:
            if day > limit.astimezone(calendar.tz).date() + timedelta(days=1):
                return limit
            continue
        if into is None:
            if opening.closes > start:  # the day that the clock begins on
                into = max(start - opening.opens, timedelta(0))
            continue
        left -= 1
        if left == 0:
            return min(opening.opens + into, opening.closes, limit)


def open_hours(start: datetime, end: datetime, calendar: Calendar) -> float:
    """How many hours of `calendar` lie between the two moments; 0 when `end` is not after `start`."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    day, last = start.astimezone(calendar.tz).date(), end.astimezone(calendar.tz).date()
    open_for = timedelta()
    while day <= last:
        opening = calendar.opening(day)
        day += timedelta(days=1)
        if opening is not None:
            open_for += max(min(opening.closes, end) - max(opening.opens, start), timedelta())
    return open_for / timedelta(hours=1)
