"""Two records, from the list to the person's own page and back to two; in a real browser, by keyboard's own elements.

`THROUGHCARE_SCREENSHOTS=folder` keeps what it looked like.
"""

import pytest
from playwright.async_api import Browser, expect

from services.intake.alike import look_into_asks, make_comparable
from shared.runtime.reach import SERVICE, acting
from shared.security import demo
from tests.integration.intake.test_pages_in_a_browser import CHROMIUM, Site, browser, opened, site
from tests.integration.intake.test_way_in_in_a_browser import looked_at

pytestmark = [
    pytest.mark.network,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
]
__all__ = ["browser", "site"]
WREN = {"name": "Wren Fieldfare", "contact": "555-010-3141", "words": None}


async def compared(site: Site) -> None:
    with acting(SERVICE):
        await make_comparable(site.door.pool, site.door.running.keys)
        await look_into_asks(site.door.pool, site.door.running.keys)


async def test_a_pair_is_read_said_to_be_one_and_taken_apart_by_the_person(site: Site, browser: Browser):
    one, other = await site.door.add(**WREN), await site.door.add(**WREN)
    for person in (one, other):
        await site.door.post(f"/intake/people/{person}/born", {"born": "1984-05-03"}, demo.DANA)
    await compared(site)
    async with opened(browser, site, demo.DANA, "/intake/people", bypass_csp=True) as desk:
        await desk.get_by_role("link", name="The same person twice?").click()
        await expect(desk.get_by_role("link", name="Wren Fieldfare and Wren Fieldfare")).to_be_visible()
        await looked_at(desk, "duplicates")
        await desk.get_by_role("link", name="Wren Fieldfare and Wren Fieldfare").click()
        await expect(desk.get_by_role("heading", name="They look like one person")).to_be_visible()
        await looked_at(desk, "pair")
        await desk.get_by_label("How do you know that it is them?").select_option("known")
        await desk.get_by_role("button", name="They said so, here and now").click()
        await expect(desk.get_by_text("Another record here is theirs too.").first).to_be_visible()
        await looked_at(desk, "records-linked")
    for lang in ("es", "en"):
        path = f"/intake/people/{one}/records?lang={lang}"
        async with opened(browser, site, one, path, bypass_csp=True) as phone:
            await looked_at(phone, f"records-own-{lang}")
            if lang == "en":
                await phone.get_by_text("That is not right").click()
                await phone.get_by_role("button", name="They are not both mine").click()
                await expect(phone.get_by_role("status")).to_contain_text("two records again")
                await looked_at(phone, "records-own-apart")
    async with opened(browser, site, demo.LENA, "/intake/desk", bypass_csp=True) as desk:
        await looked_at(desk, "desk-mixed")
        await desk.get_by_role("link", name="Taken apart").click()
        await looked_at(desk, "incident")
        await desk.get_by_label("How did it come about, and what did you do?").fill("A typing mistake. We told them.")
        await desk.get_by_role("button", name="Say so").click()
        await expect(desk.get_by_role("status")).to_contain_text("They read it on their page.")


async def test_another_agency_is_asked_without_a_script_and_its_worker_reads_no_name(site: Site, browser: Browser):
    here = await site.door.add(name="Ash Dunnock")
    there = await site.door.add(demo.GRACE, name="Ash Dunnock")
    await compared(site)
    path = f"/intake/people/{here}/records"
    async with opened(browser, site, demo.DANA, path, java_script_enabled=False) as desk:
        await desk.get_by_label("Which agency did they name?").select_option(label="Lantern Clinic")
        await desk.get_by_label("How do you know that it is them?").select_option("known")
        await desk.get_by_label("They are with me, and said that we may ask there").check()
        await desk.get_by_role("button", name="Ask there").click()
        await expect(desk.get_by_role("status")).to_contain_text("Nothing else is said, whoever they know.")
    await compared(site)
    path = f"/intake/people/{there}/records"
    async with opened(browser, site, demo.GRACE, path, bypass_csp=True) as clinic:
        await expect(clinic.get_by_role("heading", name="Ask them, when you meet")).to_be_visible()
        await looked_at(clinic, "asked")
    async with opened(browser, site, demo.GRACE, path, java_script_enabled=False) as clinic:
        named = clinic.get_by_label("Where do they say that they are helped too?")
        await named.select_option(label="Welcome Alder")
        known = clinic.get_by_label("How do you know that it is them?").first
        await known.select_option("known")
        await clinic.get_by_role("button", name="They said yes, here and now").click()
        await expect(clinic.get_by_text("Welcome Alder walks with them too.").first).to_be_visible()
