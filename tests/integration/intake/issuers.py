"""An OpenID issuer of our own that keeps to the rules, PKCE and client secret included, unless it is told to lie."""

import asyncio
import hashlib
import secrets
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

CLIENT, SECRET = "throughcare", "a secret/with: signs"
E_MAIL = "Robin.Field@cedar.example"


@dataclass
class Issuer:
    """`lies` are claims said in the place of the right ones; None leaves one out."""

    address: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    signs_with: RSAKey | None = None
    header: dict[str, Any] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)
    says: dict[str, Any] = field(default_factory=dict)  # of itself
    subject: str = "subject-1"
    asked: dict[str, dict[str, str]] = field(default_factory=dict)  # by code
    looks: int = 0  # at its keys
    told: int = 0  # what it says of itself

    def agree(self, way: str) -> str:
        """Somebody is sent here and says yes: the code that they bring back."""
        code = secrets.token_urlsafe(16)
        self.asked[code] = dict(parse_qsl(urlsplit(way).query))
        return code

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.address, "aud": CLIENT, "sub": self.subject, "nonce": nonce, "iat": now, "exp": now + 300,
            "email": E_MAIL, "email_verified": True, **self.lies,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": "one", **self.header}
        return jwt.encode(header, claims, self.signs_with or self.key)

    async def configuration(self, request: Request) -> JSONResponse:
        self.told += 1
        at = self.address
        found = {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/keys",
        }
        return JSONResponse(found | self.says)

    async def authorize(self, request: Request) -> RedirectResponse:
        """For a real browser: whoever comes says yes."""
        back, state = request.query_params["redirect_uri"], request.query_params["state"]
        return RedirectResponse(f"{back}?{urlencode({'code': self.agree(str(request.url)), 'state': state})}", 303)

    async def keys(self, request: Request) -> JSONResponse:
        self.looks += 1
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def token(self, request: Request) -> JSONResponse:
        sent = await request.form()
        asked = self.asked.pop(str(sent["code"]), None)  # a code is good once
        basic = b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        verifier = hashlib.sha256(str(sent["code_verifier"]).encode()).digest()
        right = (
            asked is not None
            and basic == f"{CLIENT}:a+secret%2Fwith%3A+signs"
            and asked["code_challenge_method"] == "S256"
            and asked["code_challenge"] == urlsafe_b64encode(verifier).rstrip(b"=").decode()
            and asked["redirect_uri"] == sent["redirect_uri"]
        )
        if not right or asked is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])})


class Quiet(uvicorn.Server):
    """Leaves the signals of the test run alone."""

    def install_signal_handlers(self) -> None: ...


@asynccontextmanager
async def served(issuer: Issuer, host: str = "127.0.0.1") -> AsyncIterator[Issuer]:
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", issuer.configuration),
            Route("/authorize", issuer.authorize),
            Route("/keys", issuer.keys),
            Route("/token", issuer.token, methods=["POST"]),
        ]
    )
    server = Quiet(uvicorn.Config(app, port=0, log_level="critical", ws="none", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    issuer.address = f"http://{host}:{server.servers[0].sockets[0].getsockname()[1]}"
    yield issuer
    server.should_exit = True
    await task


def settings_for(address: str, **more: Any) -> dict[str, Any]:
    """What changes in the settings of a network that lets its staff in there."""
    return {
        "oidc_issuer": address,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SecretStr(SECRET),
        "oidc_name": "Cedar's own sign-in",
        **more,
    }


async def set_out(asks: httpx.AsyncClient, next: str = "") -> str:
    """The way that the browser is sent."""
    answer = await asks.get("/intake/account/elsewhere", params={"next": next} if next else {})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def come_back(asks: httpx.AsyncClient, way: str, code: str, **changed: str) -> httpx.Response:
    state = dict(parse_qsl(urlsplit(way).query))["state"]
    return await asks.get("/intake/account/elsewhere/back", params={"code": code, "state": state, **changed})
