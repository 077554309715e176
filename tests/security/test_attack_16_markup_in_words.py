"""Attack 16: markup, htmx attributes and template code in whatever people type. It is shown, and does nothing.

One day is lived with the attack in every word; then each page that links lead to is read as its readers get it.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.security import demo
from tests.integration.caseplan.conftest import MONDAY
from tests.integration.caseplan.scenes import a_day
from tests.integration.caseplan.world import World, open_world, the_network
from tests.integration.intake.world import HTML, Door, open_door
from tests.network import FreshDatabase

pytestmark = pytest.mark.network

ATTACK = (
    """<canary-tag hx-get="/caseplan/canary" hx-trigger="load" onload="canary()">x</canary-tag>"""
    """"><script>canary()</script>' hx-on:click='canary()' onfocus='canary()' autofocus x=' {{ 7 * 7 }} {% canary %}"""
)
TYPED = {"words", "what"}
MOST = 150  # pages of one reader


class Found(HTMLParser):
    """What a browser would make of a page, as far as it could run or ask for something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.alive: list[str] = []
        self.text: list[str] = []
        self.links: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "canary-tag" or (tag == "script" and not (given.get("src") or "").startswith("/")):
            self.alive.append(tag)
        for name, value in attrs:
            acts = name.startswith(("on", "hx-", "data-hx-")) or name in (
                "href",
                "src",
                "action",
                "formaction",
                "style",
            )
            if acts and "canary" in (value or ""):
                self.alive.append(f"{tag} {name}")
        if tag == "a" and given.get("href"):
            self.links.add((given["href"] or "").partition("#")[0])

    def handle_data(self, data: str) -> None:
        self.text.append(data)


async def read_all(get: Callable[[str], Awaitable[httpx.Response]], start: list[str]) -> dict[str, Found]:
    """Every page of one service that its reader comes to by links."""
    service, waiting, read = start[0].split("/")[1], list(start), dict[str, Found]()
    while waiting and len(read) < MOST:
        path = waiting.pop()
        if path in read or not path.startswith(f"/{service}/"):
            continue
        answer = await get(path)
        if answer.status_code < 500 and "text/html" in answer.headers.get("content-type", ""):
            read[path] = Found(answer.text)
            waiting += sorted(read[path].links - read.keys())
        assert answer.status_code < 500, path
    return read


def attacked(said: Any) -> Any:
    """The same, with the attack in every place where people write."""
    if isinstance(said, list):
        return [attacked(each) for each in said]
    if not isinstance(said, dict):
        return said
    return {
        name: f"{ATTACK} {it}" if name in TYPED and isinstance(it, str) else attacked(it) for name, it in said.items()
    }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(shared_database: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    home: Path = tmp_path_factory.mktemp("home")
    async with open_world(shared_database, home) as opened:
        await opened.be_at(MONDAY)
        await opened.inbox.process([opened.record(event, subject) for event, subject in the_network()])
        say = opened.ok
        opened.ok = lambda who, path, body=None: say(who, path, attacked(body))  # type: ignore[method-assign]
        await a_day(opened)
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def door(shared_database: FreshDatabase) -> AsyncIterator[Door]:
    async with open_door(shared_database) as opened:
        await opened.agency(demo.CEDAR_HOUSE, ATTACK[:90], website="https://example.org/canary")
        yield opened


@pytest.mark.parametrize("who", ["DANA", "LENA", "YUSUF", "GRACE", "RAY", "JO", "TASHA", "SAM"])
async def test_what_was_typed_is_read_as_it_was_typed_and_nothing_of_it_lives(world, who):
    reader = getattr(demo, who)

    async def get(path: str) -> httpx.Response:
        return await world.get(reader, path, **HTML)

    pages = await read_all(get, ["/caseplan/today", "/caseplan/asked", "/caseplan/referrals", "/caseplan/me"])
    assert len(pages) > 2
    assert {path: found.alive for path, found in pages.items() if found.alive} == {}
    texts = [" ".join(found.text) for found in pages.values()]
    tried = any("<script>canary()</script>" in text and "{{ 7 * 7 }}" in text for text in texts)
    assert tried or who in ("LENA", "YUSUF", "GRACE"), "else nothing was tried; an agency that is asked reads no words"


@pytest.mark.parametrize("way", ["json", "form"])
async def test_a_name_and_a_first_form_of_markup_are_names_and_words(door, way):
    name = re.sub(r"\s+", " ", ATTACK)[:119]
    said = {"name": name, "way": "sms", "contact": "555-010-7788", "safe": "true", "words": ATTACK}
    if way == "json":
        person = await door.add(**{**said, "safe": True})
    else:
        sent = await door.fill("/intake/people", said, demo.DANA)
        assert sent.status_code == 303, sent.text
        person = await door.pool.fetchval("SELECT id FROM person ORDER BY id DESC LIMIT 1")
    shown: list[str] = []
    for reader in (demo.DANA, demo.LENA, person):
        start = [f"/intake/people/{person}", "/intake/people", f"/intake/people/{person}/shared", "/intake/agencies"]
        pages = await read_all(lambda path, reader=reader: door.page(path, reader), start)  # type: ignore[misc]
        assert {path: found.alive for path, found in pages.items() if found.alive} == {}
        shown.append(" ".join(" ".join(found.text) for found in pages.values()))
    assert "<canary-tag" in shown[0], "else nothing was tried"


async def test_a_form_that_comes_back_to_be_mended_keeps_what_was_typed_and_it_is_dead(door):
    said = {"name": ATTACK * 5, "way": 'pigeon"><script>canary()</script>', "contact": ATTACK, "words": ATTACK}
    back = await door.fill("/intake/people", said, demo.DANA)
    assert back.status_code == 422
    found = Found(back.text)
    assert found.alive == []
    assert "canary-tag" in back.text


async def test_a_search_and_an_address_of_markup_are_dead_too(door):
    for path in ("/intake/people", "/intake/agencies"):
        answer = await door.client.get(
            path, params={"q": ATTACK, "page": ATTACK}, headers={**door.as_(demo.DANA), **HTML}
        )
        assert Found(answer.text).alive == []
