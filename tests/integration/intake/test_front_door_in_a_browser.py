"""The front door in a real browser: a phone in a tunnel, an invitation that is answered, a list that is sent."""

import re
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Route, expect

from shared.security import demo
from tests.integration.intake.test_pages_in_a_browser import (
    RULES,
    Site,
    an_invitation,
    browser,
    opened,
    pytestmark,
    site,
)

__all__ = ["browser", "pytestmark", "site"]
UNSENT = {"en": "All you wrote is still here.", "es": "Todo lo que escribió sigue aquí."}
NAME = {"en": "What should we call you?", "es": "¿Cómo le llamamos?"}
BUTTON = {"en": "Ask for help", "es": "Pedir ayuda"}


async def people(site: Site) -> int:
    return int(await site.door.pool.fetchval("SELECT count(*) FROM person"))


@pytest.mark.parametrize("lang", ["en", "es"])
async def test_a_form_in_a_tunnel_keeps_what_was_typed_and_goes_once_when_the_line_is_back(
    site: Site, browser: Browser, lang: str
):
    before = await people(site)
    async with opened(browser, site, None, f"/intake/start?lang={lang}") as page:
        await page.get_by_label(NAME[lang]).fill("Robin Tunnel")
        await page.context.set_offline(True)
        await page.get_by_role("button", name=BUTTON[lang]).click()
        await expect(page.get_by_text(UNSENT[lang])).to_be_visible()
        await expect(page.get_by_label(NAME[lang])).to_have_value("Robin Tunnel")
        await page.context.set_offline(False)
        await page.wait_for_url("**/intake/start/done")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert await people(site) == before + 1


async def test_an_answer_that_was_lost_on_its_way_doubles_nobody(site: Site, browser: Browser):
    before = await people(site)
    async with opened(browser, site, None, "/intake/start") as page:
        lost = 0

        async def lose(route: Route) -> None:
            nonlocal lost
            if route.request.method == "POST" and lost < 2:
                lost += 1
                await route.fetch(max_redirects=0)  # it arrived, and nobody heard the answer
                await route.abort("connectionreset")
            else:
                await route.continue_()

        await page.route("**/intake/start", lose)
        await page.get_by_label(NAME["en"]).fill("Robin Again")
        for _ in range(2):
            await page.get_by_role("button", name=BUTTON["en"]).click()
            await expect(page.get_by_text(UNSENT["en"])).to_be_visible()
        await page.get_by_role("button", name=BUTTON["en"]).click()
        await page.wait_for_url("**/intake/start/done")
    assert lost == 2
    assert await people(site) == before + 1


async def test_while_the_service_is_too_busy_a_form_is_sent_again_by_itself(site: Site, browser: Browser):
    before = await people(site)
    async with opened(browser, site, None, "/intake/start") as page:
        await page.clock.install()
        refused = 0

        async def refuse(route: Route) -> None:
            nonlocal refused
            if route.request.method == "POST" and refused < 2:
                refused += 1
                await route.fulfill(status=503, body="One moment, please")
            else:
                await route.continue_()

        await page.route("**/intake/start", refuse)
        await page.get_by_label(NAME["en"]).fill("Robin Patience")
        await page.get_by_role("button", name=BUTTON["en"]).click()
        await expect(page.get_by_text(UNSENT["en"])).to_be_visible()
        for seconds in (5, 10):
            async with page.expect_request("**/intake/start"):
                await page.clock.run_for(seconds * 1000)
            await expect(page.locator("form[aria-busy]")).to_have_count(0)
        await page.wait_for_url("**/intake/start/done")
    assert refused == 2
    assert await people(site) == before + 1


async def test_what_is_to_mend_is_read_first_in_the_same_page(site: Site, browser: Browser):
    async with opened(browser, site, None, "/intake/start") as page:
        await page.get_by_role("button", name=BUTTON["en"]).click()
        await expect(page.get_by_role("alert")).to_contain_text("Tell us what to call you.")
        await expect(page.get_by_role("alert")).to_be_focused()
        await page.get_by_label(NAME["en"]).fill("Robin Mended")
        await page.get_by_role("button", name=BUTTON["en"]).click()
        await page.wait_for_url("**/intake/start/done")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
async def test_somebody_who_was_named_reads_what_is_known_and_decides(site: Site, browser: Browser, script: bool):
    id = await an_invitation(site.door, f"Sam {'With' if script else 'Without'}")
    made = (await site.door.post(f"/intake/invited/{id}/link", {}, demo.DANA)).json()
    link = urlsplit(made["link"]).path
    async with opened(browser, site, None, link, java_script_enabled=script, bypass_csp=True) as page:
        await page.get_by_label("PIN", exact=True).fill(made["pin"])
        await page.get_by_role("button", name="Open").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Welcome Alder would like to help you")
        await expect(page.get_by_text("Cedar House is never told what you choose.")).to_be_visible()
        if script:
            found = await Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
            assert found.violations_count == 0, found.generate_report()
            await page.set_viewport_size({"width": 320, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth") <= 320
            await page.get_by_role("button", name="No, delete it").click()
            await expect(page.get_by_role("heading", level=1)).to_have_text("It is deleted")
        else:
            await page.get_by_role("button", name="Yes, I want this").click()
            await expect(page.get_by_role("heading", name="We have it. Thank you.")).to_be_visible()


async def test_a_list_is_sent_as_a_file_and_what_to_mend_is_said_row_by_row(
    site: Site, browser: Browser, tmp_path: Path
):
    home = date.today() + timedelta(days=9)
    sheet = tmp_path / "list.csv"
    async with opened(browser, site, demo.YUSUF, "/intake/release-lists") as page:
        form = page.get_by_role("region", name="A list", exact=True)
        await form.get_by_label("Who should welcome them?").select_option("Welcome Alder")
        for row, says in (
            (f"F-1,=Robin,{home}", "Row 2, name: “=Robin”. It begins with “=”"),
            (f"F-1,Robin,{home}", "Taken: 1 rows."),
        ):
            sheet.write_text(f"reference,name,release_date\n{row}\n")
            await form.get_by_label("The list, as CSV").set_input_files(sheet)
            await form.get_by_role("button", name="Send this list").click()
            await expect(form.get_by_role("status")).to_contain_text(re.compile(re.escape(says)))
