"""Rows of a release list: what is taken, and what is named with what to do about it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.invited import WORKFLOW, Invited, Patience, Stage, decide
from services.intake.naming import _read
from services.intake.release_lists import COLUMNS, Listed, Wrong, columns_of, read_row
from services.intake.sheets import LONGEST, NotASheet, Record, records
from shared.runtime.ids import uuid7
from shared.workflow import Hours, MoveNotOffered, Party

TODAY = date(2026, 11, 23)
HOME = "2026-12-05"
WRONG = {
    ("A-1", "", HOME, "en", ""): ("name", "This cell is empty."),
    ("=cmd|x", "Ray", HOME, "en", ""): ("reference", "It begins with “=”"),
    ("A-1", "+Ray", HOME, "en", ""): ("name", "It begins with “+”"),
    ("A-1", "-Ray", HOME, "en", ""): ("name", "It begins with “-”"),
    ("A-1", "@Ray", HOME, "en", ""): ("name", "It begins with “@”"),
    ("A-1", "Ray", HOME, "en", "+cmd"): ("reach", "It begins with “+”"),
    ("A-1", "Ray\x07", HOME, "en", ""): ("name", "a hidden character"),
    ("A-1", "R" * 121, HOME, "en", ""): ("name", "120 letters at most"),
    ("A" * 101, "Ray", HOME, "en", ""): ("reference", "100 letters at most"),
    ("A-1", "Ray", "12/05/2026", "en", ""): ("release_date", "Write the day as year, month and day"),
    ("A-1", "Ray", "2026-02-30", "en", ""): ("release_date", "Write the day as year, month and day"),
    ("A-1", "Ray", "2026-10-23", "en", ""): ("release_date", "over since more than 30 days"),
    ("A-1", "Ray", "2027-11-25", "en", ""): ("release_date", "more than a year away"),
    ("A-1", "Ray", HOME, "Deutsch", ""): ("language", "Write a language as its code"),
    ("A-1", "Ray", HOME): ("", "It has 3 cells and not 5."),
}
REFUSED = {
    b"reference,name\nA-1,Ray": "The column “release_date” is missing",
    b"reference,name,release_date,Charge\nA-1,Ray,2026-12-01,x": "The column “charge” is not taken",
    b"reference,name,release_date,SID Number\n": "The column “sid_number” is not taken",
    b"reference,name,release_date,\n": "A column has no name",
    b"reference,name,release_date,name\n": "A column stands there twice",
    b"PK\x03\x04" + b"x" * 99: "save it as “CSV UTF-8”",
    "reference".encode("utf-16"): "save it as “CSV UTF-8”",
    b"reference,name,release_date\n": "This list names nobody",
    b"": "This list names nobody",
    b'reference,name,release_date\nA-1,"Ray,2026-12-01\n': "A quote is opened on line 2",
    b"x" * 100_000: "never ends",
    b"reference\0": "save it as “CSV UTF-8”",
}


async def in_pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


def read(body: bytes, size: int = 7) -> list[Listed | list[Wrong]]:
    async def all_of_it() -> list[Listed | list[Wrong]]:
        return [row async for _, row in _read(in_pieces(body, size), TODAY)]

    return asyncio.run(all_of_it())


@pytest.mark.parametrize("cells", WRONG)
def test_a_wrong_cell_is_named_with_its_value_and_what_to_do(cells):
    found = read_row(7, COLUMNS, cells, TODAY)
    assert isinstance(found, list)
    [wrong] = found
    field, do = WRONG[cells]
    assert (wrong.row, wrong.field) == (7, field)
    assert do in wrong.do
    assert not field or wrong.value == cells[COLUMNS.index(field)][:80]


@pytest.mark.parametrize("body", REFUSED)
@pytest.mark.parametrize("size", [1, 64, 1_000_000])
def test_what_is_no_such_list_is_refused_in_one_sentence(body, size):
    with pytest.raises(NotASheet) as refused:
        read(body, size)
    assert REFUSED[body] in str(refused.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_spreadsheets_write_is_read(encoding, delimiter, end):
    lines = [delimiter.join(row) for row in (["Reference", "name", "Release date"], ["A-1", "José Núñez", HOME])]
    [row] = read(end.join([*lines, "", ""]).encode(encoding))
    assert row == Listed("A-1", "José Núñez", date(2026, 12, 5))


def test_a_number_to_reach_somebody_by_is_no_formula():
    row = read_row(2, COLUMNS, ("A-1", "Ray", HOME, "es", "+1 (555) 010-7788"), TODAY)
    assert isinstance(row, Listed) and row.reach == "+1 (555) 010-7788"


def test_a_list_of_more_rows_than_one_may_have_is_refused_at_the_first_too_many(monkeypatch):
    monkeypatch.setattr("services.intake.naming.MOST_ROWS", 3)
    body = "reference,name,release_date\n" + "".join(f"A-{n},Ray,{HOME}\n" for n in range(4))
    assert len(read(body[: body.rindex("A-3")].encode())) == 3
    with pytest.raises(NotASheet, match="at most 3 rows"):
        read(body.encode())


def test_a_row_is_named_by_the_line_on_which_whoever_opens_the_list_finds_it():
    [first, second] = read(f"reference,name,release_date\n\nA-1,,{HOME}\n\n\nA-2,Ray,soon\n".encode())
    assert [wrong.row for rows in (first, second) if isinstance(rows, list) for wrong in rows] == [3, 6]


CELL = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=30)


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8), st.integers(1, 50))
def test_rows_come_out_as_they_were_written_however_they_were_cut(rows, size):
    """Beside the library's own writer: quotes, commas and new lines within cells."""
    import csv
    import io

    sheet = io.StringIO(newline="")
    csv.writer(sheet, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)

    async def all_of_it() -> list[Record]:
        return [record async for record in records(in_pieces(sheet.getvalue().encode(), size))]

    assert [one.cells for one in asyncio.run(all_of_it())] == [tuple(cell.strip() for cell in row) for row in rows]


@given(st.binary(max_size=300), st.integers(1, 40))
def test_no_bytes_break_the_reader(body, size):
    async def all_of_it() -> None:
        async for record in records(in_pieces(body, size)):
            assert record.cells is None or sum(map(len, record.cells)) <= LONGEST

    try:
        asyncio.run(all_of_it())
    except NotASheet as refused:
        assert str(refused).endswith(".")


def test_columns_may_stand_in_any_order_and_be_written_as_people_write_them():
    assert columns_of((" Release Date", "NAME", "reference")) == ("release_date", "name", "reference")


# What becomes of an invitation

SOMEBODY = Invited(uuid7(), uuid7(), uuid7())


def test_silence_ends_an_invitation_after_thirty_days_and_a_no_after_a_year():
    for verb, stage, days in (("name_again", Stage.WAITING, 30), ("say_no", Stage.NO, 365)):
        party = Party.AGENCY if verb == "name_again" else Party.PERSON
        after, events, [clock] = decide(SOMEBODY, verb, party, Patience())
        assert (after.stage, events, clock.patience) == (stage, (), Hours.days(days))
        gone, _, [stopped] = decide(after, "lapse", Party.CLOCK, Patience())
        assert (gone.stage, stopped.patience) == (Stage.GONE, None)


@pytest.mark.parametrize("verb", ["say_yes", "say_no"])
def test_whoever_sent_a_name_answers_for_nobody(verb):
    with pytest.raises(MoveNotOffered):
        decide(SOMEBODY, verb, Party.AGENCY, Patience())


def test_who_is_here_is_touched_by_no_list_and_no_clock():
    here, _, [clock] = decide(SOMEBODY, "say_yes", Party.PERSON, Patience())
    assert clock.patience is None
    assert WORKFLOW.moves[here.stage] == {}
