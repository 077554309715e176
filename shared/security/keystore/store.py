"""What `up` and `prepare` do in the key store before any service starts: who sees what, and who stays forgotten."""

import os
from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

import asyncpg

from shared.contracts.compartments import OPENS, Compartment
from shared.runtime import sql
from shared.security.keys import SQL as KEYS
from shared.security.keys import place_of
from shared.security.ledger import Erasure, Ledger
from shared.security.masters import KEY, Masters

SQL = sql.load(__file__, "store.sql")
AT_ONCE = 500  # people


async def grant(owner: asyncpg.Connection, opens: Mapping[str, frozenset[Compartment]] = OPENS) -> int:
    """Each role has the compartments of the table and no others; how many were given or taken."""
    wanted = {(role, compartment.value) for role, compartments in opens.items() for compartment in compartments}
    async with owner.transaction():
        held = {(row["role"], row["compartment"]) for row in await owner.fetch(SQL["compartments_held"])}
        for statement, pairs in (("take_compartments", held - wanted), ("give_compartments", wanted - held)):
            if pairs:
                roles, compartments = zip(*sorted(pairs), strict=True)
                await owner.execute(SQL[statement], list(roles), list(compartments))
    return len(held ^ wanted)


async def replay_erasures(owner: asyncpg.Connection, ledger: Ledger) -> int:
    """Forgets everybody again who stands in the ledger; how many a restore had brought back. Raises LedgerDamaged."""
    gone = sorted(last_words(ledger.read()).items())
    again = 0
    for place in range(0, len(gone), AT_ONCE):
        people, until = zip(*gone[place : place + AT_ONCE], strict=True)
        rows = await owner.fetch(SQL["still_known"], list(people), list(until))
        if rows:
            known = [compartment.value for compartment in Compartment]
            await owner.execute(SQL["forget"], [row["person"] for row in rows], [row["until"] for row in rows], known)
            again += len(rows)
    return again


def last_words(entries: Iterable[Erasure]) -> dict[UUID, date | None]:
    """Until when each person's keys stay put away; None for whoever was erased for good, which nothing undoes."""
    said: dict[UUID, date | None] = {}
    for entry in entries:
        before = said.get(entry.person, entry.until)
        said[entry.person] = max(before, entry.until) if before and entry.until else None
    return said


async def give_up(owner: asyncpg.Connection, masters: Masters, person: UUID) -> int:
    """New keys where there are none any more; how many. What the lost ones closed stays closed, and nobody waits.

    A key that is there stays, and nobody who was erased gets one.
    """
    made = 0
    for compartment in Compartment:
        wrapped = await masters.newest.wrap(place_of(person, compartment), os.urandom(KEY))
        row = (person, compartment.value, wrapped, masters.newest.id)
        made += bool(await owner.fetchval(KEYS["create_key"], *row))
    return made


async def erased(owner: asyncpg.Connection) -> int:
    """How many people are marked as erased."""
    return int(await owner.fetchval(SQL["count_erased"]))
