"""The edge: no route without an entry, no answer without a look at the relation, no demo away from home."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, WebSocket
from fastapi.responses import StreamingResponse
from starlette.staticfiles import StaticFiles

from shared.runtime.errors import NotFound
from shared.runtime.reach import NOTHING, current
from shared.runtime.settings import Settings
from shared.security import demo, signing
from shared.security.edge import allow, by_itself, entries, install, public, require_entries, routes_without_entry
from shared.security.identity import Actor
from shared.security.permissions import Relation, Role
from shared.security.tokens import LIFE, Tokens
from shared.web import forms
from shared.web.app import web_app

SETTINGS = Settings(demo=True, signing_secret="a secret of this test, long enough")
KEYS = Path(tempfile.mkdtemp())
signing.ensure(KEYS)
REAL = Settings(
    signing_secret="a secret of this test, long enough", sealing_key="x" * 32,
    signing_keys=KEYS / signing.PRIVATE, verifying_keys=KEYS / signing.PUBLIC,
)  # fmt: skip
ROW = {"person": demo.RAY, "workers": [demo.DANA], "agency": demo.WELCOME_ALDER, "receiving": demo.CEDAR_HOUSE}
REFERRAL = UUID("0193a000-0000-7000-8000-000000000001")  # the same in every process of a run


def app_with(*routers: APIRouter, settings: Settings = SETTINGS) -> FastAPI:
    app = web_app("caseplan", settings=settings)
    install(app, settings)
    for router in routers:
        app.include_router(router)
    return app


def routes() -> APIRouter:
    """A few routes as a service writes them."""
    router = APIRouter(prefix="/caseplan")

    @router.get("/referrals/{referral}")
    async def read(referral: UUID, actor: Annotated[Actor, Depends(allow("referral.read"))]) -> dict[str, str]:
        if referral != REFERRAL:
            raise NotFound("referral", referral)
        actor.require("referral.read", actor.relations(**ROW), referral)
        return {"role": actor.role}

    @router.post("/referrals/{referral}/answer")
    async def answer(referral: UUID, actor: Annotated[Actor, Depends(allow("referral.answer"))]) -> dict[str, str]:
        actor.require("referral.answer", actor.relations(**ROW), referral)
        return {"role": actor.role}

    @router.get("/forgetful")
    async def forgetful(actor: Annotated[Actor, Depends(allow("referral.read"))]) -> dict[str, str]:
        return {"secret": "canary-of-ray"}

    @router.get("/forgetful-stream")
    async def stream(actor: Annotated[Actor, Depends(allow("referral.read"))]) -> StreamingResponse:
        return StreamingResponse(iter([b"canary-of-ray"]))

    @router.get("/other-action")
    async def other(actor: Annotated[Actor, Depends(allow("referral.read"))]) -> dict[str, str]:
        actor.require("referral.list", Relation.SAME_AGENCY)
        return {"secret": "canary-of-ray"}

    @router.get("/asked-kindly")
    async def kindly(actor: Annotated[Actor, Depends(allow("referral.read"))]) -> dict[str, bool]:
        return {"may": actor.may("referral.read", actor.relations(**ROW))}

    @router.get("/imports")
    async def imports(actor: Annotated[Actor, Depends(allow("directory.import"))]) -> dict[str, str]:
        return {"role": actor.role}

    @router.get("/directory")
    async def directory(actor: Annotated[Actor, Depends(allow("directory.read"))]) -> dict[str, str]:
        return {"role": actor.role}

    @router.get("/open", dependencies=[Depends(public)])
    async def open_to_all() -> dict[str, str]:
        return {}

    return router


def reaches() -> APIRouter:
    """What a handler's transactions would reach."""
    router = APIRouter(prefix="/caseplan")

    async def reached() -> dict[str, str]:
        return current().settings

    @router.get("/reach")
    async def of_a_row(actor: Annotated[Actor, Depends(allow("consent.read"))]) -> dict[str, str]:
        actor.require("consent.read", actor.relations(**ROW))
        return await asyncio.create_task(reached())

    @router.get("/reach-of-a-visitor")
    async def of_nobodys(actor: Annotated[Actor, Depends(allow("directory.read"))]) -> dict[str, str]:
        return await reached()

    return router


APP = app_with(routes(), reaches())


def client(app: FastAPI = APP, *, peer: str = "127.0.0.1", base: str = "http://127.0.0.1:8000") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(peer, 5000)), base_url=base)


def bearer(account: UUID, settings: Settings = SETTINGS) -> dict[str, str]:
    return {"Authorization": f"Bearer {demo.token(settings, account)}"}


def cookie(account: UUID, settings: Settings = SETTINGS, age: float = 0) -> dict[str, str]:
    """Of a browser that signed in so many seconds ago."""
    tokens = Tokens(settings, lambda: time.time() - age)
    token = tokens.issue_for(demo.person_actor(account), uuid4())
    return {"Cookie": f"{tokens.cookie_name}={token}"}


# Routes and their entries


def test_every_route_shows_its_entry():
    shown = {(entry.path, entry.action) for entry in entries(APP)}
    assert ("/caseplan/referrals/{referral}", "referral.read") in shown
    assert ("/caseplan/referrals/{referral}/answer", "referral.answer") in shown
    assert ("/caseplan/open", "public") in shown
    assert ("/caseplan/static", "public") in shown
    assert ("/caseplan/openapi.json", "public") in shown
    assert routes_without_entry(APP) == []
    require_entries(APP)


def _function(app: FastAPI) -> None:
    app.get("/caseplan/forgotten")(lambda: {})


def _included(app: FastAPI) -> None:
    outer, inner = APIRouter(prefix="/caseplan"), APIRouter()
    inner.get("/forgotten")(lambda: {})
    outer.include_router(inner)
    app.include_router(outer)


def _mounted_files(app: FastAPI) -> None:
    app.mount("/caseplan/forgotten", StaticFiles(directory="/nowhere", check_dir=False))


def _mounted_app(app: FastAPI) -> None:
    app.mount("/caseplan/forgotten", FastAPI())


def _websocket(app: FastAPI) -> None:
    @app.websocket("/caseplan/forgotten")
    async def listen(socket: WebSocket) -> None: ...


@pytest.mark.parametrize("add", [_function, _included, _mounted_files, _mounted_app, _websocket])
def test_an_app_with_a_forgotten_route_does_not_start(add: Callable[[FastAPI], None]):
    app = app_with(routes())
    add(app)
    assert [line.split()[-1] for line in routes_without_entry(app)] == ["/caseplan/forgotten"]
    with pytest.raises(LookupError, match="/caseplan/forgotten"):
        require_entries(app)


def test_an_entry_may_stand_on_the_whole_router():
    router = APIRouter(prefix="/caseplan", dependencies=[Depends(allow("partner.read"))])
    router.get("/lag")(lambda: {})
    assert routes_without_entry(app_with(router)) == []


def test_a_route_declares_one_action():
    router = APIRouter(prefix="/caseplan", dependencies=[Depends(allow("partner.read"))])
    router.get("/lag", dependencies=[Depends(allow("report.read"))])(lambda: {})
    with pytest.raises(LookupError, match="more than one action"):
        routes_without_entry(app_with(router))


# Who is asking


@pytest.mark.parametrize("way", [bearer, cookie])
async def test_a_worker_reads_what_their_agency_sent(way):
    async with client() as asks:
        answer = await asks.get(f"/caseplan/referrals/{REFERRAL}", headers=way(demo.DANA))
    assert (answer.status_code, answer.json()) == (200, {"role": "case_manager"})


async def test_one_cookie_serves_every_service():
    other = web_app("reporting", settings=SETTINGS)
    install(other, SETTINGS)
    other.include_router(routes())
    for app in (APP, other):
        async with client(app) as asks:
            answer = await asks.get(f"/caseplan/referrals/{REFERRAL}", headers=cookie(demo.RAY))
        assert answer.json() == {"role": "person"}


async def test_nobody_is_asked_to_sign_in():
    async with client() as asks:
        answer = await asks.get(f"/caseplan/referrals/{REFERRAL}")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_page_sends_its_reader_to_the_sign_in_page_and_back():
    async with client() as asks:
        answer = await asks.get(f"/caseplan/referrals/{REFERRAL}?tab=2", headers={"Accept": "text/html"})
        part = await asks.get("/caseplan/imports", headers={"HX-Request": "true"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/intake/sign-in?next=/caseplan/referrals/{REFERRAL}"
    assert (part.status_code, part.headers["hx-redirect"]) == (401, "/intake/sign-in")


async def test_who_is_not_signed_in_may_look_through_the_directory_also_with_an_old_cookie():
    async with client() as asks:
        for headers in ({}, {"Cookie": "throughcare_8000=forged"}, cookie(demo.RAY, age=LIFE + 1)):
            answer = await asks.get("/caseplan/directory", headers=headers)
            assert (answer.status_code, answer.json()) == (200, {"role": "anyone"})
        signed_in = await asks.get("/caseplan/directory", headers=cookie(demo.DANA))
        assert signed_in.json() == {"role": "case_manager"}


@pytest.mark.parametrize("path", [f"/caseplan/referrals/{REFERRAL}", "/caseplan/directory", "/caseplan/open"])
@pytest.mark.parametrize("header", ["Bearer forged", "Bearer", "Basic ZGFuYTpkYW5h", "", "Bearer a b"])
async def test_a_bad_authorization_header_is_refused_everywhere_even_beside_a_good_cookie(path, header):
    async with client() as asks:
        answer = await asks.get(path, headers={"Authorization": header, **cookie(demo.DANA)})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "throughcare_8000=forged"},
        {"Cookie": "throughcare_8000="},
        cookie(demo.RAY, age=LIFE + 1),
        cookie(demo.RAY, Settings(demo=True, signing_secret="another secret, also long enough")),
        cookie(demo.RAY, Settings(demo=True, signing_secret=SETTINGS.signing_secret, public_url="http://127.0.0.1:1")),
    ],
    ids=["forged", "empty", "expired", "of another network", "of another checkout"],
)
async def test_a_cookie_that_can_not_be_believed_is_no_cookie(headers):
    async with client() as asks:
        assert (await asks.get(f"/caseplan/referrals/{REFERRAL}", headers=headers)).status_code == 401


async def test_demo_accounts_are_worth_nothing_outside_the_demo():
    app = app_with(routes(), settings=REAL)
    async with client(app) as asks:
        for headers in (bearer(demo.DANA), cookie(demo.DANA)):
            assert (await asks.get(f"/caseplan/referrals/{REFERRAL}", headers=headers)).status_code == 401
        real = Tokens(REAL).issue_for(demo.person_actor(demo.DANA), uuid4())
        answer = await asks.get(f"/caseplan/referrals/{REFERRAL}", headers={"Authorization": f"Bearer {real}"})
        assert answer.status_code == 200
        voice = Tokens(REAL).issue(demo.person_actor(demo.DANA))
        answer = await asks.get(f"/caseplan/referrals/{REFERRAL}", headers={"Authorization": f"Bearer {voice}"})
        assert answer.status_code == 401, "outside the demo every token belongs to a session"


# What they may


@pytest.mark.parametrize(
    "account", [demo.GRACE, demo.NADIA, demo.JO], ids=["another agency", "a lead", "another person"]
)
async def test_a_stranger_can_not_tell_a_row_that_exists_from_one_that_does_not(account):
    """Attack 1 of the threat list, 404 and not 403, and the two answers differ in the id they were asked for alone."""
    absent = uuid4()
    async with client() as asks:
        there = await asks.get(f"/caseplan/referrals/{REFERRAL}", headers=bearer(account))
        not_there = await asks.get(f"/caseplan/referrals/{absent}", headers=bearer(account))
    assert there.status_code == not_there.status_code == 404
    assert there.text.replace(str(REFERRAL), str(absent)) == not_there.text


async def test_who_may_read_but_not_act_is_told_so():
    async with client() as asks:
        answer = await asks.post(f"/caseplan/referrals/{REFERRAL}/answer", headers=bearer(demo.LENA))
        lead = await asks.post(f"/caseplan/referrals/{REFERRAL}/answer", headers=bearer(demo.YUSUF))
    assert answer.status_code == 403
    assert "Accept, put on the waiting list, or decline" in answer.json()["detail"]
    assert lead.status_code == 200


async def test_a_person_finds_no_staff_page():
    """Attack 5 of the threat list."""
    async with client() as asks:
        assert (await asks.get("/caseplan/imports", headers=bearer(demo.RAY))).status_code == 404
        assert (await asks.get("/caseplan/imports", headers=bearer(demo.DANA))).status_code == 403
        assert (await asks.get("/caseplan/imports", headers=bearer(demo.OPS))).status_code == 200
        answer = await asks.post(f"/caseplan/referrals/{REFERRAL}/answer", headers=bearer(demo.RAY))
        assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/caseplan/forgetful", "/caseplan/forgetful-stream", "/caseplan/other-action"])
async def test_a_handler_that_forgets_the_relation_answers_nothing(path):
    async with client() as asks:
        answer = await asks.get(path, headers=bearer(demo.DANA))
        page = await asks.get(path, headers={**bearer(demo.DANA), "Accept": "text/html"})
    assert answer.status_code == page.status_code == 500
    assert "canary" not in answer.text + page.text
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_asking_whether_counts_as_looking():
    async with client() as asks:
        assert (await asks.get("/caseplan/asked-kindly", headers=bearer(demo.NADIA))).json() == {"may": False}


async def test_one_request_owes_nothing_for_another():
    async with client() as asks:
        assert (await asks.get("/caseplan/forgetful", headers=bearer(demo.DANA))).status_code == 500
        assert (await asks.get("/caseplan/open", headers=bearer(demo.DANA))).status_code == 200
        assert (await asks.get("/caseplan/directory")).status_code == 200


async def test_an_app_without_the_guard_says_what_is_missing():
    bare = FastAPI()
    bare.get("/x", dependencies=[Depends(public)])(lambda: {})
    async with client(bare) as asks:
        with pytest.raises(RuntimeError, match="install"):
            await asks.get("/x")


# The demo stays at home


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
async def test_this_machine_is_let_in(peer):
    async with client(peer=peer) as asks:
        assert (await asks.get("/caseplan/open")).status_code == 200


@pytest.mark.parametrize("peer", ["10.0.0.7", "192.168.1.4", "8.8.8.8", "fe80::1", "::ffff:10.0.0.7", "testclient", ""])
@pytest.mark.parametrize("path", ["/caseplan/open", "/caseplan/static/page.css", "/caseplan/openapi.json", "/nowhere"])
async def test_another_machine_is_refused_whatever_it_asks(peer, path):
    async with client(peer=peer) as asks:
        answer = await asks.get(path, headers=bearer(demo.DANA))
    assert answer.status_code == 403
    assert "this machine only" in answer.json()["detail"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("hops", ["10.0.0.7", "127.0.0.1, 8.8.8.8", "unknown", "8.8.8.8, 127.0.0.1"])
async def test_a_front_that_speaks_for_another_machine_is_refused(hops):
    async with client() as asks:
        assert (await asks.get("/caseplan/open", headers={"X-Forwarded-For": hops})).status_code == 403
        assert (await asks.get("/caseplan/open", headers={"X-Forwarded-For": "127.0.0.1, ::1"})).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "127.0.0.1@evil.example", "[::1"]
)
async def test_another_name_for_this_machine_is_refused(host):
    """A page elsewhere can point its own name at 127.0.0.1 and would then be our origin."""
    async with client() as asks:
        assert (await asks.get("/caseplan/open", headers={"Host": host})).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "LOCALHOST", "[::1]:8000"])
async def test_this_machines_own_names_are_fine(host):
    async with client() as asks:
        assert (await asks.get("/caseplan/open", headers={"Host": host})).status_code == 200


async def test_outside_the_demo_other_machines_are_what_it_is_for():
    app = app_with(routes(), settings=REAL)
    async with client(app, peer="10.0.0.7", base="https://alder.example") as asks:
        assert (await asks.get("/caseplan/open", headers={"X-Forwarded-For": "8.8.8.8"})).status_code == 200


async def test_a_refused_browser_gets_a_page():
    async with client(peer="10.0.0.7") as asks:
        answer = await asks.get("/caseplan/open", headers={"Accept": "text/html"})
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert "this machine only" in answer.text


async def test_web_sockets_are_closed():
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    await APP({"type": "websocket", "path": "/caseplan/open", "headers": [], "client": ("127.0.0.1", 1)}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


# Tokens that ran out

SESSION = {"Cookie": "throughcare_8000_session=a-secret-of-this-browser"}
PAGE = {"Accept": "text/html"}


def browser_of(account: UUID, age: float = LIFE + 1) -> dict[str, str]:
    return {"Cookie": f"{cookie(account, age=age)['Cookie']}; {SESSION['Cookie']}", **PAGE}


async def test_a_page_whose_token_ran_out_is_sent_to_renew_and_back():
    async with client() as asks:
        for headers in (browser_of(demo.DANA), {**SESSION, **PAGE}):
            answer = await asks.get(f"/caseplan/referrals/{REFERRAL}?tab=2", headers=headers)
            assert answer.status_code == 303
            back = f"/caseplan/referrals/{REFERRAL}%3Ftab%3D2"
            assert answer.headers["location"] == f"/intake/session/renew?next={back}"


async def test_a_form_whose_token_ran_out_is_sent_again_by_the_browser_itself():
    async with client() as asks:
        token = {"_csrf": forms.sign(SETTINGS, "c" * 22)}
        headers = browser_of(demo.LENA)
        headers["Cookie"] += f"; form={'c' * 22}"
        answer = await asks.post(f"/caseplan/referrals/{REFERRAL}/answer", headers=headers, data=token)
    assert answer.status_code == 307, "which keeps the method and all that was typed"
    assert answer.headers["location"] == f"/intake/session/renew?next=/caseplan/referrals/{REFERRAL}/answer"


async def test_a_part_that_a_page_loads_by_itself_renews_without_anybodys_doing():
    async with client() as asks:
        answer = await asks.get("/caseplan/asked-kindly", headers={**browser_of(demo.RAY), "HX-Request": "true"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/intake/session/renew?next=/caseplan/asked-kindly&by=itself"


async def test_a_program_is_never_sent_anywhere():
    async with client() as asks:
        cookies = browser_of(demo.DANA)["Cookie"]
        for headers in ({"Cookie": cookies}, {"Cookie": cookies, "Accept": "application/json"}):
            answer = await asks.get(f"/caseplan/referrals/{REFERRAL}", headers=headers)
            assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


async def test_a_browser_that_has_just_renewed_is_not_sent_round_in_circles():
    async with client() as asks:
        headers = browser_of(demo.DANA)
        headers["Cookie"] += "; throughcare_8000_renewed=1"
        answer = await asks.get(f"/caseplan/referrals/{REFERRAL}", headers=headers)
    assert answer.headers["location"].startswith("/intake/sign-in?next=")


async def test_a_step_of_a_person_whom_only_their_page_kept_awake_is_noticed():
    """Their token is fresh, since a part of the page renewed it; their last step is five minutes old."""
    tokens = Tokens(SETTINGS)
    token = tokens.issue_for(demo.person_actor(demo.RAY), uuid4(), quiet_for=LIFE)
    headers = {"Cookie": f"{tokens.cookie_name}={token}; {SESSION['Cookie']}", **PAGE}
    async with client() as asks:
        step = await asks.get(f"/caseplan/referrals/{REFERRAL}", headers=headers)
        part = await asks.get(f"/caseplan/referrals/{REFERRAL}", headers={**headers, "HX-Request": "true"})
    assert step.headers["location"].startswith("/intake/session/renew?next=")
    assert part.status_code == 200


@pytest.mark.parametrize(
    ("headers", "alone"),
    [
        ({"HX-Request": "true"}, True),
        ({"HX-Request": "true", "HX-Boosted": "true"}, False),
        ({"HX-Request": "true", "HX-Request-Type": "full"}, False),
        ({"Accept": "text/event-stream"}, True),
        ({}, False),
    ],
    ids=["a part that loads by itself", "a boosted link", "a whole page", "a live stream", "a page"],
)
def test_what_a_page_loads_by_itself_is_nobodys_step(headers, alone):
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    for method, expected in (("GET", alone), ("POST", False)):
        assert by_itself(Request({"type": "http", "method": method, "headers": raw})) is expected


async def test_answers_to_somebody_signed_in_are_kept_by_no_cache():
    async with client() as asks:
        answer = await asks.get(f"/caseplan/referrals/{REFERRAL}", headers=cookie(demo.RAY))
    assert answer.headers["cache-control"] == "no-store"


def test_the_role_of_everybody_in_the_demo_is_known():
    assert {demo.by_id(a).role for a in (demo.GRACE, demo.NADIA, demo.JO)} == {
        Role.CASE_MANAGER, Role.AGENCY_ADMIN, Role.PERSON
    }  # fmt: skip


# What a request reaches


@pytest.mark.parametrize(
    ("account", "path", "agency", "person", "wide"),
    [
        (demo.DANA, "/reach", demo.WELCOME_ALDER, None, ""),
        (demo.RAY, "/reach", None, demo.RAY, ""),
        (demo.AUDITOR, "/reach", None, None, "network"),
        (demo.AUDITOR, "/reach-of-a-visitor", None, None, ""),
    ],
)
async def test_a_request_reaches_what_its_actor_and_its_action_do_and_leaves_nothing_behind(
    account: UUID, path: str, agency: UUID | None, person: UUID | None, wide: str
):
    async with client() as asking:
        told = (await asking.get(f"/caseplan{path}", headers=bearer(account))).json()
    assert told == {
        "app.agency": str(agency or ""), "app.person": str(person or ""), "app.actor": str(account), "app.reach": wide,
    }  # fmt: skip
    assert current() == NOTHING


async def test_a_visitor_reaches_as_nobody():
    async with client() as asking:
        told = (await asking.get("/caseplan/reach-of-a-visitor")).json()
    assert told == {"app.agency": "", "app.person": "", "app.actor": str(UUID(int=0)), "app.reach": ""}
