"""One person's life here, two workers' sign-ins, two agencies' entries: a canary in every field that takes words."""

import asyncio
import re
import secrets
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any, Self
from uuid import UUID

import httpx

from services.intake.directory import RECORDS
from services.intake.portrait import Section, questions_of
from services.intake.signing_in.codes import STEP, code_at
from shared.runtime.ids import uuid7
from shared.security import demo
from shared.web import forms
from tests.security.asked import Page, typed_on
from tests.security.canaries import PUBLIC, SIGN_IN, mail, marked, phone, words
from tests.security.heard import Heard
from tests.security.site import HEARD_WITHIN, Site

HTML = {"Accept": "text/html"}
ROOMS, LEGAL = UUID("01934b00-0000-7000-8d00-000000000001"), UUID("01934b00-0000-7000-8d00-000000000002")
LEADS = ((demo.WELCOME_ALDER, demo.LENA), (demo.CEDAR_HOUSE, demo.YUSUF), (demo.LANTERN_CLINIC, demo.GRACE))
DAYS = [{"weekday": day, "opens": "00:00", "closes": "23:59"} for day in range(1, 8)]
CALENDAR = {"timezone": "America/New_York", "openings": DAYS}
NO = dict.fromkeys(("supervision", "courts", "immigration", "child_protection"), "no")
PERSON, SETBACK = uuid7(), uuid7()
PIN, NEW_PIN, SECOND_PIN = "483920", "640283", "907416"
READERS = (PERSON, demo.DANA, demo.LENA, demo.YUSUF, demo.RUTH, demo.OPS, demo.AUDITOR, demo.IMANI)
STARTS = (
    "/intake/", "/intake/people", "/intake/people/new", "/intake/directory", "/intake/accounts", "/intake/covers",
    "/intake/account/own", "/intake/me/pin", "/intake/start", "/intake/release-lists",
    f"/intake/people/{PERSON}/first-days", "/caseplan/today", "/caseplan/me", "/caseplan/asked",
    "/caseplan/referrals", f"/caseplan/people/{PERSON}", f"/caseplan/plans/{PERSON}/edit", "/intake/sign-in",
    "/intake/account/sign-in", "/notifications/messages", "/notifications/partners", "/reporting/",
    "/reporting/mirror", "/reporting/indicators", "/intake/styleguide",
)  # fmt: skip


@dataclass
class Colleague:
    """Somebody invited: the link, then a browser that is theirs."""

    id: str
    link: str
    browser: httpx.AsyncClient
    secret: str = ""
    recovery: list[str] = field(default_factory=list)


@dataclass
class Teller:
    """Whoever types. `secrets` are what it comes to know that nobody else may: links, codes, PINs."""

    site: Site
    heard: Heard
    front: str
    web: httpx.AsyncClient
    secrets: list[str] = field(default_factory=lambda: [PIN, NEW_PIN, SECOND_PIN])
    browsers: AsyncExitStack = field(default_factory=AsyncExitStack)
    called: str = ""
    link: str = ""
    _sent: set[tuple[str, str]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.browsers.aclose()

    async def say(self, who: UUID | None, path: str, body: Any = None, method: str = "POST") -> Any:
        answer = await self.ask(who, path, body, method)
        assert answer.status_code < 400, (path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def ask(self, who: UUID | None, path: str, body: Any = None, method: str = "POST") -> httpx.Response:
        headers = {"Accept": "application/json", **self.as_(who)}
        return await self.web.request(method, path, json=body, headers=headers)

    def as_(self, who: UUID | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {demo.token(self.site.settings, who)}"} if who else {}

    async def once(self, who: UUID, path: str, body: Any = None, method: str = "POST") -> Any:
        """As soon as the service has heard of what it needs."""
        async with asyncio.timeout(HEARD_WITHIN):
            while True:
                with suppress(AssertionError):
                    return await self.say(who, path, body, method)
                await asyncio.sleep(0.2)

    async def fill(
        self, path: str, fields: dict[str, Any], who: UUID | None = None, browser: httpx.AsyncClient | None = None
    ) -> httpx.Response:
        """Post a form as a browser does."""
        cookie = secrets.token_urlsafe(16)
        asks = browser or self.web
        kept = "; ".join(f"{name}={value}" for name, value in asks.cookies.items() if name != "form")
        headers = {**HTML, **self.as_(who), "Cookie": "; ".join(filter(None, [kept, f"form={cookie}"]))}
        data = {**fields, forms.TOKEN: forms.sign(self.site.settings, cookie)}
        return await asks.post(path, data=data, headers=headers)

    # Agencies, programs, staff

    async def agencies(self) -> None:
        for id, lead in LEADS:
            body = {"name": marked(PUBLIC), "description": marked(PUBLIC),
                    "email": words(PUBLIC), "phone": words(PUBLIC),
                    "website": f"https://{words(PUBLIC)}.example.org", "calendar": CALENDAR, "lead": str(lead),
                    "welcomes": id == demo.WELCOME_ALDER, "reports_to": NO}  # fmt: skip
            codes = {"reports_to": {who: words(PUBLIC) for who in NO}}
            await self.say(demo.RUTH, f"/intake/agencies/{id}", body | codes, "PUT")
            typed = {name: words(PUBLIC) for name in ("name", "description", "phone", "email")}
            typed["website"] = f"https://{words(PUBLIC)}.example.org"
            await self.say(demo.RUTH, f"/intake/agencies/{id}/edit", typed)
            for name in ("hours", "closed", "timezone"):
                await self.ask(demo.RUTH, f"/intake/agencies/{id}/edit", {**typed, name: words(PUBLIC)})
            await self.say(demo.RUTH, f"/intake/agencies/{id}", body, "PUT")
        for id in (ROOMS, LEGAL):
            names = ("description", "eligibility", "email", "fees", "how", "name", "phone", "wait")
            said = {name: words(PUBLIC) for name in names}
            said["website"] = f"https://{words(PUBLIC)}.example.org"
            place = {name: words(PUBLIC) for name in ("address", "directions", "access")}
            more = {"accepts": {record: words(PUBLIC) for record in RECORDS}}
            body = {"agency": str(demo.CEDAR_HOUSE), "needs": ["housing"], "places": [place], "reports_to": NO, **said}
            await self.say(demo.RUTH, f"/intake/programs/{id}", body | codes | more, "PUT")
            typed = {**said, "needs": ["housing"], "places": words(PUBLIC)}
            await self.say(demo.RUTH, f"/intake/programs/{id}/edit", typed)
            added = await self.say(demo.RUTH, f"/intake/agencies/{demo.CEDAR_HOUSE}/programs", typed)
            await self.say(demo.RUTH, f"/intake/programs/{added['id']}/withdraw", {"reason": "entered_in_error"})
            odd: dict[str, Any] = {name: words() for name in ("available", "maximum", "minimum_age", "maximum_age")}
            odd |= {name: [words()] for name in ("needs", "languages", "documents")}
            for path in (f"/intake/agencies/{demo.CEDAR_HOUSE}/programs", f"/intake/programs/{id}/edit"):
                assert (await self.ask(demo.RUTH, path, {**typed, **odd})).status_code == 422
            await self.say(demo.RUTH, f"/intake/programs/{id}", body, "PUT")
        for path in ("/intake/agencies", "/intake/programs"):
            for name in ("q", "need", "language"):  # the codes are refused, each by its name
                assert (await self.web.get(path, params={name: words()})).status_code in (200, 422)
        assert (await self.web.get("/intake/programs", params={"near": words()})).status_code == 422
        asked = {name: words() for name in ("q", "near", "age")}
        assert (await self.web.get("/intake/directory", params=asked, headers=HTML)).status_code == 200

    async def colleague(self) -> Colleague:
        """Invited, with a password that is a canary; all other ways to type one are tried."""
        body = {"name": marked(), "sign_in": words(SIGN_IN), "role": "case_manager", "agency": str(demo.WELCOME_ALDER)}
        nowhere = await self.ask(demo.RUTH, "/intake/accounts", {**body, "known_as": words()})
        assert nowhere.status_code == 422, "nobody signs in elsewhere here"
        made = await self.say(demo.RUTH, "/intake/accounts", body)
        link = re.sub(r"^https?://[^/]+", "", made["link"])
        self.secrets.append(link.rpartition("/")[2])
        browser = await self.browsers.enter_async_context(self.heard.client(self.front))
        who = Colleague(made["id"], link, browser)
        secret = re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", (await who.browser.get(link, headers=HTML)).text)
        assert secret is not None
        who.secret = secret[0].replace(" ", "")
        password = words()
        await self.fill(link, {"password": words(), "code": words()}, browser=who.browser)
        done = await self.fill(link, {"password": password, "code": self.code(who)}, browser=who.browser)
        assert done.status_code == 200, done.text
        who.recovery = re.findall(r"\b[a-z2-7]{4}(?:-[a-z2-7]{4}){3}\b", done.text)
        self.secrets += [who.secret, *who.recovery]
        wrong = {"name": body["sign_in"], "password": words(), "code": words()}
        assert (await self.fill("/intake/account/sign-in", wrong)).status_code == 422
        new = {"password": password, "new": words(), "code": who.recovery[0]}
        changed = await self.fill("/intake/account/own/password", new, browser=who.browser)
        assert changed.status_code == 303, changed.text
        for way in ("password", "phone", "recovery", "phone/new"):
            said = {"password": words(), "new": words(), "code": words(), "offered": "x"}
            assert (await self.fill(f"/intake/account/own/{way}", said, browser=who.browser)).status_code in (409, 422)
        answer = await self.ask(demo.RUTH, f"/intake/accounts/{who.id}/known-as", {"known_as": words()})
        assert answer.status_code == 422
        return who

    @staticmethod
    def code(who: Colleague) -> str:
        return code_at(who.secret, int(time.time() // STEP))

    async def cover(self, away: Colleague, covering: Colleague) -> None:
        first = datetime.now(UTC).date() + timedelta(days=1)
        said = {"covering": covering.id, "first": str(first), "last": str(first + timedelta(days=2)), "why": marked()}
        done = await self.fill("/intake/covers", said, browser=away.browser)
        assert done.status_code == 303, done.text

    # The person

    async def begin(self) -> None:
        """They are added, ask by themselves, change how they are reached, get a link, choose a PIN."""
        body = {"id": str(PERSON), "name": marked(), "way": "sms", "contact": phone(), "safe": True, "words": marked(),
                "matters": marked()}  # fmt: skip
        await self.say(demo.DANA, "/intake/people", body)
        asked = {"name": marked(), "way": "mail", "contact": mail(), "safe": True, "words": marked()}
        await self.say(None, "/intake/start", asked)
        self.called = body["name"]
        assert (await self.fill("/intake/start", {**asked, "safe": "yes"})).status_code == 303
        assert (await self.fill("/intake/people", {**asked, "safe": "yes"}, demo.DANA)).status_code == 303
        reach = {"way": "sms", "contact": phone(), "safe": True}
        await self.say(PERSON, f"/intake/people/{PERSON}/contact", reach, "PUT")
        codes = {"way": words(), "language": words()}
        assert (await self.ask(PERSON, f"/intake/people/{PERSON}/contact", codes, "PUT")).status_code == 422
        await self.portrait()
        await self.say(demo.DANA, "/intake/people/find", {"q": body["name"]})
        link = (await self.say(demo.DANA, f"/intake/people/{PERSON}/way-in", {"checked": "known"}))["link"]
        path = re.sub(r"^https?://[^/]+", "", link)
        self.secrets.append(path.rpartition("/")[2])
        self.link = path
        second = {"second": words(), "second_again": words()}
        await self.fill(path, {"new": words(), "again": words(), "word": words(), **second})
        second = {"second": SECOND_PIN, "second_again": SECOND_PIN}
        assert (await self.fill(path, {"new": PIN, "again": PIN, **second})).status_code == 303
        self.web.cookies.clear()
        await self.fill(path, {"pin": words()})
        own = {"now": words(), "new": words(), "again": words()}
        assert (await self.fill("/intake/me/pin", own, PERSON)).status_code == 422
        changed = await self.fill("/intake/me/pin", {"now": PIN, "new": NEW_PIN, "again": NEW_PIN}, PERSON)
        assert changed.status_code == 303, changed.text
        self.web.cookies.clear()
        over = await self.fill("/intake/session/renew?next=/caseplan/promises", {"words": words()})
        assert over.status_code == 401, "what was typed while a session ended comes back"

    async def portrait(self) -> None:
        """Every question of every group, by themselves; and every way to reach them."""
        for section in Section:
            asked = questions_of(section)
            told = {question.code: question.choices[0] if question.choices else marked() for question in asked}
            await self.say(PERSON, f"/intake/people/{PERSON}/portrait/{section}", told)
            self.called = told.get("called", self.called)
            wrong = {question.code: words() for question in asked if question.choices}
            odd = {**wrong, "skip": [words()], "seen": words()}
            answer = await self.ask(PERSON, f"/intake/people/{PERSON}/portrait/{section}", odd)
            assert answer.status_code == 422
        here = f"/intake/people/{PERSON}/ways"
        care = {"safe": True, "quiet_from": "20:00", "quiet_until": "09:00", "readers": marked(), "code_word": marked()}
        for way in ("voice", "sms"):  # the second is changed
            await self.say(PERSON, here, {"way": way, "contact": phone(), **care})
        [*_, last] = (await self.say(PERSON, here, method="GET"))["ways"]
        more = {"contact": phone(), **care, "readers": marked(), "code_word": marked()}
        await self.say(PERSON, f"{here}/{last['id']}", more)
        codes = {"way": words(), "quiet_from": words(), "quiet_until": words()}
        for path in (here, f"{here}/{last['id']}"):
            assert (await self.ask(PERSON, path, codes)).status_code == 422

    async def plan(self) -> None:
        soon = str((datetime.now(UTC) + timedelta(days=6)).date())
        path = f"/caseplan/plans/{PERSON}"
        steps = [{"goal": 0, "owner": "person", "due": soon, "words": marked()}]
        await self.once(demo.DANA, f"{path}/suggest", {"goals": [{"words": marked()}], "steps": steps})
        steps = [{"goal": 0, "owner": "person", "due": soon, "words": marked()}]
        await self.say(PERSON, f"{path}/propose", {"goals": [{"words": marked()}], "steps": steps})
        await self.say(demo.DANA, f"{path}/sign", {})
        page = (await self.web.get(f"{path}/edit", headers={**HTML, **self.as_(demo.DANA)})).text
        typed = {"goal-0": marked(), "step-0-0": marked(), "step-0-0-owner": "person", "step-0-0-due": soon}
        known = dict(re.findall(r'name="((?:goal|step)-[\d-]+-id)" value="([^"]*)"', page))
        assert (await self.fill(f"{path}/edit", {**known, **typed}, demo.DANA)).status_code == 303
        await self.say(PERSON, f"{path}/sign", {})

    async def refer(self) -> None:
        yes = {"person": str(PERSON), "recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"], "shown": True}
        consent = (await self.say(PERSON, "/intake/consents", yes))["id"]
        await self.sign({**yes, "recipient": str(demo.LANTERN_CLINIC)})
        for program in (ROOMS, LEGAL):
            body = {"person": str(PERSON), "program": str(program), "need": "housing", "consent": consent}
            made = await self.once(demo.DANA, "/caseplan/referrals", {**body, "words": marked()})
            assert (await self.ask(demo.DANA, "/caseplan/referrals", {**body, "need": words()})).status_code == 422
            no = {"reason": "no_capacity", "words": marked()}
            if program is ROOMS:
                await self.say(demo.YUSUF, f"/caseplan/referrals/{made['id']}/decline", no)
            else:
                by_phone = {"verb": "decline", "way": "phone", **no}
                await self.say(demo.DANA, f"/caseplan/referrals/{made['id']}/record-answer", by_phone)

    async def sign(self, yes: dict[str, Any]) -> None:
        """Before their worker: with a first yes, with the answer to a question, and when it goes on."""
        signed = {"signed": "screen", "signed_as": marked(), "paper_at": marked(), "interpreter": marked()}
        question = {name: yes[name] for name in ("person", "recipient", "categories")}
        asked = (await self.say(demo.DANA, "/intake/consents/ask", question))["id"]
        read = {"shown": True, "in_private": True, "given": "in_person"}
        await self.say(demo.DANA, f"/intake/consents/{asked}/grant", {**read, **signed})
        longer = {"expires_on": str(datetime.now(UTC).date() + timedelta(days=120))}
        await self.say(demo.DANA, f"/intake/consents/{asked}/renew", {**read, **signed, **longer})
        await self.say(demo.DANA, "/intake/consents", {**yes, **signed, "given": "in_person"})
        for path, more in (("", yes), (f"/{asked}/grant", read), (f"/{asked}/renew", {**read, **longer})):
            wrong = await self.ask(demo.DANA, f"/intake/consents{path}", {**more, "read": words(), "next": words()})
            assert wrong.status_code == 422, "that is not the mark of a page"

    async def care(self) -> None:
        soon = datetime.now(UTC) + timedelta(days=1)
        promise = {"person": str(PERSON), "words": f"I will {marked()}", "due": soon.isoformat()}
        await self.say(demo.DANA, "/caseplan/promises", promise)
        met = {"who": str(PERSON), "how": "met", "what": marked(), "promise": f"I will {marked()}"}
        await self.say(demo.DANA, "/caseplan/contacts", {**met, "by": str((soon + timedelta(days=1)).date())})
        await self.say(PERSON, "/caseplan/setbacks", {"id": str(SETBACK), "words": marked(), "pace": "today"})
        await self.say(demo.DANA, f"/caseplan/setbacks/{SETBACK}/contact", {})
        await self.say(PERSON, f"/caseplan/setbacks/{SETBACK}/reflect", {"next_time": marked()})
        await self.say(demo.LENA, "/caseplan/concerns", {"person": str(PERSON), "words": marked()})

    async def release(self) -> None:
        """Cedar House names somebody, one by a form and one in a list; they are asked, and answer by link and PIN."""
        home = str(datetime.now(UTC).date() + timedelta(days=9))
        said = {"agency": str(demo.WELCOME_ALDER), "name": marked(), "reference": words(), "reach": marked()}
        await self.say(demo.YUSUF, "/intake/release-lists", {**said, "release_date": home})
        assert (await self.ask(demo.YUSUF, "/intake/release-lists", {**said, "language": words()})).status_code == 422
        sheet = f'reference,name,release_date,reach\n{words()},"{words()}",{home},{words()}\n'
        for body, status in ((sheet, 202), (sheet.replace(home, words()), 422), (f"{words()},name\n", 422)):
            sent = await self.web.post(
                f"/intake/release-lists/{demo.WELCOME_ALDER}",
                content=body.encode(),
                headers={"Content-Type": "text/csv", "Accept": "application/json", **self.as_(demo.YUSUF)},
            )
            assert sent.status_code == status, sent.text
        asked = await self.site.until(demo.DANA, "/intake/invited", lambda found: len(found["invited"]) == 2)
        for one, answer in zip(asked["invited"], ("yes", "no"), strict=True):
            made = await self.say(demo.DANA, f"/intake/invited/{one['id']}/link", {})
            path = re.sub(r"^https?://[^/]+", "", made["link"])
            self.secrets += [path.rpartition("/")[2], made["pin"]]
            assert (await self.fill(path, {"pin": words()})).status_code == 422
            ticket = re.search(r'name="ticket" value="([^"]+)"', (await self.fill(path, {"pin": made["pin"]})).text)
            assert ticket is not None
            given = {"ticket": ticket[1], "answer": answer, "name": marked(), "contact": phone(), "safe": "yes"}
            assert (await self.fill(f"{path}/answer", given)).status_code == (303 if answer == "yes" else 200)
        path = f"/intake/people/{PERSON}/first-days"
        await self.say(demo.DANA, path, {"day": home, "conditions": ["curfew"], "words": marked()}, "PUT")
        assert (await self.ask(demo.DANA, f"{path}/ride", {"move": words()})).status_code == 422

    async def desk(self) -> None:
        """Opened in an emergency, and looked at; demanded by law, and decided."""
        happened = f"{marked()}, does not wake up, breathes shallow since ten minutes"
        said = {"agency": str(demo.WELCOME_ALDER), "name": self.called, "emergency": happened,
                "treated_by": marked(), "place": marked(), "cannot": "unconscious"}  # fmt: skip
        opened = (await self.say(demo.GRACE, "/intake/openings", said))["id"]
        found = {"verdict": "good_faith", "found": marked()}
        await self.say(demo.LENA, f"/intake/openings/{opened}/review", found)
        today = datetime.now(UTC).date()
        came = {"name": self.called, "paper": "subpoena", "who": marked(), "what": marked(),
                "due_on": str(today + timedelta(days=14)), "until": str(today + timedelta(days=300))}  # fmt: skip
        path = f"/intake/demands/{(await self.say(demo.LENA, '/intake/demands', came))['id']}"
        order = {"court": marked(), "ordered_on": str(today), "compels": True}
        await self.say(demo.LENA, f"{path}/order", order)
        decided = {"decision": "object", "counsel": marked(), "why": marked()}
        assert (await self.ask(demo.LENA, f"{path}/decide", decided | {"scope": [words()]})).status_code == 422
        await self.say(demo.LENA, f"{path}/decide", decided)

    async def two_records(self) -> None:
        """A second record of them, linked with the first, and taken apart again."""
        twin = {"name": self.called, "way": "sms", "contact": phone()}
        other = (await self.say(demo.DANA, "/intake/people", twin))["id"]
        born = await self.ask(demo.DANA, f"/intake/people/{other}/born", {"born": words()[:20]})
        assert born.status_code == 422
        path = f"/intake/duplicates/{PERSON}/{other}/one"
        assert (await self.ask(demo.DANA, path, {"known": words()})).status_code == 422
        link = (await self.say(demo.DANA, path, {"known": "known"}))["id"]
        asking = {"agency": str(demo.LANTERN_CLINIC), "known": "known", "said": words()}
        assert (await self.ask(demo.DANA, f"/intake/people/{other}/records/ask", asking)).status_code == 422
        await self.say(demo.DANA, f"/intake/people/{other}/records/ask", asking | {"said": "yes"})
        await self.say(demo.DANA, f"/intake/links/{link}/end", {})
        desk = await self.web.get("/intake/desk", headers={**HTML, **self.as_(demo.LENA)})
        incident = re.findall(r"/intake/incidents/[0-9a-f-]{36}", desk.text)[0]
        await self.say(demo.LENA, f"{incident}/close", {"found": marked()})

    async def everything(self) -> list[Colleague]:
        await self.agencies()
        await self.begin()
        await self.plan()
        await self.refer()
        await self.care()
        await self.release()
        await self.desk()
        await self.two_records()
        both = [await self.colleague(), await self.colleague()]
        await self.cover(*both)
        return both

    # Pages, and the forms on them

    async def read_behind_the_second(self, phone: httpx.AsyncClient) -> None:
        """What their phone shows to whoever made them open it."""
        assert (await self.fill(self.link, {"pin": SECOND_PIN}, browser=phone)).status_code == 303
        own = ("shared", "told", "erasure", "never", "portrait", "ways")
        starts = ["/caseplan/me", "/intake/me/questions", *(f"/intake/people/{PERSON}/{page}" for page in own)]
        await self.read_all(None, phone, [*starts, f"/notifications/people/{PERSON}/messages"])

    async def read_all(
        self, who: UUID | None, browser: httpx.AsyncClient | None = None, starts: Iterable[str] = STARTS
    ) -> None:
        """One page of every route that a reader comes to by links; each form on them is sent, with canaries alone."""
        waiting, seen = list(starts), set[str]()
        asks = browser or self.web
        while waiting:
            path = waiting.pop(0)
            route = self.heard.known.of(path, "GET")
            if not path.startswith("/") or path.endswith("/news") or "/static/" in path or "openapi" in path:
                continue
            if route in seen:
                continue
            seen.add(route)
            answer = await asks.get(path, headers={**HTML, **self.as_(who)})
            if answer.headers.get("content-type", "").startswith("text/html"):
                page = Page(answer.text)
                for asked in typed_on(page, path, self.heard.known):
                    self.heard.pages.setdefault(asked, path)
                waiting += [unescape(link) for link in page.links]
                await self._send_each(page, path, who, browser)

    async def _send_each(self, page: Page, here: str, who: UUID | None, browser: httpx.AsyncClient | None) -> None:
        for method, action, names in page.forms:
            route = self.heard.known.of(action or here, method)
            if not names or (route, names[0]) in self._sent:
                continue
            self._sent.add((route, names[0]))
            typed = {name: words() for name in names}
            if method == "GET":
                await self.web.get(action or here, params=typed, headers={**HTML, **self.as_(who)})
            else:
                await self.fill(action or here, typed, who, browser)
