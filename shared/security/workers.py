"""Workers by name: a small table that each service keeps of what intake tells of accounts and agencies.

The name travels and lies sealed, in a compartment that holds nothing else: whoever opens it learns no person's name.
Erased is nobody here, accounts stay; a service that has not heard of somebody shows what the role is called.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

import structlog
from asyncpg import Connection, Record

from shared.contracts.account import AccountEvent, Changed, Left, Opened
from shared.contracts.agency import AgencyFacts
from shared.runtime import sql
from shared.security.permissions import Role
from shared.security.sealing import Compartment, Keys, as_bytes, open_each, seal

SQL = sql.load(__file__, "workers.sql")
log = structlog.get_logger("shared.security")
FIELD = "account.name"  # what the seal of a name is bound to, wherever it lies


async def seal_name(keys: Keys, account: UUID, name: str) -> bytes:
    return await seal(keys, account, Compartment.STAFF, FIELD, name)


async def open_names(keys: Keys, sealed: dict[UUID, bytes]) -> dict[UUID, str]:
    """Those that open. One that does not is logged, and keeps no other from its page."""
    wanted = {id: name for id, name in sealed.items() if name}
    return await open_each(keys, Compartment.STAFF, FIELD, wanted, _unreadable) if wanted else {}


def _unreadable(account: UUID, error: str) -> None:
    log.warning("the name of a worker does not open", id=str(account), error=error)


async def know(tx: Connection, events: Iterable[AccountEvent]) -> None:
    """What accounts say of who works where, sorted, so that two batches never wait for each other."""
    staff = [event for event in events if isinstance(event, Opened | Changed | Left)]
    for event in sorted(staff, key=lambda event: event.account):
        if isinstance(event, Left):
            await tx.execute(SQL["worker_left"], event.account, event.agency)
        else:
            name = as_bytes(event.sealed_name) or b""
            await tx.execute(SQL["put_worker"], event.account, event.agency, event.role, name)


async def know_agencies(tx: Connection, agencies: Iterable[AgencyFacts]) -> None:
    latest = {event.agency: event for event in agencies}
    for id in sorted(latest):
        await know_agency(tx, id, latest[id].name, shows_roles=latest[id].shows_roles)


async def know_agency(tx: Connection, id: UUID, name: str, *, shows_roles: bool) -> None:
    await tx.execute(SQL["put_agency"], id, name, shows_roles)


async def find(tx: Connection, ids: Iterable[UUID | None]) -> list[Record]:
    """Those of `ids` that are workers, their names still sealed; asked by id, so of any agency."""
    wanted = sorted({id for id in ids if id is not None})
    return list(await tx.fetch(SQL["named"], wanted)) if wanted else []


async def at_agency(tx: Connection, agency: UUID, roles: Sequence[Role]) -> list[Record]:
    return list(await tx.fetch(SQL["at_agency"], agency, [role.value for role in roles]))


async def agency_names(tx: Connection, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    wanted = sorted({id for id in ids if id is not None})
    return {row["id"]: row["name"] for row in await tx.fetch(SQL["agency_names"], wanted)} if wanted else {}


async def of_own_agency(tx: Connection, id: UUID) -> Record | None:
    """Who works, or worked, at the acting agency; None for anybody else."""
    return await tx.fetchrow(SQL["of_own_agency"], id)
