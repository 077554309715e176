"""What is sealed of a person, and with which key: their name, how to reach them, what they told us.

Sealing and opening stand apart from the store, which knows bytes alone; both happen outside of its transactions.
"""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import structlog

from services.intake.people import Added, SelfReferral
from services.intake.portrait import QUESTIONS
from services.intake.store.people import Row, Sealed
from shared.security.sealing import (
    Compartment,
    Erased,
    Keys,
    SealingKeyChanged,
    Tampered,
    open_each,
    open_sealed,
    seal,
)

# What each seal is bound to. Notifications opens the contact under the same name.
NAME = (Compartment.IDENTITY, "person.name")
CONTACT = (Compartment.CONTACT, "contact_way.value")
CARE = (Compartment.CONTACT, "contact_way.care")
LINK = (Compartment.CONTACT, "way_in.link")
ASKED = (Compartment.IDENTITY, "person.asked")
BORN = (Compartment.IDENTITY, "person.born")
GONE = "Somebody who was erased"
UNKNOWN = "Name not known here"  # lost with a restore, or with its key: no event holds a name

log = structlog.get_logger("intake")


async def close(keys: Keys, person: UUID, said: SelfReferral) -> Sealed:
    """All that somebody told us, sealed. Makes their keys."""
    asked: dict[str, Any] = {"needs": said.needs, "words": said.words}
    if isinstance(said, Added) and said.matters:
        asked["matters"] = said.matters
    return Sealed(
        await seal(keys, person, *NAME, said.name),
        await close_contact(keys, person, said.contact),
        await seal(keys, person, *ASKED, json.dumps(asked)) if any(asked.values()) else None,
    )


async def close_contact(keys: Keys, person: UUID, contact: str | None) -> bytes | None:
    return await seal(keys, person, *CONTACT, contact) if contact else None


async def name_of(keys: Keys, row: Row) -> str:
    if not row.sealed.name:
        return UNKNOWN
    try:
        return await open_sealed(keys, row.person.id, *NAME, row.sealed.name)
    except Erased:
        return GONE
    except Tampered:
        return UNKNOWN


async def names_of(keys: Keys, rows: Iterable[Row]) -> dict[UUID, str]:
    """The names of a whole list, for one look at the key store. One that does not open takes no other away.

    Raises SealingKeyChanged where it is the master key that is away: then nobody's opens.
    """
    sealed = {row.person.id: row.sealed.name for row in rows}
    lost = {person for person, name in sealed.items() if not name}

    def is_lost(person: UUID, error: str) -> None:
        if error == SealingKeyChanged.__name__:
            raise SealingKeyChanged("names do not open: their master key is not here")
        log.warning("a name does not open", id=str(person), error=error)
        lost.add(person)

    opened = await open_each(keys, *NAME, {person: name for person, name in sealed.items() if name}, is_lost)
    return {person: opened.get(person) or (UNKNOWN if person in lost else GONE) for person in sealed}


async def contact_of(keys: Keys, row: Row) -> str | None:
    if row.sealed.contact is None:
        return None
    try:
        return await open_sealed(keys, row.person.id, *CONTACT, row.sealed.contact)
    except (Erased, Tampered):
        return None


async def asked_of(keys: Keys, row: Row) -> dict[str, Any]:
    """What they said would help first, and their own words."""
    if row.sealed.asked is None:
        return {"needs": [], "words": None}
    try:
        found: dict[str, Any] = json.loads(await open_sealed(keys, row.person.id, *ASKED, row.sealed.asked))
    except (Erased, Tampered):
        return {"needs": [], "words": None}
    return found


def place_of(question: str) -> tuple[Compartment, str]:
    """With which key an answer is closed, and to what it is bound. What they like to be called is their name."""
    if question == "called":
        return NAME
    return QUESTIONS[question].compartment, f"answer.{question}"
