"""Promise P4: nothing is disclosed without live consent that covers exactly this."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.disclosure import (
    Agreement,
    Consent,
    Obstacle,
    Person,
    Recipient,
    about_referral,
    about_setback,
    obstacle,
    shown_categories,
)
from shared.contracts.referral import SENSITIVE

PERSON, AGENCY, OTHER, SETBACK = (UUID(int=number) for number in range(1, 5))
TODAY = date(2026, 11, 22)
MATTER = about_referral(PERSON, AGENCY, "housing")
CONSENT = Consent(
    UUID(int=9), PERSON, AGENCY, frozenset({"referral"}), "referral", TODAY, confirmed=True, confirm_by=None
)
RAY = Person(PERSON, synthetic=False)
INVENTED = Person(PERSON, synthetic=True)
AGREED = Recipient(
    UUID(int=8), "k7m2q9", AGENCY, 0, TODAY, agreements=(Agreement(TODAY, TODAY),)
)  # on its first and last day
TRYING = replace(AGREED, agreements=())


def test_a_live_consent_an_agreement_and_a_known_person_are_enough():
    assert obstacle(MATTER, CONSENT, RAY, AGREED) is None


@pytest.mark.parametrize(
    ("consent", "reason"),
    [
        (None, Obstacle.NO_CONSENT),
        (replace(CONSENT, ended="revoked"), Obstacle.CONSENT_ENDED),
        (replace(CONSENT, expires_on=TODAY - timedelta(days=1)), Obstacle.CONSENT_ENDED),
        (replace(CONSENT, expires_on=None), Obstacle.CONSENT_ENDED),
        (replace(CONSENT, confirmed=False, confirm_by=TODAY - timedelta(days=1)), Obstacle.CONSENT_ENDED),
        (replace(CONSENT, confirmed=False), Obstacle.CONSENT_ENDED),
        (replace(CONSENT, parked=True), Obstacle.CONSENT_UNSURE),
        (replace(CONSENT, recipient=OTHER), Obstacle.NOT_COVERED),
        (replace(CONSENT, recipient=None), Obstacle.NOT_COVERED),
        (replace(CONSENT, person=OTHER), Obstacle.NOT_COVERED),
        (replace(CONSENT, categories=frozenset({"plan"})), Obstacle.NOT_COVERED),
        (replace(CONSENT, setback=SETBACK), Obstacle.NOT_COVERED),
        (replace(CONSENT, once=True), Obstacle.NOT_COVERED),
    ],
)
def test_whatever_is_wrong_with_the_consent_denies(consent, reason):
    assert obstacle(MATTER, consent, RAY, AGREED) is reason


def test_an_unconfirmed_consent_holds_until_its_day():
    assert obstacle(MATTER, replace(CONSENT, confirmed=False, confirm_by=TODAY), RAY, AGREED) is None


def test_real_people_need_an_agreement_that_holds_today_and_invented_ones_do_not():
    assert obstacle(MATTER, CONSENT, RAY, TRYING) is Obstacle.NO_AGREEMENT
    tomorrow = replace(AGREED, today=TODAY + timedelta(days=1))
    lasting = replace(CONSENT, expires_on=TODAY + timedelta(days=9))
    assert obstacle(MATTER, lasting, RAY, tomorrow) is Obstacle.NO_AGREEMENT
    assert obstacle(MATTER, CONSENT, INVENTED, TRYING) is None


def test_a_victim_service_agency_is_told_nothing_whatever_was_signed():
    assert obstacle(MATTER, CONSENT, INVENTED, replace(AGREED, holds_no_records=True)) is Obstacle.HOLDS_NO_RECORDS


def test_nobody_is_told_of_a_person_who_is_unknown_or_erased():
    assert obstacle(MATTER, CONSENT, None, AGREED) is Obstacle.PERSON_UNKNOWN
    assert obstacle(MATTER, CONSENT, replace(INVENTED, erased=True), AGREED) is Obstacle.PERSON_UNKNOWN


@pytest.mark.parametrize("need", sorted(SENSITIVE))
def test_a_sensitive_need_has_to_be_named(need):
    matter = about_referral(PERSON, AGENCY, need)
    assert obstacle(matter, CONSENT, RAY, AGREED) is Obstacle.NOT_COVERED
    named = replace(CONSENT, categories=frozenset({"referral", need, "plan"}))
    assert obstacle(matter, named, RAY, AGREED) is None
    assert shown_categories(matter, named) == sorted({"referral", need})


def test_a_setback_needs_the_consent_for_exactly_this_setback():
    matter = about_setback(PERSON, AGENCY, SETBACK)
    for_it = replace(CONSENT, categories=frozenset({"setback"}), setback=SETBACK)
    assert obstacle(matter, for_it, RAY, AGREED) is None
    assert obstacle(matter, replace(for_it, setback=OTHER), RAY, AGREED) is Obstacle.NOT_COVERED
    assert obstacle(matter, replace(for_it, setback=None), RAY, AGREED) is Obstacle.NOT_COVERED
    assert obstacle(MATTER, for_it, RAY, AGREED) is Obstacle.NOT_COVERED


@given(
    st.builds(
        Consent, st.just(UUID(int=9)), st.sampled_from([PERSON, OTHER]), st.sampled_from([AGENCY, OTHER, None]),
        st.frozensets(st.sampled_from(["referral", "setback", "plan"])), st.just("referral"),
        st.none() | st.dates(TODAY - timedelta(3), TODAY + timedelta(3)), st.booleans(),
        st.none() | st.dates(TODAY - timedelta(3), TODAY + timedelta(3)), st.none() | st.just(SETBACK), st.booleans(),
        st.none() | st.just("revoked"), st.booleans(),
    )
)  # fmt: skip
def test_whatever_passes_has_every_single_condition(consent):
    if obstacle(MATTER, consent, RAY, AGREED) is None:
        assert consent.ended is None and not consent.parked and not consent.once and consent.setback is None
        assert consent.expires_on >= TODAY and (consent.confirmed or consent.confirm_by >= TODAY)
        assert (consent.person, consent.recipient) == (PERSON, AGENCY) and "referral" in consent.categories
