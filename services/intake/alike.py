"""The worker's part in finding the same person twice: it makes what people are compared by, and looks into asks.

Comparing stays within one agency, under that agency's key. Only the person's own word takes it to another one, and then
it is theirs alone that is looked for there; a request waits for none of it, so its time tells nothing.
"""

import asyncio
from collections.abc import Iterable
from uuid import UUID

import structlog
from asyncpg import Connection, Pool

from services.intake import links, matching
from services.intake.links import Patience, Side
from services.intake.matching import Sign
from services.intake.seals import BORN, CONTACT, NAME
from services.intake.store import links as link_store
from services.intake.store import matching as store
from services.intake.store.links import Unlooked
from services.intake.store.matching import Blind, Uncompared
from shared.messaging.outbox import Cause
from shared.process import Running
from shared.runtime.database import PASSING, transaction
from shared.runtime.ids import uuid7
from shared.security.blind import blind, blind_key
from shared.security.sealing import ALONE, Erased, Keys, open_sealed

EVERY = 20.0  # seconds
AT_ONCE = 200
FIRST = UUID(int=0)
PATIENCE = Patience()
CAUSE = Cause(None, "worker:intake")
log = structlog.get_logger("intake")


async def keep_compared(running: Running) -> None:
    """Runs for as long as the worker does."""
    while True:
        try:
            await make_comparable(running.pool, running.keys)
            await look_into_asks(running.pool, running.keys)
        except PASSING as error:
            log.warning("people can't be compared now", error=type(error).__name__)
        await asyncio.sleep(EVERY)


async def make_comparable(pool: Pool, keys: Keys) -> int:
    """Makes the signs that are missing, and finds whom they make look alike; of how many people."""
    made, after = 0, FIRST
    while True:
        async with transaction(pool) as tx:
            found = await store.list_uncompared(tx, after, AT_ONCE)
        if not found:
            return made
        after = found[-1].id
        for one in found:
            signs = await _signs(keys, one, one.agency)
            if signs is None:
                continue
            async with transaction(pool) as tx:
                await store.put_signs(tx, one, signs)
                near = await store.find_alike(tx, one.agency, signs, one.id)
                await store.put_alike(tx, one.agency, one.id, [(who, like) for who, like in near if like.is_possible])
            made += 1


async def look_into_asks(pool: Pool, keys: Keys) -> int:
    """Each ask once. Whatever is found, whoever asked is told nothing; how many were put is for nobody's log."""
    async with transaction(pool) as tx:
        asks = await link_store.list_unlooked(tx, AT_ONCE)
    for ask in asks:
        signs = await _signs(keys, ask, ask.named) if ask.stands else None
        async with transaction(pool) as tx:
            if await link_store.looked(tx, ask.id) and not await _put(tx, ask, signs or ()):
                await link_store.pretend(tx, PATIENCE)
    return len(asks)


async def _put(tx: Connection, ask: Unlooked, signs: Blind) -> bool:
    """To the worker of whoever looks most alike there, unless something keeps the two apart."""
    found = matching.best(await store.find_alike(tx, ask.named, signs, ask.person)) if signs else None
    if not isinstance(found, UUID) or await link_store.is_linked(tx, ask.person, found):
        return False
    asked = links.put(uuid7(), Side(ask.person, ask.home), Side(found, ask.named), PATIENCE)
    return await link_store.add(tx, asked, CAUSE, ask=ask.id)


async def _signs(keys: Keys, of: Uncompared | Unlooked, agency: UUID) -> list[tuple[Sign, bytes]] | None:
    """Blind indexes of one record under the key of `agency`; None where it does not open."""
    person = of.id if isinstance(of, Uncompared) else of.person
    try:
        name = await open_sealed(keys, person, *NAME, of.name) if of.name else ""
        contact = await open_sealed(keys, person, *CONTACT, of.contact) if of.contact else None
        born = await open_sealed(keys, person, *BORN, of.born) if of.born else None
    except Erased:
        return None
    except ALONE as error:
        log.warning("somebody can't be compared", id=str(person), error=type(error).__name__)
        return None
    return await blinded(keys, agency, matching.signs_of(name, born, contact))


async def blinded(keys: Keys, agency: UUID, signs: Iterable[tuple[Sign, str]]) -> list[tuple[Sign, bytes]]:
    key = await blind_key(keys, agency, "person.alike")
    return [(sign, blind(key, f"{sign} {text}")) for sign, text in sorted(signs)]
