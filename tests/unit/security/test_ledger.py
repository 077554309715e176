"""The erasure ledger: on disk before it is believed, whole lines alone, no names."""

import asyncio
import json
import os
import stat
from datetime import date, timedelta
from uuid import uuid4

import pytest

from shared.runtime.errors import Permanent, Retryable
from shared.security.keystore.store import last_words
from shared.security.ledger import Ledger, LedgerAway, LedgerDamaged


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    return Ledger(tmp_path / "erasures")


def only(ledger: Ledger):
    [path] = ledger.folder.iterdir()
    return path


async def test_an_erasure_is_one_line_of_who_when_and_why(ledger):
    person = uuid4()
    await ledger.append(person, "asked")
    [line] = only(ledger).read_text().splitlines()
    assert json.loads(line).keys() == {"person", "at", "why"}
    [entry] = ledger.read()
    assert (entry.person, entry.why) == (person, "asked")
    assert entry.at.tzinfo is not None


async def test_what_a_law_keeps_has_its_day_in_the_line(ledger):
    person, until = uuid4(), date(2032, 11, 30)
    await ledger.append(person, "asked", until)
    [entry] = ledger.read()
    assert (entry.person, entry.until) == (person, until)


async def test_the_last_word_on_somebody_is_the_latest_day_or_that_they_are_gone_for_good(ledger):
    ray, jo, tasha, day = uuid4(), uuid4(), uuid4(), date(2032, 11, 30)
    for person, until in (
        (ray, day), (ray, day + timedelta(days=9)), (ray, day), (jo, day), (jo, None), (tasha, None), (tasha, day),
    ):  # fmt: skip
        await ledger.append(person, "asked", until)
    assert last_words(ledger.read()) == {ray: day + timedelta(days=9), jo: None, tasha: None}


def test_where_nobody_was_erased_there_is_nothing_to_read(ledger):
    assert ledger.read() == []


async def test_nobody_else_may_read_it(ledger):
    await ledger.append(uuid4(), "asked")
    assert stat.S_IMODE(ledger.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(only(ledger).stat().st_mode) == 0o600


@pytest.mark.parametrize("why", ["She said so", "", "UPPER", "a" * 41, "ray\nramirez"])
async def test_a_reason_is_a_code_and_no_sentence(ledger, why):
    with pytest.raises(ValueError, match="code"):
        await ledger.append(uuid4(), why)
    assert ledger.read() == []


async def test_each_line_is_on_disk_before_it_counts(ledger, monkeypatch):
    synced, real = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(stat.S_ISDIR(os.fstat(fd).st_mode)), real(fd)))
    await ledger.append(uuid4(), "asked")
    assert synced == [False, True]  # the file, and the folder that names it
    await ledger.append(uuid4(), "asked")
    assert synced == [False, True, False]


async def test_many_at_once_each_have_their_line(ledger):
    people = [uuid4() for _ in range(60)]
    others = Ledger(ledger.folder)
    await asyncio.gather(*((ledger, others)[n % 2].append(person, "asked") for n, person in enumerate(people)))
    assert {entry.person for entry in ledger.read()} == set(people)
    assert len(ledger.read()) == len(people)


async def test_a_line_that_a_crash_cut_short_is_nobodys_and_harms_no_later_one(ledger):
    first, second = uuid4(), uuid4()
    await ledger.append(first, "asked")
    with only(ledger).open("ab") as file:
        file.write(b'{"person": "0190')
    assert [entry.person for entry in ledger.read()] == [first]
    await ledger.append(second, "asked")
    assert [entry.person for entry in ledger.read()] == [first, second]


@pytest.mark.parametrize("line", [b"noise\n", b"{}\n", b'{"person": 1, "at": "x", "why": "y"}\n', b"\n"])
async def test_a_whole_line_that_nobody_can_read_stops_everything(ledger, line):
    """It may name somebody who was forgotten: starting without it could bring them back."""
    await ledger.append(uuid4(), "asked")
    with only(ledger).open("ab") as file:
        file.write(line)
    with pytest.raises(LedgerDamaged, match="line 2") as damaged:
        ledger.read()
    assert isinstance(damaged.value, Permanent)


async def test_a_folder_that_cannot_be_written_is_told_and_may_be_tried_again(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerAway) as away:
        await Ledger(tmp_path / "file").append(uuid4(), "asked")
    assert isinstance(away.value, Retryable)
