"""Directories of others, read as they are: what can be used is used, what can't is told with what to do."""

import json
from datetime import date
from pathlib import Path

import pytest

from services.intake.hsds import tables
from services.intake.hsds.mapping import Reader, id_of
from services.intake.hsds.needs import need_of, needs_of, says_what
from services.intake.hsds.tables import NotAPackage, open_package
from services.intake.hsds.times import read_clock, read_date
from shared.contracts.kinds import NEEDS

TODAY = date(2026, 11, 24)
ORGANIZATIONS = "id,name,description,email,website\n1,Harbor House,Rooms.,desk@harbor.example,harbor.example\n"
LOCATIONS = "id,organization_id,name\n7,1,Main\n"
SERVICES = "id,location_id,name,status,eligibility,taxonomy_ids\n5,7,Rooms for a month,active,Adults,103\n"


def package(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def ohana(folder: Path, **files: str) -> Path:
    return package(folder, **{"organizations": ORGANIZATIONS, "locations": LOCATIONS, "services": SERVICES} | files)


def read(path: Path) -> Reader:
    found = open_package(path)
    reader = Reader(found, "test", TODAY, "America/New_York")
    reader.found = (list(reader.read_agencies()), list(reader.read_programs()))  # type: ignore[attr-defined]
    reader.problems = [*found.problems, *reader.problems]
    return reader


def test_an_ohana_package_becomes_agencies_and_programs(tmp_path):
    reader = read(ohana(tmp_path, taxonomy="taxonomy_id,name,parent_id,parent_name\n103,Housing,,\n"))
    [agency], [program] = reader.found
    assert agency.entry.name == "Harbor House"
    assert agency.entry.website == "http://harbor.example"
    assert program.entry.agency == agency.id
    assert program.entry.needs == ("housing",)
    assert program.entry.eligibility == "Adults"
    assert reader.problems == []


def test_ids_follow_from_the_source_and_its_ids_alone(tmp_path):
    first, second = (read(ohana(tmp_path)).found[0][0].id for _ in range(2))
    assert first == second == id_of("test", "organization", "1")
    assert id_of("test", "service", "1") != id_of("test", "organization", "1") != id_of("other", "organization", "1")


@pytest.mark.parametrize(
    ("files", "where", "says"),
    [
        ({"services": SERVICES + "6,,Stray,active,,\n"}, ("services.csv", 3), "names no organisation and no location"),
        ({"services": SERVICES + "6,99,Stray,active,,\n"}, ("services.csv", 3), "names the location 99"),
        ({"services": SERVICES + "6,7,,active,,\n"}, ("services.csv", 3), "has no name"),
        ({"services": SERVICES + "5,7,Again,active,,\n"}, ("services.csv", 3), "has the id 5"),
        ({"services": SERVICES + "6,7,Short\n"}, ("services.csv", 3), "has 3 cells where the heading has 6"),
        ({"services": SERVICES + ",7,Nameless,active,,\n"}, ("services.csv", 3), "has no id"),
        (
            {"locations": LOCATIONS + "8,44,Gone\n", "services": SERVICES + "6,8,Lost,active,,\n"},
            ("services.csv", 3),
            "belongs to the organisation 44",
        ),
    ],
)  # fmt: skip
def test_a_bad_row_is_told_with_its_place_and_what_to_do_and_holds_back_no_other(tmp_path, files, where, says):
    reader = read(ohana(tmp_path, **files))
    agencies, programs = reader.found
    assert (len(agencies), len(programs)) == (1, 1)
    [problem] = [problem for problem in reader.problems if problem.skipped]
    assert (problem.file, problem.line) == where
    assert says in problem.says
    assert problem.skipped


def test_a_file_in_latin_1_is_refused_whole_with_what_to_do(tmp_path):
    ohana(tmp_path)
    with (tmp_path / "organizations.csv").open("ab") as file:
        file.write(b"2,Caf\xe9,,,\n3,Open Table,,,\n")
    with pytest.raises(NotAPackage, match=r"organizations\.csv is not UTF-8 .*save it as .*Nothing was loaded"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"services": "id,location_id\n5,7\n"}, "services.csv has no column “name”: add it"),
        ({"services": "id,name\n5,Rooms\n"}, "services.csv has no column “organization_id” or “location_id”"),
        ({"organizations": "name\nHarbor House\n"}, "organizations.csv has no column “id”"),
        ({"phones": "id,location_id\n1,7\n"}, "phones.csv has no column “number” or “vanity_number”"),
        ({"services": "id,location_id,name,name\n5,7,Rooms,Beds\n"}, "services.csv has two columns “name”"),
    ],
)
def test_a_missing_column_refuses_the_package_and_names_it(tmp_path, files, says):
    with pytest.raises(NotAPackage) as refused:
        read(ohana(tmp_path, **files))
    assert says in str(refused.value)
    assert str(refused.value).endswith("Nothing was loaded.")


def test_more_rows_than_a_state_has_are_refused_with_how_to_split_them(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    many = SERVICES + "".join(f"{id},7,Rooms,active,,\n" for id in range(10, 14))
    with pytest.raises(NotAPackage, match=r"services\.csv has more than 3 rows\. Split the directory"):
        read(ohana(tmp_path, services=many))


@pytest.mark.parametrize("cell", ['"=HYPERLINK(""http://x.example"",""Rooms"")"', "=1+1", "@SUM(A1:A9)", "+cmd|calc"])
def test_a_formula_is_no_text_and_its_row_is_left_out_and_named(tmp_path, cell):
    reader = read(ohana(tmp_path, services=SERVICES + f"6,7,{cell},active,,\n"))
    assert [program.entry.name for program in reader.found[1]] == ["Rooms for a month"]
    [problem] = reader.problems
    assert (problem.file, problem.line, problem.field, problem.skipped) == ("services.csv", 3, "name", True)
    assert "is a formula: write what it shows" in str(problem)


@pytest.mark.parametrize("name", ["+1 410 555 0142", "- Rooms (two)", "-76.61", "@home", "+Plus"])
def test_a_number_a_dash_or_a_name_is_no_formula(tmp_path, name):
    reader = read(ohana(tmp_path, services=SERVICES + f"6,7,{name},active,,\n"))
    assert [program.entry.name for program in reader.found[1]] == ["Rooms for a month", name]


def test_a_value_that_is_wrong_is_named_with_its_field_and_what_to_do(tmp_path):
    services = "id,location_id,name,status,minimum_age,website\n5,7,Rooms,active,grown,\n6,7,Meals,perhaps,,a b\n"
    locations = "id,organization_id,name,latitude,longitude\n7,1,Main,100,-76\n"
    addresses = "id,location_id,address_1,city,state_province,postal_code\n1,7,5 N Main St,Bel Air,MD,21014\n"
    reader = read(ohana(tmp_path, services=services, locations=locations, addresses=addresses))
    assert [str(problem) for problem in reader.problems] == [
        "services.csv, line 2, minimum_age “grown”: is no age: write whole years. The row is left out.",
        "services.csv, line 3, website “a b”: is left out: write one web address.",
        "services.csv, line 3, status “perhaps”: is none that we know: write active, inactive, temporarily closed or "
        "defunct. Taken as closed.",
        "locations.csv, line 2, latitude “100”: is left out: write degrees from -85 to 85.",
    ]
    [meals] = reader.found[1]
    assert (meals.entry.name, meals.entry.openness) == ("Meals", "closed")


def test_the_line_of_a_row_is_where_it_begins_even_after_paragraphs(tmp_path):
    many = ORGANIZATIONS + '2,Long,"one\ntwo\nthree",,\n3,,,,\n'
    [problem] = read(ohana(tmp_path, organizations=many)).problems
    assert problem.line == 6


def test_a_quote_that_is_never_closed_refuses_the_package(tmp_path):
    with pytest.raises(NotAPackage, match=r"organizations\.csv can't be read from line .* quote that is not closed"):
        read(ohana(tmp_path, organizations=ORGANIZATIONS + '2,"Open' + "x" * 1_100_000))


def test_confidential_and_empty_addresses_are_never_shown(tmp_path):
    addresses = (
        "id,location_id,address_1,address_2,city,state_province,postal_code\n"
        "1,7,Confidential,,Baltimore,MD,21215\n2,7,,,Rockville,MD,20850\n3,7,5 N Main St,,Bel Air,MD,21014\n"
    )
    [program] = read(ohana(tmp_path, addresses=addresses)).found[1]
    assert [place.address for place in program.entry.places] == ["5 N Main St, Bel Air, MD 21014"]
    assert program.entry.hidden_place


def test_a_fax_or_a_single_persons_line_is_no_number_to_call(tmp_path):
    phones = (
        "id,contact_id,location_id,organization_id,service_id,number,number_type\n"
        "1,9,,1,,555-0001,voice\n2,,7,1,,555-0002,fax\n3,,7,1,5,555-0003,voice\n4,,,1,,555-0004,voice\n"
    )
    [agency], [program] = read(ohana(tmp_path, phones=phones)).found
    assert agency.entry.phone == "555-0004"
    assert program.entry.phone == "555-0003"


def test_hours_become_the_calendar_and_impossible_ones_are_left_out(tmp_path):
    regular = (
        "id,location_id,service_id,weekday,opens_at,closes_at\n"
        "1,7,,Monday,08:00,12:00\n2,7,,Monday,1pm,5:30 PM\n3,7,,Friday,9am,03:00\n4,7,,Someday,09:00,17:00\n"
    )
    holidays = (
        "id,location_id,service_id,start_date,end_date,closed,opens_at,closes_at\n"
        '1,7,,"December 25, 0001","December 25, 0001",true,,\n2,7,,"June 01, 0001","September 01, 0001",true,,\n'
    )
    reader = read(ohana(tmp_path, regular_schedules=regular, holiday_schedules=holidays))
    [agency] = reader.found[0]
    [monday] = agency.entry.calendar.openings
    assert (monday.weekday, f"{monday.opens:%H:%M}", f"{monday.closes:%H:%M}") == (1, "08:00", "17:30")
    assert agency.entry.calendar.holidays == (date(2026, 12, 25), date(2027, 12, 25))
    assert [problem.line for problem in reader.problems] == [4, 5]
    assert not any(problem.skipped for problem in reader.problems)


def test_recurring_rules_of_hsds_3_count_while_they_are_valid(tmp_path):
    organizations = "id,name\n1,Harbor House\n"
    services = "id,organization_id,name,status\n5,1,Rooms,active\n"
    heads = "id,service_id,location_id,valid_to,freq,byday,opens_at,closes_at\n"
    schedules = (
        heads
        + '1,,7,,WEEKLY,"TH,FR",10:00:00,18:00:00\n'
        + "2,,7,2020-01-01,WEEKLY,MO,10:00,18:00\n3,,7,,MONTHLY,TU,10:00,11:00\n"
    )
    reader = read(
        package(tmp_path, organizations=organizations, services=services, locations=LOCATIONS, schedules=schedules)
    )
    [agency] = reader.found[0]
    assert [opening.weekday for opening in agency.entry.calendar.openings] == [4, 5]


def test_a_program_that_is_over_is_not_loaded_and_a_closed_one_takes_nobody(tmp_path):
    services = SERVICES + "6,7,Old,defunct,,\n8,7,Shut,temporarily closed,,\n"
    reader = read(ohana(tmp_path, services=services))
    assert [program.entry.accepting for program in reader.found[1]] == [True, False]
    assert reader.over == [id_of("test", "service", "6")]


def test_json_in_all_its_forms_reads_alike(tmp_path):
    organization = {"id": "o1", "name": "Harbor House", "website": "https://harbor.example"}
    service = {"id": "s1", "name": "Rooms", "status": "active", "phones": [{"id": "p", "number": "555-0142"}]}
    forms = {
        "nested": {**organization, "services": [service]},
        "from_service": {**service, "organization": organization},
        "page": {"contents": [{**service, "organization": organization}], "total_items": 1},
        "list": [{**service, "organization": organization}],
        "tables": {
            "organizations.csv": [organization],
            "services.csv": [{**service, "organization_id": "o1", "phones": None}],
            "phones.csv": [{"id": "p", "service_id": "s1", "number": "555-0142"}],
        },
    }
    found = []
    for name, content in forms.items():
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(content), encoding="utf-8")
        [agency], [program] = read(file).found
        found.append((agency.entry, program.entry))
    assert all(entry == found[0] for entry in found)
    assert found[0][1].phone == "555-0142"


def test_the_fullest_telling_of_a_thing_is_kept(tmp_path):
    thin, full = (
        {"id": "o1", "name": "Harbor House", "website": ""},
        {"id": "o1", "name": "Harbor House", "tax_status": "x", "email": "desk@harbor.example"},
    )
    for first, second in ((thin, full), (full, thin)):
        (tmp_path / "a.json").write_text(json.dumps([first, second]), encoding="utf-8")
        [agency] = read(tmp_path / "a.json").found[0]
        assert agency.entry.email == "desk@harbor.example"


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", '{"contents": 3}', "null", '{"organizations.csv": [1]}'])
def test_what_is_no_package_is_refused_in_one_sentence(tmp_path, content):
    (tmp_path / "odd.json").write_text(content, encoding="utf-8")
    with pytest.raises(NotAPackage, match=r"holds no directory|can't be read as JSON from line 1 on"):
        open_package(tmp_path)


def test_every_rule_leads_to_a_need_that_has_words():
    names = ("Bus Passes", "Food Pantry", "Emergency Shelter", "Sober Living", "Job Placement", "Help Pay for Food")
    assert [need_of(name) for name in names] == ["transport", "food", "housing", "substance_use", "work", "food"]
    assert [need_of(name) for name in ("Transitional Housing", "Howard Transit")] == ["housing", "transport"]
    assert needs_of([["Spiritual things"]]) == ("community",)
    assert needs_of([["Anything", "Housing"], ["Legal Aid"]]) == ("housing", "legal")
    assert {need_of(word) for word in ("dental", "credit", "tutor", "mentor", "child")} <= set(NEEDS)


def test_categories_of_whom_it_is_for_say_nothing_of_what_it_helps_with():
    assert says_what("103-09-02")
    assert not says_what("123-02")
    assert says_what("")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("09:00", "09:00"),
        ("9am", "09:00"),
        ("12 pm", "12:00"),
        ("12am", "00:00"),
        ("4:00 PM", "16:00"),
        ("17:30:00", "17:30"),
        ("noon", None),
        ("25:00", None),
        ("", None),
    ],
)
def test_hours_are_read_as_people_write_them(written, meant):
    found = read_clock(written)
    assert (f"{found:%H:%M}" if found else None) == meant


def test_days_are_read_as_people_write_them():
    for written in ("2026-12-24", "December 24, 2026", "12/24/2026", "12/24/26", "2026-12-24T10:00:00.5+01:00"):
        assert read_date(written) == date(2026, 12, 24)
    assert read_date("soon") is None
