"""What a decision gives back, and how it says no."""

from uuid import UUID

import pytest

from shared.contracts.parties import Party, Way
from shared.runtime.errors import Conflict, Invalid
from shared.workflow import By, Decision, GuardNotMet, Hours, MoveNotOffered, Timer

ID = UUID(int=1)


def test_what_follows_at_once_adds_its_events_and_its_clocks():
    first = Decision("a", (), (Timer("k", ID, Hours(1)),))
    assert first.then(Decision("b", (), (Timer.none("k", ID),))) == Decision(
        "b", (), (Timer("k", ID, Hours(1)), Timer.none("k", ID))
    )


def test_a_refusal_is_a_conflict_that_carries_what_is_offered():
    refused = MoveNotOffered("confirm", {"report": 1, "hold": 2})
    assert isinstance(refused, Conflict)
    assert refused.status == 409
    assert refused.offered == ("report", "hold")
    assert "report, hold" in str(refused)


def test_a_refusal_from_where_nothing_is_possible_says_so():
    assert "Nothing is" in str(MoveNotOffered("confirm", ()))


def test_a_rule_that_holds_a_move_back_says_what_would_meet_it():
    refused = GuardNotMet("three_attempts", "Try three times first.", ("attempt",))
    assert (refused.guard, str(refused), refused.offered) == ("three_attempts", "Try three times first.", ("attempt",))


@pytest.mark.parametrize("way", [Way.PHONE, Way.IN_PERSON])
def test_a_spoken_word_needs_the_worker_who_wrote_it_down(way):
    with pytest.raises(Invalid):
        By(Party.AGENCY, way=way)


@pytest.mark.parametrize("way", [Way.PAGE, Way.STREAM, Way.EMAIL, Way.SMS, Way.NONE])
def test_a_word_that_came_by_itself_is_nobody_elses_note(way):
    with pytest.raises(Invalid):
        By(Party.PERSON, way=way, recorded_by=ID)


@pytest.mark.parametrize("way", Way)
def test_only_a_signed_in_page_is_somebodys_own_word(way):
    by = By(Party.PERSON, way=way, recorded_by=ID if way.needs_a_recorder else None)
    assert by.is_own_word == (way is Way.PAGE)
    assert by.is_there == (way in (Way.PAGE, Way.IN_PERSON))
