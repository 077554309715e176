"""States as JSON: what the store keeps of an aggregate is what comes back, without a word that anybody wrote."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest

from services.caseplan import concerns, plans, promises, setbacks
from services.caseplan.referrals import Referral, Stage
from services.caseplan.states import from_json, to_json
from shared.contracts.plan import Owner
from shared.contracts.setback import Asks
from tests.unit.caseplan.worlds import AGENCY, CONSENT, HOME, ID, NEXT, PERSON, SECOND, WORKER, a_referral

STEP = plans.Step(UUID(int=50), UUID(int=51), Owner.WORKER, date(2026, 11, 24), "I will call.", done=True)
VERSION = plans.Version((plans.Goal(UUID(int=51), "My own key."),), (STEP,), Owner.WORKER)
DUE = datetime(2026, 11, 24, 16, tzinfo=timezone(timedelta(hours=-5)))
WRITTEN = (
    setbacks.Setback(ID, PERSON, WORKER, words="The bus was full.", next_time="Ten o’clock."),
    concerns.Concern(ID, PERSON, WORKER, AGENCY, words="He looked tired."),
    promises.Promise(ID, PERSON, WORKER, HOME, DUE, "I will bring a kettle."),
    plans.Plan(ID, PERSON, WORKER, HOME, agreed=VERSION, proposal=VERSION),
)


@pytest.mark.parametrize("stage", Stage)
def test_a_referral_comes_back_as_it_was(stage: Stage):
    referral = replace(a_referral(stage), next_referral=NEXT, second=SECOND)
    assert from_json(Referral, to_json(referral)) == referral


@pytest.mark.parametrize("state", WRITTEN, ids=lambda state: type(state).__name__)
def test_no_word_that_somebody_wrote_is_in_it(state):
    text = to_json(state)
    for words in ("bus", "Ten", "tired", "kettle", "key", "call"):
        assert words not in text


def test_a_plan_comes_back_with_its_steps_and_a_setback_with_whom_it_was_shared_with():
    plan = from_json(plans.Plan, to_json(WRITTEN[3]))
    assert plan.agreed == replace(VERSION, goals=(plans.Goal(UUID(int=51)),), steps=(replace(STEP, words=""),))
    shared = replace(WRITTEN[0], words="", next_time="", shared=(setbacks.Sharing(AGENCY, CONSENT, Asks.KNOW),))
    assert from_json(setbacks.Setback, to_json(shared)) == shared


def test_a_moment_is_kept_in_utc():
    promise = from_json(promises.Promise, to_json(WRITTEN[2]))
    assert promise.due == DUE
    assert promise.due.tzinfo == UTC
    assert "2026-11-24T21:00:00+00:00" in to_json(WRITTEN[2])
