"""When somebody at an agency next works: what the page says after "we have it"."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.intake.directory import Calendar, Opening

# Monday to Friday, 9 to 5, where an agency has told no hours.
USUAL = tuple(Opening(weekday=day, opens=time(9), closes=time(17)) for day in range(1, 6))
FAR = 60  # days that are looked through; closed for longer than that, an agency has no next day to name


def next_open(calendar: Calendar, at: datetime) -> datetime | None:
    """The moment from which somebody is there: `at` itself where they are open now. None: not within two months."""
    local = at.astimezone(ZoneInfo(calendar.timezone))
    for away in range(FAR):
        day = local.date() + timedelta(days=away)
        if day in calendar.holidays:
            continue
        spans = [span for span in calendar.openings or USUAL if span.weekday == day.isoweekday()]
        for span in sorted(spans, key=lambda span: span.opens):
            opens = datetime.combine(day, span.opens, tzinfo=local.tzinfo)
            closes = datetime.combine(day, span.closes, tzinfo=local.tzinfo)
            if local < closes:
                return max(opens, local)
    return None
