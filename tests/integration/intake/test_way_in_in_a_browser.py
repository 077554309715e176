"""From a worker's screen to a person's phone: a link, a PIN, a second one, a lost phone; in a real browser.

`THROUGHCARE_SCREENSHOTS=folder` keeps what it looked like.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from shared.security import demo
from tests.integration.intake.phones import FIRST, SECOND
from tests.integration.intake.test_pages_in_a_browser import CHROMIUM, RULES, Site, browser, opened, site

SHOTS = os.environ.get("THROUGHCARE_SCREENSHOTS")
pytestmark = [
    pytest.mark.network,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
]
__all__ = ["browser", "site"]


async def looked_at(page: Page, name: str) -> None:
    """Readable by all; its CSP is set aside for axe, which is a script."""
    found = await Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    if SHOTS:
        for width, kind in ((1280, "desktop"), (390, "phone")):
            await page.set_viewport_size({"width": width, "height": 844})
            await page.screenshot(path=Path(SHOTS) / f"{name}-{kind}.png", full_page=True)


async def link_for(page: Page, site: Site, person: object) -> str:
    await page.goto(f"{site.url}/intake/people/{person}/way-in")
    await page.get_by_label("How do you know who they are?").select_option("known")
    await page.get_by_label("I show it to them now").check()
    await page.get_by_role("button", name="Make a new link").click()
    return urlsplit(await page.get_by_label("Their link").input_value()).path


async def test_a_link_is_made_a_pin_is_chosen_and_a_second_one_and_each_page_is_readable(site: Site, browser: Browser):
    person = await site.door.add(name="Robin Field")
    async with opened(browser, site, demo.DANA, "/intake/people", bypass_csp=True) as desk:
        link = await link_for(desk, site, person)
        await looked_at(desk, "link")
        await desk.get_by_role("link", name="Done").click()
        await expect(desk.get_by_text("have yet to choose a PIN")).to_be_visible()
        await looked_at(desk, "way-in")
        for lang in ("en", "es"):
            async with opened(browser, site, None, f"{link}?lang={lang}", bypass_csp=True) as phone:
                await looked_at(phone, f"choose-{lang}")
        async with opened(browser, site, None, link, bypass_csp=True) as phone:
            for typed in ("123456", FIRST):
                await phone.get_by_label("Your new PIN").fill(FIRST)
                await phone.get_by_label("The same once more").first.fill(FIRST)
                if typed != FIRST:
                    await phone.get_by_text("Does someone make you open your page?").click()
                second = SECOND if typed == FIRST else typed
                await phone.get_by_label("Your second PIN").fill(second)
                await phone.get_by_label("The same once more").last.fill(second)
                await phone.get_by_role("button", name="Keep what I chose").click()
                if typed != FIRST:
                    await expect(phone.get_by_role("alert")).to_contain_text("easy to guess")
                    await looked_at(phone, "choose-again")
            assert urlsplit(phone.url).path == "/caseplan/me"  # another service's; here it is not running
            await phone.goto(site.url + "/intake/me/pin")
            await looked_at(phone, "pins")
            await phone.goto(site.url + link)
            await looked_at(phone, "pin")
            await phone.get_by_label("Your PIN").fill(SECOND)
            await phone.get_by_role("button", name="Open my page").click()
            await phone.goto(site.url + "/intake/me/pin")
            await expect(phone.get_by_role("button")).to_have_count(2)  # the way out, and changing this one
            await looked_at(phone, "pins-behind-the-second")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
async def test_a_lost_phone_is_one_tap_and_both_say_that_the_next_number_is_safe(
    site: Site, browser: Browser, script: bool
):
    person = await site.door.add(name="Robin Field")
    async with opened(browser, site, demo.LENA, f"/intake/people/{person}/way-in", java_script_enabled=script) as desk:
        await desk.get_by_role("button", name="End it and hold the number").click()
        await expect(desk.get_by_role("status")).to_contain_text("signed out everywhere")
        await expect(desk.get_by_role("heading", name="Their number is held")).to_be_visible()
    async with opened(browser, site, demo.DANA, f"/intake/people/{person}/way-in", bypass_csp=True) as desk:
        if script:
            await looked_at(desk, "held")
        await desk.get_by_role("button", name="The number we have is safe").click()
        await expect(desk.get_by_text("You said that it is safe.")).to_be_visible()
    async with opened(browser, site, person, "/intake/me/questions", bypass_csp=True) as phone:
        if script:
            await looked_at(phone, "held-own")
        await phone.get_by_role("button", name="The number you have is safe now").click()
        await phone.goto(site.url + "/intake/me/questions")
        await expect(phone.get_by_text("Nobody asks you anything now.")).to_be_visible()
