"""Promise P4 at the front door: nothing is told without consent, and both phases of taking it back are real."""

import asyncio
import re
from uuid import UUID

import pytest

from shared.runtime.ids import uuid7
from shared.security import demo
from shared.security.references import seal_reference
from tests.integration.intake.world import NAME, NUMBER, text

pytestmark = pytest.mark.network
DISCLOSING = ("caseplan", "notifications")


def seen_on(page):
    """The mark of the words that stood on a page that asks."""
    [mark] = re.findall(r'name="read" value="([^"]*)"', page.text)
    return mark


async def stop(door, consent, account, **word):
    return await door.post(f"/intake/consents/{consent['id']}/revoke", word, account)


async def test_a_yes_on_ones_own_page_holds_at_once_and_until_its_last_day(door):
    person = await door.add()
    consent = await door.allow(person, categories=["referral", "contact"])
    assert (consent["stage"], consent["confirmed"], consent["confirm_by"]) == ("confirmed", True, None)
    [granted] = await door.events("consent", consent["id"])
    assert granted["partitionkey"] == str(person)
    assert granted["data"]["discloser"] == str(demo.WELCOME_ALDER)
    assert granted["data"]["recipient"] == str(demo.CEDAR_HOUSE)
    assert granted["data"]["categories"] == ["contact", "referral"]
    assert granted["data"]["expires_on"] == consent["expires_on"]
    assert granted["data"]["given"] == "page"
    assert granted["data"]["confirmed"] is True


async def test_a_yes_before_a_worker_has_to_be_said_again_in_private(door):
    person = await door.add()
    consent = await door.allow(person, demo.DANA)
    assert (consent["stage"], consent["confirmed"]) == ("granted", False)
    assert consent["last_day"] == consent["confirm_by"] < consent["expires_on"]
    before_others = await door.post(f"/intake/consents/{consent['id']}/confirm", {}, demo.DANA)
    assert before_others.status_code == 409
    for _ in range(2):  # said twice, it is told once
        confirmed = await door.post(f"/intake/consents/{consent['id']}/confirm", {}, person)
        assert (confirmed.status_code, confirmed.json()["stage"]) == (200, "confirmed")
    assert confirmed.json()["last_day"] == consent["expires_on"]
    assert await door.types("consent", consent["id"]) == ["consent.granted", "consent.confirmed"]


async def test_what_was_signed_at_intake_lapses_unless_it_is_confirmed(door):
    person = await door.add()
    unsaid = await door.allow(person, demo.DANA)
    said = await door.allow(person, demo.DANA)
    await door.post(f"/intake/consents/{said['id']}/confirm", {}, person)
    await door.shift("29 days")
    assert await door.fire() == 1
    assert await door.types("consent", unsaid["id"]) == ["consent.granted", "consent.ends_soon"]
    await door.shift("32 days")
    assert await door.fire() == 1
    assert await door.types("consent", unsaid["id"]) == ["consent.granted", "consent.ends_soon", "consent.lapsed"]
    assert (await door.events("consent", unsaid["id"]))[-1]["data"]["reason"] == "not_confirmed"
    assert await door.types("consent", said["id"]) == ["consent.granted", "consent.confirmed"]
    await door.shift("92 days")
    await door.fire()
    assert (await door.events("consent", said["id"]))[-1]["data"]["reason"] == "expired"
    assert await door.fire() == 0


async def test_a_revocation_is_in_effect_when_both_disclosing_services_have_stopped(door):
    person = await door.add()
    consent = await door.allow(person)
    revoked = (await stop(door, consent, person)).json()
    assert (revoked["stage"], revoked["in_effect_at"]) == ("revoked", None)
    assert revoked["revoked_at"] < revoked["readable_until"]
    await door.hear_halted("caseplan", consent["id"], person)
    await door.hear_halted("caseplan", consent["id"], person)  # the same again: a duplicate changes nothing
    assert (await door.get(f"/intake/consents/{consent['id']}", person)).json()["stage"] == "revoked"
    await door.hear_halted("notifications", consent["id"], person)
    now = (await door.get(f"/intake/consents/{consent['id']}", person)).json()
    assert now["stage"] == "in_effect"
    assert now["revoked_at"] <= now["in_effect_at"]
    assert await door.types("consent", consent["id"]) == ["consent.granted", "consent.revoked"]


async def test_stopping_twice_is_stopping_once(door):
    person = await door.add()
    consent = await door.allow(person)
    first = (await stop(door, consent, person)).json()
    assert (await stop(door, consent, person)).json() == first
    both = await asyncio.gather(*(stop(door, consent, person) for _ in range(5)))
    assert {answer.status_code for answer in both} == {200}
    for service in DISCLOSING:
        await door.hear_halted(service, consent["id"], person)
    assert (await stop(door, consent, person)).json()["stage"] == "in_effect"
    assert await door.types("consent", consent["id"]) == ["consent.granted", "consent.revoked"]


async def test_any_worker_can_write_down_that_the_person_said_stop(door):
    person = await door.add()
    consent = await door.allow(person)
    answer = await stop(door, consent, demo.GRACE, given="by_phone")  # another agency's nurse
    assert answer.status_code == 200
    assert set(answer.json()) == {"id", "stage", "given", "revoked_at", "in_effect_at", "readable_until"}
    [_, revoked] = await door.events("consent", consent["id"])
    assert revoked["data"]["given"] == "by_phone"
    assert revoked["actor"] == f"case_manager:{demo.GRACE}"
    looks = (await door.get(f"/intake/people/{person}/looks", person)).json()["looks"]
    assert looks[0]["action"] == "consent.revoke"
    assert (await door.get(f"/intake/consents/{consent['id']}", person)).json()["given"] == "by_phone"


async def test_staff_say_how_the_word_came_before_anything_stops(door):
    person = await door.add()
    consent = await door.allow(person)
    for word in ({}, {"given": "page"}):
        answer = await stop(door, consent, demo.GRACE, **word)
        assert (answer.status_code, answer.json()["field"]) == (422, "given")
    assert (await door.get(f"/intake/consents/{consent['id']}", person)).json()["stage"] == "confirmed"


async def test_the_workers_page_asks_how_the_word_came_and_a_stranger_is_led_to_nobody(door):
    person = await door.add()
    one, other = await door.allow(person), await door.allow(person)
    page = f"/intake/people/{person}/shared"
    shown = await door.page(page, demo.DANA)
    assert f'id="{one["id"]}-given"' in shown.text
    assert 'value="by_phone"' in shown.text
    assert 'name="given"' not in (await door.page(page, person)).text
    stopped = await door.fill(f"/intake/consents/{one['id']}/revoke", {"given": "in_person"}, demo.DANA)
    assert (stopped.status_code, stopped.headers["location"]) == (303, page)
    stopped = await door.fill(f"/intake/consents/{other['id']}/revoke", {"given": "by_phone"}, demo.GRACE)
    assert (stopped.status_code, stopped.headers["location"]) == (303, "/caseplan/today")


async def test_a_consent_of_somebody_else_looks_like_none(door):
    person = await door.add()
    consent = await door.allow(person)
    body = {"given": "in_person", "in_private": True, "shown": True}
    for move in ("grant", "confirm", "not-now"):
        there, nowhere = [
            await door.post(f"/intake/consents/{id}/{move}", body, demo.YUSUF) for id in (consent["id"], uuid7())
        ]
        assert there.status_code == nowhere.status_code == 404
        assert there.json() == nowhere.json()
    there, nowhere = [await door.get(f"/intake/consents/{id}/answer", demo.YUSUF) for id in (consent["id"], uuid7())]
    assert (there.status_code, there.json()) == (404, nowhere.json())
    there, nowhere = [await door.get(f"/intake/people/{id}/shared", demo.YUSUF) for id in (person, uuid7())]
    assert (there.status_code, there.json()) == (404, nowhere.json())


async def test_a_word_that_a_service_has_stopped_is_no_revocation(door):
    person = await door.add()
    consent = await door.allow(person)
    for service in DISCLOSING:
        await door.hear_halted(service, consent["id"], person)
    assert (await door.get(f"/intake/consents/{consent['id']}", person)).json()["stage"] == "confirmed"
    await door.hear_halted("caseplan", uuid7(), person)  # a consent that is not ours parks nothing
    assert await door.pool.fetchval("SELECT count(*) FROM dead_letter") == 0


async def test_a_revocation_that_is_not_in_effect_rings_until_it_is(door, caplog):
    person = await door.add()
    consent = await door.allow(person)
    await stop(door, consent, person)
    await door.shift("2 hours")
    assert await door.fire() == 1
    assert await door.pool.fetchval("SELECT count(*) FROM timer WHERE subject = $1", consent["id"]) == 1
    for service in DISCLOSING:
        await door.hear_halted(service, consent["id"], person)
    assert await door.pool.fetchval("SELECT count(*) FROM timer WHERE subject = $1", consent["id"]) == 0


async def test_only_the_person_and_their_named_worker_can_put_down_a_yes(door):
    person = await door.add()
    body = {"person": str(person), "recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"], "shown": True}
    other = await door.add(name="Robin")
    for account in (demo.GRACE, demo.YUSUF, other, demo.RUTH):
        assert (await door.post("/intake/consents", body, account)).status_code == 404
    assert (await door.post("/intake/consents", body, demo.LENA)).status_code == 403  # may read, did not hear it
    assert (await door.post("/intake/consents", body)).status_code == 401
    assert await door.events("consent") == []


async def test_a_yes_counts_only_when_all_was_shown_before(door):
    person = await door.add()
    body = {"person": str(person), "recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"]}
    answer = await door.post("/intake/consents", body, person)
    assert answer.status_code == 409
    assert "Show first" in answer.json()["detail"]
    form = await door.fill("/intake/consents", body, person)
    assert form.status_code == 200
    assert "They tell probation or parole." in text(form)
    assert await door.pool.fetchval("SELECT count(*) FROM consent") == 0


async def test_a_page_with_something_to_mend_offers_no_more_than_the_link_did(door):
    person = await door.add()
    link = f"/intake/consents/new?person={person}&recipient={demo.CEDAR_HOUSE}&categories=referral&categories=contact"
    first = await door.page(link, person)
    box = re.compile(r'<input[^>]*name="categories"[^>]*>')
    assert len(box.findall(first.text)) == 2
    [suggested] = re.findall(r'name="suggested" value="([^"]*)"', first.text)
    sent = {"person": str(person), "recipient": str(demo.CEDAR_HOUSE), "shown": "yes", "suggested": suggested}
    for _ in range(2):
        again = await door.fill("/intake/consents", sent, person)
        assert again.status_code == 422
        assert len(box.findall(again.text)) == 2
    granted = await door.fill("/intake/consents", {**sent, "read": seen_on(first), "categories": ["referral"]}, person)
    assert granted.status_code == 303


async def test_a_setback_is_allowed_by_itself_and_by_its_id(door):
    person, setback = await door.add(), str(uuid7())
    consent = await door.allow(person, categories=["setback"], setback=setback)
    [granted] = await door.events("consent", consent["id"])
    assert granted["data"]["setback"] == setback
    assert granted["data"]["purpose"] == "support_after_setback"
    body = {"person": str(person), "recipient": str(demo.CEDAR_HOUSE), "shown": True}
    for wrong in ({"categories": ["setback"]}, {"categories": ["referral", "setback"], "setback": setback}):
        refused = await door.post("/intake/consents", {**body, **wrong}, person)
        assert refused.status_code == 422
        assert refused.json()["field"] in ("setback", "categories")


async def test_supervision_is_never_asked_for_by_a_worker_at_intake(door):
    person = await door.add()
    body = {"person": str(person), "recipient": str(demo.CEDAR_HOUSE), "categories": ["supervision"], "shown": True}
    assert (await door.post("/intake/consents", body, demo.DANA)).status_code == 422
    once = await door.post("/intake/consents", body, person)
    assert once.status_code == 201
    assert (await door.events("consent", once.json()["id"]))[0]["data"]["once"] is True


async def test_whoever_opens_a_question_looks_at_what_the_person_shares(door):
    person = await door.add()
    body = {"person": str(person), "recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"]}
    asked = (await door.post("/intake/consents/ask", body, demo.DANA)).json()
    assert (await door.page(f"/intake/consents/{asked['id']}/answer", demo.DANA)).status_code == 200
    await door.page(f"/intake/consents/{asked['id']}/answer", person)
    looks = await door.pool.fetch(
        "SELECT actor_id, person_id FROM audit WHERE action = 'consent.read' AND object = $1", f"consent/{asked['id']}"
    )
    assert [tuple(look) for look in looks] == [(demo.DANA, person), (person, person)]


async def test_a_question_on_the_page_costs_nothing_to_leave_or_to_refuse(door):
    person = await door.add()
    body = {"person": str(person), "recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"]}
    asked = (await door.post("/intake/consents/ask", body, demo.DANA)).json()
    assert asked["stage"] == "asked"
    assert "May we tell Cedar House what you ask them for?" in text(
        await door.page(f"/intake/people/{person}/shared", person)
    )
    page = await door.page(f"/intake/consents/{asked['id']}/answer", person)
    assert "They have not said if they tell child protection. Count it as yes." in text(page)
    no = await door.post(f"/intake/consents/{asked['id']}/not-now", {}, person)
    assert no.json()["stage"] == "not_now"
    again = (await door.post("/intake/consents/ask", body, demo.DANA)).json()
    yes = await door.post(f"/intake/consents/{again['id']}/grant", {"shown": True}, person)
    assert yes.json()["stage"] == "confirmed"
    unanswered = (await door.post("/intake/consents/ask", body, demo.DANA)).json()
    await door.shift("31 days")
    await door.fire()
    assert (await door.get(f"/intake/consents/{unanswered['id']}", person)).json()["stage"] == "not_now"
    assert await door.types("consent") == ["consent.granted"]


async def test_what_is_asked_stands_first_on_ones_own_page_and_waits_on_the_workers(door):
    person, question = await door.add(), "May we tell Cedar House what you ask them for?"
    nothing = await door.page("/intake/me/questions", person)
    assert "Nobody asks you anything now." in text(nothing)
    body = {"person": str(person), "recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"]}
    asked = (await door.post("/intake/consents/ask", body, demo.DANA)).json()
    assert question in text(await door.page("/intake/me/questions", person))
    assert "Asked. Waits for their answer" in text(await door.page(f"/intake/people/{person}/shared", demo.DANA))
    assert (await door.get("/intake/me/questions", demo.DANA)).status_code in (403, 404)
    await door.post(f"/intake/consents/{asked['id']}/not-now", {}, person)
    assert question not in text(await door.page("/intake/me/questions", person))


async def test_the_asking_page_shows_what_is_passed_on_first_and_ticks_nothing(door):
    person = await door.add()
    page = await door.page(f"/intake/consents/new?person={person}&recipient={demo.CEDAR_HOUSE}", person)
    assert page.status_code == 200
    assert "checked" not in page.text
    seen = text(page)
    assert seen.index("They tell probation or parole.") < seen.index("What may they know?")
    assert "They have not said if they tell child protection. Count it as yes." in seen
    assert "They do not tell immigration." in seen
    assert "Not now" in seen
    nothing = await door.fill(
        "/intake/consents", {"person": person, "recipient": demo.CEDAR_HOUSE, "shown": "yes"}, person
    )
    assert nothing.status_code == 422
    assert "Tick what they may know" in text(nothing)


async def test_a_consent_lets_the_recipient_know_the_name_until_it_is_taken_back(door):
    person = await door.add()
    name, reach = f"/intake/people/{person}/name", f"/intake/people/{person}/reach"
    assert (await door.get(name, demo.YUSUF)).status_code == 404
    consent = await door.allow(person)
    assert (await door.get(name, demo.YUSUF)).json()["name"] == NAME
    assert (await door.get(reach, demo.YUSUF)).status_code == 404
    assert (await door.get(f"/intake/people/{person}", demo.YUSUF)).status_code == 404
    more = await door.allow(person, categories=["contact"])
    assert (await door.get(reach, demo.YUSUF)).json()["contact"] == NUMBER
    assert (await door.get(name, demo.GRACE)).status_code == 404
    await stop(door, consent, person)
    await stop(door, more, person)
    assert (await door.get(name, demo.YUSUF)).status_code == 404
    assert (await door.get(reach, demo.YUSUF)).status_code == 404


async def test_a_partner_asks_by_a_reference_that_is_its_agencys_alone(door):
    person = await door.add()
    own, others = (seal_reference(door.settings, agency, person, "p") for agency in (demo.CEDAR_HOUSE, uuid7()))
    name, reach = (f"/intake/partner/people/{own}/{what}" for what in ("name", "reach"))
    assert (await door.get(name, demo.YUSUF)).status_code == 404
    consents = [await door.allow(person, categories=["referral", "contact"])]
    assert (await door.get(name, demo.YUSUF)).json() == {"reference": own, "name": NAME}
    reached = (await door.get(reach, demo.YUSUF)).json()
    assert (reached["contact"], str(person) in str(reached)) == (NUMBER, False)
    unknown = [f"/intake/partner/people/{which}/name" for which in (others, "p-nothing", "p-ñ", str(person))]
    refusals = [await door.get(path, demo.YUSUF) for path in unknown]
    refusals.append(await door.get(name, demo.GRACE))
    for consent in consents:
        await stop(door, consent, person)
    refusals += [await door.get(path, demo.YUSUF) for path in (name, reach)]
    assert {(answer.status_code, answer.text) for answer in refusals} == {(404, refusals[0].text)}


async def test_a_partner_is_never_told_our_own_id_whatever_goes_wrong(door):
    """Damaged, or erased a moment ago: what answers knows them by the partner's reference alone."""
    person = await door.add()
    name = f"/intake/partner/people/{seal_reference(door.settings, demo.CEDAR_HOUSE, person, 'p')}/name"
    await door.allow(person)
    await door.pool.execute("UPDATE person SET name = $2 WHERE id = $1", person, b"\x01" + bytes(60))
    damaged = await door.get(name, demo.YUSUF)
    await door.pool.execute("UPDATE person SET erased_at = clock() WHERE id = $1", person)
    erased = await door.get(name, demo.YUSUF)
    assert (damaged.status_code, erased.status_code) == (200, 410)
    assert damaged.json()["name"] == "Name not known here"
    assert str(person) not in damaged.text + erased.text


async def test_a_consent_that_is_over_lets_nobody_know_even_if_its_clock_is_late(door):
    person = await door.add()
    await door.allow(person)
    await door.shift("92 days")
    assert (await door.get(f"/intake/people/{person}/name", demo.YUSUF)).status_code == 404


async def test_the_page_tells_both_phases_and_what_nobody_can_take_back(door):
    person = await door.add()
    consent = await door.allow(person)
    page = f"/intake/people/{person}/shared"
    before = await door.page(page, person)
    assert "Cedar House may know what you ask them for." in text(before)
    assert "Stop sharing" in text(before)
    stopped = await door.fill(f"/intake/consents/{consent['id']}/revoke", {}, person)
    assert (stopped.status_code, stopped.headers["location"]) == (303, page)
    revoked = await door.page(page, person)
    assert "You stopped it" in text(revoked)
    assert "Stopping now." in text(revoked)
    assert "They can read old news until" in text(revoked)
    assert "We can’t take back what they wrote down." in text(revoked)
    assert f"{page}/news?since=" in revoked.text
    for service in DISCLOSING:
        await door.hear_halted(service, consent["id"], person)
    in_effect = await door.page(page, person)
    assert "In effect since" in text(in_effect)
    assert "/news" not in in_effect.text
    spanish = await door.page(page + "?lang=es", person)
    assert "Ya no reciben nada nuevo." in text(spanish)
    await door.shift("73 hours")
    assert "They could read old news until" in text(await door.page(page + "?lang=en", person))


async def test_a_form_leads_back_only_to_a_path_of_our_own(door):
    person = await door.add()
    body = {"person": str(person), "recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"], "shown": "yes"}
    body["read"] = seen_on(
        await door.page(f"/intake/consents/new?person={person}&recipient={demo.CEDAR_HOUSE}", person)
    )
    ours = await door.fill("/intake/consents", {**body, "next": "/caseplan/referrals/new?person=1"}, person)
    theirs = await door.fill("/intake/consents", {**body, "next": "//evil.example/"}, person)
    assert ours.headers["location"] == "/caseplan/referrals/new?person=1"
    assert theirs.headers["location"] == f"/intake/people/{person}/shared"


async def test_an_id_of_the_callers_is_taken_once_and_a_key_answers_twice(door):
    person, id = await door.add(), str(uuid7())
    body = {"person": str(person), "recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"], "shown": True}
    first = await door.post("/intake/consents", {**body, "id": id}, person, **{"Idempotency-Key": "one"})
    again = await door.post("/intake/consents", {**body, "id": id}, person, **{"Idempotency-Key": "one"})
    assert (first.status_code, again.json()) == (201, first.json())
    assert first.json()["id"] == id
    assert (await door.post("/intake/consents", {**body, "id": id}, person)).status_code == 409
    assert UUID(id) in {UUID(event["subject"]) for event in await door.events("consent")}
    assert len(await door.events("consent")) == 1
