"""Having it all erased: asked on one's own page, known by a human, taken back with one tap; or due, and then gone."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from services.intake.reactions import hear_halted
from services.intake.refolding import refold
from shared.contracts.halted import Forgotten
from shared.messaging.reactions import Fact
from shared.runtime.database import transaction
from shared.security.demo import CEDAR_HOUSE, DANA, GRACE, LENA, TONY, YUSUF
from shared.security.ledger import Ledger
from shared.security.sealing import Compartment, Erased
from tests.integration.backups import Backups, empty_logs
from tests.integration.intake.world import HTML, NAME, Door, text

pytestmark = pytest.mark.network
ROW = "SELECT name, contact, asked, way, safe, worker_id FROM person WHERE id = $1"
GONE = {"name": b"", "contact": None, "asked": None, "way": None, "safe": False, "worker_id": None}


async def say(door: Door, person: UUID, what: str = "", who: UUID | None = None, **body: str) -> dict:
    answer = await door.post(f"/intake/people/{person}/erasure{what}", body, who or person)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def asked_and_known(door: Door, person: UUID) -> dict:
    await say(door, person)
    return await say(door, person, "/confirm", DANA, identity="known")


async def gone(door: Door, person: UUID) -> None:
    await asked_and_known(door, person)
    await door.shift("8 days")
    assert await door.fire() >= 1


async def hear_forgotten(door: Door, service: str, person: UUID, *, kept: bool = False) -> None:
    event = Forgotten(service=service, person=person, kept=kept)

    class Envelope:
        id, subject = uuid4(), str(person)

    async with transaction(door.pool) as tx:
        await hear_halted(tx, [Fact(Envelope, event)])  # type: ignore[arg-type]


async def test_seven_days_after_a_human_has_known_them_they_are_gone(door: Door):
    person = await door.add()
    consent = await door.allow(person)
    assert (await say(door, person))["stage"] == "asked"
    assert await door.types("person", person) == ["person.welcomed", "person.contact_changed"], "no news to others"
    known = await say(door, person, "/confirm", DANA, identity="document")
    left = datetime.fromisoformat(known["due"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left < timedelta(days=7, hours=1)

    await door.shift("6 days 23 hours")
    assert await door.fire() == 0
    await door.shift("7 days 1 hour")
    assert await door.fire() == 1
    with pytest.raises(Erased):
        await door.running.keys.create(person, Compartment.PLAN)
    assert [entry.person for entry in Ledger(door.settings.ledger).read()].count(person) == 1
    assert dict(await door.pool.fetchrow(ROW, person)) == GONE
    assert (await door.types("consent", consent["id"]))[-1] == "consent.lapsed"
    told = (await door.pool.fetch("SELECT type, data FROM outbox WHERE subject = $1 ORDER BY position", str(person)))[
        -1
    ]
    assert (told["type"], told["data"]) == (
        "throughcare.person.erased.v1", f'{{"person":"{person}","kept_until":null}}'.encode(),
    )  # fmt: skip


async def test_afterwards_no_list_and_no_page_shows_them(door: Door):
    person, other = await door.add(), await door.add(name="Robin")
    await gone(door, person)
    listed = (await door.get("/intake/people", DANA)).json()["people"]
    assert [one["id"] for one in listed] == [str(other)]
    assert str(person) not in (await door.get("/intake/people", LENA)).text, "nor as somebody whom nobody walks with"
    for path in ("", "/name", "/reach", "/header", "/shared", "/erasure", "/contact"):
        for who in (person, DANA, LENA):
            answer = await door.get(f"/intake/people/{person}{path}", who)
            assert answer.status_code in (404, 410), (path, answer.status_code)
            assert NAME not in answer.text
    assert (await door.post(f"/intake/people/{person}/erasure/take-back", {}, person)).status_code == 410


async def test_one_tap_takes_it_back_and_nothing_happens(door: Door):
    person = await door.add()
    await asked_and_known(door, person)
    for _ in range(2):
        assert (await say(door, person, "/take-back"))["stage"] == "taken_back"
    await door.shift("30 days")
    assert await door.fire() == 0
    assert NAME in (await door.get(f"/intake/people/{person}/name", DANA)).text
    assert (await door.types("person", person))[2:] == ["person.erasure_set", "person.erasure_taken_back"]
    assert (await say(door, person))["stage"] == "asked", "asked anew it begins anew"


async def test_nobody_but_a_worker_of_their_agency_says_that_they_know_them(door: Door):
    person = await door.add()
    await say(door, person)
    for who in (person, TONY, GRACE, YUSUF):
        answer = await door.post(f"/intake/people/{person}/erasure/confirm", {"identity": "known"}, who)
        assert answer.status_code in (403, 404), (who, answer.text)
    sworn = await door.post(f"/intake/people/{person}/erasure/confirm", {"identity": "passport 123"}, DANA)
    assert sworn.status_code == 422, "no number of a paper has a place"
    await door.shift("30 days")
    await door.fire()
    assert NAME in (await door.get(f"/intake/people/{person}/name", DANA)).text, "unknown, nothing is erased"


async def test_a_worker_writes_down_how_they_heard_it(door: Door):
    person = await door.add()
    silent = await door.post(f"/intake/people/{person}/erasure", {}, DANA)
    assert (silent.status_code, silent.json()["field"]) == (422, "given")
    assert (await say(door, person, who=DANA, given="by_phone"))["stage"] == "asked"
    assert (await say(door, person, "/take-back", DANA, given="by_phone"))["stage"] == "taken_back"
    deeds = [row["action"] for row in await door.pool.fetch("SELECT action FROM audit WHERE person_id = $1", person)]
    assert deeds[-2:] == ["erasure.ask", "erasure.take_back"]


async def test_what_a_law_keeps_is_told_put_away_and_gone_after_its_day(door: Door):
    person = await door.add()
    until = (datetime.now(UTC) + timedelta(days=100)).date()
    held = await door.post(f"/intake/people/{person}/holds", {"because": "health_records", "until": str(until)}, LENA)
    assert held.status_code == 201, held.text
    page = text(await door.page(f"/intake/people/{person}/erasure", person))
    assert "Welcome Alder must keep it until" in page
    assert "because of a law on health records" in page
    sealed = dict(await door.pool.fetchrow(ROW, person))

    await gone(door, person)
    assert await door.pool.fetchval("SELECT kept_until FROM erasure WHERE person_id = $1", person) == until
    with pytest.raises(Erased):
        await door.running.keys.create(person, Compartment.PLAN)
    kept = dict(await door.pool.fetchrow(ROW, person))
    assert (kept["name"], kept["contact"], kept["asked"]) == (sealed["name"], sealed["contact"], sealed["asked"])
    assert (kept["way"], kept["worker_id"]) == (None, None)

    await door.shift("102 days")
    assert await door.fire() == 1
    assert dict(await door.pool.fetchrow(ROW, person)) == GONE
    assert (await door.types("person", person))[-2:] == ["person.erased", "person.erased"]


async def test_a_day_of_a_law_is_over_when_it_is_over_where_the_agency_is(door: Door):
    """In New York it is still evening when in London the next day has begun."""
    person, now = await door.add(), await door.pool.fetchval("SELECT clock()")
    until = (now + timedelta(days=9)).date()
    body = {"because": "court_order", "until": str(until)}
    assert (await door.post(f"/intake/people/{person}/holds", body, LENA)).status_code == 201
    await asked_and_known(door, person)
    midnight = datetime.combine(until + timedelta(days=1), time(), tzinfo=UTC)
    for hours, stage in ((1, "kept"), (6, "kept"), (13, "erased")):
        await door.shift(f"{(midnight + timedelta(hours=hours) - now).total_seconds():.0f} seconds")
        await door.fire()
        assert await door.pool.fetchval("SELECT stage FROM erasure WHERE person_id = $1", person) == stage, hours


async def test_a_hold_that_is_lifted_lets_it_go_on(door: Door):
    person = await door.add()
    until = str((datetime.now(UTC) + timedelta(days=1000)).date())
    held = await door.post(f"/intake/people/{person}/holds", {"because": "court_order", "until": until}, LENA)
    await gone(door, person)
    hold = held.json()["id"]
    assert (await door.post(f"/intake/holds/{hold}/lift", {}, YUSUF)).status_code == 404, "it is another agency's"
    assert (await door.post(f"/intake/holds/{hold}/lift", {}, LENA)).status_code == 200
    assert await door.fire() == 1
    assert await door.pool.fetchval("SELECT stage FROM erasure WHERE person_id = $1", person) == "erased"


async def test_it_is_done_when_every_service_has_let_go(door: Door):
    person = await door.add()
    await gone(door, person)
    stage = "SELECT stage FROM erasure WHERE person_id = $1"
    await hear_forgotten(door, "caseplan", person)
    await hear_forgotten(door, "notifications", person, kept=True)
    assert await door.pool.fetchval(stage, person) == "erased"
    await hear_forgotten(door, "notifications", person)
    assert await door.pool.fetchval(stage, person) == "done"
    assert await door.pool.fetchval("SELECT count(*) FROM timer WHERE subject = $1", str(person)) == 0


async def test_a_kill_between_the_keys_and_the_rest_is_made_good(door: Door, monkeypatch):
    person = await door.add()
    await asked_and_known(door, person)
    await door.shift("8 days")

    async def killed(*_, **__):
        raise RuntimeError("here the process ends")

    monkeypatch.setattr("services.intake.store.erasures.forget", killed)
    await door.fire()
    assert await door.pool.fetchval("SELECT stage FROM erasure WHERE person_id = $1", person) == "set"
    monkeypatch.undo()
    await door.shift("9 days")
    await door.fire()
    assert dict(await door.pool.fetchrow(ROW, person)) == GONE


async def test_the_page_says_what_happens_in_both_languages_before_anything_is_asked(door: Door):
    person = await door.add()
    page = f"/intake/people/{person}/erasure"
    english = text(await door.page(page, person))
    for words in ("What happens", "What ends", "What stays", "Erase what you keep of me", "seven days"):
        assert words in english
    spanish = await door.client.get(page, headers={**door.as_(person), **HTML, "Accept-Language": "es"})
    assert "Borren lo que guardan de mí" in text(spanish)
    await door.fill(page, {}, person)
    assert "You asked for it today" in text(await door.page(page, person))
    assert "Was it them?" in text(await door.page(page, DANA))
    assert "Somebody has to say that they know them." in text(await door.page(f"/intake/people/{person}/header", DANA))
    await door.fill(f"{page}/confirm", {"identity": "known"}, DANA)
    assert "What we keep of you is erased on" in text(await door.page(page, person))
    assert "as they asked" in text(await door.page(f"/intake/people/{person}/header", DANA))
    own = await door.page("/intake/me/questions", person)
    assert "Take it back" in text(own)
    assert f'action="{page}/take-back"' in own.text
    assert (await door.page(page, YUSUF)).status_code == 404
    assert str(CEDAR_HOUSE) not in english


@pytest_asyncio.fixture(loop_scope="session")
async def backups(door: Door, database, cluster) -> Backups:
    await empty_logs(cluster, "intake")
    return Backups(database, door.settings, "intake", door.pool, refold, door.running.keys)


@pytest.mark.usefixtures("kafka")
async def test_a_restored_database_erases_nobody_who_has_taken_it_back_since(door: Door, backups: Backups):
    person = await door.add()
    await asked_and_known(door, person)
    before = await backups.take()
    await say(door, person, "/take-back")
    assert await backups.restore(before) == 1
    await door.shift("30 days")
    assert await door.fire() == 0
    assert NAME in (await door.get(f"/intake/people/{person}/name", DANA)).text


@pytest.mark.usefixtures("kafka")
async def test_a_restored_database_goes_on_erasing_and_knows_who_was_erased(door: Door, backups: Backups):
    person, later = await door.add(), await door.add()
    before = await backups.take()
    await asked_and_known(door, later)
    await gone(door, person)
    await backups.restore(before)
    assert dict(await door.pool.fetchrow(ROW, person)) == GONE
    await door.shift("9 days")
    await door.fire()
    assert dict(await door.pool.fetchrow(ROW, later)) == GONE


async def test_whoever_has_to_know_them_finds_it_among_what_waits(door: Door):
    person = await door.add()
    await say(door, person)
    assert str(person) in (await door.get("/intake/waiting", DANA)).json()["erasures"]
    assert "asked to have it all erased" in text(await door.page("/intake/waiting", DANA))
    for other in (LENA, GRACE, YUSUF):
        assert (await door.get("/intake/waiting", other)).json()["erasures"] == []
    assert (await door.get("/intake/waiting", TONY)).status_code == 404
    await say(door, person, "/confirm", DANA, identity="document")
    assert str(person) not in (await door.get("/intake/waiting", DANA)).json()["erasures"]
