"""Who was told what, in the words of the person it is about."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.security.cast import CEDAR_HOUSE, LANTERN_CLINIC
from shared.security.permissions import TABLE
from shared.web.disclosures import Disclosure, lines
from shared.web.disclosures_words import PAGE, WAYS, WHAT
from shared.web.reading import GRADE, grade

NOW = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
NAMES = {CEDAR_HOUSE: "Cedar House", LANTERN_CLINIC: "Lantern Clinic"}


def told(what: str, hours: float = 1, agency=CEDAR_HOUSE, way="shown") -> Disclosure:
    return Disclosure(NOW - timedelta(hours=hours), agency, what, way)


def test_what_an_agency_was_told_on_one_day_in_one_way_is_one_line_the_latest_first():
    found = [
        told("person.reach", 30), told("person.name", 1), told("person.reach", 2), told("person.name", 3),
        told("referral", 4, way="stream"), told("person.name", 5, LANTERN_CLINIC),
    ]  # fmt: skip
    assert [(line.day, line.to, line.what, line.way) for line in lines(found, NAMES, NOW, ZONE, "en")] == [
        ("November 25", "Cedar House", "your name and how to reach you", "They looked it up here."),
        (
            "November 25",
            "Cedar House",
            "that somebody asks them for help, with no name",
            "It went to their own system.",
        ),
        ("November 25", "Lantern Clinic", "your name", "They looked it up here."),
        ("November 24", "Cedar House", "how to reach you", "They looked it up here."),
    ]
    assert lines(found[:1], NAMES, NOW, ZONE, "es")[0].day == "24 de noviembre"


def test_every_deed_has_an_action_and_every_word_is_plain_in_both_languages():
    assert {what for what in WHAT if "." in what} <= set(TABLE)
    assert PAGE["en"].keys() == PAGE["es"].keys()
    for table in (WHAT, WAYS):
        assert all(words.en and words.es for words in table.values())
        assert grade("\n".join(words.en for words in table.values())) <= GRADE
    assert grade("\n".join(PAGE["en"].values())) <= GRADE
