"""People are found by name without opening every name. What finds them is made as they are added, and made again by the
worker for whoever has none: after a crash, a restore, or a first start with this version.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import structlog
from asyncpg import Pool

from services.intake import names
from services.intake.seals import NAME
from services.intake.store import names as store
from shared.process import Running
from shared.runtime.database import PASSING, transaction
from shared.security.blind import blind, blind_key
from shared.security.sealing import Keys, open_each

EVERY = 60.0  # seconds: so long after a crash nobody may be found
AT_ONCE = 200  # people
FIRST = UUID(int=0)
log = structlog.get_logger("intake")


async def parts_for(keys: Keys, agency: UUID, words: Sequence[str] | set[str]) -> list[bytes]:
    """Blind indexes of these words, under the key of `agency`."""
    key = await blind_key(keys, agency, "person.name")
    return [blind(key, word) for word in words]


async def keep_findable(running: Running) -> None:
    """Runs for as long as the worker does."""
    while True:
        try:
            if made := await make_findable(running.pool, running.keys):
                log.info("names made findable", count=made)
        except PASSING as error:
            log.warning("names can't be made findable now", error=type(error).__name__)
        await asyncio.sleep(EVERY)


async def make_findable(pool: Pool, keys: Keys) -> int:
    """Makes what is missing; of how many people."""
    made, after = 0, FIRST
    async with transaction(pool) as tx:
        await store.forget_strays(tx)
    while True:
        async with transaction(pool) as tx:
            found = await store.list_unfindable(tx, after, AT_ONCE)
        if not found:
            return made
        after = found[-1].id
        opened = await open_each(keys, *NAME, {one.id: one.name for one in found}, _waits)
        for one in found:
            if name := opened.get(one.id):
                parts = await parts_for(keys, one.agency, names.parts_of(name))
                async with transaction(pool) as tx:
                    await store.put_parts(tx, one.id, one.agency, one.name, parts)
                made += 1


def _waits(person: UUID, error: str) -> None:
    log.warning("a name can't be made findable", id=str(person), error=error)
