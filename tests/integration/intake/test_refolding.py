"""intake set back to a backup takes back what it had said since: above all, that somebody stopped sharing."""

from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from services.intake.refolding import refold
from services.intake.seals import UNKNOWN
from shared.contracts import referral
from shared.runtime.ids import uuid7
from shared.security.demo import CEDAR_HOUSE, DANA, LENA, RUTH, TONY, WELCOME_ALDER, YUSUF
from tests.integration.backups import Backups, empty_logs
from tests.integration.intake.test_portraits import as_caseplan_says, inbox_of, says
from tests.integration.intake.world import CALENDAR, NAME, NUMBER, Door

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka", "logs")]

ABOUT_NOW = timedelta(seconds=20)
MOMENTS = ("asked_at", "granted_at", "revoked_at", "in_effect_at", "ended_at")
PERSON = "SELECT agency_id, worker_id, way, safe, language, came, synthetic, contact FROM person WHERE id = $1"
CLOCKS = "SELECT subject, started_at, due_at FROM timer WHERE kind = 'consent.lapse'"


@pytest_asyncio.fixture(loop_scope="session")
async def logs(cluster):
    await empty_logs(cluster, "intake")


@pytest_asyncio.fixture(loop_scope="session")
async def backups(door: Door, database) -> Backups:
    return Backups(database, door.settings, "intake", door.pool, refold, door.running.keys)


async def consents(door: Door) -> dict[UUID, dict]:
    return {row["id"]: dict(row) for row in await door.pool.fetch("SELECT * FROM consent")}


async def clocks(door: Door) -> dict[str, tuple]:
    return {row["subject"]: (row["started_at"], row["due_at"]) for row in await door.pool.fetch(CLOCKS)}


def same_but_for_moments(before: dict, after: dict) -> None:
    assert before.keys() == after.keys()
    for id, row in after.items():
        known = before[id]
        assert {name: row[name] for name in row if name not in MOMENTS} == {
            name: known[name] for name in known if name not in MOMENTS
        }
        for name in MOMENTS:
            assert (row[name] is None) == (known[name] is None), name
            assert row[name] is None or abs(row[name] - known[name]) < ABOUT_NOW, name


async def say(door: Door, consent: str, verb: str, who: UUID, **body) -> dict:
    answer = await door.post(f"/intake/consents/{consent}/{verb}", body, who)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_was_taken_back_since_is_not_live_again_and_takes_effect(door: Door, backups: Backups):
    person = await door.add()
    old = await door.allow(person)
    before = await backups.take()
    new = await door.allow(person)
    signed = await door.allow(person, DANA, given="in_person", categories=["contact"])
    kept = await door.allow(person, DANA, given="in_person", categories=["plan"])
    await say(door, kept["id"], "confirm", person)
    for consent in (old, new):
        await say(door, consent["id"], "revoke", person)
    expected, ticking = await consents(door), await clocks(door)

    assert await backups.restore(before) == 6
    after = await consents(door)
    same_but_for_moments(expected, after)
    assert [after[UUID(one["id"])]["stage"] for one in (old, new, signed, kept)] == [
        "revoked", "revoked", "granted", "confirmed",
    ]  # fmt: skip
    again = await clocks(door)
    assert again.keys() == ticking.keys()
    for subject, moments in again.items():
        assert all(abs(a - b) < ABOUT_NOW for a, b in zip(moments, ticking[subject], strict=True))
    found = await door.get(f"/intake/people/{person}/reach", YUSUF)
    assert found.status_code == 200, "one that lets them know how to reach the person is live"
    await say(door, signed["id"], "revoke", person)
    assert (await door.get(f"/intake/people/{person}/reach", YUSUF)).status_code == 404

    assert (await say(door, old["id"], "revoke", person))["stage"] == "revoked", "said again it is done already"
    for service in ("caseplan", "notifications"):
        await door.hear_halted(service, old["id"], person)
    read = await door.get(f"/intake/consents/{old['id']}", person)
    assert read.json()["stage"] == "in_effect"


async def test_somebody_welcomed_since_is_reached_as_before_and_named_again_by_whoever_knows_them(door, backups):
    before = await backups.take()
    id = uuid7()
    await door.add(id=str(id), synthetic=True)
    unsafe = await door.add(name="Second", safe=False)
    for path, said, who in (
        ("contact", {"way": "sms", "contact": "555-010-9999", "safe": True}, DANA),
        ("worker", {"worker": str(TONY)}, LENA),
        ("worker", {"worker": str(DANA)}, LENA),
    ):
        assert (await door.send("PUT", f"/intake/people/{id}/{path}", said, who)).status_code == 200
    known = {one: dict(await door.pool.fetchrow(PERSON, one)) for one in (id, unsafe)}

    await backups.restore(before)
    for one in (id, unsafe):
        again = dict(await door.pool.fetchrow(PERSON, one))
        if one == unsafe:
            known[one]["way"] = None  # no event names a way that is not safe
        assert again == known[one]
    assert (await door.get(f"/intake/people/{id}/reach", DANA)).json()["contact"] == "555-010-9999"

    assert (await door.get(f"/intake/people/{id}/name", DANA)).json()["name"] == UNKNOWN
    for path in ("/intake/people", f"/intake/people/{id}/header", f"/intake/people/{id}/name",
                 f"/intake/people/{id}/contact", f"/intake/people/{unsafe}/header"):  # fmt: skip
        page = await door.page(path, DANA)
        assert page.status_code == 200
    assert UNKNOWN in (await door.page("/intake/people", DANA)).text
    assert (await door.post("/intake/people/find", {"q": "canary"}, DANA)).json() == {"people": []}

    elsewhere = await door.post("/intake/people", {"id": str(id), "name": NAME}, YUSUF)
    assert elsewhere.status_code in (403, 409)
    told = await door.post("/intake/people", {"id": str(id), "name": NAME, "words": "Mine."}, DANA)
    assert told.status_code == 201, told.text
    found = (await door.get(f"/intake/people/{id}", DANA)).json()
    assert (found["name"], found["words"], found["contact"]) == (NAME, "Mine.", "555-010-9999")
    assert (await door.post("/intake/people", {"id": str(id), "name": "Other"}, DANA)).status_code == 409
    assert await door.types("person") == [], "nobody else needs to hear of it"


async def test_agencies_and_programs_are_what_they_last_said_and_keep_what_only_a_page_says(door, backups):
    body = {"agency": str(CEDAR_HOUSE), "name": "Rooms", "needs": ["housing"], "how": "Ring the bell."}
    kept, new, gone = uuid7(), uuid7(), uuid7()
    for id in (kept, gone):
        assert (await door.send("PUT", f"/intake/programs/{id}", body, RUTH)).status_code == 201
    before = await backups.take()
    changed = {**body, "name": "More rooms", "accepting": False}
    for id in (kept, new):
        assert (await door.send("PUT", f"/intake/programs/{id}", changed, RUTH)).status_code in (200, 201)
    assert (await door.post(f"/intake/programs/{gone}/withdraw", {"reason": "ended"}, RUTH)).status_code == 200
    other = uuid7()
    await door.agency(other, "Harbor Street", phone="555-0155", lead=str(LENA))
    await door.agency(WELCOME_ALDER, "Welcome Alder House", phone="555-0100", welcomes=True, lead=str(LENA))

    assert await backups.restore(before) == 5
    listed = (await door.get("/intake/programs", DANA)).json()["programs"]
    assert {one["id"]: (one["name"], one["accepting"], one["how"]) for one in listed} == {
        str(kept): ("More rooms", False, "Ring the bell."),
        str(new): ("More rooms", False, None),
    }
    agency = (await door.get(f"/intake/agencies/{other}", DANA)).json()
    assert (agency["name"], agency["phone"], agency["lead"]) == ("Harbor Street", "555-0155", str(LENA))
    assert agency["calendar"]["timezone"] == CALENDAR["timezone"]
    alder = (await door.get(f"/intake/agencies/{WELCOME_ALDER}", DANA)).json()
    assert (alder["name"], alder["welcomes"]) == ("Welcome Alder House", True)
    found = await door.get("/intake/programs?q=rooms", DANA)
    assert len(found.json()["programs"]) == 2, "and is found by its words"
    assert (await door.page("/intake/directory", DANA)).status_code == 200


async def test_a_key_used_since_adds_nobody_twice(door, backups):
    before = await backups.take()
    key = {"Idempotency-Key": str(uuid7())}
    body = {"name": NAME, "contact": NUMBER}
    assert (await door.post("/intake/people", body, DANA, **key)).status_code == 201
    await backups.restore(before)
    again = await door.post("/intake/people", body, DANA, **key)
    assert (again.status_code, "was taken" in again.text) == (409, True)
    assert await door.pool.fetchval("SELECT count(*) FROM person") == 1


async def test_a_link_that_ended_since_opens_nothing_again_and_a_lost_phone_stays_unsafe(door, backups):
    """A new link is to be made: the one that was has gone with the restore."""
    stays, person = await door.add(), await door.add()
    for somebody in (stays, person):
        assert (await door.post(f"/intake/people/{somebody}/way-in", {"checked": "known"}, DANA)).status_code == 201
    before = await backups.take()
    await door.post(f"/intake/people/{person}/lost-phone", {}, LENA)
    await door.post(f"/intake/people/{person}/way-in", {"checked": "photo"}, DANA)
    await backups.restore(before)
    assert [row["person_id"] for row in await door.pool.fetch("SELECT person_id FROM way_in")] == [stays]
    known = await door.pool.fetchrow("SELECT safe, contact IS NOT NULL AS kept FROM person WHERE id = $1", person)
    assert tuple(known) == (False, True), "the number is known, and not used"


async def test_two_records_that_were_linked_since_are_and_those_taken_apart_stay_apart(door: Door, backups: Backups):
    """What the desks had found is in no event: they look again."""
    one, other, third = [await door.add() for _ in range(3)]
    ended = (await door.post(f"/intake/duplicates/{one}/{third}/one", {"known": "known"}, DANA)).json()["id"]
    before = await backups.take()
    stands = (await door.post(f"/intake/duplicates/{one}/{other}/one", {"known": "known"}, DANA)).json()["id"]
    assert (await door.post(f"/intake/links/{ended}/end", {}, DANA)).status_code == 200
    await backups.restore(before)
    rows = await door.pool.fetch("SELECT id, stage, because FROM link")
    assert {(str(row["id"]), row["stage"], row["because"]) for row in rows} == {
        (stands, "linked", None), (ended, "unlinked", "not_one"),
    }  # fmt: skip
    assert [str(row["link_id"]) for row in await door.pool.fetch("SELECT link_id FROM incident")] == [ended]
    links = (await door.get(f"/intake/people/{other}/records", other)).json()["links"]
    assert [link["id"] for link in links] == [stands]


async def test_what_somebody_told_since_is_known_again_closed_as_it_was_and_so_is_how_to_reach_them(door, backups):
    person = await door.add()
    before = await backups.take()
    here = f"/intake/people/{person}"
    for section, said in (
        ("portrait", {"joys": "Fishing", "skip": ["my_day"]}),
        ("about", {"called": "Robin", "pronouns": "they"}),
        ("care", {"health": "first", "care_wishes": "No needles"}),
        ("portrait", {"joys": "Music"}),
    ):
        assert (await door.post(f"{here}/portrait/{section}", said, person)).status_code == 200
    more = {"way": "sms", "contact": "555-010-4444", "safe": True, "quiet_from": "14:00", "quiet_until": "16:00"}
    assert (await door.post(f"{here}/ways", more, person)).status_code == 200
    told = (await door.get(f"{here}/portrait", person)).json()
    ways = (await door.get(f"{here}/ways", person)).json()["ways"]

    await backups.restore(before)
    again = (await door.get(f"{here}/portrait", person)).json()
    plain = [{name: one[name] for name in ("question", "state", "answer", "version", "by")} for one in told["answers"]]
    known = [{name: one[name] for name in ("question", "state", "answer", "version", "by")} for one in again["answers"]]
    assert sorted(known, key=str) == sorted(plain, key=str)
    assert again["opened"] == told["opened"]
    assert (await door.get(f"{here}/name", DANA)).json()["name"] == "Robin"
    back = (await door.get(f"{here}/ways", person)).json()["ways"]
    assert [{**one, "id": ""} for one in back] == [{**one, "id": ""} for one in ways]


async def test_what_a_referral_changed_since_is_heard_once_also_of_whoever_came_since(door: Door, backups: Backups):
    """Their welcome is taken back before what became of them, in whatever order Kafka names its topics."""
    before = await backups.take()
    person = await door.add(needs=["food"])
    record = await as_caseplan_says(door, says(referral.Sent, person))
    await inbox_of(door).process([record])
    told = await door.pool.fetch("SELECT question, version FROM answer WHERE said_by = 'referral'")
    assert len(told) == 1
    await backups.restore(before)
    await inbox_of(door).process([record])
    assert await door.pool.fetch("SELECT question, version FROM answer WHERE said_by = 'referral'") == told
    assert await door.events("need") == [], "it stands in the log, and is not said again"
