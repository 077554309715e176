"""The SQL of a command, recorded from the real app and said again by bare asyncpg: the same by construction.

The app runs in this process for the recording alone. What must differ from one command to the next (whose promise,
the idempotency key, new ids) is put in its place before the clock starts.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import httpx
from fastapi import FastAPI

from services.caseplan.app import service
from shared.messaging.meters import Meters
from shared.process import Running, build
from shared.runtime.database import Keyed
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings
from shared.security.keys import open_keys

HOST = "http://127.0.0.1:8000"
OF_POOLS = "SELECT pg_advisory_unlock_all()"  # what a pool says between two borrowers; a bare connection needn't


class Statement(NamedTuple):
    text: str
    values: tuple[Any, ...]


Script = Sequence[Statement]


@dataclass(frozen=True, slots=True)
class Swap:
    """What stands for what: texts and ids by their place in the recording; new ids for all but the `kept` ones."""

    texts: Mapping[str, str]
    kept: frozenset[UUID]
    ids: Mapping[UUID, UUID] = field(init=False)

    def __post_init__(self) -> None:
        ids = {UUID(old): UUID(new) for old, new in self.texts.items() if len(old) == 36}
        object.__setattr__(self, "ids", ids)

    def script(self, recorded: Script) -> Script:
        """What it acts for is in the text that begins it: settings take no parameters."""
        return [
            Statement(self.value(text) if text.startswith("BEGIN") else text, tuple(map(self.value, values)))
            for text, values in recorded
        ]

    def value(self, value: Any) -> Any:
        match value:
            case UUID():
                return self.ids.get(value) or (value if value in self.kept else uuid7())
            case str():
                for old, new in self.texts.items():
                    value = value.replace(old, new)
                return value
            case bytes():
                return self._within(value)
            case list():
                return [self.value(item) for item in value]
            case _:
                return value

    def _within(self, value: bytes) -> bytes:
        for old, new in self.texts.items():
            value = value.replace(old.encode(), new.encode())
        return value


@dataclass(slots=True)
class Recorder:
    """The app, and what it said to Postgres since the last time somebody asked."""

    app: FastAPI
    heard: list[Statement]

    async def post(self, token: str, path: str, body: Mapping[str, Any], key: str = "") -> tuple[Any, Script]:
        """The answer to one command, and its statements."""
        self.heard.clear()
        headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=HOST, headers=headers) as client:
            answer = await client.post(path, json=body)
        answer.raise_for_status()
        await asyncio.sleep(0)  # asyncpg calls its loggers a turn later
        return answer.json(), [one for one in self.heard if not one.text.startswith(OF_POOLS)]


@asynccontextmanager
async def recorder(settings: Settings) -> AsyncIterator[Recorder]:
    heard: list[Statement] = []

    async def listen(connection: asyncpg.Connection) -> None:
        connection.add_query_logger(lambda said: heard.append(Statement(said.query, said.args)))

    async with (
        open_keys(settings, "recorder") as keys,
        asyncpg.create_pool(
            settings.database,
            password=settings.database_password.get_secret_value(),
            min_size=1,
            max_size=2,
            init=listen,
            connection_class=type("Listened", (Keyed,), {"keys": keys}),
        ) as recorded,
    ):
        app = build(service(settings), settings)
        app.state.running = Running(settings, recorded, keys, Meters())
        yield Recorder(app, heard)


async def say(connection: asyncpg.Connection, script: Script) -> None:
    """The recorded statements, one after the other, as asyncpg says them at its barest."""
    for text, values in script:
        if values or not text.endswith(";"):
            await connection.fetch(text, *values)
        else:
            await connection.execute(text)  # BEGIN and COMMIT
