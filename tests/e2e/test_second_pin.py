"""Somebody is made to open their page: on their phone, through both services that draw it, with the second PIN."""

from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from shared.security import demo
from shared.security.demo import RAY
from tests.e2e.test_components import CHROMIUM, DESK, PHONE, RULES, settled
from tests.e2e.test_journeys import SHOTS, Site, browser, site, visit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.network,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
]
SECOND = "907416"
__all__ = ["browser", "site"]


async def come_in(page: Page, site: Site, pin: str) -> None:
    await page.goto(site.door_of_ray)
    await page.get_by_label("Your PIN").fill(pin)
    await page.get_by_role("button", name="Open my page").click()
    await expect(page.get_by_role("heading", name="Hi, Ray Castellanos")).to_be_visible()
    await settled(page)


async def test_with_the_second_pin_there_is_their_name_and_nothing_else(site: Site, browser: Browser):
    first = demo.pin(site.settings, RAY)
    async with visit(browser, site) as page:
        await come_in(page, site, first)
        await expect(page.get_by_text("My own key.")).to_be_visible()
        await page.get_by_role("link", name="See who looked").click()
        await page.get_by_role("link", name="My PIN").click()
        form = page.get_by_role("region", name="A second PIN")
        await form.get_by_label("Your PIN now").fill(first)
        await form.get_by_label("Your second PIN").fill(SECOND)
        await form.get_by_label("The same once more").fill(SECOND)
        await form.get_by_role("button", name="Keep this second PIN").click()
        await expect(page.get_by_text("My own key.")).to_be_visible()
    async with visit(browser, site, bypass_csp=True) as page:
        await come_in(page, site, SECOND)
        await expect(page.get_by_text("There is no plan yet.")).to_be_visible()
        body = await page.inner_text("body")
        assert "My own key" not in body and "Cedar House" not in body and "Dana" not in body
        found = await Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
        assert found.violations_count == 0, found.generate_report()
        for size in (PHONE, DESK) if SHOTS else ():
            await page.set_viewport_size({"width": size[0], "height": size[1]})
            await page.screenshot(path=Path(SHOTS or "") / f"harmless-{size[0]}.png", full_page=True)
        await page.get_by_role("link", name="See who looked").click()
        await expect(page.locator("#looks-intake")).to_contain_text("Nobody has looked here yet.")
        await page.get_by_role("link", name="Back to my page").click()
        await expect(page.get_by_text("There is no plan yet.")).to_be_visible()
        for path in (f"/intake/people/{RAY}/contact", f"/caseplan/plans/{RAY}", f"/caseplan/plans/{RAY}/edit"):
            assert (await page.request.get(site.url + path, headers={"Accept": "text/html"})).status == 404, path
