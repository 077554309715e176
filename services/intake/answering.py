"""The yes or no of somebody who was invited. A yes makes a person as any other; nothing tells who had named them."""

from uuid import UUID

from asyncpg import Connection
from fastapi import Request

from services.intake import naming, welcoming
from services.intake.invited import Patience, Verb, decide
from services.intake.people import Added, Person, SelfReferral, reached_by
from services.intake.store import directory
from services.intake.store import invited as store
from services.intake.store.invited import Row
from shared.runtime.database import reaching
from shared.runtime.reach import SERVICE, Reach
from shared.security import audit
from shared.security.identity import NOBODY, Actor
from shared.security.table import WALK
from shared.web.edge import command, running, transaction
from shared.web.idempotency import Answer, Wanted
from shared.workflow import Party

PATIENCE = Patience()


async def yes_by_a_worker(request: Request, actor: Actor, want: Wanted | None, row: Row, given: str) -> Answer:
    """How to reach them is asked of them: what a sender wrote of that is nobody's consent to use it."""
    here = running(request)
    told = await naming.told_of(here.keys, row)
    said = Added(name=told["name"], language=told["language"])
    worker = actor.id if actor.role in WALK else None
    one = row.invited
    person = Person(one.id, one.welcoming, worker, said.language, came="through_worker", synthetic=here.settings.demo)

    async def settle(tx: Connection) -> None:
        await _settle(tx, one.id, "say_yes", Party.WORKER)

    return await welcoming.take_in(request, actor, want, said, person, "invitation.answer", settle=settle)


async def yes_by_themselves(request: Request, actor: Actor, invited_id: UUID, said: SelfReferral) -> Answer:
    """By link and PIN: whoever holds both is who was asked."""
    here = running(request)
    async with transaction(here, SERVICE) as tx:
        one = (await store.find(tx, invited_id)).invited
        await directory.find_agency(tx, one.welcoming)
    way, safe = reached_by(said), bool(said.safe)
    person = Person(one.id, one.welcoming, None, said.language, way, safe, synthetic=here.settings.demo)

    async def settle(tx: Connection) -> None:
        await _settle(tx, one.id, "say_yes", Party.PERSON)

    reach = Reach(person=one.id, actor=NOBODY)
    return await welcoming.take_in(request, actor, None, said, person, "person.refer_self", reach, settle)


async def no(request: Request, actor: Actor, invited_id: UUID, given: str) -> None:
    """The key goes before it commits: a kill in between leaves what nobody can read, and the clock deletes it."""
    party = Party.WORKER if actor.agency else Party.PERSON
    async with command(running(request)) as tx:
        await audit.record(tx, actor, "invitation.answer", invited_id, f"no/{given}", "welcome")
        await _settle(tx, invited_id, "say_no", party)
        await running(request).keys.erase(invited_id, "said_no")


async def _settle(tx: Connection, invited_id: UUID, verb: Verb, party: Party) -> None:
    """What stays is a mark, and whoever answered sees it no more than the sender does."""
    async with reaching(tx, SERVICE):
        await store.save(tx, decide(await store.lock(tx, invited_id), verb, party, PATIENCE))
