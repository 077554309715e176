"""Signing in to the demo: staff choose who they are, a person has a link and a PIN."""

import re
from html import unescape

import httpx
import pytest
from fastapi import FastAPI

from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.attempts import TRIES, Attempts
from shared.security.edge import install, require_entries
from shared.security.sessions import Sessions
from shared.security.signin import router
from shared.web.app import web_app
from shared.web.forms import is_own_path

SETTINGS = Settings(demo=True, signing_secret="a secret of this test, long enough")
REAL = Settings(signing_secret="a secret of this test, long enough", sealing_key="x" * 32)
HTML = {"Accept": "text/html"}


def app_of(settings: Settings = SETTINGS) -> FastAPI:
    app = web_app("intake", settings=settings)
    install(app, settings)
    app.include_router(router(settings, attempts=Attempts(lambda: 1000.0)))
    require_entries(app)
    return app


def browser(app: FastAPI | None = None, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app or app_of(), client=("127.0.0.1", 5000))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers={**HTML, **headers})


def fields(page: str, near: str) -> dict[str, str]:
    """The hidden fields of the form that holds `near`."""
    form = next(form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if near in unescape(form))
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', form)}


async def test_whoever_has_no_account_finds_the_way_to_ask_for_help_in_both_languages():
    async with browser() as asks:
        page = (await asks.get("/intake/sign-in")).text
    assert 'href="/intake/start?lang=en"' in page and "Ask for help" in page
    assert 'href="/intake/start?lang=es"' in page and "Pedir ayuda" in page


async def signed_in(asks: httpx.AsyncClient) -> demo.Account | None:
    sessions = Sessions(SETTINGS)
    token = asks.cookies.get(sessions.cookie_name)
    return demo.by_id(sessions.read(token).actor.id) if token else None


@pytest.mark.parametrize(
    ("account", "page"),
    [(demo.DANA, "/caseplan/today"), (demo.IMANI, "/notifications/partner"), (demo.AUDITOR, "/reporting/mirror")],
)
async def test_staff_choose_who_they_are(account, page):
    name = demo.NAMES[account]
    async with browser() as asks:
        shown = await asks.get("/intake/sign-in")
        assert shown.status_code == 200
        answer = await asks.post("/intake/sign-in", data=fields(shown.text, name))
        assert (answer.status_code, answer.headers["location"]) == (303, page)
        assert (await signed_in(asks)).id == account


async def test_everybody_stands_on_the_page_agencies_in_the_alphabet():
    async with browser() as asks:
        page = (await asks.get("/intake/sign-in")).text
    assert [account.name for account in demo.accounts() if account.name not in page] == []
    headings = re.findall(r"<h2[^>]*>([^<]+)", page)
    assert headings == ["People", *sorted(headings[1:])]


async def test_after_signing_in_one_is_where_one_wanted_to_be():
    async with browser() as asks:
        page = (await asks.get("/intake/sign-in?next=/caseplan/referrals/7")).text
        answer = await asks.post("/intake/sign-in", data=fields(page, "Dana"))
    assert answer.headers["location"] == "/caseplan/referrals/7"


@pytest.mark.parametrize(
    "next",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\/evil.example", "javascript:alert(1)", "evil",
     "/a\r\nSet-Cookie: x=1", "/\t/evil.example", "/" + "a" * 600, " /x"],
)  # fmt: skip
async def test_signing_in_leads_to_no_other_site(next):
    assert not is_own_path(next)
    async with browser() as asks:
        page = (await asks.get("/intake/sign-in", params={"next": next})).text
        answer = await asks.post("/intake/sign-in", data={**fields(page, "Dana"), "next": next})
        assert answer.headers["location"] == "/caseplan/today"


async def test_a_person_opens_their_link_and_types_their_pin():
    async with browser() as asks:
        link = demo.link(SETTINGS, demo.RAY)
        page = await asks.get(link)
        assert page.status_code == 200
        assert "Ray" not in page.text, "a link that lies around proves nobody"
        assert "<title>My page</title>" in page.text
        answer = await asks.post(link, data={**fields(page.text, "PIN"), "pin": demo.pin(SETTINGS, demo.RAY)})
        assert (answer.status_code, answer.headers["location"]) == (303, "/caseplan/me")
        assert (await signed_in(asks)).id == demo.RAY


async def test_a_persons_page_speaks_spanish_to_who_reads_spanish():
    async with browser(**{"Accept-Language": "es-MX"}) as asks:
        assert "Abra su página" in (await asks.get(demo.link(SETTINGS, demo.RAY))).text


@pytest.mark.parametrize("pin", ["000000", "", " ", "1" * 5000, "ñññññ", demo.pin(SETTINGS, demo.JO), "'; --"])
async def test_a_wrong_pin_opens_nothing_and_says_what_to_do(pin):
    async with browser() as asks:
        link = demo.link(SETTINGS, demo.RAY)
        page = await asks.get(link)
        answer = await asks.post(link, data={**fields(page.text, "PIN"), "pin": pin})
        assert answer.status_code == 422
        assert "Type it once more" in answer.text
        assert await signed_in(asks) is None
        assert pin.strip() == "" or pin not in answer.text, "a PIN is never written back"


async def test_a_link_that_is_nobodys_looks_like_a_wrong_pin():
    """Attack 14 of the threat list: nobody learns from an answer which links are people's."""
    async with browser() as asks:
        answers = []
        for code in (demo.code(SETTINGS, demo.RAY), demo.code(REAL.model_copy(update={"demo": True}), demo.JO)[::-1]):
            page = await asks.get(f"/intake/sign-in/{code}")
            answer = await asks.post(f"/intake/sign-in/{code}", data={**fields(page.text, "PIN"), "pin": "000000"})
            answers.append((page.status_code, answer.status_code, _without_secrets(answer.text, code)))
    assert answers[0] == answers[1]


def _without_secrets(page: str, code: str) -> str:
    return re.sub(r'value="[^"]*"', "", page.replace(code, "CODE"))


async def test_guessing_a_pin_is_stopped_and_told_for_how_long():
    async with browser() as asks:
        link = demo.link(SETTINGS, demo.RAY)
        form = fields((await asks.get(link)).text, "PIN")
        for number in range(TRIES):
            assert (await asks.post(link, data={**form, "pin": f"{number:06}"})).status_code == 422
        right = await asks.post(link, data={**form, "pin": demo.pin(SETTINGS, demo.RAY)})
        assert right.status_code == 429, "the right PIN does not help either: it may be the next guess"
        assert right.headers["retry-after"] == "60"
        assert await signed_in(asks) is None
        jo = demo.link(SETTINGS, demo.JO)
        form = fields((await asks.get(jo)).text, "PIN")
        assert (await asks.post(jo, data={**form, "pin": demo.pin(SETTINGS, demo.JO)})).status_code == 303


@pytest.mark.parametrize("account", [str(demo.RAY), "01934b00-0000-7000-8b00-0000000000ff", "dana", ""])
async def test_nobody_becomes_a_person_or_a_stranger_by_choosing(account):
    async with browser() as asks:
        form = fields((await asks.get("/intake/sign-in")).text, "Dana")
        answer = await asks.post("/intake/sign-in", data={**form, "account": account})
        assert answer.status_code == 404
        assert await signed_in(asks) is None


async def test_another_site_signs_nobody_in():
    async with browser() as asks:
        form = fields((await asks.get("/intake/sign-in")).text, "Dana")
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://127.0.0.1:9999"}):
            assert (await asks.post("/intake/sign-in", data=form, headers=headers)).status_code == 403
        without = {name: value for name, value in form.items() if name != "_csrf"}
        assert (await asks.post("/intake/sign-in", data=without)).status_code == 403
        assert await signed_in(asks) is None


async def test_signing_out_ends_the_cookie_and_says_so():
    async with browser() as asks:
        form = fields((await asks.get("/intake/sign-in")).text, "Dana")
        await asks.post("/intake/sign-in", data=form)
        assert await signed_in(asks)
        answer = await asks.post("/intake/sign-out", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/intake/sign-in?done=1")
        assert await signed_in(asks) is None
        assert "signed out" in (await asks.get(answer.headers["location"])).text


async def test_outside_the_demo_there_is_nobody_to_choose():
    app = app_of(REAL)
    async with browser(app) as asks:
        page = await asks.get("/intake/sign-in")
        assert page.status_code == 200
        assert "Dana" not in page.text
        form = {"account": str(demo.DANA), "_key": "k"}
        link = f"/intake/sign-in/{demo.code(REAL, demo.RAY)}"
        csrf = fields((await asks.get(link)).text, "PIN")
        assert (await asks.post("/intake/sign-in", data={**csrf, **form})).status_code == 404
        answer = await asks.post(link, data={**csrf, "pin": demo.pin(REAL, demo.RAY)})
        assert answer.status_code == 422
        assert "throughcare" not in str(dict(asks.cookies))
