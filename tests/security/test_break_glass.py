"""Break-glass: for a medical emergency a worker elsewhere opens the least of a record, for an hour.

Grace is a nurse at Lantern Clinic; the person is Welcome Alder's, which has told the clinic nothing of them.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio
import structlog.testing

from services.intake.refolding import refold
from services.intake.same_time import SAME_TIME
from shared.contracts.person import Opened
from shared.runtime.database import transaction
from shared.runtime.ids import uuid7
from shared.runtime.reach import Reach
from shared.security.demo import (
    AUDITOR,
    CEDAR_HOUSE,
    DANA,
    GRACE,
    IMANI,
    LANTERN_CLINIC,
    LENA,
    NADIA,
    OPS,
    RUTH,
    TONY,
    WELCOME_ALDER,
    YUSUF,
)
from shared.security.identity import Actor
from shared.security.keystore.store import give_up
from shared.security.masters import masters_of
from shared.security.permissions import Role
from shared.security.tokens import Tokens
from tests.integration.intake.world import HTML, NAME, NUMBER, WORDS, Door, open_door, text
from tests.network import FreshDatabase
from tests.security.rows import connected

pytestmark = pytest.mark.network
HAPPENED = "Found in our doorway, does not wake up, breathes shallow since ten minutes."
AS_GRACE = Reach(LANTERN_CLINIC, None, GRACE)
SAID = {
    "agency": str(WELCOME_ALDER),
    "name": NAME,
    "emergency": HAPPENED,
    "treated_by": "Dr. Amara Okafor",
    "place": "Lantern Clinic, front room",
    "cannot": "unconscious",
}


@pytest_asyncio.fixture(loop_scope="session")
async def door(database: FreshDatabase) -> AsyncIterator[Door]:
    async with open_door(database) as opened:
        yield opened


async def tries(door: Door, who: UUID = GRACE, **more: object) -> httpx.Response:
    return await door.post("/intake/openings", {**SAID, **more}, who)


async def opens(door: Door, who: UUID = GRACE, **more: object) -> str:
    answer = await tries(door, who, **more)
    assert answer.status_code == 201, answer.text
    return f"/intake/openings/{answer.json()['id']}"


async def refusals(door: Door, who: UUID = GRACE) -> list[UUID | None]:
    """Whom the refused tries in the audit are about."""
    found = "SELECT person_id FROM audit WHERE actor_id = $1 AND action = 'emergency.open' AND NOT allowed"
    return [row["person_id"] for row in await door.pool.fetch(found, who)]


async def opened(door: Door) -> int:
    count: int = await door.pool.fetchval("SELECT count(*) FROM opening")
    return count


async def allows(door: Door, person: UUID, recipient: UUID, *categories: str) -> dict:
    return await door.allow(person, recipient=str(recipient), categories=list(categories))


def helpful(answer: httpx.Response, field: str) -> bool:
    return answer.status_code == 422 and answer.json()["field"] == field and NAME not in answer.text


# What it opens


async def test_it_shows_who_they_are_and_whom_to_call_and_nothing_else(door: Door):
    person = await door.add()
    await allows(door, person, CEDAR_HOUSE, "referral", "plan")
    page = await opens(door)
    least = (await door.get(page, GRACE)).json()
    assert set(least) == {"id", "until", "name", "language", "way", "contact", "safe", "walks_with_them", "care"}
    assert (least["name"], least["contact"], least["safe"]) == (NAME, NUMBER, True)
    assert least["walks_with_them"]["agency"] == "Welcome Alder" and least["walks_with_them"]["phone"] == "555-0100"
    assert least["care"] == [], "who hears of rooms treats nobody"
    for found in (await door.get(page, GRACE)).text, (await door.page(page, GRACE)).text:
        assert WORDS not in found and str(person) not in found, "their own words stay shut, and no id leads further"
    assert 'href="tel:555-0100"' in (await door.page(page, GRACE)).text, "one tap calls them"
    for path in ("", "/name", "/reach", "/header", "/contact", "/shared", "/erasure", "/looks", "/disclosures"):
        answer = await door.get(f"/intake/people/{person}{path}", GRACE)
        assert answer.status_code in (403, 404), path
        assert NAME not in answer.text and NUMBER not in answer.text


async def test_care_for_drugs_or_alcohol_is_shut_unless_asked_for_and_then_written_down_as_part_2_asks(door: Door):
    person = await door.add()
    await allows(door, person, CEDAR_HOUSE, "substance_use")
    assert (await door.get(await opens(door), GRACE)).json()["care"] == []
    page = await opens(door, treatment=True)
    assert (await door.get(page, GRACE)).json()["care"] == [
        {"agency": "Cedar House", "phone": "", "about": ["substance_use"]}
    ]
    assert "42 CFR Part 2" in text(await door.page(page, GRACE))
    mine = text(await door.page(f"/intake/people/{person}/shared", person))
    for fact in ("Dr. Amara Okafor", "Lantern Clinic, front room", HAPPENED, "who treats you for drugs or alcohol"):
        assert fact in mine
    row = await door.pool.fetchrow("SELECT * FROM opening WHERE treatment")
    assert row["worker_id"] == GRACE and row["opened_at"] is not None
    for words in ("Okafor", "doorway", "front room"):
        assert words.encode() not in row["told"], "sealed"


# For how long, and for whom


async def test_after_its_hour_it_is_shut_for_whoever_opened_it_too(door: Door, database: FreshDatabase):
    person, page = await door.add(), await opens(door)
    await door.shift("59 minutes")
    assert (await door.get(page, GRACE)).status_code == 200
    await door.shift("61 minutes")
    over = await door.get(page, GRACE)
    assert over.status_code == 410 and NAME not in over.text and "say again why" in over.text
    async with connected(await database("intake"), AS_GRACE) as grace:
        assert await grace.fetchval("SELECT count(*) FROM person WHERE id = $1", person) == 0


async def test_row_level_security_lets_only_whoever_opened_it_reach_the_person(door: Door, database: FreshDatabase):
    person = await door.add()
    await door.add(name="Robin Nightingale")
    colleague = Reach(LANTERN_CLINIC, None, uuid7())
    seen = "SELECT array_agg(id) FROM person"
    async with (
        connected(await database("intake"), AS_GRACE) as grace,
        connected(await database("intake"), colleague) as another,
    ):
        assert await grace.fetchval(seen) is None
        await opens(door)
        assert await grace.fetchval(seen) == [person], "not of anybody else"
        assert await another.fetchval(seen) is None
        assert await grace.fetchval("SELECT count(*) FROM consent") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await grace.execute("UPDATE opening SET ends_at = ends_at + interval '1 day'")


async def test_nobody_else_reads_what_one_worker_opened(door: Door):
    await door.add()
    page = await opens(door)
    tokens = Tokens(door.settings)
    for role, agency in ((Role.CASE_MANAGER, LANTERN_CLINIC), (Role.SUPERVISOR, LANTERN_CLINIC)):
        token = tokens.issue(Actor(uuid7(), role, agency))
        answer = await door.client.get(page, headers={"Authorization": f"Bearer {token}", "Accept": "application/json"})
        assert answer.status_code == 404, role
    for who in (DANA, LENA, TONY, YUSUF, RUTH, OPS, AUDITOR, IMANI):
        assert (await door.get(page, who)).status_code in (403, 404), who


async def test_only_who_walks_with_people_may_and_not_for_their_own_agencys(door: Door):
    await door.add()
    for who in (TONY, YUSUF, NADIA, IMANI, RUTH, OPS, AUDITOR):
        assert (await tries(door, who)).status_code in (403, 404), who
    assert helpful(await tries(door, DANA), "agency"), "it opens without this"
    assert await opened(door) == 0


# Never


async def test_never_beats_an_emergency_and_is_not_given_away(door: Door):
    person = await door.add()
    allowed = await allows(door, person, LANTERN_CLINIC, "contact")
    said = await door.post(f"/intake/people/{person}/never", {"agency": str(LANTERN_CLINIC)}, person)
    assert said.status_code == 200, said.text
    refused, nobodys = await tries(door), await tries(door, name="Nobody Whosoever")
    assert refused.status_code == 422 and refused.json() == nobodys.json(), "as for a name that nobody has"
    assert await opened(door) == 0
    assert await refusals(door) == [person, None]
    looks = text(await door.page(f"/intake/people/{person}/looks", person))
    assert "tried to look and was not let in" in looks

    consents = (await door.get(f"/intake/people/{person}/shared", person)).json()["consents"]
    assert [(one["id"], one["stage"]) for one in consents] == [(allowed["id"], "revoked")], "and ends what was allowed"
    question = {"person": str(person), "recipient": str(LANTERN_CLINIC), "categories": ["referral"]}
    assert (await door.post("/intake/consents", {**question, "shown": True}, person)).status_code == 422
    assert (await door.post("/intake/consents/ask", question, DANA)).status_code == 422

    back = await door.post(f"/intake/people/{person}/never/{LANTERN_CLINIC}/take-back", {}, person)
    assert back.status_code == 200
    await opens(door)


async def test_never_said_meanwhile_shuts_it_at_once(door: Door):
    person, page = await door.add(), await opens(door)
    assert (await door.get(page, GRACE)).status_code == 200
    await door.post(f"/intake/people/{person}/never", {"agency": str(LANTERN_CLINIC)}, person)
    shut = await door.get(page, GRACE)
    assert shut.status_code == 404 and NAME not in shut.text


async def test_never_beats_a_consent_in_the_database_itself(door: Door, database: FreshDatabase):
    person = await door.add()
    await allows(door, person, LANTERN_CLINIC, "referral")
    async with connected(await database("intake"), AS_GRACE) as grace:
        assert await grace.fetchval("SELECT count(*) FROM person") == 1
        await door.pool.execute("INSERT INTO never (person_id, agency_id) VALUES ($1, $2)", person, LANTERN_CLINIC)
        assert await grace.fetchval("SELECT count(*) FROM person") == 0
        assert await grace.fetchval("SELECT count(*) FROM never") == 0, "nor do they see why"


async def test_whom_somebody_keeps_out_is_theirs_alone_to_say_and_to_read(door: Door):
    person = await door.add()
    for who in (DANA, LENA, GRACE, RUTH, AUDITOR, await door.add(name="Robin")):
        assert (await door.get(f"/intake/people/{person}/never", who)).status_code in (403, 404)
        answer = await door.post(f"/intake/people/{person}/never", {"agency": str(CEDAR_HOUSE)}, who)
        assert answer.status_code in (403, 404)
    own = await door.post(f"/intake/people/{person}/never", {"agency": str(WELCOME_ALDER)}, person)
    assert (own.status_code, own.json()["field"]) == (422, "agency"), "it promises nothing that it can't keep"


# Guessing


@pytest.mark.parametrize("words", ["", "Medical emergency", "need access to the record now please"])
async def test_words_that_say_nothing_are_refused_in_words_that_help_and_written_down(door: Door, words: str):
    await door.add()
    for _ in range(2):
        assert helpful(refused := await tries(door, emergency=words), "emergency"), refused.text
        assert "what you see, since when" in refused.json()["detail"]
    assert await refusals(door) == [None, None] and await opened(door) == 0


async def test_guessing_a_name_opens_nobody_and_a_wrong_guess_looks_like_any_other(door: Door):
    await door.add()
    for _ in range(2):
        await door.add(name="Jordan Twice")
    answers = [await tries(door, name=guess) for guess in (NAME.split()[0], "Nobody Whosoever", "Jordan Twice")]
    assert all(helpful(answer, "name") for answer in answers)
    assert len({answer.text for answer in answers}) == 1
    assert await opened(door) == 0 and await refusals(door) == [None] * 3


async def test_after_six_tries_in_an_hour_a_right_one_is_refused_too(door: Door):
    await door.add()
    for _ in range(6):
        assert (await tries(door, name="Nobody Whosoever")).status_code == 422
    slowed = await tries(door)
    assert slowed.status_code == 429 and "555-0100" in slowed.text and int(slowed.headers["retry-after"]) > 0
    assert await opened(door) == 0 and len(await refusals(door)) == 7
    await door.shift("61 minutes")
    await opens(door)


async def test_tries_at_the_same_moment_are_counted_too(door: Door):
    await door.add()
    answers = await asyncio.gather(*(tries(door, name=f"Nobody Whosoever {n}") for n in range(12)))
    assert sorted(answer.status_code for answer in answers) == [422] * 6 + [429] * 6


async def test_however_never_and_an_emergency_meet_what_was_opened_is_shut(door: Door):
    for number in range(4):
        person = await door.add(name=f"Canary Nightingale {'abcd'[number]}")
        never = door.post(f"/intake/people/{person}/never", {"agency": str(LANTERN_CLINIC)}, person)
        said = {"name": f"Canary Nightingale {'abcd'[number]}", "emergency": f"{HAPPENED} Number {number}."}
        answer, _ = await asyncio.gather(tries(door, **said), never)
        if answer.status_code == 201:
            assert (await door.get(f"/intake/openings/{answer.json()['id']}", GRACE)).status_code == 404
        else:
            assert helpful(answer, "name")


async def test_how_long_a_refusal_takes_does_not_tell_that_somebody_said_never(door: Door):
    person = await door.add()
    never = await door.post(f"/intake/people/{person}/never", {"agency": str(LANTERN_CLINIC)}, person)
    assert never.status_code == 200, never.text
    for name in (NAME, "Nobody Whosoever"):
        began = time.monotonic()
        assert helpful(await tries(door, name=name), "name")
        assert time.monotonic() - began >= SAME_TIME, name


async def test_the_words_of_one_emergency_do_not_open_another_person(door: Door):
    await door.add()
    await door.add(name="Robin Nightingale")
    first = await opens(door)
    assert await opens(door) == first, "pressed twice it is the same opening"
    again = await tries(door, name="Robin Nightingale", emergency=HAPPENED.upper() + "  ")
    assert helpful(again, "emergency") and "this person" in again.json()["detail"]
    assert await opened(door) == 1


async def test_the_form_leads_back_to_what_is_open_still(door: Door):
    await door.add()
    page = await opens(door)
    assert page in (await door.page("/intake/openings", GRACE)).text
    await door.shift("61 minutes")
    assert page not in (await door.page("/intake/openings", GRACE)).text


async def test_a_form_comes_back_with_all_that_was_typed(door: Door):
    page = await door.fill("/intake/openings", {**SAID, "name": "Nobody Whosoever"}, GRACE)
    assert page.status_code == 422 and HAPPENED in page.text and "Dr. Amara Okafor" in page.text
    assert "Do not guess" in text(page)


# Who hears of it


async def test_the_person_is_told_who_opened_what_and_why(door: Door):
    person, page = await door.add(), await opens(door)
    [said] = [one for one in await door.events("person", person) if one["type"].endswith("person.opened.v1")]
    assert (said["data"]["worker"], said["data"]["agency"]) == (str(GRACE), str(LANTERN_CLINIC))
    assert page.endswith(said["data"]["opening"])
    mine = text(await door.page(f"/intake/people/{person}/shared", person))
    assert "Opened to help you fast" in mine and HAPPENED in mine and "Lantern Clinic" in mine
    assert "Welcome Alder will check if that was right" in mine
    assert "Opened to help you fast" in text(await door.page("/intake/me/questions", person))
    looks = text(await door.page(f"/intake/people/{person}/looks", person))
    assert "opened your record to get you help fast" in looks and "your life or health was at risk" in looks
    header = text(await door.page(f"/intake/people/{person}/header", DANA))
    assert "opened this for a medical emergency" in header, "whoever walks with them wants to call"
    told = text(await door.page(f"/intake/people/{person}/disclosures", person))
    assert "your name, how to reach you, and who treats you" in told and "could not be asked" in told


async def test_whoever_came_in_by_the_second_pin_sees_nothing_of_it(door: Door):
    person = await door.add()
    await opens(door)
    actor = Actor(person, Role.PERSON, person=person, harmless=True)
    token = Tokens(door.settings).issue_for(actor, uuid7())
    for path in (f"/intake/people/{person}/shared", "/intake/me/questions"):
        page = await door.client.get(path, headers={"Authorization": f"Bearer {token}", **HTML})
        assert page.status_code == 200 and "Opened to help" not in page.text and HAPPENED not in page.text


async def test_their_agencys_desk_sees_it_and_says_what_it_found_and_the_person_reads_that(door: Door):
    person, page = await door.add(), await opens(door)
    await tries(door, name="Nobody Whosoever")
    desk = text(await door.page("/intake/desk", LENA))
    assert NAME in desk and HAPPENED in desk and "found nobody who opens by that name" in desk
    assert NUMBER not in desk and WORDS not in desk, "the name, and what was written; nothing of the record"
    word = {"verdict": "not_good_faith", "found": "They were awake and could be asked."}
    for who in (GRACE, DANA, YUSUF, RUTH, AUDITOR, person):
        assert (await door.post(f"{page}/review", word, who)).status_code in (403, 404), who
    assert (await door.post(f"{page}/review", word, LENA)).status_code == 200
    assert (await door.post(f"{page}/review", word, LENA)).status_code == 409
    mine = text(await door.page(f"/intake/people/{person}/shared", person))
    assert "Welcome Alder checked: it was wrong" in mine and "They were awake and could be asked." in mine
    deeds = [row["action"] for row in await door.pool.fetch("SELECT action FROM audit WHERE person_id = $1", person)]
    assert {"emergency.open", "desk.read", "desk.review"} <= set(deeds)


async def test_an_opening_that_nobody_looks_at_rings_until_somebody_does(door: Door):
    await door.add()
    page, rung = await opens(door), []
    for hours in (1, 49, 98):
        await door.shift(f"{hours} hours")
        with structlog.testing.capture_logs() as logs:
            await door.fire()
        rung.append([line["event"] for line in logs if line["log_level"] == "error"])
    assert rung == [[], ["an opening waits for a look"], ["an opening waits for a look"]]
    await door.post(f"{page}/review", {"verdict": "good_faith", "found": "They could not speak."}, LENA)
    assert not await door.pool.fetchval("SELECT count(*) FROM timer WHERE kind = 'opening.review'")


async def test_another_agencys_desk_sees_nothing_and_the_openers_sees_no_name(door: Door):
    await door.add()
    await opens(door)
    assert HAPPENED not in (await door.page("/intake/desk", YUSUF)).text
    token = Tokens(door.settings).issue(Actor(uuid7(), Role.AGENCY_ADMIN, LANTERN_CLINIC))
    theirs = text(await door.client.get("/intake/desk", headers={"Authorization": f"Bearer {token}", **HTML}))
    assert "Somebody whom Welcome Alder walks with" in theirs
    assert NAME not in theirs and HAPPENED not in theirs
    for who in (DANA, GRACE, TONY, RUTH, OPS, AUDITOR):
        assert (await door.page("/intake/desk", who)).status_code in (403, 404)


# What becomes of it


async def test_whoever_was_erased_or_put_away_opens_in_no_emergency(door: Door):
    person = await door.add()
    await opens(door)
    await door.post(f"/intake/people/{person}/erasure", {}, person)
    await door.post(f"/intake/people/{person}/erasure/confirm", {"identity": "known"}, DANA)
    await door.shift("8 days")
    await door.fire()
    assert helpful(await tries(door, emergency=HAPPENED + " Again."), "name")
    assert await door.pool.fetchval("SELECT told FROM opening WHERE person_id = $1", person) == b""
    assert HAPPENED not in (await door.page("/intake/desk", LENA)).text


async def test_words_whose_keys_were_given_up_take_no_desk_away(door: Door, database: FreshDatabase):
    """Neither what was written of an opening nor what is known of a demand: the rows and their buttons stay."""
    person, page = await door.add(), await opens(door)
    said = {"name": NAME, "paper": "subpoena", "who": "A court", "what": "All of it", "due_on": "2031-01-01"}
    demand = await door.post("/intake/demands", {**said, "until": "2032-01-01"}, LENA)
    door.running.keys._cache.clear()
    async with database.keys.owner() as owner:
        await owner.execute("DELETE FROM person_key WHERE person_id = $1", person)
        await give_up(owner, masters_of(door.settings), person)
    for path in ("/intake/desk", f"/intake/demands/{demand.json()['id']}", f"/intake/people/{person}/shared"):
        answer = await door.page(path, person if "people" in path else LENA)
        assert answer.status_code == 200 and HAPPENED not in answer.text, (path, answer.text)
    word = {"verdict": "good_faith", "found": "They could not speak."}
    assert (await door.post(f"{page}/review", word, LENA)).status_code == 200


async def test_after_a_restore_the_opening_is_known_again_from_its_event(door: Door):
    person = await door.add()
    await opens(door)
    facts = "SELECT id, person_id, home, agency_id, worker_id, cannot, treatment FROM opening"
    before = await door.pool.fetchrow(facts)
    [said] = [one["data"] for one in await door.events("person", person) if one["type"] == Opened.type]
    envelope = SimpleNamespace(causationid=None, actor=None, time=await door.pool.fetchval("SELECT clock()"))
    await door.pool.execute("DELETE FROM opening")
    await door.pool.execute("DELETE FROM timer")
    async with transaction(door.pool) as tx:
        await refold(tx, envelope, Opened.model_validate(said))  # type: ignore[arg-type]
    assert await door.pool.fetchrow(facts) == before
    assert await door.pool.fetchval("SELECT kind FROM timer") == "opening.review", "what was found is in no event"
