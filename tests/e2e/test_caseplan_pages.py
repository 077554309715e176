"""caseplan's pages in a real browser: everything can be done by hand without a script, and by everybody."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright, expect

from shared.security import demo
from shared.security.demo import DANA, JO, LENA, RAY, SAM, TASHA, YUSUF
from tests.e2e.test_components import CHROMIUM, DESK, PHONE, RULES, Server
from tests.integration.caseplan.conftest import MONDAY
from tests.integration.caseplan.scenes import a_day
from tests.integration.caseplan.world import BEDS, LODGE, World, open_world, the_network
from tests.network import FreshDatabase, Network

pytestmark = [
    pytest.mark.browser,
    pytest.mark.network,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
]


@dataclass
class Site:
    """A day at Welcome Alder behind an address."""

    world: World
    url: str
    ids: dict[str, UUID]


@pytest.fixture(scope="module")
async def site(network: Network, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    fresh = FreshDatabase(network)
    try:
        async with open_world(fresh, tmp_path_factory.mktemp("home")) as world:
            await world.be_at(MONDAY)
            await world.inbox.process([world.record(event, subject) for event, subject in the_network()])
            ids = await a_day(world)
            with socket.socket() as listening:
                listening.bind(("127.0.0.1", 0))
                config = uvicorn.Config(world.app, log_level="critical", ws="none", lifespan="off")
                server = Server(config)
                serving = asyncio.create_task(server.serve(sockets=[listening]))
                await server.ready.wait()
                yield Site(world, f"http://127.0.0.1:{listening.getsockname()[1]}", ids)
                server.should_exit = True
                await serving
    finally:
        await fresh.drop()


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        await opened.close()


@asynccontextmanager
async def as_seen_by(
    browser: Browser, site: Site, who: UUID, *, size=PHONE, scheme="light", script=False
) -> AsyncIterator[Page]:  # fmt: skip
    token = demo.token(site.world.running.settings, who)
    context = await browser.new_context(
        base_url=site.url, viewport={"width": size[0], "height": size[1]}, color_scheme=scheme,
        java_script_enabled=script, extra_http_headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip
    try:
        yield await context.new_page()
    finally:
        await context.close()


def every_page(ids: dict[str, UUID]) -> dict[str, tuple[UUID, str]]:
    room, hard = ids["room"], ids["hard"]
    return {
        "today": (DANA, "/caseplan/today"),
        "today of an agency": (YUSUF, "/caseplan/today"),
        "today of a supervisor": (LENA, "/caseplan/today"),
        "mine": (RAY, "/caseplan/me"),
        "mine in Spanish": (TASHA, "/caseplan/me?lang=es"),
        "mine on a hard day": (JO, "/caseplan/me"),
        "a person": (DANA, f"/caseplan/people/{RAY}"),
        "a referral": (DANA, f"/caseplan/referrals/{room}"),
        "my referrals": (DANA, "/caseplan/referrals"),
        "asked of us": (YUSUF, "/caseplan/asked"),
        "one that was asked": (YUSUF, f"/caseplan/referrals/{room}"),
        "a no": (YUSUF, f"/caseplan/referrals/{room}/decline"),
        "by phone": (DANA, f"/caseplan/referrals/{room}/record-answer"),
        "another door": (TASHA, f"/caseplan/referrals/{ids['offered']}/choose-next"),
        "ask a program": (DANA, f"/caseplan/referrals/new?person={RAY}"),
        "without consent": (DANA, f"/caseplan/referrals/new?person={TASHA}&program={BEDS}"),
        "with consent": (RAY, f"/caseplan/referrals/new?person={RAY}&program={LODGE}"),
        "a setback": (DANA, f"/caseplan/setbacks/{hard}"),
        "tell one": (JO, f"/caseplan/setbacks/{hard}/tell"),
        "a concern": (DANA, f"/caseplan/concerns/{ids['worry']}"),
        "a promise": (DANA, f"/caseplan/promises/{ids['broken']}"),
        "a plan": (DANA, f"/caseplan/plans/{RAY}"),
        "a plan to change": (RAY, f"/caseplan/plans/{RAY}/edit"),
        "a question": (DANA, f"/caseplan/plans/{SAM}/ask-load?loads=crowded"),
    }


PAGES = tuple(every_page(dict.fromkeys(("room", "hard", "offered", "worry", "broken"), RAY)))


@pytest.mark.parametrize("page_name", PAGES)
async def test_everybody_can_read_it_and_nothing_around_it_tells_who(browser: Browser, site: Site, page_name: str):
    who, path = every_page(site.ids)[page_name]
    for size, scheme in ((PHONE, "light"), (DESK, "dark")):
        async with as_seen_by(browser, site, who, size=size, scheme=scheme, script=True) as page:
            answer = await page.goto(path)
            assert answer is not None
            assert answer.status == 200
            await expect(page.locator("[data-part='']")).to_have_count(0)  # while a part loads it is dimmed
            found = await Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
            assert found.violations_count == 0, found.generate_report()
            over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, f"{over} px too wide at {size[0]}"
            seen = await page.title() + page.url
            assert not [name for name in ("Ray", "Jo", "Tasha", "Marsh", "bus") if name in seen]


async def test_support_opens_without_a_script(browser: Browser, site: Site):
    async with as_seen_by(browser, site, SAM) as page:
        await page.goto("/caseplan/me")
        await page.get_by_label("Do you want to say what?").fill("I missed the first bus.")
        await page.get_by_label("Soon").check()
        await page.get_by_role("button", name="Tell Dana").click()
        await expect(page.get_by_text("Told. Only Dana can read it.")).to_be_visible()
        await expect(page.get_by_text("I missed the first bus.")).to_be_visible()
    async with as_seen_by(browser, site, DANA, size=DESK) as page:
        await page.goto("/caseplan/today")
        await page.get_by_role("link", name="Open their note").last.click()
        await expect(page.get_by_text("I missed the first bus.")).to_be_visible()
        await page.get_by_role("button", name="We have spoken").click()
        await expect(page.get_by_role("heading", name="In touch")).to_be_visible()
    async with as_seen_by(browser, site, SAM) as page:
        await page.goto("/caseplan/me")
        await page.get_by_role("link", name="Say what could help").click()
        await page.get_by_label("What could help next time?").fill("Leave at ten.")
        await page.get_by_role("button", name="Say what could help").click()
        await expect(page.get_by_text("You said what could help.")).to_be_visible()


async def test_a_contact_with_a_promise_is_one_short_form(browser: Browser, site: Site):
    async with as_seen_by(browser, site, DANA, size=DESK) as page:
        await page.goto(f"/caseplan/today?with={JO}")
        await page.get_by_label("I promised").fill("I will come along on Friday.")
        await page.get_by_role("button", name="Save contact and promise").click()
        await expect(page.get_by_role("alert")).to_contain_text("Say how.")
        assert await page.get_by_label("I promised").input_value() == "I will come along on Friday."
        await page.get_by_label("Called").check()
        await page.get_by_label("By", exact=True).fill("2026-11-20")
        await page.get_by_role("button", name="Save contact and promise").click()
        await expect(page.get_by_text("Saved. They can read it on their page.")).to_be_visible()
    async with as_seen_by(browser, site, JO) as page:
        await page.goto("/caseplan/me")
        await expect(page.locator("#promises").get_by_text("“I will come along on Friday.”")).to_be_visible()


async def test_a_plan_is_written_by_one_side_and_signed_by_the_other(browser: Browser, site: Site):
    async with as_seen_by(browser, site, JO) as page:
        await page.goto("/caseplan/me")
        await page.get_by_role("link", name="Say what I want").click()
        await page.get_by_label("What do you want?").fill("Work with my hands.")
        await page.get_by_label("A small step").first.fill("Look in at the workshop.")
        await page.get_by_role("button", name="This is what I want").click()
        await expect(page.get_by_role("alert")).to_contain_text("within the next two weeks")
        assert await page.get_by_label("What do you want?").input_value() == "Work with my hands."
        await page.get_by_label("By").first.fill("2026-11-20")
        await page.get_by_role("button", name="This is what I want").click()
        await expect(page.get_by_text("You said how it should be.")).to_be_visible()
    async with as_seen_by(browser, site, DANA, size=DESK) as page:
        await page.goto(f"/caseplan/plans/{JO}")
        await page.get_by_role("button", name="Sign it").click()
        await expect(page.get_by_text("Version 1, signed by both")).to_be_visible()
    async with as_seen_by(browser, site, JO) as page:
        await page.goto("/caseplan/me")
        await page.get_by_role("button", name="I did it").click()
        await expect(page.get_by_text("Done")).to_be_visible()


async def test_an_agency_says_no_with_a_reason_and_the_person_sees_another_door(browser: Browser, site: Site):
    async with as_seen_by(browser, site, YUSUF, size=DESK) as page:
        await page.goto("/caseplan/asked")
        await page.get_by_role("link", name="Open it").first.click()
        await page.get_by_role("link", name="Say no, and why").click()
        await page.get_by_role("button", name="Say no, and why").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await page.get_by_label("No room now").check()
        await page.get_by_role("button", name="Say no, and why").click()
        await expect(page.get_by_text("Nothing is asked of you here now.")).to_be_visible()
    async with as_seen_by(browser, site, TASHA) as page:
        await page.goto("/caseplan/me")
        await expect(page.get_by_role("heading", name="Harbor Street Beds may help, too")).to_be_visible()
        await expect(page.get_by_text("It hears nothing until you choose it.")).to_be_visible()
        await page.get_by_role("button", name="Not now").first.click()
        await expect(page.get_by_text("Left for now. The door stays open.")).to_be_visible()


async def test_the_person_says_whether_it_ended_so(browser: Browser, site: Site):
    async with as_seen_by(browser, site, RAY) as page:
        await page.goto("/caseplan/me")
        await page.get_by_role("button", name="No, it did not").click()
        await expect(page.get_by_text("Open again. They have it.")).to_be_visible()
        await page.get_by_role("button", name="Yes, that time is fine").click()
        await expect(page.get_by_text("asks for another time")).to_have_count(0)


async def test_a_part_of_another_service_that_is_away_takes_nothing_else_with_it(browser: Browser, site: Site):
    async with as_seen_by(browser, site, RAY, script=True) as page:
        await page.route("**/notifications/**", lambda route: route.abort())
        await page.goto("/caseplan/me")
        await expect(page.get_by_text("This part is not answering.").last).to_be_visible()
        await expect(page.get_by_role("heading", name="My plan")).to_be_visible()
