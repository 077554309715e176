"""What is exported is HSDS 3 by its own schemas, and what is read back from it is what was written."""

import json
from datetime import date, time
from functools import cache
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from services.intake.directory import (
    RECORDS,
    Accepts,
    Agency,
    AgencyEntry,
    Calendar,
    Capacity,
    Opening,
    Place,
    Program,
    ProgramEntry,
    ReportsTo,
)
from services.intake.hsds import writing
from services.intake.hsds.mapping import Reader
from services.intake.hsds.tables import open_package
from shared.contracts.kinds import NEEDS

TODAY = date(2026, 11, 24)
HOME, ROOMS = UUID(int=1), UUID(int=2)


@cache
def validator(folder: Path, name: str) -> Draft202012Validator:
    """By the official schemas, which refer to each other by file name."""
    schemas = {path.name: json.loads(path.read_bytes()) for path in folder.glob("*.json")}
    resources = [(name, Resource.opaque(schema)) for name, schema in schemas.items()]
    return Draft202012Validator(
        schemas[name], registry=Registry().with_resources(resources), format_checker=FormatChecker()
    )


@pytest.fixture(scope="session")
def schemas(data):
    folder = data / "hsds" / "schema-3.0"
    if not folder.is_dir():
        pytest.skip(f"no schemas at {folder}")
    return folder


def faults(folder: Path, name: str, thing: object) -> list[str]:
    return [f"{'/'.join(map(str, e.path))}: {e.message}" for e in validator(folder, name).iter_errors(thing)]


words = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=20)
hours = st.builds(
    Opening,
    weekday=st.integers(1, 7),
    opens=st.sampled_from([time(8), time(9, 30)]),
    closes=st.sampled_from([time(12), time(17, 15)]),
)
week = st.lists(hours, max_size=4, unique_by=lambda span: span.weekday).map(
    lambda spans: tuple(sorted(spans, key=lambda span: span.weekday))
)
points = st.one_of(st.none(), st.tuples(st.floats(30, 45), st.floats(-120, -70)))


@st.composite
def places(draw):
    spot = draw(points)
    street, town = draw(words), draw(words)
    address = draw(st.sampled_from([f"{street}, {town}, MD 21215", f"5 {street}"]))
    return Place(
        address=address,
        postcode="21215" if address.endswith("21215") else None,
        directions=draw(st.none() | words),
        access=draw(st.none() | words),
        openings=draw(week),
        latitude=spot[0] if spot else None,
        longitude=spot[1] if spot else None,
    )


answers = st.sampled_from(["yes", "no", "unknown"])
reports = st.builds(ReportsTo, **dict.fromkeys(ReportsTo.model_fields, answers))
programs = st.builds(
    ProgramEntry,
    agency=st.just(HOME),
    name=words,
    needs=st.lists(st.sampled_from(NEEDS), min_size=1, max_size=4, unique=True).map(
        lambda found: tuple(need for need in NEEDS if need in found)
    ),
    description=st.none() | words,
    eligibility=st.none() | words,
    how=st.none() | words,
    fees=st.none() | words,
    wait=st.none() | words,
    phone=st.sampled_from([None, "410 555 0142", "410 555 0142 ext. 7"]),
    email=st.sampled_from([None, "desk@harbor.example"]),
    website=st.sampled_from([None, "https://harbor.example/rooms"]),
    languages=st.lists(st.sampled_from(["en", "es", "ht"]), max_size=3, unique=True).map(tuple),
    minimum_age=st.none() | st.integers(0, 40),
    maximum_age=st.none() | st.integers(41, 130),
    documents=st.lists(st.sampled_from(["state_id", "other"]), max_size=2, unique=True).map(tuple),
    openness=st.sampled_from(["open", "waitlist", "closed", "after_assessment"]),
    openness_as_of=st.just(date(2026, 11, 2)),
    accepts=st.builds(Accepts, **dict.fromkeys(RECORDS, st.sampled_from(["yes", "asks", "no", "unknown"]))),
    capacity=st.none() | st.builds(Capacity, available=st.none() | st.integers(0, 9), as_of=st.just(TODAY)),
    reports_to=reports,
    places=st.lists(places(), max_size=3, unique_by=lambda place: place.address).map(tuple),
    hidden_place=st.booleans(),
)
agencies = st.builds(
    AgencyEntry,
    name=words,
    description=st.none() | words,
    phone=st.sampled_from([None, "410 555 0100"]),
    calendar=st.builds(
        Calendar,
        timezone=st.just("America/New_York"),
        openings=week,
        holidays=st.sampled_from([(), (date(2026, 12, 25),)]),
    ),
    reports_to=reports,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(agency=agencies, program=programs)
def test_what_is_written_is_valid_and_read_back_it_is_the_same(schemas, tmp_path, agency, program):
    home = Agency(HOME, agency)
    organization, service = writing.organization(home), writing.service(Program(ROOMS, program, said_on=TODAY), home)
    assert faults(schemas, "organization.json", organization) == []
    assert faults(schemas, "service.json", service) == []
    assert faults(schemas, "compiled_service_with_definitions.json", service) == []

    (tmp_path / "organizations.json").write_text(json.dumps({"contents": [organization]}), encoding="utf-8")
    (tmp_path / "services.json").write_text(json.dumps({"contents": [service]}), encoding="utf-8")
    reader = Reader(open_package(tmp_path), "again", TODAY, "America/New_York")
    [[home_again], [again]] = list(reader.read_agencies()), list(reader.read_programs())
    assert reader.problems == []
    assert home_again.entry == agency
    assert again.entry.model_copy(update={"agency": HOME}) == program
    assert again.assured_on == TODAY


def test_the_schemas_do_find_what_is_wrong(schemas):
    assert faults(schemas, "service.json", {"id": "1", "name": "Rooms"}) != []
    nested = {"id": "1", "name": "Rooms", "status": "active", "phones": [{"id": "1"}]}
    assert faults(schemas, "service.json", nested) != []


def test_what_is_no_mail_address_is_not_said_to_be_one(schemas):
    home = Agency(HOME, AgencyEntry(name="Harbor House", email="ask at the desk", calendar=Calendar(timezone="UTC")))
    assert "email" not in writing.organization(home)


def test_two_exports_name_every_part_alike():
    home = Agency(HOME, AgencyEntry(name="Harbor House", phone="410 555 0100", calendar=Calendar(timezone="UTC")))
    assert writing.organization(home) == writing.organization(home)
