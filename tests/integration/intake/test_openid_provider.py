"""Staff sign in at a real OpenID provider, run from its package, and come back as themselves.

Its package speaks no PKCE; that we do is held by our own issuer in tests/security/test_attack_13_openid.py.
"""

import asyncio
import os
import re
import socket
import sys
from collections.abc import AsyncIterator
from importlib.util import find_spec

import httpx
import pytest
import pytest_asyncio

from services.intake.accounts import Stage
from shared.security import demo
from tests.integration.intake.browsers import Browsers
from tests.integration.intake.issuers import come_back, set_out, settings_for
from tests.integration.intake.world import Door, text

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(
        find_spec("oidc_provider_mock") is None or find_spec("flask") is None,
        reason="the package oidc-provider-mock is not installed: requirements/test.in names it",
    ),
]
E_MAIL = "robin.field@cedar.example"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def provider() -> AsyncIterator[str]:
    """In a process of its own, as it would be."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "oidc_provider_mock",
        "--port",
        str(port),
        env={**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    address = f"http://localhost:{port}"
    async with httpx.AsyncClient() as client:
        for _ in range(200):
            try:
                await client.get(address)
                break
            except httpx.TransportError:
                assert process.returncode is None, "the provider ended"
                await asyncio.sleep(0.05)
    yield address
    process.terminate()
    await process.wait()


async def says_yes(way: str, address: str, e_mail: str = E_MAIL, *, verified: bool = True) -> str:
    """Somebody signs in there; the code that their browser brings back."""
    async with httpx.AsyncClient() as there:
        await there.put(f"{address}/users/robin", json={"email": e_mail, "email_verified": verified})
        answer = await there.post(way, data={"sub": "robin"})
    found = re.search(r"[?&]code=([^&]+)", answer.headers["location"])
    assert found, answer.text
    return found[1]


async def test_whoever_was_invited_signs_in_there_and_works_here(house: Door, provider: str):
    browsers = Browsers(house, **settings_for(provider))
    async with browsers.open() as asks:
        body = {"name": "Robin Field", "sign_in": "robin.field", "role": "mentor", "known_as": E_MAIL.upper()}
        made = await asks.post(
            "/intake/accounts", json=body, headers={**house.as_(demo.YUSUF), "Accept": "application/json"}
        )
        assert made.status_code == 201, made.text
        page = await asks.get("/intake/account/sign-in")
        assert "Sign in with Cedar's own sign-in" in text(page)
        way = await set_out(asks, "/intake/directory")
        assert way.startswith(f"{provider}/oauth2/authorize?")
        back = await come_back(asks, way, await says_yes(way, provider))
        assert (back.status_code, back.headers["location"]) == (303, "/intake/directory"), back.text
        token = browsers.tokens.read(asks.cookies[browsers.tokens.cookie_name])
        assert str(token.actor.id) == made.json()["id"]
        assert (await asks.get("/intake/people/new")).status_code == 200
    row = await house.pool.fetchrow("SELECT stage, account::text FROM account WHERE sign_in = 'robin.field'")
    assert row["stage"] == Stage.ACTIVE
    assert "cedar.example" not in row["account"]


async def test_whom_it_knows_and_we_do_not_is_sent_away_and_gets_no_account(house: Door, provider: str):
    browsers = Browsers(house, **settings_for(provider))
    before = await house.pool.fetchval("SELECT count(*) FROM account")
    async with browsers.open() as asks:
        for e_mail, verified in (("nobody@cedar.example", True), (E_MAIL, False)):
            way = await set_out(asks)
            back = await come_back(asks, way, await says_yes(way, provider, e_mail, verified=verified))
            assert back.status_code == 403
            assert browsers.tokens.cookie_name not in asks.cookies
    assert await house.pool.fetchval("SELECT count(*) FROM account") == before
