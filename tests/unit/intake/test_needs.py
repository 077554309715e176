"""What becomes of a need: only the person's own word says that it is met."""

from uuid import UUID

import pytest

from services.intake.needs import TELLING, stands_after
from shared.contracts import referral as events
from shared.contracts.documents.samples import sample_of
from shared.contracts.events import EVENTS
from shared.contracts.referral import Outcome, ReferralEvent

KINDS = [kind for kind in EVENTS.values() if issubclass(kind, ReferralEvent)]
STANDS = (None, "first", "later", "fine", "asked", "partly", "met")


def of(kind: type[ReferralEvent], **more) -> ReferralEvent:
    event = sample_of(kind)
    return event.model_copy(update={"need": "housing", "person": UUID(int=1), **more})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
@pytest.mark.parametrize("now", STANDS)
def test_only_the_persons_own_word_says_that_a_need_is_met(kind, now):
    after = stands_after(of(kind), now)
    assert after is None or kind in TELLING
    if after in ("met", "partly"):
        assert kind is events.Confirmed


@pytest.mark.parametrize(
    ("outcome", "after"), [(Outcome.GOT_HELP, "met"), (Outcome.PARTLY, "partly"), (Outcome.NO_CAPACITY, None)]
)
def test_help_that_came_meets_the_need_and_help_that_did_not_leaves_it(outcome, after):
    assert stands_after(of(events.Confirmed, outcome=outcome), "first") == after


def test_asking_for_what_nobody_had_named_is_a_new_need():
    assert stands_after(of(events.Sent), None) == "asked"
    assert stands_after(of(events.Sent), "fine") == "asked"
    assert stands_after(of(events.Sent), "first") is None, "they said so already"


def test_a_disputed_end_opens_the_need_again():
    assert stands_after(of(events.Reopened), "met") == "asked"
    assert stands_after(of(events.Disputed), "later") is None


def test_a_need_that_is_newer_than_this_version_is_left_alone():
    assert stands_after(of(events.Sent, need="swimming"), None) is None
