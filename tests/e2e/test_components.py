"""The parts of a page in a real browser: readable by all, usable without script or mouse, deaf to smuggled markup."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shared.runtime.errors import NotAllowed, NotFound, Retryable
from shared.runtime.settings import Settings
from shared.web.app import web_app
from shared.web.names import named
from shared.web.parts import Bar, Helper
from shared.web.templates import environment, render

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
]

RAY = UUID(int=1)
SHOTS = os.environ.get("THROUGHCARE_SCREENSHOTS")  # a folder, for whoever wants to look
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE, DESK = (390, 844), (1280, 900)
SMUGGLED = """<img src=x onerror="window.hit=1"><script>window.hit=1</script>" hx-on:load="window.hit=1" """
PAGES = {
    "gallery": "/caseplan/styleguide",
    "mine": "/caseplan/styleguide?look=mine",
    "mine in Spanish": "/caseplan/styleguide?look=mine&lang=es",
    "part alone": "/caseplan/styleguide/part",
    "missing page": "/caseplan/nowhere",
    "sleeping service": "/caseplan/styleguide/silent",
}
TEST_PAGE = """{% extends "layout.html" %}{% block main %}<h1>Parts that change</h1>
{{ ui.fragment("/caseplan/sometimes", "Sometimes", "sometimes") }}
{{ ui.fragment("/caseplan/refused", "Refused", "refused") }}
{{ ui.fragment("/caseplan/smuggled", "Smuggled", "smuggled") }}
<h2 id="good">{{ ray }}</h2><h2 id="bad">{{ nobody }}</h2>
<p><button class="button" hx-post="/caseplan/press" hx-target="#pressed">Press</button></p><div id="pressed"></div>
<div hx-sse:connect="/caseplan/stream" hx-target="#news"></div><div id="news"></div>{% endblock %}"""
SMUGGLED_PART = (
    """{% extends "layout.html" %}{% block main %}{{ ui.people(rows) }}{{ ui.notice(text) }}{% endblock %}"""
)


@dataclass
class Site:
    url: str
    asleep: bool = True  # whether /sometimes fails
    pressed: list[dict[str, str]] = field(default_factory=list)


def site_app(site: Site, folder: Path) -> FastAPI:
    (folder / "changing.html").write_text(TEST_PAGE)
    (folder / "smuggled.html").write_text(SMUGGLED_PART)
    app = web_app("caseplan", settings=Settings(demo=True), env=environment(folder))
    bar = Bar(links=(("Here", "/caseplan/changing"),))

    @app.get("/caseplan/changing")
    async def changing(request: Request) -> Response:
        return render(request, "changing.html", bar=bar, ray=named(RAY), nobody=named(UUID(int=2)))

    @app.get("/caseplan/sometimes")
    async def sometimes(request: Request) -> Response:
        if site.asleep:
            raise Retryable("asleep")
        return render(request, "smuggled.html", bar=bar, rows=[Helper("Grace", "Nurse")], text="Awake again.")

    @app.get("/intake/people/{person}/name")
    async def name(person: UUID) -> Response:
        if person != RAY:
            raise NotFound("person", person)
        return Response("<span>Ray</span>", media_type="text/html")

    @app.get("/caseplan/refused")
    async def refused() -> None:
        raise NotAllowed("Only Jo may read it.")

    @app.get("/caseplan/smuggled")
    async def smuggled(request: Request) -> Response:
        return render(request, "smuggled.html", bar=bar, rows=[Helper(SMUGGLED, SMUGGLED)], text=SMUGGLED)

    @app.post("/caseplan/press")
    async def press(request: Request) -> Response:
        site.pressed.append(dict(request.headers))
        return Response("<p>It is pressed.</p>", media_type="text/html")

    @app.get("/caseplan/stream")
    async def stream() -> StreamingResponse:
        async def news() -> AsyncIterator[str]:
            yield "id: 7\ndata: <p>Yusuf answered.</p>\n\n"
            await asyncio.Event().wait()

        return StreamingResponse(news(), media_type="text/event-stream")

    return app


class Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        site = Site(f"http://127.0.0.1:{listening.getsockname()[1]}")
        app = site_app(site, tmp_path_factory.mktemp("templates"))
        config = uvicorn.Config(app, log_level="critical", ws="none", lifespan="off", timeout_graceful_shutdown=1)
        server = Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        await server.ready.wait()
        yield site
        server.should_exit = True
        await running


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@asynccontextmanager
async def opened(browser: Browser, url: str, size: tuple[int, int] = DESK, **options: Any) -> AsyncIterator[Page]:
    """A page in a browser of its own; leaves only when nothing foreign was asked for and nothing was blocked."""
    context: BrowserContext = await browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
    asked: list[str] = []
    wrong: list[str] = []
    page = await context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None)
    await page.goto(url, wait_until="load")
    yield page
    await context.close()
    home = url.split("/caseplan")[0]
    assert [address for address in asked if not address.startswith(home)] == []
    assert wrong == []


async def settled(page: Page) -> None:
    """Every part has either come or said that it does not."""
    await expect(page.locator("[data-part='']")).to_have_count(0)


async def to_mend(page: Page) -> str:
    """What axe finds wrong; empty when nothing is."""
    found = await Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
    return found.generate_report() if found.violations_count else ""


@pytest.mark.parametrize(
    ("scheme", "size"), [("light", PHONE), ("dark", DESK), ("dark", PHONE), ("light", DESK)], ids=str
)
@pytest.mark.parametrize("name", PAGES)
async def test_axe_finds_nothing_to_mend(site: Site, browser: Browser, name: str, scheme: Any, size: tuple[int, int]):
    async with opened(browser, site.url + PAGES[name], size, color_scheme=scheme) as page:
        await settled(page)
        await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert await to_mend(page) == ""
        if SHOTS:
            await page.screenshot(path=Path(SHOTS) / f"{name}-{size[0]}-{scheme}.png", full_page=True)


@pytest.mark.parametrize("name", PAGES)
async def test_nothing_is_wider_than_the_screen(site: Site, browser: Browser, name: str):
    async with opened(browser, site.url + PAGES[name]) as page:
        await settled(page)
        for width in (320, 390, 640, 1280):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_text_twice_as_large_still_fits(site: Site, browser: Browser):
    async with opened(browser, site.url + PAGES["mine"], (640, 800)) as page:
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 640


async def test_a_thumb_finds_every_button_of_the_person_s_page(site: Site, browser: Browser):
    async with opened(browser, site.url + PAGES["mine"], PHONE, has_touch=True, is_mobile=True) as page:
        await settled(page)
        buttons = page.locator(".button:visible, .dock a")
        sizes = [await one.bounding_box() for one in await buttons.all()]
        assert len(sizes) > 8 and min(size["height"] for size in sizes if size) >= 48


# Numbers every stop of the keyboard; the radios of one question are one stop.
NUMBER_THE_STOPS = """() => {
    const stops = new Map();
    const all = "a[href], button, input:not([type=hidden]), select, textarea, summary";
    for (const one of document.querySelectorAll(all)) {
        if (!one.checkVisibility({ visibilityProperty: true })) continue;
        const question = one.type === "radio" ? one.closest("fieldset") : one;
        if (!stops.has(question)) stops.set(question, stops.size);
        one.dataset.stop = stops.get(question);
    }
    return stops.size;
}"""
WHERE_IT_IS = """() => {
    const one = document.activeElement, box = one.getBoundingClientRect();
    const over = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return {
        stop: one.dataset.stop ?? null, text: one.outerHTML.slice(0, 200),
        ring: parseFloat(getComputedStyle(one).outlineWidth), clear: one.contains(over) || !!over?.contains(one),
    };
}"""


@pytest.mark.parametrize("name", ["gallery", "mine"])
async def test_the_keyboard_reaches_everything_and_always_shows_where_it_is(site: Site, browser: Browser, name: str):
    async with opened(browser, site.url + PAGES[name], DESK) as page:
        await settled(page)
        stops = set(map(str, range(await page.evaluate(NUMBER_THE_STOPS))))
        reached: set[str] = set()
        while True:
            await page.keyboard.press("Tab")
            where = await page.evaluate(WHERE_IT_IS)
            if where["text"].startswith("<body"):
                break
            assert where["ring"] >= 2 and where["clear"], where["text"]
            reached.add(where["stop"])
        assert stops <= reached


async def test_the_first_stop_of_the_keyboard_skips_the_menu(site: Site, browser: Browser):
    async with opened(browser, site.url + PAGES["gallery"]) as page:
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#main")).to_be_focused()


async def test_what_to_mend_is_read_first_and_leads_to_its_field(site: Site, browser: Browser):
    async with opened(browser, site.url + PAGES["gallery"], PHONE) as page:
        await page.get_by_label("With").fill("")
        await page.get_by_label("What matters from it").fill("Slept well.")
        await page.get_by_role("button", name="Save contact and promise").click()
        summary = page.get_by_role("alert").filter(has_text="One thing to mend")
        await expect(summary).to_be_focused()
        await summary.get_by_role("link", name="Say who you spoke with.").click()
        await expect(page.get_by_label("With")).to_be_focused()
        await expect(page.get_by_label("What matters from it")).to_have_value("Slept well.")
        await page.keyboard.type("Ray")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
        assert await to_mend(page) == ""


async def test_without_script_forms_work_and_parts_are_links(site: Site, browser: Browser):
    async with opened(browser, site.url + PAGES["gallery"], PHONE, java_script_enabled=False) as page:
        await page.get_by_label("With").fill("")
        await page.get_by_role("button", name="Save contact and promise").click()
        await page.get_by_role("link", name="Say who you spoke with.").click()
        await page.get_by_label("With").fill("Ray")
        await page.get_by_role("button", name="Save contact and promise").click()
        await expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
        await expect(page.get_by_text("This part is not answering.").first).to_be_hidden()
        await page.get_by_role("link", name="My people, drawn by another service").click()
        await expect(page.get_by_text("Tony Baptiste")).to_be_visible()
        await expect(page.get_by_role("navigation", name="Main")).to_be_visible()


async def test_a_part_that_sleeps_says_so_alone_and_can_be_asked_again(site: Site, browser: Browser):
    site.asleep = True
    async with opened(browser, f"{site.url}/caseplan/changing") as page:
        part = page.locator("#sometimes")
        await expect(part.get_by_text("This part is not answering.")).to_be_visible()
        await expect(part.get_by_role("link", name="Sometimes")).to_be_hidden()
        await expect(part.locator("[data-body]")).to_have_text("Sometimes")  # whatever a proxy sent was not put in
        await expect(page.locator("#smuggled").get_by_role("listitem")).to_be_visible()
        site.asleep = False
        await part.get_by_role("button", name="Ask again").click()
        await expect(part.get_by_text("Awake again.")).to_be_visible()
        await expect(part.get_by_text("This part is not answering.")).to_be_hidden()


async def test_a_broken_line_is_told_like_a_sleeping_service(site: Site, browser: Browser):
    async with opened(browser, f"{site.url}/caseplan/styleguide/part") as page:
        await page.route("**/caseplan/smuggled", lambda route: route.abort())
        await page.goto(f"{site.url}/caseplan/changing")
        await expect(page.locator("#smuggled").get_by_text("This part is not answering.")).to_be_visible()


async def test_a_part_that_refuses_says_why(site: Site, browser: Browser):
    async with opened(browser, f"{site.url}/caseplan/changing") as page:
        await expect(page.locator("#refused").get_by_role("alert")).to_contain_text("Only Jo may read it.")
        await expect(page.locator("#refused").get_by_text("This part is not answering.")).to_be_hidden()


async def test_a_name_comes_from_its_keeper_and_a_plain_word_stands_in_for_it(site: Site, browser: Browser):
    async with opened(browser, f"{site.url}/caseplan/changing") as page:
        await expect(page.locator("#good")).to_have_text("Ray")
        await settled(page)
        await expect(page.locator("#bad")).to_have_text("Open")


async def test_smuggled_markup_stays_text_after_a_swap(site: Site, browser: Browser):
    async with opened(browser, f"{site.url}/caseplan/changing") as page:
        await expect(page.locator("#smuggled").get_by_text('onerror="window.hit=1"').first).to_be_visible()
        assert await page.locator("#smuggled").locator("img, script, [onerror]").count() == 0
        assert await page.evaluate("window.hit") is None


async def test_htmx_sends_the_form_token_and_a_stream_draws_its_news(site: Site, browser: Browser):
    async with opened(browser, f"{site.url}/caseplan/changing") as page:
        await page.get_by_role("button", name="Press").click()
        await expect(page.get_by_text("It is pressed.")).to_be_visible()
        assert len(site.pressed[-1]["x-csrf-token"]) == 43
        await expect(page.get_by_text("Yusuf answered.")).to_be_visible()


async def test_leaving_the_page_leaves_no_way_back_to_it(site: Site, browser: Browser):
    context = await browser.new_context()
    page = await context.new_page()
    await page.route(
        "https://www.weather.gov/**", lambda route: route.fulfill(body="<h1>Sunny</h1>", content_type="text/html")
    )
    await page.goto(f"{site.url}/caseplan/styleguide/part")
    await page.goto(site.url + PAGES["mine"])
    async with page.expect_request("**/intake/leave") as ending:  # whatever becomes of it, the page is gone
        await page.get_by_role("button", name="Leave this page").click()
    assert (await ending.value).method == "POST"
    await expect(page.get_by_role("heading", name="Sunny")).to_be_visible()
    await page.go_back()
    assert "look=mine" not in page.url
    await context.close()


VOICES = """voices => {
    window.said = [];
    speechSynthesis.getVoices = () => voices;
    speechSynthesis.speak = one => window.said.push(one.text);
    window.SpeechSynthesisUtterance = function (text) { return Object.assign(new EventTarget(), { text }); };
    speechSynthesis.dispatchEvent(new Event("voiceschanged"));
}"""


async def test_the_page_is_read_aloud_by_a_voice_of_the_phone_s_own_alone(site: Site, browser: Browser):
    async with opened(browser, site.url + PAGES["mine"], PHONE) as page:
        listen = page.get_by_role("button", name="Listen")
        await page.evaluate(VOICES, [{"lang": "en-US", "localService": False}, {"lang": "es-MX", "localService": True}])
        await expect(listen).to_be_hidden()
        await page.evaluate(VOICES, [{"lang": "en-US", "localService": True}])
        await listen.click()
        assert "Hi, Ray." in await page.evaluate("window.said")
        await page.get_by_role("button", name="Stop", exact=True).click()
        await expect(listen).to_be_visible()


async def test_another_language_is_another_look_at_the_same_page(site: Site, browser: Browser):
    async with opened(browser, site.url + PAGES["mine"], PHONE) as page:
        await page.get_by_role("link", name="Español").click()
        assert page.url.endswith("?look=mine&lang=es")
        await expect(page.get_by_role("link", name="English")).to_be_visible()


async def test_nothing_moves_for_who_asks_for_less(site: Site, browser: Browser):
    async with opened(browser, site.url + PAGES["gallery"], reduced_motion="reduce") as page:
        lengths = await page.evaluate(
            "[...document.querySelectorAll('*')].map(one => getComputedStyle(one).transitionDuration)"
        )
        assert set(lengths) <= {"0s", "0s, 0s"}


async def test_paper_carries_no_menu_no_form_and_no_words_told_in_trust(site: Site, browser: Browser):
    async with opened(browser, site.url + PAGES["mine"]) as page:
        await page.emulate_media(media="print")
        assert await page.locator(".top:visible, .dock:visible, form:visible, .button:visible").count() == 0
        assert await page.locator(".talk:visible, .part:visible").count() == 0
        await expect(page.get_by_text("“My own key.”")).to_be_visible()
