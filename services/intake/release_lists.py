"""Release lists: whom a release desk thinks an agency could welcome. Each row is held to a few cells.

The first line names the columns, and no other is taken: a column with a charge, a number of the police or a sentence
would be criminal-justice information, which has no place here. What is wrong in a row is named, with what to do.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.intake.fields import LONGEST_NAME
from services.intake.sheets import NotASheet
from shared.contracts.kinds import ONE_LINE
from shared.runtime.letters import Unreadable, readable

NEEDED = ("reference", "name", "release_date")
COLUMNS = (*NEEDED, "language", "reach")
MOST_ROWS = 50_000  # of one list: a year of a large state's prisons
MOST_WRONG = 100  # rows that a report names
SHOWN = 80  # characters of a value that a report repeats
PAST, AHEAD = timedelta(days=30), timedelta(days=366)
LONGEST_REFERENCE, LONGEST_REACH = 100, 300
FORMULA = ("=", "+", "-", "@")
_PHONE = re.compile(r"\+[\d ().-]{6,40}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ONE_LINE = re.compile(ONE_LINE)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One cell to mend. `row` counts as a spreadsheet does: the columns' names are row 1."""

    row: int
    field: str
    value: str
    do: str

    def as_json(self) -> dict[str, Any]:
        return {"row": self.row, "field": self.field, "value": self.value, "do": self.do}


@dataclass(frozen=True, slots=True)
class Listed:
    """Whom a sender names. `reference` is the sender's own for them, and stays the same from list to list."""

    reference: str
    name: str
    release_on: date | None
    language: str = "en"
    reach: str = ""  # how word can reach them before that day

    def told(self) -> dict[str, Any]:
        """What the welcoming agency is told, to be sealed."""
        day = self.release_on.isoformat() if self.release_on else None
        return {"name": self.name, "release_on": day, "language": self.language, "reach": self.reach}


def columns_of(cells: Sequence[str] | None) -> tuple[str, ...]:
    """The columns of a list, by its first line. Raises NotASheet: it names what is missing or not taken."""
    names = tuple(cell.strip().lower().replace(" ", "_") for cell in cells or ())
    for name in names:
        if name not in COLUMNS:
            said = f"The column “{name[:SHOWN]}” is not taken" if name else "A column has no name"
            raise NotASheet(
                f"{said}: a list has {', '.join(COLUMNS)} and nothing of a case. Take it out, and send the list again."
            )
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise NotASheet(f"The column “{missing[0]}” is missing: the first line names {', '.join(NEEDED)}.")
    if len(set(names)) < len(names):
        raise NotASheet("A column stands there twice: leave one of the two, and send the list again.")
    return names


def read_row(row: int, columns: Sequence[str], cells: Sequence[str] | None, today: date) -> Listed | list[Wrong]:
    """Whom it names, or what to mend in it."""
    if cells is None or len(cells) != len(columns):
        what = "Its quotes do not close." if cells is None else f"It has {len(cells)} cells and not {len(columns)}."
        return [Wrong(row, "", "", f"{what} Write it anew, one cell a column.")]
    given = dict(zip(columns, cells, strict=True))
    wrong = [
        Wrong(row, name, value[:SHOWN], do) for name, value in given.items() if (do := _to_mend(name, value, today))
    ]
    if wrong:
        return wrong
    day = given.get("release_date")
    return Listed(
        given["reference"],
        given["name"],
        date.fromisoformat(day) if day else None,
        given.get("language") or "en",
        given.get("reach", ""),
    )


def _to_mend(name: str, value: str, today: date) -> str:
    """What to do about a cell; empty where it is fine."""
    if not value:
        return "This cell is empty. Fill it, or take the row out." if name in NEEDED else ""
    if value.startswith(FORMULA) and not (name == "reach" and _PHONE.fullmatch(value)):
        return f"It begins with “{value[0]}”, so a spreadsheet would run it. Take that sign away."
    if not _ONE_LINE.fullmatch(value):
        return "There is a hidden character or a new line in it. Type it again in one line."
    try:
        readable(value)
    except Unreadable as error:
        return str(error)
    return RULES[name](value, today)


def _no_longer_than(most: int) -> Callable[[str, date], str]:
    return lambda value, today: f"Make it shorter: {most} letters at most." if len(value) > most else ""


def _day(value: str, today: date) -> str:
    try:
        day = date.fromisoformat(value) if _DAY.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None:
        return f"Write the day as year, month and day: {today.isoformat()}."
    if day < today - PAST:
        return "That day is over since more than 30 days. Take the row out."
    return "That day is more than a year away. Send the row when it is nearer." if day > today + AHEAD else ""


def _language(value: str, today: date) -> str:
    return "" if _LANGUAGE.fullmatch(value) else "Write a language as its code: en or es."


RULES: Mapping[str, Callable[[str, date], str]] = {
    "reference": _no_longer_than(LONGEST_REFERENCE),
    "name": _no_longer_than(LONGEST_NAME),
    "release_date": _day,
    "language": _language,
    "reach": _no_longer_than(LONGEST_REACH),
}
