"""Somebody tells who they are: read for whoever may see it, written sitting by sitting, and never over another's word.

Sealing and opening stand outside of the transactions. What is pressed behind the second PIN goes the same way, beside
the record, and nobody hears of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Connection
from fastapi import Request

from services.intake import seals
from services.intake.findable import parts_for
from services.intake.names import parts_of
from services.intake.portrait import (
    QUESTIONS,
    Allowed,
    Answer,
    Merged,
    Question,
    Section,
    Side,
    State,
    Wanted,
    applied,
    at_the_door,
    known_elsewhere,
    latest,
    merge,
    questions_of,
    retold,
    seen_by,
)
from services.intake.pretending import own
from services.intake.sitting_events import opened_event, told_event
from services.intake.store import consents, people
from services.intake.store import portraits as store
from services.intake.store.names import put_parts
from services.intake.store.people import Row as PersonRow
from shared.runtime.errors import Conflict
from shared.security import audit
from shared.security.identity import Actor
from shared.security.permissions import Relation
from shared.security.sealing import Keys, open_sealed, seal
from shared.web.edge import cause_of, command, running, transaction
from shared.web.idempotency import Answer as Sent
from shared.web.idempotency import Wanted as Key
from shared.web.idempotency import once

TRIES = 3  # for two who write in the same moment: the later one reads again what the earlier wrote


class _Moved(Exception):
    """Somebody wrote between our reading and our lock."""


class NotOpened(Conflict):
    title = "Ask them first"

    def __init__(self) -> None:
        super().__init__("These questions are not open yet. Ask whether they want to go on, and open them together.")


@dataclass(frozen=True, slots=True)
class Whole:
    """What a reader sees of somebody. `history`: every version that is theirs to see; `agency`: where they write."""

    row: PersonRow
    agency: UUID
    history: Sequence[Answer]
    opened: frozenset[Section]
    days: int
    at: datetime
    name: str
    own: bool = False  # the person reads it
    retellings: int = 0  # told to them alone

    @property
    def is_home(self) -> bool:
        return self.agency == self.row.person.agency

    def now(self) -> dict[str, Answer]:
        """The latest version of each answer that the reader's own agency holds."""
        return {answer.question: answer for answer in self.history if answer.agency == self.agency}

    def version(self, question: str, version: int) -> Answer | None:
        """That version of theirs; None for none at all."""
        return next(
            (a for a in self.history if (a.agency, a.question, a.version) == (self.agency, question, version)), None
        )

    def last_words(self) -> dict[str, Answer]:
        """The last word on each question, whoever heard it: each agency's latest version, then the latest of these."""
        heads = {(answer.agency, answer.question): answer for answer in self.history}
        return latest(heads.values())

    def elsewhere(self) -> dict[str, Answer]:
        return known_elsewhere(self.agency, {(a.agency, a.question): a for a in self.history}.values())

    def asked(self, section: Section) -> list[Question]:
        """What is asked in it: not what only a home can be told, nor what another agency lets them see already. Of
        their own page nothing is kept from them."""
        known: dict[str, Answer] = {} if self.own else self.elsewhere()
        return [q for q in questions_of(section) if q.code not in known and (self.is_home or q.code != "called")]


async def load(request: Request, actor: Actor, person_id: UUID, action: str) -> Whole:
    """Audited, and opened after the transaction. Raises NotFound, NotAllowed or Erased."""
    async with transaction(running(request), own(actor)) as tx:
        row = await people.find_person(tx, person_id)
        at = await people.now(tx)
        home = row.person.agency
        allowed: Allowed = {}
        if actor.agency is not None:
            allowed = await consents.told_by(tx, person_id, actor.agency, at)
        _may(actor, action, row, allowed)
        agency = home if actor.agency is None else actor.agency
        found = await store.answers_of(tx, person_id, pretended=actor.harmless)
        opened = await store.opened_of(tx, person_id, agency, pretended=actor.harmless)
        days = 0 if actor.harmless else await store.days_here(tx, person_id)
        await audit.record(tx, actor, action, person_id, "portrait", _why(actor, row))
    keys = running(request).keys
    rows = found if actor.person else _visible(agency, found, allowed)
    history = [await _open(keys, person_id, row) for row in rows]
    name = await seals.name_of(keys, row)
    door = [] if actor.harmless else await _door(keys, row)
    if actor.person is None:
        door = seen_by(agency, door, allowed)
    renamed = any(answer.question == "called" and answer.agency == home for answer in history)
    if actor.agency in (None, home) and not renamed:  # of the name before that nothing is kept
        door.append(Answer("called", home, 0, State.ANSWERED, name, "worker", None, 0, row.welcomed_at))
    is_own = actor.person is not None
    again = sum(one.retold for one in found) if is_own else 0
    return Whole(row, agency, [*door, *history], frozenset(opened), days, at, name, is_own, again)


async def name_behind(tx: Connection, keys: Keys, person: UUID) -> str | None:
    """What they said behind the second PIN that they are called: there it looks as if it were so."""
    rows = [row for row in await store.answers_of(tx, person, pretended=True) if row.answer.question == "called"]
    return (await _open(keys, person, rows[-1])).says if rows else None


def _may(actor: Actor, action: str, row: PersonRow, allowed: Allowed) -> None:
    person = row.person
    relations = person.ties(actor)
    if allowed and actor.agency != person.agency:
        relations |= {Relation.RECEIVING_AGENCY}
    actor.require(action, relations, person.id)


def _why(actor: Actor, row: PersonRow) -> str:
    if actor.person:
        return "own"
    return "care" if actor.agency == row.person.agency else "referral"


def _visible(agency: UUID, rows: list[store.Row], allowed: Allowed) -> list[store.Row]:
    seen = {id(answer) for answer in seen_by(agency, [row.answer for row in rows], allowed)}
    return [row for row in rows if id(row.answer) in seen]


async def _open(keys: Keys, person: UUID, row: store.Row) -> Answer:
    if row.sealed is None or row.answer.question not in QUESTIONS:
        return row.answer
    place = seals.place_of(row.answer.question)
    return replace(row.answer, value=await open_sealed(keys, person, *place, row.sealed))


async def _door(keys: Keys, row: PersonRow) -> list[Answer]:
    asked = await seals.asked_of(keys, row)
    by: Side = "person" if row.person.came == "by_themselves" else "worker"
    return at_the_door(asked["needs"], asked.get("matters"), row.person.agency, by, row.welcomed_at)


async def save(
    request: Request,
    actor: Actor,
    key: Key | None,
    person_id: UUID,
    section: Section,
    wanted: Mapping[str, Wanted],
    seen: Mapping[str, int] | None,
) -> tuple[Whole, Merged, Sent | None]:
    """One sitting. Where it clashes with another's nothing is written, and there is no answer yet."""
    for _ in range(TRIES):
        whole = await load(request, actor, person_id, "portrait.edit")
        now = whole.now()
        base = now if seen is None else {code: whole.version(code, version) for code, version in seen.items()}
        merged = merge(base, now, wanted)
        if merged.clashes:
            return whole, merged, None
        try:
            return whole, merged, await _write(request, actor, key, whole, section, merged)
        except _Moved:
            continue
    raise Conflict("Several people are writing here at this moment. Send it again.")


async def _write(
    request: Request, actor: Actor, key: Key | None, whole: Whole, section: Section, merged: Merged
) -> Sent:
    keys, person = running(request).keys, whole.row.person
    by: Side = "person" if actor.person else "worker"
    worker = None if actor.person else actor.id
    changes = applied(merged, whole.now(), whole.agency, by, worker, 0, whole.at)
    rows = [store.Row(answer, await _close(keys, person.id, answer)) for answer in changes]
    name = next((a.says for a in changes if a.question == "called" and not actor.harmless), None)
    parts = await parts_for(keys, person.agency, parts_of(name)) if name else []
    async with command(running(request), own(actor)) as tx:

        async def act() -> Sent:
            await people.lock_person(tx, person.id)
            await _unmoved(tx, actor, whole)
            if not actor.person and section not in whole.opened:
                raise NotOpened
            written = await _sitting(tx, actor, whole, section, rows)
            if name:
                sealed = next(row.sealed for row in written if row.answer.question == "called")
                assert sealed is not None
                await store.rename(tx, person.id, sealed)
                await put_parts(tx, person.id, person.agency, sealed, parts)
            await audit.record(tx, actor, "portrait.edit", person.id, "portrait", _why(actor, whole.row))
            return Sent.json(200, {"id": person.id, "changed": sorted(merged.changes)})

        return await once(tx, key, actor, act)


async def _close(keys: Keys, person: UUID, answer: Answer) -> bytes | None:
    return await seal(keys, person, *seals.place_of(answer.question), answer.says) if answer.says else None


async def _unmoved(tx: Connection, actor: Actor, whole: Whole) -> None:
    """The person is held by now: what was read before is still what there is, or it is read again."""
    rows = await store.answers_of(tx, whole.row.person.id, pretended=actor.harmless)
    here = {row.answer.question: row.answer.version for row in rows if row.answer.agency == whole.agency}
    if here != {answer.question: answer.version for answer in whole.now().values() if answer.version}:
        raise _Moved


async def _sitting(
    tx: Connection, actor: Actor, whole: Whole, section: Section, rows: list[store.Row]
) -> list[store.Row]:
    """Written, and told to the others; from behind the second PIN to nobody."""
    person = whole.row.person.id
    number = 1 + await store.last_sitting(tx, person, whole.agency, pretended=actor.harmless)
    side: Side = "person" if actor.person else "worker"
    new = await store.open_section(tx, person, whole.agency, section, side, pretended=actor.harmless)
    again: list[str] = []
    if not actor.harmless:
        elsewhere = await store.told_elsewhere(tx, person, whole.agency)
        again = retold([row.answer for row in rows], whole.now(), elsewhere)
    numbered = [
        replace(row, answer=replace(row.answer, sitting=number), retold=row.answer.question in again) for row in rows
    ]
    await store.put_answers(tx, person, numbered, pretended=actor.harmless)
    if actor.harmless:
        return numbered
    told: list[Any] = [opened_event(person, section, side, whole.agency, whole.days)] if new else []
    known: set[str] = set() if whole.own else set(whole.elsewhere())
    spared = sorted(known & {q.code for q in questions_of(section)})
    if numbered:
        told.append(told_event(person, section, numbered, side, whole.days, again, spared))
    for event in told:  # one by one: what was told of needs has a topic of its own
        await people.tell_of(tx, person, [event], cause_of(actor))
    return numbered


async def open_questions(request: Request, actor: Actor, key: Key | None, person_id: UUID, section: Section) -> Sent:
    """They want to go on: said by themselves, or written down by a worker of the agency that asks."""
    whole = await load(request, actor, person_id, "portrait.edit")
    side: Side = "person" if actor.person else "worker"
    async with command(running(request), own(actor)) as tx:

        async def act() -> Sent:
            await people.lock_person(tx, person_id)
            new = await store.open_section(tx, person_id, whole.agency, section, side, pretended=actor.harmless)
            if new and not actor.harmless:
                told = opened_event(person_id, section, side, whole.agency, whole.days)
                await people.tell_of(tx, person_id, [told], cause_of(actor, key))
            await audit.record(tx, actor, "portrait.edit", person_id, "pace", _why(actor, whole.row))
            return Sent.json(200, {"id": person_id, "section": section.value})

        return await once(tx, key, actor, act)
