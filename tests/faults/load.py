"""The load: commands whose intent is on the disk before they are sent, and whose outcome is known at the end.

A command that got no answer is sent again with its key until one comes, which is what a careful caller does.
"""

import asyncio
import json
import os
import random
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from shared.runtime.ids import uuid7
from tests.faults.stage import Stage

CALLERS = 12
SUBJECTS = 200  # few enough that callers meet at the same aggregate


@dataclass
class Intent:
    key: str
    subject: UUID
    count: int
    ring: UUID | None

    def line(self) -> bytes:
        ring = str(self.ring) if self.ring else None
        return json.dumps({"key": self.key, "subject": str(self.subject), "count": self.count, "ring": ring}).encode()


@dataclass
class Load:
    stage: Stage
    apis: list[str]
    events: int
    seed: int
    subjects: int = SUBJECTS
    intents: list[Intent] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    asked: int = 0
    pace: float = 1e9  # events a second, so that the load lasts as long as the chaos
    paused: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: int = 0

    def __post_init__(self) -> None:
        self.paused.set()  # set means: go
        self._random = random.Random(self.seed)
        self._subjects = [uuid7() for _ in range(self.subjects)]
        self._journal = os.open(self.stage.home / "intents", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def run(self) -> None:
        """Send commands until as many events were asked for as wanted, and every outcome is known."""
        async with httpx.AsyncClient(timeout=5, limits=httpx.Limits(max_connections=CALLERS * 2)) as client:
            await asyncio.gather(*(self._call(client) for _ in range(CALLERS)))
        os.close(self._journal)

    async def rest(self) -> None:
        """Stop sending and wait until every outcome so far is known."""
        self.paused.clear()
        while self._busy:
            await asyncio.sleep(0.05)

    async def _call(self, client: httpx.AsyncClient) -> None:
        while self.asked < self.events:
            await self.paused.wait()
            self._busy += 1
            try:
                intent = self._intend()
                await self._carry_out(client, intent)
            finally:
                self._busy -= 1
            await asyncio.sleep(min(2.0, CALLERS * intent.count / self.pace))

    def _intend(self) -> Intent:
        count = self._random.randint(1, 5)
        ring = uuid7() if self._random.random() < 0.1 else None
        intent = Intent(str(uuid7()), self._random.choice(self._subjects), count, ring)
        self.asked += count + (1 if ring else 0)
        self.intents.append(intent)
        os.write(self._journal, intent.line() + b"\n")
        os.fsync(self._journal)
        return intent

    async def _carry_out(self, client: httpx.AsyncClient, intent: Intent) -> None:
        while intent.key not in self.acknowledged:
            url = self.stage.actors[self._random.choice(self.apis)].url
            try:
                answer = await client.post(
                    f"{url}/notifications/toy",
                    content=intent.line(),
                    headers={"Content-Type": "application/json", "Idempotency-Key": intent.key},
                )
            except httpx.HTTPError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code == 200:
                self.acknowledged.add(intent.key)
            elif answer.status_code < 500 and answer.status_code != 429:
                raise RuntimeError(f"{answer.status_code}: {answer.text[:300]}")
            else:
                await asyncio.sleep(0.05)
