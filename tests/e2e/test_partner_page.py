"""A partner's page in a real browser: readable by all on a phone and at a desk, also once a password stands on it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, async_playwright, expect

from services.notifications.app import service
from shared.messaging.meters import Meters
from shared.process import Running, build
from shared.runtime.database import pool
from shared.security import demo
from tests.e2e.test_components import CHROMIUM, DESK, PHONE, RULES, Server
from tests.integration.notifications.test_pages import lantern
from tests.integration.notifications.world import Matter, World, open_world

pytestmark = [
    pytest.mark.browser,
    pytest.mark.network,
    pytest.mark.usefixtures("kafka"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
]
PAGES = {
    "their stream": (demo.IMANI, "/notifications/partner"),
    "no stream": (demo.MARCUS, "/notifications/partner"),
    "all partners": (demo.RUTH, "/notifications/partners"),
    "the catalog": (demo.IMANI, "/notifications/catalog"),
}


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    app = build(service(world.settings), world.settings)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = Server(uvicorn.Config(app, log_level="critical", ws="none", lifespan="off"))
        async with pool(world.settings, "partner page test") as opened:
            app.state.running = Running(world.settings, opened, world.keys, Meters())
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            await server.ready.wait()
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            server.should_exit = True
            await serving


async def sound(page: Page, name: str) -> None:
    await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    found = await Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name


async def test_axe_finds_nothing_to_mend_on_what_partners_read(
    database: Any, cluster: Any, kafka: Any, monkeypatch: Any
):
    monkeypatch.setenv("THROUGHCARE_KAFKA_ADMIN_USER", kafka.access.user)
    monkeypatch.setenv("THROUGHCARE_KAFKA_ADMIN_PASSWORD", kafka.access.password)
    async with open_world(database, cluster) as world, served(world) as url, async_playwright() as playwright:
        partner = await lantern(world)
        matter = Matter(partner.agency)
        await world.hear(matter.welcomed(), matter.granted(), matter.sent())
        world.start_relay()
        await world.all_sent()
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        looks: list[tuple[tuple[int, int], Any]] = [(PHONE, "light"), (DESK, "dark")]
        for size, scheme in looks:
            for name, (who, path) in PAGES.items():
                context = await browser.new_context(
                    base_url=url, viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, bypass_csp=True,
                    extra_http_headers={"Authorization": f"Bearer {demo.token(world.settings, who)}"},
                )  # fmt: skip
                page = await context.new_page()
                answer = await page.goto(path)
                assert answer is not None
                assert answer.status == 200, name
                await sound(page, name)
                if name == "their stream" and size == DESK:
                    await page.get_by_role("button", name="Yes, make a new password").click()
                    await expect(page.get_by_label("Password", exact=True)).to_be_visible()
                    await sound(page, "a password, once")
                await context.close()
        await browser.close()
