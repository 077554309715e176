"""Opening hours and closed days, from the many ways in which they have been written."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from services.intake.directory import Opening
from services.intake.hsds.tables import Row

DAYS = {name: number for number, names in enumerate(
    (("monday", "mon", "mo"), ("tuesday", "tue", "tu"), ("wednesday", "wed", "we"), ("thursday", "thu", "th"),
     ("friday", "fri", "fr"), ("saturday", "sat", "sa"), ("sunday", "sun", "su")), 1) for name in names}  # fmt: skip
CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?(?::\d{2})?(?:[+-]\d{2}:?\d{2}|z)?\s*(am|pm|a\.m\.|p\.m\.)?")
DATES = ("%Y-%m-%d", "%B %d, %Y", "%m/%d/%Y", "%m/%d/%y", "%Y-%m-%dT%H:%M:%S")
EVERY_YEAR = 1  # the year that Ohana writes for a holiday of every year
ZONES = {
    "America/New_York": "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV",
    "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    "America/Denver": "CO ID MT NM UT WY",
    "America/Phoenix": "AZ",
    "America/Los_Angeles": "CA NV OR WA",
    "America/Anchorage": "AK",
    "Pacific/Honolulu": "HI",
    "America/Puerto_Rico": "PR VI",
}
ZONE_OF_STATE = {state: zone for zone, states in ZONES.items() for state in states.split()}  # where most of it lives


@dataclass(slots=True)
class Hours:
    """What is known of one agency's calendar; `left_out` are rows that make no sense, with the column and why."""

    openings: list[Opening] = field(default_factory=list)
    holidays: set[date] = field(default_factory=set)
    left_out: list[tuple[Row, str, str]] = field(default_factory=list)

    def week(self) -> tuple[Opening, ...]:
        """One span a weekday, from the first door opened to the last one closed: places of one agency overlap."""
        spans: dict[int, tuple[time, time]] = {}
        for span in self.openings:
            opens, closes = spans.get(span.weekday, (span.opens, span.closes))
            spans[span.weekday] = (min(opens, span.opens), max(closes, span.closes))
        return tuple(Opening(weekday=day, opens=spans[day][0], closes=spans[day][1]) for day in sorted(spans))


def read_clock(text: str) -> time | None:
    """A time of day as people write it: 09:00, 9am, "4:00 PM", 17:30:00."""
    match = CLOCK.fullmatch(text.strip().lower())
    if match is None:
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").replace(".", "")
    if half == "pm" and hour < 12:
        hour += 12
    if half == "am" and hour == 12:
        hour = 0
    return time(hour, minute) if hour < 24 and minute < 60 else None


def read_date(text: str) -> date | None:
    plain = text.strip().partition(".")[0].removesuffix("Z")
    for form in DATES:
        try:
            return datetime.strptime(plain, form).date()
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text.strip()).date()
    except ValueError:
        return None


def weekdays(row: Row) -> list[int]:
    """Of a regular schedule's `weekday`, or of a recurring rule's `byday`."""
    named = row.get("weekday", "byday").lower()
    if named.isdigit():
        return [int(named)] if 1 <= int(named) <= 7 else []
    return [DAYS[day] for part in named.split(",") if (day := part.strip().lstrip("+-0123456789")) in DAYS]


def gather(regular: Iterable[Row], closed: Iterable[Row], today: date) -> Hours:
    """The hours of one agency from the schedules of its places and programs."""
    hours = Hours()
    for row in regular:
        _open(hours, row, today)
    for row in closed:
        _close(hours, row, today)
    return hours


def _open(hours: Hours, row: Row, today: date) -> None:
    last = read_date(row.get("valid_to", "until"))
    if last is None and row.get("valid_to", "until"):
        hours.left_out.append((row, _named(row, "valid_to", "until"), "write its last day such as 2026-12-25."))
        return
    if last is not None and last < today:
        return  # it was so once
    if row.get("freq") not in ("", "WEEKLY"):
        return  # once a month is no business day
    opens, closes = read_clock(row.get("opens_at")), read_clock(row.get("closes_at"))
    days = weekdays(row)
    if not row.get("opens_at") and not row.get("closes_at"):
        return
    if opens is None or closes is None or not days:
        wrong = "opens_at" if opens is None else "closes_at" if closes is None else _named(row, "weekday", "byday")
        hours.left_out.append((row, wrong, "write a weekday, and times such as 09:00 and 17:00."))
    elif opens >= closes:
        hours.left_out.append((row, "opens_at", "it closes before it opens: write 15:00 for three in the afternoon."))
    else:
        hours.openings += [Opening(weekday=day, opens=opens, closes=closes) for day in days]


def _named(row: Row, *columns: str) -> str:
    """Which of the names that a column has had stands in this file, best the one that says something."""
    filled = (name for name in columns if row.get(name))
    return next(filled, next((name for name in columns if name in row.values), columns[0]))


def is_closed(row: Row) -> bool:
    """Of Ohana's holidays by their own column; of HSDS 3, which has none, by the note that our export writes."""
    return row.get("closed", "notes").lower() in ("true", "1", "yes", "closed")


def _close(hours: Hours, row: Row, today: date) -> None:
    """Single closed days; of those of every year this one's and the next. Longer ones are of one place, not of all."""
    if not is_closed(row):
        return
    first, last = read_date(row.get("start_date", "valid_from")), read_date(row.get("end_date", "valid_to"))
    if first is None or last is None:
        wrong = _named(row, "start_date", "valid_from") if first is None else _named(row, "end_date", "valid_to")
        hours.left_out.append((row, wrong, "write its days such as 2026-12-25."))
        return
    if last - first > timedelta(days=1):
        return
    years = (today.year, today.year + 1) if first.year == EVERY_YEAR else (first.year,)
    for year in years:
        try:
            day = first.replace(year=year)
        except ValueError:
            continue  # February 29
        if day >= today:
            hours.holidays.add(day)
