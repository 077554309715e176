"""Times as people say them, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web import say
from shared.web.say import Chip

NEW_YORK = ZoneInfo("America/New_York")
TUESDAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 10, 4, tzinfo=NEW_YORK)
zones = st.sampled_from(
    [ZoneInfo(name) for name in ("America/New_York", "America/Phoenix", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu")]
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("which", "english", "spanish"),
    [
        (date(2026, 11, 24), "today", "hoy"),
        (date(2026, 11, 25), "tomorrow", "mañana"),
        (date(2026, 11, 23), "yesterday", "ayer"),
        (date(2026, 11, 27), "Friday", "viernes"),
        (date(2026, 11, 30), "Monday", "lunes"),
        (date(2026, 12, 1), "December 1", "1 de diciembre"),
        (date(2027, 2, 20), "February 20", "20 de febrero"),
        (date(2027, 11, 20), "November 20, 2027", "20 de noviembre de 2027"),
    ],
)
def test_a_day_has_a_name_while_it_is_near_and_a_date_when_it_is_far(which, english, spanish):
    assert (say.day(which, TUESDAY), say.day(which, TUESDAY, "es")) == (english, spanish)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (time(10, 30), "10:30 am"),
        (time(7, 0), "7:00 am"),
        (time(12, 0), "noon"),
        (time(12, 15), "12:15 pm"),
        (time(15, 0), "3:00 pm"),
        (time(19, 15), "7:15 pm"),
        (time(0, 0), "midnight"),
        (time(0, 5), "12:05 am"),
    ],
)
def test_every_hour_says_am_or_pm(when, said):
    assert say.hour(when) == said


@pytest.mark.parametrize(
    ("when", "english", "spanish"),
    [
        (at(24, 10), "today 10:00 am", "hoy 10:00 am"),
        (at(25, 10), "tomorrow 10:00 am", "mañana 10:00 am"),
        (at(27, 10), "Friday 10:00 am", "el viernes 10:00 am"),
    ],
)
def test_after_a_word_spanish_days_have_their_article(when, english, spanish):
    for lang, said in (("en", english), ("es", spanish)):
        assert say.after_a_word(say.moment(when, NOW, NEW_YORK, lang), lang) == said


def test_no_two_hours_of_the_day_sound_alike():
    said = [say.hour(time(hour, minute)) for hour in range(24) for minute in range(60)]
    assert len(set(said)) == 24 * 60


@pytest.mark.parametrize(
    ("due", "english", "spanish", "state"),
    [
        (at(24, 16, 4), "due in 6 h", "quedan 6 h", "soon"),
        (at(24, 11, 30), "due in 1 h 26", "quedan 1 h 26", "soon"),
        (at(24, 16), "due in 6 h", "quedan 6 h", "soon"),
        (at(24, 15, 53), "due in 5 h", "quedan 5 h", "soon"),
        (at(24, 10, 6), "due in 2 min", "quedan 2 min", "soon"),
        (NOW + timedelta(seconds=130), "due in 2 min", "quedan 2 min", "soon"),
        (NOW, "due in 1 min", "quedan 1 min", "soon"),
        (at(25, 8, 30), "due in 22 h", "quedan 22 h", ""),
        (at(25, 12), "by tomorrow noon", "para mañana mediodía", ""),
        (at(27, 17), "by Friday 5:00 pm", "para el viernes 5:00 pm", ""),
        (at(5, 9, month=12), "by December 5, 9:00 am", "para el 5 de diciembre, 9:00 am", ""),
        (at(24, 9), "was due at 9:00 am", "era para las 9:00 am", "past"),
        (at(23, 15), "was due yesterday", "era para ayer", "past"),
        (at(21, 15), "was due Saturday", "era para el sábado", "past"),
        (at(3, 15), "was due November 3", "era para el 3 de noviembre", "past"),
    ],
)
def test_a_clock_says_what_is_due_in_words(due, english, spanish, state):
    chip = say.due(due, NOW, NEW_YORK)
    assert (chip.words, chip.state, chip.left) == (english, state, 0 if state == "past" else None)
    assert say.due(due, NOW, NEW_YORK, "es").words == spanish


def test_a_clock_may_have_a_verb_of_its_own_and_a_dial():
    chip = say.due(at(24, 13, 4), NOW, NEW_YORK, start=at(24, 5, 4), verb="answer")
    assert chip == Chip("answer in 3 h", "soon", 38, "by Tuesday, November 24, 1:04 pm")


@given(moments, moments, moments, zones)
def test_on_paper_a_clock_says_a_date_and_stays_right_whenever_it_is_read(now, later, due, zone):
    papers = {say.due(due, when, zone).paper.removeprefix("by ").removeprefix("was due ") for when in (now, later)}
    local = due.astimezone(zone)
    assert papers == {say.moment_on_paper(due, zone)}
    assert f"{say.MONTHS['en'][local.month - 1]} {local.day}, " in papers.pop()


def test_on_paper_spanish_says_the_day_and_the_date():
    assert say.due(at(27, 17), NOW, NEW_YORK, "es").paper == "para el viernes 27 de noviembre, 5:00 pm"
    assert say.due(at(23, 15), NOW, NEW_YORK, "es").paper == "era para el lunes 23 de noviembre, 3:00 pm"
    assert say.as_of(NOW, NEW_YORK, "es") == "martes 24 de noviembre de 2026"
    assert say.as_of(NOW, NEW_YORK) == "Tuesday, November 24, 2026"


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (at(24, 9, 15), "today 9:15 am"),
        (at(23, 19, 15), "yesterday 7:15 pm"),
        (at(20, 9, 41), "Friday 9:41 am"),
        (at(12, 9, 41), "November 12, 9:41 am"),
    ],
)
def test_a_moment_has_its_day_and_its_hour(when, said):
    assert say.moment(when, NOW, NEW_YORK) == said
    assert say.sentence(said)[0].isupper()


def test_the_night_of_the_clock_change_is_as_long_as_it_is():
    """From 9 in the evening to 9 in the morning: 13 hours in autumn, 11 in spring."""
    autumn = say.due(datetime(2026, 11, 1, 9, tzinfo=NEW_YORK), datetime(2026, 10, 31, 21, tzinfo=NEW_YORK), NEW_YORK)
    spring = say.due(datetime(2026, 3, 8, 9, tzinfo=NEW_YORK), datetime(2026, 3, 7, 21, tzinfo=NEW_YORK), NEW_YORK)
    assert (autumn.words, spring.words) == ("due in 13 h", "due in 11 h")


@given(moments, moments, moments, zones)
def test_a_clock_agrees_with_the_real_one_in_every_zone(start, now, due, zone):
    """However the times are written down, the same moments give the same chip."""
    chip = say.due(due, now, zone, start=start)
    assert chip == say.due(due.astimezone(zone), now.astimezone(zone), zone, start=start.astimezone(zone))
    assert (chip.state == "past") == (due < now)
    assert chip.left is not None and 0 <= chip.left <= 100
    assert (chip.state == "soon") == (due >= now and due.astimezone(zone).date() == now.astimezone(zone).date())


@given(moments, zones)
def test_as_time_passes_a_dial_only_goes_down(start, zone):
    due = start + timedelta(hours=16)
    shares = [say.due(due, start + timedelta(hours=hour), zone, start=start).left for hour in range(20)]
    assert shares == sorted(shares, reverse=True) and shares[0] == 100 and shares[-1] == 0


@given(st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_length_has_at_most_two_units_and_never_says_more_than_there_is(length):
    words = say.span(length).split()
    units = {"s": 1, "min": 60, "h": 3600, "day": 86400, "days": 86400}
    seconds = int(words[0]) * units[words[1]]
    if len(words) == 4:
        seconds += int(words[2])
    elif len(words) == 3:
        seconds += int(words[2]) * 60
    assert seconds <= length.total_seconds() <= seconds + 86400 and len(words) <= 4


def test_counts_and_lists_as_people_say_them():
    assert (say.count(12), say.count(13), say.count(1208), say.count(3, "es")) == ("twelve", "13", "1,208", "tres")
    assert (say.many(1, "event", "events"), say.many(3, "event", "events")) == ("1 event", "3 events")
    assert say.listed(["Ray", "Dana", "Tony"]) == "Ray, Dana and Tony"
    assert (say.listed(["Ray"]), say.listed([])) == ("Ray", "")
    assert say.listed(["Ana", "Inés"], "es") == "Ana e Inés" and say.listed(["Ana", "Hielo"], "es") == "Ana y Hielo"
    assert say.due(at(24, 13), at(24, 14), NEW_YORK, "es").words == "era para la 1:00 pm"
