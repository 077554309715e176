"""What `up` and `prepare` do in the key store before any service starts: who sees what, and who stays forgotten."""

from collections.abc import Mapping

import asyncpg

from shared.contracts.compartments import OPENS, Compartment
from shared.runtime import sql
from shared.security.ledger import Ledger

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
    people = sorted({entry.person for entry in ledger.read()})
    again = 0
    for place in range(0, len(people), AT_ONCE):
        rows = await owner.fetch(SQL["still_known"], people[place : place + AT_ONCE])
        if rows:
            known = [compartment.value for compartment in Compartment]
            await owner.execute(SQL["forget"], [row["person"] for row in rows], known)
            again += len(rows)
    return again


async def erased(owner: asyncpg.Connection) -> int:
    """How many people are marked as erased."""
    return int(await owner.fetchval(SQL["count_erased"]))
