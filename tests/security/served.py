"""Each service as it is served, on a database that holds a row of Welcome Alder's in every table (`rows.py`)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from uuid import UUID

import httpx
from fastapi import FastAPI

from shared.messaging.meters import Meters
from shared.process import Running, build
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings
from shared.security.edge import RouteEntry, entries
from shared.security.keyed import keyed_pool
from shared.security.permissions import Role
from shared.security.tokens import Tokens, actor_of
from tests.network import FreshDatabase

JSON, HTML = {"Accept": "application/json"}, {"Accept": "text/html"}
BASE = "http://127.0.0.1:8000"
AT_NO_AGENCY = {Role.NETWORK_ADMIN, Role.OPS, Role.AUDITOR, Role.PERSON, Role.ANYONE}


@dataclass(frozen=True, slots=True)
class Served:
    """One service, and somebody who asks it."""

    name: str
    app: FastAPI
    tokens: Tokens
    client: httpx.AsyncClient

    @property
    def routes(self) -> list[tuple[str, RouteEntry]]:
        """Each method of each route that answers by itself: no mounted files, no streams that never end."""
        found = [(method, entry) for entry in entries(self.app) for method in entry.methods if method != "HEAD"]
        return [(method, entry) for method, entry in found if not entry.path.endswith("/news")]

    def as_(self, role: Role, agency: UUID | None = None, id: UUID | None = None) -> dict[str, str]:
        """Somebody new, unless `id` says who; who works at no agency has none."""
        if role is Role.ANYONE:
            return {}
        id = id or uuid7()
        actor = actor_of(id, role, None if role in AT_NO_AGENCY else agency, id if role is Role.PERSON else None)
        return {"Authorization": f"Bearer {self.tokens.issue(actor)}"}

    async def ask(self, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
        body = {} if method in ("GET", "DELETE") else {"json": {}}
        return await self.client.request(method, path, headers={**JSON, **headers}, **body)  # type: ignore[arg-type]


@asynccontextmanager
async def served(database: FreshDatabase, name: str) -> AsyncIterator[Served]:
    settings = Settings(**await database.settings(name, roles="api"))
    app = build(import_module(f"services.{name}.app").service(settings), settings)
    async with keyed_pool(settings, f"{name} attacked") as (pool, keys):
        app.state.running = Running(settings, pool, keys, Meters())
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            yield Served(name, app, Tokens(settings), client)


def address(path: str, person: UUID, rest: UUID) -> str:
    """`path` with its parameters filled in: `person` where it names one, `rest` everywhere else."""
    parts = path.split("/")
    filled = [
        str(person if part == "{person_id}" or before in ("people", "plans") else rest)
        if part.startswith("{")
        else part
        for before, part in pairwise(["", *parts])
    ]
    return "/".join(filled)
