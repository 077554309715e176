"""Real directory packages, loaded into a real database; and loaded again, which says nothing."""

import json
import re
import time
from collections import defaultdict
from datetime import date

import pytest
import pytest_asyncio

from services.intake.distance import between, on_paper
from services.intake.hsds import exporting, loading, tables
from services.intake.hsds.mapping import Reader, id_of
from services.intake.hsds.tables import NotAPackage, open_package
from services.intake.store import directory as store
from services.intake.store import searching
from services.intake.store.searching import Asked
from shared.security import demo
from tests.integration.intake.world import open_door, text
from tests.network import FreshDatabase
from tests.unit.intake.test_hsds_written import faults

pytestmark = pytest.mark.network
TODAY = date(2026, 11, 24)
PACKAGES = {
    "san-mateo-sample": (8, 22),
    "examples-3.0": (1, 1),
    "examples-3.1": (1, 1),
    "examples-3.0/csv": (1, 1),
    "examples-3.1/csv": (1, 1),
    "examples-3.1/organization_full.json": (1, 1),
    "examples-3.1/service_at_location_full.json": (1, 1),
    "examples-3.0/tabular.json": (1, 1),
}


async def load(door, path, source=""):
    package = open_package(path)
    return await loading.load(door.pool, Reader(package, source or package.name, TODAY, "America/New_York"))


@pytest.fixture(scope="module")
def packages(data):
    folder = data / "hsds"
    if not folder.is_dir():
        pytest.skip(f"no directory packages at {folder}")
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def baltimore(network, packages):
    """A city's directory, loaded once for all that only read it: the door, what the load said, how long it took."""
    fresh = FreshDatabase(network)
    async with open_door(fresh) as door:
        began = time.monotonic()
        summary = await load(door, packages / "baltimore")
        yield door, summary, time.monotonic() - began
    await fresh.drop()


@pytest.mark.parametrize("name", PACKAGES)
async def test_a_real_package_is_loaded_and_loaded_again_says_nothing(door, packages, name):
    before = len(await door.events())
    first = await load(door, packages / name)
    assert (first.agencies["new"], first.programs["new"]) == PACKAGES[name]
    said = len(await door.events())
    assert said - before == first.loaded
    again = await load(door, packages / name)
    assert (again.agencies["same"], again.programs["same"]) == PACKAGES[name]
    assert again.agencies.total() + again.programs.total() == again.agencies["same"] + again.programs["same"]
    assert len(await door.events()) == said
    agencies = await door.pool.fetchval("SELECT count(*) FROM agency WHERE source IS NOT NULL")
    programs = await door.pool.fetchval("SELECT count(*) FROM program WHERE source IS NOT NULL")
    assert (agencies, programs) == PACKAGES[name]


@pytest.mark.parametrize("name", ["san-mateo-sample", "examples-3.0", "examples-3.1", "examples-3.1/csv"])
async def test_a_package_is_exported_as_hsds_3_and_neither_it_nor_the_export_loaded_again_writes_a_row(
    door, packages, tmp_path, name
):
    await load(door, packages / name)
    before = await door.everything()
    written = await exporting.export(door.pool, tmp_path)
    assert (written.agencies - 3, written.programs) == PACKAGES[name], "beside the three of the network itself"
    assert wrong_in(tmp_path, packages) == []
    back = await load(door, tmp_path)
    assert (dict(back.agencies), dict(back.programs)) == ({"own": written.agencies}, {"own": written.programs})
    assert (await load(door, packages / name)).wrote == 0
    assert await door.everything() == before


async def test_a_citys_directory_is_exported_as_hsds_3_and_neither_it_nor_the_export_loaded_again_writes_a_row(
    baltimore, packages, tmp_path
):
    door, summary, _ = baltimore
    before = await door.everything()
    written = await exporting.export(door.pool, tmp_path)
    assert written.agencies == 748 + 3 - summary.holds_nobody
    assert wrong_in(tmp_path, packages) == []
    back = await load(door, tmp_path)
    assert (dict(back.agencies), dict(back.programs)) == ({"own": written.agencies}, {"own": written.programs})
    assert back.problems == []
    assert (await load(door, packages / "baltimore")).wrote == 0
    assert await door.everything() == before


async def test_what_another_adds_to_an_agency_of_our_export_is_put_under_that_agency(door, tmp_path):
    agency = demo.CEDAR_HOUSE
    await exporting.export(door.pool, tmp_path)
    (tmp_path / "services.json").write_text(
        json.dumps([{"id": "rooms", "name": "Rooms", "organization_id": str(agency), "status": "active"}])
    )
    back = await load(door, tmp_path, "neighbours")
    assert (back.agencies["new"], dict(back.programs)) == (0, {"new": 1})
    [program] = (await door.get("/intake/programs?q=Rooms")).json()["programs"]
    assert (program["agency"], program["source"]) == (str(agency), "neighbours")


async def test_a_program_that_was_withdrawn_since_the_export_does_not_come_back_by_it(door, packages, tmp_path):
    await load(door, packages / "examples-3.0")
    await exporting.export(door.pool, tmp_path)
    await door.pool.execute("UPDATE program SET withdrawn = 'ended'")
    before = await door.everything()
    await load(door, tmp_path)
    assert await door.everything() == before


def wrong_in(folder, packages) -> list[str]:
    """By the official schemas."""
    found = []
    for file, schema in (("organizations.json", "organization.json"), ("services.json", "service.json")):
        for thing in json.loads((folder / file).read_text(encoding="utf-8"))["contents"]:
            found += faults(packages / "schema-3.0", schema, thing)
    return found


@pytest.mark.parametrize("broken", ["latin-1", "column", "quote", "rows"])
async def test_a_package_with_one_broken_file_leaves_nothing_behind(door, tmp_path, monkeypatch, broken):
    (tmp_path / "organizations.csv").write_text("id,name\n1,Harbor House\n", encoding="utf-8")
    services = {
        "latin-1": b"id,organization_id,name\n5,1,Rooms\n6,1,Caf\xe9\n",
        "column": b"id,name\n5,Rooms\n",
        "quote": b'id,organization_id,name\n5,1,Rooms\n6,1,"Meals' + b"x" * 1_100_000,
        "rows": b"id,organization_id,name\n" + b"".join(b"%d,1,Rooms\n" % id for id in range(20)),
    }
    monkeypatch.setattr(tables, "MOST_ROWS", 10)
    (tmp_path / "services.csv").write_bytes(services[broken])
    before = await door.everything()
    with pytest.raises(NotAPackage, match=r"^services\.csv .*Nothing was loaded\.$"):
        await load(door, tmp_path)
    assert await door.everything() == before


class Stopped(Exception):
    """Whoever ran it has had enough."""


async def test_a_load_that_is_stopped_half_way_leaves_nothing_behind(door, packages, monkeypatch):
    before = await door.everything()

    def stop(what: str, count: int) -> None:
        if what == "programs":
            raise Stopped

    package = open_package(packages / "san-mateo-sample")
    with pytest.raises(Stopped):
        await loading.load(door.pool, Reader(package, "san-mateo", TODAY, "America/Los_Angeles"), stop)
    assert await door.everything() == before


async def test_buses_and_doors_are_told_as_the_source_says_them(door, packages):
    await load(door, packages / "san-mateo-sample")
    found = (await door.get("/intake/programs?q=Fair Oaks Adult")).json()["programs"]
    [place] = found[0]["places"]
    assert place["directions"] == "SAMTRANS stops in front."
    assert "wheelchair" in place["access"]
    assert place["latitude"] and place["openings"] == found[0]["places"][0]["openings"]
    near = (await door.get("/intake/programs?near=94063&within=2&order=near")).json()["programs"]
    assert near and all(one["miles"] <= 2 for one in near)
    assert [one["miles"] for one in near] == sorted(one["miles"] for one in near)


async def test_nearest_first_is_walked_page_by_page_and_each_program_comes_once(baltimore):
    door, _, _ = baltimore
    seen, after = [], ""
    while True:
        found = (await door.get(f"/intake/programs?near=21215&within=25&order=near&limit=150{after}")).json()
        seen += [(row["miles"], row["id"]) for row in found["programs"]]
        if found["next"] is None:
            break
        after = f"&after={found['next']}"
    assert len({id for _, id in seen}) == len(seen) > 1000
    assert [miles for miles, _ in seen] == sorted(miles for miles, _ in seen)
    every = (await door.get("/intake/programs?near=21215&within=25&limit=200")).json()["programs"]
    assert {row["id"] for row in every} <= {id for _, id in seen}


async def test_a_place_that_is_kept_confidential_has_no_point_either(baltimore):
    door, _, _ = baltimore
    hidden = await door.pool.fetch(
        "SELECT entry->'places' AS places FROM program WHERE entry->>'hidden_place' = 'true'"
    )
    assert hidden
    assert "onfidential" not in "".join(str(row["places"]) for row in hidden)


async def test_a_citys_directory_is_loaded_within_a_minute_and_again_says_nothing(baltimore, packages):
    door, first, took = baltimore
    assert (first.agencies["new"], first.programs["new"]) == (748, 1875)
    assert took < 60
    said = len(await door.events())
    again = await load(door, packages / "baltimore")
    assert (dict(again.agencies), dict(again.programs)) == ({"same": 748}, {"same": 1875})
    assert len(await door.events()) == said


async def test_the_one_row_of_baltimore_that_belongs_nowhere_is_told_by_its_line(baltimore):
    _, summary, _ = baltimore
    [problem] = [problem for problem in summary.problems if problem.skipped]
    assert str(problem) == (
        "services.csv, line 7662, location_id empty: names no organisation and no location: write which it belongs to."
    )
    assert summary.unvouched == 1875


async def test_a_changed_row_is_told_once_and_a_row_that_left_stays(door, tmp_path):
    (tmp_path / "organizations.csv").write_text("id,name\n1,Harbor House\n", encoding="utf-8")
    services = tmp_path / "services.csv"
    services.write_text("id,organization_id,name\n5,1,Rooms\n6,1,Meals\n", encoding="utf-8")
    await load(door, tmp_path, "harbor")
    services.write_text("id,organization_id,name,status\n5,1,Rooms for a month,active\n", encoding="utf-8")
    second = await load(door, tmp_path, "harbor")
    assert (dict(second.programs), second.not_seen) == ({"changed": 1}, 1)
    rooms = id_of("harbor", "service", "5")
    assert await door.types("program", rooms) == ["program.listed", "program.updated"]
    services.write_text("id,organization_id,name,status\n5,1,Rooms for a month,defunct\n", encoding="utf-8")
    third = await load(door, tmp_path, "harbor")
    assert dict(third.programs) == {"withdrawn": 1}
    assert (await door.types("program", rooms))[-1] == "program.withdrawn"
    services.write_text("id,organization_id,name,status\n5,1,Rooms for a month,active\n", encoding="utf-8")
    await load(door, tmp_path, "harbor")
    assert (await door.types("program", rooms))[-1] == "program.listed"


async def test_what_an_agency_writes_itself_is_never_changed_by_a_load(door, tmp_path):
    (tmp_path / "organizations.csv").write_text("id,name\n1,Harbor House\n", encoding="utf-8")
    (tmp_path / "services.csv").write_text("id,organization_id,name\n5,1,Rooms\n", encoding="utf-8")
    await load(door, tmp_path, "harbor")
    harbor = id_of("harbor", "organization", "1")
    await door.agency(harbor, "Harbor House, as we say it")
    again = await load(door, tmp_path, "harbor")
    assert dict(again.agencies) == {"kept": 1}
    found = (await door.get(f"/intake/agencies/{harbor}")).json()
    assert (found["name"], found["source"]) == ("Harbor House, as we say it", None)


async def test_old_entries_are_shown_only_when_asked_for_and_say_that_nobody_checked(baltimore):
    door, _, _ = baltimore
    page = text(await door.page("/intake/directory?q=rental", demo.DANA))
    assert "Rental Allowance" not in page
    assert "that nobody has checked for a year." in page
    every = text(await door.page("/intake/directory?q=rental&every=1", demo.DANA))
    assert "Rental Allowance Program, Baltimore City" in every
    assert "Nobody has checked it: call before you count on it." in every
    assert "Takes people" not in every
    found = (await door.get("/intake/programs?q=rental allow&need=housing")).json()["programs"]
    assert {row["source"] for row in found} == {"baltimore"}
    assert all(row["assured_on"] is None for row in found)


@pytest.mark.parametrize("order", ["by_name", "by_agency", "nearest", "nearest_of_few"])
@pytest.mark.parametrize("asked", [{"words": "rental"}, {"need": "legal"}, {"language": "ase"}])
async def test_a_search_reads_no_whole_table(baltimore, asked, order):
    door, _, _ = baltimore
    middle = on_paper(39.29, -76.61) if order.startswith("nearest") else None
    arguments = searching.conditions(Asked(**asked, middle=middle, within=25))
    async with door.pool.acquire() as connection, connection.transaction():
        await connection.execute(store.SQL["plan_anew"])
        if order == "nearest":
            await connection.execute(store.SQL["walk_outwards"])
        rows = await connection.fetch(f"EXPLAIN {searching.statement(order)}", *arguments, None, 50)
    plan = "\n".join(row[0] for row in rows)
    assert "Seq Scan on program" not in plan, plan
    if order == "nearest":
        assert "program_place_spot_idx" in plan, plan
        assert not re.search(r"(?<!Incremental )Sort  ", plan), plan


async def test_the_whole_directory_can_be_walked_page_by_page(baltimore):
    door, _, _ = baltimore
    seen, after = [], ""
    while True:
        page = (await door.get(f"/intake/programs?limit=200{after}")).json()
        seen += [row["id"] for row in page["programs"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert len(seen) == len(set(seen)) == 1875


ASKED = [
    Asked(need="housing", no_papers=True),
    Asked(need="food", language="es"),
    Asked(age=15),
    Asked(need="legal", age=70, openness=("open",)),
    Asked(openness=("closed", "waitlist")),
    Asked(openness=("open",), words="food"),
    Asked(record="drugs"),
    Asked(since=TODAY),
    Asked(middle=on_paper(39.29, -76.61), within=2),
    Asked(need="health", middle=on_paper(39.29, -76.61), within=5, language="es"),
    Asked(need="work", middle=on_paper(39.5, -76.3), within=10),
]


@pytest.mark.parametrize("asked", ASKED, ids=range(len(ASKED)))
async def test_a_search_finds_what_a_naive_reading_of_every_entry_finds(baltimore, asked, monkeypatch):
    door, _, _ = baltimore
    async with door.pool.acquire() as connection, connection.transaction():
        spots = defaultdict(list)
        for row in await connection.fetch("SELECT program_id, spot FROM program_place WHERE spot IS NOT NULL"):
            spots[row["program_id"]].append(tuple(row["spot"]))
        every = [row.program for row in await searching.search(connection, Asked(words=asked.words), limit=5000)]
        wanted = {program.id for program in every if fits(program, asked, spots[program.id])}
        for order, few in (("program", 1000), ("agency", 1000), ("near", 1000), ("near", -1)):
            monkeypatch.setattr(searching, "FEW", few)
            found = [row.program.id for row in await searching.search(connection, asked, order=order, limit=5000)]
            assert len(found) == len(set(found))
            assert set(found) == wanted, order
    assert wanted or asked.record or asked.since or asked.openness, "else it shows nothing"


def fits(program, asked: Asked, spots) -> bool:
    entry = program.entry
    return all((
        asked.need is None or asked.need in entry.needs,
        asked.openness is None or entry.openness in asked.openness,
        asked.language is None or asked.language in entry.languages,
        asked.record is None or entry.accepts.lets_in(asked.record),
        asked.age is None or (entry.minimum_age or 0) <= asked.age <= (entry.maximum_age or 200),
        not asked.no_papers or not entry.documents,
        asked.since is None or (program.assured_on is not None and program.assured_on >= asked.since),
        asked.middle is None or any(between(asked.middle, spot) <= asked.within for spot in spots),
    ))  # fmt: skip
