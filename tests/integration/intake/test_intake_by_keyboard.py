"""Somebody comes home with a small phone, in Spanish: the whole intake with no script and no pointer, and each page on
the way says where else one can go, in the language that is read."""

from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from shared.security import demo
from tests.integration.intake.test_pages_in_a_browser import (
    ASK,
    PROGRAM,
    RAY,
    Site,
    browser,
    opened,
    press_until,
    pytestmark,
    site,
)

__all__ = ["browser", "pytestmark", "site"]
NARROW = {"width": 320, "height": 640}
SEND = "main form .button.main"


async def type_into(page: Page, wanted: str, words: str) -> None:
    await press_until(page, wanted, "Control+A")
    await page.keyboard.type(words)


async def reads(page: Page, words: str) -> None:
    await expect(page.locator("main")).to_contain_text(words)
    assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], page.url


async def test_the_whole_intake_takes_neither_a_script_nor_a_pointer(site: Site, browser: Browser):
    async with opened(browser, site, None, "/intake/start?lang=es", java_script_enabled=False) as page:
        await page.set_viewport_size(NARROW)
        await type_into(page, "input[name=name]", "Lola")
        await press_until(page, "input[name=needs][value=housing]", "Space")
        await press_until(page, SEND, "Enter")
        await reads(page, "Ya lo tenemos. Gracias.")
        pin = await page.locator("p.figure").inner_text()
        await press_until(page, "main a.button.main", "Enter")
        await type_into(page, "input[name=pin]", pin)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/caseplan/me*")  # another service's page; here it is not running
        await page.goto(site.url + "/intake/me")
        own = urlsplit(page.url).path.removesuffix("/shared")
        await they_say_little_of_who_they_are(page, site.url + own)
        await they_say_how_to_reach_them(page, site.url + own)
        await they_say_yes_once_and_read_their_copy(page, site.url, own.rpartition("/")[2])
        await they_keep_somebody_out_and_change_their_mind_on_erasure(page, site.url + own)


async def they_say_little_of_who_they_are(page: Page, own: str) -> None:
    await page.goto(f"{own}/portrait")
    await press_until(page, "main .button.main", "Enter")
    await type_into(page, "textarea[name=matters]", "Mi hija")
    await press_until(page, "input[name=skip][value=joys]", "Space")
    await press_until(page, SEND, "Enter")
    await reads(page, "Mi hija")
    await reads(page, "Usted prefirió no decir")


async def they_say_how_to_reach_them(page: Page, own: str) -> None:
    await page.goto(f"{own}/ways")
    await press_until(page, "input[name=way][value=sms]", "Space")
    await type_into(page, "input[name=contact]", "555 010 0142")
    await press_until(page, "input[name=safe][value=yes]", "Space")
    await type_into(page, "input[name=code_word]", "mango")
    await press_until(page, SEND, "Enter")
    await reads(page, "Decimos «mango» para que sepa que somos nosotros.")


async def they_say_yes_once_and_read_their_copy(page: Page, url: str, person: str) -> None:
    await page.goto(f"{url}/intake/consents/new?person={person}&recipient={demo.CEDAR_HOUSE}")
    assert await page.locator("input:checked").count() == 0
    await press_until(page, "input[name=categories][value=needs]", "Space")
    await press_until(page, SEND, "Enter")
    await reads(page, "puede saber lo que le ayudaría")
    await press_until(page, "a[href$='/copy']", "Enter")
    await reads(page, "Su copia")


async def they_keep_somebody_out_and_change_their_mind_on_erasure(page: Page, own: str) -> None:
    await page.goto(f"{own}/never")
    await press_until(page, "form[action$='/never'] .button", "Enter")
    await reads(page, "Escoja cuál.")
    await press_until(page, "select[name=agency]", "ArrowDown")
    await press_until(page, "form[action$='/never'] .button", "Enter")
    await reads(page, "Quitarla de la lista")
    await page.goto(f"{own}/erasure")
    await press_until(page, "form[action$='/erasure'] .button", "Enter")
    await press_until(page, "form[action$='/take-back'] .button", "Enter")
    await reads(page, "No se borró nada.")


async def test_who_never_may_look_is_mended_where_it_was_chosen(site: Site, browser: Browser):
    async with opened(browser, site, RAY, f"/intake/people/{RAY}/never?lang=es", java_script_enabled=False) as page:
        for chosen, says in (("", "Escoja cuál."), (str(demo.WELCOME_ALDER), "Ellos le acompañan")):
            await page.get_by_label("¿Qué agencia?").select_option(chosen)
            await page.get_by_role("button", name="Nunca pueden mirar").click()
            await expect(page.get_by_role("alert")).to_contain_text(says)
            await expect(page.get_by_role("heading", level=1)).to_have_text("Quién nunca puede mirar")


@pytest.mark.parametrize("path", ["/intake/me/questions", "/intake/consents/{asked}/answer", ASK])
async def test_not_now_is_as_near_and_as_plain_to_see_as_a_yes(site: Site, browser: Browser, path: str):
    async with opened(browser, site, RAY, f"{path.format(**site.ids)}") as page:
        yes = page.locator(".button.main, .button.wide:not(.plain)").first
        no = page.locator(".button", has_text="Not now").first
        drawn = "one => [one.offsetWidth, one.offsetHeight, getComputedStyle(one).borderTopStyle]"
        assert await no.evaluate(drawn) == await yes.evaluate(drawn)
        assert await no.evaluate("one => getComputedStyle(one).borderTopColor") != "rgba(0, 0, 0, 0)"


OPEN = [
    "/intake/directory",
    f"/intake/directory/programs/{PROGRAM}",
    f"/intake/directory/agencies/{demo.CEDAR_HOUSE}",
]


@pytest.mark.parametrize("path", OPEN)
async def test_whoever_looks_for_help_on_a_shared_phone_has_the_way_out_and_their_language(
    site: Site, browser: Browser, path: str
):
    async with opened(browser, site, None, path, java_script_enabled=False) as page:
        assert await page.title() == "My page"
        await page.get_by_role("link", name="Español").click()
        assert await page.title() == "Mi página"
        await expect(page.get_by_role("button", name="Salir de esta página")).to_be_visible()


async def test_an_invitation_is_read_and_answered_in_the_language_that_was_chosen(site: Site, browser: Browser):
    """The release desk wrote down English; whoever reads Spanish is not written to in English."""
    made = (await site.door.post(f"/intake/invited/{site.ids['invited']}/link", {}, demo.DANA)).json()
    async with opened(browser, site, None, urlsplit(made["link"]).path, java_script_enabled=False) as page:
        await page.get_by_role("link", name="Español").click()
        await page.get_by_label("PIN", exact=True).fill(made["pin"])
        await page.get_by_role("button", name="Abrir").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Welcome Alder quiere ayudarle")
        await expect(page.get_by_label("Español")).to_be_checked()


async def test_whose_session_is_over_reads_in_their_language_how_to_come_back(site: Site, browser: Browser):
    async with opened(browser, site, None, "/intake/sign-in?lang=es", java_script_enabled=False) as page:
        assert await page.title() == "Entrar"
        await expect(page.get_by_text("Abra otra vez el enlace que le dieron")).to_be_visible()
