"""Attack 15: another site makes a browser ask in somebody's name, or lays our page under its own."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import APIRoute, iter_route_contexts

from shared.web import forms
from tests.integration.intake.browsers import Browsers, fields
from tests.integration.intake.world import open_door
from tests.network import FreshDatabase

pytestmark = pytest.mark.network
ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://other.alder.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "nonsense"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://127.0.0.1:8000.evil.example"},
    {"Origin": "http://127.0.0.1:9999"},
    {"Origin": ""},
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browsers(shared_database: FreshDatabase) -> AsyncIterator[Browsers]:
    async with open_door(shared_database) as door:
        yield Browsers(door)


@pytest_asyncio.fixture(loop_scope="session")
async def dana(browsers: Browsers) -> AsyncIterator[httpx.AsyncClient]:
    async with browsers.open() as asks:
        await browsers.choose(asks)
        yield asks


async def welcomed(browsers: Browsers) -> int:
    found: int = await browsers.door.pool.fetchval("SELECT count(*) FROM person")
    return found


NEW = {"name": "Canary", "way": "sms", "contact": "555-0199", "safe": "true"}


async def test_our_own_form_goes_through_so_that_the_rest_of_this_file_means_something(browsers, dana):
    form = fields((await dana.get("/intake/people/new")).text, 'name="name"')
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8000"}
    before = await welcomed(browsers)
    assert (await dana.post("/intake/people", data={**form, **NEW}, headers=own)).status_code == 303
    assert await welcomed(browsers) == before + 1


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
async def test_a_post_from_another_site_is_refused_although_every_cookie_and_even_the_token_came_along(
    browsers, dana, headers
):
    form = fields((await dana.get("/intake/people/new")).text, 'name="name"')
    before = await welcomed(browsers)
    answer = await dana.post("/intake/people", data={**form, **NEW}, headers=headers)
    assert answer.status_code == 403
    assert await welcomed(browsers) == before


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_every_route_that_changes_something_looks_at_where_it_comes_from(browsers, dana, method):
    """Before the route looks at anything else; so 403 and neither 404 nor 422."""
    routes = {
        context.path
        for context in iter_route_contexts(browsers.app.routes)
        if isinstance(context.original_route, APIRoute) and method in (context.methods or ())
    }
    for path in sorted(path or "" for path in routes):
        address = path.replace("{", "").replace("}", "")
        answer = await dana.request(method, address, headers={"Origin": "https://evil.example"})
        assert answer.status_code in (403, 422), (method, path, answer.status_code)
        if answer.status_code == 422:  # an id in the path that is none: refused before any handler, too
            assert "{" in path


async def test_htmx_without_the_forms_token_is_refused(browsers, dana):
    before = await welcomed(browsers)
    answer = await dana.post("/intake/people", data=NEW, headers={"HX-Request": "true"})
    assert answer.status_code == 403
    forged = {**NEW, forms.TOKEN: forms.sign(browsers.settings, "x" * 22)}
    assert (await dana.post("/intake/people", data=forged, headers={"HX-Request": "true"})).status_code == 403
    assert await welcomed(browsers) == before


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
async def test_json_dressed_as_a_form_is_refused(browsers, dana, media):
    """A form of another site can carry JSON as text; the browser sends our cookies and no question first."""
    before = await welcomed(browsers)
    answer = await dana.post("/intake/people", content='{"name": "Canary"}', headers={"Content-Type": media})
    assert answer.status_code in (400, 403)
    assert await welcomed(browsers) == before


async def test_another_site_neither_signs_out_nor_renews_nor_signs_in(browsers, dana):
    for path in ("/intake/sign-out", "/intake/sign-in", "/intake/session/renew?next=/x"):
        answer = await dana.post(path, data={}, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403, path
    assert browsers.who(dana) is not None


async def test_no_page_can_be_laid_under_another(dana):
    for path in ("/intake/sign-in", "/intake/people", "/nowhere"):
        answer = await dana.get(path)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_cookies_stay_at_home_when_another_site_asks(browsers, dana):
    """What the browser is told; that it obeys is the browser's part."""
    page = await dana.get("/intake/sign-in")
    answer = await dana.post("/intake/sign-in", data=fields(page.text, "Dana"))
    ours = [header for header in answer.headers.get_list("set-cookie") if header.startswith("throughcare")]
    assert len(ours) == 2
    assert all("SameSite=Strict" in header and "HttpOnly" in header for header in ours)
