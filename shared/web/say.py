"""Times and counts as people say them, in English and Spanish. Pure: the moment and the zone are handed in.

A day has a name while it is near and a date when it is far; an hour always says am or pm. Lengths are counted on the
real clock, so a night on which the clocks change is as long as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

Lang = Literal["en", "es"]
State = Literal["", "soon", "past"]

DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
MONTHS = {
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    "es": (
        "enero", "febrero", "marzo", "abril", "mayo", "junio",
        "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
    ),
}  # fmt: skip
NUMBERS = {
    "en": ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    "es": ("ningún", "un", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"),
}
NEAR = {
    "en": {-1: "yesterday", 0: "today", 1: "tomorrow"},
    "es": {-1: "ayer", 0: "hoy", 1: "mañana"},
}
WEEK = 6  # days within which a name of the day is enough


@dataclass(frozen=True, slots=True)
class Chip:
    """A clock for the page: its words, whether it wants somebody today, and how much of its time is left."""

    words: str
    state: State = ""
    left: int | None = None  # 0 to 100; None draws no share
    paper: str = ""  # the same with its date: "in 3 h" is wrong by the time somebody unfolds it


def day(which: date, today: date, lang: Lang = "en") -> str:
    """ "today", "Wednesday", "December 5", "December 5, 2028": as near as a person would say it."""
    away = (which - today).days
    if away in NEAR[lang]:
        return NEAR[lang][away]
    if abs(away) <= WEEK:
        return DAYS[lang][which.weekday()]
    return on_date(which, today, lang)


def on_date(which: date, today: date, lang: Lang = "en") -> str:
    """The date with its month, and its year only where the reader might think of another."""
    month = MONTHS[lang][which.month - 1]
    far = which.year != today.year and abs((which - today).days) > 180
    if lang == "es":
        return f"{which.day} de {month}" + (f" de {which.year}" if far else "")
    return f"{month} {which.day}" + (f", {which.year}" if far else "")


def hour(at: time, lang: Lang = "en") -> str:
    """ "10:30 am", "noon", "7:15 pm"."""
    if (at.hour, at.minute) == (12, 0):
        return "noon" if lang == "en" else "mediodía"
    if (at.hour, at.minute) == (0, 0):
        return "midnight" if lang == "en" else "medianoche"
    return f"{at.hour % 12 or 12}:{at.minute:02} {'am' if at.hour < 12 else 'pm'}"


def moment(at: datetime, now: datetime, zone: tzinfo, lang: Lang = "en") -> str:
    """ "today 10:30 am", "Monday 7:15 pm", "November 20, 9:41 am"."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    name = day(local.date(), today, lang)
    comma = "," if name[-1].isdigit() or " de " in name else ""
    return f"{name}{comma} {hour(local.time(), lang)}"


def on_paper(which: date, lang: Lang = "en") -> str:
    """A day that stays right on a sheet of paper: "Tuesday, November 24", "martes 24 de noviembre"."""
    name, month = DAYS[lang][which.weekday()], MONTHS[lang][which.month - 1]
    return f"{name} {which.day} de {month}" if lang == "es" else f"{name}, {month} {which.day}"


def moment_on_paper(at: datetime, zone: tzinfo, lang: Lang = "en") -> str:
    """ "Tuesday, November 24, 4:00 pm"."""
    local = at.astimezone(zone)
    return f"{on_paper(local.date(), lang)}, {hour(local.time(), lang)}"


def as_of(now: datetime, zone: tzinfo, lang: Lang = "en") -> str:
    """The day a sheet was printed, with its year."""
    today = now.astimezone(zone).date()
    return f"{on_paper(today, lang)}{' de' if lang == 'es' else ','} {today.year}"


def after_a_word(when: str, lang: Lang) -> str:
    """A day or moment as it stands after a preposition: in Spanish with its article."""
    return when if lang == "en" or when.startswith(tuple(NEAR["es"].values())) else f"el {when}"


def sentence(words: str) -> str:
    """With its first letter raised, for the start of a line."""
    return words[:1].upper() + words[1:]


def span(length: timedelta, lang: Lang = "en") -> str:
    """A length of time in at most two units: "2 min 20 s", "1 h 26", "22 h", "5 days"."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 10 and rest:
        return f"{minutes} min {rest} s"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 3 and minutes:
        return f"{hours} h {minutes:02}"
    if hours < 48:
        return f"{hours} h"
    days = hours // 24
    return f"{days} {'days' if lang == 'en' else 'días'}"


def elapsed(start: datetime, end: datetime) -> timedelta:
    """The real time between two moments: Python subtracts two times of one zone by the wall, clock change and all."""
    return end.astimezone(UTC) - start.astimezone(UTC)


def due(
    at: datetime,
    now: datetime,
    zone: tzinfo,
    lang: Lang = "en",
    *,
    start: datetime | None = None,
    verb: str | None = None,
) -> Chip:
    """The clock of something that waits: "due in 6 h" today, "by Friday 5:00 pm" later, "was due yesterday" after.

    `start` is when it began to run, for the dial; `verb` stands instead of "due" ("answer in 3 h").
    """
    left = elapsed(now, at)
    share = _share(start, now, at) if start else None
    dated = moment_on_paper(at, zone, lang)
    if left < timedelta():
        was = "was due" if lang == "en" else "era para el"
        return Chip(_was_due(at, now, zone, lang), "past", 0, f"{was} {dated}")
    paper = _by(dated, lang)
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today or left < timedelta(hours=24):
        length = span(_as_said(left), lang)
        words = f"{verb or 'due'} in {length}" if lang == "en" else f"{verb or 'quedan'} {length}"
        return Chip(words, "soon" if local.date() == today else "", share, paper)
    return Chip(_by(moment(at, now, zone, lang), lang), "", share, paper)


def _as_said(left: timedelta) -> timedelta:
    """No seconds; and from three hours on, ten minutes short of an hour is that hour."""
    if left >= timedelta(hours=2, minutes=50):
        return timedelta(hours=(left + timedelta(minutes=10)) // timedelta(hours=1))
    return max(timedelta(minutes=left // timedelta(minutes=1)), timedelta(minutes=1))


def _by(when: str, lang: Lang) -> str:
    return f"by {when}" if lang == "en" else f"para {after_a_word(when, lang)}"


def _was_due(at: datetime, now: datetime, zone: tzinfo, lang: Lang) -> str:
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        when = hour(local.time(), lang)
        return f"was due at {when}" if lang == "en" else f"era para {_the_hour(when)}"
    name = day(local.date(), today, lang)
    if lang == "en":
        return f"was due {name}"
    return f"era para {name}" if name == NEAR["es"][-1] else f"era para el {name}"


def _the_hour(when: str) -> str:
    """Spanish hours are *la una* and *las* all others."""
    if not when[0].isdigit():
        return f"el {when}" if when == "mediodía" else f"la {when}"
    return f"la {when}" if when.startswith("1:") else f"las {when}"


def _share(start: datetime, now: datetime, end: datetime) -> int:
    whole = elapsed(start, end).total_seconds()
    if whole <= 0:
        return 0
    return max(0, min(100, round(100 * elapsed(now, end).total_seconds() / whole)))


def count(number: int, lang: Lang = "en") -> str:
    """Up to twelve in letters, then in figures with their commas."""
    return NUMBERS[lang][number] if 0 <= number <= 12 else f"{number:,}"


def many(number: int, one: str, more: str) -> str:
    """ "1 event", "3 events"."""
    return f"{number:,} {one if number == 1 else more}"


def listed(names: Sequence[str], lang: Lang = "en") -> str:
    """ "Ray", "Ray and Dana", "Ray, Dana and Tony"."""
    *first, last = names or ("",)
    if not first:
        return last
    if lang == "en":
        return f"{', '.join(first)} and {last}"
    joint = "e" if last.lower().startswith(("i", "hi", "í")) and not last.lower().startswith("hie") else "y"
    return f"{', '.join(first)} {joint} {last}"
