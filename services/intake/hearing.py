"""A referral tells what became of a need: a version of its own, beside what people said."""

from uuid import UUID

from asyncpg import Connection

from services.intake import seals
from services.intake.needs import TELLING, stands_after
from services.intake.portrait import Answer, State
from services.intake.sitting_events import given, standings
from services.intake.store import people
from services.intake.store import portraits as store
from shared.contracts.need import Changed
from shared.contracts.referral import ReferralEvent
from shared.messaging.outbox import Cause
from shared.messaging.reactions import Fact
from shared.messaging.sealing import keys_of
from shared.runtime.errors import NotFound
from shared.security.sealing import Erased, Keys, open_sealed, seal


async def hear_referral(tx: Connection, fact: Fact) -> None:
    """Nothing of whoever is not here, or was erased meanwhile."""
    event = fact.event
    if not isinstance(event, TELLING):
        return
    try:
        await people.lock_person(tx, event.person)
        row = await people.find_person(tx, event.person)
        last = await _last(tx, row, event.need)
        if last and last.answer.by == "referral" and last.answer.at >= fact.envelope.time:
            return  # heard before: a restore hears it once more, having taken back what followed from it
        after = stands_after(event, await _stands(keys_of(tx), row, event.need, last))
        if after is not None:
            await _put(tx, fact, event, row.person.agency, last.answer.version if last else 0, after)
    except (NotFound, Erased):
        return


async def _last(tx: Connection, row: people.Row, need: str) -> store.Row | None:
    """The last word on it with their home agency."""
    place = row.person.agency, need
    found = [
        one for one in await store.answers_of(tx, row.person.id) if (one.answer.agency, one.answer.question) == place
    ]
    return found[-1] if found else None


async def _stands(keys: Keys, row: people.Row, need: str, last: store.Row | None) -> str | None:
    if last is None:
        return "first" if need in (await seals.asked_of(keys, row))["needs"] else None
    if last.sealed is None:
        return None
    return await open_sealed(keys, row.person.id, *seals.place_of(need), last.sealed)


async def _put(tx: Connection, fact: Fact, event: ReferralEvent, home: UUID, version: int, stands: str) -> None:
    person, keys = event.person, keys_of(tx)
    sitting = 1 + await store.last_sitting(tx, person, home)
    answer = Answer(
        event.need, home, version + 1, State.ANSWERED, stands, "referral", None, sitting, fact.envelope.time
    )
    row = store.Row(answer, await seal(keys, person, *seals.place_of(event.need), stands))
    await store.put_answers(tx, person, [row])
    told = Changed(
        person=person,
        referral=event.referral,
        sitting=sitting,
        agency=home,
        needs=standings([answer], care=False),
        care=standings([answer], care=True),
        given=given([row], care=False),
        given_of_care=given([row], care=True),
    )
    cause = Cause(str(fact.envelope.id), "service:caseplan")
    await people.tell_of(tx, person, [told], cause)
