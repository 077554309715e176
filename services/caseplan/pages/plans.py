"""The plan in its parts, for every page that shows one; and the worker's page of it."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.caseplan.commands import fingerprint
from services.caseplan.concepts import PLAN, PROMISE
from services.caseplan.ledger import promise_of
from services.caseplan.pages.buttons import button, buttons
from services.caseplan.pages.frame import MINE, TODAY, frame, page_of
from services.caseplan.pages.happened import thread
from services.caseplan.pages.promises import came_of
from services.caseplan.plans import Plan, Step, Version
from services.caseplan.reading import Sheet, offered
from services.caseplan.store import Kept
from services.caseplan.written import SUGGESTED
from shared.contracts.plan import Owner, Stage
from shared.web import forms, say
from shared.web import parts as web
from shared.web.parts import Tag
from shared.web.say import Chip
from shared.web.templates import render

NEXT = {
    Stage.NEW: "Nothing is suggested yet. Their goals come first: what do they want?",
    Stage.ASKED_PERSON: "It waits for their yes. What was agreed before holds until then.",
    Stage.ASKED_WORKER: "They said how it should be, and signed by that. It holds once you sign, too.",
    Stage.OVERDUE: "They still wait for an answer. Our word is late.",
    Stage.ACTIVE: "Both sides have signed. They move their own steps as they like.",
    Stage.TOO_MUCH: "They say that it asks too much. Suggest something lighter.",
    Stage.SET_ASIDE: "Not agreed on for now. Either side may suggest another.",
    Stage.STOPPED: "They stopped it. Either side may suggest another, any day.",
}


def goals(sheet: Sheet, kept: Kept, version: Version, *, suggested: bool) -> tuple[web.Goal, ...]:
    """Each goal in the person's words, with the steps of both sides under it."""
    frame_of = SUGGESTED if suggested else ""
    plan = kept.state
    return tuple(
        web.Goal(
            sheet.said(PLAN, plan.id, f"{frame_of}goal/{goal.id}") or "…",
            tuple(
                drawn(sheet, plan, step, sheet.said(PLAN, plan.id, f"{frame_of}step/{step.id}"))
                for step in version.steps
                if step.goal == goal.id
            ),
        )
        for goal in version.goals
    )


def drawn(sheet: Sheet, plan: Plan, step: Step, words: str) -> web.Step:
    """A step of theirs is done, open or moved; one of ours is a promise, kept or late."""
    theirs = step.owner is Owner.PERSON
    whose = "Theirs" if theirs else sheet.staff.first(plan.worker, "Staff")
    return web.Step(words, whose, status(sheet, plan, step), theirs, named=not theirs)


def status(sheet: Sheet, plan: Plan, step: Step) -> Tag | Chip:
    if step.done:
        return Tag("kept", "Done")
    promise = promises(sheet).get(promise_of(plan.id, step.id))
    if step.owner is Owner.WORKER and promise is not None:
        return came_of(sheet, promise)
    if step.due < sheet.today:
        return Tag("waits", "Not yet")
    day, paper = say.day(step.due, sheet.today), say.on_paper(step.due)
    if any(row["verb"] == "move_step" and row["about"] == step.id for row in sheet.timeline):
        return Tag("moved", f"Moved to {day}", f"Moved to {paper}")
    return Tag("", f"By {day}", f"By {paper}")


def promises(sheet: Sheet) -> dict[UUID, Kept]:
    return {kept.state.id: kept for kept in sheet.of(PROMISE)}


def page(request: Request, sheet: Sheet) -> Response:
    kept = sheet.one(PLAN)
    plan = kept.state
    if sheet.actor.person is not None:
        return forms.see_other(f"{MINE}#plan", request)
    back = f"/caseplan/plans/{plan.id}"
    return render(
        request,
        "plan.html",
        whose=plan.person,
        person_url=page_of(plan.person),
        history=thread(sheet, PLAN.kind, sheet.timeline),
        **parts(sheet, kept, back),
        **frame(sheet.actor, TODAY),
        lang="en",
    )


def parts(sheet: Sheet, kept: Kept, back: str, *, main: str = "suggest") -> dict[str, Any]:
    """What the worker sees of a plan: what is agreed, what is suggested, and what is theirs to say. `main` is filled,
    unless their signature is awaited."""
    plan = kept.state
    verbs = [verb for verb in offered(sheet.actor, PLAN, kept) if verb not in STEPS]
    main = "sign" if "sign" in verbs and plan.stage in SIGNABLE else main
    due, began = sheet.due(PLAN, plan.id), sheet.began(PLAN, plan.id)
    return {
        "plan_stage": say.due(due, sheet.now, sheet.zone, start=began) if due else Tag(*_tag(plan)),
        "plan_next": NEXT[plan.stage],
        "agreed": goals(sheet, kept, plan.agreed, suggested=False) if plan.agreed else (),
        "suggested": goals(sheet, kept, plan.proposal, suggested=True) if plan.proposal else (),
        "by_person": plan.proposal is not None and plan.proposal.proposed_by is Owner.PERSON,
        "plan_acts": buttons(
            sheet, PLAN, kept, [v for v in verbs if v in OFTEN and (v != "sign" or plan.stage in SIGNABLE)],
            back=back, main=main,
        ),
        "plan_told": buttons(sheet, PLAN, kept, [v for v in verbs if v not in OFTEN], back=back),
        "own_steps": own_steps(sheet, kept, back),
        "seen": fingerprint(kept),
    }  # fmt: skip


STEPS = {"move_step", "drop_step", "finish_step"}
OFTEN = {"suggest", "sign", "disagree"}
SIGNABLE = {Stage.ASKED_WORKER, Stage.OVERDUE}


def _tag(plan: Plan) -> tuple[Any, str]:
    if plan.stage is Stage.ACTIVE:
        return "kept", f"Version {plan.version}, signed by both"
    return "waits", plan.stage.label


def own_steps(sheet: Sheet, kept: Kept, back: str) -> list[tuple[web.Step, web.Act]]:
    """The worker's own open steps, each with its one button."""
    plan = kept.state
    if "finish_step" not in offered(sheet.actor, PLAN, kept) or not sheet.actor.stands_for(plan.worker):
        return []
    steps = [
        step for step in (plan.agreed.steps if plan.agreed else ()) if step.owner is Owner.WORKER and not step.done
    ]
    found = []
    for step in steps:
        words = sheet.said(PLAN, plan.id, f"step/{step.id}")
        act = button(sheet, PLAN, kept, "finish_step", back=back, about=words, step=str(step.id))
        found.append((drawn(sheet, plan, step, words), act))
    return found
