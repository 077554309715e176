"""Promise P4 here: what caseplan shows an agency ends with the consent, at once, and the place stays the person's."""

import asyncio
import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.caseplan import copies, store
from shared.contracts import answer, person
from shared.contracts import consent as events
from shared.runtime.ids import uuid7
from shared.security.demo import DANA, GRACE, IMANI, JO, RAY, YUSUF
from shared.security.references import reference, seal_reference
from tests.integration.caseplan.world import CARE, CEDAR, CLINIC, HARBOR, HOME, HTML, ROOMS, World

pytestmark = pytest.mark.network
NEW_YORK = ZoneInfo("America/New_York")


async def halted(world: World) -> list[str]:
    rows = await world.pool.fetch("SELECT subject FROM outbox WHERE type LIKE '%halted%'")
    return [row["subject"] for row in rows]


async def test_a_revocation_pauses_keeps_the_place_and_says_that_nothing_goes_out(world: World):
    consent = await world.consent(RAY, CEDAR)
    referral = await world.refer()
    await world.ok(YUSUF, f"/caseplan/referrals/{referral}/waitlist", {"position": 2})
    await world.revoke(RAY, consent)
    state = await world.state("referral", referral)
    assert (state["stage"], state["before"], state["position"]) == ("paused", "waitlisted", 2)
    assert await halted(world) == [str(consent)]
    assert (await world.get(YUSUF, f"/caseplan/referrals/{referral}")).status_code == 404
    assert await world.read(YUSUF, "/caseplan/asked") == {"referrals": []}


async def test_beneath_a_pause_the_agency_can_still_say_yes_and_is_told_of_no_pause(world: World):
    consent = await world.consent(RAY, CEDAR)
    referral = await world.refer()
    await world.revoke(RAY, consent)
    answer = await world.ok(YUSUF, f"/caseplan/referrals/{referral}/accept")
    assert answer["stage"] == "accepted"
    assert await world.stage("referral", referral) == "paused"
    again = await world.consent(RAY, CEDAR)
    await world.ok(RAY, f"/caseplan/referrals/{referral}/resume", {"consent": str(again)})
    assert await world.stage("referral", referral) == "accepted"
    assert (await world.read(YUSUF, f"/caseplan/referrals/{referral}"))["stage"] == "accepted"


async def test_the_asked_agency_finds_where_a_stop_is_written_down_and_what_they_told(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    page = (await world.get(YUSUF, f"/caseplan/referrals/{referral}", **HTML)).text
    for part in ("stop", "portrait"):
        assert f'href="/intake/people/{RAY}/{part}"' in page


async def test_a_revocation_that_jumps_a_gap_acts_at_once_and_again_harmlessly(world: World):
    consent = await world.consent(RAY, CEDAR)
    referral = await world.refer()
    await world.revoke(RAY, consent, skip=1)
    assert await world.stage("referral", referral) == "paused"
    assert await halted(world) == [str(consent)]
    world.sequences["throughcare.consent.v1", str(consent)] = 1
    confirmed = events.Confirmed(consent=consent, person=RAY, given="page")
    await world.hear(confirmed, consent, key=RAY)
    assert await halted(world) == [str(consent)]
    assert await world.stage("referral", referral) == "paused"


async def test_a_revocation_before_its_grant_is_undone_by_no_grant(world: World):
    consent = uuid7()
    await world.revoke(RAY, consent, skip=1)
    world.sequences.clear()
    granted = events.Granted(
        consent=consent, person=RAY, discloser=CEDAR, recipient=CEDAR, categories=("referral",), purpose="referral",
        expires_on=(await world.now()).date() + timedelta(days=9), confirmed=True, given="page",
    )  # fmt: skip
    await world.hear(granted, consent, key=RAY)
    body = {"person": str(RAY), "program": str(ROOMS), "need": "housing", "consent": str(consent)}
    assert (await world.post(DANA, "/caseplan/referrals", body)).status_code == 409


async def test_a_consent_holds_to_the_end_of_its_last_day_where_the_persons_agency_is(world: World):
    today = (await world.now()).date()
    await world.consent(RAY, CEDAR, expires_on=today)
    referral = await world.refer()
    await world.be_at(datetime(today.year, today.month, today.day, 23, 30, tzinfo=NEW_YORK))
    assert (await world.get(YUSUF, f"/caseplan/referrals/{referral}")).status_code == 200
    assert len((await world.read(YUSUF, "/caseplan/asked"))["referrals"]) == 1
    await world.be_at(datetime(today.year, today.month, today.day, 23, 30, tzinfo=NEW_YORK) + timedelta(hours=1))
    assert (await world.get(YUSUF, f"/caseplan/referrals/{referral}")).status_code == 404
    assert await world.read(YUSUF, "/caseplan/asked") == {"referrals": []}


async def test_whoever_waited_for_a_revocation_reads_what_it_left(world: World):
    consent = await world.consent(RAY, CEDAR)
    await world.refer()
    async with world.pool.acquire() as revoking, world.pool.acquire() as one, world.pool.acquire() as other:
        ending = revoking.transaction()
        await ending.start()
        await revoking.execute(copies.SQL["end_consent"], consent, RAY, "revoked")
        single = asyncio.create_task(one.fetchrow(copies.SQL["consent_for_share"], consent))
        listed = asyncio.create_task(other.fetch(store.SQL["list_asked"], CEDAR, 60))
        await asyncio.sleep(0.3)
        assert not single.done()
        assert not listed.done()
        await ending.commit()
        assert (await single)["is_live"] is False
        assert await listed == []


async def test_a_zone_that_the_server_does_not_know_counts_as_utc(world: World):
    consent = await world.consent(RAY, CEDAR)
    unknown = """jsonb_set(calendar, '{timezone}', '"Somewhere/Else"')"""
    await world.pool.execute(f"UPDATE agency SET calendar = {unknown} WHERE id = $1", HOME)  # noqa: S608
    live = "SELECT day_of($1) = clock()::date AND is_live(consent) FROM consent WHERE id = $2"
    assert await world.pool.fetchval(live, RAY, consent)


async def test_a_parked_consent_denies(world: World):
    consent = await world.consent(RAY, CEDAR)
    referral = await world.refer()
    await world.hear(events.Confirmed(consent=consent, person=RAY, given="page"), consent, key=RAY, skip=1)
    assert await world.pool.fetchval("SELECT parked IS NOT NULL FROM progress WHERE subject = $1", str(consent))
    assert (await world.get(YUSUF, f"/caseplan/referrals/{referral}")).status_code == 404
    assert await world.read(YUSUF, "/caseplan/asked") == {"referrals": []}
    await world.ok(RAY, f"/caseplan/referrals/{referral}/withdraw")
    again = {"person": str(RAY), "program": str(ROOMS), "need": "housing"}
    assert (await world.post(DANA, "/caseplan/referrals", again)).status_code == 409


@pytest.mark.parametrize("days", [31, 91])
async def test_a_consent_that_ran_out_denies_before_anybody_says_so(world: World, days: int):
    consent = uuid7()
    today = (await world.now()).date()
    granted = events.Granted(
        consent=consent, person=RAY, discloser=CEDAR, recipient=CEDAR, categories=("referral",), purpose="referral",
        expires_on=today + timedelta(days=90), confirmed=days > 90, confirm_by=today + timedelta(days=30), given="page",
    )  # fmt: skip
    await world.hear(granted, consent, key=RAY)
    await world.later(days=days)
    body = {"person": str(RAY), "program": str(ROOMS), "need": "housing", "consent": str(consent)}
    assert (await world.post(DANA, "/caseplan/referrals", body)).status_code == 409


@pytest.mark.parametrize(("ended", "status"), [(False, 201), (True, 409)])
async def test_one_that_goes_on_lets_ask_after_its_old_last_day_and_raises_nothing_that_ended(
    world: World, ended: bool, status: int
):
    today = (await world.now()).date()
    consent = await world.consent(RAY, CEDAR, expires_on=today + timedelta(days=3))
    if ended:
        await world.revoke(RAY, consent)
    renewed = events.Renewed(consent=consent, person=RAY, expires_on=today + timedelta(days=90), given="page")
    await world.hear(renewed, consent, key=RAY)
    await world.later(days=5)
    body = {"person": str(RAY), "program": str(ROOMS), "need": "housing", "consent": str(consent)}
    assert (await world.post(DANA, "/caseplan/referrals", body)).status_code == status


async def test_a_sensitive_need_takes_its_own_word(world: World):
    await world.consent(RAY, CLINIC)
    body = {"person": str(RAY), "program": str(CARE), "need": "health"}
    assert (await world.post(DANA, "/caseplan/referrals", body)).status_code == 409
    await world.consent(RAY, CLINIC, "referral", "health")
    assert (await world.post(DANA, "/caseplan/referrals", body)).status_code == 201


async def test_another_persons_consent_covers_nobody_else(world: World):
    consent = await world.consent(JO, CEDAR)
    body = {"person": str(RAY), "program": str(ROOMS), "need": "housing", "consent": str(consent)}
    assert (await world.post(DANA, "/caseplan/referrals", body)).status_code == 409


async def test_a_partner_fetches_detail_by_its_own_reference_while_the_consent_lives(world: World):
    consent = await world.consent(RAY, CLINIC, "referral", "health")
    referral = await world.refer(program=CARE, need="health", words="Mornings are best.")
    own = reference(world.running.settings, CLINIC, referral)
    detail = await world.read(IMANI, f"/caseplan/partner/referrals/{own}")
    assert (detail["need"], detail["words"], detail["stage"]) == ("health", "Mornings are best.", "sent")
    assert "42 CFR part 2" in detail["notice"]
    assert detail["consent"]["categories"] == ["health", "referral"]
    who = seal_reference(world.running.settings, CLINIC, RAY, "p")
    assert (detail["name"], detail["reach"]) == (
        f"/intake/partner/people/{who}/name", f"/intake/partner/people/{who}/reach",
    )  # fmt: skip
    assert str(RAY) not in json.dumps(detail)
    looks = await world.pool.fetch("SELECT object FROM audit WHERE action = 'referral.detail' AND person_id = $1", RAY)
    assert [row["object"] for row in looks] == [f"referral/{referral}"]

    others = reference(world.running.settings, HARBOR, referral)
    unknown = [f"/caseplan/partner/referrals/{which}" for which in (others, "r-nothing", str(referral))]
    refusals = [await world.get(IMANI, path) for path in unknown]
    await world.revoke(RAY, consent)
    refusals.append(await world.get(IMANI, f"/caseplan/partner/referrals/{own}"))
    assert {(answer.status_code, answer.text) for answer in refusals} == {(404, refusals[0].text)}


async def test_another_agencys_staff_cannot_use_a_reference(world: World):
    await world.consent(RAY, CLINIC, "referral", "health")
    referral = await world.refer(program=CARE, need="health")
    own = reference(world.running.settings, CLINIC, referral)
    assert (await world.get(GRACE, f"/caseplan/partner/referrals/{own}")).status_code == 200
    assert (await world.get(YUSUF, f"/caseplan/partner/referrals/{own}")).status_code == 404
    assert (await world.get(DANA, f"/caseplan/partner/referrals/{own}")).status_code == 404


async def test_the_asked_agency_reads_its_part_and_no_more(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer(words="A door I can lock.")
    await world.ok(DANA, f"/caseplan/referrals/{referral}/tell", {"told": "failed"})
    read = await world.read(YUSUF, f"/caseplan/referrals/{referral}")
    assert read["words"] == "A door I can lock."
    assert {"second", "next", "told", "worker", "before", "seen"}.isdisjoint(read)
    assert [line["verb"] for line in read["history"]] == ["send"]


async def test_a_read_under_way_is_waited_for(world: World):
    """The revocation takes the row that the read holds, so `halted` can't be said before the read is over."""
    consent = await world.consent(RAY, CEDAR)
    await world.refer()
    async with world.pool.acquire() as reader, reader.transaction():
        await reader.execute("SELECT FROM consent WHERE id = $1 FOR SHARE", consent)
        async with world.pool.acquire() as writer:
            with pytest.raises(Exception, match="lock"):
                async with writer.transaction():
                    await writer.execute("SET LOCAL lock_timeout = '100ms'")
                    await writer.execute("UPDATE consent SET ended = 'revoked' WHERE id = $1", consent)


async def test_no_form_opens_for_an_agency_that_may_not_be_told(world: World):
    draft = await world.refer(send=False)
    consent = await world.consent(JO, CEDAR)
    sent = await world.refer(JO)
    assert (await world.get(YUSUF, f"/caseplan/referrals/{sent}/decline", **HTML)).status_code == 200
    await world.revoke(JO, consent)
    for referral in (draft, sent):
        assert (await world.get(YUSUF, f"/caseplan/referrals/{referral}/decline", **HTML)).status_code == 404


async def test_erasing_somebody_ends_what_they_allowed_and_takes_their_words(world: World):
    allowed = await world.consent(RAY, CEDAR)
    referral = await world.refer(words="I need a room by Friday.")
    await world.ok(JO, "/caseplan/setbacks", {"words": "The bus never came."})
    erased = person.Erased(person=RAY)
    await world.hear(erased, RAY, skip=3)  # it waits for nothing that is on its way
    await world.hear(erased, RAY)
    assert (await world.get(YUSUF, f"/caseplan/referrals/{referral}")).status_code == 404
    assert (await world.told(allowed, "halted"))["reason"] == "person_erased"
    whose = await world.pool.fetch("SELECT a.person FROM words w JOIN aggregate a USING (kind, id)")
    assert {row["person"] for row in whose} == {JO}
    assert await world.pool.fetchval("SELECT count(*) FROM happened WHERE person = $1", RAY) > 0, "that it was stays"


async def test_somebody_erased_is_on_no_list_and_no_clock_runs_for_them(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    before = await world.pool.fetchval("SELECT count(*) FROM aggregate WHERE person = $1", RAY)
    await world.hear(person.Erased(person=RAY), RAY)
    ids = [row["id"] for row in await world.pool.fetch("SELECT id FROM aggregate WHERE person = $1", RAY)]
    assert len(ids) == before, "what was counted stays counted"
    assert not await world.pool.fetchval("SELECT count(*) FROM timer WHERE subject = ANY ($1)", list(map(str, ids)))
    for who, path in ((DANA, f"referrals/{referral}"), (DANA, f"people/{RAY}"), (DANA, f"plans/{RAY}")):
        assert (await world.get(who, f"/caseplan/{path}")).status_code == 404, path
    assert str(RAY) not in (await world.get(DANA, "/caseplan/today")).text
    [row] = await world.pool.fetch("SELECT data FROM outbox WHERE type = 'throughcare.person.forgotten.v1'")
    assert json.loads(row["data"]) == {"service": "caseplan", "person": str(RAY), "kept": False}


async def test_what_a_law_keeps_of_them_stays_closed_where_it_is(world: World):
    await world.consent(RAY, CEDAR)
    await world.refer(words="I need a room by Friday.")
    words = "SELECT count(*) FROM words w JOIN aggregate a USING (kind, id) WHERE a.person = $1"
    await world.hear(person.Erased(person=RAY, kept_until=date(2032, 11, 30)), RAY)
    assert await world.pool.fetchval(words, RAY) > 0
    assert (await world.get(DANA, f"/caseplan/people/{RAY}")).status_code == 404
    await world.hear(person.Erased(person=RAY), RAY)
    assert await world.pool.fetchval(words, RAY) == 0


async def test_an_answer_that_comes_after_them_moves_nothing(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    await world.hear(person.Erased(person=RAY), RAY)
    said = await world.pool.fetchval("SELECT count(*) FROM happened WHERE id = $1", referral)
    late = answer.Received(
        answer_id=uuid7(),
        referral=referral,
        person=RAY,
        partner=uuid7(),
        agency=CEDAR,
        answer="accept",
        by="stream",
        receipt=uuid7(),
    )
    await world.hear(late, referral)
    assert await world.pool.fetchval("SELECT count(*) FROM happened WHERE id = $1", referral) == said


async def test_whom_caseplan_told_stands_in_the_persons_account(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    await world.get(YUSUF, f"/caseplan/referrals/{referral}")
    await world.get(DANA, f"/caseplan/referrals/{referral}")
    found = (await world.get(RAY, f"/caseplan/people/{RAY}/disclosures")).json()["disclosures"]
    assert [(one["agency"], one["what"]) for one in found] == [(str(CEDAR), "referral.read")]
    assert (await world.get(YUSUF, f"/caseplan/people/{RAY}/disclosures")).status_code == 404
