"""What needs a worker today: whoever waits for them, their own word, referrals gone quiet, what is to decide together.

Fifteen rows at most: what can wait is not here. The lists are read in a fixed number of statements.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from asyncpg import Record

from services.caseplan import copies, leaving, plans, reading, store
from services.caseplan.concepts import CONCERN, PLAN, PROMISE, REFERRAL, SETBACK, Concept
from services.caseplan.reading import Sheet
from services.caseplan.store import Kept, Tx
from shared.contracts.plan import Load
from shared.contracts.plan import Stage as PlanStage
from shared.contracts.promise import Stage as PromiseStage
from shared.contracts.referral import Stage
from shared.contracts.setback import Stage as SetbackStage
from shared.process import Running
from shared.security import audit
from shared.security.identity import Actor
from shared.security.permissions import Relation, Role
from shared.web import edge, staff

MOST = 15
LISTED = 60  # of each kind, before the fifteen are chosen
HELD = 300  # of a list that has pages
PEOPLE = 200  # of one worker; 30 to 120 are usual
SOON = timedelta(hours=30)  # a promise or an answer due within it belongs to today
Key = Literal["waits", "new", "word", "asked", "quiet", "together", "team"]
ORDER: tuple[Key, ...] = ("waits", "new", "word", "asked", "quiet", "together", "team")

QUIET = {Stage.DRAFT, Stage.ESCALATED, Stage.STALLED, Stage.DECLINED, Stage.EXPIRED, Stage.ABANDONED, Stage.REPORTED,
         Stage.OFFERED}  # fmt: skip
ASKED = {Stage.SENT, Stage.DELIVERED, Stage.SEEN, Stage.ESCALATED, Stage.WAITLISTED, Stage.ACCEPTED, Stage.CONTACTING,
         Stage.STALLED, Stage.REOPENED, Stage.IN_PROGRESS, Stage.AWAITING_PERSON, Stage.ON_HOLD}  # fmt: skip
FOR_WORKER = {SetbackStage.REPORTED, SetbackStage.OVERDUE, SetbackStage.CONTACTED, SetbackStage.REFLECTED}
PLAN_WAITS = {PlanStage.ASKED_WORKER, PlanStage.OVERDUE, PlanStage.TOO_MUCH}
STOPPED = {Stage.PAUSED, Stage.UNASKED}
HOLDS = frozenset({Relation.NAMED_WORKER, Relation.SAME_AGENCY})
TEAM: Mapping[Concept, list[Any]] = {
    SETBACK: [SetbackStage.OVERDUE],
    REFERRAL: [Stage.UNASKED],
    PLAN: [PlanStage.OVERDUE],
}
SETTLED_LOADS = {"ask_load", "fits", "say_too_much"}


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that one person waits for. `kept` is what it is about, where it is one of ours."""

    group: Key
    kind: str
    id: UUID
    person: UUID
    stage: str
    due: datetime | None
    kept: Kept | None = None
    loads: tuple[Load, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "id": str(self.id),
            "person": str(self.person),
            "stage": self.stage,
            "due_at": self.due.isoformat() if self.due else None,
            "loads": list(self.loads),
        }


@dataclass(frozen=True, slots=True)
class Group:
    key: Key
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Today:
    sheet: Sheet
    groups: tuple[Group, ...]
    concerns: tuple[Row, ...] = ()
    people: tuple[UUID, ...] = ()  # with whom this worker walks
    later: int = 0  # things that can wait
    leavings: tuple[tuple[UUID, str], ...] = ()  # who left the agency and still holds something
    away: Mapping[UUID, str] = field(default_factory=dict)  # rows that are here by a cover: for whom

    @property
    def count(self) -> int:
        return sum(len(group.rows) for group in self.groups)


@dataclass
class Gathered:
    """What was read for the page, before it is sorted."""

    mine: dict[Concept, list[Kept]]
    broken: list[Kept] = field(default_factory=list)  # promises that the person says were not kept, and nobody owned up
    asked: list[Kept] = field(default_factory=list)
    team: dict[Concept, list[Kept]] = field(default_factory=dict)
    contacts: list[Record] = field(default_factory=list)
    covered: dict[UUID, UUID] = field(default_factory=dict)  # people who are here by a cover, and for whom
    loads: dict[UUID, tuple[Load, ...]] = field(default_factory=dict)
    people: tuple[UUID, ...] = ()
    unnamed: tuple[UUID, ...] = ()  # nobody walks with them yet
    leavings: tuple[UUID, ...] = ()  # for whoever answers for them
    unmet: tuple[UUID, ...] = ()  # their worker has not begun with them

    def lists(self) -> dict[Concept, list[Kept]]:
        """Everything on the page by kind, each once."""
        found: dict[Concept, dict[UUID, Kept]] = {}
        for lists in (self.mine, {PROMISE: self.broken}, {REFERRAL: self.asked}, self.team):
            for concept, kepts in lists.items():
                found.setdefault(concept, {}).update({kept.state.id: kept for kept in kepts})
        return {concept: list(kepts.values()) for concept, kepts in found.items()}


async def read(here: Running, actor: Actor) -> Today:
    actor.require("today.read", actor.relations(workers=[actor.id], agency=actor.agency))
    async with edge.transaction(here) as tx:
        gathered = await _gather(tx, actor)
        sheet = await reading.collect(tx, actor, actor.agency, gathered.lists(), worded=[PROMISE])
        sheet.mark = await reading.mark_of_worker(tx, actor)
        rows = list(_rows(gathered, sheet))
        seen = {row.person for row in rows} | {kept.state.person for kept in gathered.mine[CONCERN]}
        await _audit(tx, actor, gathered, seen)
    await reading.opened(here, sheet)
    known = await staff.known(here, actor, (*gathered.leavings, *actor.covers))
    leavings = tuple((id, known.name(id, known.of(id).does())) for id in gathered.leavings)
    holders = {row.id: _holder(row, gathered) for row in rows}
    away = {id: known.name(worker, "a colleague") for id, worker in holders.items() if worker in actor.covers}
    return replace(_today(rows, sheet, gathered), leavings=leavings, away=away)


def _holder(row: Row, gathered: Gathered) -> UUID | None:
    """Whose it is to do; a row of nobody's is whose the person is."""
    return getattr(row.kept.state, "worker", None) if row.kept else gathered.covered.get(row.person)


async def _audit(tx: Tx, actor: Actor, gathered: Gathered, seen: set[UUID]) -> None:
    """Who is on the list by a cover reads for whom it was; who is there by a referral alone, that it was for that."""
    asked = {kept.state.person for kept in gathered.asked} & seen - set(gathered.people)
    await audit.record_many(tx, actor, "today.read", asked, "today", "referral")
    await audit.record_many(tx, actor, "today.read", seen - asked - gathered.covered.keys(), "today", "care")
    for worker in sorted(set(gathered.covered.values())):
        about = {person for person in seen - asked if gathered.covered.get(person) == worker}
        await audit.record_many(tx, actor, "today.read", about, "today", f"covering/{worker}")


async def _gather(tx: Tx, actor: Actor) -> Gathered:
    gathered = Gathered({concept: [] for concept in (SETBACK, PROMISE, REFERRAL, PLAN, CONCERN)})
    today = (await tx.fetchval(store.SQL["now"])).astimezone(await copies.zone_of(tx, actor.agency)).date()
    for worker in (actor.id, *sorted(actor.covers)):
        await _gather_of(tx, gathered, worker, actor, today)
    people = gathered.people
    gathered.loads = await _loads(tx, people) if actor.may("plan.read", Relation.NAMED_WORKER) else {}
    gathered.unmet = await _ids(tx, "not_met", list(people))
    if actor.agency is not None and actor.may("referral.list", Relation.RECEIVING_AGENCY):
        gathered.asked = await store.asked_of(tx, actor.agency, LISTED)
    if actor.agency is not None and actor.may("leaving.read", Relation.SAME_AGENCY):
        gathered.leavings = tuple(await leaving.not_complete(tx, actor.agency))
    if actor.agency is not None and actor.role is Role.SUPERVISOR:
        gathered.unnamed = await _ids(tx, "waiting_for_a_worker", actor.agency)
        for concept, stages in TEAM.items():
            found = await store.listed(
                tx, "list_held_by_team", concept, actor.agency, concept.kind, [str(s) for s in stages], LISTED
            )  # fmt: skip
            gathered.team[concept] = [kept for kept in found if not actor.stands_for(kept.state.worker)]
    return gathered


async def _gather_of(tx: Tx, gathered: Gathered, worker: UUID, reader: Actor, today: date) -> None:
    """What one worker holds: the reader, or somebody for whom they cover.

    Whoever does another work by now still holds what nobody took over; of it they see what their work lets them read.
    """
    held = (concept for concept in gathered.mine if reader.may(f"{concept.kind}.read", HOLDS))
    mine = {concept: await store.open_of_worker(tx, concept, worker, LISTED) for concept in held}
    people = tuple(row["id"] for row in await tx.fetch(copies.SQL["people_of_worker"], worker, PEOPLE))
    broken = await store.listed(tx, "list_broken_of_worker", PROMISE, worker, LISTED)
    for concept, kepts in mine.items():
        gathered.mine[concept] += kepts
    contacts = await tx.fetch(store.SQL["contacts_due"], worker, today, MOST, reader.id)
    gathered.people += people
    gathered.broken += broken
    gathered.contacts += contacts
    if worker != reader.id:
        about = {kept.state.person for kepts in (*mine.values(), broken) for kept in kepts}
        about |= {contact["person"] for contact in contacts}
        gathered.covered |= dict.fromkeys(about | set(people), worker)


async def _ids(tx: Tx, statement: str, among: UUID | list[UUID]) -> tuple[UUID, ...]:
    return tuple(row["id"] for row in await tx.fetch(copies.SQL[statement], among, MOST))


async def _loads(tx: Tx, people: Sequence[UUID]) -> dict[UUID, tuple[Load, ...]]:
    """The plans that may ask too much, and why; not those about which the question was put since they changed."""
    found = await store.listed(tx, "list_by_id", PLAN, PLAN.kind, list(people))
    active = {kept.state.id: kept.state for kept in found if kept.state.stage is PlanStage.ACTIVE}
    moves = {row["id"]: row["moves"] for row in await tx.fetch(store.SQL["step_moves"], list(active))}
    words = {row["id"]: row["verb"] for row in await tx.fetch(store.SQL["load_words"], list(active))}
    loads = {id: plans.too_much(plan.agreed.steps, moves.get(id, 0)) for id, plan in active.items() if plan.agreed}
    return {id: why for id, why in loads.items() if why and words.get(id) not in SETTLED_LOADS}


def _row(sheet: Sheet, group: Key, concept: Concept, kept: Kept) -> Row:
    state = kept.state
    due = sheet.due(concept, state.id)
    return Row(group, concept.kind, state.id, state.person, str(concept.stage_of(state)), due, kept)


def _rows(gathered: Gathered, sheet: Sheet) -> Iterable[Row]:
    soon = sheet.now + SOON
    for stage, ids in (("unnamed", gathered.unnamed), ("unmet", gathered.unmet)):
        yield from (Row("new", "person", id, id, stage, None) for id in ids)
    for concept, waits in ((SETBACK, FOR_WORKER), (PLAN, PLAN_WAITS)):
        for kept in gathered.mine[concept]:
            if kept.state.stage in waits:
                yield _row(sheet, "waits", concept, kept)
    for kept in (*gathered.mine[PROMISE], *gathered.broken):
        if kept.state.due <= soon or kept.state.stage is PromiseStage.BROKEN:
            # By the promise's own time: what is late comes first, whatever its clock does.
            yield replace(_row(sheet, "word", PROMISE, kept), due=kept.state.due)
    for contact in gathered.contacts:
        yield Row("word", "contact", contact["id"], contact["person"], "due", None)
    for kept in gathered.asked:
        if kept.state.stage in ASKED:
            yield _row(sheet, "asked", REFERRAL, kept)
    yield from _referrals(gathered.mine[REFERRAL], sheet, soon)
    for id, loads in gathered.loads.items():
        yield Row("together", PLAN.kind, id, id, "active", None, None, loads)
    for concept, kepts in gathered.team.items():
        yield from (_row(sheet, "team", concept, kept) for kept in kepts)


def _referrals(kepts: Iterable[Kept], sheet: Sheet, soon: datetime) -> Iterable[Row]:
    """Where sharing stopped somebody waits for us; the others are quiet when their time is nearly over."""
    for kept in kepts:
        due = sheet.due(REFERRAL, kept.state.id)
        if kept.state.stage in STOPPED:
            yield _row(sheet, "waits", REFERRAL, kept)
        elif kept.state.stage in QUIET or (due is not None and due <= soon):
            yield _row(sheet, "quiet", REFERRAL, kept)


def _today(rows: list[Row], sheet: Sheet, gathered: Gathered) -> Today:
    """The fifteen that are due first; of those without a day of their own, whoever waits for a worker counts as due
    now, and the rest come last."""
    far = sheet.now + timedelta(days=365)
    rows.sort(key=lambda row: (row.due or (sheet.now if row.stage == "unnamed" else far), str(row.id)))
    shown, later = rows[:MOST], len(rows[MOST:])
    groups = tuple(Group(key, tuple(row for row in shown if row.group == key)) for key in ORDER)
    concerns = tuple(
        Row("waits", CONCERN.kind, kept.state.id, kept.state.person, str(kept.state.concern_stage),
            sheet.due(CONCERN, kept.state.id), kept)
        for kept in gathered.mine[CONCERN]
    )  # fmt: skip
    return Today(sheet, tuple(group for group in groups if group.rows), concerns, gathered.people, later)


async def asked(here: Running, actor: Actor) -> Sheet:
    """What an agency was asked, under consents that are live and held while it is read."""
    async with edge.transaction(here) as tx:
        actor.require("referral.list", Relation.RECEIVING_AGENCY if actor.agency else ())
        kepts = await store.asked_of(tx, actor.agency, HELD) if actor.agency else []
        sheet = await reading.collect(tx, actor, actor.agency, {REFERRAL: kepts}, worded=[REFERRAL])
        people = {kept.state.person for kept in kepts}
        await audit.record_many(tx, actor, "referral.list", people, "referrals", "referral")
    return await reading.opened(here, sheet)


async def held(here: Running, actor: Actor) -> Sheet:
    """The open referrals that a worker holds, and those of whom they cover for."""
    async with edge.transaction(here) as tx:
        actor.require("referral.list", actor.relations(workers=[actor.id], agency=actor.agency))
        kepts: list[Kept] = []
        for worker in (actor.id, *sorted(actor.covers)):
            found = await store.open_of_worker(tx, REFERRAL, worker, HELD)
            people = {kept.state.person for kept in found}
            why = "care" if worker == actor.id else f"covering/{worker}"
            await audit.record_many(tx, actor, "referral.list", people, "referrals", why)
            kepts += found
        sheet = await reading.collect(tx, actor, actor.agency, {REFERRAL: kepts}, worded=[REFERRAL])
    return await reading.opened(here, sheet)
