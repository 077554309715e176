"""What caseplan told other agencies of somebody: what they asked for, and what they let them know about it."""

from uuid import UUID

from asyncpg import Connection

from services.caseplan import copies
from shared.web.disclosures import Found, from_audit


async def told(tx: Connection, person: UUID) -> Found:
    known = await copies.find_person(tx, person)
    found = await from_audit(tx, person, known.home)
    return found, await copies.names(tx, [one.agency for one in found])
