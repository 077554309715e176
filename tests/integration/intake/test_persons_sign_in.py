"""How a person signs in: a link from their worker, and a PIN that they chose. And what follows a lost phone."""

import re
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from services.intake.says import PIN
from services.intake.sessions import hash_of
from services.intake.signing_in.own_pin import OWN_PIN
from services.intake.signing_in.tries import TRIES
from shared.runtime.ids import uuid7
from shared.security import demo
from tests.integration.intake.browsers import Browsers, fields
from tests.integration.intake.phones import FIRST, SECOND, THIRD, choose, hand_out, send, settled, type_pin
from tests.integration.intake.world import NAME, NUMBER, Door, text

pytestmark = pytest.mark.network


@pytest_asyncio.fixture(loop_scope="session")
async def person(house: Door) -> UUID:
    return await house.add()


async def me(browsers: Browsers, phone: httpx.AsyncClient) -> UUID | None:
    token = phone.cookies.get(browsers.tokens.cookie_name)
    return browsers.tokens.read(token).actor.id if token else None


# The link, and the first PIN


@pytest.mark.parametrize(("speaks", "title"), [("en", "Choose your PIN"), ("es-MX", "Escoja su PIN")])
async def test_opening_a_link_changes_nothing_and_says_no_name(browsers, house, person, speaks, title):
    link = await hand_out(house, person)
    before = await house.pool.fetchrow("SELECT * FROM way_in WHERE person_id = $1", person)
    async with browsers.open(**{"Accept-Language": speaks}) as phone:
        for _ in range(3):
            page = await phone.get(link)
            assert page.status_code == 200 and title in page.text and NAME not in page.text
            assert "<title>My page</title>" in page.text or "<title>Mi página</title>" in page.text
    assert await house.pool.fetchrow("SELECT * FROM way_in WHERE person_id = $1", person) == before


async def test_they_choose_a_pin_and_from_then_on_link_and_pin_open_their_page(browsers, house, person):
    link = await hand_out(house, person)
    async with browsers.open() as phone:
        chosen = await choose(phone, link)
        assert (chosen.status_code, chosen.headers["location"]) == (303, "/caseplan/me")
        assert await me(browsers, phone) == person
    async with browsers.open() as phone:
        page = await phone.get(link)
        assert "Choose your PIN" not in page.text and NAME not in page.text
        answer = await type_pin(phone, link, FIRST)
        assert (answer.status_code, answer.headers["location"]) == (303, "/caseplan/me")
        assert await me(browsers, phone) == person


async def test_what_is_kept_opens_nothing_by_itself(browsers, house, person):
    link = await settled(browsers, person)
    row = await house.pool.fetchrow("SELECT * FROM way_in WHERE person_id = $1", person)
    assert row["pin"].startswith("$argon2id$") and row["second"].startswith("$argon2id$")
    kept = "".join(str(value) for value in row.values())
    assert FIRST not in kept and SECOND not in kept and link.rpartition("/")[2] not in kept


async def test_whether_there_is_a_second_pin_stands_nowhere(browsers, house, person):
    link = await hand_out(house, person)
    async with browsers.open() as phone:
        await choose(phone, link)
    without = await house.pool.fetchrow("SELECT * FROM way_in WHERE person_id = $1", person)
    assert len(without["second"]) == len(without["pin"])
    told = (await house.get(f"/intake/people/{person}/way-in", demo.DANA)).text
    assert "second" not in told and "harmless" not in told


@pytest.mark.parametrize("pin", ["123456", "198512", "12345", "abcdef", ""])
async def test_a_pin_that_others_would_guess_is_not_taken(browsers, house, person, pin):
    link = await hand_out(house, person)
    async with browsers.open() as phone:
        answer = await choose(phone, link, pin)
        assert answer.status_code == 422
        assert pin == "" or pin not in answer.text
        assert await me(browsers, phone) is None
        assert (await send(phone, link, new=FIRST, again=SECOND)).status_code == 422, "typed twice, the same"
        assert (await choose(phone, link)).status_code == 303, "and the link is as good as before"


async def test_a_link_gives_one_pin_and_runs_out_unused(browsers, house, person):
    link = await hand_out(house, person)
    async with browsers.open() as phone:
        form = fields((await phone.get(link)).text, "<button")
        await choose(phone, link)
        again = await phone.post(link, data={**form, "new": SECOND, "again": SECOND})
        assert again.status_code == 422, "somebody else's form comes too late"
    other = await hand_out(house, await house.add())
    await house.pool.execute("UPDATE way_in SET choose_by = clock() WHERE code = $1", hash_of(other.rpartition("/")[2]))
    async with browsers.open() as phone:
        assert "Choose your PIN" not in (await phone.get(other)).text
        assert (await type_pin(phone, other, FIRST)).status_code == 422


async def test_a_link_that_is_nobodys_one_that_ran_out_and_a_wrong_pin_look_alike(browsers, house, person):
    link, over = await settled(browsers, person), await hand_out(house, await house.add())
    await house.pool.execute("UPDATE way_in SET choose_by = clock() WHERE code = $1", hash_of(over.rpartition("/")[2]))
    answers = set()
    for one in (link, over, "/intake/sign-in/" + "a" * 16):
        async with Browsers(house).open() as phone:
            answer = await type_pin(phone, one, THIRD)
            page = re.sub(r'value="[^"]*"', "", answer.text.replace(one, "LINK"))
            answers.add((answer.status_code, tuple(sorted(answer.headers)), page))
    assert len(answers) == 1


# The demo's own


async def test_the_demos_link_and_pin_are_kept_as_everybodys_from_the_first_time(browsers, house):
    link = demo.link(house.settings, demo.JO).removeprefix(house.settings.public_url)
    async with browsers.open() as phone:
        assert (await type_pin(phone, link, demo.pin(house.settings, demo.JO))).status_code == 303
    assert await house.pool.fetchval("SELECT pin FROM way_in WHERE person_id = $1", demo.JO)


async def test_a_new_link_ends_the_demos_own_too(browsers, house, person):
    old = demo.link(house.settings, person).removeprefix(house.settings.public_url)
    pin = demo.pin(house.settings, person)
    async with browsers.open() as phone:
        assert (await type_pin(phone, old, pin)).status_code == 303
    await hand_out(house, person)
    async with browsers.open() as phone:
        assert (await type_pin(phone, old, pin)).status_code == 422


# Guessing


async def test_strangers_tries_keep_out_nobody_but_the_stranger(browsers, house, person):
    link = await settled(browsers, person)
    async with browsers.open() as phone:
        assert (await type_pin(phone, link, FIRST)).status_code == 303
        async with browsers.open() as stranger:
            for _ in range(TRIES.amount):
                assert (await type_pin(stranger, link, THIRD)).status_code == 422
            waits = await type_pin(stranger, link, FIRST)
            assert waits.status_code == 429 and 0 < int(waits.headers["retry-after"]) <= 60
            assert "new link" in waits.text
        assert (await type_pin(phone, link, FIRST)).status_code == 303, "from the phone that is known, same address"
    async with browsers.open(at="127.0.0.2") as elsewhere:
        assert (await type_pin(elsewhere, link, FIRST)).status_code == 303


async def test_a_strangers_wait_is_told_in_spanish_to_who_reads_spanish(browsers, house, person):
    link = await settled(browsers, person)
    async with browsers.open(at="127.0.0.3", **{"Accept-Language": "es"}) as stranger:
        answers = [await type_pin(stranger, link, THIRD) for _ in range(TRIES.amount + 1)]
    assert "Espere" in answers[-1].text and "Ese PIN no abre" in answers[0].text


# A new link, a lost phone, a wrong number


async def test_a_new_link_ends_the_old_one_its_pins_and_whoever_is_in(browsers, house, person):
    old = await settled(browsers, person)
    async with browsers.open() as phone, browsers.open() as other:
        await type_pin(phone, old, FIRST)
        await type_pin(other, old, SECOND)
        new = await hand_out(house, person, checked="photo")
        for one in (phone, other):
            browsers.lose_token(one)
            assert (
                (await one.get("/intake/session/renew?next=/intake/me"))
                .headers["location"]
                .startswith("/intake/sign-in")
            )
    async with browsers.open() as phone:
        assert (await type_pin(phone, old, FIRST)).status_code == 422
        assert (await type_pin(phone, old, SECOND)).status_code == 422
        assert (await choose(phone, new, THIRD)).status_code == 303
    assert "person.way_in_made" in await house.types("person", person)
    looks = (await house.get(f"/intake/people/{person}/looks", person)).json()["looks"]
    assert {"way_in.make link/photo"} <= {f"{look['action']} {look['object']}" for look in looks}, "how is written down"


async def test_one_tap_of_any_colleague_ends_the_lost_phones_sessions_and_holds_its_number(browsers, house, person):
    link = await settled(browsers, person)
    async with browsers.open() as phone:
        await type_pin(phone, link, FIRST)
        token = phone.cookies[browsers.tokens.cookie_name]
        answer = await house.post(f"/intake/people/{person}/lost-phone", {}, demo.LENA)
        assert answer.status_code == 200 and answer.json()["sessions"] >= 1
        later = await phone.get("/intake/me/questions", headers={"Accept": "application/json"})
        assert (token, later.status_code) == (phone.cookies[browsers.tokens.cookie_name], 401), "the very token"
    assert await house.pool.fetchval("SELECT count(*) FROM known_device WHERE account_id = $1", person) == 0
    assert await house.types("person", person) == ["person.welcomed", "person.contact_changed", "person.way_in_made",
                                                    "person.contact_changed"]  # fmt: skip
    [*_, held] = await house.events("person", person)
    assert (held["data"]["channels"], held["data"].get("sealed_contact")) == ([], None)
    assert NUMBER not in (await house.page(f"/intake/people/{person}/header", demo.LENA)).text
    assert "nothing goes there" in text(await house.page(f"/intake/people/{person}/header", demo.LENA))


async def test_a_number_is_used_again_when_worker_and_person_have_said_so(house, person):
    await house.post(f"/intake/people/{person}/lost-phone", {}, demo.DANA)
    safe = f"/intake/people/{person}/contact/safe"
    assert (await house.post(safe, {}, demo.DANA)).json()["channels"] == []
    body = {"way": "sms", "contact": "555-010-9911", "safe": True}
    assert (await house.send("PUT", f"/intake/people/{person}/contact", body, demo.DANA)).json()["channels"] == []
    page = await house.page("/intake/me/questions", person)
    assert "We stopped writing to your number" in page.text
    answer = await house.fill(safe, {}, person)
    assert (answer.status_code, answer.headers["location"]) == (303, "/caseplan/me")
    [*_, told] = await house.events("person", person)
    assert told["data"]["channels"] == ["sms"]
    assert "stopped writing" not in (await house.page("/intake/me/questions", person)).text


@pytest.mark.parametrize("account", [demo.YUSUF, demo.GRACE, demo.RUTH, demo.OPS, demo.AUDITOR, demo.JO])
async def test_nobody_of_another_agency_has_a_hand_in_it(house, person, account):
    for path, body in (("way-in", {"checked": "known"}), ("lost-phone", {}), ("contact/safe", {})):
        answer = await house.post(f"/intake/people/{person}/{path}", body, account)
        assert answer.status_code == 404, (path, answer.text)
    assert (await house.get(f"/intake/people/{person}/way-in", account)).status_code == 404
    assert await house.pool.fetchval("SELECT held FROM person WHERE id = $1", person) is None


async def test_nobody_makes_a_link_for_themselves_or_for_somebody_who_is_not_here(house, person):
    answer = await house.post(f"/intake/people/{person}/way-in", {"checked": "known"}, person)
    assert answer.status_code == 404
    assert (await house.post(f"/intake/people/{uuid7()}/way-in", {"checked": "known"}, demo.DANA)).status_code == 404
    assert (await house.post(f"/intake/people/{person}/way-in", {}, demo.DANA)).status_code == 422, "how they know them"
    odd = await house.post(f"/intake/people/{person}/way-in", {"checked": "ID 123-45-678"}, demo.DANA)
    assert odd.status_code == 422, "no paper's number"


@pytest.mark.parametrize(("speaks", "thanks"), [("en", "Thank you"), ("es", "Gracias")])
async def test_a_wrong_number_is_silenced_and_told_nothing(browsers, house, person, speaks, thanks):
    link = await hand_out(house, person)
    pages = []
    async with browsers.open(**{"Accept-Language": speaks}) as stranger:
        for one in (link, "/intake/sign-in/" + "b" * 16):
            form = fields((await stranger.get(f"{one}/not-me")).text, "<button")
            answer = await stranger.post(f"{one}/not-me", data=form)
            assert answer.status_code == 200 and thanks in answer.text and NAME not in answer.text
            pages.append(answer.text)
    assert pages[0] == pages[1], "also of a link that is nobody's"
    assert await house.pool.fetchval("SELECT held_because FROM person WHERE id = $1", person) == "wrong_number"
    page = text(await house.page(f"/intake/people/{person}/way-in", demo.DANA))
    assert "says that the number is not theirs" in page or "the number is not theirs" in page


async def test_a_link_by_text_asks_for_the_word_that_their_worker_told_them(browsers, house, person):
    answer = await house.post(f"/intake/people/{person}/way-in", {"checked": "known", "text": True}, demo.DANA)
    assert answer.status_code == 201 and answer.json()["link"] is None
    word = answer.json()["word"]
    [*_, made] = await house.events("person", person)
    assert made["type"].endswith("way_in_made.v1") and made["data"]["sealed_link"]
    code = "c" * 16  # what it was, only the phone knows: one of ours in its place
    await house.pool.execute("UPDATE way_in SET code = $2 WHERE person_id = $1", person, hash_of(code))
    async with browsers.open() as phone:
        page = await phone.get(f"/intake/sign-in/{code}")
        assert "four numbers" in page.text
        for wrong in ("", f"{(int(word) + 1) % 10_000:04}"):
            assert (await choose(phone, f"/intake/sign-in/{code}", word=wrong)).status_code == 422
        assert (await choose(phone, f"/intake/sign-in/{code}", word=word)).status_code == 303


async def test_no_link_goes_to_a_number_that_is_not_safe(house):
    person = await house.add(safe=False)
    answer = await house.post(f"/intake/people/{person}/way-in", {"checked": "known", "text": True}, demo.DANA)
    assert answer.status_code == 422
    assert await house.pool.fetchval("SELECT count(*) FROM way_in WHERE person_id = $1", person) == 0


# Their own PINs


async def test_they_change_their_pin_and_every_other_phone_signs_in_again(browsers, house, person):
    link = await settled(browsers, person)
    async with browsers.open() as phone, browsers.open() as other:
        await type_pin(phone, link, FIRST)
        await type_pin(other, link, FIRST)
        form = fields((await phone.get(OWN_PIN)).text, "Change my PIN")
        wrong = await phone.post(OWN_PIN, data={**form, "now": THIRD, "new": "305162", "again": "305162"})
        assert wrong.status_code == 422 and "not your PIN now" in wrong.text
        right = await phone.post(OWN_PIN, data={**form, "now": FIRST, "new": THIRD, "again": THIRD})
        assert (right.status_code, right.headers["location"]) == (303, "/caseplan/me")
        assert (await phone.get(OWN_PIN)).status_code == 200
        browsers.lose_token(other)
        assert "sign-in" in (await other.get("/intake/session/renew?next=/intake/me")).headers["location"]
    async with browsers.open(at="127.0.0.4") as phone:
        assert (await type_pin(phone, link, FIRST)).status_code == 422
        assert (await type_pin(phone, link, THIRD)).status_code == 303


@pytest.mark.parametrize(("speaks", "says"), [("en", "My PIN"), ("es", "Mi PIN")])
async def test_the_page_of_ones_pin_speaks_the_readers_language(browsers, house, person, speaks, says):
    link = await settled(browsers, person)
    async with browsers.open(**{"Accept-Language": speaks}) as phone:
        await type_pin(phone, link, FIRST)
        page = await phone.get(OWN_PIN)
        assert says in page.text and NAME not in page.text
        same = await phone.post(OWN_PIN, data={**fields(page.text, "PIN"), "now": FIRST, "new": FIRST, "again": FIRST})
        assert same.status_code == 422
        assert ("do not use yet" if speaks == "en" else "todavía no use") in same.text
        empty = (await phone.post(OWN_PIN, data=fields(page.text, "PIN"))).text
        for line in ("now", "new", "again"):
            assert PIN[speaks][f"need_{line}"] in empty, "each field says what is to be typed there"


@pytest.mark.parametrize(("speaks", "says"), [("en", "make you open"), ("es", "obliga a abrir")])
async def test_a_second_pin_is_chosen_with_the_first_and_what_is_wrong_with_it_is_said_there(
    browsers, house, person, speaks, says
):
    link = await hand_out(house, person)
    async with browsers.open(**{"Accept-Language": speaks}) as phone:
        assert says in (await phone.get(link)).text
        for second, again, wrong in (
            (FIRST, FIRST, "second"), ("123456", "123456", "second"), ("90741", "90741", "second"),
            (SECOND, THIRD, "second_again"), (SECOND, "", "second_again"), ("", SECOND, "second"),
        ):  # fmt: skip
            answer = await choose(phone, link, second=second, second_again=again)
            assert answer.status_code == 422 and f'href="#{wrong}"' in answer.text, (second, again)
            assert SECOND not in answer.text and FIRST not in answer.text and "<details open>" in answer.text
    async with Browsers(house).open() as phone:
        assert (await choose(phone, link, second=SECOND, second_again=SECOND)).status_code == 303


async def test_whoever_holds_the_link_reads_it_in_the_other_language_too(browsers, house, person):
    link = await hand_out(house, person)
    async with browsers.open() as phone:
        assert 'hreflang="es"' in (await phone.get(link)).text
        page = (await phone.get(f"{link}?lang=es")).text
        assert "Escoja su PIN" in page and 'hreflang="en"' in page
    link = await settled(browsers, person)
    async with browsers.open() as phone:
        assert 'hreflang="es"' in (await phone.get(link)).text
