"""The same person twice in one agency: found without opening anybody, explained, settled by a human, never merged."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from services.intake.alike import make_comparable
from services.intake.matching import FINDS, MOST
from services.intake.store import erasures, matching
from services.intake.store.matching import SQL
from shared.runtime.database import transaction
from shared.runtime.reach import SERVICE, acting
from shared.security.demo import DANA, LENA, TONY, WELCOME_ALDER, YUSUF
from tests.integration.intake.world import Door, text
from tests.network import FreshDatabase
from tests.security.rows import connected

pytestmark = pytest.mark.network
NUMBER = "555-010-3141"


@pytest.fixture(autouse=True)
def serving() -> Iterator[None]:
    with acting(SERVICE):
        yield


async def compared(door: Door) -> int:
    return await make_comparable(door.pool, door.running.keys)


async def someone(door: Door, name: str, **more: object) -> UUID:
    return await door.add(name=name, **{"contact": None, "way": None, "safe": None, "words": None} | more)


async def pairs(door: Door, who: UUID = LENA) -> list[tuple[set[str], int]]:
    answer = await door.get("/intake/duplicates", who)
    assert answer.status_code == 200, answer.text
    return [({pair["person"], pair["other"]}, pair["points"]) for pair in answer.json()["pairs"]]


async def born(door: Door, person: UUID, when: str | None) -> int:
    return (await door.post(f"/intake/people/{person}/born", {"born": when}, DANA)).status_code


async def test_two_records_that_look_alike_stand_on_the_list_with_their_reasons(door: Door):
    one, other = await someone(door, "Yesenia Gonzalez"), await someone(door, "Jessenia Gonsales")
    await someone(door, "Robin Goldcrest")
    assert await born(door, one, "1984-05-03") == await born(door, other, "1984-05-03") == 200
    assert await compared(door) == 3
    assert await pairs(door) == [({str(one), str(other)}, 13 + 14)]
    page = text(await door.page(f"/intake/duplicates/{one}/{other}", DANA))
    for words in ("They look like one person", "Two of their names sound the same.", "+13", "The same date of birth."):
        assert words in page
    assert "Together 27." in page and "No number says that they are." in page


async def test_what_changes_is_compared_anew(door: Door):
    one, other = await someone(door, "Wren Fieldfare"), await someone(door, "Wren Fieldfare")
    await compared(door)
    assert len(await pairs(door)) == 1
    await born(door, one, "1951")
    await born(door, other, "1984")
    assert await pairs(door) == [], "at once, and not with the next look"
    assert await compared(door) == 2
    assert await pairs(door) == []
    assert await born(door, one, None) == 200
    await compared(door)
    assert len(await pairs(door)) == 1


async def test_a_number_finds_whoever_goes_by_half_a_name(door: Door):
    one = await someone(door, "Wren", contact=NUMBER, way="sms")
    other = await someone(door, "Wren Fieldfare", contact="(555) 010 3141", way="sms")
    await compared(door)
    assert await pairs(door) == [({str(one), str(other)}, 4 + 11)]


async def test_a_sign_that_too_many_share_finds_nobody(door: Door):
    for _ in range(MOST + 2):
        await someone(door, "Jo Marsh")
    await compared(door)
    someones = await someone(door, "Jo Marsh")
    before = await pairs(door)
    await compared(door)
    assert await pairs(door) == before and not any(str(someones) in pair for pair, _ in before)


async def test_a_lookup_reads_ranges_of_its_index_however_many_there_are(door: Door, database: FreshDatabase):
    crowd = "INSERT INTO sign SELECT $1, decode(md5(n || kind), 'hex'), gen_random_uuid(), kind"
    crowd += " FROM generate_series(1, 20000) AS n, unnest('{name,sound,word,contact}'::text[]) AS kind"
    async with connected(await database()) as admin:
        await admin.execute("SET session_replication_role = replica; SET search_path = intake")
        await admin.execute(crowd, WELCOME_ALDER)
        await admin.execute("VACUUM (ANALYZE) sign")
    sought = [b"%016d" % number for number in range(8)], ["name"] * 8
    async with transaction(door.pool) as tx:
        await tx.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        explain = f"EXPLAIN (FORMAT json) {SQL['find_alike']}"
        plan = await tx.fetchval(explain, WELCOME_ALDER, *sought, sorted(FINDS), MOST + 1, None)
    assert "sign_pkey" in plan and "sign_person_idx" in plan, plan
    assert '"Seq Scan"' not in plan, plan


async def test_nobodys_name_is_opened_to_find_them(door: Door, monkeypatch):
    await someone(door, "Wren Fieldfare")
    await compared(door)
    newcomer, opened = await someone(door, "Wren Fieldfare"), []
    from services.intake import alike

    real = alike.open_sealed

    async def watched(keys, person, *rest):
        opened.append(person)
        return await real(keys, person, *rest)

    monkeypatch.setattr(alike, "open_sealed", watched)
    await compared(door)
    assert set(opened) == {newcomer} and len(await pairs(door)) == 1


async def test_told_apart_they_are_shown_no_more(door: Door):
    one, other = await someone(door, "Wren Fieldfare"), await someone(door, "Wren Fieldfare")
    await compared(door)
    assert (await door.post(f"/intake/duplicates/{one}/{other}/two", {}, DANA)).status_code == 200
    assert await pairs(door) == []
    await born(door, one, "1984")
    await compared(door)
    assert await pairs(door) == [], "nor after they were compared again"


async def test_the_person_says_it_and_nothing_is_merged(door: Door):
    one, other = await someone(door, "Wren Fieldfare"), await someone(door, "Wren Fieldfare", contact=NUMBER, way="sms")
    await door.allow(other)
    await compared(door)
    async with transaction(door.pool) as tx:
        before = await tx.fetch("SELECT * FROM person ORDER BY id"), await tx.fetch("SELECT * FROM consent")
    assert (await door.post(f"/intake/duplicates/{one}/{other}/one", {}, DANA)).status_code == 422
    made = await door.post(f"/intake/duplicates/{one}/{other}/one", {"known": "document"}, DANA)
    assert made.status_code == 201
    again = await door.post(f"/intake/duplicates/{other}/{one}/one", {"known": "document"}, DANA)
    assert again.status_code == 409
    async with transaction(door.pool) as tx:
        assert before == (await tx.fetch("SELECT * FROM person ORDER BY id"), await tx.fetch("SELECT * FROM consent"))
    assert await pairs(door) == []
    for person in (one, other):
        own = text(await door.page(f"/intake/people/{person}/records", person))
        assert "Welcome Alder has two records of you." in own
        assert [one["data"]["link"] for one in await door.events("person", person) if "linked" in one["type"]] == [
            made.json()["id"]
        ]
    assert (await door.post(f"/intake/links/{made.json()['id']}/end", {}, other)).status_code == 200
    assert "Somebody has" not in (await door.page("/intake/desk", LENA)).text
    assert "Two records mixed up" in text(await door.page("/intake/desk", LENA))


async def test_what_was_told_of_a_birth_is_sealed_and_refused_where_it_is_none(door: Door):
    person = await someone(door, "Wren Fieldfare")
    assert await born(door, person, "1984") == 200
    async with transaction(door.pool) as tx:
        kept = await tx.fetchval("SELECT born FROM person WHERE id = $1", person)
    assert b"1984" not in kept
    assert await born(door, person, "last spring") == 422
    mended = await door.fill(f"/intake/people/{person}/born", {"born": "last spring"}, DANA)
    assert mended.status_code == 422 and "Write a year, such as 1984" in text(mended)
    assert (await door.post(f"/intake/people/{person}/born", {"born": "1985"}, TONY)).status_code in (403, 404)
    assert (await door.post(f"/intake/people/{person}/born", {"born": "1985"}, YUSUF)).status_code in (403, 404)


async def test_a_form_that_lacks_a_word_comes_back_with_it(door: Door):
    person = await someone(door, "Wren Fieldfare")
    page = await door.fill(f"/intake/people/{person}/records/ask", {"known": "known"}, DANA)
    assert page.status_code == 422
    assert "Choose the agency that they named." in text(page)
    assert "Ask only if they said yes, here and now." in text(page)


async def test_whoever_signs_up_under_anothers_name_does_not_read_that_it_is_known_here(door: Door):
    """Dana looked at both, and found that they are two: on their own page nothing says that there was another."""
    wren, made_up = await someone(door, "Wren Fieldfare"), await someone(door, "Wren Fieldfare")
    await compared(door)
    await door.get("/intake/duplicates", DANA)
    await door.page(f"/intake/duplicates/{wren}/{made_up}", DANA)
    assert (await door.post(f"/intake/duplicates/{wren}/{made_up}/two", {}, DANA)).status_code == 200
    told = await door.get(f"/intake/people/{made_up}/looks", made_up)
    seen = {(look["action"], look["object"], look["purpose"]) for look in told.json()["looks"]}
    assert ("person.list", "name", "list") in seen, "that their name was seen is theirs to read"
    assert "duplicate" not in told.text and "records" not in told.text
    page = text(await door.page(f"/intake/people/{made_up}/looks", made_up))
    assert "saw your name in a list" in page and "twice" not in page and "two people" not in page
    async with transaction(door.pool) as tx:
        kept = await tx.fetchval(
            "SELECT count(*) FROM audit WHERE action LIKE 'duplicate.%' AND person_id = $1", made_up
        )
    assert kept == 3, "the audit keeps what it was"


async def test_whoever_is_erased_while_they_are_compared_looks_like_nobody(door: Door, monkeypatch: pytest.MonkeyPatch):
    await someone(door, "Wren Fieldfare")
    await compared(door)
    newcomer, real = await someone(door, "Wren Fieldfare"), matching.put_signs

    async def meanwhile(*given: Any) -> None:
        async with transaction(door.pool) as tx:
            await erasures.empty(tx, newcomer, kept=False)
        await real(*given)

    monkeypatch.setattr(matching, "put_signs", meanwhile)
    await compared(door)
    async with transaction(door.pool) as tx:
        assert await tx.fetchval("SELECT count(*) FROM alike") == 0
        assert await tx.fetchval("SELECT count(*) FROM sign WHERE person_id = $1", newcomer) == 0
