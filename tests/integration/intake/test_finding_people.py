"""People are found by name without opening every name: by blind indexes, each agency's under a key of its own."""

import json
import time
from collections.abc import Iterable, Iterator
from itertools import product
from uuid import UUID

import asyncpg
import pytest

from services.intake.findable import make_findable, parts_for
from services.intake.names import parts_of
from services.intake.people import Person
from services.intake.store import people
from services.intake.store.erasures import SQL as ERASURES
from services.intake.store.names import ALL_HERE, SQL
from shared.runtime.database import transaction
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE, Reach, acting
from shared.security import demo
from shared.security.keys import PostgresKeys
from tests.integration.intake.world import Door, text

pytestmark = pytest.mark.network
MARIA = "Maria José Canary"
ALDER = demo.WELCOME_ALDER
CROWD = 10_000


@pytest.fixture(autouse=True)
def serving() -> Iterator[None]:
    with acting(SERVICE):
        yield


async def found(door: Door, q: str, by: UUID = demo.LENA) -> list[str]:
    answer = await door.post("/intake/people/find", {"q": q}, by)
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.json()["people"]]


async def by_owner(door: Door, statement: str, *values: object) -> None:
    connection = await asyncpg.connect(door.owner, server_settings={"search_path": "intake", "app.reach": "service"})
    await connection.execute(statement, *values)
    await connection.close()


async def parts_left(door: Door, person: UUID) -> int:
    async with transaction(door.pool) as tx:
        return int(await tx.fetchval("SELECT count(*) FROM name_part WHERE person_id = $1", person))


async def test_somebody_is_found_by_how_their_name_begins_as_soon_as_they_are_added(door: Door):
    await door.add(name=MARIA)
    await door.add(name="Marius Heron")
    for q in ("mari", "MARÍ", "jose", "maria jo", "Canary, Maria", "maria j"):
        assert MARIA in await found(door, q), q
    assert sorted(await found(door, "mari")) == [MARIA, "Marius Heron"]
    for q in ("aria", "mariana", "maria heron", "!!"):
        assert await found(door, q) == [], q
    page = await door.fill("/intake/people/find", {"q": "jose"}, demo.DANA)
    assert MARIA in text(page) and "Heron" not in text(page)


async def test_whoever_asks_for_help_themselves_is_found_too(door: Door):
    await door.post("/intake/start", {"name": "Wren Fieldfare"})
    assert await found(door, "fieldf") == ["Wren Fieldfare"]


async def test_a_mentor_finds_those_they_walk_with_and_no_others(door: Door):
    await door.add(name=MARIA)
    assert await found(door, "maria", demo.TONY) == []
    person = await door.add(name="Maria Egret")
    await door.send("PUT", f"/intake/people/{person}/worker", {"worker": str(demo.TONY)}, demo.LENA)
    assert await found(door, "maria", demo.TONY) == ["Maria Egret"]


async def test_another_agency_neither_finds_nor_sees_nor_recognises_them(door: Door):
    person = await door.add(name=MARIA)
    assert await found(door, "maria", demo.GRACE) == []
    with acting(Reach(demo.CEDAR_HOUSE, None, demo.YUSUF)):
        assert await parts_left(door, person) == 0
    keys = door.running.keys
    here, there = [set(await parts_for(keys, agency, parts_of(MARIA))) for agency in (ALDER, demo.LANTERN_CLINIC)]
    assert len(here) == len(there) and not here & there


async def test_nothing_of_a_name_stands_in_clear_in_what_finds_it(door: Door):
    await door.add(name=MARIA)
    async with transaction(door.pool) as tx:
        dump = "\n".join(row["t"] for row in await tx.fetch("SELECT t::text AS t FROM name_part t"))
        kept = await tx.fetchval("SELECT relpersistence FROM pg_class WHERE oid = 'name_part'::regclass")
    for part in parts_of(MARIA):
        assert part.encode().hex() not in dump
    assert kept == b"u", "in no physical backup, and in no dump that leaves unlogged tables out"


async def test_after_a_crash_the_worker_makes_it_again_and_only_what_is_missing(door: Door):
    for name in (MARIA, "Marius Heron"):
        await door.add(name=name)
    await by_owner(door, "TRUNCATE name_part")
    assert await found(door, "mari") == []
    assert await make_findable(door.pool, door.running.keys) == 2
    assert len(await found(door, "mari")) == 2
    assert await make_findable(door.pool, door.running.keys) == 0


async def test_whose_key_cannot_be_had_keeps_nobody_else_from_being_found(door: Door):
    lost, _ = await door.add(name="Marius Heron"), await door.add(name=MARIA)
    await by_owner(door, "UPDATE person SET name = '\\x00' WHERE id = $1", lost)
    await by_owner(door, "TRUNCATE name_part")
    assert await make_findable(door.pool, door.running.keys) == 1
    assert await found(door, "maria") == [MARIA]


async def test_erased_goes_from_what_finds_them_and_does_not_come_back(door: Door):
    person, emptied, put_away = [await door.add(name=MARIA) for _ in range(3)]
    async with transaction(door.pool) as tx:
        await tx.execute(ERASURES["empty_person"], emptied)
        await tx.execute(ERASURES["close_person"], put_away)
    assert await parts_left(door, emptied) == await parts_left(door, put_away) == 0
    await door.running.keys.erase(person)
    await by_owner(door, "TRUNCATE name_part")
    assert await make_findable(door.pool, door.running.keys) == 0
    assert await found(door, "maria") == []


async def test_who_goes_by_another_name_is_found_by_that_alone(door: Door):
    person = await door.add(name=MARIA)
    await by_owner(door, "UPDATE person SET name = '' WHERE id = $1", person)  # as after a restore
    assert await found(door, "maria") == []
    await door.add(name="Robin Canary", id=str(person))
    assert await found(door, "robin") == ["Robin Canary"]
    assert await found(door, "maria") == []


async def test_who_moves_to_another_agency_is_found_there_once_it_is_made_anew(door: Door):
    person = await door.add(name=MARIA)
    async with transaction(door.pool) as tx:
        moved = Person(person, demo.LANTERN_CLINIC, None, "en")
        await people.save_worker(tx, moved)
    assert await found(door, "maria") == []
    assert await make_findable(door.pool, door.running.keys) == 1
    async with transaction(door.pool) as tx:
        homes = await tx.fetch("SELECT DISTINCT agency_id FROM name_part WHERE person_id = $1", person)
    assert [row["agency_id"] for row in homes] == [demo.LANTERN_CLINIC]


async def test_what_was_made_of_a_name_that_is_another_by_now_is_not_kept(door: Door):
    person = await door.add(name=MARIA)
    async with transaction(door.pool) as tx:
        before = (await people.find_person(tx, person)).sealed.name
        await tx.execute("UPDATE person SET name = '\\x01' WHERE id = $1", person)
        await tx.execute(SQL["put_name_parts"], person, ALDER, before, [b"late", ALL_HERE])
    assert await parts_left(door, person) == 0


async def test_nor_what_was_made_of_the_name_of_somebody_who_is_put_away_by_now(door: Door):
    """A law keeps the name as it was sealed; that is no reason to find them by it."""
    person = await door.add(name=MARIA)
    async with transaction(door.pool) as tx:
        before = (await people.find_person(tx, person)).sealed.name
        await tx.execute(ERASURES["close_person"], person)
        await tx.execute(SQL["put_name_parts"], person, ALDER, before, [b"late", ALL_HERE])
    assert await parts_left(door, person) == 0


class Counted:
    """The key store of a process, with a list of whose names were opened."""

    def __init__(self, keys: PostgresKeys) -> None:
        self.keys = keys
        self.asked: list[UUID] = []

    async def get_many(self, people, compartment):  # type: ignore[no-untyped-def]
        self.asked += people
        return await self.keys.get_many(people, compartment)

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        return getattr(self.keys, name)


async def a_crowd(door: Door, administrator: str) -> None:
    """Ten thousand people, whose sealed names are no seals: whoever opened one would hear of it."""
    first = [f"{a}{b}{n}" for a, b, n in product(("al", "be", "mar", "jo", "ke"), ("an", "ina", "us", "el"), "abcde")]
    last = [f"{a}{b}" for a, b in product(("heron", "wren", "egret", "robin", "finch"), "abcdefghijklmnopqrst")]
    names = [f"{one} {two}" for one, two in product(first, last)]
    assert len(names) == CROWD
    ids = [uuid7() for _ in names]
    indexed = dict(await indexes(door, {part for name in names for part in parts_of(name)}))
    parts = [(ALDER, indexed[part], id) for id, name in zip(ids, names, strict=True) for part in parts_of(name)]
    people_ = [(id, ALDER, demo.DANA, b"no seal", False, "en", "by_themselves", True) for id in ids]
    owner = await asyncpg.connect(administrator, server_settings={"search_path": "intake"})
    columns = ["id", "agency_id", "worker_id", "name", "safe", "language", "came", "synthetic"]
    await owner.copy_records_to_table("person", records=people_, columns=columns)
    await owner.copy_records_to_table("name_part", records=parts, columns=["agency_id", "part", "person_id"])
    await owner.execute("ANALYZE person, name_part")
    await owner.close()


async def indexes(door: Door, words: set[str]) -> Iterable[tuple[str, bytes]]:
    listed = sorted(words)
    return zip(listed, await parts_for(door.running.keys, ALDER, listed), strict=True)


async def test_among_ten_thousand_only_those_who_are_found_are_opened(door: Door, database, record_property):
    await a_crowd(door, await database())
    for name in (MARIA, "Marten Quill", "Marten Quayle"):
        await door.add(name=name)
    counted = Counted(door.running.keys)
    door.running.keys = counted  # type: ignore[assignment]
    for q, names in (("quill", 1), ("marten", 2), ("qu mart", 2), ("zoltan", 0)):
        counted.asked, began = [], time.perf_counter()
        assert len(await found(door, q)) == names
        record_property(f"milliseconds for {q}", round((time.perf_counter() - began) * 1000, 1))
        assert len(counted.asked) == names
    door.running.keys = counted.keys
    parts = await parts_for(door.running.keys, ALDER, ["marten", "quill"])
    with acting(Reach(ALDER, None, demo.LENA)):
        async with transaction(door.pool) as tx:
            await tx.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            plan = await tx.fetchval(f"EXPLAIN (FORMAT json) {SQL['find_by_parts']}", ALDER, None, parts, 200)
    assert "name_part_pkey" in json.dumps(json.loads(plan)), plan
    assert '"Seq Scan"' not in plan, plan
