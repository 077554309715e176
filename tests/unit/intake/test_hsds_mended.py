"""Whatever of a package is lost or doubled is named by file, line, field and value, with what to do."""

import json

import pytest

from services.intake.hsds.tables import NotAPackage
from tests.unit.intake.test_hsds import LOCATIONS, SERVICES, TODAY, ohana, package, read

ORGANIZATIONS = "id,name\n1,Harbor House\n"
OFFERED = "id,organization_id,name,status,assured_date,email\n"


def told(reader) -> list[str]:
    return [str(problem) for problem in reader.problems]


@pytest.mark.parametrize(
    ("file", "rows", "says", "skipped"),
    [
        ("addresses", "id,location_id,address_1\n1,8,5 N Main St\n", "location_id “8”: is no location", True),
        ("phones", "id,location_id,service_id,number\n1,,6,555-0001\n", "service_id “6”: is no service", True),
        ("phones", "id,location_id,service_id,number\n1,7,6,555-0001\n", "service_id “6”: is no service", False),
        ("languages", "id,service_id,code\n1,6,es\n", "service_id “6”: is no service", True),
        ("schedules", "id,organization_id,byday\n1,5,MO\n", "organization_id “5”: is no organisation", True),
        ("service_at_location", "id,service_id,location_id\n1,5,8\n", "location_id “8”: is no location", True),
    ],
)
def test_a_row_that_names_what_the_package_does_not_have_is_told(tmp_path, file, rows, says, skipped):
    reader = read(ohana(tmp_path, **{file: rows}))
    [problem] = reader.problems
    assert (problem.file, problem.line, problem.skipped) == (f"{file}.csv", 2, skipped)
    assert f"{says} of the package: add it, or name another." in str(problem)


def test_a_location_of_no_organisation_is_told_and_stays_for_the_services_that_name_theirs(tmp_path):
    services = "id,organization_id,location_id,name,status\n5,1,7,Rooms,active\n"
    addresses = "id,location_id,address_1\n1,7,5 N Main St\n"
    reader = read(ohana(tmp_path, locations=LOCATIONS.replace("7,1", "7,9"), services=services, addresses=addresses))
    [problem] = reader.problems
    assert (problem.field, problem.value, problem.skipped) == ("organization_id", "9", False)
    [program] = reader.found[1]
    assert [place.address for place in program.entry.places] == ["5 N Main St"]


def test_of_two_locations_with_one_id_the_first_is_kept_and_the_second_told(tmp_path):
    reader = read(ohana(tmp_path, locations=LOCATIONS + "7,1,Annex\n"))
    assert told(reader) == [
        "locations.csv, line 3, id “7”: is the id of an earlier location too: the first is kept, give this one another."
    ]
    assert [program.entry.name for program in reader.found[1]] == ["Rooms for a month"]


@pytest.mark.parametrize("form", ["list", "tables"])
def test_of_two_things_of_a_json_list_with_one_id_the_first_is_kept_and_the_second_told(tmp_path, form):
    both = [{"id": "1", "name": "Harbor House", "description": ""}, {"id": "1", "name": "Elm", "description": ""}]
    (tmp_path / "o.json").write_text(json.dumps(both if form == "list" else {"organizations.csv": both}))
    reader = read(tmp_path / "o.json")
    assert [agency.entry.name for agency in reader.found[0]] == ["Harbor House"]
    assert told(reader) == [
        "o.json, line 2, id “1”: is the id of an earlier one with another name: the first is kept, give this one "
        "another."
    ]


@pytest.mark.parametrize(("day", "why"), [("2036-01-01", "has yet to come"), ("31.12.2025", "is no day that we can")])
def test_a_day_that_nobody_can_have_checked_on_vouches_for_nothing_and_is_told(tmp_path, day, why):
    services = f"{OFFERED}5,1,Rooms,active,{day},\n"
    reader = read(package(tmp_path, organizations=ORGANIZATIONS, services=services))
    [program] = reader.found[1]
    assert program.assured_on is None
    [problem] = reader.problems
    assert (problem.field, problem.value, problem.skipped) == ("assured_date", day, False)
    assert why in problem.says and f"such as {TODAY}" in problem.says


def test_an_email_and_a_language_that_are_none_are_left_out_and_told(tmp_path):
    languages = "id,service_id,code\n1,5,es\n2,5,the one of my aunt\n"
    reader = read(
        package(
            tmp_path, organizations=ORGANIZATIONS, services=f"{OFFERED}5,1,Rooms,active,,ask us\n", languages=languages
        )
    )
    [program] = reader.found[1]
    assert (program.entry.email, program.entry.languages) == (None, ("es",))
    assert told(reader) == [
        "services.csv, line 2, email “ask us”: is left out: write an e-mail address, such as help@example.org.",
        "languages.csv, line 3, code “the one of my aunt”: is left out: write the language as its code, such as en or "
        "es.",
    ]


def test_hours_that_are_left_out_are_told_by_the_cell_that_is_wrong(tmp_path):
    regular = (
        "id,location_id,service_id,weekday,opens_at,closes_at,valid_to\n1,7,,Someday,09:00,17:00,\n"
        "2,7,,Monday,09:00,late,\n3,,5,Monday,25:99,17:00,\n4,7,,Monday,09:00,17:00,soon\n"
    )
    holidays = "id,location_id,start_date,end_date,closed,opens_at,closes_at\n1,7,31/31/2026,2026-12-31,true,,\n"
    reader = read(ohana(tmp_path, regular_schedules=regular, holiday_schedules=holidays))
    assert sorted((problem.file, problem.field, problem.value) for problem in reader.problems) == [
        ("holiday_schedules.csv", "start_date", "31/31/2026"),
        ("regular_schedules.csv", "closes_at", "late"),
        ("regular_schedules.csv", "opens_at", "25:99"),
        ("regular_schedules.csv", "valid_to", "soon"),
        ("regular_schedules.csv", "weekday", "Someday"),
    ]


@pytest.mark.parametrize(("sign", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_file_with_other_signs_between_its_cells_is_told_so(tmp_path, sign, name):
    with pytest.raises(NotAPackage, match=rf"services\.csv has {name} between its cells: save it with commas"):
        read(ohana(tmp_path, services=SERVICES.replace(",", sign)))


def test_an_id_without_end_and_letters_that_are_none_are_told_in_words_that_can_be_printed(tmp_path):
    things = [{"id": "1" * 3000, "name": "Elm", "description": ""}, {"id": "2", "name": "A\ud800", "description": ""}]
    (tmp_path / "o.json").write_text(json.dumps(things))
    reader = read(tmp_path / "o.json")
    assert reader.found[0] == []
    endless, unprintable = (line.encode() for line in told(reader))
    assert b"is too long: give it one of at most 200 letters." in endless and len(endless) < 300
    assert b"line 2, name" in unprintable
