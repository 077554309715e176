"""Opening somebody's record in an emergency: the try counted, the person found, the opening written and told.

Nothing a try finds reaches further than its one transaction; whoever is refused learns the same, whatever the reason.
"""

import json
import re
import time
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Connection

from services.intake import seals
from services.intake.directory import Agency
from services.intake.emergencies import (
    LASTS,
    Cannot,
    Opening,
    TooOften,
    check_words,
    nobody,
    the_one,
    told_before,
)
from services.intake.findable import parts_for
from services.intake.names import looked_up, words_of
from services.intake.same_time import takes_as_long
from services.intake.store import directory, people
from services.intake.store import emergencies as store
from services.intake.store.consents import is_kept_out
from services.intake.store.names import find_by_parts
from shared.contracts import person as events
from shared.process import Running
from shared.runtime.errors import Invalid, NotFound, Refused
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE, Reach
from shared.security import audit
from shared.security.blind import blind, blind_key
from shared.security.identity import Actor
from shared.security.sealing import Compartment, Erased, Keys, Tampered, open_sealed, seal
from shared.web.edge import cause_of, command, transaction

TOLD = (Compartment.HEALTH, "opening.told")
FOUND = (Compartment.HEALTH, "opening.found")
ALIKE = 50  # people who share the words of a name


@dataclass(frozen=True, slots=True)
class Said:
    """What whoever opens it says: who it is, what happened, who treats them where (42 CFR 2.51(c))."""

    agency: UUID
    name: str
    emergency: str
    treated_by: str
    place: str
    cannot: Cannot
    treatment: bool


@dataclass(frozen=True, slots=True)
class Sealed:
    told: bytes
    said: bytes


async def open_record(here: Running, actor: Actor, said: Said) -> Opening:
    """Raises Invalid or TooOften, and each such try is written down."""
    began = time.monotonic()
    try:
        return await _looked_for(here, actor, said)
    except Refused:  # more was done for somebody who said *never* than for nobody, and the time would tell
        await takes_as_long(began)
        raise


async def _looked_for(here: Running, actor: Actor, said: Said) -> Opening:
    assert actor.agency is not None
    if actor.agency == said.agency:
        raise Invalid("agency", "Your own agency walks with them: look under People, it opens without this.")
    attempt, home = await _tried(here, actor, said)
    person = await _sought(here, actor, said)
    if person is None:
        await _write_refusal(here, actor, said.agency, None)
        raise nobody(home.entry.phone)
    try:
        sealed = await _close(here.keys, actor.agency, person, said)
    except Erased:
        raise nobody(home.entry.phone) from None
    opening, refused = await _opened(here, actor, said, person, sealed, attempt, home)
    if opening is None:
        raise refused or nobody(home.entry.phone)
    return opening


async def _tried(here: Running, actor: Actor, said: Said) -> tuple[UUID, Agency]:
    """Count it before anything is looked at. What is refused here is refused after it was written."""
    refused: Refused | None = None
    async with command(here) as tx:
        try:
            home = await directory.find_agency(tx, said.agency)
        except NotFound:
            raise Invalid("agency", "There is no such agency in the directory.") from None
        came = "nobody"
        if await store.too_often(tx, actor.id):
            came, refused = "often", TooOften(home.entry.phone)
        else:
            try:
                check_words(said.emergency)
            except Invalid as error:
                came, refused = "words", error
        assert actor.agency is not None
        attempt = await store.put_try(tx, actor.id, actor.agency, said.agency, came)
        if refused is not None:
            await _refusal(tx, actor, said.agency, None)
    if refused is not None:
        raise refused
    return attempt, home


async def _sought(here: Running, actor: Actor, said: Said) -> UUID | None:
    """Whoever goes by that whole name there, if one does."""
    parts = await parts_for(here.keys, said.agency, looked_up(words_of(said.name)))
    if not parts:
        return None
    # Whose people are looked through is another agency's: for this one name, which has to be whole.
    async with transaction(here, Reach(agency=said.agency, actor=actor.id)) as tx:
        rows = await find_by_parts(tx, said.agency, parts, limit=ALIKE)
    names = await seals.names_of(here.keys, rows)
    return the_one(said.name, list(names.items()))


async def _close(keys: Keys, agency: UUID, person: UUID, said: Said) -> Sealed:
    told = {"emergency": said.emergency, "treated_by": said.treated_by, "place": said.place}
    words = " ".join(re.findall(r"\w+", said.emergency.casefold()))
    key = await blind_key(keys, agency, "opening.said")
    return Sealed(await seal(keys, person, *TOLD, json.dumps(told)), blind(key, words))


async def _opened(
    here: Running, actor: Actor, said: Said, person_id: UUID, sealed: Sealed, attempt: UUID, home: Agency
) -> tuple[Opening | None, Refused | None]:
    """The opening and its news, or why there is none. Pressed twice it is the same one."""
    # The row is another agency's, until there is an opening: then it lends whoever made it its own reach.
    async with command(here, SERVICE) as tx:
        assert actor.agency is not None
        person = await people.lock_person(tx, person_id)
        if person.agency != said.agency or await is_kept_out(tx, person.id, actor.agency):
            await _refusal(tx, actor, said.agency, person.id)
            return None, None
        live = await store.live_opening(tx, actor.id, person.id)
        if live is not None and live.treatment >= said.treatment:
            await store.say_what_came(tx, attempt, "opened")
            return live, None
        if await store.said_before(tx, actor.id, sealed.said, person.id):
            await store.say_what_came(tx, attempt, "words")
            await _refusal(tx, actor, said.agency, person.id)
            return None, told_before()
        now = await people.now(tx)
        opening = Opening(
            uuid7(), person.id, home.id, actor.agency, actor.id, said.cannot, said.treatment, now, now + LASTS
        )
        await store.put(tx, opening, sealed.told, sealed.said)
        await store.say_what_came(tx, attempt, "opened")
        told = events.Opened(
            person=person.id, opening=opening.id, agency=opening.agency, worker=opening.worker,
            until=opening.ends_at, cannot=said.cannot.value, treatment=said.treatment,
        )  # fmt: skip
        await people.tell_of(tx, person.id, [told], cause_of(actor))
        await audit.record(tx, actor, "emergency.open", person.id, f"opening/{opening.id}", "emergency")
        return opening, None


async def _write_refusal(here: Running, actor: Actor, asked: UUID, person: UUID | None) -> None:
    async with command(here) as tx:
        await _refusal(tx, actor, asked, person)


async def _refusal(tx: Connection, actor: Actor, asked: UUID, person: UUID | None) -> None:
    await audit.record(tx, actor, "emergency.open", person, f"agency/{asked}", "refused", allowed=False)


async def told_of(keys: Keys, row: store.Row) -> dict[str, str]:
    """What was written as it was opened; nothing where that is gone, or its key is."""
    if not row.told:
        return {}
    try:
        found: dict[str, str] = json.loads(await open_sealed(keys, row.opening.person, *TOLD, row.told))
    except (Erased, Tampered):
        return {}
    return found


async def found_of(keys: Keys, row: store.Row) -> str:
    if not row.found:
        return ""
    try:
        return await open_sealed(keys, row.opening.person, *FOUND, row.found)
    except (Erased, Tampered):
        return ""
