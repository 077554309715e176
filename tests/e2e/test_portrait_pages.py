"""A first conversation on the pages: one form with somebody beside the worker, then the rest at their pace."""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from shared.security.demo import DANA, LENA, RAY
from tests.e2e.test_components import CHROMIUM, RULES, settled
from tests.e2e.test_journeys import LOOKS, SHOTS, Site, browser, site, visit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.network,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
]
__all__ = ["browser", "site"]
HERE = f"/intake/people/{RAY}"


async def sound(page: Page, name: str, size: tuple[int, int], scheme: str) -> None:
    await settled(page)
    found = await Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}-{size[0]}-{scheme}.png", full_page=True)


@pytest.mark.parametrize(("size", "scheme"), LOOKS, ids=str)
async def test_who_somebody_is_reads_well_on_every_screen(
    site: Site, browser: Browser, size: tuple[int, int], scheme: Any
):
    said = {"joys": "Fishing with my uncle", "proud_of": "I raised my sister", "skip": ["feels_safe"]}
    await site.door.post(f"{HERE}/portrait/portrait", said, RAY)
    await site.door.post(f"{HERE}/portrait/basics", {"housing": "fine", "plan_b": "My aunt"}, RAY)
    how: Any = {"color_scheme": scheme, "bypass_csp": True}
    async with visit(browser, site, RAY, size, **how) as mine, visit(browser, site, DANA, size, **how) as staff:
        for page, who in ((mine, "mine"), (staff, "staff")):
            for name, path in (("portrait", "portrait"), ("ask", "portrait/portrait"), ("needs", "portrait/basics"),
                               ("locked", "portrait/belonging"), ("ways", "ways")):  # fmt: skip
                await page.goto(f"{HERE}/{path}")
                await sound(page, f"{name}-{who}", size, scheme)
        await mine.goto(f"{HERE}/portrait/about?lang=es")
        await expect(mine.get_by_role("heading", name="Sobre usted")).to_be_visible()
        await sound(mine, "about-es", size, scheme)
        await mine.goto(f"{HERE}/ways?lang=en")


async def test_a_first_conversation_takes_no_script_and_keeps_what_was_typed(site: Site, browser: Browser):
    """One form of eight fields; then, since they want to go on, joys; a colleague who wrote meanwhile is seen."""
    async with visit(browser, site, DANA, java_script_enabled=False) as page:
        await page.goto("/intake/people/new")
        form = page.locator("form").filter(has_text="What matters most to them now?")
        fields = form.locator("input:not([type=hidden]), textarea, select")
        asked = await fields.evaluate_all("all => new Set(all.map(one => one.name)).size")
        assert asked <= 8
        await form.get_by_label("What do they like to be called?").fill("Robin Vale")
        await form.get_by_label("What matters most to them now?").fill("To see my daughter")
        await form.get_by_label("Number or e-mail").fill("12")
        await form.get_by_role("button", name="Welcome them").click()
        await expect(page.get_by_label("What matters most to them now?")).to_have_value("To see my daughter")
        await page.get_by_label("Number or e-mail").fill("555-010-3131")
        await page.get_by_role("button", name="Welcome them").click()
        who = page.get_by_role("link", name="Robin Vale")
        person = (await who.get_attribute("href") or "").rpartition("/")[2]
        await page.goto(f"/intake/people/{person}/portrait")
        await expect(page.get_by_text("To see my daughter")).to_be_visible()
        await page.get_by_role("button", name="They want to go on What matters to you").click()
        await page.get_by_label("What brings you joy?", exact=True).fill("Music")
        answer = await site.door.post(f"/intake/people/{person}/portrait/portrait", {"joys": "Dancing"}, LENA)
        assert answer.status_code == 200, answer.text
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Now it says: “Dancing”")).to_be_visible()
        await expect(page.get_by_label("What brings you joy?", exact=True)).to_have_value("Music")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("before: Dancing")).to_be_visible()
