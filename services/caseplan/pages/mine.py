"""The person's own page, on a phone: what waits for their word first, then their plan, our promises, who was asked.

Everything they can do is a button here; nothing counts what they did not do.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.caseplan import plans
from services.caseplan.concepts import CONCERN, PLAN, PROMISE, REFERRAL, SETBACK
from services.caseplan.pages import mine_plan, mine_words
from services.caseplan.pages.buttons import button
from services.caseplan.pages.frame import MINE, frame, lang_for
from services.caseplan.pages.times import due_chip, moment, until
from services.caseplan.reading import Sheet, offered
from services.caseplan.store import Kept
from shared.contracts.plan import Stage as PlanStage
from shared.contracts.promise import Stage as PromiseStage
from shared.contracts.referral import Stage
from shared.contracts.setback import Stage as SetbackStage
from shared.web import forms, say
from shared.web.forms import Form
from shared.web.needs import need
from shared.web.parts import Act, Helper, Tag
from shared.web.say import Chip
from shared.web.templates import render
from shared.web.words import Lang

WITH_THEM = {Stage.ACCEPTED, Stage.CONTACTING, Stage.IN_PROGRESS, Stage.AWAITING_PERSON, Stage.ON_HOLD, Stage.REOPENED}
NAMELESS: Mapping[Lang, str] = {"en": "Your worker", "es": "Su trabajador"}
COLLEAGUE: Mapping[Lang, str] = {"en": "a colleague", "es": "un colega"}
NOT_DONE = {PromiseStage.OVERDUE, PromiseStage.KEPT}  # of these one may say that they did not happen


@dataclass(frozen=True, slots=True)
class Card:
    """One thing that waits for the person's word."""

    title: str
    lines: tuple[str, ...]
    acts: tuple[Act, ...]
    id: str = ""
    paper: str = ""  # the title with its date


@dataclass(frozen=True, slots=True)
class Item:
    """A promise or a referral on their page."""

    id: UUID
    title: str
    status: Tag | Chip | None
    lines: tuple[str, ...] = ()
    acts: tuple[Act, ...] = ()
    more: tuple[Act, ...] = ()


@dataclass
class View:
    """What the page is made with."""

    sheet: Sheet
    lang: Lang
    worker: str
    w: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.w = {name: self._named(text) for name, text in mine_words.WORDS[self.lang].items()}

    def _named(self, text: str) -> str:
        """A name stays a name; “your worker” is written large only where a sentence begins."""
        inside = self.worker if self.worker not in NAMELESS.values() else self.worker[0].lower() + self.worker[1:]
        begun = re.sub(r"(^|[.?!] )\{worker\}", lambda found: found[1] + self.worker, text)
        return begun.replace("{worker}", inside).replace("{readers}", self._readers(inside))

    def _readers(self, worker: str) -> str:
        """Who reads what was written to their worker: whoever stands in for that worker reads it too."""
        standing = [self.sheet.staff.first(one.covering, COLLEAGUE[self.lang]) for one in self.sheet.cover]
        return say.listed([worker, *standing], self.lang)

    def giver(self, promise: Kept) -> str:
        """Who gave their word: by name, or the agency that stands for it."""
        return self.sheet.staff.first(promise.state.worker, self.sheet.name(promise.state.agency))

    def say(self, key: str, **more: str) -> str:
        return self.w[key].format(**more)

    def handed_over(self, promise: Kept) -> str:
        """That another keeps a promise than gave it: by their names, if both are for the person to read."""
        gave, keeps = (self.sheet.staff.first(id, "") for id in (promise.state.gave, promise.state.worker))
        agency = self.sheet.name(promise.state.agency)
        key = "handed" if gave and keeps else "handed_at"
        return self.w[key].format(gave=gave, keeps=keeps, agency=agency)

    def introduced(self, worker: UUID) -> str:
        """By name, or by what they do and where; who is not heard of yet is their worker all the same."""
        known = self.sheet.staff.of(worker)
        return known.introduced(self.lang, to_person=True) if known.role else self.worker

    def when(self, at: datetime) -> str:
        return moment(self.sheet, at, self.lang)

    def day(self, at: datetime) -> str:
        return until(self.sheet, at, self.lang)

    def act(self, concept: Any, kept: Kept, verb: str, **more: Any) -> Act:
        return button(self.sheet, concept, kept, verb, back=MINE, lang=self.lang, **more)

    def acts(self, concept: Any, kept: Kept, verbs: Iterable[str], main: str = "") -> tuple[Act, ...]:
        possible = offered(self.sheet.actor, concept, kept)
        return tuple(self.act(concept, kept, verb, main=verb == main) for verb in verbs if verb in possible)


def page(request: Request, sheet: Sheet, form: Form[Any] | None = None) -> Response:
    person, lang = sheet.person, lang_for(request, sheet.actor)
    assert person is not None, "the sheet of a person"
    view = View(sheet, lang, sheet.staff.first(person.worker, NAMELESS[lang]))
    cards = list(_cards(view))
    plan = next(iter(sheet.of(PLAN)), None)
    return render(
        request,
        "mine.html",
        status=422 if form is not None else 200,
        says=view.w,
        whose=person.id,
        person=person.id,
        cards=cards,
        mark=sheet.mark,
        next=None if cards else _next(view),
        plan=mine_plan.of(view, plan) if plan else None,
        hard=_setbacks(view),
        form=form or forms.blank("hard-"),
        concerns=[str(kept.state.id) for kept in sheet.of(CONCERN)],
        promises=[_promise(view, kept) for kept in sheet.of(PROMISE)],
        referrals=[
            _referral(view, kept) for kept in sheet.of(REFERRAL) if kept.state.stage is not Stage.ENTERED_IN_ERROR
        ],
        people=_people(view),
        has_worker=person.worker is not None,
        as_of=say.as_of(sheet.now, sheet.zone, lang),
        **{**frame(sheet.actor), "said": {"saved": view.w["saved"], "setback-told": view.w["setback_told"]}},
        lang=lang,
    )


def _cards(view: View) -> Iterable[Card]:
    """What waits for the person's word. Nothing here is late: it waits, and says what silence means."""
    sheet = view.sheet
    for kept in sheet.of(REFERRAL):
        if kept.state.stage in (Stage.REPORTED, Stage.OFFERED):
            yield _question(view, kept)
    for kept in sheet.of(PLAN):
        yield from _plan_cards(view, kept)
    for kept in sheet.of(PROMISE):
        if kept.state.stage is PromiseStage.MOVING:
            when = view.when(kept.state.asked_due)
            said = f"“{sheet.promised(kept.state.id)}”"
            acts = view.acts(PROMISE, kept, ("agree", "refuse"), "agree")
            yield Card(view.w["asks_time"].format(when=when), (said, view.w["you_choose"]), acts)
    for kept in sheet.of(SETBACK):
        if kept.state.stage is SetbackStage.REVISION_OFFERED:
            acts = view.acts(SETBACK, kept, ("accept_revision", "decline_revision", "not_now"), "accept_revision")
            yield Card(view.w["revision"], (), acts)


def _next(view: View) -> Card | None:
    """The nearest day on which something happens: a step of theirs, or what we promised."""
    ahead: list[tuple[date, str, str]] = []
    for kept in view.sheet.of(PLAN):
        ahead += mine_plan.own_days(view, kept)
    for kept in view.sheet.of(PROMISE):
        if kept.state.stage is PromiseStage.MADE:
            day = kept.state.due.astimezone(view.sheet.zone).date()
            ahead.append((day, f"“{view.sheet.promised(kept.state.id)}”", view.say("said_by", name=view.giver(kept))))
    if not ahead:
        return None
    day, words, who = min(ahead)
    title, dated = say.day(day, view.sheet.today, view.lang), say.on_paper(day, view.lang)
    return Card(f"{view.w['next']}: {title}", (words, who), (), paper=f"{view.w['next']}: {dated}")


def _question(view: View, kept: Kept) -> Card:
    """A report to confirm or dispute, or another door to choose."""
    sheet, referral = view.sheet, kept.state
    due = sheet.due(REFERRAL, referral.id)
    silence = view.w["silence_closes" if referral.stage is Stage.REPORTED else "silence_offer"]
    lines = [silence.format(when=view.day(due))] if due else []
    agency = sheet.name(referral.agency)
    if referral.stage is Stage.REPORTED:
        outcome = mine_words.OUTCOMES[referral.outcome].in_lang(view.lang)
        acts = view.acts(REFERRAL, kept, ("confirm", "dispute"), "confirm")
        return Card(f"{agency}. {view.w['was_it']}", (view.w["outcome"].format(outcome=outcome), *lines), acts)
    why = view.w["not_there"].format(agency=agency)
    if referral.reason is not None:
        reason = mine_words.REASONS[referral.reason].in_lang(view.lang)
        why = view.w["reason"].format(agency=agency, reason=reason)
    not_now = view.acts(REFERRAL, kept, ("not_now",))
    if referral.next is None:
        acts = view.acts(REFERRAL, kept, ("choose_next",), "choose_next")
        return Card(view.w["offered_free"], (why, *lines), (*acts, *not_now))
    door = _door(sheet, referral.next.program, referral.next.agency)
    choose = view.act(REFERRAL, kept, "choose_next", main=True, next=str(referral.next.program), about=door)
    other = Act(view.w["look"], f"/caseplan/referrals/{referral.id}/choose-next?back={MINE}")
    said = (why, view.w["hears_nothing"], *lines)
    return Card(view.w["offered"].format(door=door), said, (choose, other, *not_now))


def _door(sheet: Sheet, program: UUID, agency: UUID) -> str:
    name, of = sheet.name(program, ""), sheet.name(agency, "")
    return name if of in name else f"{name} ({of})"


def _plan_cards(view: View, kept: Kept) -> Iterable[Card]:
    plan: plans.Plan = kept.state
    if plan.stage is PlanStage.ASKED_PERSON and plan.proposal is not None:
        loads = [view.w[str(load)] for load in plans.too_much(plan.proposal.steps, 0)]
        question = (f"{view.w['is_it']} {' '.join(loads)} {view.w['you_choose']}",) if loads else ()
        acts = view.acts(PLAN, kept, ("sign", "propose", "not_now"), "sign")
        yield Card(view.w["sign"], question, acts, id="suggested")
    last = next(
        (row["verb"] for row in view.sheet.timeline if row["kind"] == PLAN.kind and row["verb"] in LOAD_WORDS), ""
    )
    if plan.stage is PlanStage.ACTIVE and last == "ask_load" and plan.agreed is not None:
        moved = sum(row["verb"] == "move_step" and row["kind"] == PLAN.kind for row in view.sheet.timeline)
        why = tuple(view.w[str(load)] for load in plans.too_much(plan.agreed.steps, moved))
        yield Card(view.w["is_it"], (*why, view.w["you_choose"]), view.acts(PLAN, kept, ("fits", "say_too_much")))


LOAD_WORDS = {"ask_load", "fits", "say_too_much", "sign"}


def _setbacks(view: View) -> list[Item]:
    """Those that are not over: where each stands, and what the person can say to it."""
    found = []
    for kept in view.sheet.of(SETBACK):
        setback = kept.state
        if setback.stage is SetbackStage.WITHDRAWN:
            continue
        due = view.sheet.due(SETBACK, setback.id)
        lines = [view.w[mine_words.SETBACKS[setback.stage]].format(when=view.when(due) if due else "")]
        lines += [view.w["they_know"].format(agency=view.sheet.name(s.recipient)) for s in setback.shared]
        title = view.sheet.said(SETBACK, setback.id)
        verbs = [verb for verb in offered(view.sheet.actor, SETBACK, kept) if verb not in QUIETLY]
        share = Act(view.w["tell_one"], f"/caseplan/setbacks/{setback.id}/tell")
        found.append(
            Item(setback.id, title, None, tuple(lines), view.acts(SETBACK, kept, verbs),
                 (share, *view.acts(SETBACK, kept, ("withdraw",))))
        )  # fmt: skip
    return found[:3]


QUIETLY = {"withdraw", "accept_revision", "decline_revision"}


def _promise(view: View, kept: Kept) -> Item:
    promise, sheet = kept.state, view.sheet
    words = sheet.promised(promise.id)
    lines = [view.giver(kept)]
    if promise.gave is not None:
        lines.append(view.handed_over(kept))
    if promise.stage is PromiseStage.BROKEN:
        lines.append(view.w["we_said_so" if promise.admitted else "sorry"])
    if promise.stage is PromiseStage.KEPT and promise.late:
        lines.append(view.w["came_late"])
    verbs = ["say_broken"] if promise.stage in NOT_DONE or promise.due <= sheet.now else []
    verbs += ["say_kept"] if promise.stage in (PromiseStage.OVERDUE, PromiseStage.BROKEN) else []
    more = ["release"] if promise.stage in (PromiseStage.MADE, PromiseStage.OVERDUE) else []
    said = view.acts(PROMISE, kept, [verb for verb in verbs if not (verb == "say_broken" and promise.by_person)])
    return Item(promise.id, f"“{words}”", came_of(view, kept), tuple(lines), said, view.acts(PROMISE, kept, more))


def came_of(view: View, kept: Kept) -> Tag | Chip:
    promise = kept.state
    if promise.stage in (PromiseStage.MADE, PromiseStage.OVERDUE):
        return due_chip(view.sheet, promise.due, kept.made_at, view.lang)
    late = promise.stage is PromiseStage.BROKEN or (promise.stage is PromiseStage.KEPT and promise.late)
    words = mine_words.PROMISES[PromiseStage.BROKEN if late else promise.stage].in_lang(view.lang)
    kinds = {PromiseStage.KEPT: "kept", PromiseStage.RELEASED: "moved", PromiseStage.MOVING: "waits"}
    return Tag("late" if late else kinds[promise.stage], words)  # type: ignore[arg-type]


def _referral(view: View, kept: Kept) -> Item:
    referral, sheet = kept.state, view.sheet
    lines = [mine_words.STAGES[referral.stage].in_lang(view.lang)]
    if referral.stage in (Stage.PAUSED, Stage.UNASKED):
        lines.append(view.w["place"])
    if referral.stage is Stage.WAITLISTED and referral.position:
        lines[0] = f"{lines[0]} {referral.position}."
    due = sheet.due(REFERRAL, referral.id) if referral.stage in WAITS_FOR_AGENCY else None
    status = say.due(due, sheet.now, sheet.zone, view.lang, start=sheet.began(REFERRAL, referral.id)) if due else None
    title = f"{need(referral.need, view.lang)}: {_door(sheet, referral.program, referral.agency)}"
    asked = ("choose_next", "resume", "reopen", "send") if referral.stage not in (Stage.REPORTED, Stage.OFFERED) else ()
    return Item(
        referral.id, title, status, tuple(lines), view.acts(REFERRAL, kept, asked),
        view.acts(REFERRAL, kept, ("withdraw",)),
    )  # fmt: skip


WAITS_FOR_AGENCY = {Stage.SENT, Stage.DELIVERED, Stage.SEEN, Stage.ESCALATED, Stage.STALLED}


def _people(view: View) -> list[Helper]:
    """Who walks with them, and the agencies that said yes, in the alphabet."""
    person = view.sheet.person
    found = []
    if person is not None and person.worker is not None:
        found.append(Helper(view.introduced(person.worker), view.w["whole"]))
        for one in view.sheet.cover:
            until = view.day(one.last)
            found.append(Helper(view.introduced(one.covering), view.say("covers", until=until)))
    helping = {kept.state.agency: kept for kept in view.sheet.of(REFERRAL) if kept.state.stage in WITH_THEM}
    named = sorted((view.sheet.name(agency), kept.state.need) for agency, kept in helping.items())
    return found + [Helper(name, need(what, view.lang)) for name, what in named]
