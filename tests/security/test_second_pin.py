"""A second PIN opens a page that anybody may see, and nobody can tell it from the first: not who looks over a shoulder,
who holds the phone afterwards, who reads the log; and no route forgets it."""

import re
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
import structlog.testing

from services.intake.signing_in import passwords
from services.intake.signing_in.own_pin import OWN_PIN
from shared.contracts import person as person_events
from shared.runtime.ids import uuid7
from shared.runtime.reach import Reach
from shared.security import demo
from shared.security.edge import entries, reach_of
from shared.security.permissions import HARMLESS, TABLE, Role, may_at_all
from shared.security.tokens import Tokens
from tests.integration.caseplan import scenes
from tests.integration.caseplan.conftest import world as caseplan_world
from tests.integration.intake.browsers import Browsers, fields
from tests.integration.intake.conftest import browsers, house
from tests.integration.intake.phones import FIRST, SECOND, THIRD, choose, hand_out, settled, type_pin
from tests.integration.intake.world import NAME, NUMBER, WORDS, Door

pytestmark = pytest.mark.network
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
TIME = re.compile(r"\d+:\d\d")  # the one is pressed after the other
SECRET = re.compile(r"value=\"[^\"]*\"|\"X-CSRF-Token\": \"[^\"]*\"")
__all__ = ["browsers", "caseplan_world", "house"]


@pytest_asyncio.fixture(loop_scope="session")
async def person(house: Door) -> UUID:
    """Somebody of whom there is a lot: a worker, a number, words of their own, something shared and looked at."""
    person = await house.add()
    await house.allow(person)
    assert (await house.get(f"/intake/people/{person}", demo.DANA)).status_code == 200
    return person


def shape(answer: httpx.Response) -> tuple[object, ...]:
    """What a bystander with the phone and its tools can look at: all but the secrets themselves."""
    cookies = [
        (line.partition("=")[0], len(line), line.partition(";")[2]) for line in answer.headers.get_list("set-cookie")
    ]
    headers = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
    return answer.status_code, headers, cookies, plain(answer.text)


def plain(page: str) -> str:
    return ID.sub("ID", SECRET.sub("", page))


async def test_the_answer_to_the_one_has_the_shape_of_the_answer_to_the_other(browsers, person):
    link = await settled(browsers, person)
    seen = []
    for pin in (FIRST, SECOND):
        async with browsers.open() as phone:
            seen.append(shape(await type_pin(phone, link, pin)))
    assert seen[0] == seen[1]
    assert seen[0][0] == 303


async def test_it_takes_as_long(browsers, person, monkeypatch):
    """Counted in what takes the time: each time two PINs are compared, whichever was typed and whatever there is."""
    link, compared = await settled(browsers, person), []
    verify = passwords._verify
    monkeypatch.setattr(passwords, "_verify", lambda kept, given: compared.append(kept) or verify(kept, given))
    for pin, status in ((FIRST, 303), (SECOND, 303), ("481516", 422)):
        async with browsers.open() as phone:
            compared.clear()
            assert (await type_pin(phone, link, pin)).status_code == status
            assert len(compared) == 2, pin


async def test_a_pin_that_is_neither_is_refused_alike_whether_there_is_a_second(browsers, house, person):
    both, one = await settled(browsers, person), await hand_out(house, await house.add())
    async with browsers.open() as phone:
        await choose(phone, one)
    seen = []
    for link in (both, one):
        async with Browsers(house).open() as phone:
            seen.append(plain((await type_pin(phone, link, THIRD)).text).replace(link, "LINK"))
    assert seen[0] == seen[1]


async def test_log_and_audit_say_the_same_of_both(browsers, house, person):
    link = await settled(browsers, person)
    said, written = [], []
    for pin in (FIRST, SECOND):
        before = await house.pool.fetchval("SELECT coalesce(max(number), 0) FROM audit")
        async with browsers.open() as phone:
            with structlog.testing.capture_logs() as logs:
                await type_pin(phone, link, pin)
                for path in (
                    "/intake/me/questions",
                    f"/intake/people/{person}/shared",
                    f"/intake/people/{person}/name",
                ):
                    assert (await phone.get(path)).status_code == 200
        said.append(logs)
        rows = await house.pool.fetch(
            "SELECT actor_id, actor_role, action, person_id, object, purpose, allowed FROM audit"
            " WHERE number > $1 ORDER BY number", before,
        )  # fmt: skip
        written.append([tuple(row) for row in rows])
    assert said[0] == said[1] != []
    assert written[0] == written[1] != []


async def test_behind_it_every_route_answers_as_for_somebody_of_whom_there_is_nothing(browsers, house, person):
    """The same words as for a newcomer who came in by their first PIN; what is not harmless is not there."""
    new = await house.add(name="Somebody New", contact=None, way=None, safe=None, words=None)
    links = {person: await settled(browsers, person), new: await hand_out(house, new)}
    async with browsers.open() as harmless, browsers.open() as newcomer:
        await type_pin(harmless, links[person], SECOND)
        await choose(newcomer, links[new])
        for entry in entries(browsers.app):
            if "GET" not in entry.methods or not entry.action or not may_at_all(Role.PERSON, entry.action):
                continue
            if entry.action in ("public", "directory.read", "person.refer_self") or "news" in entry.path:
                continue  # open to everybody, or open for as long as somebody looks
            seen = []
            for phone, whose in ((harmless, person), (newcomer, new)):
                path = re.sub(r"\{[^}]+\}", str(whose), entry.path)
                seen.append(await phone.get(path))
            drawn = re.sub(r"<option.*?</option>", "", seen[0].text)  # but for the directory, which is everybody's
            assert NUMBER not in drawn and WORDS not in drawn and "Cedar House" not in drawn
            if entry.action not in HARMLESS:
                assert seen[0].status_code == 404, str(entry)
            elif entry.path.endswith("/looks"):
                assert "Nobody has looked here yet." in seen[0].text
            elif entry.path != OWN_PIN:
                told = [plain(answer.text).replace(NAME, "NAME").replace("Somebody New", "NAME") for answer in seen]
                assert (seen[0].status_code, told[0]) == (seen[1].status_code, told[1]), str(entry)


async def test_it_writes_nothing_but_its_own_pin(browsers, house, person):
    link = await settled(browsers, person)
    async with browsers.open() as phone:
        await type_pin(phone, link, SECOND)
        form = fields((await phone.get(OWN_PIN)).text, "PIN")
        for entry in entries(browsers.app):
            if "POST" in entry.methods and entry.action and entry.action not in HARMLESS:
                path = re.sub(r"\{[^}]+\}", str(person), entry.path)
                answer = await phone.post(path, data={**form, "contact": "555-010-6666", "way": "sms", "safe": "yes"})
                assert answer.status_code == 404, (str(entry), answer.text)
        changed = await phone.post(OWN_PIN, data={**form, "now": SECOND, "new": THIRD, "again": THIRD})
        assert changed.status_code == 303
    async with browsers.open(at="127.0.0.9") as phone:
        assert (await type_pin(phone, link, SECOND)).status_code == 422
        for pin, is_harmless in ((THIRD, True), (FIRST, False)):
            assert (await type_pin(phone, link, pin)).status_code == 303
            token = browsers.tokens.read(phone.cookies[browsers.tokens.cookie_name])
            assert token.actor.harmless == is_harmless, "it is the second that was changed"


async def test_what_is_pressed_there_looks_done_and_nothing_of_theirs_hears_of_it(browsers, house, person):
    """Each press has the answer that a newcomer's has, and so has each page that it shows on, then and a day later."""
    new = await house.add(name="Somebody New", contact=None, way=None, safe=None, words=None)
    links = {person: await settled(browsers, person), new: await hand_out(house, new)}
    before = await kept_of(house, person)
    async with browsers.open() as harmless, browsers.open() as newcomer:
        await type_pin(harmless, links[person], SECOND)
        await choose(newcomer, links[new])
        for path, near, typed in PRESSES:
            theirs = await pressed(harmless, person, path, near, typed)
            assert theirs == await pressed(newcomer, new, path, near, typed), (path, near)
    async with browsers.open() as later:
        await type_pin(later, links[person], SECOND)
        assert "You asked for it" in (await later.get(f"/intake/people/{person}/erasure")).text
        assert "Take it back" in (await later.get(f"/intake/people/{person}/never")).text
    assert await kept_of(house, person) == before
    async with browsers.open() as whole:
        await type_pin(whole, links[person], FIRST)
        assert "You asked for it" not in (await whole.get(f"/intake/people/{person}/erasure")).text
        assert "Take it back" not in (await whole.get(f"/intake/people/{person}/never")).text


NEAR, HOME = str(demo.CEDAR_HOUSE), str(demo.WELCOME_ALDER)
PRESSES = [
    ("erasure", "Have it all erased", {}), ("erasure", "again", {}), ("erasure/take-back", "back", {}),
    ("erasure/take-back", "again", {}), ("erasure", "anew", {}), ("never", "no agency", {}),
    ("never", "their own", {"agency": HOME}), ("never", "another", {"agency": NEAR}),
    ("never", "again", {"agency": NEAR}), (f"never/{NEAR}/take-back", "back", {}), ("never", "anew", {"agency": NEAR}),
    ("portrait/portrait", "joys", {"seen": "joys:0", "joys": "Fishing", "skip": "my_day"}),
    ("portrait/portrait", "others", {"seen": "joys:1", "joys": "Music"}),
    ("portrait/portrait", "stale", {"seen": "joys:1", "joys": "Her garden"}),
    ("portrait/about", "nameless", {"seen": "called:0"}),
    ("portrait/about", "another", {"seen": "called:0", "called": "Robin"}), ("portrait/care/open", "care", {}),
    ("portrait/care", "health", {"seen": "health:0", "health": "first"}),
    ("ways", "half", {"contact": "12"}), ("ways", "one", {"way": "sms", "contact": "555-010-2211", "safe": "yes"}),
    ("ways", "two", {"contact": "robin@example.org", "quiet_from": "20:00", "quiet_until": "08:00", "readers": "Jo"}),
]  # fmt: skip


SHOWS = ("erasure", "never", "shared", "told", "portrait", "portrait/portrait", "portrait/care", "ways", "name")


async def pressed(phone: httpx.AsyncClient, whose: UUID, path: str, near: str, typed: dict[str, str]) -> object:
    """The press, and where it leads; then every page that could show it."""
    form = fields((await phone.get(OWN_PIN)).text, "PIN")
    answer = await phone.post(f"/intake/people/{whose}/{path}", data={**form, "_key": near + path, **typed})
    shows = [f"/intake/people/{whose}/{page}" for page in SHOWS]
    pages = [(await phone.get(page)).text for page in (*shows, "/intake/me/questions")]
    drawn = [TIME.sub("TIME", plain(page)) for page in (answer.headers.get("location", ""), answer.text, *pages)]
    return answer.status_code, [page.replace(NAME, "NAME").replace("Somebody New", "NAME") for page in drawn]


async def kept_of(house: Door, person: UUID) -> list[object]:
    """All that a press could change of somebody, and what others would hear."""
    asks = (
        "SELECT * FROM erasure WHERE person_id = $1", "SELECT * FROM never WHERE person_id = $1",
        "SELECT * FROM consent WHERE person_id = $1", "SELECT type FROM outbox WHERE partitionkey = $1",
        "SELECT kind, subject FROM timer WHERE subject = $1", "SELECT * FROM person WHERE id = $1",
        "SELECT * FROM answer WHERE person_id = $1 AND NOT pretended",
        "SELECT * FROM opened_section WHERE person_id = $1 AND NOT pretended",
        "SELECT * FROM contact_way WHERE person_id = $1 AND NOT pretended",
    )  # fmt: skip
    return [[tuple(row) for row in await house.pool.fetch(ask, str(person))] for ask in asks]


async def test_nothing_it_shows_speaks_of_another_pin(browsers, house, person):
    link = await settled(browsers, person)
    async with browsers.open() as phone:
        await type_pin(phone, link, SECOND)
        for path in (OWN_PIN, f"/intake/people/{person}/shared", "/intake/me/questions", link):
            page = (await phone.get(path)).text.lower()
            assert not re.search(r"second|segundo|harmless|other pin|otro pin", page), path


async def test_it_stays_what_it_is_when_the_token_is_renewed(browsers, house, person):
    link = await settled(browsers, person)
    async with browsers.open() as phone:
        await type_pin(phone, link, SECOND)
        browsers.lose_token(phone)
        assert (await phone.get("/intake/session/renew?next=/intake/me")).headers["location"] == "/intake/me"
        assert browsers.tokens.read(phone.cookies[browsers.tokens.cookie_name]).actor.harmless


async def test_no_link_that_both_views_show_leads_anywhere_in_one_of_them_alone(browsers, house, person):
    """Whoever stands beside them presses what is there: a page that is missing would tell which PIN it was."""
    link = await settled(browsers, person)
    reached = []
    for pin in (FIRST, SECOND):
        async with browsers.open() as phone:
            await type_pin(phone, link, pin)
            pages, found = [f"/intake/people/{person}/shared", OWN_PIN], {}
            while pages:
                where = pages.pop()
                answer = await phone.get(where)
                found[where] = answer.status_code
                links = re.findall(r'<a [^>]*href="(/intake/[^"#?]*)', answer.text)
                pages += [one for one in links if one not in found and one not in pages]
            reached.append(found)
    whole, harmless = reached
    assert harmless.items() <= whole.items() and set(whole.values()) == {200}
    assert all(path.startswith("/intake/consents/") for path in whole.keys() - harmless.keys()), "of what is shared"


# The guard


@pytest.mark.parametrize("action", sorted(TABLE))
def test_whatever_a_route_asks_for_no_row_of_theirs_is_in_reach(action):
    ray = replace(demo.person_actor(demo.RAY), harmless=True)
    assert reach_of(ray, action) == Reach(actor=demo.RAY)


def test_what_answers_behind_it_changes_nothing_but_that_pin():
    """Read by hand when it grows: each of these is drawn from rows, which are out of reach, or is open to everybody, or
    writes beside the record."""
    assert set(HARMLESS) == {
        "public", "directory.read", "person.refer_self", "mine.read", "person.name", "consent.read", "looks.read",
        "message.read", "disclosures.read", "erasure.read", "never.read", "link.read", "portrait.read", "ways.read",
        "first_days.read",
        "pin.change", "erasure.ask", "erasure.take_back", "never.say", "portrait.edit", "ways.edit",
    }  # fmt: skip


# The page itself


@pytest.mark.parametrize("lang", ["en", "es"])
async def test_its_page_is_a_newcomers_to_the_letter(caseplan_world, lang):
    """So it is in a browser without scripts as well, and so is what fills itself in where there are some."""
    world, new = caseplan_world, uuid7()
    await world.hear(person_events.Welcomed(person=new, language="en", agency=demo.WELCOME_ALDER), new)
    tokens = Tokens(world.running.settings)
    pages = []
    for harmless in (False, True):
        token = tokens.issue_for(replace(demo.person_actor(new), harmless=harmless), uuid7())
        async with world.nobody() as client:
            asks = {"Authorization": f"Bearer {token}", "Accept": "text/html", "Accept-Language": lang}
            pages.append((await client.get("/caseplan/me", headers=asks)).text)
    whole, harmless_ = (MARK.sub("since=MARK", plain(page)) for page in pages)
    assert whole == harmless_
    assert "/intake/me/questions" in whole and "since=MARK" in whole


MARK = re.compile(r"since=[0-9a-f]{12}")  # drawn from what there is, and the same as long as nothing comes


async def test_their_own_page_shows_nothing_of_what_there_is(caseplan_world):
    world = caseplan_world
    await scenes.a_day(world)
    whole = await world.page(demo.RAY, "/caseplan/me")
    tokens = Tokens(world.running.settings)
    token = tokens.issue_for(replace(demo.person_actor(demo.RAY), harmless=True), uuid7())
    async with world.nobody() as client:
        asks = {"Authorization": f"Bearer {token}"}
        page = await client.get("/caseplan/me", headers={**asks, "Accept": "text/html"})
        told = await client.get("/caseplan/me", headers={**asks, "Accept": "application/json"})
    assert page.status_code == told.status_code == 200
    for words in ("My own key.", "bus passes", "Cedar House"):
        assert words in whole and words not in page.text and words not in told.text
    assert {name for name, value in told.json().items() if value} == {"person"}
