"""Attack 13, at an issuer elsewhere: forged, foreign and replayed answers, swapped state and nonce, mixed-up issuers.

The issuer is ours, keeps to the rules, and lies in one place at a time. Whatever it says, nobody gets in who was not
invited here, and the browser that set out is the only one that comes back.
"""

import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from joserfc.jwk import RSAKey

from services.intake.accounts import Account, leave
from services.intake.known import index_of
from services.intake.store import accounts as store
from shared.messaging.outbox import Cause
from shared.runtime.database import transaction
from shared.runtime.ids import uuid7
from shared.security import demo
from shared.security.identity import Actor
from shared.security.permissions import Role
from tests.integration.intake.browsers import Browsers, fields
from tests.integration.intake.issuers import E_MAIL, Issuer, come_back, served, set_out, settings_for
from tests.integration.intake.test_staff_sign_in import PASSWORD, Colleague, colleague, invited
from tests.integration.intake.world import Door, open_door, text
from tests.network import FreshDatabase

pytestmark = pytest.mark.network


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def door(shared_database: FreshDatabase) -> AsyncIterator[Door]:
    async with open_door(shared_database) as opened:
        yield opened


@pytest_asyncio.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with served(Issuer()) as right:
        yield right


@pytest_asyncio.fixture
async def robin(door: Door) -> AsyncIterator[Colleague]:
    """Somebody who was invited, and is known elsewhere by an e-mail address; gone when the test is over."""
    browsers = Browsers(door)
    who = await invited(browsers)
    await known_as(door, who.account, E_MAIL)
    yield who
    await known_as(door, who.account, None)


async def known_as(door: Door, account: Account, name: str | None) -> None:
    index = await index_of(door.running.keys, name) if name else None
    async with transaction(door.pool) as tx:
        assert await store.save_known_as(tx, account, index, Cause())


def at(door: Door, issuer: Issuer, **more: Any) -> Browsers:
    return Browsers(door, **settings_for(issuer.address, **more))


async def there_and_back(asks: httpx.AsyncClient, issuer: Issuer, next: str = "") -> httpx.Response:
    way = await set_out(asks, next)
    return await come_back(asks, way, issuer.agree(way))


def is_in(browsers: Browsers, asks: httpx.AsyncClient) -> bool:
    return browsers.tokens.session_cookie in asks.cookies


async def test_the_right_answer_lets_the_invited_in_so_that_the_wrong_ones_mean_something(door, issuer, robin):
    browsers = at(door, issuer)
    async with browsers.open() as asks:
        back = await there_and_back(asks, issuer)
        assert (back.status_code, back.headers["location"]) == (303, "/caseplan/today")
        assert browsers.tokens.read(asks.cookies[browsers.tokens.cookie_name]).actor.id == robin.account.id
        assert browsers.tokens.journey_cookie not in asks.cookies


async def test_from_another_site_the_browser_asks_once_more_from_here(door, issuer, robin):
    """Its cookies are SameSite=Strict, the way's own too: without one, the page leads to itself."""
    browsers = at(door, issuer)
    async with browsers.open() as asks, browsers.open() as from_there:
        way = await set_out(asks)
        page = await come_back(from_there, way, issuer.agree(way))
        assert page.status_code == 200
        where = page.headers["refresh"].removeprefix("0;url=")
        assert where.startswith("/intake/account/elsewhere/back?")
        assert (await from_there.get(where)).status_code == 403, "and not for ever"
        assert (await asks.get(where)).status_code == 303
        assert not is_in(browsers, from_there)


STRANGER = RSAKey.generate_key(2048, {"kid": "one"})
LIES: list[dict[str, Any]] = [
    {"iss": "https://login.elsewhere.example"},
    {"aud": "another-client"},
    {"aud": ["throughcare", "another-client"]},
    {"azp": "another-client"},
    {"nonce": "the nonce of another way"},
    {"nonce": None},
    {"exp": 1_700_000_000},
    {"iat": 1_700_000_000},
    {"sub": None},
    {"email_verified": False},
    {"email_verified": "true"},
    {"email": None},
    {"email": "nobody@cedar.example"},
    {"email": [E_MAIL]},
    {"email": "Robin.ﬁeld@cedar.example"},  # to Unicode the same letters; to whoever gives out addresses another
]


@pytest.mark.parametrize("lie", LIES, ids=[",".join(lie) for lie in LIES])
async def test_a_token_with_one_lie_opens_nothing_and_does_not_say_why(door, issuer, robin, lie):
    browsers = at(door, issuer)
    async with browsers.open() as asks:
        issuer.lies = lie
        lied = await there_and_back(asks, issuer)
        assert lied.status_code == 403 and not is_in(browsers, asks)
        nothing = await asks.get("/intake/account/elsewhere/back?again=1")
        assert text(lied) == text(nothing), "one page for all that can be wrong"
        issuer.lies = {}
        assert (await there_and_back(asks, issuer)).status_code == 303


async def test_a_token_that_another_key_signed_opens_nothing(door, issuer, robin):
    browsers = at(door, issuer)
    async with browsers.open() as asks:
        issuer.signs_with = STRANGER
        assert (await there_and_back(asks, issuer)).status_code == 403
        issuer.header = {"jwk": STRANGER.as_dict(private=False)}
        assert (await there_and_back(asks, issuer)).status_code == 403
        issuer.header = {"kid": "two"}
        assert (await there_and_back(asks, issuer)).status_code == 403
        assert issuer.looks == 1, "a key that nobody knows makes us look again, though not over and over"


async def test_the_issuers_keys_rotate_while_everything_runs(door, issuer, robin, monkeypatch):
    monkeypatch.setattr("services.intake.signing_in.issuer.LOOK_AGAIN", 0.0)
    async with at(door, issuer).open() as asks:
        assert (await there_and_back(asks, issuer)).status_code == 303
        issuer.key = RSAKey.generate_key(2048, {"kid": "next", "use": "sig"})
        issuer.header = {"kid": "next"}
        assert (await there_and_back(asks, issuer)).status_code == 303
        assert issuer.looks == 2


async def test_an_issuer_that_is_away_is_not_asked_by_every_stranger(door, issuer):
    issuer.says = {"jwks_uri": f"{issuer.address}/nowhere"}
    async with at(door, issuer).open() as asks:
        answers = [await asks.get("/intake/account/elsewhere") for _ in range(20)]
    assert {answer.status_code for answer in answers} == {503}
    assert "Try again in a minute" in text(answers[0])
    assert issuer.told == 1


async def test_an_answer_is_good_once(door, issuer, robin):
    browsers = at(door, issuer)
    async with browsers.open() as asks:
        way = await set_out(asks)
        code, kept = issuer.agree(way), asks.cookies[browsers.tokens.journey_cookie]
        assert (await come_back(asks, way, code)).status_code == 303
        async with browsers.open(Cookie=f"{browsers.tokens.journey_cookie}={kept}") as thief:
            assert (await come_back(thief, way, code)).status_code == 403, "also with all that the browser held"
            assert not is_in(browsers, thief)


async def test_nobody_is_signed_in_as_somebody_else_by_their_answer(door, issuer, robin):
    """Session fixation: the attacker's own code and state, opened in the victim's browser."""
    browsers = at(door, issuer)
    async with browsers.open() as attacker, browsers.open() as victim:
        way = await set_out(attacker)
        mine = await set_out(victim)
        code = issuer.agree(way)
        assert (await come_back(victim, way, code)).status_code == 403, "another's state"
        assert (await come_back(victim, mine, code)).status_code == 403, "another's code: PKCE and nonce fit none"
        assert not is_in(browsers, victim)


async def test_without_the_browsers_own_secret_a_stolen_code_is_worth_nothing(door, issuer, robin):
    browsers = at(door, issuer)
    async with browsers.open() as asks, browsers.open() as thief:
        way = await set_out(asks)
        code = issuer.agree(way)
        theirs = await set_out(thief)
        assert (await come_back(thief, theirs, code)).status_code == 403
        assert not is_in(browsers, thief)


@pytest.mark.parametrize("named", ["https://login.evil.example", "http://127.0.0.1:1"])
async def test_an_answer_that_another_issuer_sends_is_not_taken_to_ours(door, issuer, robin, named):
    """Mix-up (RFC 9207): the code would go to the wrong one."""
    browsers = at(door, issuer)
    async with browsers.open() as asks:
        way = await set_out(asks)
        code = issuer.agree(way)
        assert (await come_back(asks, way, code, iss=named)).status_code == 403
        assert code in issuer.asked, "nobody was shown it"
        way = await set_out(asks)
        assert (await come_back(asks, way, issuer.agree(way), iss=issuer.address)).status_code == 303


async def test_an_issuer_that_always_says_who_it_is_is_not_believed_when_it_does_not(door, issuer, robin):
    issuer.says = {"authorization_response_iss_parameter_supported": True}
    async with at(door, issuer).open() as asks:
        assert (await there_and_back(asks, issuer)).status_code == 403


async def test_what_set_out_to_one_issuer_does_not_come_back_from_another(door, issuer, robin):
    """The settings change meanwhile, or a second network runs on the same host."""
    async with served(Issuer()) as other:
        here, there = at(door, issuer), at(door, other)
        async with here.open() as asks:
            way = await set_out(asks)
            kept = asks.cookies[here.tokens.journey_cookie]
        async with there.open(Cookie=f"{here.tokens.journey_cookie}={kept}") as asks:
            assert (await come_back(asks, way, other.agree(way))).status_code == 403
            assert other.asked, "nobody was shown the code"


@pytest.mark.parametrize(
    "says",
    [
        {"issuer": "https://login.elsewhere.example"},
        {"token_endpoint": "http://login.elsewhere.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": None},
    ],
    ids=lambda says: next(iter(says)),
)
async def test_an_issuer_that_leads_somewhere_unsafe_leads_nowhere(door, issuer, says):
    issuer.says = says
    async with at(door, issuer).open() as asks:
        answer = await asks.get("/intake/account/elsewhere")
        assert answer.status_code == 503
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    "next", ["https://evil.example/", "//evil.example", "/\\evil.example", "/%0d%0aset-cookie:x=1", "javascript:x"]
)
async def test_the_way_back_leads_nowhere_else(door, issuer, robin, next):
    async with at(door, issuer).open() as asks:
        back = await there_and_back(asks, issuer, next)
        assert back.headers["location"] in ("/caseplan/today", "/%0d%0aset-cookie:x=1")
        assert "x" not in asks.cookies


async def test_an_e_mail_that_was_given_to_somebody_else_there_opens_nothing_here(door, issuer, robin):
    browsers = at(door, issuer)
    async with browsers.open() as asks:
        assert (await there_and_back(asks, issuer)).status_code == 303
    issuer.subject = "subject-2"
    async with browsers.open() as asks:
        assert (await there_and_back(asks, issuer)).status_code == 403
    await known_as(door, robin.account, E_MAIL)  # their administrator says so
    async with browsers.open() as asks:
        assert (await there_and_back(asks, issuer)).status_code == 303


async def test_whoever_left_stays_out(door, issuer):
    browsers = at(door, issuer)
    who = await colleague(browsers)
    await known_as(door, who.account, E_MAIL)
    async with browsers.open() as asks:
        assert (await there_and_back(asks, issuer)).status_code == 303
        async with transaction(door.pool) as tx:
            await store.save_account(tx, leave(await store.lock_account(tx, who.account.id)), Cause())
        assert (await there_and_back(asks, issuer)).status_code == 403
    row = await door.pool.fetchrow("SELECT known_as, known_subject FROM account WHERE id = $1", who.account.id)
    assert tuple(row) == (None, None)


async def test_what_somebody_is_known_by_stands_nowhere_in_clear_and_needs_the_key_store_to_be_tried(
    door, issuer, robin
):
    async with at(door, issuer).open() as asks:
        await there_and_back(asks, issuer)
    rows = await door.pool.fetch("SELECT t::text AS text FROM account t UNION ALL SELECT t::text FROM outbox t")
    dump = "\n".join(row["text"] for row in rows).lower()
    for canary in (E_MAIL.lower(), "subject-1"):
        assert canary not in dump and canary.encode().hex() not in dump
        assert base64.b64encode(canary.encode()).decode().lower() not in dump


async def test_two_accounts_are_never_known_by_the_same(door, issuer, robin):
    settings = settings_for(issuer.address)
    browsers = Browsers(door, **settings)
    headers = {**door.as_(demo.YUSUF), "Accept": "application/json"}
    async with browsers.open() as asks:
        body = {"name": "Another", "sign_in": "another.one", "role": "mentor", "known_as": f" {E_MAIL.lower()}"}
        assert (await asks.post("/intake/accounts", json=body, headers=headers)).status_code == 422
        other = await asks.post("/intake/accounts", json={**body, "known_as": None}, headers=headers)
        path = f"/intake/accounts/{other.json()['id']}/known-as"
        assert (await asks.post(path, json={"known_as": E_MAIL}, headers=headers)).status_code == 422
        assert (await asks.post(path, json={"known_as": "other@cedar.example"}, headers=headers)).status_code == 200


async def test_nor_two_accounts_of_two_agencies_and_neither_learns_of_whom(door, issuer, robin):
    browsers = at(door, issuer)
    body = {"name": "Elsewhere", "sign_in": f"e{uuid7().hex[-9:]}", "role": "mentor", "agency": str(demo.WELCOME_ALDER)}
    made = await door.post("/intake/accounts", body, demo.RUTH)
    admin = Actor(uuid7(), Role.AGENCY_ADMIN, demo.WELCOME_ALDER)
    headers = {"Authorization": f"Bearer {browsers.tokens.issue(admin)}", "Accept": "application/json"}
    async with browsers.open() as asks:
        path = f"/intake/accounts/{made.json()['id']}/known-as"
        answer = await asks.post(path, json={"known_as": E_MAIL}, headers=headers)
        assert answer.status_code == 422, answer.text
        assert str(robin.account.id) not in answer.text


async def test_where_passwords_are_off_none_lets_anybody_in_and_no_link_makes_one(door, issuer, robin):
    browsers, before = at(door, issuer, passwords=False), Browsers(door)
    who = await colleague(before)
    async with before.open() as asks:  # a page from before, in the same browser
        form = fields((await asks.get("/intake/account/sign-in")).text, "Sign-in name")
        cookies = dict(asks.cookies)
    async with browsers.open() as asks:
        page = await asks.get("/intake/account/sign-in")
        assert 'type="password"' not in page.text and "/intake/account/elsewhere" in page.text
        asks.cookies.update(cookies)
        data = {**form, "name": who.account.sign_in, "password": PASSWORD, "code": who.code()}
        assert (await asks.post("/intake/account/sign-in", data=data)).status_code == 403
        assert (await asks.get(robin.link)).headers["location"] == "/intake/account/sign-in"
        assert (await asks.post(robin.link, data=data)).status_code == 403
        assert (await there_and_back(asks, issuer)).status_code == 303


async def test_without_an_issuer_there_is_no_such_door(door):
    async with Browsers(door).open() as asks:
        for path in ("", "/back?code=x&state=y"):
            assert (await asks.get(f"/intake/account/elsewhere{path}")).status_code == 404
    answer = await door.post(
        "/intake/accounts", {"name": "A", "sign_in": "abc.def", "role": "mentor", "known_as": "a@b.example"}, demo.YUSUF
    )
    assert (answer.status_code, answer.json()["field"]) == (422, "known_as")
