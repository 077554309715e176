"""Somebody's voice: an HTTP client that is signed in as one of the cast, and waits where the network needs a moment.

Events travel between services, so what was said to one is known to the next a little later. A voice repeats what was
refused for that reason until it is heard, under one idempotency key.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import httpx
from pydantic import SecretStr

from shared.local.network import Network
from shared.local.ports import LOOPBACK
from shared.runtime.errors import ThroughcareError
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings
from shared.security import demo, signing

HEARD_WITHIN = 60.0  # seconds
NOT_YET = (404, 409, 422, 502, 503)
T = TypeVar("T")


class NotHeard(ThroughcareError):
    """What should have followed did not; the message says what, `status` what was answered, if anything was."""

    def __init__(self, what: str, status: int = 0) -> None:
        super().__init__(what)
        self.status = status


def settings_of(network: Network) -> Settings:
    signing.ensure(network.tokens)
    return Settings(
        demo=True,
        host=LOOPBACK,
        public_url=network.public_url,
        signing_secret=SecretStr(network.passwords.of("signing")),
        signing_keys=network.tokens / signing.PRIVATE,
        verifying_keys=network.tokens / signing.PUBLIC,
        sealing_key=SecretStr(network.passwords.of("sealing")),
    )


class Voice:
    """`who` is an account of the cast, or any person's id."""

    def __init__(self, network: Network, client: httpx.AsyncClient, who: UUID) -> None:
        self._client = client
        self._url = network.url
        self._headers = {
            "Authorization": f"Bearer {demo.token(settings_of(network), who)}",
            "Accept": "application/json",
        }

    async def get(self, path: str) -> Any:
        """The JSON of a page, now. NotHeard for anything but 200."""
        answer = await self._client.get(f"{self._url}{path}", headers=self._headers)
        if answer.status_code != 200:
            raise NotHeard(f"{path} answers {answer.status_code}: {_why(answer)}", answer.status_code)
        return answer.json()

    async def say(self, path: str, body: dict[str, Any] | None = None, *, method: str = "POST", key: str = "") -> Any:
        """Send a command until it is heard; the JSON of its answer."""
        headers = self._headers | {"Idempotency-Key": key or str(uuid7())}
        until = time.monotonic() + HEARD_WITHIN
        while True:
            answer = await self._client.request(method, f"{self._url}{path}", json=body or {}, headers=headers)
            if answer.status_code < 300:
                return answer.json() if answer.content else {}
            if answer.status_code not in NOT_YET or time.monotonic() > until:
                raise NotHeard(f"{method} {path} answers {answer.status_code}: {_why(answer)}")
            await asyncio.sleep(0.2)

    async def see(self, path: str, found: Callable[[Any], T | None]) -> T:
        """Look at a page until `found` finds what it looks for in its JSON."""

        async def look() -> T | None:
            try:
                return found(await self.get(path))
            except (NotHeard, KeyError, IndexError, TypeError):
                return None

        return await until(look, path)


async def until(look: Callable[[], Awaitable[T | None]], what: str, within: float = HEARD_WITHIN) -> T:
    """Ask until there is an answer. NotHeard after `within` seconds."""
    end = time.monotonic() + within
    while True:
        found = await look()
        if found:
            return found
        if time.monotonic() > end:
            raise NotHeard(f"Waited {within:.0f} s for {what}, and it did not come.")
        await asyncio.sleep(0.1)


def _why(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return answer.reason_phrase
    return str(problem.get("detail") or problem.get("title") or answer.reason_phrase)
