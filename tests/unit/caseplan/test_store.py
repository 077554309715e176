"""What is written beside a state: the columns that lists are made from, and when words are emptied."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.caseplan import bodies, concerns, promises, setbacks
from services.caseplan.calendars import Calendar
from services.caseplan.concepts import CONCERN, PROMISE, REFERRAL, SETBACK
from services.caseplan.ledger import end_of, promise_of
from services.caseplan.referrals import Stage
from services.caseplan.written import bound_to
from shared.contracts.setback import ConcernStage
from shared.contracts.setback import Stage as SetbackStage
from tests.unit.caseplan.test_states import DUE
from tests.unit.caseplan.worlds import AGENCY, CONSENT, HOME, ID, PERSON, PROGRAM, WORKER, a_referral


def test_a_referrals_columns_name_who_holds_it_on_both_sides():
    columns = REFERRAL.columns(a_referral(Stage.ACCEPTED))
    assert (columns.worker, columns.home, columns.receiving) == (WORKER, HOME, AGENCY)
    assert (columns.program, columns.consent, columns.stage, columns.is_open) == (PROGRAM, CONSENT, "accepted", True)


def test_a_concerns_columns_tie_nobody_at_the_agency_that_raised_it():
    columns = CONCERN.columns(concerns.Concern(ID, PERSON, WORKER, AGENCY))
    assert (columns.worker, columns.home, columns.receiving) == (WORKER, None, None)


def test_a_promise_is_its_givers_agencys():
    columns = PROMISE.columns(promises.Promise(ID, PERSON, WORKER, AGENCY, DUE))
    assert (columns.worker, columns.home, columns.receiving) == (WORKER, AGENCY, None)


@pytest.mark.parametrize("stage", ConcernStage)
def test_a_worry_is_emptied_once_it_is_at_rest(stage: ConcernStage):
    concern = concerns.Concern(ID, PERSON, WORKER, AGENCY, stage)
    assert CONCERN.forgets(concern) == (stage in (ConcernStage.SET_ASIDE, ConcernStage.OWNED))


@pytest.mark.parametrize("stage", SetbackStage)
def test_what_got_hard_is_emptied_only_when_it_is_taken_back(stage: SetbackStage):
    setback = setbacks.Setback(ID, PERSON, WORKER, stage=stage)
    assert SETBACK.forgets(setback) == (stage is SetbackStage.WITHDRAWN)


def test_words_are_bound_to_what_they_belong_to():
    other = UUID(int=99)
    assert bound_to("setback", ID, "words") != bound_to("setback", other, "words")
    assert (
        bound_to("plan", ID, "suggested/step/x")
        == bound_to("plan", ID, "step/x")
        == bound_to("promise", other, "step/x")
    )
    assert bound_to("plan", ID, "step/x") != bound_to("plan", ID, "step/y")


def test_a_step_is_one_promise_in_every_version_and_another_one_in_another_plan():
    assert promise_of(ID, PERSON) == promise_of(ID, PERSON) != promise_of(PERSON, ID)


def test_a_promise_by_a_day_holds_until_the_doors_close_or_the_day_ends():
    calendar = Calendar("America/New_York")
    friday, saturday = DUE.date().replace(day=27), DUE.date().replace(day=28)
    assert end_of(friday, calendar, DUE).isoformat() == "2026-11-27T22:00:00+00:00"
    assert end_of(saturday, calendar, DUE).isoformat() == "2026-11-28T23:59:00-05:00"
    evening = replace(calendar).opening(friday).closes  # the doors have just closed
    assert end_of(friday, calendar, evening).isoformat() == "2026-11-27T23:59:00-05:00"


def test_a_body_asks_for_nothing_that_the_server_knows_itself():
    assert "today" not in bodies.body_of("plan", "suggest").model_fields
    assert not bodies.body_of("referral", "choose_next").model_fields["next_referral"].is_required()
