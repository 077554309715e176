"""Signing in to the demo: staff choose who they are, a person has a link and a PIN; sessions begin, renew and end."""

import re
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from services.intake.sessions import LONGEST, QUIET, hash_of
from services.intake.signing_in.tries import TRIES
from shared.runtime.settings import Settings
from shared.security import demo, signing
from shared.security.tokens import LIFE
from shared.web.forms import is_own_path
from tests.integration.intake.browsers import Browsers, fields
from tests.integration.intake.world import Door

pytestmark = pytest.mark.network
STRANGER = Settings(demo=True, signing_secret=SecretStr("the secret of another network, long"))


async def test_whoever_has_no_account_finds_the_way_to_ask_for_help_in_both_languages(browsers: Browsers):
    async with browsers.open() as asks:
        page = (await asks.get("/intake/sign-in")).text
    assert 'href="/intake/start?lang=en"' in page and "Ask for help" in page
    assert 'href="/intake/start?lang=es"' in page and "Pedir ayuda" in page


@pytest.mark.parametrize(
    ("account", "page"),
    [(demo.DANA, "/caseplan/today"), (demo.IMANI, "/notifications/partner"), (demo.AUDITOR, "/reporting/mirror")],
)
async def test_staff_choose_who_they_are(browsers: Browsers, account, page):
    name = demo.NAMES[account]
    async with browsers.open() as asks:
        shown = await asks.get("/intake/sign-in")
        assert shown.status_code == 200
        answer = await asks.post("/intake/sign-in", data=fields(shown.text, name))
        assert (answer.status_code, answer.headers["location"]) == (303, page)
        assert browsers.who(asks).id == account


async def test_everybody_stands_on_the_page_agencies_in_the_alphabet(browsers: Browsers):
    async with browsers.open() as asks:
        page = (await asks.get("/intake/sign-in")).text
    assert [account.name for account in demo.accounts() if account.name not in page] == []
    headings = re.findall(r"<h2[^>]*>([^<]+)", page)
    assert headings == ["People", *sorted(headings[1:])]


async def test_after_signing_in_one_is_where_one_wanted_to_be(browsers: Browsers):
    async with browsers.open() as asks:
        page = (await asks.get("/intake/sign-in?next=/caseplan/referrals/7")).text
        answer = await asks.post("/intake/sign-in", data=fields(page, "Dana"))
    assert answer.headers["location"] == "/caseplan/referrals/7"


@pytest.mark.parametrize(
    "next",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\/evil.example", "javascript:alert(1)", "evil",
     "/a\r\nSet-Cookie: x=1", "/\t/evil.example", "/" + "a" * 600, " /x"],
)  # fmt: skip
async def test_signing_in_leads_to_no_other_site(browsers: Browsers, next):
    assert not is_own_path(next)
    async with browsers.open() as asks:
        page = (await asks.get("/intake/sign-in", params={"next": next})).text
        answer = await asks.post("/intake/sign-in", data={**fields(page, "Dana"), "next": next})
        assert answer.headers["location"] == "/caseplan/today"


async def test_a_person_opens_their_link_and_types_their_pin(browsers: Browsers):
    async with browsers.open() as asks:
        link = demo.link(browsers.settings, demo.RAY)
        page = await asks.get(link)
        assert page.status_code == 200
        assert "Ray" not in page.text, "a link that lies around proves nobody"
        assert "<title>My page</title>" in page.text
        answer = await asks.post(link, data={**fields(page.text, "PIN"), "pin": demo.pin(browsers.settings, demo.RAY)})
        assert (answer.status_code, answer.headers["location"]) == (303, "/caseplan/me")
        assert browsers.who(asks).id == demo.RAY


async def test_a_persons_page_speaks_spanish_to_who_reads_spanish(browsers: Browsers):
    async with browsers.open(**{"Accept-Language": "es-MX"}) as asks:
        assert "Abra su página" in (await asks.get(demo.link(browsers.settings, demo.RAY))).text


@pytest.mark.parametrize("pin", ["000000", "", " ", "1" * 5000, "ñññññ", "PIN of Jo", "'; --"])
async def test_a_wrong_pin_opens_nothing_and_says_what_to_do(browsers: Browsers, pin):
    async with browsers.open() as asks:
        pin = demo.pin(browsers.settings, demo.JO) if pin == "PIN of Jo" else pin
        link = demo.link(browsers.settings, demo.RAY)
        page = await asks.get(link)
        answer = await asks.post(link, data={**fields(page.text, "PIN"), "pin": pin})
        assert answer.status_code == 422
        assert "Type it once more" in answer.text
        assert browsers.who(asks) is None
        assert pin.strip() == "" or pin not in answer.text, "a PIN is never written back"


async def test_a_link_that_is_nobodys_looks_like_a_wrong_pin(browsers: Browsers):
    """Attack 14 of the threat list: nobody learns from an answer which links are people's."""
    async with browsers.open() as asks:
        answers = []
        for code in (demo.code(browsers.settings, demo.RAY), demo.code(STRANGER, demo.JO)[::-1]):
            page = await asks.get(f"/intake/sign-in/{code}")
            answer = await asks.post(f"/intake/sign-in/{code}", data={**fields(page.text, "PIN"), "pin": "000000"})
            answers.append((page.status_code, answer.status_code, _without_secrets(answer.text, code)))
    assert answers[0] == answers[1]


def _without_secrets(page: str, code: str) -> str:
    return re.sub(r'value="[^"]*"', "", page.replace(code, "CODE"))


async def test_guessing_a_pin_is_stopped_and_told_for_how_long(browsers: Browsers):
    async with browsers.open() as asks:
        link = demo.link(browsers.settings, demo.RAY)
        form = fields((await asks.get(link)).text, "PIN")
        for number in range(TRIES.amount):
            assert (await asks.post(link, data={**form, "pin": f"{number:06}"})).status_code == 422
        right = await asks.post(link, data={**form, "pin": demo.pin(browsers.settings, demo.RAY)})
        assert right.status_code == 429, "the right PIN does not help either: it may be the next guess"
        assert 0 < int(right.headers["retry-after"]) <= 60
        assert browsers.who(asks) is None
        jo = demo.link(browsers.settings, demo.JO)
        form = fields((await asks.get(jo)).text, "PIN")
        assert (await asks.post(jo, data={**form, "pin": demo.pin(browsers.settings, demo.JO)})).status_code == 303


@pytest.mark.parametrize("account", [str(demo.RAY), "01934b00-0000-7000-8b00-0000000000ff", "dana", ""])
async def test_nobody_becomes_a_person_or_a_stranger_by_choosing(browsers: Browsers, account):
    async with browsers.open() as asks:
        form = fields((await asks.get("/intake/sign-in")).text, "Dana")
        answer = await asks.post("/intake/sign-in", data={**form, "account": account})
        assert answer.status_code == 404
        assert browsers.who(asks) is None


async def test_another_site_signs_nobody_in(browsers: Browsers):
    async with browsers.open() as asks:
        form = fields((await asks.get("/intake/sign-in")).text, "Dana")
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://127.0.0.1:9999"}):
            assert (await asks.post("/intake/sign-in", data=form, headers=headers)).status_code == 403
        without = {name: value for name, value in form.items() if name != "_csrf"}
        assert (await asks.post("/intake/sign-in", data=without)).status_code == 403
        assert browsers.who(asks) is None


# Sessions


async def row_of(browsers: Browsers, asks: httpx.AsyncClient) -> dict:
    secret = asks.cookies[browsers.tokens.session_cookie]
    return dict(await browsers.door.pool.fetchrow("SELECT * FROM session WHERE secret = $1", hash_of(secret)))


async def later(browsers: Browsers, asks: httpx.AsyncClient, time: str) -> None:
    """Time passes for this browser's session: all of it lies so much further back."""
    id = (await row_of(browsers, asks))["id"]
    await browsers.door.pool.execute(
        "UPDATE session SET since = since - $2::text::interval, seen_at = seen_at - $2::text::interval,"
        " ends_at = ends_at - $2::text::interval WHERE id = $1", id, time,
    )  # fmt: skip
    browsers.lose_token(asks)


async def open_ray(browsers: Browsers, asks: httpx.AsyncClient) -> None:
    link = demo.link(browsers.settings, demo.RAY)
    form = fields((await asks.get(link)).text, "PIN")
    await asks.post(link, data={**form, "pin": demo.pin(browsers.settings, demo.RAY)})


async def test_the_browser_holds_a_secret_of_which_we_hold_the_hash(browsers: Browsers):
    async with browsers.open() as asks:
        await browsers.choose(asks)
        secret = asks.cookies[browsers.tokens.session_cookie]
        row = await row_of(browsers, asks)
    assert len(secret) == 43
    assert secret.encode() not in bytes(row["secret"])
    assert (row["account_id"], row["role"], row["agency_id"]) == (demo.DANA, "case_manager", demo.WELCOME_ALDER)
    assert abs(row["ends_at"] - row["since"] - LONGEST) < timedelta(seconds=1)
    assert row["quiet"] is None


async def test_a_live_session_gives_a_fresh_token_and_leads_back(browsers: Browsers):
    async with browsers.open() as asks:
        await browsers.choose(asks)
        browsers.lose_token(asks)
        page = await asks.get("/intake/directory")
        assert page.headers["location"] == "/intake/session/renew?next=/intake/directory"
        renewed = await asks.get(page.headers["location"])
        assert (renewed.status_code, renewed.headers["location"]) == (303, "/intake/directory")
        assert browsers.who(asks).id == demo.DANA
        token = browsers.tokens.read(asks.cookies[browsers.tokens.cookie_name])
        assert token.sid == (await row_of(browsers, asks))["id"]
        assert round(token.expires - token.issued) == LIFE
        assert (await asks.get("/intake/directory")).status_code == 200


async def test_what_was_typed_is_sent_again_by_itself_when_the_token_has_run_out(browsers: Browsers):
    async with browsers.open() as asks:
        await browsers.choose(asks)
        form = fields((await asks.get("/intake/people/new")).text, 'name="name"')
        browsers.lose_token(asks)
        typed = {**form, "name": "Typed For Long", "way": "sms", "contact": "555-0199", "safe": "true"}
        sent = await asks.post("/intake/people", data=typed)
        assert sent.status_code == 307
        renewed = await asks.post(sent.headers["location"], data=typed)
        assert (renewed.status_code, renewed.headers["location"]) == (307, "/intake/people")
        assert (await asks.post(renewed.headers["location"], data=typed)).status_code == 303


async def test_what_was_typed_comes_back_when_the_session_is_over_too(browsers: Browsers):
    async with browsers.open() as asks:
        await browsers.choose(asks)
        form = fields((await asks.get("/intake/people/new")).text, 'name="name"')
        await later(browsers, asks, "13 hours")
        typed = {**form, "name": "Typed <For> Long", "way": "sms", "contact": "555-0199", "safe": "true"}
        sent = await asks.post("/intake/people", data=typed)
        over = await asks.post(sent.headers["location"], data=typed)
        assert over.status_code == 401
        kept = fields(over.text, "Send what I typed")
        assert {name: kept[name] for name in ("name", "way", "contact", "_key")} == {
            name: typed[name] for name in ("name", "way", "contact", "_key")
        }
        assert 'action="/intake/people"' in over.text
        assert browsers.tokens.session_cookie not in asks.cookies
        await browsers.choose(asks)
        assert (await asks.post("/intake/people", data=kept)).status_code == 303


@pytest.mark.parametrize("next", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_renewing_leads_to_no_other_site(browsers: Browsers, next):
    async with browsers.open() as asks:
        await browsers.choose(asks)
        answer = await asks.get("/intake/session/renew", params={"next": next})
        assert answer.headers["location"] == "/caseplan/today"
        await later(browsers, asks, "13 hours")
        answer = await asks.get("/intake/session/renew", params={"next": next})
        assert answer.headers["location"] == "/intake/sign-in"


async def test_a_persons_phone_signs_itself_out_after_fifteen_minutes(browsers: Browsers):
    async with browsers.open() as asks:
        await open_ray(browsers, asks)
        for _ in range(3):
            await later(browsers, asks, "14 minutes 30 seconds")
            assert (await asks.get("/intake/session/renew?next=/intake/me")).headers["location"] == "/intake/me"
        assert (await row_of(browsers, asks))["quiet"] == QUIET
        await later(browsers, asks, "15 minutes")
        over = await asks.get("/intake/session/renew?next=/intake/me")
        assert over.headers["location"] == "/intake/sign-in?next=/intake/me"


async def test_what_a_page_loads_by_itself_keeps_nobody_signed_in(browsers: Browsers):
    async with browsers.open() as asks:
        await open_ray(browsers, asks)
        await later(browsers, asks, "10 minutes")
        await asks.get("/intake/session/renew?next=/intake/me&by=itself")
        token = browsers.tokens.read(asks.cookies[browsers.tokens.cookie_name])
        assert 595 < token.issued - token.seen < 620
        await later(browsers, asks, "4 minutes")
        await asks.get("/intake/session/renew?next=/intake/me&by=itself")
        token = browsers.tokens.read(asks.cookies[browsers.tokens.cookie_name])
        assert token.expires - token.issued < 61, "no token outlives its session"
        await later(browsers, asks, "1 minute")
        part = await asks.get("/intake/session/renew?next=/intake/me&by=itself", headers={"HX-Request": "true"})
        assert (part.status_code, part.headers["hx-redirect"]) == (401, "/intake/sign-in")


async def test_a_shift_ends_after_twelve_hours_however_busy(browsers: Browsers):
    async with browsers.open() as asks:
        await browsers.choose(asks)
        for hours in (4, 4, 3):
            await later(browsers, asks, f"{hours} hours")
            assert (await asks.get("/intake/session/renew?next=/x")).headers["location"] == "/x"
        await later(browsers, asks, "1 hour")
        assert (await asks.get("/intake/session/renew?next=/x")).headers["location"] == "/intake/sign-in?next=/x"


async def test_signing_out_ends_the_session_and_says_so(browsers: Browsers):
    async with browsers.open() as asks:
        await browsers.choose(asks)
        row = await row_of(browsers, asks)
        form = fields((await asks.get("/intake/sign-in")).text, "Dana")
        answer = await asks.post("/intake/sign-out", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/intake/sign-in?done=1")
        assert browsers.who(asks) is None and browsers.tokens.session_cookie not in asks.cookies
        assert "signed out" in (await asks.get(answer.headers["location"])).text
    [event] = await browsers.door.events("account", row["id"])
    assert event["type"] == "throughcare.account.session_ended.v1"
    assert event["data"] == {"session": str(row["id"]), "because": "signed_out"}
    assert str(demo.DANA) not in str(event["data"]) + event["partitionkey"]


async def test_signing_out_ends_also_a_session_whose_token_has_run_out(browsers: Browsers):
    async with browsers.open() as asks:
        await browsers.choose(asks)
        row = await row_of(browsers, asks)
        form = fields((await asks.get("/intake/sign-in")).text, "Dana")
        browsers.lose_token(asks)
        assert (await asks.post("/intake/sign-out", data=form)).status_code == 303
    assert await browsers.door.pool.fetchval("SELECT because FROM session WHERE id = $1", row["id"]) == "signed_out"


async def test_whoever_signs_in_again_in_this_browser_ends_who_was_there(browsers: Browsers):
    async with browsers.open() as asks:
        await browsers.choose(asks)
        first = await row_of(browsers, asks)
        await browsers.choose(asks, "Lena")
        assert browsers.who(asks).id == demo.LENA
    assert await browsers.door.pool.fetchval("SELECT because FROM session WHERE id = $1", first["id"]) == "replaced"


async def test_what_ran_out_long_ago_is_forgotten(browsers: Browsers):
    async with browsers.open() as asks:
        await browsers.choose(asks, "Tony")
        row = await row_of(browsers, asks)
        await later(browsers, asks, "32 days")
    async with browsers.open() as asks:
        await browsers.choose(asks, "Tony")
    assert await browsers.door.pool.fetchval("SELECT count(*) FROM session WHERE id = $1", row["id"]) == 0


async def test_outside_the_demo_there_is_nobody_to_choose(house: Door, tmp_path):
    signing.ensure(tmp_path)
    keys = {"signing_keys": tmp_path / signing.PRIVATE, "verifying_keys": tmp_path / signing.PUBLIC}
    real = Browsers(house, demo=False, **keys)
    async with real.open() as asks:
        page = await asks.get("/intake/sign-in")
        assert page.status_code == 200
        assert "Dana" not in page.text
        link = f"/intake/sign-in/{demo.code(real.settings, demo.RAY)}"
        csrf = fields((await asks.get(link)).text, "PIN")
        form = {"account": str(demo.DANA), "_key": "k"}
        assert (await asks.post("/intake/sign-in", data={**csrf, **form})).status_code == 404
        answer = await asks.post(link, data={**csrf, "pin": demo.pin(real.settings, demo.RAY)})
        assert answer.status_code == 422
        assert "throughcare" not in str(dict(asks.cookies))


async def test_outside_the_demo_whoever_asks_is_sent_to_no_page_that_they_do_not_have_yet(house: Door, tmp_path):
    signing.ensure(tmp_path)
    keys = {"signing_keys": tmp_path / signing.PRIVATE, "verifying_keys": tmp_path / signing.PUBLIC}
    async with Browsers(house, demo=False, **keys).open() as asks:
        form = fields((await asks.get("/intake/start")).text, "_key")
        sent = await asks.post("/intake/start", data={**form, "name": "Lola", "language": "es"})
        assert sent.headers["location"] == "/intake/start/done"
        done = (await asks.get("/intake/start/done?lang=es")).text
        assert "No tenemos una forma segura de hablarle. Llame a Welcome Alder" in done
        assert "Esa persona le da el enlace de su propia página." in done
        assert "Mire su página" not in done and "En su página ve quién es." not in done
