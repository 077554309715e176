"""The ways that people walk through intake and caseplan behind one origin: by hand, by keyboard, without a script."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from starlette.types import ASGIApp, Receive, Scope, Send

from services.caseplan import reading
from services.caseplan.app import service as caseplan
from services.intake.app import service as intake
from shared.process import build
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.demo import DANA, RAY
from shared.security.tokens import Tokens
from tests.e2e.test_components import CHROMIUM, DESK, PHONE, RULES, Server, settled
from tests.integration.caseplan.conftest import MONDAY
from tests.integration.caseplan.scenes import plan_with, promise_by
from tests.integration.caseplan.world import World, open_world, the_network
from tests.integration.intake.world import Door, open_door
from tests.network import FreshDatabase, Network

pytestmark = [
    pytest.mark.browser,
    pytest.mark.network,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
]
SHOTS = os.environ.get("THROUGHCARE_SCREENSHOTS")  # a folder, for whoever wants to look
LOOKS = [(PHONE, "light"), (DESK, "dark"), *([(PHONE, "dark"), (DESK, "light")] if SHOTS else [])]
GALLERY = "/caseplan/styleguide"
SHARED = f"/intake/people/{RAY}/shared"
ERASURE = f"/intake/people/{RAY}/erasure"


@dataclass
class Site:
    """Two services behind one address, as the front port has them."""

    url: str
    settings: Settings
    world: World
    door: Door

    @property
    def door_of_ray(self) -> str:
        return f"/intake/sign-in/{demo.code(self.settings, RAY)}"


class OneOrigin:
    """By the first word of the path; what neither has is not answering."""

    def __init__(self, **apps: ASGIApp) -> None:
        self.apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.apps.get(scope["path"].split("/")[1], self.apps["intake"])(scope, receive, send)


@pytest.fixture(scope="module")
async def site(network: Network, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    fresh, second = FreshDatabase(network), FreshDatabase(network)
    try:
        async with (
            open_world(fresh, tmp_path_factory.mktemp("home")) as world,
            open_door(second) as door,
        ):
            await furnish(world, door)
            with socket.socket() as listening:
                listening.bind(("127.0.0.1", 0))
                url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                async with served(url, listening, world, door) as settings:
                    yield Site(url, settings, world, door)
    finally:
        await fresh.drop()
        await second.drop()


@asynccontextmanager
async def served(url: str, listening: socket.socket, world: World, door: Door) -> AsyncIterator[Settings]:
    settings = door.settings.model_copy(update={"public_url": url, "leave_to": ""})
    apps = {"intake": build(intake(settings), settings), "caseplan": build(caseplan(settings), settings)}
    apps["intake"].state.running = replace(door.running, settings=settings)
    apps["caseplan"].state.running = replace(world.running, settings=settings)
    config = uvicorn.Config(
        OneOrigin(**apps), log_level="critical", ws="none", lifespan="off", timeout_graceful_shutdown=1
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await server.ready.wait()
    yield settings
    server.should_exit = True
    await serving


async def furnish(world: World, door: Door) -> None:
    await world.be_at(MONDAY)
    await world.inbox.process([world.record(event, subject) for event, subject in the_network()])
    await plan_with(world)
    await promise_by(world)
    await door.add(id=str(RAY), name="Ray Castellanos", needs=["housing"])
    await door.allow(RAY)
    await door.get(f"/intake/people/{RAY}", DANA)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        await opened.close()


@asynccontextmanager
async def visit(
    browser: Browser, site: Site, who: UUID | None = None, size: tuple[int, int] = PHONE, **how: Any
) -> AsyncIterator[Page]:
    """A browser of its own, signed in as `who`; leaves only if nothing was blocked or thrown."""
    context = await browser.new_context(base_url=site.url, viewport={"width": size[0], "height": size[1]}, **how)
    if who is not None:
        token = demo.token(site.settings, who)
        await context.add_cookies([{"name": Tokens(site.settings).cookie_name, "value": token, "url": site.url}])
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    await context.close()
    assert wrong == []


async def tab_to(page: Page, target: Locator) -> None:
    """As far as the keyboard goes, and no further than once around."""
    first = await page.evaluate("document.querySelectorAll('a, button, input, select, textarea, summary').length")
    for _ in range(first + 2):
        await page.keyboard.press("Tab")
        if await target.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"the keyboard never reached {target}")


async def press(page: Page, target: Locator) -> None:
    await tab_to(page, target)
    await page.keyboard.press("Enter")
    await page.wait_for_load_state("load")


async def test_a_worker_goes_from_signing_in_to_a_person_by_keyboard_alone(site: Site, browser: Browser):
    async with visit(browser, site, size=DESK) as page:
        await page.goto("/intake/sign-in")
        await press(page, page.get_by_role("button", name="Sign in as Dana Whitfield"))
        await expect(page.get_by_role("heading", name="What needs you today")).to_be_visible()
        who = page.locator(".asks").get_by_role("link", name="Ray Castellanos").first
        await expect(who).to_be_visible()
        await press(page, who)
        await expect(page.get_by_role("heading", name="Ray Castellanos")).to_be_visible()
        await expect(page.get_by_role("heading", name="The plan")).to_be_visible()


async def test_a_worker_does_the_same_without_a_script(site: Site, browser: Browser):
    async with visit(browser, site, java_script_enabled=False) as page:
        await page.goto("/intake/sign-in")
        await page.get_by_role("button", name="Sign in as Dana Whitfield").click()
        await expect(page.get_by_role("link", name="Look again")).to_be_visible()
        row = page.get_by_role("listitem").filter(has_text="I will ask the clinic who drives you.")
        await row.get_by_role("link", name="Open", exact=True).click()
        await expect(page.get_by_text("“I will ask the clinic who drives you.”", exact=True)).to_be_visible()
        await page.get_by_role("link", name="Who this is").click()
        await expect(page.get_by_role("heading", name="Ray Castellanos")).to_be_visible()


async def test_without_a_script_nobody_is_written_about_unseen(site: Site, browser: Browser):
    """Names come by script: without one each choice of a person says where their name is."""
    async with visit(browser, site, DANA, java_script_enabled=False) as page:
        await page.goto("/caseplan/today")
        who = page.get_by_role("group", name="With")
        ids = [await one.get_attribute("value") for one in await who.get_by_role("radio").all()]
        links = [await one.get_attribute("href") for one in await who.get_by_role("link", name="Who is person").all()]
        assert links == [f"/intake/people/{id}/name" for id in ids] != []
        await page.goto(f"/intake/people/{RAY}/name")
        await expect(page.get_by_role("heading", name="Ray Castellanos")).to_be_visible()
        await page.goto(f"/caseplan/today?with={RAY}")
        await expect(who.get_by_label("The person whose page you were on")).to_be_checked()


async def test_a_person_opens_their_page_and_sees_who_looked_by_keyboard_alone(site: Site, browser: Browser):
    async with visit(browser, site) as page:
        await page.goto(site.door_of_ray)
        await tab_to(page, page.get_by_label("Your PIN"))
        await page.keyboard.type(demo.pin(site.settings, RAY))
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Hi, Ray Castellanos")).to_be_visible()
        await settled(page)
        await press(page, page.get_by_role("link", name="See who looked"))
        await expect(page.get_by_role("heading", name="Who looked")).to_be_visible()
        await expect(page.locator("#looks-intake").get_by_text("Dana Whitfield").first).to_be_visible()


async def test_a_person_does_the_same_without_a_script(site: Site, browser: Browser):
    async with visit(browser, site, java_script_enabled=False) as page:
        await page.goto(site.door_of_ray)
        await page.get_by_label("Your PIN").fill(demo.pin(site.settings, RAY))
        await page.get_by_role("button", name="Open my page").click()
        await page.locator("#shared").get_by_role("link", name="What is shared").click()
        await expect(page.get_by_text("may know what you ask them for.")).to_be_visible()
        await page.get_by_role("link", name="At your name and what you share").click()
        await expect(page.get_by_text("Dana Whitfield").first).to_be_visible()


@pytest.mark.parametrize(("size", "scheme"), LOOKS, ids=str)
async def test_axe_finds_nothing_to_mend_on_the_ways_in(
    site: Site, browser: Browser, size: tuple[int, int], scheme: Any
):
    ways = {
        "sign-in": (None, "/intake/sign-in"),
        "pin": (None, site.door_of_ray),
        "today": (DANA, "/caseplan/today"),
        "person": (DANA, f"/caseplan/people/{RAY}"),
        "mine": (RAY, "/caseplan/me"),
        "shared": (RAY, SHARED),
        "told": (RAY, f"/intake/people/{RAY}/told"),
        "my pin": (RAY, "/intake/me/pin"),
        "start": (None, "/intake/start"),
        "staff's door": (None, "/intake/account/sign-in"),
        "people": (DANA, "/intake/people"),
        "somebody new": (DANA, "/intake/people/new"),
        "how they sign in": (DANA, f"/intake/people/{RAY}/way-in"),
        "how to reach them": (DANA, f"/intake/people/{RAY}/contact"),
        "directory": (DANA, "/intake/directory"),
        "covers": (DANA, "/intake/covers"),
        "no such page": (DANA, "/intake/nowhere"),
    }
    for name, (who, path) in ways.items():
        async with visit(browser, site, who, size, color_scheme=scheme, bypass_csp=True) as page:
            await page.goto(path)
            await settled(page)
            found = await Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
            assert found.violations_count == 0, f"{name}: {found.generate_report()}"
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
            if SHOTS:
                await page.screenshot(path=Path(SHOTS) / f"{name}-{size[0]}-{scheme}.png", full_page=True)


@pytest.mark.parametrize(("size", "scheme"), LOOKS, ids=str)
async def test_a_person_asks_to_be_erased_is_known_and_takes_it_back(
    site: Site, browser: Browser, size: tuple[int, int], scheme: Any
):
    """Read before it is asked, told in one card until it is due, taken back with one tap; axe looks at each."""

    async def sound(page: Page, name: str) -> None:
        found = await Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
        if SHOTS:
            await page.screenshot(path=Path(SHOTS) / f"{name}-{size[0]}-{scheme}.png", full_page=True)

    how: Any = {"color_scheme": scheme, "bypass_csp": True}
    async with visit(browser, site, RAY, size, **how) as mine, visit(browser, site, DANA, size, **how) as staff:
        await mine.goto(SHARED)
        await mine.get_by_role("link", name="Have it all erased").click()
        await sound(mine, "erasure")
        await mine.get_by_role("button", name="Erase what you keep of me").click()
        await expect(mine.get_by_role("heading", name="You asked for it today")).to_be_visible()
        await staff.goto(ERASURE)
        await sound(staff, "erasure-staff")
        await staff.get_by_label("How do you know?").select_option("document")
        await staff.get_by_role("button", name="I know that it was them").click()
        await expect(staff.get_by_role("heading", name="What we keep of you is erased on")).to_be_visible()
        await mine.goto(ERASURE)
        await sound(mine, "erasure-set")
        await mine.goto("/intake/me/questions")
        await sound(mine, "erasure-first")
        await mine.get_by_role("button", name="Take it back").click()
        await expect(mine.get_by_text("You took it back. Nothing was erased.")).to_be_visible()


async def test_news_are_told_in_one_quiet_place_and_take_the_reader_nowhere(site: Site, browser: Browser):
    async with visit(browser, site, RAY) as page:
        async with page.expect_response("**/caseplan/me/news**"):
            await page.goto("/caseplan/me")
        await settled(page)
        writing = page.get_by_label("Do you want to say what?")
        await writing.fill("It is about the bus")
        await promise_by(site.world, words="I will bring two bus passes.", hours=30)
        told = page.get_by_role("status").filter(has_text="Something here has changed.")
        await expect(told).to_be_visible(timeout=15_000)
        await expect(writing).to_be_focused()
        await expect(writing).to_have_value("It is about the bus")
        await expect(page.get_by_text("two bus passes")).to_have_count(0)
        await told.get_by_role("link", name="Show it").click()
        await expect(page.get_by_text("“I will bring two bus passes.”")).to_be_visible()


async def test_a_worry_told_to_the_worker_alone_is_no_news_for_the_person(site: Site):
    account = demo.by_id(RAY)
    assert account is not None
    async with site.world.pool.acquire() as connection:
        before = await reading.mark_of_person(connection, account.actor)
        await site.world.ok(demo.LENA, "/caseplan/concerns", {"person": str(RAY), "words": "He looked tired."})
        assert await reading.mark_of_person(connection, account.actor) == before


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without a script"])
async def test_leaving_ends_the_session_and_shows_something_harmless(site: Site, browser: Browser, script: bool):
    async with visit(browser, site, RAY, java_script_enabled=script) as page:
        await page.goto("/intake/recipe")
        await page.goto("/caseplan/me")
        await page.get_by_role("button", name="Leave this page").click()
        await expect(page.get_by_role("heading", name="Rice and beans")).to_be_visible()
        assert page.url == f"{site.url}/intake/recipe" and await page.title() == "Rice and beans"
        await page.go_back()
        await expect(page.get_by_role("heading", name="My plan")).to_have_count(0)
        await page.goto("/caseplan/me")
        await expect(page).to_have_url(f"{site.url}/intake/sign-in?next=/caseplan/me")


async def test_paper_says_dates_where_the_screen_says_how_long(site: Site, browser: Browser):
    async with visit(browser, site, size=DESK) as page:
        await page.goto(GALLERY)
        clock = page.locator(".steps .clock").first
        assert await clock.inner_text() == "due in 5 h"
        await page.emulate_media(media="print")
        assert await clock.inner_text() == "by Tuesday, November 24, 3:04 pm"
        await expect(clock.locator("svg")).to_be_hidden()


async def test_the_account_of_who_was_told_is_on_the_sheet_that_is_printed(site: Site, browser: Browser):
    async with visit(browser, site, RAY, DESK) as page:
        await page.goto(f"/intake/people/{RAY}/told")
        await settled(page)
        part = page.get_by_role("heading", name="What you asked for")
        await page.emulate_media(media="print")
        await expect(part).to_be_visible()
        await page.goto("/caseplan/me")
        await settled(page)
        await expect(page.get_by_role("heading", name="What is shared")).to_be_hidden()


async def test_a_list_is_narrowed_and_walked_by_its_address_without_a_script(site: Site, browser: Browser):
    async with visit(browser, site, java_script_enabled=False) as page:
        await page.goto(GALLERY)
        rows = page.locator("section[aria-labelledby=list] .people li")
        await page.get_by_role("link", name="Go on").click()
        await expect(rows).to_have_count(1)
        await expect(page.get_by_text("3 to 3 of 3")).to_be_visible()
        await page.get_by_label("Whose side").select_option("The person’s")
        await page.get_by_role("button", name="Show").click()
        await expect(rows).to_contain_text(["Nina"])
        assert page.url.endswith("?side=theirs&order=name")
        await page.goto(f"{GALLERY}?side=theirs&page=9")
        await expect(rows).to_contain_text(["Nina"])


async def test_what_can_not_be_undone_is_opened_before_it_is_done(site: Site, browser: Browser):
    async with visit(browser, site, java_script_enabled=False) as page:
        await page.goto(GALLERY)
        button = page.get_by_role("button", name="Yes, make a new one")
        await expect(button).to_be_hidden()
        await page.get_by_text("Make a new password").click()
        await expect(page.get_by_text("The old one stops at once")).to_be_visible()
        await expect(button).to_be_visible()


async def test_every_button_and_field_is_large_enough_to_hit(site: Site, browser: Browser):
    async with visit(browser, site, size=DESK) as page:
        await page.goto(GALLERY)
        await settled(page)
        targets = page.locator(".button:visible, summary:visible, select:visible, .choices label, .bar nav a")
        sizes = [await one.bounding_box() for one in await targets.all()]
        assert len(sizes) > 25 and min(size["height"] for size in sizes if size) >= 44
