"""Why a program fits, in words; how far it is, with nobody asked; and what an agency types about itself."""

from datetime import date, time
from math import asin, cos, radians, sin, sqrt
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.directory import (
    RECORDS,
    Accepts,
    AgencyEntry,
    Calendar,
    Capacity,
    Opening,
    Place,
    ProgramEntry,
    postcode_of,
    room_is_old,
)
from services.intake.distance import EARTH, between, miles, on_map, on_paper
from services.intake.entry_forms import (
    AgencyForm,
    ProgramForm,
    closed,
    openings,
    places,
    typed_agency,
    typed_program,
)
from services.intake.fitting import Looked, ages, reasons, room, rules
from shared.runtime.errors import Invalid
from shared.web.forms import Form

TODAY = date(2026, 11, 24)
ROOMS = ProgramEntry(
    agency=UUID(int=1),
    name="Rooms",
    needs=("housing", "food"),
    languages=("es",),
    minimum_age=18,
    accepts=Accepts(drugs="yes", violence="asks", arson="no"),
    openness_as_of=date(2026, 11, 20),
)
ASKED = Looked("room", "housing", "es", "drugs", 20, True, "21215")


def test_each_thing_that_was_asked_has_its_reason_in_both_languages():
    assert reasons(ASKED, ROOMS, 2.34, "en") == [
        "Helps with a place to stay.",
        "They write of “room”.",
        "About 2.3 miles from 21215.",
        "They speak Spanish.",
        "They take people with a record of drugs.",
        "They take people of 18 and older.",
        "They name no papers.",
    ]
    assert reasons(ASKED, ROOMS, 0.4, "es") == [
        "Ayuda con: un lugar donde vivir.",
        "Escriben de “room”.",
        "A menos de una milla de 21215.",
        "Hablan español.",
        "Reciben a gente con antecedentes de drogas.",
        "Edades: desde los 18 años.",
        "No nombran papeles.",
    ]


@given(
    st.builds(
        Looked,
        need=st.sampled_from(["", "housing", "work"]),
        language=st.sampled_from(["", "es", "ko"]),
        record=st.sampled_from(["", *RECORDS]),
        no_papers=st.booleans(),
    )
)
def test_no_reason_is_given_for_what_was_not_asked_or_is_not_so(looked):
    told = " ".join(reasons(looked, ROOMS, None, "en"))
    assert ("place to stay" in told) == (looked.need == "housing")
    assert ("Spanish" in told) == (looked.language == "es")
    assert ("take people with a record" in told) == (looked.record == "drugs")
    assert ("ask first about" in told) == (looked.record == "violence")
    assert "a fire that was set" not in told


def test_what_they_say_of_records_begins_with_whom_they_take_and_unknown_is_asked():
    assert rules(ROOMS, "en") == [
        "They take people with a record of drugs.",
        "They ask first about a record of harm to someone.",
        "They do not take people with a record of a fire that was set.",
        "They have not said about a sex crime, theft or fraud and an open charge. Ask them.",
    ]
    assert rules(ROOMS.model_copy(update={"accepts": Accepts()}), "es") == [
        "No han dicho si importan los antecedentes. Pregúnteles."
    ]


def test_room_is_told_with_its_day_and_an_old_word_says_call_first():
    assert room(ROOMS, TODAY, "en") == "They said so on November 20, 2026. Their answer decides."
    later = date(2026, 12, 24)
    assert room(ROOMS, later, "en").startswith("They said so on November 20, 2026, more than a month ago: call first.")
    two = ROOMS.model_copy(update={"capacity": Capacity(available=1, as_of=TODAY)})
    assert room(two, TODAY, "es") == "Hay un lugar, dijeron el 24 de noviembre de 2026. Decide lo que le contesten."
    assert room(ROOMS.model_copy(update={"openness_as_of": None}), TODAY, "en") == ""
    assert room_is_old(ROOMS.model_copy(update={"openness_as_of": None}), TODAY), "no day is too long ago"


def test_ages_are_told_as_they_are_said():
    told = [ages(ROOMS.model_copy(update=dict(zip(("minimum_age", "maximum_age"), span, strict=True))), "en")
            for span in ((None, None), (18, None), (None, 24), (18, 24))]  # fmt: skip
    assert told == ["", "18 and older", "up to 24", "18 to 24"]


def great_circle(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The haversine: a second way to the same number."""
    (a, b), (c, d) = (tuple(map(radians, point)) for point in (one, other))
    return 2 * EARTH * asin(sqrt(sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2))


@given(st.floats(25, 49), st.floats(-125, -67), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_a_distance_of_some_miles_is_right_to_half_a_per_cent(latitude, longitude, north, east):
    there = latitude + north, longitude + east
    far = great_circle((latitude, longitude), there)
    assert between(on_paper(latitude, longitude), on_paper(*there)) == pytest.approx(far, rel=0.006, abs=0.01)


@given(st.floats(-80, 80), st.floats(0.1, 100))
def test_miles_on_the_map_and_on_the_ground_are_each_others_way_back(latitude, far):
    middle = on_paper(latitude, 0)
    assert miles(on_map(far, middle), middle) == pytest.approx(far)


@pytest.mark.parametrize(
    ("said", "area"),
    [("21215", "21215"), (" 21215-1234", "21215"), ("212151234", "21215"), ("sw1a 1aa", "SW1A 1AA"), ("", None),
     ("Street", None), ("'; DROP", None), ("ABC 1234", "ABC 1234")],
)  # fmt: skip
def test_a_postcode_is_compared_by_the_part_that_names_a_place(said, area):
    assert postcode_of(said) == area


def test_a_place_without_a_postcode_has_the_one_its_address_ends_with():
    assert Place(address="40 Mill Street, Baltimore, MD 21215").area == "21215"
    assert Place(address="40 Mill Street").area is None


# What an agency types


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ("Monday 9:00 to 17:00", {1}),
        ("mon-fri 9am - 5pm", {1, 2, 3, 4, 5}),
        ("Sat: 10:00 to 12:00, 13:00 to 15:00", {6}),
        ("\nTuesday 9:00–12:00\n\nSun 9:00 to 10:00\n", {2, 7}),
        ("", set()),
    ],
)
def test_hours_are_read_as_people_write_them(typed, days):
    assert {span.weekday for span in openings(typed)} == days


@pytest.mark.parametrize("typed", ["always", "Monday", "Monday 9 to", "Funday 9:00 to 10:00", "Monday 17:00 to 9:00",
                                   "Fri-Mon 9:00 to 17:00", "=1+1"])  # fmt: skip
def test_hours_that_make_no_sense_name_their_field_and_what_to_write(typed):
    with pytest.raises(Invalid, match="Write a day and its hours") as refused:
        openings(typed)
    assert refused.value.field == "hours"


def test_days_that_are_no_days_name_their_field():
    assert closed("2026-12-25\nJanuary 1, 2027") == (date(2026, 12, 25), date(2027, 1, 1))
    with pytest.raises(Invalid) as refused:
        closed("Christmas")
    assert refused.value.field == "closed"


def test_an_address_that_stays_keeps_its_point_and_a_new_one_has_none():
    known = (Place(address="40 Mill Street", latitude=39.3, longitude=-76.6, directions="Bus 8"),)
    stays, new = places("40 Mill Street | Bus 22 stops there\n5 Main St", known)
    assert (stays.spot, stays.directions) == ((39.3, -76.6), "Bus 22 stops there")
    assert (new.spot, new.directions) == (None, None)


AGENCY = AgencyEntry(
    name="Harbor House",
    phone="555-0100",
    lead=UUID(int=9),
    shows_roles=True,
    calendar=Calendar(
        timezone="America/New_York",
        openings=(
            Opening(weekday=1, opens=time(9), closes=time(12)),
            Opening(weekday=1, opens=time(13), closes=time(17)),
        ),
        holidays=(date(2026, 12, 25),),
    ),
)


def given_back(typed: dict) -> dict:
    return {name: value for name, value in typed.items() if value not in ("", [])}


def test_a_form_that_is_sent_as_it_was_opened_changes_nothing():
    assert AgencyForm.model_validate(given_back(typed_agency(AGENCY))).entry(AGENCY) == AGENCY
    rooms = ROOMS.model_copy(update={"places": (Place(address="40 Mill Street", latitude=39.3, longitude=-76.6),)})
    again = ProgramForm.model_validate(given_back(typed_program(rooms))).entry(rooms.agency, rooms, TODAY)
    assert again == rooms.model_copy(update={"openness_as_of": None}), "the day is put there as it is saved"


@pytest.mark.parametrize(
    ("more", "field"),
    [({"website": "harbor.example"}, "website"), ({"timezone": "Mars"}, "timezone"), ({"hours": "noon"}, "hours")],
)
def test_what_an_agency_mistypes_is_named(more, field):
    form = Form(value=AgencyForm(name="Harbor House", **more))
    with pytest.raises(Invalid) as refused:
        form.value.entry(None)
    assert refused.value.field == field


def test_an_agency_that_keeps_nobody_welcomes_nobody_by_itself():
    with pytest.raises(Invalid, match="keeps no people"):
        AgencyForm(name="Safe Harbor", holds_no_records=True, welcomes=True).entry(None)
