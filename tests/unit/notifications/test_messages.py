"""Whether a message goes, waits or stays; and that its words could lie open on any table."""

import re
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.messages import (
    LINK,
    OCCASIONS,
    Hold,
    Reader,
    Send,
    Standing,
    Withhold,
    decide,
    number_of,
    quiet_until,
)
from services.notifications.texts import LANGUAGES, TEXTS, language_of, text_of
from shared.contracts import person as people

QUIET = (time(20), time(9))
ZONE = ZoneInfo("America/New_York")
NOON = datetime(2026, 11, 24, 12, tzinfo=ZONE)
READER = Reader(("sms",), has_contact=True)
SOON = timedelta(seconds=1)


def test_at_noon_a_person_with_a_safe_number_is_written_to():
    assert decide(READER, Standing.LIVE, NOON, QUIET, SOON) == Send("sms")


@pytest.mark.parametrize(("hour", "day"), [(20, 25), (23, 25), (0, 24), (8, 24)])
def test_at_night_it_waits_for_nine_and_says_so(hour, day):
    held = decide(READER, Standing.LIVE, NOON.replace(hour=hour, minute=59), QUIET, SOON)
    assert held == Hold("sms", datetime(2026, 11, day, 9, tzinfo=ZONE), "quiet hours until 9:00")


@pytest.mark.parametrize("hour", [9, 12, 19])
def test_by_day_it_does_not_wait(hour):
    assert isinstance(decide(READER, Standing.LIVE, NOON.replace(hour=hour), QUIET, SOON), Send)


@pytest.mark.parametrize(
    ("reader", "standing", "age", "reason"),
    [
        (None, Standing.LIVE, SOON, "no_safe_way"),
        (Reader((), has_contact=True), Standing.LIVE, SOON, "no_safe_way"),
        (Reader(("voice", "post"), has_contact=True), Standing.LIVE, SOON, "no_safe_way"),
        (Reader(("sms",), has_contact=False), Standing.LIVE, SOON, "no_safe_way"),
        (Reader(("sms",), has_contact=True, erased=True), Standing.LIVE, SOON, "no_safe_way"),
        (READER, Standing.ENDED, SOON, "no_consent"),
        (READER, Standing.UNHEARD, timedelta(minutes=2), "no_consent"),
        (READER, Standing.LIVE, timedelta(hours=25), "too_late"),
    ],
)
def test_what_stands_in_the_way_is_said(reader, standing, age, reason):
    assert decide(reader, standing, NOON, QUIET, age) == Withhold(reason)


def test_a_consent_that_is_on_its_way_is_waited_for_a_minute():
    assert isinstance(decide(READER, Standing.UNHEARD, NOON, QUIET, SOON), Hold)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.sampled_from(["America/New_York", "America/Chicago"])
)
def test_quiet_hours_end_the_next_time_it_is_nine_whatever_the_clocks_do(naive, zone):
    local = naive.replace(tzinfo=ZoneInfo(zone))
    until = quiet_until(local, QUIET)
    if until is None:
        assert 9 <= local.hour < 20
    else:
        assert (until.hour, until.minute) == (9, 0)
        assert timedelta() <= until.replace(tzinfo=None) - naive <= timedelta(hours=13)


def test_every_occasion_has_its_text_in_every_language():
    assert set(TEXTS) == {*OCCASIONS.values(), LINK}
    assert all(set(by_language) == set(LANGUAGES) for by_language in TEXTS.values())
    assert language_of("es-MX") == "es" and language_of("pt") == language_of(None) == "en"
    assert text_of("referral_accepted", "es") != text_of("referral_accepted", "en")


TELLING = re.compile(
    r"parole|probation|court|prison|jail|release|treatment|clinic|health|hous|shelter|room|work|legal|referral|program|"
    r"agency|case|consent|libertad|corte|cárcel|prisión|clínica|salud|vivienda|programa|agencia|http|www",
    re.IGNORECASE,
)
ALL = [(occasion, lang, text) for occasion, by_lang in TEXTS.items() for lang, text in by_lang.items()]


@pytest.mark.parametrize(("occasion", "lang", "text"), ALL)
def test_whoever_holds_the_phone_learns_nothing(occasion, lang, text):
    assert not TELLING.search(text)
    assert len(text) <= 160  # one message, not two that may come apart


@pytest.mark.parametrize(("occasion", "lang", "text"), [row for row in ALL if row[1] == "en"])
def test_it_reads_at_grade_six(occasion, lang, text):
    assert grade(text) <= 6


@pytest.mark.parametrize(("occasion", "lang", "text"), [row for row in ALL if row[1] == "es"])
def test_spanish_sentences_are_short(occasion, lang, text):
    assert all(len(sentence.split()) <= 14 for sentence in re.split(r"[.?!:]", text))


def grade(text: str) -> float:
    """Flesch-Kincaid; syllables counted as groups of vowels."""
    sentences = len([s for s in re.split(r"[.?!]", text) if s.strip()])
    words = re.findall(r"[a-z']+", text.lower())
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", word.removesuffix("e")))) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


OWN = (time(14), time(16))


@pytest.mark.parametrize(("hour", "until"), [(13, None), (14, 16), (15, 16), (16, None), (21, 9), (8, 9)])
def test_the_hours_that_somebody_keeps_for_themselves_hold_beside_the_networks(hour, until):
    at = datetime(2026, 11, 23, hour, 30, tzinfo=ZONE)
    decision = decide(Reader(("sms",), True, quiet=OWN), Standing.LIVE, at, QUIET, timedelta())
    if until is None:
        assert decision == Send("sms")
    else:
        assert isinstance(decision, Hold) and decision.until.hour == until


@pytest.mark.parametrize("own", [(time(8), time(12)), (time(19), time(23))])
def test_where_two_quiet_times_meet_the_later_end_counts(own):
    """At its end it is decided once more: other quiet hours may hold by then."""
    at = datetime(2026, 11, 23, 8, 30, tzinfo=ZONE) if own[0].hour == 8 else datetime(2026, 11, 23, 20, 30, tzinfo=ZONE)
    decision = decide(Reader(("sms",), True, quiet=own), Standing.LIVE, at, QUIET, timedelta())
    assert isinstance(decision, Hold)
    assert decision.until >= quiet_until(at, QUIET)


def test_the_number_that_is_written_to_is_that_of_the_best_safe_text():
    ways = (
        people.SafeWay(channel="mail", sealed_contact="bWFpbA=="),
        people.SafeWay(channel="sms", sealed_contact="c21z", quiet_from=time(14), quiet_until=time(16)),
        people.SafeWay(channel="sms", sealed_contact="bGFzdA=="),
    )
    told = people.ContactChanged(person=UUID(int=1), language="en", channels=("mail", "sms"), ways=ways)
    assert number_of(told) == ("c21z", OWN)


def test_a_word_from_before_there_were_several_ways_is_still_understood():
    old = people.ContactChanged(person=UUID(int=1), language="en", channels=("sms",), sealed_contact="b2xk")
    assert number_of(old) == ("b2xk", (None, None))
    assert number_of(people.ContactChanged(person=UUID(int=1), language="en", channels=(), ways=())) == (
        None,
        (None, None),
    )
