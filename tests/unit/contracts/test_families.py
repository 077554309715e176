"""The few rules that span several fields of an event."""

from datetime import date, time

import pytest
from pydantic import ValidationError

from shared.contracts.agency import Calendar, Opening, ReportsTo
from shared.contracts.consent import Granted
from shared.contracts.partner_view import REDISCLOSURE, Answer, Disclosure
from shared.contracts.program import Listed
from tests.unit.contracts.worlds import ID

GRANT = {
    "consent": ID,
    "person": ID,
    "discloser": ID,
    "recipient": ID,
    "categories": ("referral",),
    "purpose": "referral",
    "expires_on": date(2027, 1, 1),
    "confirmed": True,
    "given": "page",
}


def test_consent_to_tell_of_setbacks_names_the_one_setback():
    with pytest.raises(ValidationError, match="names the setback"):
        Granted(**{**GRANT, "categories": ("setback",)})
    assert Granted(**{**GRANT, "categories": ("setback",), "setback": ID}).setback == ID


def test_an_unconfirmed_consent_says_until_when_it_holds():
    with pytest.raises(ValidationError, match="until when"):
        Granted(**{**GRANT, "confirmed": False})
    assert Granted(**{**GRANT, "confirmed": False, "confirm_by": date(2026, 12, 22)})


def test_a_consent_is_for_something():
    with pytest.raises(ValidationError, match="categories"):
        Granted(**{**GRANT, "categories": ()})


@pytest.mark.parametrize("told", ["unknown", "yes", "sometimes"])
def test_whatever_is_not_a_clear_no_counts_as_yes(told):
    assert ReportsTo(courts=told).may_reach("courts")
    assert not ReportsTo(courts="no").may_reach("courts")


def test_an_agency_that_said_nothing_may_report_to_everybody():
    silent = ReportsTo()
    assert all(silent.may_reach(office) for office in ReportsTo.model_fields)  # type: ignore[arg-type]


def test_doors_open_before_they_close():
    with pytest.raises(ValidationError, match="opens before it closes"):
        Opening(weekday=1, opens=time(17), closes=time(9))
    with pytest.raises(ValidationError):
        Opening(weekday=8, opens=time(9), closes=time(17))


def test_a_calendar_names_a_zone():
    for wrong in ("", "New York", "America/New_York\n", "../etc/passwd"):
        with pytest.raises(ValidationError):
            Calendar(timezone=wrong)


def test_ages_stand_in_order():
    program = {"program": ID, "agency": ID, "name": "Rooms", "needs": ("housing",)}
    with pytest.raises(ValidationError, match="youngest"):
        Listed(**program, minimum_age=30, maximum_age=18)
    assert Listed(**program, minimum_age=18).maximum_age is None


@pytest.mark.parametrize("name", ["two\nlines", "a\x00b", "\u0085", "", " ", "x" * 301])
def test_public_text_is_one_clean_line(name):
    with pytest.raises(ValidationError):
        Listed(program=ID, agency=ID, name=name, needs=("housing",))


@pytest.mark.parametrize(("answer", "needs"), [("decline", "reason"), ("report", "outcome"), ("waitlist", "position")])
def test_an_answer_says_enough_to_act_on(answer, needs):
    with pytest.raises(ValidationError, match=f"{answer} needs {needs}"):
        Answer(reference="r-4t8w1", answer=answer)
    told = {"reason": "no_capacity", "outcome": "got_help", "position": 3}[needs]
    assert Answer(reference="r-4t8w1", answer=answer, **{needs: told})


def test_every_disclosure_carries_the_notice_and_the_consent():
    assert Disclosure.model_fields["notice"].default == REDISCLOSURE
    assert Disclosure.model_fields["consent"].is_required()
