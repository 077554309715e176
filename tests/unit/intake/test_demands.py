"""What a legal demand needs, what counsel may decide, and what stays shut whatever they decide."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.intake.demands import Answer, Demand, Paper, check_due, clock_of, decide, order
from services.intake.pages.demands import SCOPE
from services.intake.says_demanded import DEMANDED, PAPERS
from services.intake.words import CATEGORIES
from shared.runtime.errors import Conflict, Invalid
from shared.security import demo
from shared.workflow import Until

TODAY = date(2026, 11, 23)
DEMAND = Demand(UUID(int=1), demo.RAY, demo.WELCOME_ALDER, UUID(int=2), Paper.SUBPOENA, date(2026, 12, 7))
ORDERED = replace(DEMAND, ordered_on=date(2026, 11, 20))


@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize("answer", [Answer.NARROW, Answer.COMPLY])
def test_care_for_drugs_or_alcohol_stays_shut_whatever_came_until_the_order_that_part_2_asks_for(paper, answer):
    demand = replace(DEMAND, paper=paper)
    with pytest.raises(Invalid, match="subpart E"):
        decide(demand, answer, ("plan", "substance_use"))
    assert decide(replace(demand, ordered_on=TODAY), answer, ("substance_use", "plan")) == ("plan", "substance_use")


def test_such_an_order_counts_only_with_a_subpoena_and_not_before_its_day():
    with pytest.raises(Invalid, match="compels nobody"):
        order(DEMAND, TODAY, TODAY, compels=False)
    with pytest.raises(Invalid, match="day on the order"):
        order(DEMAND, date(2026, 11, 24), TODAY, compels=True)
    order(DEMAND, TODAY, TODAY, compels=True)


def test_who_objects_gives_nothing_and_who_gives_says_what():
    assert decide(DEMAND, Answer.OBJECT, ()) == ()
    with pytest.raises(Invalid, match="gives nothing"):
        decide(DEMAND, Answer.OBJECT, ("plan",))
    for answer in (Answer.NARROW, Answer.COMPLY):
        with pytest.raises(Invalid, match="Tick what"):
            decide(DEMAND, answer, ())


def test_an_objection_may_be_overruled_and_what_was_given_can_not_be_taken_back():
    assert decide(replace(DEMAND, answer=Answer.OBJECT), Answer.NARROW, ("plan",)) == ("plan",)
    for given in (Answer.NARROW, Answer.COMPLY):
        with pytest.raises(Conflict):
            decide(replace(DEMAND, answer=given), Answer.OBJECT, ())


def test_they_may_be_told_at_once_unless_an_order_forbids_it_and_then_from_its_day():
    assert DEMAND.may_be_told(TODAY)
    quiet = replace(DEMAND, told_from=date(2026, 12, 1))
    assert not quiet.may_be_told(date(2026, 11, 30)) and quiet.may_be_told(date(2026, 12, 1))
    clock = clock_of(quiet)
    assert clock.subject == quiet.id and clock.patience == Until(datetime(2026, 12, 1, tzinfo=UTC))


def test_a_day_that_is_over_is_no_day_to_answer_by():
    check_due(TODAY, TODAY)
    with pytest.raises(Invalid, match="call counsel now"):
        check_due(date(2026, 11, 22), TODAY)


def test_every_paper_every_answer_and_every_part_of_a_record_has_words():
    assert set(PAPERS) == set(Paper) and set(SCOPE) == set(CATEGORIES)
    for says in DEMANDED.values():
        assert set(Answer) <= set(says)
