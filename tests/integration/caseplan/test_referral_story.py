"""Promise P1 on a real database: a referral cannot rot, and closes only with the person's word or their unused time."""

from uuid import UUID

import pytest

from shared.contracts import agency, answer, delivery
from shared.contracts.agency import Calendar
from shared.runtime.ids import uuid7
from shared.security.demo import DANA, GRACE, LENA, NADIA, RAY, YUSUF
from tests.integration.caseplan.world import BEDS, CEDAR, HARBOR, LODGE, ROOMS, World

pytestmark = pytest.mark.network


A_ROOM = {"person": str(RAY), "program": str(ROOMS), "need": "housing"}


def types(*names: str) -> list[str]:
    return [f"referral.{name}" for name in names]


async def to_report(world: World, referral: UUID, outcome: str = "got_help") -> None:
    for verb, body in (("accept", {}), ("begin", {}), ("report", {"outcome": outcome})):
        await world.ok(YUSUF, f"/caseplan/referrals/{referral}/{verb}", body)


async def referrals_to(world: World, program: UUID) -> list[str]:
    rows = await world.pool.fetch("SELECT stage FROM aggregate WHERE kind = 'referral' AND program = $1", program)
    return [row["stage"] for row in rows]


async def test_who_was_asked_is_led_to_the_referral_and_never_to_the_persons_page(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    page = await world.page(YUSUF, "/caseplan/today")
    assert f'class="who" href="/caseplan/referrals/{referral}"' in page and "/caseplan/people/" not in page
    looks = (await world.read(RAY, f"/caseplan/people/{RAY}/looks"))["looks"]
    assert {look["purpose"] for look in looks if look["actor"] == str(YUSUF)} == {"referral"}, "nobody walks there"


async def test_a_referral_goes_from_sent_to_the_persons_own_word(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    await world.ok(YUSUF, f"/caseplan/referrals/{referral}/see")
    await to_report(world, referral)
    answer = await world.ok(RAY, f"/caseplan/referrals/{referral}/confirm")
    assert answer == {"id": str(referral), "stage": "closed"}
    assert await world.events(referral) == types(
        "drafted", "sent", "seen", "accepted", "begun", "reported", "confirmed"
    )
    assert not await world.pool.fetchval("SELECT count(*) FROM timer WHERE subject = $1", str(referral))


async def test_without_consent_nothing_is_sent_and_nothing_stays(world: World):
    before = await world.counts()
    answer = await world.post(
        DANA, "/caseplan/referrals", {"person": str(RAY), "program": str(ROOMS), "need": "housing"}
    )
    assert answer.status_code == 409
    assert "said yes" in answer.json()["detail"]
    assert await world.counts() == before


async def test_silence_escalates_then_offers_another_door_which_hears_nothing(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    await world.later(days=2, minutes=1)
    assert await world.stage("referral", referral) == "escalated"
    assert (await world.told(referral, "escalated"))["owner"] == "lead"
    await world.later(days=1)
    assert await world.stage("referral", referral) == "offered"
    assert await world.events(referral) == types("drafted", "sent", "escalated", "expired", "next_offered")
    assert (await world.told(referral, "next_offered"))["next_program"] == str(BEDS)
    assert await referrals_to(world, BEDS) == []
    assert (await world.get(NADIA, f"/caseplan/referrals/{referral}")).status_code == 404
    assert await world.read(NADIA, "/caseplan/asked") == {"referrals": []}


async def test_the_person_chooses_the_door_and_it_hears_under_a_consent_of_its_own(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    await world.ok(YUSUF, f"/caseplan/referrals/{referral}/decline", {"reason": "no_capacity"})
    following = uuid7()
    body = {"next": str(BEDS), "next_referral": str(following)}
    await world.ok(RAY, f"/caseplan/referrals/{referral}/choose-next", body)
    assert await world.stage("referral", referral) == "moved_on"
    assert await world.stage("referral", following) == "draft"
    assert (await world.get(NADIA, f"/caseplan/referrals/{following}")).status_code == 404
    consent = await world.consent(RAY, HARBOR)
    await world.ok(RAY, f"/caseplan/referrals/{following}/send", {"consent": str(consent)})
    assert (await world.state("referral", following))["follows"] == str(referral)
    assert (await world.read(NADIA, f"/caseplan/referrals/{following}"))["stage"] == "sent"


async def test_chosen_under_a_live_consent_it_goes_out_at_once(world: World):
    await world.consent(RAY, CEDAR)
    await world.consent(RAY, HARBOR)
    referral = await world.refer()
    await world.ok(YUSUF, f"/caseplan/referrals/{referral}/decline", {"reason": "no_funds"})
    await world.ok(RAY, f"/caseplan/referrals/{referral}/choose-next", {"next": str(LODGE)})
    assert await referrals_to(world, LODGE) == ["sent"]


async def test_the_second_named_when_sending_is_asked_at_once_under_its_own_consent(world: World):
    await world.consent(RAY, CEDAR)
    await world.consent(RAY, HARBOR)
    referral = await world.refer(second=str(BEDS))
    await world.ok(YUSUF, f"/caseplan/referrals/{referral}/decline", {"reason": "no_capacity"})
    assert await world.stage("referral", referral) == "moved_on"
    assert await referrals_to(world, BEDS) == ["sent"]
    told = await world.told(referral, "next_chosen")
    assert told["way"] == "none", "nobody spoke just now"


async def test_the_second_without_a_live_consent_is_only_offered(world: World):
    await world.consent(RAY, CEDAR)
    harbor = await world.consent(RAY, HARBOR)
    referral = await world.refer(second=str(BEDS))
    await world.revoke(RAY, harbor)
    await world.ok(YUSUF, f"/caseplan/referrals/{referral}/decline", {"reason": "no_capacity"})
    assert await world.stage("referral", referral) == "offered"
    assert await referrals_to(world, BEDS) == []


async def test_an_open_referral_to_the_second_program_does_not_hold_back_an_agencys_no(world: World):
    await world.consent(RAY, CEDAR)
    await world.consent(RAY, HARBOR)
    await world.refer(program=BEDS)
    referral = await world.refer(second=str(BEDS))
    await world.ok(YUSUF, f"/caseplan/referrals/{referral}/decline", {"reason": "no_capacity"})
    assert (await world.state("referral", referral))["next"]["program"] == str(LODGE)
    assert await referrals_to(world, BEDS) == ["sent"]


async def test_a_word_by_phone_is_recorded_as_that(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    await world.ok(DANA, f"/caseplan/referrals/{referral}/record-answer", {"verb": "waitlist", "position": 4})
    told = await world.told(referral, "waitlisted")
    assert (told["way"], told["recorded_by"], told["position"]) == ("phone", str(DANA), 4)
    wrong = await world.post(DANA, f"/caseplan/referrals/{referral}/record-answer", {"verb": "accept", "position": 4})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "position")


async def test_an_answer_on_the_stream_counts_for_the_agency_that_was_asked_alone(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()

    async def answered(by: UUID, said: str, **more) -> None:
        received = answer.Received(
            answer_id=uuid7(), referral=referral, person=RAY, partner=uuid7(), agency=by, answer=said, by="stream",
            receipt=uuid7(), **more,
        )  # fmt: skip
        await world.hear(received, referral, key=RAY)

    acknowledged = delivery.Acknowledged(person=RAY, agency=CEDAR, partner=uuid7(), referral=referral, consent=uuid7())
    await world.hear(acknowledged, referral, key=RAY)
    assert await world.stage("referral", referral) == "delivered"
    await answered(HARBOR, "accept")
    assert await world.stage("referral", referral) == "delivered"
    await answered(CEDAR, "gibberish")
    await answered(CEDAR, "accept")
    await answered(CEDAR, "accept")
    assert (await world.events(referral))[-2:] == types("delivered", "accepted")
    looks = (await world.read(RAY, f"/caseplan/people/{RAY}/looks"))["looks"]
    said = [(look["role"], look["agency"]) for look in looks if look["action"] == "referral.answer"]
    assert said == [("partner_engineer", str(CEDAR))], "told to the person once: what changed nothing is no deed"


async def test_what_they_told_a_worker_stands_apart_and_their_silence_is_no_yes(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    await to_report(world, referral)
    await world.ok(DANA, f"/caseplan/referrals/{referral}/tell", {"told": "got_help"})
    assert await world.stage("referral", referral) == "reported"
    refused = await world.post(DANA, f"/caseplan/referrals/{referral}/confirm", {"way": "in_person"})
    assert refused.status_code in (403, 404, 409)
    await world.later(days=14, minutes=1)
    state = await world.state("referral", referral)
    assert (state["stage"], state["confirmed"], state["told"]) == ("closed", False, "got_help")
    assert (await world.events(referral))[-3:] == types("reported", "told_worker", "closed")


async def test_a_disputed_report_goes_back_to_the_agency_with_a_fresh_clock(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    await to_report(world, referral)
    await world.ok(RAY, f"/caseplan/referrals/{referral}/dispute")
    assert await world.stage("referral", referral) == "reopened"
    assert (await world.told(referral, "disputed"))["outcome"] == "got_help"
    assert "report" in (await world.read(YUSUF, f"/caseplan/referrals/{referral}"))["offers"]
    await world.later(days=2, minutes=1)
    assert await world.stage("referral", referral) == "stalled"


async def test_not_reached_can_be_said_after_three_attempts(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    await world.ok(YUSUF, f"/caseplan/referrals/{referral}/accept")
    for _ in range(2):
        await world.ok(YUSUF, f"/caseplan/referrals/{referral}/attempt", {"contact": "call"})
    too_soon = await world.post(YUSUF, f"/caseplan/referrals/{referral}/report", {"outcome": "unreachable"})
    assert too_soon.status_code == 409
    await world.ok(YUSUF, f"/caseplan/referrals/{referral}/attempt", {"contact": "visit"})
    await world.ok(YUSUF, f"/caseplan/referrals/{referral}/report", {"outcome": "unreachable"})


async def test_a_closed_referral_opens_again_under_a_live_consent(world: World):
    consent = await world.consent(RAY, CEDAR)
    referral = await world.refer()
    await to_report(world, referral)
    await world.ok(RAY, f"/caseplan/referrals/{referral}/confirm")
    await world.revoke(RAY, consent)
    refused = await world.post(RAY, f"/caseplan/referrals/{referral}/reopen", {"consent": str(consent)})
    assert refused.status_code == 409
    again = await world.consent(RAY, CEDAR)
    await world.ok(RAY, f"/caseplan/referrals/{referral}/reopen", {"consent": str(again)})
    assert await world.stage("referral", referral) == "reopened"


async def test_one_person_and_one_program_have_one_open_referral(world: World):
    await world.consent(RAY, CEDAR)
    first = await world.refer()
    second = await world.post(
        DANA, "/caseplan/referrals", {"person": str(RAY), "program": str(ROOMS), "need": "housing"}
    )
    assert second.status_code == 409
    assert second.json()["type"].endswith("already-open")
    assert second.headers["location"] == f"/caseplan/referrals/{first}"
    assert len(await referrals_to(world, ROOMS)) == 1


async def test_one_that_would_open_again_beside_another_open_one_is_refused(world: World):
    consent = await world.consent(RAY, CEDAR)
    first = await world.refer()
    await to_report(world, first)
    await world.ok(RAY, f"/caseplan/referrals/{first}/confirm")
    second = await world.refer()
    refused = await world.post(RAY, f"/caseplan/referrals/{first}/reopen", {"consent": str(consent)})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:throughcare:problem:already-open")
    assert await world.stage("referral", second) == "sent"


async def test_a_draft_is_nobodys_news_and_ends_in_silence(world: World):
    referral = await world.refer(send=False)
    assert (await world.get(YUSUF, f"/caseplan/referrals/{referral}")).status_code == 404
    assert (await world.post(YUSUF, f"/caseplan/referrals/{referral}/accept")).status_code == 404
    await world.later(days=4)
    assert await world.stage("referral", referral) == "lapsed"


async def test_a_holiday_entered_today_gives_the_agency_its_day(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    before = await world.read(DANA, f"/caseplan/referrals/{referral}")
    assert before["due_at"].startswith("2026-11-18T15:00")
    closed = Calendar(timezone="America/New_York", holidays=("2026-11-17",))
    await world.hear(agency.Updated(agency=CEDAR, name="Cedar House", calendar=closed), CEDAR)
    after = await world.read(DANA, f"/caseplan/referrals/{referral}")
    assert after["due_at"].startswith("2026-11-19T15:00")


async def test_a_word_by_phone_gives_up_no_place_before_somebody_asked_another_way(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    by_phone = {"way": "phone", "withdraw_reason": "not_needed"}
    assert (await world.post(DANA, f"/caseplan/referrals/{referral}/withdraw", by_phone)).status_code == 409
    await world.ok(DANA, f"/caseplan/referrals/{referral}/withdraw", by_phone | {"checked": True})
    told = await world.told(referral, "withdrawn")
    assert (told["way"], told["recorded_by"]) == ("phone", str(DANA))


async def test_staff_of_other_agencies_see_neither_the_referral_nor_that_it_is_there(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    for method, path in (
        ("get", f"/caseplan/referrals/{referral}"),
        ("post", f"/caseplan/referrals/{referral}/accept"),
        ("post", f"/caseplan/referrals/{referral}/withdraw"),
        ("get", f"/caseplan/people/{RAY}"),
    ):
        answer = await (world.get(GRACE, path) if method == "get" else world.post(GRACE, path))
        nothing = await world.get(GRACE, path.replace(str(referral), str(uuid7())).replace(str(RAY), str(uuid7())))
        assert answer.status_code == 404, path
        assert nothing.status_code in (404, 405)
    assert (await world.read(LENA, f"/caseplan/referrals/{referral}"))["stage"] == "sent"
