"""What every service's web side has in common: headers, limits, static files, no stranger's script."""

import gzip
import json
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI

from shared.web.headers import ALWAYS, POLICY
from shared.web.idempotency import Wanted, wanted
from shared.web.static import OURS, assets
from shared.web.templates import SERVICES, SHARED
from tests.unit.web.conftest import PAGE, make_app

REQUESTS = {
    "a page": ("GET", "/caseplan/styleguide"),
    "the person's page": ("GET", "/caseplan/styleguide?look=mine"),
    "a document": ("GET", "/caseplan/openapi.json"),
    "a missing page": ("GET", "/caseplan/nowhere"),
    "a wrong method": ("DELETE", "/caseplan/styleguide/part"),
    "a refusal": ("GET", "/caseplan/errors/conflict"),
    "a broken route": ("GET", "/caseplan/errors/unforeseen"),
    "a sleeping part": ("GET", "/caseplan/styleguide/silent"),
    "an unreadable command": ("POST", "/caseplan/referrals"),
    "a static file": ("GET", make_app().state.static.url("page.css")),
}


def templates() -> list[Path]:
    return [*SHARED.rglob("*.html"), *SERVICES.glob("*/templates/**/*.html")]


@pytest.mark.parametrize("accept", [PAGE["accept"], "application/json"], ids=["browser", "program"])
@pytest.mark.parametrize("what", REQUESTS)
async def test_every_answer_carries_the_safe_headers(client: httpx.AsyncClient, what: str, accept: str):
    answer = await client.request(*REQUESTS[what], headers={"accept": accept})
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    kept = "immutable" in answer.headers["cache-control"]
    assert kept == (what == "a static file") and (kept or answer.headers["cache-control"] == "no-store")


def test_the_policy_allows_nothing_unsafe_and_nobody_else():
    assert "unsafe" not in POLICY and "http" not in POLICY and "*" not in POLICY
    assert "frame-ancestors 'none'" in POLICY and "default-src 'none'" in POLICY


@pytest.mark.parametrize(("url", "secure"), [("https://alder.example", True), ("http://127.0.0.1:8000", False)])
async def test_over_https_the_browser_is_told_to_stay_there(url: str, secure: bool):
    transport = httpx.ASGITransport(app=make_app(public_url=url))
    async with httpx.AsyncClient(transport=transport, base_url=url) as client:
        answer = await client.get("/caseplan/styleguide", headers=PAGE)
    assert ("strict-transport-security" in answer.headers) == secure
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-form=" if secure else "form=")
    assert ("Secure" in cookie) == secure and "HttpOnly" in cookie and "samesite=lax" in cookie.lower()


@pytest.mark.parametrize("name", ["page.css", "page.js", "icon.svg", "plain.svg"])
async def test_a_static_file_keeps_for_a_year_under_the_hash_of_its_content(client, app, name: str):
    url = app.state.static.url(name)
    answer = await client.get(url, headers={"accept-encoding": "gzip"})
    assert answer.content == assets()[name].body == gzip.decompress(assets()[name].zipped)
    assert answer.headers["content-encoding"] == "gzip" and answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (await client.get(url, headers={"accept-encoding": "identity"})).content == answer.content
    assert (await client.head(url)).status_code == 200


async def test_a_page_of_the_previous_version_keeps_its_style_but_nobody_keeps_that_answer(client):
    answer = await client.get("/caseplan/static/page.000000000000.css")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["page.css", "other.000000000000.css", "../app.py", "%2e%2e/app.py", ""])
async def test_nothing_else_is_served_from_the_static_folder(client, path: str):
    assert (await client.get(f"/caseplan/static/{path}", headers=PAGE)).status_code == 404
    assert (await client.post("/caseplan/static/page.000000000000.css", json={})).status_code == 405


def test_htmx_comes_from_the_installed_wheel_and_nothing_of_django_is_imported():
    wheel = Path(str(distribution("django-htmx").locate_file("django_htmx/static/django_htmx/htmx-4.min.js")))
    assert wheel.read_bytes() in assets()["page.js"].body
    code = "import sys, shared.web.app; print([m for m in sys.modules if m.partition('.')[0].startswith('django')])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True, cwd=SERVICES.parent).strip() == "[]"


async def test_no_documentation_page_that_loads_a_stranger_is_served(client):
    for path in ("/docs", "/redoc", "/caseplan/docs", "/caseplan/redoc", "/openapi.json"):
        assert (await client.get(path)).status_code == 404


async def test_the_described_refusal_is_a_problem(client):
    document = (await client.get("/caseplan/openapi.json")).json()
    answers = document["paths"]["/caseplan/referrals"]["post"]["responses"]
    assert set(answers["4XX"]["content"]) == {"application/problem+json"} and "422" not in answers
    assert not any("styleguide" in path for path in document["paths"])
    named = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(re.findall(r'"\$ref": ?"([^"]+)"', json.dumps(document))) <= named


def test_nothing_is_fetched_from_another_origin():
    text = "".join(path.read_text() for path in (*templates(), *OURS.glob("*.css"), *OURS.glob("*.js")))
    fetched = re.findall(
        r"""(?:src|srcset|action|hx-[a-z]+)=["']?(https?:|//)|url\(["']?(?!#)|@import|<link[^>]+http""", text
    )
    assert fetched == []


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_a_template_has_no_inline_script_or_style_and_no_spelling_of_older_htmx(path: Path):
    text = path.read_text()
    events = r"\son(?:click|load|error|submit|change|input|focus|key\w+|mouse\w+|pointer\w+)="
    assert not re.search(rf"<script(?![^>]*\bsrc=)|<style|\sstyle=|{events}|hx-on|javascript:", text)
    assert not re.search(r"hx-ext=|sse-connect=|(?<!hx-)sse-swap=|hx-vars=|hx-disinherit|\|\s*safe\b|Markup", text)


def test_our_own_script_stays_small():
    assert len((OURS / "parts.js").read_text().splitlines()) < 40


async def test_the_gallery_is_for_the_demo_only():
    with_secrets = {"signing_secret": "x" * 32, "sealing_key": "y" * 32}
    from shared.runtime.settings import Settings
    from shared.web.app import web_app

    transport = httpx.ASGITransport(app=web_app("caseplan", settings=Settings(**with_secrets)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        assert (await client.get("/caseplan/styleguide")).status_code == 404


def test_a_command_that_may_be_sent_twice_says_in_its_document_how():
    app = FastAPI()

    @app.post("/promises")
    async def promise(want: Annotated[Wanted | None, Depends(wanted)]) -> None: ...

    [named] = app.openapi()["paths"]["/promises"]["post"]["parameters"]
    assert (named["name"], named["in"], named["required"]) == ("Idempotency-Key", "header", False)
