"""Two records of one person: no agency learns from it whom another knows, nobody is linked but by their own word, and
never-lists, erasures and second thoughts beat it.

Wren is helped by Welcome Alder, where Dana walks with them, and by Lantern Clinic, where Grace does.
"""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from services.intake.alike import look_into_asks, make_comparable
from services.intake.links import A_DAY
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE, Reach, acting
from shared.security.demo import (
    AUDITOR,
    CEDAR_HOUSE,
    DANA,
    GRACE,
    IMANI,
    LANTERN_CLINIC,
    LENA,
    OPS,
    RUTH,
    TONY,
    WELCOME_ALDER,
    YUSUF,
)  # fmt: skip
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.security.tokens import Tokens
from tests.integration.intake.world import HTML, Door, open_door, text
from tests.network import FreshDatabase
from tests.security.rows import connected

pytestmark = pytest.mark.network
WREN, NUMBER, ELSEWHERE = "Wren Fieldfare", "555-010-3141", "+1 555 010 2718"
NOBODY_KNOWN = "Robin Goldcrest"
LINKS = "SELECT count(*) FROM link"
SAID = {"agency": str(WELCOME_ALDER), "known": "known"}  # what Wren says to Grace
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@pytest_asyncio.fixture(loop_scope="session")
async def door(database: FreshDatabase) -> AsyncIterator[Door]:
    async with open_door(database) as opened:
        yield opened


async def at_alder(door: Door, name: str = WREN) -> UUID:
    return await door.add(name=name, contact=NUMBER, words=None)


async def at_lantern(door: Door, name: str = "Wren Fieldfare") -> UUID:
    return await door.add(GRACE, name=name, contact=ELSEWHERE, words=None)


async def look(door: Door) -> None:
    """What the worker does in the meantime."""
    with acting(SERVICE):
        await make_comparable(door.pool, door.running.keys)
        await look_into_asks(door.pool, door.running.keys)


async def asks(door: Door, person: UUID, at: UUID = LANTERN_CLINIC, who: UUID = DANA) -> httpx.Response:
    body = {"agency": str(at), "known": "known", "said": "yes"}
    return await door.post(f"/intake/people/{person}/records/ask", body, who)


async def put(door: Door) -> tuple[UUID, UUID, str]:
    """Wren at both, and the question that stands at Lantern."""
    here, there = await at_alder(door), await at_lantern(door)
    await look(door)
    assert (await asks(door, here)).status_code == 202
    await look(door)
    [waiting] = (await door.get(f"/intake/people/{there}/records", GRACE)).json()["links"]
    return here, there, waiting["id"]


async def linked(door: Door) -> tuple[UUID, UUID, str]:
    here, there, link = await put(door)
    answer = await door.post(f"/intake/links/{link}/yes", SAID, GRACE)
    assert answer.status_code == 200, answer.text
    return here, there, link


async def records(door: Door, person: UUID, who: UUID) -> httpx.Response:
    return await door.page(f"/intake/people/{person}/records", who)


async def never(door: Door, person: UUID, agency: UUID) -> None:
    answer = await door.post(f"/intake/people/{person}/never", {"agency": str(agency)}, person)
    assert answer.status_code == 200, answer.text


async def erase(door: Door, person: UUID, worker: UUID) -> None:
    path = f"/intake/people/{person}/erasure"
    assert (await door.post(path, {}, person)).status_code == 201
    assert (await door.post(f"{path}/confirm", {"identity": "known"}, worker)).status_code == 200
    await door.shift("8 days")
    with acting(SERVICE):
        assert await door.fire() >= 1
    await door.shift("0")


def desk_of(door: Door, agency: UUID) -> dict[str, str]:
    token = Tokens(door.settings).issue(Actor(uuid7(), Role.SUPERVISOR, agency))
    return {"Authorization": f"Bearer {token}"}


# Nobody is compared across agencies


async def test_two_agencies_that_know_one_person_never_learn_it_by_themselves(door: Door):
    here, there = await at_alder(door), await at_lantern(door)
    await look(door)
    for who, person in ((DANA, here), (LENA, here), (GRACE, there)):
        assert (await door.get("/intake/duplicates", who)).json() == {"pairs": []}
        assert (await door.get(f"/intake/people/{person}/records", who)).json() == {"links": [], "asks": []}
    assert await door.pool.fetchval("SELECT count(*) FROM alike") == 0


async def test_not_even_the_database_tells_that_two_agencies_know_one_person(door: Door):
    await at_alder(door)
    await at_lantern(door)
    await look(door)
    parts = await door.pool.fetch(
        "SELECT part, count(DISTINCT agency_id) AS at FROM sign WHERE part <> '' GROUP BY part"
    )
    assert len(parts) > 5 and {row["at"] for row in parts} == {1}


async def test_a_consent_shows_the_person_and_no_duplicate(door: Door):
    here, there = await at_alder(door), await at_lantern(door)
    await door.allow(there, recipient=str(WELCOME_ALDER), categories=["referral"])
    await look(door)
    assert (await door.get(f"/intake/people/{there}/name", DANA)).status_code == 200, "what it is for"
    for path in (f"/intake/duplicates/{here}/{there}", f"/intake/duplicates/{there}/{here}"):
        assert (await door.get(path, DANA)).status_code == 404
        assert (await door.post(f"{path}/one", {"known": "known"}, DANA)).status_code == 404
        assert (await door.post(f"{path}/two", {}, DANA)).status_code == 404
    assert (await door.get("/intake/duplicates", DANA)).json() == {"pairs": []}


# Whoever asks is told nothing


async def test_whoever_asks_reads_the_same_whatever_there_is(door: Door):
    """Known there, not known, kept out by either side, erased there, refused there: before the worker and after."""
    names = ("Wren Fieldfare", NOBODY_KNOWN, "Ash Dunnock", "Elm Siskin", "Fern Whinchat", "Moss Redstart")
    mine = {name: await at_alder(door, name) for name in names}
    theirs = {name: await at_lantern(door, name) for name in names if name != NOBODY_KNOWN}
    await never(door, theirs["Ash Dunnock"], WELCOME_ALDER)
    await never(door, mine["Elm Siskin"], LANTERN_CLINIC)
    await erase(door, theirs["Fern Whinchat"], GRACE)
    await look(door)
    answers, seen = [], []
    for name, person in mine.items():
        answer = await asks(door, person)
        answers.append((answer.status_code, dict(answer.headers), ID.sub("ID", answer.text)))
        seen.append(ID.sub("ID", text(await records(door, person, DANA))).replace(name, "NAME"))
    await look(door)
    [refused] = (await door.get(f"/intake/people/{theirs['Moss Redstart']}/records", GRACE)).json()["links"]
    assert (await door.post(f"/intake/links/{refused['id']}/no", {}, GRACE)).status_code == 200
    for name, person in mine.items():
        seen.append(ID.sub("ID", text(await records(door, person, DANA))).replace(name, "NAME"))
        again = await asks(door, person)
        answers.append((again.status_code, dict(again.headers), ID.sub("ID", again.text)))
    assert answers[1:6] == answers[:5] and answers[7:] == answers[6:-1]
    assert len(set(seen)) == 1
    assert await door.pool.fetchval("SELECT count(*) FROM link_ask WHERE looked_at IS NULL") == 0


async def test_the_request_looks_nothing_up_so_its_time_tells_nothing(door: Door):
    here, _ = await at_alder(door), await at_lantern(door)
    await make_comparable(door.pool, door.running.keys)
    assert (await asks(door, here)).status_code == 202
    assert await door.pool.fetchval(LINKS) == 0, "the worker looks into it, later"
    await look(door)
    assert await door.pool.fetchval(LINKS) == 1


async def test_clocks_which_whoever_acts_may_read_are_one_for_each_ask(door: Door, database: FreshDatabase):
    await at_lantern(door)
    for name in (WREN, NOBODY_KNOWN):
        person = await at_alder(door, name)
        asked = (await asks(door, person)).json()["id"]
        await look(door)
        async with connected(await database("intake"), Reach(WELCOME_ALDER, None, DANA)) as dana:
            clocks = await dana.fetch("SELECT subject FROM timer WHERE kind = 'link.lapse'")
            assert str(asked) not in [row["subject"] for row in clocks]
    assert len(clocks) == 2
    await door.shift("31 days")
    with acting(SERVICE):
        assert await door.fire() == 2
        assert await door.fire() == 0


async def test_a_question_that_waits_is_in_no_reach_of_whoever_asked(door: Door, database: FreshDatabase):
    here, there, link = await put(door)
    async with connected(await database("intake"), Reach(WELCOME_ALDER, None, DANA)) as dana:
        assert await dana.fetchval(LINKS) == 0
        assert await dana.fetchval("SELECT count(*) FROM link_ask") == 1
    async with connected(await database("intake"), Reach(LANTERN_CLINIC, None, GRACE)) as grace:
        assert await grace.fetchval(LINKS) == 1
        assert await grace.fetchval("SELECT count(*) FROM link_ask") == 0
    for person in (here, there):
        async with connected(await database("intake"), Reach(None, person, person)) as own:
            assert await own.fetchval(LINKS) == 0
    for verb in ("yes", "no", "end"):
        assert (await door.post(f"/intake/links/{link}/{verb}", {"known": "known"}, DANA)).status_code == 404


async def test_whose_worker_is_asked_reads_neither_who_asked_nor_where(door: Door):
    here, there, link = await put(door)
    page, data = await records(door, there, GRACE), await door.get(f"/intake/people/{there}/records", GRACE)
    assert "Somebody who may be the same is known elsewhere" in text(page)
    assert data.json() == {"links": [{"id": link, "stage": "put"}], "asks": []}
    for words in (str(here), str(DANA), str(WELCOME_ALDER), NUMBER):
        assert words not in page.text.replace(f'value="{WELCOME_ALDER}"', "") and words not in data.text
    assert "Welcome Alder" not in re.sub(r"<option.*?</option>", "", page.text), "but in the list of all agencies"
    assert await door.types("person", here) == ["person.welcomed", "person.contact_changed"]


async def test_asks_of_one_worker_are_counted_in_asks_alone(door: Door):
    people = [await at_alder(door, f"Sparrow Number {number}") for number in range(A_DAY + 1)]
    found = [(await asks(door, person)).status_code for person in people]
    assert found == [202] * A_DAY + [409]
    assert (await asks(door, people[-1], who=LENA)).status_code == 403, "nor does whoever does not walk with them ask"


# Nobody is linked but by their own word


async def test_a_yes_opens_nothing_but_that_the_other_helps_too(door: Door):
    here, there, _ = await put(door)
    before = await door.pool.fetch("SELECT * FROM person ORDER BY id")
    [waiting] = (await door.get(f"/intake/people/{there}/records", GRACE)).json()["links"]
    assert (await door.post(f"/intake/links/{waiting['id']}/yes", SAID, GRACE)).status_code == 200
    assert await door.pool.fetch("SELECT * FROM person ORDER BY id") == before
    assert "Lantern Clinic walks with them too." in text(await records(door, here, DANA))
    assert "Welcome Alder walks with them too." in text(await records(door, there, GRACE))
    for who, person in ((DANA, there), (GRACE, here)):
        for path in ("", "/name", "/reach", "/header", "/records", "/shared"):
            assert (await door.get(f"/intake/people/{person}{path}", who)).status_code == 404, path
    assert str(there) not in (await records(door, here, DANA)).text
    for person in (here, there):
        assert (await door.types("person", person))[-1] == "person.linked"
        [event] = [one for one in await door.events("person", person) if one["type"].endswith("linked.v1")]
        assert event["partitionkey"] == str(person), "each record keeps its own"


async def test_a_worker_links_nobody_without_walking_with_them(door: Door):
    here, there, link = await put(door)
    colleague = Tokens(door.settings).issue(Actor(uuid7(), Role.CASE_MANAGER, LANTERN_CLINIC))
    headers = {"Authorization": f"Bearer {colleague}", "Accept": "application/json"}
    answer = await door.client.post(f"/intake/links/{link}/yes", json=SAID, headers=headers)
    assert answer.status_code == 403
    for who in (DANA, LENA, TONY, YUSUF, IMANI, RUTH, OPS, AUDITOR, here, there):
        assert (await door.post(f"/intake/links/{link}/yes", SAID, who)).status_code in (403, 404), who
    twice = await at_alder(door)
    for who in (TONY, GRACE, YUSUF, RUTH, OPS, here, twice):
        answer = await door.post(f"/intake/duplicates/{here}/{twice}/one", {"known": "known"}, who)
        assert answer.status_code in (403, 404), who
    assert await door.pool.fetchval("SELECT count(*) FROM link WHERE stage = 'linked'") == 0


async def test_whom_another_agency_knows_nobody_speaks_for_by_making_them_up(door: Door):
    """A worker adds an invented Wren, says yes for them, and learns nothing: Wren was asked, and says no."""
    there = await at_lantern(door)
    made_up = await at_alder(door)
    await look(door)
    before = text(await records(door, made_up, DANA))
    await asks(door, made_up)
    asked = text(await records(door, made_up, DANA))
    await look(door)
    [waiting] = (await door.get(f"/intake/people/{there}/records", GRACE)).json()["links"]
    await door.post(f"/intake/links/{waiting['id']}/no", {}, GRACE)
    assert text(await records(door, made_up, DANA)) == asked != before
    looks = (await door.get(f"/intake/people/{made_up}/looks", made_up)).text
    assert "link.ask" in looks, "whose name was used reads that it was"


async def test_whose_name_somebody_else_goes_by_is_not_linked_with_them_by_their_yes_to_another_place(door: Door):
    """Somebody signed up as Wren at Welcome Alder, and asks at Lantern. Wren is helped at Cedar House, and says so."""
    made_up, there, link = await put(door)
    before = text(await records(door, made_up, made_up))
    answer = await door.post(f"/intake/links/{link}/yes", {**SAID, "agency": str(CEDAR_HOUSE)}, GRACE)
    assert (answer.status_code, answer.json()["stage"]) == (200, "not_them")
    assert text(await records(door, made_up, made_up)) == before
    assert (await door.get(f"/intake/people/{there}/records", GRACE)).json()["links"] == []
    assert (await door.post(f"/intake/links/{link}/yes", SAID, GRACE)).status_code == 409, "one try"
    assert "person.linked" not in await door.types("person", made_up)


# What beats it


@pytest.mark.parametrize("whose", ["here", "there"])
async def test_never_beats_a_question_that_waits_and_a_link_that_stands(door: Door, whose: str):
    here, there, link = await put(door)
    [person, agency] = [here, LANTERN_CLINIC] if whose == "here" else [there, WELCOME_ALDER]
    await never(door, person, agency)
    assert (await door.get(f"/intake/people/{there}/records", GRACE)).json()["links"] == []
    assert (await door.post(f"/intake/links/{link}/yes", SAID, GRACE)).status_code == 404
    assert (await door.post(f"/intake/people/{person}/never/{agency}/take-back", {}, person)).status_code == 200
    assert (await door.post(f"/intake/links/{link}/yes", SAID, GRACE)).status_code == 200
    await never(door, person, agency)
    for who, of in ((DANA, here), (LENA, here), (GRACE, there)):
        assert (await door.get(f"/intake/people/{of}/records", who)).json()["links"] == []
    for of in (here, there):
        assert len((await door.get(f"/intake/people/{of}/records", of)).json()["links"]) == 1, "their own to take apart"
        assert (await door.get(f"/intake/people/{of}/records", of)).status_code == 200


async def test_whom_they_keep_out_of_one_record_is_kept_out_of_both_and_what_it_was_told_of_the_other_is_over(
    door: Door,
):
    here, there, link = await put(door)
    await never(door, here, CEDAR_HOUSE)
    given = await door.allow(there)
    assert (await door.post(f"/intake/links/{link}/yes", SAID, GRACE)).status_code == 200
    found = (await door.get(f"/intake/consents/{given['id']}", there)).json()
    assert found["stage"] == "revoked"
    asked = {"person": str(there), "recipient": str(CEDAR_HOUSE), "categories": ["referral"], "shown": True}
    refused = await door.post("/intake/consents", asked, there)
    assert refused.status_code == 422, refused.text
    assert (await door.post(f"/intake/links/{link}/end", {}, there)).status_code == 200
    assert (await door.get(f"/intake/consents/{given['id']}", there)).json()["stage"] == "revoked", "nothing comes back"
    assert (await door.post("/intake/consents", asked, there)).status_code == 201, "they are two again"


async def test_a_no_said_at_one_record_ends_what_the_other_allowed(door: Door):
    here, there, link = await put(door)
    assert (await door.post(f"/intake/links/{link}/yes", SAID, GRACE)).status_code == 200
    given = await door.allow(there)
    await never(door, here, CEDAR_HOUSE)
    assert (await door.get(f"/intake/consents/{given['id']}", there)).json()["stage"] == "revoked"


async def test_a_desk_whose_agency_is_kept_out_by_now_still_has_to_look(door: Door):
    here, there, link = await linked(door)
    await records(door, there, GRACE)
    await never(door, here, LANTERN_CLINIC)
    assert (await door.post(f"/intake/links/{link}/end", {}, here)).status_code == 200
    desk = {**desk_of(door, LANTERN_CLINIC), **HTML}
    [path] = re.findall(r"/intake/incidents/[0-9a-f-]{36}", (await door.client.get("/intake/desk", headers=desk)).text)
    page = await door.client.get(path, headers=desk)
    assert page.status_code == 200 and "Welcome Alder" not in text(page)


async def test_whoever_is_erased_is_linked_with_nobody(door: Door):
    here, there, _ = await linked(door)
    await erase(door, there, GRACE)
    assert (await door.get(f"/intake/people/{here}/records", DANA)).json()["links"] == []
    assert "Lantern" not in re.sub(r"<option.*?</option>", "", (await records(door, here, here)).text).split("Asked")[0]
    unlinked = [one["data"] for one in await door.events("person", here) if one["type"].endswith("unlinked.v1")]
    assert [event["reason"] for event in unlinked] == ["erased"]
    for table, column in (
        ("sign", "person_id"),
        ("alike", "person_id"),
        ("link_ask", "person_id"),
        ("told_apart", "person_id"),
    ):
        assert await door.pool.fetchval(f"SELECT count(*) FROM {table} WHERE {column} = $1", there) == 0, table  # noqa: S608
    assert await door.pool.fetchval("SELECT count(*) FROM incident") == 0, "no mistake"


async def test_a_question_about_whoever_is_erased_ends(door: Door):
    here, there, link = await put(door)
    await erase(door, here, DANA)
    assert (await door.get(f"/intake/people/{there}/records", GRACE)).json()["links"] == []
    assert (await door.post(f"/intake/links/{link}/yes", SAID, GRACE)).status_code == 409


# When it was wrong


async def test_taking_it_apart_lists_all_that_was_shown_to_each_desk_its_own(door: Door):
    here, there, link = await linked(door)
    await records(door, here, DANA)
    await records(door, there, GRACE)
    await records(door, there, GRACE)
    mine = text(await records(door, here, here))
    assert "Lantern Clinic helps you too." in mine and "They are not both mine" in mine
    assert (await door.post(f"/intake/links/{link}/end", {}, here)).status_code == 200
    for agency, whose, saw, times in (
        (WELCOME_ALDER, here, LANTERN_CLINIC, 2),
        (LANTERN_CLINIC, there, WELCOME_ALDER, 1),
    ):
        desk = desk_of(door, agency)
        page = await door.client.get("/intake/desk", headers={**desk, **HTML})
        [path] = re.findall(r"/intake/incidents/[0-9a-f-]{36}", page.text)
        incident = (await door.client.get(path, headers={**desk, "Accept": "application/json"})).json()
        shown = [(one["person"], one["agency"], one["what"]) for one in incident["shown"]]
        assert shown == [(str(whose), str(saw), "link.read")] * times
        other = desk_of(door, CEDAR_HOUSE if agency == WELCOME_ALDER else WELCOME_ALDER)
        assert (await door.client.get(path, headers=other)).status_code == 404
        said = await door.client.post(f"{path}/close", json={"found": "Two of one name. We told both."}, headers=desk)
        assert said.status_code == 200
        assert (await door.client.post(f"{path}/close", json={"found": "Again."}, headers=desk)).status_code == 409
        own = text(await records(door, whose, whose))
        assert "Two of one name. We told both." in own and "that another agency walks with you too" in own
    for who, of in ((DANA, here), (GRACE, there)):
        assert "walks with them too" not in text(await records(door, of, who))
    assert (await door.post(f"/intake/links/{link}/end", {}, there)).status_code == 409


async def test_a_desk_that_says_nothing_is_late_and_it_stays_there(door: Door):
    here, _, link = await linked(door)
    assert (await door.post(f"/intake/links/{link}/end", {}, DANA)).status_code == 200
    await door.shift("11 days")
    assert await door.fire() == 2
    assert "Late: it was due" in text(await door.page("/intake/desk", LENA))
    assert "will check how that came" in text(await records(door, here, here))


async def test_a_question_that_nobody_answers_is_gone_in_thirty_days(door: Door):
    here, there, link = await put(door)
    await door.shift("31 days")
    assert await door.fire() == 1
    assert (await door.get(f"/intake/people/{there}/records", GRACE)).json()["links"] == []
    assert (await door.post(f"/intake/links/{link}/yes", SAID, GRACE)).status_code == 409
    assert "No yes came. That can mean anything." in text(await records(door, here, DANA))


async def test_behind_the_second_pin_there_is_one_record(door: Door):
    here, _, _ = await linked(door)
    token = Tokens(door.settings).issue_for(Actor(here, Role.PERSON, person=here, harmless=True), uuid7())
    headers = {"Authorization": f"Bearer {token}", **HTML}
    page = await door.client.get(f"/intake/people/{here}/records", headers=headers)
    assert page.status_code == 200 and "You have one record." in text(page) and "Lantern" not in page.text
