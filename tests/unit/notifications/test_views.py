"""What a partner hears of a referral, and what it never hears."""

from datetime import date
from uuid import UUID

import pytest

from services.notifications.views import WITH_AGENCY, catch_up, news_of, shared_setback, written
from shared.contracts import referral as events
from shared.contracts.events import EVENTS
from shared.contracts.parties import Way
from shared.contracts.partner_view import (
    ConsentScope,
    ReferralClosed,
    ReferralReceived,
    ReferralUpdated,
    ReferralWithdrawn,
)
from shared.contracts.referral import Outcome, ReferralEvent, Stage

ID = UUID(int=7)
KINDS = sorted((kind for kind in EVENTS.values() if issubclass(kind, ReferralEvent)), key=lambda kind: kind.type)
MORE = {
    events.Waitlisted: {"position": 3},
    events.Declined: {"reason": "no_capacity"},
    events.ContactTried: {"attempts": 1, "contact": "call"},
    events.AwaitingPerson: {"waiting_for": "form"},
    events.Held: {"hold_reason": "funding"},
    events.Reported: {"outcome": Outcome.GOT_HELP},
    events.Confirmed: {"outcome": Outcome.GOT_HELP},
    events.Closed: {"outcome": Outcome.PARTLY},
    events.Disputed: {"outcome": Outcome.GOT_HELP},
    events.ToldWorker: {"told": Outcome.FAILED},
    events.NextChosen: {"next_program": ID, "next_referral": ID},
    events.Paused: {"cause": "revoked"},
    events.Withdrawn: {"withdraw_reason": "found_elsewhere"},
}


def event(kind: type[ReferralEvent], stage: Stage = Stage.ACCEPTED) -> ReferralEvent:
    return kind(
        referral=ID, person=ID, program=ID, agency=ID, consent=ID, need="housing", stage=stage, way=Way.PAGE,
        **MORE.get(kind, {}),
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_event_is_either_said_thinly_or_not_at_all(kind):
    scope = ConsentScope(reference="c-2345", categories=("referral",), purpose="referral", expires_on=date(2027, 1, 1))
    for told in (None, "sent"):
        for news in news_of(event(kind), told, "en"):
            data = written(news, "r-2345", scope, synthetic=True)
            assert str(ID) not in str({**data, "program": None})
            assert "sequence" not in data and "life" not in data


@pytest.mark.parametrize(
    "kind", [events.ToldWorker, events.NextOffered, events.Paused, events.Delivered, events.Drafted]
)
def test_what_is_the_persons_or_the_networks_own_is_not_said(kind):
    assert news_of(event(kind), "sent", None) == []


@pytest.mark.parametrize("kind", [events.Withdrawn, events.NextChosen, events.NotTaken, events.Lapsed])
def test_why_a_person_went_elsewhere_is_nobodys_business(kind):
    [news] = news_of(event(kind, Stage.WITHDRAWN), "accepted", None)
    assert (news.kind, news.says) == (ReferralWithdrawn, {"reason": "not_asked"})


def test_silence_of_the_person_is_told_as_silence():
    [silence] = news_of(event(events.Closed, Stage.CLOSED), "reported", None)
    [word] = news_of(event(events.Confirmed, Stage.CLOSED), "reported", None)
    assert (silence.kind, silence.says["by"], word.says["by"]) == (ReferralClosed, "silence", "person")


def test_a_partner_that_comes_late_hears_that_it_is_there_and_where_it_stands():
    kinds = [news.kind for news in news_of(event(events.Begun, Stage.IN_PROGRESS), None, "es")]
    assert kinds == [ReferralReceived, ReferralUpdated]
    assert news_of(event(events.Sent, Stage.SENT), None, "es")[0].says["language"] == "es"


@pytest.mark.parametrize("stage", sorted(set(Stage) - WITH_AGENCY))
def test_a_referral_that_is_not_with_the_agency_is_not_news_to_a_stranger(stage):
    assert catch_up(stage, None, ID, "housing", None) == []


def test_catching_up_says_only_what_is_missing():
    assert catch_up("accepted", "accepted", ID, "housing", None) == []
    assert catch_up("delivered", "sent", ID, "housing", None) == []
    assert [news.says for news in catch_up("accepted", "sent", ID, "housing", None)] == [{"stage": "accepted"}]


def test_a_setback_says_what_the_person_asks_for_and_no_more():
    assert shared_setback("contact", None).says == {"asks": "contact", "referral": None}
