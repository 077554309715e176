"""The mirror in a real browser: readable by all, on a phone and at a desk, with figures, without, and with few."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright, expect

from services.reporting.app import service
from shared.contracts import setback
from shared.process import Running, build
from shared.security import demo
from shared.security.tokens import Tokens
from tests.integration.reporting.world import (
    NOW,
    OCTOBER,
    Life,
    World,
    agency_called,
    hard_time,
    open_world,
    promised,
)  # fmt: skip
from tests.network import FreshDatabase

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.network,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE, DESK = (390, 844), (1280, 900)
HIDDEN = "?small=hidden"
SHOTS = os.environ.get("THROUGHCARE_SCREENSHOTS")  # a folder, for whoever wants to look
NAMES = ("Alder Law Clinic", "Cedar House", "Harbor Street Rooms", "Open Table", "Second Shift", "Tool Library")
AGENCIES = {UUID(int=number): name for number, name in enumerate(NAMES, 1)}


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    """The service on a port of its own, signed in through its cookie by `opened`."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        app = build(service(world.settings), world.settings)
        app.state.running = Running(world.settings, world.pool, None, None)  # type: ignore[arg-type]
        config = uvicorn.Config(app, log_level="critical", ws="none", lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


@asynccontextmanager
async def opened(
    browser: Browser, world: World, url: str, size: tuple[int, int], **options: Any
) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
    tokens = Tokens(world.settings)
    account = demo.by_id(demo.DANA)
    assert account is not None
    await context.add_cookies(
        [{"name": tokens.cookie_name, "value": tokens.issue(account.actor), "url": url.split("/reporting")[0]}]
    )
    wrong: list[str] = []
    page = await context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None)
    await page.goto(url, wait_until="load")
    yield page
    await context.close()
    assert wrong == []


async def half_a_year(world: World) -> None:
    """Six agencies, one of them small, and half a year of referrals and promises."""
    await world.hear(*[(agency_called(id, name), OCTOBER) for id, name in AGENCIES.items()])
    lives = []
    for number, id in enumerate(AGENCIES):
        for turn in range(4 if number == 5 else 16 + 3 * number):
            life = Life(id, OCTOBER - timedelta(days=7 * (turn % 16))).sent()
            if turn % 8 == 7:
                lives.append(life)  # nobody answered
                continue
            life.accepted(1 + (turn * 7 + number * 3) % 30).begun()
            if turn % 4:
                life.reported()
                [life.confirmed, life.confirmed, life.disputed, life.passed_in_silence][(turn + number) % 4]()
            lives.append(life)
    await world.hear(*[fact for life in lives for fact in life.said])
    ends = (["kept"], ["kept"], ["kept"], ["moved", "kept"], ["late"])
    said = [
        fact
        for month in range(6)
        for turn in range(60 + 6 * month)
        for fact in promised(
            list(AGENCIES)[turn % 6], *ends[(turn + month) % 5], due=OCTOBER - timedelta(days=30 * (5 - month))
        )
    ]
    await world.hear(*said)
    for hours in range(1, 30):
        await world.hear(*hard_time((setback.Contacted, setback.Stage.CONTACTED, hours / 5)))


@asynccontextmanager
async def mirror(database: FreshDatabase, kind: str) -> AsyncIterator[tuple[World, str]]:
    async with open_world(database) as world:
        await world.be_at(NOW)
        if kind == "full":
            await half_a_year(world)
        elif kind == "few":
            await world.hear((agency_called(demo.CEDAR_HOUSE, "Cedar House"), OCTOBER))
            await world.hear(*Life(demo.CEDAR_HOUSE, NOW - timedelta(hours=5)).sent().accepted().begun().said)
            await world.hear(*promised(demo.CEDAR_HOUSE, "kept", due=NOW - timedelta(hours=1)))
        async with served(world) as url:
            yield world, f"{url}/reporting/mirror"


async def to_mend(page: Page) -> str:
    found = await Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
    return found.generate_report() if found.violations_count else ""


async def shoot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("kind", ["full", "few", "empty"])
async def test_everybody_can_read_it_on_a_phone_and_at_a_desk(browser: Browser, database: FreshDatabase, kind: str):
    async with mirror(database, kind) as (world, url):
        looks = (("", "light", DESK), ("", "dark", PHONE), (HIDDEN, "dark", DESK), (HIDDEN, "light", PHONE))
        for query, scheme, size in looks:
            async with opened(browser, world, url + query, size, color_scheme=scheme) as page:
                await expect(page.get_by_role("heading", level=1)).to_have_text("The network’s mirror")
                await shoot(page, f"{kind}-{query[1:]}-{scheme}-{size[0]}")
                await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
                assert await to_mend(page) == ""
                for width in (320, size[0]):
                    await page.set_viewport_size({"width": width, "height": size[1]})
                    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_the_switch_hides_small_numbers_and_shows_them_again_without_a_script(
    browser: Browser, database: FreshDatabase
):
    async with (
        mirror(database, "few") as (world, url),
        opened(browser, world, url, DESK, java_script_enabled=False) as page,
    ):
        await expect(page.get_by_text("1 of 1").first).to_be_visible()
        await page.get_by_role("link", name="Hide small numbers").click()
        await expect(page.get_by_text("As a real network sees it.")).to_be_visible()
        await expect(page.get_by_text("Not shown").first).to_be_visible()
        assert await page.get_by_text("1 of 1").count() == 0
        await page.get_by_role("link", name="Show all numbers").click()
        await expect(page.get_by_text("1 of 1").first).to_be_visible()


async def test_each_chart_says_the_same_in_a_sentence_and_in_a_table(browser: Browser, database: FreshDatabase):
    async with mirror(database, "full") as (world, url), opened(browser, world, url, DESK) as page:
        charts = page.locator("svg.chart")
        await expect(charts).to_have_count(3)
        for chart in await charts.all():
            assert (await chart.locator("desc").text_content() or "").strip()
        await expect(page.get_by_role("row", name="Cedar House")).to_be_visible()
        await expect(page.get_by_role("link", name="Mirror")).to_have_attribute("aria-current", "page")
