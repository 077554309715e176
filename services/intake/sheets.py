"""A sheet as somebody sends it: CSV that streams in, line by line, a few kilobytes in memory however long it is.

Spreadsheets write UTF-8 or what Windows has for Latin-1, with commas, semicolons or tabs: each line is read as what it
is. What is no such sheet is refused in one sentence.
"""

import csv
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

from shared.runtime.errors import Refused

LONGEST = 8_000  # characters of one row
DELIMITERS = ",;\t"
BOM = b"\xef\xbb\xbf"
OTHERS = (b"PK\x03\x04", b"\xff\xfe", b"\xfe\xff", b"%PDF", b"\xd0\xcf\x11\xe0")  # Excel, UTF-16, PDF, old Excel


class NotASheet(Refused):
    """All of it is refused, and nothing of it was kept."""

    status = 422
    title = "This list can’t be taken"


@dataclass(frozen=True, slots=True)
class Record:
    """One row: the line at which it begins, counted as editors count, and its cells. None: it can't be read."""

    line: int
    cells: tuple[str, ...] | None


async def records(chunks: AsyncIterable[bytes]) -> AsyncIterator[Record]:
    """Every row, the first one too. Empty lines are none. Raises NotASheet."""
    delimiter, begun, text = "", 0, ""
    number = 0
    async for line in _lines(chunks):
        number += 1
        text, begun = (f"{text}\n{line}", begun) if text else (line, number)
        if len(text) > LONGEST:
            raise NotASheet(f"Line {begun} is too long: end each row with a new line, and each quote that you open.")
        if text.count('"') % 2:
            continue  # a quoted cell goes on in the next line
        if text.strip():
            delimiter = delimiter or max(DELIMITERS, key=text.count)
            yield Record(begun, _cells(text, delimiter))
        text = ""
    if text:
        raise NotASheet(f"A quote is opened on line {begun} and never closed: close it, and send the list again.")


def _cells(text: str, delimiter: str) -> tuple[str, ...] | None:
    try:
        [row] = csv.reader([text], delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        return None
    return tuple(cell.strip() for cell in row)


async def _lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[str]:
    rest, first = b"", True
    async for chunk in chunks:
        rest += chunk
        if first and len(rest) >= len(BOM) + 1:
            rest, first = _begun(rest), False
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield _decoded(line)
        if len(rest) > LONGEST * 4:
            raise NotASheet("A line of this list never ends: save it as CSV, one row a line.")
    if rest:
        yield _decoded(_begun(rest) if first else rest)


def _begun(text: bytes) -> bytes:
    if text.startswith(OTHERS):
        raise NotASheet("This is no CSV: open it in your spreadsheet, save it as “CSV UTF-8”, and send that.")
    return text.removeprefix(BOM)


def _decoded(line: bytes) -> str:
    """A line that is valid UTF-8 is hardly ever anything else; any other is what Windows calls Latin-1."""
    if b"\0" in line:
        raise NotASheet("This is no CSV: open it in your spreadsheet, save it as “CSV UTF-8”, and send that.")
    line = line.removesuffix(b"\r")
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")
