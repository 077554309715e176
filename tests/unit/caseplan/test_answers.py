"""What an agency answered on its stream, by a link or on the phone becomes something said to its referral."""

from uuid import UUID

import pytest

from services.caseplan import referrals
from services.caseplan.referrals import Stage, decide, heard
from shared.contracts.answer import Received
from shared.contracts.parties import Party, Way
from shared.contracts.referral import DeclineReason, Document, EligibilityRule, Outcome
from shared.runtime.errors import Invalid
from shared.workflow import By
from tests.unit.caseplan.worlds import AGENCY, ID, PATIENCE, PERSON, WORKER, a_referral


def an_answer(answer, by="stream", **said):
    ids = {"answer_id": UUID(int=90), "receipt": UUID(int=91), "partner": UUID(int=92)}
    return Received(referral=ID, person=PERSON, agency=AGENCY, answer=answer, by=by, **ids, **said)


@pytest.mark.parametrize(
    ("answer", "means"),
    [
        (an_answer("seen"), referrals.See()),
        (an_answer("accept"), referrals.Accept()),
        (an_answer("waitlist", position=3), referrals.Waitlist(3)),
        (an_answer("start"), referrals.Begin()),
        (an_answer("report", outcome="partly"), referrals.Report(Outcome.PARTLY)),
        (an_answer("decline", reason="no_funds"), referrals.Decline(DeclineReason.NO_FUNDS)),
        (
            an_answer("decline", reason="not_eligible", rule="age"),
            referrals.Decline(DeclineReason.NOT_ELIGIBLE, EligibilityRule.AGE),
        ),
        (
            an_answer("decline", reason="missing_document", document="state_id"),
            referrals.Decline(DeclineReason.MISSING_DOCUMENT, None, Document.STATE_ID),
        ),
    ],
    ids=lambda value: getattr(value, "answer", ""),
)
def test_an_answer_means_a_command_of_the_agency(answer, means):
    assert heard(answer) == (means, By(Party.AGENCY, AGENCY, Way.STREAM))


def test_an_answer_by_phone_says_who_wrote_it_down():
    _, by = heard(an_answer("accept", by="phone", recorded_by=WORKER))
    assert (by.party, by.way, by.recorded_by) == (Party.AGENCY, Way.PHONE, WORKER)
    with pytest.raises(Invalid):
        heard(an_answer("accept", by="phone"))


def test_an_answer_by_link_is_the_agencys_own():
    command, by = heard(an_answer("accept", by="link"))
    assert decide(a_referral(Stage.SENT), command, by, PATIENCE).events[0].way is Way.EMAIL


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (an_answer("dance"), "answer"),
        (an_answer("waitlist"), "answer"),
        (an_answer("report"), "outcome"),
        (an_answer("report", outcome="vanished"), "outcome"),
        (an_answer("decline"), "reason"),
        (an_answer("decline", reason="do_not_like_them"), "reason"),
        (an_answer("decline", reason="not_eligible", rule="hair"), "rule"),
        (an_answer("decline", reason="missing_document", document="poem"), "document"),
        (an_answer("accept", by="pigeon"), "by"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_nobody_knows_is_refused_by_its_field(answer, field):
    with pytest.raises(Invalid) as refused:
        heard(answer)
    assert refused.value.field == field
