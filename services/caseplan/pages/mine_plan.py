"""The person's plan on their page: both sides' steps under their own words, and what they may do with theirs."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from services.caseplan.concepts import PLAN, PROMISE
from services.caseplan.ledger import promise_of
from services.caseplan.pages.frame import MINE
from services.caseplan.pages.times import day_words
from services.caseplan.plans import LONGEST_STEP, Step, Version
from services.caseplan.reading import offered
from services.caseplan.store import Kept
from services.caseplan.written import SUGGESTED
from shared.contracts.plan import Owner, Stage
from shared.web import say
from shared.web.parts import Act, Tag, never_late
from shared.web.say import Chip

if TYPE_CHECKING:
    from services.caseplan.pages.mine import View

STATUS = {
    "en": {
        "done": "Done",
        "by": "By {day}",
        "moved": "You moved it to {day}",
        "not_yet": "Not yet",
        "you": "You",
    },
    "es": {
        "done": "Hecho",
        "by": "Para {day}",
        "moved": "Usted lo cambió: {day}",
        "not_yet": "Todavía no",
        "you": "Usted",
    },
}
SAYS = {
    Stage.NEW: "no_plan_why",
    Stage.ASKED_PERSON: "see_above",
    Stage.ASKED_WORKER: "waits_worker",
    Stage.OVERDUE: "late_worker",
    Stage.ACTIVE: "signed",
    Stage.TOO_MUCH: "too_much_said",
    Stage.SET_ASIDE: "plan_rests",
    Stage.STOPPED: "stopped",
}


@dataclass(frozen=True, slots=True)
class MyStep:
    words: str
    whose: str
    status: Tag | Chip
    theirs: bool
    done: Act | None = None
    move: str = ""  # where moving it is posted
    drop: Act | None = None
    id: str = ""

    def __post_init__(self) -> None:
        never_late(self.theirs, self.status)


@dataclass(frozen=True, slots=True)
class MyGoal:
    words: str
    steps: tuple[MyStep, ...]


def of(view: "View", kept: Kept) -> dict[str, Any]:
    plan, possible = kept.state, set(offered(view.sheet.actor, PLAN, kept))
    due = view.sheet.due(PLAN, plan.id)
    key = SAYS[plan.stage]
    last = view.sheet.today + timedelta(days=LONGEST_STEP)
    return {
        "goals": _goals(view, kept, plan.agreed, "", possible) if plan.agreed else (),
        "suggested": _goals(view, kept, plan.proposal, SUGGESTED, set()) if plan.proposal else (),
        "says": view.w[key].format(when=view.when(due) if due else ""),
        "is_new": plan.agreed is None and plan.proposal is None,
        "edit": f"/caseplan/plans/{plan.id}/edit",
        "acts": view.acts(PLAN, kept, ("say_too_much",)),
        "stop": view.acts(PLAN, kept, ("stop",)),
        "back": MINE,
        "today": str(view.sheet.today),
        "last": str(last),
    }


def own_days(view: "View", kept: Kept) -> list[tuple[date, str, str]]:
    """The person's open steps that lie ahead: day, words, whose."""
    version, sheet = kept.state.agreed, view.sheet
    return [
        (step.due, sheet.said(PLAN, kept.state.id, f"step/{step.id}"), STATUS[view.lang]["you"])
        for step in (version.steps if version else ())
        if step.owner is Owner.PERSON and not step.done and step.due >= sheet.today
    ]


def _goals(view: "View", kept: Kept, version: Version, frame: str, possible: set[str]) -> tuple[MyGoal, ...]:
    sheet, plan = view.sheet, kept.state
    return tuple(
        MyGoal(
            sheet.said(PLAN, plan.id, f"{frame}goal/{goal.id}") or "…",
            tuple(_step(view, kept, step, frame, possible) for step in version.steps if step.goal == goal.id),
        )
        for goal in version.goals
    )


def _step(view: "View", kept: Kept, step: Step, frame: str, possible: set[str]) -> MyStep:
    sheet, plan = view.sheet, kept.state
    words = sheet.said(PLAN, plan.id, f"{frame}step/{step.id}")
    theirs = step.owner is Owner.PERSON
    whose = STATUS[view.lang]["you"] if theirs else sheet.staff.first(plan.worker, view.worker)
    status = _status(view, kept, step)
    if not theirs or step.done or "finish_step" not in possible:
        return MyStep(words, whose, status, theirs)
    id = str(step.id)
    return MyStep(
        words,
        whose,
        status,
        theirs,
        done=view.act(PLAN, kept, "finish_step", about=words, step=id),
        move=f"/caseplan/plans/{plan.id}/move-step",
        drop=view.act(PLAN, kept, "drop_step", about=words, step=id),
        id=id,
    )


def _status(view: "View", kept: Kept, step: Step) -> Tag | Chip:
    """A step of theirs is done, open or moved; one of ours is a promise."""
    from services.caseplan.pages.mine import came_of

    says, sheet = STATUS[view.lang], view.sheet
    if step.done:
        return Tag("kept", says["done"])
    if step.owner is Owner.WORKER:
        own = promise_of(kept.state.id, step.id)
        promise = next((one for one in sheet.of(PROMISE) if one.state.id == own), None)
        if promise is not None:
            return came_of(view, promise)
    day = day_words(step.due, sheet.today, view.lang)
    if step.due < sheet.today:
        return Tag("waits", says["not_yet"])
    moved = any(row["verb"] == "move_step" and row["about"] == step.id for row in sheet.timeline)
    words, paper = says["moved" if moved else "by"], say.on_paper(step.due, view.lang)
    return Tag("moved" if moved else "", words.format(day=day), words.format(day=say.after_a_word(paper, view.lang)))
