"""By when an answer is promised, and that silence never ends a promise."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.arrivals import KIND, MOVES, Arrival, Patience, Stage, begin, decide, promised
from services.intake.directory import Calendar, Opening
from shared.contracts import person as events
from shared.runtime.ids import uuid7
from shared.workflow import CLOCK, By, Hours, MoveNotOffered, Party, Until

OPEN = tuple(Opening(weekday=day, opens=time(9), closes=time(17)) for day in range(1, 6))
NEW_YORK = Calendar(timezone="America/New_York", openings=OPEN)
FRIDAY_NIGHT = datetime(2026, 11, 20, 23, tzinfo=UTC)
ARRIVAL = Arrival(uuid7(), uuid7(), FRIDAY_NIGHT)


def test_the_promise_counts_from_when_somebody_there_next_works():
    assert promised(NEW_YORK, FRIDAY_NIGHT, Patience()) == datetime(2026, 11, 23, 18, tzinfo=UTC), "Monday at 1 pm"
    monday = datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert promised(NEW_YORK, monday, Patience()) == monday + timedelta(hours=4)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))
def test_it_is_never_over_before_it_was_made(now):
    assert promised(NEW_YORK, now, Patience()) >= now + timedelta(hours=4)


def test_silence_rings_again_and_again_and_somebody_named_ends_it():
    begun = begin(ARRIVAL)
    assert begun.events == (events.Acknowledged(person=ARRIVAL.person, answer_by=FRIDAY_NIGHT),)
    assert [(clock.kind, clock.patience) for clock in begun.timers] == [(KIND, Until(FRIDAY_NIGHT))]
    late, told, [clock] = decide(ARRIVAL, "lapse", CLOCK, Patience())
    assert told == (events.AnswerLate(person=ARRIVAL.person, agency=ARRIVAL.agency, answer_by=FRIDAY_NIGHT),)
    for _ in range(3):
        late, told, [clock] = decide(late, "lapse", CLOCK, Patience())
        assert (late.stage, told, clock.patience) == (Stage.LATE, (), Hours(24))
    answered, told, [clock] = decide(late, "answer", By(Party.AGENCY), Patience())
    assert (answered.stage, told, clock.patience) == (Stage.ANSWERED, (), None)


@pytest.mark.parametrize("stage", Stage)
def test_no_score_and_no_paper_stands_before_an_answer(stage):
    assert not [guard for move in MOVES[stage].values() for guard in move.guards]
    with pytest.raises(MoveNotOffered):
        decide(ARRIVAL, "answer", CLOCK, Patience())
