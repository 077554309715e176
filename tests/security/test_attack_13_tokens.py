"""Attack 13: tokens that are forged, confused, out of date, borrowed or played again are all answered 401."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import OKPKey, RSAKey

from services.caseplan.app import service as caseplan
from services.caseplan.reactions import reactions
from shared.contracts.account import Left, SessionEnded
from shared.contracts.codec import to_kafka
from shared.contracts.data import dataschema_of, encode_data
from shared.contracts.envelope import Envelope
from shared.contracts.events import Event
from shared.messaging.inbox import Inbox
from shared.messaging.meters import Meters
from shared.messaging.outbox import shard_of, source_of
from shared.process import Running, build
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.keyed import keyed_pool
from shared.security.signing import ALGORITHM, SigningKeys
from shared.security.tokens import LIFE, Tokens
from tests.hands import hands
from tests.integration.intake.browsers import BASE, Browsers, fields
from tests.integration.intake.world import Record, open_door
from tests.network import FreshDatabase, Network

pytestmark = pytest.mark.network
DANA = demo.by_id(demo.DANA).actor
STAFF_PAGE = "/intake/people"  # of a case manager


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(network: Network) -> AsyncIterator[FreshDatabase]:
    fresh = FreshDatabase(network)
    yield fresh
    await fresh.drop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browsers(database: FreshDatabase) -> AsyncIterator[Browsers]:
    async with open_door(database) as door:
        yield Browsers(door)


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def claims(settings: Settings, **changed: Any) -> dict[str, Any]:
    """What a token of Dana's says; None leaves a claim out."""
    good = {
        "iss": f"{settings.public_url}/intake", "aud": settings.public_url, "iat": time.time(),
        "exp": time.time() + LIFE, "seen": time.time(), "sub": str(demo.DANA), "role": "case_manager",
        "agency": str(demo.WELCOME_ALDER), "sid": str(uuid4()), "demo": True,
    }  # fmt: skip
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def signed(settings: Settings, header: dict[str, Any] | None = None, **changed: Any) -> str:
    """By the right key, whatever it says."""
    key = SigningKeys(settings).current()
    head = {"alg": ALGORITHM, "kid": key.kid, **(header or {})}
    registry = jwt.JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)
    return jwt.encode(head, claims(settings, **changed), key, registry=registry)


def hs256(settings: Settings, secret: bytes) -> str:
    text = f"{part({'alg': 'HS256', 'kid': 'demo', 'typ': 'JWT'})}.{part(claims(settings))}"
    return f"{text}.{part(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def confused(settings: Settings) -> list[str]:
    """The public key, in each form in which it lies about, taken for the secret of an HMAC."""
    key = SigningKeys(settings).current()
    public = key.as_dict(private=False)
    forms = [
        key.as_pem(private=False),
        key.as_der(private=False),
        json.dumps(public).encode(),
        str(public["x"]).encode(),
        base64.urlsafe_b64decode(str(public["x"]) + "=="),
        settings.signing_secret.get_secret_value().encode(),
    ]
    return [hs256(settings, secret) for secret in forms]


def rs256(settings: Settings) -> str:
    key = RSAKey.import_key(rsa.generate_private_key(65537, 2048))
    return jwt.encode({"alg": "RS256", "kid": "demo"}, claims(settings), key, algorithms=["RS256"])


def of_own_key(settings: Settings, **header: Any) -> str:
    """By a key of the attacker's, who says where to find it."""
    key = OKPKey.generate_key("Ed25519")
    head = {"alg": ALGORITHM, "kid": "demo", **header}
    if "jwk" in header:
        head["jwk"] = key.as_dict(private=False)
    registry = jwt.JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)
    return jwt.encode(head, claims(settings), key, registry=registry)


def forged(settings: Settings) -> dict[str, str]:
    good = signed(settings)
    head, body, mark = good.split(".")
    none = {f"alg={alg}": f"{part({'alg': alg, 'typ': 'JWT'})}.{body}." for alg in ("none", "None", "NONE", "")}
    kids = ("../../etc/passwd", "/dev/null", "..%2f..%2fkeys", "http://evil.example/jwks", "' OR 1=1 --", "", "DEMO", 7,
            None, ["demo"], {"kid": "demo"}, "demo\x00", "a" * 1500)  # fmt: skip
    return {
        **none,
        **{f"HS256 with the public key {n}": token for n, token in enumerate(confused(settings))},
        "RS256": rs256(settings),
        "EdDSA, the name that fits two curves": f"{part({'alg': 'EdDSA', 'kid': 'demo'})}.{body}.{mark}",
        **{f"kid={kid!r:.30}": f"{part({'alg': ALGORITHM, 'kid': kid})}.{body}.{mark}" for kid in kids},
        "no kid": f"{part({'alg': ALGORITHM})}.{body}.{mark}",
        "a key in the header": of_own_key(settings, jwk=True),
        "a key's address in the header": of_own_key(settings, jku="http://127.0.0.1:1/jwks"),
        "critical extension": f"{part({'alg': ALGORITHM, 'kid': 'demo', 'crit': ['exp'], 'exp': 1})}.{body}.{mark}",
        "another's signature": f"{head}.{part(claims(settings, sub=str(demo.LENA)))}.{mark}",
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "encrypted": ".".join([head, "", "", "", mark]),
        "wrong aud": signed(settings, aud="http://127.0.0.1:9999"),
        "aud of several": signed(settings, aud=[settings.public_url, "http://evil.example"]),
        "no aud": signed(settings, aud=None),
        "wrong iss": signed(settings, iss="http://evil.example/intake"),
        "no iss": signed(settings, iss=None),
        "expired": signed(settings, exp=time.time() - 1),
        "never expires": signed(settings, exp=None),
        "expires when words do": signed(settings, exp="tomorrow"),
        "of tomorrow": signed(settings, iat=time.time() + 86_400),
        "no role": signed(settings, role=None),
        "a role that is none": signed(settings, role="root"),
        "the role of nobody": signed(settings, role="anyone"),
        "nobody's": signed(settings, sub=None),
        "of no id": signed(settings, sub="dana"),
        "a session that is no id": signed(settings, sid="../1"),
        "neither session nor demo": signed(settings, sid=None, demo=None),
        "of another network": Tokens(
            Settings(demo=True, signing_secret="another network's secret, long", public_url=settings.public_url)
        ).issue_for(DANA, uuid4()),
    }  # fmt: skip


async def test_the_right_token_is_believed_so_that_the_rest_of_this_file_means_something(browsers: Browsers):
    async with browsers.open(Accept="application/json") as asks:
        answer = await asks.get(STAFF_PAGE, headers={"Authorization": f"Bearer {signed(browsers.settings)}"})
    assert answer.status_code == 200


async def test_whatever_is_forged_confused_or_out_of_date_is_answered_401_in_the_same_words(browsers: Browsers):
    told = set()
    async with browsers.open(Accept="application/json") as asks:
        for what, token in forged(browsers.settings).items():
            for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"{browsers.tokens.cookie_name}={token}"}):
                try:
                    answer = await asks.get(STAFF_PAGE, headers=headers)
                except UnicodeEncodeError:
                    continue  # no client could send it
                assert answer.status_code == 401, what
                told.add(answer.text)
    assert len(told) == 1, "no answer tells one forgery from another"


async def test_the_session_cookie_is_no_token_and_the_token_no_session_cookie(browsers: Browsers):
    tokens = browsers.tokens
    async with browsers.open() as asks:
        await browsers.choose(asks)
        secret, token = asks.cookies[tokens.session_cookie], asks.cookies[tokens.cookie_name]
    async with browsers.open(Accept="application/json") as asks:
        swapped = {"Cookie": f"{tokens.cookie_name}={secret}; {tokens.session_cookie}={token}"}
        assert (await asks.get(STAFF_PAGE, headers=swapped)).status_code == 401
        assert (await asks.get(STAFF_PAGE, headers={"Authorization": f"Bearer {secret}"})).status_code == 401
        renewed = await asks.get(f"/intake/session/renew?next={STAFF_PAGE}", headers=swapped)
        assert renewed.headers["location"].startswith("/intake/sign-in")
        assert not any(f"{tokens.cookie_name}=ey" in header for header in renewed.headers.get_list("set-cookie"))


async def test_one_browsers_token_beside_anothers_session_is_who_the_token_says_and_renews_to_who_the_session_says(
    browsers: Browsers,
):
    """Swapped cookies mix nobody up: each half stands for one account, and neither lends the other its rights."""
    tokens = browsers.tokens
    async with browsers.open() as one, browsers.open() as two:
        await browsers.choose(one, "Dana")
        await browsers.choose(two, "Imani")
        mixed = {"Cookie": f"{tokens.cookie_name}={one.cookies[tokens.cookie_name]}; "
                           f"{tokens.session_cookie}={two.cookies[tokens.session_cookie]}"}  # fmt: skip
    async with browsers.open() as asks:
        assert "Dana Whitfield" in (await asks.get(STAFF_PAGE, headers=mixed)).text
        await asks.get("/intake/session/renew?next=/x", headers=mixed)
        assert browsers.who(asks).id == demo.IMANI


async def test_a_token_played_again_after_sign_out_is_refused_by_intake_from_the_next_request_on(browsers: Browsers):
    async with browsers.open() as asks:
        await browsers.choose(asks)
        stolen = asks.cookies[browsers.tokens.cookie_name], asks.cookies[browsers.tokens.session_cookie]
        form = fields((await asks.get("/intake/sign-in")).text, "Dana")
        assert (await asks.post("/intake/sign-out", data=form)).status_code == 303
    async with browsers.open(Accept="application/json") as thief:
        token = {"Authorization": f"Bearer {stolen[0]}"}
        assert (await thief.get(STAFF_PAGE, headers=token)).status_code == 401
        both = {"Cookie": f"{browsers.tokens.cookie_name}={stolen[0]}; {browsers.tokens.session_cookie}={stolen[1]}"}
        assert (await thief.get(STAFF_PAGE, headers=both)).status_code == 401
        renewed = await thief.get(f"/intake/session/renew?next={STAFF_PAGE}", headers=both)
        assert renewed.headers["location"].startswith("/intake/sign-in")


# The other services


class Elsewhere:
    """caseplan, which hears of endings through its inbox alone."""

    def __init__(self, app: Any, inbox: Inbox) -> None:
        self.app, self.inbox, self.heard = app, inbox, 0

    async def status(self, token: str) -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=BASE) as asks:
            headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
            return (await asks.get("/caseplan/today", headers=headers)).status_code

    async def hear(self, event: Event, subject: UUID, sequence: int = 1) -> None:
        envelope = Envelope(
            id=uuid7(), source=source_of(event.topic), type=event.type, subject=str(subject),
            time=await self.inbox.pool.fetchval("SELECT clock()"), sequence=sequence, epoch=1,
            partitionkey=str(subject), dataschema=dataschema_of(event.type), traceparent=None, causationid=None,
            actor=None, data=encode_data(event),
        )  # fmt: skip
        self.heard += 1
        record = Record(event.topic, shard_of(str(subject)), self.heard, *to_kafka(envelope))
        await self.inbox.process([record])
        self.app.state.fences.look_again()  # half a second passes


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def elsewhere(database: FreshDatabase, browsers: Browsers) -> AsyncIterator[Elsewhere]:
    async with opened_caseplan(database) as found:
        yield found


@asynccontextmanager
async def opened_caseplan(database: FreshDatabase) -> AsyncIterator[Elsewhere]:
    settings = Settings(**await database.settings("caseplan", roles="api"))
    async with keyed_pool(settings, "caseplan test") as (pool, keys), hands(settings, keys) as own:
        app = build(caseplan(settings), settings)
        app.state.running = Running(settings, pool, keys, Meters())
        inbox = Inbox(own, "caseplan", reactions)
        inbox.cluster = "test"
        yield Elsewhere(app, inbox)


async def test_another_service_refuses_a_token_once_it_has_heard_that_its_session_ended(browsers, elsewhere):
    sid = uuid4()
    token, other = (browsers.tokens.issue_for(DANA, one) for one in (sid, uuid4()))
    assert await elsewhere.status(token) == 200
    await elsewhere.hear(SessionEnded(session=sid, because="signed_out"), sid)
    assert await elsewhere.status(token) == 401
    assert await elsewhere.status(other) == 200, "another session of the same account"


async def test_it_acts_on_arrival_whatever_else_is_missing(browsers, elsewhere):
    """The third fact of an account whose first two never came."""
    grace = demo.by_id(demo.GRACE).actor
    sid = uuid4()
    token = browsers.tokens.issue_for(grace, sid)
    assert await elsewhere.status(token) == 200
    left = Left(account=demo.GRACE, agency=demo.LANTERN_CLINIC, tokens_before=datetime.now(UTC))
    await elsewhere.hear(left, demo.GRACE, sequence=3)
    assert await elsewhere.status(token) == 401
    assert await elsewhere.status(browsers.tokens.issue_for(DANA, uuid4())) == 200
