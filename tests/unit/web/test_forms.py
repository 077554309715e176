"""Forms: nothing typed is lost, nothing is taken from another site, nothing is done twice."""

import re
from secrets import token_urlsafe

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.errors import Invalid
from shared.runtime.settings import Settings
from shared.web import forms
from tests.unit.web.conftest import PAGE

SETTINGS = Settings(demo=True)
URL = "/caseplan/contacts"
BROWSER = {"sec-fetch-site": "same-origin", "origin": "null"}  # what no-referrer makes of our own origin


def credentials() -> tuple[dict[str, str], str]:
    cookie = token_urlsafe(16)
    return {"cookie": f"form={cookie}"}, forms.sign(SETTINGS, cookie)


async def test_a_form_with_its_token_is_taken(client):
    cookie, token = credentials()
    answer = await client.post(URL, data={"_csrf": token, "_key": "1", "who": " Ray "}, headers={**cookie, **BROWSER})
    assert answer.json() == {
        "typed": {"who": " Ray "},
        "wrong": {},
        "value": {"who": "Ray", "days": [], "promise": None},
    }


async def test_a_route_that_declares_its_fields_gets_them_though_the_guard_read_the_form_first(client):
    cookie, token = credentials()
    answer = await client.post("/caseplan/declared", data={"_csrf": token, "who": "Ray"}, headers={**cookie, **BROWSER})
    assert answer.json() == {"who": "Ray"}


async def test_htmx_sends_the_token_as_a_header(client):
    cookie, token = credentials()
    htmx = {**cookie, **BROWSER, "hx-request": "true", "accept": "application/json"}
    assert (await client.post(URL, data={"who": "Ray"}, headers={**htmx, "x-csrf-token": token})).status_code == 200
    assert (await client.post(URL, data={"who": "Ray"}, headers=htmx)).status_code == 403
    assert (await client.post(URL, headers=htmx)).status_code == 403
    older = {**cookie, "hx-request": "true"}  # a browser that says no more about where it comes from
    assert (await client.post("/caseplan/contacts", headers=older)).status_code == 403


@pytest.mark.parametrize(
    ("sent", "headers"),
    [
        ({}, {}),
        ({"_csrf": ""}, {}),
        ({"_csrf": "é"}, {}),
        ({"_csrf": credentials()[1]}, {}),
        ({"_csrf": "own"}, {"sec-fetch-site": "cross-site"}),
        ({"_csrf": "own"}, {"sec-fetch-site": "same-site"}),
        ({"_csrf": "own"}, {"origin": "https://elsewhere.example"}),
        ({"_csrf": "own"}, {"cookie": ""}),
        ({"_csrf": "own"}, {"cookie": "form=short"}),
    ],
    ids=["none", "empty", "odd", "another cookie's", "other site", "sister site", "origin", "no cookie", "bad cookie"],
)
async def test_a_form_that_is_not_ours_is_refused(client, sent: dict, headers: dict):
    cookie, token = credentials()
    if sent.get("_csrf") == "own":
        sent = {"_csrf": token}
    answer = await client.post(URL, data={**sent, "who": "Ray"}, headers={**BROWSER, **cookie, **headers})
    assert answer.status_code == 403 and "Open the page again" in answer.json()["detail"]


async def test_another_site_can_t_make_a_browser_send_json_but_our_pages_can(client):
    body = {"person": "0190b3a0-0000-7000-8000-000000000000", "contact_way": "text", "needs": []}
    for foreign in ({"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}):
        assert (await client.post("/caseplan/referrals", json=body, headers=foreign)).status_code == 403
    assert (await client.post("/caseplan/referrals", json=body, headers=BROWSER)).status_code == 201
    plain = {**BROWSER, "content-type": "text/plain"}
    assert (await client.post("/caseplan/referrals", content="{}", headers=plain)).status_code == 403


async def test_a_program_without_cookies_posts_a_form_freely(client):
    assert (await client.post(URL, data={"who": "carrier"})).status_code == 200
    assert (await client.post(URL, data={"who": "carrier"}, headers={"cookie": "session=1"})).status_code == 403


async def test_what_was_typed_is_kept_and_each_field_says_what_to_do(client):
    answer = (await client.post(URL, data={"who": "  ", "days": ["mon", "tue"]})).json()
    assert answer["typed"] == {"who": "  ", "days": ["mon", "tue"]} and answer["value"] is None
    assert answer["wrong"] == {"who": "Say who you spoke with."}


async def test_a_field_left_empty_was_not_given(client):
    answer = (await client.post(URL, data={"who": "Ray", "promise": ""})).json()
    assert answer["value"] == {"who": "Ray", "days": [], "promise": None} and answer["typed"]["promise"] == ""


async def test_one_ticked_box_of_a_list_is_still_a_list(client):
    assert (await client.post(URL, data={"who": "Ray", "days": "mon"})).json()["value"]["days"] == ["mon"]


@given(st.text(alphabet=[chr(c) for c in range(32) if chr(c) not in "\t\n\r"] + ["\x7f"], min_size=1, max_size=3))
def test_a_character_that_nobody_types_is_refused(hidden: str):
    with pytest.raises(ValueError, match="hidden character"):
        forms._printable(f"Ray{hidden}")


def test_a_rule_of_the_domain_lands_at_its_field():
    form = forms.blank(by="yesterday").refuse(Invalid("by", "Choose a day ahead."))
    assert form.wrong == {"by": "Choose a day ahead."} and form.typed == {"by": "yesterday"} and form.value is None


async def test_the_gallery_s_form_goes_all_the_way(client):
    """Without a script: mend what the summary names, send again, be led to the page that says so once."""
    page = await client.get("/caseplan/styleguide", headers=PAGE)
    hidden = dict(re.findall(r'name="(_csrf|_key)" value="([^"]+)"', page.text))
    wrong = await client.post(
        "/caseplan/styleguide", data={**hidden, "who": "", "how": "met", "what": "<b>"}, headers=PAGE
    )
    assert wrong.status_code == 422 and '<a href="#who">Say who you spoke with.</a>' in wrong.text
    assert 'aria-describedby="who-mend"' in wrong.text and 'aria-invalid="true"' in wrong.text
    assert "&lt;b&gt;" in wrong.text and 'value="met" checked' in wrong.text
    taken = await client.post("/caseplan/styleguide", data={**hidden, "who": "Ray", "how": "met"}, headers=PAGE)
    assert taken.status_code == 303 and taken.headers["location"] == "/caseplan/styleguide"
    said = await client.get(taken.headers["location"], headers=PAGE)
    assert "Saved. Ray can see this on his page." in said.text
    assert "Saved." not in (await client.get(taken.headers["location"], headers=PAGE)).text


async def test_each_rendered_form_has_a_key_of_its_own(client):
    page = (await client.get("/caseplan/styleguide", headers=PAGE)).text
    keys = re.findall(r'name="_key" value="([^"]+)"', page)
    assert len(keys) == len(set(keys)) >= 3
    assert len(set(re.findall(r'name="_csrf" value="([^"]+)"', page))) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/\t/elsewhere.example",
        "/a b",
        "today",
        "",
    ],
)
def test_after_a_form_we_stay_at_home(url: str):
    with pytest.raises(ValueError, match="path of our own"):
        forms.see_other(url)


@pytest.mark.parametrize("said", ["Saved for Ray", "ray@example.org", "a;b", ""])
def test_only_a_code_is_laid_in_the_cookie(said: str):
    with pytest.raises(ValueError, match="short code"):
        forms.see_other("/caseplan/today", said=said)


async def test_htmx_is_led_to_the_page_instead_of_swapping_it_in(client):
    cookie, token = credentials()
    headers = {**cookie, **BROWSER, "hx-request": "true", "x-csrf-token": token}
    answer = await client.post("/caseplan/styleguide", data={"who": "Ray", "how": "met"}, headers=headers)
    assert answer.status_code == 204 and answer.headers["hx-redirect"] == "/caseplan/styleguide"


@given(st.binary(min_size=16, max_size=16), st.text(min_size=32, max_size=40))
def test_a_token_belongs_to_one_cookie_and_one_secret(raw: bytes, secret: str):
    cookie = token_urlsafe(16)
    other = SETTINGS.model_copy(update={"signing_secret": type(SETTINGS.signing_secret)(secret)})
    assert forms.sign(SETTINGS, cookie) != forms.sign(SETTINGS, raw.hex()) and forms.sign(
        SETTINGS, cookie
    ) != forms.sign(other, cookie)


async def test_a_browser_keeps_its_token_across_pages_and_services(app):
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=PAGE) as client:
        first, second = [
            re.search(r'name="_csrf" value="([^"]+)"', (await client.get("/caseplan/styleguide")).text)[1] for _ in "12"
        ]
    assert first == second
