"""Writing the directory to a folder as HSDS 3 JSON: organizations.json and services.json, both or neither.

What a victim-service agency says of itself is in no export, and neither is anything it offers.
"""

import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from asyncpg import Connection, Pool

from services.intake.hsds import writing
from services.intake.store import directory as store
from shared.runtime.database import outages

SOME = 200  # agencies at a time, with all that they offer
FILES = ("organizations", "services")
VERSION = "3.0"


@dataclass
class Written:
    agencies: int = 0
    programs: int = 0


async def export(pool: Pool, folder: Path) -> Written:
    """All of it as of one moment. The files appear whole, or those that were there stay."""
    folder.mkdir(parents=True, exist_ok=True)
    drafts = {name: folder / f".{name}.json.new" for name in FILES}
    written = Written()
    try:
        with ExitStack() as stack:
            files = {name: stack.enter_context(path.open("w", encoding="utf-8")) for name, path in drafts.items()}
            for file in files.values():
                file.write(f'{{"version": "{VERSION}", "contents": [')
            async for organization, services in _things(pool):
                _write(files["organizations"], organization, first=written.agencies == 0)
                written.agencies += 1
                for service in services:
                    _write(files["services"], service, first=written.programs == 0)
                    written.programs += 1
            for file in files.values():
                file.write("\n]}\n")
        for name, path in drafts.items():
            path.replace(folder / f"{name}.json")
    finally:
        for path in drafts.values():
            path.unlink(missing_ok=True)
    return written


async def _things(pool: Pool) -> AsyncIterator[tuple[writing.Thing, list[writing.Thing]]]:
    with outages():
        async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            tx, after = cast(Connection, connection), None
            while agencies := await store.walk_agencies(tx, after, SOME):
                after = agencies[-1].id
                offered = await store.programs_of_each(tx, [agency.id for agency in agencies])
                for agency in agencies:
                    services = [writing.service(program, agency) for program in offered.get(agency.id, [])]
                    yield writing.organization(agency), services


def _write(file: IO[str], thing: dict[str, Any], *, first: bool) -> None:
    file.write(("\n" if first else ",\n") + json.dumps(thing, ensure_ascii=False))
