"""What one answer or page is drawn from: read in one transaction, in a fixed number of statements, then opened.

Nothing is asked for row by row: clocks, words and public names of everything on a page come in one statement each.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Record

from services.caseplan import copies, store, written
from services.caseplan.commands import ACTIONS, BY_PHONE, is_asked, party_of, relations
from services.caseplan.concepts import CONCERN, PLAN, PROMISE, REFERRAL, SETBACK, Concept
from services.caseplan.copies import Person
from services.caseplan.sharing import covers_referral
from services.caseplan.store import Kept, Tx
from services.caseplan.written import Sealed, Words
from shared.contracts.setback import ConcernStage
from shared.process import Running
from shared.runtime.errors import NotFound
from shared.runtime.reach import Reach
from shared.security import audit, covers
from shared.security.covers import Standing
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.web import edge, staff
from shared.web.staff import NOBODY, Staff
from shared.workflow import Party

TIMELINE = 40  # lines on a page
READS = {PROMISE: "promise.read", REFERRAL: "referral.read", SETBACK: "setback.read"}
Kepts = Mapping[Concept, list[Kept]]


@dataclass
class Sheet:
    """Everything on one page. `lists` has what stands on it by kind; look up the rest by kind and id."""

    actor: Actor
    now: datetime
    zone: ZoneInfo
    lists: dict[str, list[Kept]]
    names: dict[UUID, str]
    clocks: dict[tuple[str, UUID], tuple[datetime, datetime]]
    sealed: list[Sealed] = field(default_factory=list)
    words: dict[tuple[str, UUID], Words] = field(default_factory=dict)
    timeline: list[Record] = field(default_factory=list)
    person: Person | None = None
    cover: list[Standing] = field(default_factory=list)  # who stands in for the person's worker now
    staff: Staff = NOBODY  # whom the page names of those who work here
    reachable: bool = False  # whether the person lets the asked agency know how to reach them
    mark: str = ""  # of a page that changes under its reader: what it was drawn with

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def of(self, concept: Concept) -> list[Kept]:
        return self.lists.get(concept.kind, [])

    def one(self, concept: Concept) -> Kept:
        return self.of(concept)[0]

    def due(self, concept: Concept, id: UUID) -> datetime | None:
        return self.clocks.get((concept.clock, id), (None, None))[1]

    def began(self, concept: Concept, id: UUID) -> datetime | None:
        return self.clocks.get((concept.clock, id), (None, None))[0]

    def said(self, concept: Concept, id: UUID, field: str = "words") -> str:
        return self.words.get((concept.kind, id), {}).get(field, "")

    def promised(self, id: UUID) -> str:
        """The words of a promise, or of the plan's step that it is."""
        return next(iter(self.words.get((PROMISE.kind, id), {}).values()), "")

    def name(self, id: UUID | None, otherwise: str = "An agency") -> str:
        return self.names.get(id, otherwise) if id else otherwise


async def collect(
    tx: Tx, actor: Actor, home: UUID | None, lists: Kepts, *, worded: Iterable[Concept] = (), also: Iterable[UUID] = ()
) -> Sheet:  # fmt: skip
    """`worded`: of these kinds what was written is read too. `also`: agencies and programs to name besides."""
    kepts = [(concept, kept) for concept, found in lists.items() for kept in found]
    clocks = [(concept.clock, str(kept.state.id)) for concept, kept in kepts]
    rows = await tx.fetch(store.SQL["clocks"], [kind for kind, _ in clocks], [id for _, id in clocks])
    whose = {(concept.kind, kept.state.id): kept.state.person for concept, kept in kepts if concept in set(worded)}
    return Sheet(
        actor,
        await tx.fetchval(store.SQL["now"]),
        await copies.zone_of(tx, home),
        {concept.kind: found for concept, found in lists.items()},
        await copies.names(tx, [*also, *_named(kepts)]),
        {(row["kind"], UUID(row["subject"])): (row["started_at"], row["due_at"]) for row in rows},
        await written.fetch(tx, whose),
    )


def _named(kepts: Iterable[tuple[Concept, Kept]]) -> Iterable[UUID | None]:
    for concept, kept in kepts:
        state = kept.state
        yield kept.home
        yield getattr(state, "agency", None)
        if concept is REFERRAL:
            yield state.program
            for onward in (state.next, state.second):
                if onward is not None:
                    yield from (onward.program, onward.agency)
        if concept is SETBACK:
            yield from (sharing.recipient for sharing in state.shared)


async def opened(here: Running, sheet: Sheet) -> Sheet:
    """With its words and its workers' names, once the transaction is over."""
    sheet.words = await written.open_all(here.keys, sheet.sealed)
    workers = {kept.state.worker for kepts in sheet.lists.values() for kept in kepts}
    workers |= {getattr(kept.state, "gave", None) for kepts in sheet.lists.values() for kept in kepts}
    workers |= {row["who"] for row in sheet.timeline} | ({sheet.person.worker} if sheet.person else set())
    workers |= {standing.covering for standing in sheet.cover}
    sheet.staff = await staff.known(here, sheet.actor, workers)
    return sheet


def offered(actor: Actor, concept: Concept, kept: Kept) -> list[str]:
    """What this actor can say to it now, in the table's order; a program's menu and a page's buttons."""
    ties, verbs = relations(actor, concept, kept), []
    for verb, action in ACTIONS[concept.kind].items():
        party = party_of(actor, concept, kept, verb)
        if party is None or not actor.may(action, ties):
            continue
        move = concept.offers(kept.state, party).get(verb)
        speaks_for_them = party is Party.PERSON and actor.person is None
        if move is None or (speaks_for_them and any(guard.name == "own_word" for guard in move.guards)):
            continue
        verbs.append(verb)
    return verbs


def recordable(actor: Actor, kept: Kept) -> list[str]:
    """What this actor can write down of what the asked agency said by phone."""
    if kept.state.consent is None or not actor.may("referral.record_answer", relations(actor, REFERRAL, kept)):
        return []
    offers = REFERRAL.offers(kept.state, Party.AGENCY)
    return [verb for verb in BY_PHONE if verb in offers]


async def one(here: Running, actor: Actor, action: str, concept: Concept, id: UUID) -> Sheet:
    """One aggregate with its history and words, audited as read, whatever it is read for.

    The asked agency reads under a consent that is live now.
    """
    async with edge.transaction(here) as tx:
        kept = await store.get(tx, concept, id)
        actor.require(action, relations(actor, concept, kept), id)
        asked = concept is REFERRAL and is_asked(actor, concept, kept)
        if asked:
            await live_consent(tx, kept, id)
        worded = [concept] if await _reads_words(tx, actor, concept, kept) else []
        sheet = await collect(tx, actor, kept.home, {concept: [kept]}, worded=worded)
        sheet.timeline = await tx.fetch(store.SQL["history"], concept.kind, id)
        if asked:
            sheet.reachable = await copies.lets_know(tx, kept.state.person, kept.state.agency, "contact")
        why = "referral" if asked else "care"
        await audit.record(tx, actor, f"{concept.kind}.read", kept.state.person, f"{concept.kind}/{id}", why)
    return await opened(here, sheet)


async def _reads_words(tx: Tx, actor: Actor, concept: Concept, kept: Kept) -> bool:
    """What got hard was written to the named worker: a colleague who covers gets in touch without reading it."""
    if concept is not SETBACK or actor.person == kept.state.person:
        return True
    return actor.stands_for((await copies.find_person(tx, kept.state.person)).worker)


async def live_consent(tx: Tx, kept: Kept, which: object) -> Any:
    """The consent that this referral may be read under by the agency that was asked, held to the end; else NotFound."""
    state = kept.state
    consent = await copies.consent(tx, state.consent, share=True) if state.consent else None
    if not covers_referral(consent, state.person, state.agency, state.need):
        raise NotFound("referral", which)
    return consent


async def around_person(here: Running, actor: Actor, action: str, id: UUID) -> Sheet:
    """Plan, promises, referrals, setbacks and the timeline of one person, as far as this actor may read them."""
    async with edge.transaction(here) as tx:
        person = await copies.find_person(tx, id)
        ties = actor.relations(person=id, workers=[person.worker], agency=person.home)
        actor.require(action, ties, id)
        lists: dict[Concept, list[Kept]] = {PLAN: await store.of_person(tx, PLAN, id, 1)}
        for concept, read in READS.items():
            lists[concept] = await store.of_person(tx, concept, id) if actor.may(read, ties) else []
        lists[CONCERN] = await _asked_about(tx, id) if actor.person == id else []
        sheet = await collect(tx, actor, person.home, lists, worded=[PLAN, PROMISE, REFERRAL, SETBACK])
        sheet.timeline = await _timeline(tx, id, hides_setbacks=not actor.may("setback.read", ties))
        contacts = {(written.CONTACT, row["id"]): id for row in sheet.timeline if row["kind"] == written.CONTACT}
        sheet.sealed += await written.fetch(tx, contacts)
        sheet.person = person
        sheet.cover = await covers.standing_in_for(tx, person.worker)
        sheet.mark = await mark_of_person(tx, actor) if actor.person == id else ""
        await audit.record(tx, actor, action, id, "person", "care")
    return await opened(here, sheet)


async def of_nothing(here: Running, actor: Actor, action: str, id: UUID) -> Sheet:
    """The page of somebody with whom nothing has begun, by the clock of their home, and audited as the other is."""
    # Of their own row their home is needed: another place's clock would tell one view from the other.
    async with edge.transaction(here, Reach(person=id, actor=actor.id)) as tx:
        person = await copies.find_person(tx, id)
    async with edge.transaction(here) as tx:
        sheet = await collect(tx, actor, person.home, {})
        sheet.person, sheet.mark = replace(person, worker=None), await mark_of_person(tx, actor)
        await audit.record(tx, actor, action, id, "person", "care")
    return sheet


async def mark_of_worker(tx: Tx, actor: Actor) -> str:
    """What a worker's day was drawn with, as a few letters; it names nobody and counts nothing."""
    leads = actor.role is Role.SUPERVISOR
    return str(await tx.fetchval(store.SQL["mark_of_worker"], [actor.id, *sorted(actor.covers)], actor.agency, leads))


async def mark_of_person(tx: Tx, actor: Actor) -> str:
    """The same of the person's own page."""
    return str(await tx.fetchval(store.SQL["mark_of_person"], actor.person))


async def _asked_about(tx: Tx, person: UUID) -> list[Kept]:
    """Concerns that the worker has asked the person about: of any other they do not know."""
    found = await store.of_person(tx, CONCERN, person)
    return [kept for kept in found if kept.state.concern_stage is ConcernStage.ASKED]


async def _timeline(tx: Tx, person: UUID, *, hides_setbacks: bool) -> list[Record]:
    """Never a concern: it is the named worker's alone, on a page of its own."""
    hidden = [CONCERN.kind, SETBACK.kind] if hides_setbacks else [CONCERN.kind]
    return await tx.fetch(store.SQL["timeline"], person, hidden, TIMELINE)
