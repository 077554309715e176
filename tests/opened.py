"""What stands sealed in rows and on topics, opened as the service that wrote it would."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from pydantic import SecretStr

from shared.contracts.compartments import OPENS
from shared.contracts.sealed import is_sealed, open_parts, take_apart
from shared.runtime.settings import Settings
from shared.security.keys import Keys, open_keys


class Opened:
    """`data(row)` takes anything with id, type and data."""

    def __init__(self, keys: Keys, service: str) -> None:
        self._keys = keys
        self._parts = OPENS[service]

    async def data(self, row: Any) -> dict[str, Any]:
        """Nothing, where the person was erased."""
        [found] = await self.all([row])
        return found

    async def all(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        taken = [(row, take_apart(row["data"]) if is_sealed(row["data"]) else None) for row in rows]
        keys: dict[str, Mapping[UUID, bytes | None]] = {}
        for part in self._parts:
            people = {sealed.person for _, sealed in taken if sealed and part in sealed.parts}
            keys[part] = await self._keys.get_many(people, part) if people else {}
        found = []
        for row, sealed in taken:
            text = row["data"]
            if sealed is not None:
                own = {part: keys[part][sealed.person] for part in self._parts if part in sealed.parts}
                opening = {part: key for part, key in own.items() if key is not None}
                text = open_parts(sealed, opening, id=UUID(str(row["id"])), type=row["type"])
            found.append(json.loads(text))
        return found


@asynccontextmanager
async def opened_as(service: str, url: str, secret: str) -> AsyncIterator[Opened]:
    """With the keys that this service's own role is given; `url` is its way into the key store."""
    async with open_keys(Settings(demo=True, keys=url, sealing_key=SecretStr(secret)), f"{service} opened") as keys:
        yield Opened(keys, service)
