"""What the thread says of a silence: whose it was, and nothing of the person where it was ours."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.caseplan.pages.happened import bead
from services.caseplan.reading import Sheet
from tests.unit.caseplan.worlds import ID

NOW = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)


def lapsed(kind: str, stage: str) -> str:
    sheet = Sheet(None, NOW, ZoneInfo("America/New_York"), {}, {}, {})  # type: ignore[arg-type]
    row = {"kind": kind, "id": ID, "verb": "lapse", "stage": stage, "party": "clock", "way": "none", "who": None}
    return bead(sheet, {**row, "at": NOW}).text


@pytest.mark.parametrize(("kind", "stage"), [("referral", "closed"), ("referral", "not_taken"), ("plan", "set_aside")])
def test_where_the_person_had_their_time_silence_is_an_answer(kind: str, stage: str):
    assert lapsed(kind, stage) == "Their time to say passed. It is recorded as silence."


def test_a_setback_that_comes_to_rest_by_itself_says_nothing_of_the_person():
    assert lapsed("setback", "resting") == "It rests."


def test_a_worry_that_was_left_alone_says_so():
    assert lapsed("concern", "set_aside") == "Left alone; what it said is gone."


def test_our_own_silence_stays_ours():
    assert lapsed("setback", "overdue") == "The promised hours passed."
