"""From when to when is counted. Pure.

Whole months only: a month that is not over has no figure, and two looks on different days can't be subtracted to see
what one person did in between. In the demo, where everybody is invented, it runs to this moment.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

MONTHS = 6


class Window(NamedTuple):
    """`since` counts, `until` does not; `first` and `last` are the days that people say."""

    since: datetime
    until: datetime
    first: date
    last: date
    so_far: bool


def window(now: datetime, zone: ZoneInfo, *, so_far: bool) -> Window:
    """The six whole months before this one, and this one as well when it counts `so_far`."""
    today = now.astimezone(zone).date()
    this = today.replace(day=1)
    first = months_before(this, MONTHS)
    if so_far:
        return Window(_midnight(first, zone), now, first, today, so_far)
    return Window(_midnight(first, zone), _midnight(this, zone), first, this - timedelta(days=1), so_far)


def months_before(month: date, count: int) -> date:
    """The first day of the month that lies `count` months before `month`."""
    at = month.year * 12 + month.month - 1 - count
    return date(at // 12, at % 12 + 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
