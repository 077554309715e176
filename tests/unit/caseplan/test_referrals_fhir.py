"""A referral as a FHIR Task: held against the profile's own state machine and the domain's map."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.caseplan.referrals import MOVES, PAUSES, WORKFLOW, Stage, decide, fhir, offers
from shared.contracts.parties import Party
from shared.contracts.referral import DeclineReason, HoldReason, Outcome, WaitingFor
from shared.workflow import GuardNotMet
from tests.unit.caseplan.worlds import BY, PATIENCE, SECOND, a_referral, say

# domain.md, "FHIR map", with the states that have one status each.
MAP = {
    Stage.DRAFT: "draft",
    Stage.SENT: "requested",
    Stage.DELIVERED: "requested",
    Stage.SEEN: "requested",
    Stage.WAITLISTED: "requested",
    Stage.DECLINED: "rejected",
    Stage.EXPIRED: "rejected",
    Stage.CONTACTING: "accepted",
    Stage.IN_PROGRESS: "in-progress",
    Stage.AWAITING_PERSON: "on-hold",
    Stage.ON_HOLD: "on-hold",
    Stage.WITHDRAWN: "cancelled",
    Stage.ENTERED_IN_ERROR: "entered-in-error",
}
ENDED = {
    Outcome.GOT_HELP: "completed",
    Outcome.PARTLY: "completed",
    Outcome.UNREACHABLE: "failed",
    Outcome.NOT_ELIGIBLE: "failed",
    Outcome.NO_CAPACITY: "failed",
    Outcome.FAILED: "failed",
    Outcome.PERSON_DECLINED: "cancelled",
}
REASON_IS_DUE = {"rejected", "cancelled", "on-hold", "failed"}


def a_task(stage, **changes):
    said = {"hold_reason": HoldReason.FUNDING, "waiting_for": WaitingFor.FORM, "reason": DeclineReason.NO_FUNDS}
    return fhir.task(a_referral(stage, **said | changes))


@pytest.mark.parametrize("stage", MAP)
def test_a_stage_has_the_status_of_the_domains_map(stage):
    assert a_task(stage).status == MAP[stage]


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("stage", [Stage.REPORTED, Stage.CLOSED])
def test_an_outcome_has_the_status_of_the_domains_map(stage, outcome):
    assert a_task(stage, outcome=outcome).status == ENDED[outcome]


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_has_a_status_and_a_reason_where_one_is_due(stage):
    task = a_task(stage)
    assert task.status in fhir.ALLOWED
    assert task.reason is not None or task.status not in REASON_IS_DUE


def test_going_on_elsewhere_before_an_answer_cancels_and_after_a_no_stays_rejected():
    assert a_task(Stage.MOVED_ON, not_taken_as=None).status == "cancelled"
    assert a_task(Stage.MOVED_ON, not_taken_as=Stage.DECLINED).status == "rejected"
    assert a_task(Stage.MOVED_ON, not_taken_as=Stage.ABANDONED).status == "failed"


@pytest.mark.parametrize("stage", [Stage.OFFERED, Stage.MOVED_ON, Stage.NOT_TAKEN])
def test_the_agency_that_said_no_does_not_learn_where_the_person_went(stage):
    assert a_task(stage, not_taken_as=Stage.DECLINED) == a_task(Stage.DECLINED)


@pytest.mark.parametrize("pause", PAUSES)
@pytest.mark.parametrize("stage", [Stage.WAITLISTED, Stage.IN_PROGRESS])
def test_a_pause_does_not_show(pause, stage):
    assert a_task(pause, before=stage) == a_task(stage)


def test_why_it_was_taken_back_is_not_told():
    assert a_task(Stage.WITHDRAWN).reason == "withdrawn"


def test_the_business_status_tells_a_confirmed_end_from_a_silent_one():
    assert a_task(Stage.CLOSED, confirmed=True).business_status == "confirmed"
    assert a_task(Stage.CLOSED, confirmed=False).business_status == "closed"


@given(st.data())
def test_a_task_takes_only_the_steps_that_fhir_draws(data):
    """FHIR knows no way back from an end. Ours has three: a corrected report, a dispute, a reopening."""
    referral = a_referral(Stage.DRAFT, second=SECOND)
    for _ in range(data.draw(st.integers(1, 20))):
        rows = [(verb, party) for party in Party for verb in offers(referral, party)]
        if not rows:
            break
        verb, party = data.draw(st.sampled_from(rows))
        try:
            after = decide(referral, say(verb, referral), BY[party], PATIENCE).state
        except GuardNotMet:
            continue
        before, now = fhir.task(referral).status, fhir.task(after).status
        is_way_back = referral.stage in (Stage.REPORTED, Stage.CLOSED) and verb in ("report", "dispute", "reopen")
        never_was_a_task = referral.stage is Stage.DRAFT and verb in ("withdraw", "lapse")
        assert now in (before, "entered-in-error") or now in fhir.ALLOWED[before] or is_way_back or never_was_a_task, (
            f"{referral.stage} --{verb}--> {after.stage}: {before} -> {now}"
        )
        referral = after


def test_every_stage_is_walked_by_some_row():
    assert {move.to for _, _, move in WORKFLOW.rows()} | {Stage.DRAFT} >= set(MOVES)
