"""References: an agency's own names for things of ours, of which two agencies can make nothing together."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.errors import NotFound
from shared.runtime.settings import Settings
from shared.security.references import open_reference, seal_reference

ONE = Settings(demo=True, signing_secret="a secret of this test, long enough")
TWO = Settings(demo=True, signing_secret="another machine's secret, as long")
CEDAR, CLINIC, PERSON = UUID(int=1), UUID(int=2), UUID(int=3)


@given(st.uuids(), st.uuids())
def test_what_was_sealed_for_an_agency_opens_for_it(agency: UUID, person: UUID):
    sealed = seal_reference(ONE, agency, person, "p")
    assert sealed == seal_reference(ONE, agency, person, "p")
    assert open_reference(ONE, agency, sealed, "p") == person


def test_two_agencies_are_given_different_references_of_one_person():
    assert seal_reference(ONE, CEDAR, PERSON, "p") != seal_reference(ONE, CLINIC, PERSON, "p")


def test_another_agencys_reference_opens_nothing():
    with pytest.raises(NotFound):
        open_reference(ONE, CLINIC, seal_reference(ONE, CEDAR, PERSON, "p"), "p")


def test_another_networks_reference_opens_nothing():
    with pytest.raises(NotFound):
        open_reference(ONE, CEDAR, seal_reference(TWO, CEDAR, PERSON, "p"), "p")


@pytest.mark.parametrize("text", ["", "p-", "p-nothing", "p-ñ", "p-" + "a" * 52, str(PERSON), "r-" + "a" * 20])
def test_what_was_never_sealed_opens_nothing(text: str):
    with pytest.raises(NotFound):
        open_reference(ONE, CEDAR, text, "p")
