"""What intake told other agencies of somebody: their name, and how to reach them."""

from uuid import UUID

from asyncpg import Connection

from services.intake.store import directory, people
from shared.web.disclosures import Found, from_audit


async def told(tx: Connection, person: UUID) -> Found:
    home = (await people.find_person(tx, person)).person.agency
    found = await from_audit(tx, person, home)
    return found, await directory.agency_names(tx, [one.agency for one in found])
