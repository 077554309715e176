"""What opens a record in an emergency, and what does not; and what it lends, to whom, for how long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.intake.emergencies import (
    LASTS,
    Cannot,
    Opening,
    Verdict,
    care_shown,
    check_review,
    check_words,
    lends,
    nobody,
    the_one,
)
from shared.runtime.errors import Conflict, Invalid
from shared.security import demo
from shared.security.permissions import Relation, Role, may_at_all

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OPENING = Opening(
    UUID(int=1), demo.RAY, demo.WELCOME_ALDER, demo.LANTERN_CLINIC, demo.GRACE, Cannot.UNCONSCIOUS, False, NOW,
    NOW + LASTS,
)  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        "", " ", "emergency", "Medical emergency", "Emergency access needed for this patient, please open the record",
        "n/a", "asdf asdf asdf asdf asdf asdf", "1234 5678 9012 3456 7890", "URGENT! Life-threatening emergency!!!",
        "Emergencia médica, necesito acceso al expediente",
        "see above", "test test test the record", "overdose", "........................................",
    ],
)  # fmt: skip
def test_words_that_any_emergency_could_have_open_nothing_and_the_answer_says_what_to_write(words):
    with pytest.raises(Invalid, match="what you see, since when"):
        check_words(words)


@pytest.mark.parametrize(
    "words",
    [
        "Found on the bus bench, does not wake up, breathes shallow since ten minutes.",
        "Seizure in our waiting room, second one today, bitten tongue.",
        "This is a medical emergency and we need the record now please, as the person here had a seizure at noon.",
        "No despierta, respira muy poco, labios azules desde hace diez minutos.",
    ],
)
def test_words_that_say_what_happened_do(words):
    check_words(words)


def test_only_the_whole_name_finds_and_only_where_one_alone_goes_by_it():
    ray, other = (demo.RAY, "Ray Castellanos"), (demo.JO, "Ray Castellano")
    assert the_one("ray  CASTELLANOS", [ray, other]) == demo.RAY
    assert the_one("Castellanos Ray", [ray]) == demo.RAY
    for guess in ("Ray", "Ray C", "Castellanos", "", "Ray Castellanos Junior"):
        assert the_one(guess, [ray, other]) is None
    assert the_one("Ray Castellanos", [ray, (demo.JO, "Ray Castellanos")]) is None, "never one of two by chance"
    alike = [(demo.RAY, "Ray Christophersen"), (demo.JO, "Ray Christopherson")]
    assert the_one("Ray Christopherson", alike) == demo.JO
    assert the_one("Ray Christophersen", alike[1:]) is None, "to the last letter"


def test_it_lends_its_relation_to_whoever_opened_it_for_an_hour_and_to_nobody_else():
    assert timedelta(hours=1) == LASTS
    assert lends(OPENING, demo.GRACE, NOW) == {Relation.OPENED}
    assert lends(OPENING, demo.GRACE, NOW + LASTS) == set()
    assert lends(OPENING, demo.DANA, NOW) == set()


def test_care_for_drugs_or_alcohol_is_named_only_where_it_was_asked_for():
    assert care_shown(OPENING) == {"health", "mental_health"}
    assert care_shown(replace(OPENING, treatment=True)) == {"health", "mental_health", "substance_use"}


def test_what_was_found_is_said_once():
    check_review(OPENING)
    with pytest.raises(Conflict):
        check_review(replace(OPENING, verdict=Verdict.GOOD_FAITH))


def test_whoever_finds_nobody_is_told_to_call_and_not_to_guess():
    assert "Or call them: 555-0100. Do not guess" in str(nobody("555-0100"))


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.CASE_MANAGER, Role.SUPERVISOR}))
def test_nobody_opens_it_who_does_not_walk_with_people(role):
    assert not may_at_all(role, "emergency.open") and not may_at_all(role, "emergency.read")
