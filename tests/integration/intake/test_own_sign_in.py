"""Staff look after their own sign-in: a new password, phone or recovery codes, behind the password and a code."""

import re
import time
from base64 import b64encode

import httpx
import pytest

from services.intake.signing_in.codes import STEP, code_at
from services.intake.signing_in.own import OFFER_LASTS, OFFERED
from services.intake.signing_in.tries import TRIES
from shared.security import demo
from shared.security.sealing import Compartment, seal
from tests.integration.intake.browsers import Browsers, fields
from tests.integration.intake.issuers import settings_for
from tests.integration.intake.test_staff_sign_in import PASSWORD, Colleague, colleague, sign_in
from tests.integration.intake.world import Door, text

pytestmark = pytest.mark.network
OWN = "/intake/account/own"
NEW = "a kettle, a window, rain"
NO = "That is not your password with a new code"


async def change(asks: httpx.AsyncClient, what: str, who: Colleague, **typed: str) -> httpx.Response:
    """By a recovery code, so that no test waits for the next code of an app."""
    form = fields((await asks.get(OWN)).text, f'action="{OWN}/{what}"')
    *rest, code = who.recovery
    who.recovery = tuple(rest)
    return await asks.post(f"{OWN}/{what}", data={**form, "password": PASSWORD, "code": code, **typed})


async def is_in(asks: httpx.AsyncClient) -> bool:
    return (await asks.get("/intake/people/new")).status_code == 200


async def test_a_new_password_takes_the_old_ones_place_and_ends_every_other_session(browsers: Browsers):
    who = await colleague(browsers)
    async with browsers.open() as here, browsers.open() as forgotten:
        for asks in (here, forgotten):
            await sign_in(asks, who, code=who.recovery[0])
            who.recovery = who.recovery[1:]
        done = await change(here, "password", who, new=NEW)
        assert (done.status_code, done.headers["location"]) == (303, OWN)
        assert "Your password is changed." in text(await here.get(OWN))
        assert await is_in(here)
        assert not await is_in(forgotten)
    async with browsers.open() as asks:
        assert (await sign_in(asks, who, code=who.recovery[0])).status_code == 422
        assert (await sign_in(asks, who, code=who.recovery[0], password=NEW)).status_code == 303
    noted = await browsers.door.pool.fetchval(
        "SELECT count(*) FROM audit WHERE actor_id = $1 AND action = 'account.own'", who.account.id
    )
    assert noted == 1


async def test_a_forgotten_screen_changes_nothing_and_does_not_tell_what_was_wrong(browsers: Browsers):
    who = await colleague(browsers)
    async with browsers.open() as asks:
        await sign_in(asks, who)
        answers = [
            await change(asks, "password", who, new=NEW, password="something else entirely"),
            await change(asks, "password", who, new=NEW, code="000000"),
            await change(asks, "phone", who, password="something else entirely"),
            await change(asks, "recovery", who, code="abcd-efgh-ijkl-mnop"),
        ]
        assert {answer.status_code for answer in answers} == {422}
        assert all(NO in text(answer) for answer in answers)
        assert text(answers[0]) == text(answers[1])
        assert not any(PASSWORD in answer.text or NEW in answer.text for answer in answers)
    async with browsers.open() as asks:
        assert (await sign_in(asks, who, code=who.recovery[0])).status_code == 303


async def test_who_guesses_here_is_counted_as_at_the_door(browsers: Browsers):
    who = await colleague(browsers)
    async with browsers.open() as asks:
        await sign_in(asks, who)
        form = fields((await asks.get(OWN)).text, f'action="{OWN}/recovery"')
        wrong = {**form, "password": "something else entirely", "code": "000000"}
        answers = [await asks.post(f"{OWN}/recovery", data=wrong) for _ in range(TRIES.amount + 1)]
    assert [answer.status_code for answer in answers] == [422] * TRIES.amount + [429]


async def test_a_password_that_is_easy_to_guess_costs_no_code(browsers: Browsers):
    who = await colleague(browsers)
    async with browsers.open() as asks:
        await sign_in(asks, who)
        code = who.recovery[-1]
        short = await change(asks, "password", who, new="short")
        assert (short.status_code, "12 characters" in text(short)) == (422, True)
        assert (await change(asks, "password", who, new=NEW, code=code)).status_code == 303


async def test_a_new_phone_takes_over_once_it_shows_a_right_code(browsers: Browsers):
    who = await colleague(browsers)
    async with browsers.open() as asks:
        await sign_in(asks, who)
        page = await change(asks, "phone", who)
        assert page.status_code == 200 and "<svg" in page.text
        typed = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
        assert typed
        secret = typed[1].replace(" ", "")
        form = fields(page.text, "Use this phone")
        assert secret not in str(form), "what is in the form is sealed"
        wrong = await asks.post(f"{OWN}/phone/new", data={**form, "code": who.code()})
        assert (wrong.status_code, "not of this picture" in text(wrong), "<svg" in wrong.text) == (422, True, True)
        code = code_at(secret, int(time.time() // STEP))
        done = await asks.post(f"{OWN}/phone/new", data={**form, "code": code})
        assert done.status_code == 303
        assert "Codes come from your new phone now." in text(await asks.get(OWN))
    async with browsers.open() as asks:
        assert (await sign_in(asks, who, code=code)).status_code == 422, "it was used"
        assert (await sign_in(asks, who, code=code_at(who.secret, int(time.time() // STEP) + 1))).status_code == 422
        assert (await sign_in(asks, who, code=code_at(secret, int(time.time() // STEP) + 1))).status_code == 303


@pytest.mark.parametrize("whose", ["old", "another's", "forged", "none"])
async def test_a_picture_that_this_account_was_not_shown_lately_sets_up_nothing(browsers: Browsers, whose: str):
    who, other = await colleague(browsers), await colleague(browsers)
    keys, secret = browsers.door.running.keys, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

    async def offer(to: Colleague, at: float) -> str:
        sealed = await seal(keys, to.account.id, Compartment.IDENTITY, OFFERED, f"{at:.0f} {secret}")
        return b64encode(sealed).decode()

    offered = {
        "old": await offer(who, time.time() - OFFER_LASTS - 1),
        "another's": await offer(other, time.time()),
        "forged": b64encode(secret.encode()).decode(),
        "none": "",
    }[whose]
    async with browsers.open() as asks:
        await sign_in(asks, who)
        form = fields((await asks.get(OWN)).text, f'action="{OWN}/phone"')
        code = code_at(secret, int(time.time() // STEP))
        answer = await asks.post(f"{OWN}/phone/new", data={**form, "offered": offered, "code": code})
        assert answer.status_code == 409
    before = await browsers.door.pool.fetchval("SELECT totp_step FROM account WHERE id = $1", who.account.id)
    assert before is not None and before <= int(time.time() // STEP) + 1


async def test_new_recovery_codes_are_shown_once_and_the_old_ones_stop(browsers: Browsers):
    who = await colleague(browsers)
    async with browsers.open() as asks:
        await sign_in(asks, who)
        page = await change(asks, "recovery", who)
        fresh = re.findall(r"\b[a-z2-7]{4}(?:-[a-z2-7]{4}){3}\b", page.text)
        assert len(fresh) == 10 and not set(fresh) & set(who.recovery)
    async with browsers.open() as asks:
        assert (await sign_in(asks, who, code=who.recovery[0])).status_code == 422
        assert (await sign_in(asks, who, code=fresh[0])).status_code == 303


async def test_whoever_has_no_password_here_reads_why_and_changes_nothing(house: Door):
    browsers = Browsers(house)
    async with browsers.open() as asks:
        await browsers.choose(asks)  # the demo's Dana has no account
        page = await asks.get(OWN)
        assert page.status_code == 200 and "You have no password here" in text(page)
        form = fields(page.text, "Sign out")
        answer = await asks.post(f"{OWN}/recovery", data={**form, "password": PASSWORD, "code": "000000"})
        assert answer.status_code == 409
    who = await colleague(browsers)
    elsewhere = Browsers(house, **settings_for("http://127.0.0.1:1", passwords=False))
    async with browsers.open() as asks, elsewhere.open() as same:
        await sign_in(asks, who)
        form = fields((await asks.get(OWN)).text, f'action="{OWN}/recovery"')
        same.cookies.update(dict(asks.cookies))
        assert "sign in with Cedar's own sign-in" in text(await same.get(OWN))
        answer = await same.post(f"{OWN}/recovery", data={**form, "password": PASSWORD, "code": who.recovery[0]})
        assert answer.status_code == 403


async def test_it_is_for_staff_alone_and_the_menu_leads_there(house: Door):
    assert (await house.page(OWN, demo.RAY)).status_code in (403, 404)
    assert (await house.get(OWN)).status_code == 401
    page = await house.page("/intake/people/new", demo.DANA)
    assert f'href="{OWN}"' in page.text
