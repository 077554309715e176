"""The load: commands whose intent is on the disk before they are sent, and whose outcome is known at the end.

A command that got no answer is sent again with its key, to any process, until one comes, which is what a careful
caller does. What is refused for now is asked again too, since events take a moment from service to service.
"""

import asyncio
import json
import os
import random
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from shared.runtime.ids import uuid7
from shared.security import demo
from tests.faults.history import Intent, Outcome
from tests.faults.stage import Stage

LIVES = 36  # people at a time
REFUSED_FOR = 150.0  # seconds; then it really is a no
FORGOTTEN_FOR = 12.0  # the same for who was in the middle of something that a restore has undone
EVENTS_EACH = 2.6  # events that a command leaves on average, with what follows: only for the pace


BORN: ContextVar[float] = ContextVar("born")  # when the life began in which something is said


class GivenUp(Exception):
    """A step was refused for good: this life ends here, and the report says where."""


@dataclass
class Load:
    """Speaks for everybody; counts, paces, and can rest."""

    stage: Stage
    seed: int
    pace: float = 60.0  # events a second
    intents: dict[str, Intent] = field(default_factory=dict)
    given_up: list[str] = field(default_factory=list)
    cut_short: int = 0  # lives whose service was set back beneath them
    set_back_at: float = 0.0
    going: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: int = 0

    def __post_init__(self) -> None:
        self.going.set()
        self.random = random.Random(self.seed)
        journal = self.stage.home / "intents"
        self._journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        limits = httpx.Limits(max_connections=LIVES * 3, keepalive_expiry=5)
        self.client = httpx.AsyncClient(timeout=8, trust_env=False, limits=limits)

    async def close(self) -> None:
        await self.client.aclose()
        os.close(self._journal)

    async def rest(self) -> None:
        """Stop sending and wait until every outcome so far is known."""
        self.going.clear()
        while self._busy:
            await asyncio.sleep(0.05)

    async def say(
        self, who: UUID, path: str, body: dict[str, Any] | None = None, *, method: str = "POST", refusable: bool = False
    ) -> dict[str, Any]:
        """The answer to a command, sooner or later. GivenUp when it stays refused.

        `refusable`: a refusal is an answer like another; returns an empty one.
        """
        intent = self._intend(who, method, path)
        refused_since = 0.0
        while True:
            await self.going.wait()
            self._busy += 1
            try:
                answer = await self._ask(who, method, path, body or {}, intent)
            finally:
                self._busy -= 1
            if answer.status_code < 300:
                intent.outcome = Outcome.DONE
                await asyncio.sleep(min(5.0, LIVES * EVENTS_EACH / self.pace) * self.random.uniform(0.5, 1.5))
                return dict(answer.json()) if answer.content else {}
            intent.outcome = Outcome.REFUSED
            refused_since = refused_since or time.monotonic()
            if refusable:
                return {}
            if answer.status_code not in (404, 409, 422) or time.monotonic() - refused_since > self.patience:
                raise self.give_up(f"{method} {path} for {who}: {answer.status_code} {answer.text[:160]}")
            await asyncio.sleep(self.random.uniform(0.2, 1.0))

    @property
    def patience(self) -> float:
        """Seconds until a refusal is final."""
        return FORGOTTEN_FOR if BORN.get(time.monotonic()) < self.set_back_at else REFUSED_FOR

    def give_up(self, why: str) -> GivenUp:
        if self.patience == FORGOTTEN_FOR:
            self.cut_short += 1
        else:
            self.given_up.append(why)
        return GivenUp(why)

    async def see(self, who: UUID, path: str) -> tuple[int, dict[str, Any]]:
        """Status and content of a page, once some process answers."""
        while True:
            try:
                answer = await self._send(who, "GET", path, None, "")
            except httpx.HTTPError:
                await asyncio.sleep(0.2)
                continue
            if answer.status_code < 500:
                return answer.status_code, answer.json() if answer.status_code == 200 else {}
            await asyncio.sleep(0.2)

    def _intend(self, who: UUID, method: str, path: str) -> Intent:
        intent = Intent(str(uuid7()), str(who), f"{method} {path}")
        self.intents[intent.key] = intent
        os.write(self._journal, json.dumps([intent.key, intent.who, intent.what, time.time()]).encode() + b"\n")
        os.fsync(self._journal)
        return intent

    async def _ask(self, who: UUID, method: str, path: str, body: dict[str, Any], intent: Intent) -> httpx.Response:
        """Until there is an answer that says what became of it."""
        while True:
            try:
                answer = await self._send(who, method, path, body, intent.key)
                if answer.status_code < 500 and answer.status_code != 429:
                    return answer
            except httpx.HTTPError:
                pass
            intent.outcome = Outcome.UNKNOWN
            await asyncio.sleep(self.random.uniform(0.1, 0.4))

    async def _send(self, who: UUID, method: str, path: str, body: Any, key: str) -> httpx.Response:
        """To one of the two processes; to the other one if that is not there at all."""
        actors = [actor for actor in self.stage.of(path.split("/")[1]) if actor.alive]
        if not actors:
            raise httpx.ConnectError("nobody is there")
        headers = {
            "Authorization": f"Bearer {demo.token(self.stage.settings, who)}",
            "Accept": "application/json",
            **({"Idempotency-Key": key} if key else {}),
        }
        url = f"{self.random.choice(actors).url}{path}"
        return await self.client.request(method, url, json=body, headers=headers)
