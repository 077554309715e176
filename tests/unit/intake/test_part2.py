"""Care for drug or alcohol use is told only to whom the rule allows, and never on a spoken yes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.consents.part2 import Obstacle, obstacle, treats
from services.intake.signing import Way
from tests.unit.intake.test_consents import HOUSING

CARE = replace(HOUSING, categories=frozenset({"referral", "substance_use"}))


@pytest.mark.parametrize(
    ("treating", "signed", "in_private", "found"),
    [
        (True, True, False, None),
        (True, True, True, None),
        (False, True, True, None),
        (False, True, False, Obstacle.NOT_TREATING),
        (True, False, True, Obstacle.UNSIGNED),
        (False, False, False, Obstacle.UNSIGNED),
    ],
)
def test_to_whom_and_by_what_yes(treating, signed, in_private, found):
    assert obstacle(CARE, treating=treating, signed=signed, in_private=in_private) is found


@given(st.booleans(), st.booleans(), st.booleans())
def test_it_stands_in_the_way_of_nothing_else(treating, signed, in_private):
    assert obstacle(HOUSING, treating=treating, signed=signed, in_private=in_private) is None


def test_an_agency_treats_people_by_what_its_programs_are_for():
    assert treats(["housing", "mental_health"]) and treats(["substance_use"])
    assert not treats(["housing", "work"]) and not treats([])


@pytest.mark.parametrize(
    ("way", "signature"),
    [
        (Way("page"), True),
        (Way("paper"), True),
        (Way("screen", signed_as="C. N."), True),
        (Way("screen"), False),
        (Way("voice"), False),
    ],
)
def test_a_spoken_yes_is_no_signature(way, signature):
    assert way.is_signature is signature
