"""What was read before a yes stays readable, word for word; a yes goes on by a word, and stops by one to anybody."""

import asyncio
import re

import pytest

from services.intake.says_consent import TEXT, VERSION
from services.intake.signing import READ
from services.intake.store import erasures
from shared.runtime.ids import uuid7
from shared.security import demo
from shared.security.sealing import open_sealed
from tests.integration.intake.test_consents import seen_on
from tests.integration.intake.world import NAME, text

pytestmark = pytest.mark.network
ELEMENTS = (  # 42 CFR 2.31 (a), as the page says them in English
    NAME,
    "Welcome Alder may tell. Cedar House may hear it.",
    "What you ask them for.",
    "So that they can help with what you ask them for.",
    "they can tell others",
    "You can stop any day",
    "A no costs nothing.",
    "that is your signature",
)


def asking(person, **more):
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return f"/intake/consents/new?person={person}&recipient={demo.CEDAR_HOUSE}{query}"


async def sign(door, person, account, page, **more):
    """The form of a page that asks, sent as its reader sends it."""
    hidden = dict(re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)"', page.text))
    hidden = {name: value for name, value in hidden.items() if not name.startswith("_")}
    return await door.fill("/intake/consents", {**hidden, "categories": ["referral"], **more}, account)


async def latest(door, person):
    shared = await door.get(f"/intake/people/{person}/shared", person)
    return shared.json()["consents"][0]


async def copy_of(door, consent, account, what=""):
    return await door.page(f"/intake/consents/{consent['id']}/copy{what}", account)


async def test_the_copy_is_what_stood_on_the_page_with_every_element_of_the_rule(door):
    person = await door.add()
    page = await door.page(asking(person), person)
    assert (await sign(door, person, person, page)).status_code == 303
    consent = await latest(door, person)
    copy = await copy_of(door, consent, person)
    assert copy.status_code == 200
    for element in ELEMENTS:
        assert element in text(copy), element
    assert all(line in text(page) for line in ("What you let them know, they can tell others.", "A no costs nothing."))
    assert re.search(r"You said yes: \w+, \w+ \d+, \d{4}, .*on your page\.", text(copy))
    assert "Read what I said yes to" in text(await door.page(f"/intake/people/{person}/shared", person))


async def test_the_text_lies_sealed_with_its_language_and_version(door):
    person = await door.add()
    page = await door.page(asking(person, lang="es"), person)
    await sign(door, person, person, page, lang="es", reader="other", interpreter="Line 7, Rosa")
    row = await door.pool.fetchrow("SELECT * FROM consent_word WHERE person_id = $1", person)
    assert (row["lang"], row["version"], row["verb"], row["given"]) == ("es", VERSION, "granted", "page")
    assert b"Cedar" not in row["read"]
    kept = await open_sealed(door.running.keys, person, *READ, row["read"])
    assert TEXT["es"]["no_cost"].split(":")[0] in kept
    copy = text(await copy_of(door, await latest(door, person), person))
    assert "¿Puede Welcome Alder contarle de usted a Cedar House?" in copy
    assert "with the help of: Line 7, Rosa" in copy or "con la ayuda de: Line 7, Rosa" in copy


async def test_the_copy_is_a_pdf_too_that_names_nothing_outside(door):
    person = await door.add()
    await door.allow(person, lang="es")
    pdf = await copy_of(door, await latest(door, person), person, ".pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.headers["content-disposition"] == 'inline; filename="page.pdf"'
    assert pdf.headers["cache-control"] == "no-store"
    assert pdf.content.startswith(b"%PDF-") and b"/StructTreeRoot" in pdf.content


async def test_nobody_but_the_person_and_who_walks_with_them_reads_the_copy(door):
    person = await door.add()
    consent = await door.allow(person)
    for what in ("", ".pdf"):
        assert (await copy_of(door, consent, demo.DANA, what)).status_code == 200
        for stranger in (demo.YUSUF, demo.GRACE, await door.add()):
            assert (await copy_of(door, consent, stranger, what)).status_code == 404
    assert not await door.pool.fetch("SELECT FROM audit WHERE person_id = $1 AND actor_id = $2", person, demo.YUSUF)


async def test_a_page_whose_words_have_changed_is_read_once_more(door):
    person = await door.add()
    page = await door.page(asking(person), person)
    await door.agency(demo.CEDAR_HOUSE, "Cedar House", reports_to={"immigration": "yes"})
    again = await sign(door, person, person, page)
    assert again.status_code == 422
    assert "Something on this page has changed." in text(again)
    assert "They tell immigration." in text(again)
    assert (await sign(door, person, person, again)).status_code == 303
    by_program = {"person": str(person), "recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"], "shown": True}
    assert (await door.post("/intake/consents", by_program | {"read": seen_on(page)}, person)).status_code == 422


@pytest.mark.parametrize(
    ("how", "given", "line"),
    [
        ({"signed": "screen", "signed_as": "C. Nightingale"}, "in_person", "you wrote your name: C. Nightingale"),
        ({"signed": "paper", "paper_at": "Drawer 4"}, "paper", "on paper; the sheet is here: Drawer 4"),
        ({"signed": "voice", "reader": "worker"}, "in_person", "in person, out loud. Your worker read it to you."),
    ],
)
async def test_paper_and_voice_are_ways_too_and_the_copy_says_who_wrote_it_down(door, how, given, line):
    person = await door.add()
    consent = await door.allow(person, demo.DANA, given="in_person", **how)
    assert consent["given"] == given
    copy = text(await copy_of(door, consent, person))
    assert line in copy
    assert "Written down by" in copy
    assert "unless you say it again, alone" in copy


async def test_on_a_workers_page_nobody_says_yes_without_saying_how(door):
    person = await door.add()
    page = await door.page(asking(person), demo.DANA)
    for left_open in ({}, {"signed": "screen"}):
        again = await sign(door, person, demo.DANA, page, **left_open)
        assert again.status_code == 422
        assert "Say how they say yes." in text(again) or "Let them write their name" in text(again)
    aloud = await sign(door, person, demo.DANA, page, signed="voice", reader="worker")
    assert aloud.status_code == 303
    assert (await latest(door, person))["stage"] == "granted"


async def test_a_worker_reads_the_spanish_text_to_whom_it_is_for(door):
    person = await door.add(language="es")
    page = await door.page(asking(person), demo.DANA)
    assert "¿Puede Welcome Alder contarle de usted a Cedar House?" in text(page)
    assert "May Welcome Alder tell Cedar House about you?" in text(
        await door.page(asking(person, lang="en"), demo.DANA)
    )
    assert "checked" not in page.text


# --- going on ---


async def test_two_weeks_before_its_end_the_page_asks_and_one_press_lets_it_go_on(door):
    person = await door.add()
    consent = await door.allow(person)
    await door.shift("75 days")
    assert "may know ends" not in text(await door.page("/intake/me/questions", person))
    await door.shift("77 days")
    assert await door.fire() == 1
    assert await door.fire() == 0
    assert "What Cedar House may know ends" in text(await door.page("/intake/me/questions", person))
    page = await door.page(f"/intake/consents/{consent['id']}/renew", person)
    assert "checked" not in page.text
    assert "To let it end, do nothing." in text(page)
    until = re.findall(r'<option value="(\d{4}-\d\d-\d\d)"', page.text)[-1]
    word = {"shown": "yes", "read": seen_on(page), "lang": "en", "expires_on": until}
    assert (await door.fill(f"/intake/consents/{consent['id']}/renew", word, person)).status_code == 303
    assert (await latest(door, person))["last_day"] == until
    types = await door.types("consent", consent["id"])
    assert types == ["consent.granted", "consent.ends_soon", "consent.renewed"]
    copy = text(await copy_of(door, consent, person))
    assert "You said yes:" in copy and "You let it go on:" in copy
    await door.shift("95 days")
    await door.fire()
    assert (await latest(door, person))["stage"] == "confirmed"


async def test_what_is_not_renewed_ends_by_itself(door):
    person = await door.add()
    consent = await door.allow(person)
    await door.shift("92 days")
    await door.fire()
    assert (await door.types("consent", consent["id"]))[-1] == "consent.lapsed"
    late = {"shown": True, "expires_on": "2027-12-01"}
    assert (await door.post(f"/intake/consents/{consent['id']}/renew", late, person)).status_code == 409
    assert (await door.page(f"/intake/consents/{consent['id']}/renew", person)).status_code == 303


# --- never ---


async def test_never_beats_a_grant_a_confirmation_and_a_renewal(door):
    person = await door.add()
    body = {"person": str(person), "recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"]}
    asked = (await door.post("/intake/consents/ask", body, demo.DANA)).json()
    signed = await door.allow(person, demo.DANA)
    given = await door.allow(person)
    # As it would stand if it had come between the two: the word is there, and the ends are on their way.
    await door.pool.execute("INSERT INTO never (person_id, agency_id) VALUES ($1, $2)", person, demo.CEDAR_HOUSE)
    yes = {"shown": True}
    assert (await door.post(f"/intake/consents/{asked['id']}/grant", yes, person)).status_code == 422
    assert (await door.post(f"/intake/consents/{signed['id']}/confirm", {}, person)).status_code == 422
    longer = {**yes, "expires_on": given["expires_on"]}
    assert (await door.post(f"/intake/consents/{given['id']}/renew", longer, person)).status_code == 422
    assert (await door.post("/intake/consents", {**body, **yes}, person)).status_code == 422
    assert (await door.get(f"/intake/people/{person}/name", demo.YUSUF)).status_code == 404


# --- records of care for drug or alcohol use ---


async def allows(door, person, account, recipient, **more):
    body = {"person": str(person), "recipient": str(recipient), "categories": ["referral", "substance_use"]}
    return await door.post("/intake/consents", {**body, "shown": True, **more}, account)


async def test_at_intake_only_who_treats_them_and_only_by_their_name(door):
    person = await door.add()
    clinic = {"agency": str(demo.LANTERN_CLINIC), "name": "Steps", "needs": ["substance_use"]}
    await door.send("PUT", f"/intake/programs/{uuid7()}", clinic, demo.RUTH)
    named = {"signed": "screen", "signed_as": "C. N."}
    assert (await allows(door, person, demo.DANA, demo.LANTERN_CLINIC)).status_code == 422
    assert (await allows(door, person, demo.DANA, demo.LANTERN_CLINIC, **named)).status_code == 201
    assert (await allows(door, person, demo.DANA, demo.CEDAR_HOUSE, **named)).status_code == 422
    alone = await allows(door, person, person, demo.CEDAR_HOUSE)
    assert alone.status_code == 201
    assert "42 CFR Part 2" in text(await copy_of(door, alone.json(), person))


# --- supervision and courts ---


async def test_what_is_for_a_court_is_told_once_and_then_over(door):
    person = await door.add()
    body = {"person": str(person), "recipient": str(demo.CEDAR_HOUSE), "categories": ["supervision"], "shown": True}
    assert (await door.post("/intake/consents", body, demo.DANA)).status_code == 422, "never at intake"
    consent = (await door.post("/intake/consents", body, person)).json()
    assert consent["purpose"] == "reporting_to_court"
    assert "I told it, once" in text(await door.page(f"/intake/people/{person}/shared", demo.DANA))
    used = [await door.post(f"/intake/consents/{consent['id']}/use", {}, demo.DANA) for _ in range(2)]
    assert [answer.status_code for answer in used] == [200, 409]
    assert (await door.events("consent", consent["id"]))[-1]["data"]["reason"] == "used"
    other = await door.allow(person)
    assert (await door.post(f"/intake/consents/{other['id']}/use", {}, demo.DANA)).status_code == 409
    assert (await door.post(f"/intake/consents/{other['id']}/use", {}, person)).status_code in (403, 404)


# --- stopping, by a word to anybody ---


async def test_any_worker_who_knows_them_writes_down_a_stop_and_sees_only_their_own_agencys_part(door):
    person = await door.add()
    theirs = await door.allow(person)
    others = await door.allow(person, recipient=str(demo.LANTERN_CLINIC), categories=["referral", "health"])
    page = await door.page(f"/intake/people/{person}/stop", demo.YUSUF)
    assert "What Cedar House may know: what you ask them for" in text(page)
    assert "Lantern" not in page.text and others["id"] not in page.text
    assert (await door.page(f"/intake/people/{person}/stop", demo.IMANI)).status_code == 404
    said = await door.fill(f"/intake/people/{person}/stop", {"which": "all", "given": "in_person"}, demo.YUSUF)
    assert said.status_code == 303
    for consent in (theirs, others):
        assert await door.types("consent", consent["id"]) == ["consent.granted", "consent.revoked"]
    copy = text(await copy_of(door, theirs, person))
    assert "You stopped it:" in copy and "in person" in copy
    assert (await door.page(f"/intake/people/{person}/stop", demo.YUSUF)).status_code == 404


async def test_whoever_writes_down_a_stop_elsewhere_does_not_learn_how_much_is_shared(door):
    answers = []
    for more in ((), (demo.LANTERN_CLINIC,)):
        person = await door.add()
        for recipient in (demo.CEDAR_HOUSE, *more):
            await door.allow(person, recipient=str(recipient))
        said = await door.post(f"/intake/people/{person}/stop", {"which": "all", "given": "by_phone"}, demo.YUSUF)
        answers.append((said.status_code, said.text))
    assert answers[0] == answers[1] and answers[0][0] == 200


async def test_a_stop_says_whom_it_is_about_and_comes_back_with_what_to_mend(door):
    person = await door.add()
    await door.allow(person)
    here = f"/intake/people/{person}/stop"
    assert f'href="{here}"' in (await door.page(f"/intake/people/{person}/header", demo.DANA)).text
    for who, back in ((demo.DANA, f"/caseplan/people/{person}"), (demo.YUSUF, "/caseplan/today")):
        page = await door.page(here, who)
        assert f'hx-get="/intake/people/{person}/name"' in page.text and f'href="{back}"' in page.text
        empty = await door.fill(here, {"given": "by_phone"}, who)
        assert empty.status_code == 422 and "Say what shall stop." in text(empty)
        assert "Everything they let anybody know" in text(empty) and '<option value="by_phone" selected' in empty.text
    assert f'href="/caseplan/people/{person}"' not in (await door.page(here, demo.YUSUF)).text


async def test_one_stop_stops_one_and_twenty_at_once_stop_it_once(door):
    person = await door.add()
    one, other = await door.allow(person), await door.allow(person, categories=["contact"])
    body = {"which": one["id"], "given": "by_phone"}
    answers = await asyncio.gather(*(door.post(f"/intake/people/{person}/stop", body, demo.DANA) for _ in range(20)))
    assert sorted(answer.json()["stopped"] for answer in answers) == [0] * 19 + [1]
    assert (await door.get(f"/intake/consents/{other['id']}", person)).json()["stage"] == "confirmed"
    missing = await door.post(f"/intake/people/{person}/stop", {"which": "all"}, demo.DANA)
    assert missing.status_code == 422


async def test_whoever_was_erased_leaves_no_text_behind(door):
    person = await door.add()
    await door.allow(person)
    async with door.pool.acquire() as connection, connection.transaction():
        await erasures.empty(connection, person, kept=False)
    words = await door.pool.fetch("SELECT verb, read FROM consent_word WHERE person_id = $1", person)
    assert [tuple(word) for word in words] == [("granted", None)]
