"""Somebody is made to open their page: on their phone, through both services that draw it, with the second PIN."""

from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from shared.security.demo import RAY
from tests.e2e.test_components import CHROMIUM, DESK, PHONE, RULES, settled
from tests.e2e.test_journeys import SHOTS, Site, browser, site, visit
from tests.integration.intake.phones import FIRST, SECOND, hand_out

pytestmark = [
    pytest.mark.browser,
    pytest.mark.network,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
]
PARTS = ("My plan", "Promises made to me", "Who we asked for me", "My people", "What is shared", "Messages")
__all__ = ["browser", "site"]


async def come_in(page: Page, link: str, pin: str) -> None:
    await page.goto(link)
    await page.get_by_label("Your PIN").fill(pin)
    await page.get_by_role("button", name="Open my page").click()
    await expect(page.get_by_role("heading", name="Hi, ")).to_be_visible()


async def choose_both(page: Page, link: str) -> None:
    await page.goto(link)
    await page.get_by_text("Does someone make you open your page?").click()
    for label, pin in (("Your new PIN", FIRST), ("Your second PIN", SECOND)):
        await page.get_by_label(label).fill(pin)
        await page.get_by_label("The same once more").nth(int(pin == SECOND)).fill(pin)
    await page.get_by_role("button", name="Keep what I chose").click()
    await expect(page.get_by_role("heading", name="Hi, Ray Castellanos")).to_be_visible()


async def test_with_the_second_pin_there_is_their_name_and_nothing_else(site: Site, browser: Browser):
    link = site.url + await hand_out(site.door, RAY)
    async with visit(browser, site) as page:
        await choose_both(page, link)
        await expect(page.get_by_text("My own key.")).to_be_visible()
    async with visit(browser, site, bypass_csp=True) as page:
        await come_in(page, link, SECOND)
        await settled(page)
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


async def test_without_a_script_both_views_have_the_same_places_and_links(site: Site, browser: Browser):
    link = site.url + await hand_out(site.door, RAY)
    async with visit(browser, site) as page:
        await choose_both(page, link)
    seen = []
    for pin in (FIRST, SECOND):
        async with visit(browser, site, java_script_enabled=False) as page:
            await come_in(page, link, pin)
            headings = [await one.inner_text() for one in await page.locator("main h2:not(.card h2)").all()]
            links = [await one.get_attribute("href") for one in await page.locator("section.part a, noscript a").all()]
            seen.append(([one for one in headings if one in PARTS], links))
    assert seen[0] == seen[1] and len(seen[0][0]) == len(PARTS)
    assert any("/messages" in (one or "") for one in seen[0][1])
