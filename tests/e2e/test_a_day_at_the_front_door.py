"""A day at the front door, through the pages alone: the whole network of this machine runs, as `up` starts it.

Marisol asks for help on her phone, in Spanish, and a release desk names her too. Her records turn out to be two, and
become one at her word. She tells who she is, shares, and stops by one spoken sentence, until that is in effect.
With THROUGHCARE_SCREENSHOTS each page is kept, as a phone and as a desk show it.
"""

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from shared.local.network import Network
from shared.local.settings import ROOT, LocalSettings
from shared.runtime.ids import uuid7
from shared.security import demo
from tests.e2e.test_components import CHROMIUM, DESK, PHONE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.network,
    pytest.mark.timeout(420),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
]
SHOTS = os.environ.get("THROUGHCARE_SCREENSHOTS")
HOME = os.environ.get("THROUGHCARE_DAY_HOME")  # of a network that runs already, for whoever plays it again and again
NAME, NUMBER, LISTED = "Marisol Quintero", "+1 555 010 3141", "Marisol Quintera"
FIVE_MINUTES = 300.0
SOON = 45_000  # milliseconds: until word has gone round the services
PERSON = re.compile(r"/people/([0-9a-f-]{36})")


@dataclass
class Day:
    """Two screens, and what was learned on them."""

    network: Network
    phone: Page
    desk: Page
    taken: int = 0
    known: dict[str, str] = field(default_factory=dict)

    async def be(self, who: object) -> None:
        """At the desk as one of the staff, signed in as the demo signs them in."""
        await self.desk.context.clear_cookies()
        await self.desk.goto("/intake/sign-in")
        await self.desk.get_by_role("button", name=f"Sign in as {demo.NAMES[who]}").click()  # type: ignore[index]
        await self.desk.wait_for_load_state("load")

    async def keep(self, page: Page, name: str) -> None:
        """The page as a phone and as a desk show it."""
        await expect(page.get_by_role("heading", level=1).first).to_be_visible()
        if not SHOTS:
            return
        self.taken += 1
        before = page.viewport_size
        for look, (width, height) in (("phone", PHONE), ("desk", DESK)):
            await page.set_viewport_size({"width": width, "height": height})
            await page.screenshot(path=Path(SHOTS) / f"{self.taken:02} {name} {look}.png", full_page=True)
        assert before is not None
        await page.set_viewport_size(before)


@asynccontextmanager
async def the_network(home: Path) -> AsyncIterator[Network]:
    """As an operator has it: `up`, and `down` at the end."""
    if HOME:
        yield Network(LocalSettings(home=Path(HOME)))
        return
    try:
        assert await command(home, "up") == 0
        yield Network(LocalSettings(home=home))
    finally:
        await command(home, "down")


async def command(home: Path, word: str) -> int:
    environment = {**os.environ, "THROUGHCARE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "cli", word, cwd=ROOT, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


@asynccontextmanager
async def screen(browser: Browser, url: str, size: tuple[int, int], lang: str) -> AsyncIterator[Page]:
    """Leaves only if nothing was blocked or thrown."""
    context = await browser.new_context(base_url=url, viewport={"width": size[0], "height": size[1]}, locale=lang)
    context.set_default_timeout(10_000)
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    await context.close()
    assert wrong == []


async def test_a_day_at_the_front_door(tmp_path: Path):
    async with the_network(tmp_path / "home") as network, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        async with (
            screen(browser, network.url, PHONE, "es-MX") as phone,
            screen(browser, network.url, DESK, "en-US") as desk,
        ):
            day = Day(network, phone, desk)
            await she_asks_for_help_on_her_phone(day)
            await a_worker_is_named(day)
            await a_release_desk_names_her(day, tmp_path / "list.csv")
            await she_says_yes_to_it_in_person(day)
            began = time.monotonic()
            await she_tells_who_she_is(day)
            assert time.monotonic() - began < FIVE_MINUTES, "the pages alone took longer than an intake may"
            await her_two_records_become_one(day)
            await they_look_for_a_room_together(day)
            await she_shares_and_reads_her_copy(day)
            await she_says_stop_and_it_is_in_effect(day)
        await browser.close()


async def she_asks_for_help_on_her_phone(day: Day) -> None:
    phone = day.phone
    await phone.goto("/intake/start?lang=es")
    await day.keep(phone, "asking for help")
    await phone.get_by_label("¿Cómo le llamamos?").fill(NAME)
    await phone.get_by_label("Un lugar donde vivir").check()
    await phone.get_by_label("Mensaje de texto").check()
    await phone.get_by_label("Su número o correo electrónico").fill(NUMBER)
    await phone.get_by_role("group", name="¿Es seguro escribirle").get_by_label("Sí").check()
    await phone.get_by_label("Español").check()
    if await phone.get_by_label("Welcome Alder").count():
        await phone.get_by_label("Welcome Alder").check()
    await phone.get_by_role("button", name="Pedir ayuda").click()
    await phone.wait_for_url("**/intake/start/done")
    await expect(phone.get_by_role("heading", name="Ya lo tenemos. Gracias.")).to_be_visible()
    await day.keep(phone, "what happens next")
    pin = (await phone.locator(".figure").inner_text()).strip()
    await phone.get_by_role("link", name="Abrir mi página").click()
    await day.keep(phone, "her link")
    await phone.get_by_label("Su PIN").fill(pin)
    await phone.keyboard.press("Enter")
    await phone.wait_for_url("**/caseplan/me*")
    await day.keep(phone, "her own page")
    await phone.goto("/intake/me")
    found = PERSON.search(phone.url)
    assert found
    day.known["person"] = found.group(1)


async def a_worker_is_named(day: Day) -> None:
    desk = day.desk
    await day.be(demo.LENA)
    await desk.goto("/intake/people")
    await day.keep(desk, "nobody walks with her yet")
    hers = desk.locator(f"form[action*='{day.known['person']}']")
    await hers.get_by_role("combobox", name=f"Who walks with {NAME}").select_option("Dana Whitfield")
    await hers.get_by_role("button", name="Walks with them").click()
    await expect(hers).to_have_count(0)
    await day.keep(desk, "somebody walks with her")


async def a_release_desk_names_her(day: Day, sheet: Path) -> None:
    """As their list has her, one letter off; the second row shows that a day which is none is named."""
    desk, home, mark = day.desk, date.today() + timedelta(days=3), uuid7().hex[-8:]
    await day.be(demo.YUSUF)
    await desk.goto("/intake/release-lists")
    form = desk.get_by_role("region", name="A list", exact=True)
    await form.get_by_label("Who should welcome them?").select_option("Welcome Alder")
    for rows, says in (
        (f"{mark}-1,{LISTED},{home}\n{mark}-2,Jo Whitfield,someday\n", "Row 3, release_date"),
        (f"{mark}-1,{LISTED},{home}\n{mark}-2,Jo Whitfield,{home}\n", "Taken: 2 rows."),
    ):
        sheet.write_text(f"reference,name,release_date\n{rows}")
        await form.get_by_label("The list, as CSV").set_input_files(sheet)
        await form.get_by_role("button", name="Send this list").click()
        await expect(form.get_by_role("status")).to_contain_text(says)
        await day.keep(desk, f"a release list, {'to mend' if 'Row' in says else 'taken'}")


async def she_says_yes_to_it_in_person(day: Day) -> None:
    desk = day.desk
    await day.be(demo.DANA)
    await desk.goto("/intake/invited")
    listed = desk.get_by_role("link", name=LISTED).first
    await reloaded_until(desk, listed)
    await day.keep(desk, "whom to ask")
    await listed.click()
    await day.keep(desk, "one to ask")
    yes = desk.get_by_role("region", name="They said yes")
    await yes.get_by_label("Face to face").check()
    await yes.get_by_role("button", name="They said yes").click()
    await desk.wait_for_load_state("load")
    found = PERSON.search(desk.url)
    assert found, desk.url
    day.known["listed"] = found.group(1)


async def reloaded_until(page: Page, what: Locator) -> None:
    """What comes round the services, on a page that has no news of its own."""
    ends = time.monotonic() + SOON / 1000
    while not await what.count():
        assert time.monotonic() < ends, f"{what}: not on {page.url}"
        await page.reload()


async def she_tells_who_she_is(day: Day) -> None:
    desk, here = day.desk, f"/intake/people/{day.known['person']}"
    await desk.goto(f"/caseplan/people/{day.known['person']}")
    await day.keep(desk, "her page, for Dana")
    await desk.goto(f"{here}/portrait")
    await day.keep(desk, "who somebody is")
    await desk.get_by_role("button", name="They want to go on What matters to you").click()
    await day.keep(desk, "joys first")
    await desk.get_by_label("What brings you joy?", exact=True).fill("Mi hija Lucía.")
    await desk.get_by_role("button", name="Save").click()
    await expect(desk.get_by_text("Mi hija Lucía.").first).to_be_visible()
    for title in ("What you are good at", "About you", "To get by"):
        await desk.get_by_role("button", name=f"They want to go on {title}").click()
        await desk.goto(f"{here}/portrait")
    await desk.goto(f"{here}/portrait/basics")
    await day.keep(desk, "what would help")
    await desk.get_by_role("group", name="A place to stay").get_by_role("radio").first.check()
    await desk.get_by_role("button", name="Save").click()
    await expect(desk.get_by_role("heading", name=NAME)).to_be_visible()
    await day.keep(desk, "who she is, told")
    await desk.goto(f"{here}/first-days")
    await desk.get_by_label("The day they come home").fill(str(date.today() + timedelta(days=3)))
    await desk.get_by_role("button", name="Save").click()
    await day.keep(desk, "first days")
    await desk.goto(f"{here}/ways")
    await day.keep(desk, "how to reach her")


async def her_two_records_become_one(day: Day) -> None:
    """The list wrote her name with another letter: they stand side by side, with the reasons, and she says it."""
    desk = day.desk
    for record in ("person", "listed"):
        await desk.goto(f"/intake/people/{day.known[record]}/records")
        await desk.get_by_role("textbox", name="Year or date of birth").fill("1984-05-03")
        await desk.get_by_role("region", name="To tell them from").get_by_role("button", name="Save").click()
    await desk.goto("/intake/people")
    await desk.get_by_role("link", name="The same person twice?").click()
    pair = desk.locator(f"a[href*='{day.known['person']}'][href*='{day.known['listed']}']")
    await reloaded_until(desk, pair)
    await day.keep(desk, "the same person twice")
    await pair.click()
    await expect(desk.get_by_role("heading", name="Why they look alike")).to_be_visible()
    await day.keep(desk, "two records, and why")
    await desk.get_by_label("How do you know that it is them?").select_option("known")
    await desk.get_by_role("button", name="They said so, here and now").click()
    await expect(desk.get_by_text("Another record here is theirs too.").first).to_be_visible()
    await day.keep(desk, "one person, two records")
    await day.phone.goto(f"/intake/people/{day.known['person']}/records")
    await day.keep(day.phone, "her own records")


async def they_look_for_a_room_together(day: Day) -> None:
    desk = day.desk
    await desk.goto("/intake/directory")
    await desk.get_by_label("Near").fill("00021")
    await desk.get_by_role("search").get_by_role("combobox").first.select_option("housing")
    await desk.get_by_role("button", name="Show").click()
    await day.keep(desk, "what fits, and why")
    await expect(desk.get_by_text("Less than a mile from 00021.")).to_be_visible()
    await desk.get_by_role("link", name="A room for the first ninety days").first.click()
    await day.keep(desk, "how to get there")


async def she_shares_and_reads_her_copy(day: Day) -> None:
    phone = day.phone
    ask = f"/intake/consents/new?person={day.known['person']}&recipient={demo.CEDAR_HOUSE}"
    await phone.goto(ask)
    await day.keep(phone, "may they be told")
    assert await phone.locator("input[type=checkbox]:checked").count() == 0, "nothing is ticked beforehand"
    await phone.get_by_role("group").first.get_by_role("checkbox").first.check()
    await phone.get_by_role("button", name=re.compile("^Sí")).click()
    await phone.wait_for_load_state("load")
    await phone.goto("/intake/me")
    await day.keep(phone, "what is shared")
    await phone.get_by_role("link", name=re.compile("Leer a qué dije que sí")).first.click()
    await day.keep(phone, "her copy")
    sheet = await phone.get_by_role("link", name=re.compile("PDF")).get_attribute("href")
    assert (await (await phone.context.request.get(f"{day.network.url}{sheet}")).body()).startswith(b"%PDF-")


async def she_says_stop_and_it_is_in_effect(day: Day) -> None:
    desk, phone, stop = day.desk, day.phone, f"/intake/people/{day.known['person']}/stop"
    await desk.goto(stop)
    await day.keep(desk, "she says stop")
    await desk.get_by_label("Everything they let anybody know").check()
    await desk.get_by_label("How did they say it?").select_option("by_phone")
    await desk.get_by_role("button", name="Stop it").click()
    await phone.goto("/intake/me")
    await expect(phone.locator("#what-is-shared")).to_contain_text(
        re.compile("en efecto|vigor|hecho", re.I), timeout=SOON
    )
    await day.keep(phone, "in effect")
