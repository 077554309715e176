"""Intake's pages in a real browser: readable by all, usable with no script, narrow as a phone."""

import asyncio
import shutil
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import pytest_asyncio
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright, expect

from services.intake.account_invitations import open_account
from services.intake.accounts import Account, Stage
from services.intake.app import service
from services.intake.signing_in.codes import STEP, code_at
from services.intake.store.accounts import save_known_as, save_password
from shared.messaging.outbox import Cause
from shared.process import build
from shared.runtime.database import transaction
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.permissions import Role
from shared.security.signin import OWN
from shared.security.tokens import Tokens
from tests.integration.intake.issuers import E_MAIL, Issuer, served, settings_for
from tests.integration.intake.world import Door, open_door
from tests.network import FreshDatabase

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.network,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RAY = demo.RAY
PROGRAM = UUID("01934b00-0000-7000-8d00-000000000001")
ASK = f"/intake/consents/new?person={RAY}&recipient={demo.CEDAR_HOUSE}"
SEARCH = "need=housing&near=21215&speaks=es&record=drugs&age=30"
PAGES: dict[str, tuple[UUID | None, str]] = {
    "start": (None, "/intake/start"),
    "start in Spanish": (None, "/intake/start?lang=es"),
    "shared": (RAY, f"/intake/people/{RAY}/shared"),
    "shared as their worker sees it": (demo.DANA, f"/intake/people/{RAY}/shared"),
    "asking": (RAY, ASK),
    "asking with their worker": (demo.DANA, ASK),
    "contact": (RAY, f"/intake/people/{RAY}/contact"),
    "sign in": (None, "/intake/sign-in"),
    "own PIN": (RAY, "/intake/me/pin"),
    "own PIN in Spanish": (RAY, "/intake/me/pin?lang=es"),
    "how they sign in": (demo.DANA, f"/intake/people/{RAY}/way-in"),
    "not their number": (None, "/intake/sign-in/aaaabbbbccccdddd/not-me"),
    "not their number in Spanish": (None, "/intake/sign-in/aaaabbbbccccdddd/not-me?lang=es"),
    "sign in with a password": (None, "/intake/account/sign-in"),
    "one's own sign-in": (demo.DANA, OWN),
    "one's own sign-in elsewhere": (demo.LENA, OWN),
    "not signed in": (None, "/intake/account/elsewhere/back?again=1"),
    "colleagues": (demo.RUTH, "/intake/accounts"),
    "a colleague": (demo.RUTH, f"/intake/accounts/{demo.DANA}"),
    "people": (demo.LENA, "/intake/people"),
    "somebody new": (demo.DANA, "/intake/people/new"),
    "header": (demo.DANA, f"/intake/people/{RAY}/header"),
    "directory": (demo.DANA, "/intake/directory"),
    "directory searched": (None, f"/intake/directory?{SEARCH}"),
    "directory searched in Spanish": (RAY, f"/intake/directory?{SEARCH}&lang=es"),
    "directory where nothing is known": (None, "/intake/directory?near=99999"),
    "program": (None, f"/intake/directory/programs/{PROGRAM}"),
    "program in Spanish": (RAY, f"/intake/directory/programs/{PROGRAM}?lang=es"),
    "agency in Spanish": (RAY, f"/intake/directory/agencies/{demo.CEDAR_HOUSE}?lang=es"),
    "agency settings": (demo.YUSUF, "/intake/agency"),
    "program settings": (demo.YUSUF, f"/intake/programs/{PROGRAM}/edit"),
    "a new program": (demo.YUSUF, "/intake/agency/new-program"),
    "agency": (demo.DANA, f"/intake/directory/agencies/{demo.CEDAR_HOUSE}"),
    "shared in Spanish": (RAY, f"/intake/people/{RAY}/shared?lang=es"),
    "asked and told": (RAY, "/intake/me/questions"),
    "never": (RAY, f"/intake/people/{RAY}/never"),
    "never in Spanish": (RAY, f"/intake/people/{RAY}/never?lang=es"),
    "asked in Spanish": (RAY, f"{ASK}&lang=es"),
    "asked beside them": (demo.DANA, ASK),
    "asked beside them in Spanish": (demo.DANA, f"{ASK}&lang=es"),
    "an answer": (RAY, "/intake/consents/{asked}/answer"),
    "an answer beside them": (demo.DANA, "/intake/consents/{asked}/answer"),
    "shall it go on": (RAY, "/intake/consents/{given}/renew"),
    "shall it go on, in Spanish": (RAY, "/intake/consents/{given}/renew?lang=es"),
    "a copy": (RAY, "/intake/consents/{given}/copy"),
    "a copy in Spanish": (RAY, "/intake/consents/{given}/copy?lang=es"),
    "a copy beside them": (demo.DANA, "/intake/consents/{given}/copy"),
    "they said stop": (demo.DANA, f"/intake/people/{RAY}/stop"),
    "an emergency": (demo.GRACE, "/intake/openings"),
    "opened in an emergency": (demo.GRACE, "/intake/openings/{opening}"),
    "privacy desk": (demo.LENA, "/intake/desk"),
    "first days": (RAY, f"/intake/people/{RAY}/first-days"),
    "first days in Spanish": (RAY, f"/intake/people/{RAY}/first-days?lang=es"),
    "first days with their worker": (demo.DANA, f"/intake/people/{RAY}/first-days"),
    "naming somebody": (demo.YUSUF, "/intake/release-lists"),
    "whom to ask": (demo.DANA, "/intake/invited"),
    "one to ask": (demo.DANA, "/intake/invited/{invited}"),
    "a link that may be an invitation's": (None, "/intake/yes/aaaabbbbccccdddd"),
    "a legal demand comes": (demo.LENA, "/intake/demands/new"),
    "a legal demand": (demo.LENA, "/intake/demands/{demand}"),
}


@dataclass
class Site:
    url: str
    settings: Settings
    door: Door
    ids: dict[str, str]  # of what was furnished, for the paths of PAGES


class Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(network) -> AsyncIterator[Site]:
    fresh = FreshDatabase(network)
    # For a browser `localhost` is another site than 127.0.0.1, as an issuer is.
    async with open_door(fresh) as door, served(Issuer(), "localhost") as issuer:
        ids = await furnish(door)
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            settings = door.settings.model_copy(update={"public_url": url, **settings_for(issuer.address)})
            app = build(service(settings), settings)
            app.state.running = replace(door.running, settings=settings)
            server = Server(uvicorn.Config(app, log_level="critical", ws="none", lifespan="off"))
            serving = asyncio.create_task(server.serve([listening]))
            await server.ready.wait()
            yield Site(url, settings, door, ids)
            server.should_exit = True
            await serving
    await fresh.drop()


async def furnish(door: Door) -> dict[str, str]:
    for one in (demo.by_id(id) for id in (demo.DANA, demo.LENA)):
        account = Account(one.id, one.agency, one.role, one.name.split()[0].lower(), Stage.ACTIVE)
        await open_account(door.pool, door.running.keys, account, one.name, demo.RUTH)
    async with transaction(door.pool) as tx:
        await save_password(tx, demo.DANA, "never asked here")
    await door.add(id=str(RAY), name="Ray Castellanos", needs=["housing"])
    await door.post("/intake/start", {"name": "Robin"})
    place = {"address": "40 Mill Street, Baltimore, MD 21215", "directions": "Bus 22 stops at the door.",
             "access": "A ramp on the left.", "latitude": 39.34, "longitude": -76.68,
             "openings": [{"weekday": 1, "opens": "09:00", "closes": "17:00"}]}  # fmt: skip
    body = {"agency": str(demo.CEDAR_HOUSE), "name": "Rooms", "needs": ["housing"], "description": "A key.\n\nA bed.",
            "places": [place], "languages": ["en", "es"], "minimum_age": 18, "documents": ["state_id"],
            "openness": "waitlist", "accepts": {"drugs": "yes", "violence": "asks", "arson": "no"},
            "hidden_place": True, "eligibility": "Grown men."}  # fmt: skip
    answer = await door.send("PUT", f"/intake/programs/{PROGRAM}", body, demo.RUTH)
    assert answer.status_code == 201, answer.text
    given = (await door.allow(RAY))["id"]
    stopped = await door.allow(RAY, categories=["contact"])
    await door.post(f"/intake/consents/{stopped['id']}/revoke", {}, RAY)
    await door.allow(RAY, demo.DANA, recipient=str(demo.LANTERN_CLINIC))
    asked = {"person": str(RAY), "recipient": str(demo.LANTERN_CLINIC), "categories": ["referral"]}
    question = (await door.post("/intake/consents/ask", asked, demo.DANA)).json()["id"]
    days = {"day": str(date.today() + timedelta(days=4)), "conditions": ["curfew"], "words": "Mondays I check in."}
    await door.send("PUT", f"/intake/people/{RAY}/first-days", days, demo.DANA)
    await door.post(f"/intake/people/{RAY}/first-days/ride", {"move": "arrange"}, demo.DANA)
    return {
        "given": given,
        "asked": question,
        "opening": await an_emergency(door),
        "demand": await a_demand(door),
        "invited": await an_invitation(door, "Jo Whitfield"),
    }


async def an_invitation(door: Door, name: str) -> str:
    home = str(date.today() + timedelta(days=12))
    said = {"agency": str(demo.WELCOME_ALDER), "name": name, "release_date": home, "reach": "Unit 4"}
    await door.post("/intake/release-lists", said, demo.YUSUF)
    while await door.pool.fetchval("SELECT count(*) FROM release_list"):
        await door.fire()
    found = (await door.get("/intake/invited", demo.DANA)).json()["invited"]
    return str(next(one["id"] for one in found if one["name"] == name))


async def an_emergency(door: Door) -> str:
    await door.allow(RAY, categories=["health"])
    words = {"treated_by": "Dr. Amara Okafor", "place": "Lantern Clinic", "cannot": "unconscious", "treatment": True}
    said = {"agency": str(demo.WELCOME_ALDER), "name": "Ray Castellanos", **words}
    happened = "Found in our doorway, does not wake up, breathes shallow since ten minutes."
    await door.post("/intake/openings", {**said, "emergency": "Medical emergency"}, demo.GRACE)
    answer = await door.post("/intake/openings", {**said, "emergency": happened}, demo.GRACE)
    return str(answer.json()["id"])


async def a_demand(door: Door) -> str:
    today = await door.pool.fetchval("SELECT clock()::date")
    days = {"due_on": str(today + timedelta(days=14)), "until": str(today + timedelta(days=365))}
    came = {"person": str(RAY), "paper": "subpoena", "who": "County Court", "what": "Each page of the plan."}
    answer = await door.post("/intake/demands", {**came, **days}, demo.LENA)
    return str(answer.json()["id"])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        await chromium.close()


@asynccontextmanager
async def opened(browser: Browser, site: Site, account: UUID | None, path: str, **how: object) -> AsyncIterator[Page]:
    """A page of that account's, 390 pixels wide, with nothing in its console to be ashamed of."""
    context = await browser.new_context(viewport={"width": 390, "height": 844}, **how)  # type: ignore[arg-type]
    if account:
        tokens = Tokens(site.settings)
        token = demo.token(site.settings, account)
        await context.add_cookies([{"name": tokens.cookie_name, "value": token, "url": site.url}])
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    answer = await page.goto(site.url + path)
    assert answer is not None and answer.status < 500, path
    yield page
    await context.close()
    assert wrong == []


@pytest.mark.parametrize("name", PAGES)
async def test_every_page_is_readable_by_all_and_no_wider_than_a_phone(site: Site, browser: Browser, name: str):
    account, path = PAGES[name]
    async with opened(browser, site, account, path.format(**site.ids), bypass_csp=True) as page:
        found = await Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
        assert found.violations_count == 0, found.generate_report()
        for width in (320, 1280):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert "Castellanos" not in await page.title()


async def test_somebody_asks_for_help_and_opens_their_page_with_no_script_at_all(site: Site, browser: Browser):
    async with opened(browser, site, None, "/intake/start", java_script_enabled=False) as page:
        await page.get_by_role("button", name="Ask for help").click()
        await expect(page.get_by_role("alert")).to_contain_text("Tell us what to call you.")
        await page.get_by_label("What should we call you?").fill("Robin")
        await page.get_by_label("Food").check()
        await page.get_by_role("button", name="Ask for help").click()
        await expect(page.get_by_role("heading", name="We have it. Thank you.")).to_be_visible()
        pin = await page.locator("p.figure").inner_text()
        await page.get_by_role("link", name="Open my page").click()
        await page.get_by_label("Your PIN").fill(pin)
        await page.get_by_role("button", name="Open my page").click()
        assert urlsplit(page.url).path == "/caseplan/me"  # another service's; here it is not running
        await page.goto(site.url + "/intake/me")
        await expect(page.get_by_text("Nothing is shared.")).to_be_visible()


async def test_somebody_invited_sets_up_their_account_and_is_in(site: Site, browser: Browser):
    account = Account(uuid7(), demo.CEDAR_HOUSE, Role.CASE_MANAGER, "robin.field", Stage.INVITED)
    made = await open_account(site.door.pool, site.door.running.keys, account, "Robin Field", demo.RUTH)
    link = urlsplit(made.link(site.settings)).path
    for script in (True, False):  # looked at with one, since axe is one; then used without
        async with opened(browser, site, None, link, bypass_csp=True, java_script_enabled=script) as page:
            if script:
                found = await Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
                assert found.violations_count == 0, found.generate_report()
                continue
            secret = (await page.locator("code").inner_text()).replace(" ", "")
            await page.get_by_label("Choose a password").fill("the tram was late again")
            await page.get_by_label("The six figures").fill(code_at(secret, int(time.time() // STEP)))
            await page.get_by_role("button", name="Set up my account").click()
            await expect(page.get_by_role("heading", name="Write these down now")).to_be_visible()
            assert len((await page.get_by_label("recovery codes").input_value()).split()) == 10
            await page.goto(site.url + "/intake/people/new")
            await expect(page.get_by_role("heading", name="Somebody asked for help")).to_be_visible()
            await page.get_by_role("link", name="Robin Field").click()
            await expect(page.get_by_role("heading", name="Your sign-in", exact=True)).to_be_visible()
            phone = page.get_by_role("form", name="A new phone")
            await phone.get_by_label("Your password now").fill("the tram was late again")
            await phone.get_by_label("Code").fill(code_at(secret, int(time.time() // STEP) + 1))
            await phone.get_by_role("button", name="Set up a new phone").click()
            new = (await page.locator("code").inner_text()).replace(" ", "")
            assert new != secret
            await page.get_by_label("The six figures").fill(code_at(new, int(time.time() // STEP)))
            await page.get_by_role("button", name="Use this phone").click()
            await expect(page.get_by_role("status")).to_contain_text("Codes come from your new phone now.")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
async def test_somebody_comes_in_from_an_issuer_on_another_site(site: Site, browser: Browser, script: bool):
    """With cookies that no other site's request brings along, and an older session in the same browser."""
    account = Account(uuid7(), demo.CEDAR_HOUSE, Role.CASE_MANAGER, f"robin.{script}".lower(), Stage.INVITED)
    await open_account(site.door.pool, site.door.running.keys, account, "Robin Field", demo.RUTH, E_MAIL)
    async with opened(browser, site, None, "/intake/sign-in", java_script_enabled=script) as page:
        await page.get_by_role("button", name="Sign in as Dana Whitfield").click()
        await page.goto(site.url + "/intake/account/sign-in?next=/intake/people/new")
        await page.get_by_role("link", name="Sign in with Cedar's own sign-in").click()
        await expect(page.get_by_role("heading", name="Somebody asked for help")).to_be_visible()
    ended = await site.door.pool.fetch("SELECT because FROM session ORDER BY ended_at DESC NULLS LAST LIMIT 1")
    assert [row["because"] for row in ended] == ["replaced"]
    async with transaction(site.door.pool) as tx:
        assert await save_known_as(tx, account, None, Cause())


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
async def test_a_form_that_took_longer_than_a_token_lives_is_sent_all_the_same(
    site: Site, browser: Browser, script: bool
):
    async with opened(browser, site, None, "/intake/sign-in", java_script_enabled=script) as page:
        await page.get_by_role("button", name="Sign in as Dana Whitfield").click()
        await page.goto(site.url + "/intake/people/new")
        await page.get_by_label("What do they like to be called?").fill(f"Slow {script}")
        await page.context.clear_cookies(name=Tokens(site.settings).cookie_name)
        await page.get_by_role("button", name="Welcome them").click()
        await page.goto(site.url + "/intake/people")
        await expect(page.get_by_text(f"Slow {script}")).to_be_visible()


async def test_a_form_whose_session_is_over_comes_back_with_what_was_typed(site: Site, browser: Browser):
    async with opened(browser, site, None, "/intake/sign-in", java_script_enabled=False) as page:
        await page.get_by_role("button", name="Sign in as Dana Whitfield").click()
        await page.goto(site.url + "/intake/people/new")
        await page.get_by_label("What do they like to be called?").fill("Slower still")
        await site.door.pool.execute("UPDATE session SET ends_at = clock()")
        await page.context.clear_cookies(name=Tokens(site.settings).cookie_name)
        await page.get_by_role("button", name="Welcome them").click()
        await expect(page.get_by_role("heading", name="You were away for a while")).to_be_visible()
        async with page.context.expect_page() as second:
            await page.get_by_role("link", name="Sign in again").click()
        other = await second.value
        await other.get_by_role("button", name="Sign in as Dana Whitfield").click()
        await page.get_by_role("button", name="Send what I typed").click()
        await page.goto(site.url + "/intake/people")
        await expect(page.get_by_text("Slower still")).to_be_visible()


async def test_a_yes_and_a_stop_need_no_script(site: Site, browser: Browser):
    async with opened(browser, site, RAY, ASK, java_script_enabled=False) as page:
        await page.get_by_label("How to reach you").check()
        await page.get_by_role("button", name="Yes, tell them").click()
        await expect(page.get_by_role("status")).to_contain_text(["Done. They hear what you chose"])
        await page.get_by_role("button", name="Stop sharing with Cedar House").first.click()
        await expect(page.get_by_text("Stopping now.").first).to_be_visible()


async def test_a_yes_is_given_by_keyboard_and_its_copy_opens_without_a_script(site: Site, browser: Browser):
    ask = ASK.replace(str(demo.CEDAR_HOUSE), str(demo.LANTERN_CLINIC))
    async with opened(browser, site, RAY, ask, java_script_enabled=False) as page:
        await press_until(page, "input[name=categories][value=plan]", "Space")
        await press_until(page, "form .button.main", "Enter")
        await expect(page.get_by_role("status")).to_contain_text(["Done. They hear what you chose"])
        await page.get_by_role("link", name="Read what I said yes to with Lantern Clinic").first.click()
        await expect(page.get_by_role("heading", name="Your copy")).to_be_visible()
        await expect(page.get_by_text("Your plan.")).to_be_visible()
        link = await page.get_by_role("link", name="Get it as a PDF").get_attribute("href")
        pdf = await page.context.request.get(f"{site.url}{link}")
        assert pdf.headers["content-type"] == "application/pdf"


async def press_until(page: Page, wanted: str, key: str) -> None:
    """Tab along until `wanted` has the focus, then press."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.locator(f"{wanted}:focus").count():
            return await page.keyboard.press(key)
    raise AssertionError(f"{wanted} is not reached by keyboard")


async def test_the_second_phase_of_stopping_comes_by_itself(site: Site, browser: Browser):
    consent = await site.door.allow(RAY, categories=["plan"])
    await site.door.post(f"/intake/consents/{consent['id']}/revoke", {}, RAY)
    async with opened(browser, site, RAY, f"/intake/people/{RAY}/shared") as page:
        row = page.locator(f"#consent-{consent['id']}")
        await expect(row).to_contain_text("Stopping now.")
        for disclosing in ("caseplan", "notifications"):
            await site.door.hear_halted(disclosing, consent["id"], RAY)
        await expect(row).to_contain_text("In effect since", timeout=15_000)
