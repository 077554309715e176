"""Whether a partner's answer counts, before anybody asks whether the move is on offer."""

from uuid import UUID

import pytest

from services.notifications.answers.judging import DECLARED, OVER, REFUSALS, VERBS, Known, refusal
from services.notifications.views import WITH_AGENCY
from shared.contracts.documents.schemas import schema_of
from shared.contracts.partner_view import REFUSED, Answer, Receipt
from shared.contracts.referral import DeclineReason, Document, EligibilityRule, Outcome, Stage

ID = UUID(int=1)
OPEN = Known("referral", ID, ID, Stage.SENT)
SAYS = {
    "decline": {"reason": "no_capacity"},
    "waitlist": {"position": 2},
    "report": {"outcome": "got_help"},
}


def answer(verb: str, **more) -> Answer:
    return Answer(reference="r-2345", answer=verb, **{**SAYS.get(verb, {}), **more})


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_each_verb_counts_for_a_referral_of_ones_own(verb):
    assert refusal(answer(verb), OPEN) is None


@pytest.mark.parametrize("stage", sorted(Stage))
def test_an_answer_counts_from_wherever_the_agency_may_still_have_it(stage):
    reason = refusal(answer("accept"), Known("referral", ID, ID, stage))
    assert (reason == "not_from_here") == (stage in OVER)
    if stage in WITH_AGENCY:
        assert reason is None


def test_what_is_not_ones_own_is_unknown():
    assert refusal(answer("accept"), None) == "unknown_reference"
    assert refusal(answer("accept"), Known("setback", ID, ID)) == "not_a_referral"


def test_a_test_event_is_answered_like_the_real_thing():
    assert refusal(answer("accept"), Known("test", ID)) is None
    assert refusal(answer("explode"), Known("test", ID)) == "unknown_answer"


@pytest.mark.parametrize("reason", [reason for reason in DeclineReason if reason is not DeclineReason.OTHER])
def test_every_declared_reason_is_taken_with_what_it_needs(reason):
    rule = EligibilityRule.AGE if reason is DeclineReason.NOT_ELIGIBLE else None
    document = Document.STATE_ID if reason is DeclineReason.MISSING_DOCUMENT else None
    assert refusal(answer("decline", reason=reason, rule=rule, document=document), OPEN) is None


@pytest.mark.parametrize("outcome", Outcome)
def test_every_declared_outcome_is_taken(outcome):
    assert refusal(answer("report", outcome=outcome), OPEN) is None


def test_every_refusal_fits_a_receipt():
    for reason in REFUSALS:
        Receipt(sequence=1, answer_id="a", result="refused", reason=reason)


def test_the_receipts_schema_lists_every_refusal():
    assert tuple(REFUSALS) == REFUSED


@pytest.mark.parametrize("field", DECLARED)
def test_the_answers_schema_lists_every_value_that_counts(field):
    told = schema_of(Answer)["properties"][field]["anyOf"][0]["x-known-values"]
    assert told == [code.value for code in DECLARED[field]]
