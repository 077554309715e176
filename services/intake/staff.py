"""Who works where, as far as accounts are known; in the demo the cast as well, also before it has accounts."""

from collections.abc import Iterable
from uuid import UUID

from asyncpg import Connection

from services.intake.accounts import Stage, walks
from services.intake.store import accounts as store
from shared.process import Running
from shared.runtime.database import reaching
from shared.runtime.errors import Conflict
from shared.runtime.reach import SERVICE
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.identity import ANYONE, Actor
from shared.security.permissions import Role
from shared.security.table import WALK
from shared.web import staff
from shared.web.edge import transaction

UNKNOWN = "Somebody"


def agency_of(actor: Actor) -> UUID:
    """Whose worker it is. Raises Conflict for the network's office, which has no people of its own."""
    if actor.agency is None:
        raise Conflict("You belong to no agency.")
    return actor.agency


async def workers_of(here: Running, agency: UUID | None) -> list[tuple[UUID, str]]:
    """Those of an agency who can be named for somebody, in the alphabet."""
    if agency is None:
        return []
    async with transaction(here) as tx:
        known = {row.account.id: row for row in await store.known_at(tx, agency)}
    cast = {a.id for a in demo.STAFF if a.agency == agency and a.role in WALK} if here.settings.demo else set()
    here_now = {id for id, row in known.items() if walks(row.account)}
    names = await names_of(here, here_now | (cast - known.keys()))
    return sorted(names.items(), key=lambda worker: worker[1])


async def may_be_named(settings: Settings, tx: Connection, worker: UUID, agency: UUID) -> bool:
    """Whether somebody may be told that this worker of `agency` walks with them. Whom nobody knows walks with nobody,
    and whoever was given to them would wait unseen; in the demo alone a worker may be named before their account is."""
    async with reaching(tx, SERVICE):  # other agencies' accounts are asked about too
        known = await store.find_known(tx, worker)
    if known is not None:
        return known.agency == agency and known.stage is not Stage.LEFT
    cast = demo.by_id(worker) if settings.demo else None
    return cast.agency == agency if cast is not None else settings.demo


def is_of_cast(settings: Settings, id: UUID) -> bool:
    """Whether somebody works here in the demo, also before they have an account."""
    known = demo.by_id(id) if settings.demo else None
    return known is not None and known.role is not Role.PERSON


async def names_of(here: Running, workers: Iterable[UUID | None], otherwise: str = UNKNOWN) -> dict[UUID, str]:
    """What staff pages call them, whichever agency they are of: who walks with somebody is told to both."""
    wanted = {worker for worker in workers if worker is not None}
    known = await staff.known(here, ANYONE, wanted)
    return {worker: known.name(worker, otherwise) for worker in wanted}


async def worker_name(here: Running, worker: UUID | None, reader: Actor) -> str:
    """Of one, for whoever reads it: where their agency keeps names from people, what they do."""
    if worker is None:
        return ""
    known = await staff.known(here, reader, [worker])
    return known.of(worker).introduced("en", to_person=known.to_person)
