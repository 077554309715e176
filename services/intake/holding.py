"""A number that nothing goes to: held by anybody's word, and used again only when worker and person have said so."""

from uuid import UUID

from asyncpg import Connection

from services.intake import people as rules
from services.intake.people import Person
from services.intake.reaching import Because, Side
from services.intake.store import people as store
from shared.security import audit
from shared.security.identity import Actor
from shared.web.edge import cause_of


async def hold(tx: Connection, person_id: UUID, because: Because, actor: Actor) -> Person:
    """From its commit on the others hear that no way of theirs is safe. Raises NotFound."""
    person, told = rules.hold(await store.lock_person(tx, person_id), because)
    await store.save_hold(tx, person, because)
    await store.save_others(tx, person)
    await store.tell_of(tx, person.id, told, cause_of(actor))
    await audit.record(tx, actor, "way_in.end", person.id, "number", "care")
    return person


async def say_safe(tx: Connection, person: Person, actor: Actor) -> Person:
    """`person` is locked, and `actor` may change how they are reached."""
    by: Side = "person" if actor.person else "worker"
    after, told = rules.say_safe(person, by)
    await store.save_hold(tx, after)
    await store.tell_of(tx, person.id, told, cause_of(actor))
    await audit.record(tx, actor, "person.edit", person.id, "contact", "own" if actor.person else "care")
    return after
