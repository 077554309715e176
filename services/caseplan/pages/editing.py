"""The plan editor: a plain form, one goal under the other, with room for one more. It works without a script.

The worker suggests, the person says how it should be; each signs by that, and it holds once the other has.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.responses import Response

from services.caseplan import plans, reading
from services.caseplan.bodies import MOST_GOALS, MOST_STEPS, Base, body_of
from services.caseplan.commands import perform
from services.caseplan.concepts import PLAN
from services.caseplan.pages.editing_words import RULES, WORDS
from services.caseplan.pages.frame import MINE, TODAY, frame, lang_for, page_of
from services.caseplan.plans import Version
from services.caseplan.reading import Sheet
from services.caseplan.written import SUGGESTED
from shared.contracts.plan import Owner, Stage
from shared.runtime.errors import Conflict, Refused
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms
from shared.web.edge import running
from shared.web.forms import Form
from shared.web.idempotency import Wanted, wanted
from shared.web.templates import render
from shared.web.words import Lang
from shared.workflow import GuardNotMet

router = APIRouter(include_in_schema=False)
MORE_STEPS = 2  # empty lines under each goal
WAITING = (Stage.ASKED_PERSON, Stage.ASKED_WORKER, Stage.OVERDUE)


@router.get("/caseplan/plans/{id}/edit")
async def edit(id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("plan.draft"))]) -> Response:
    sheet = await reading.one(running(request), actor, "plan.draft", PLAN, id)
    verb = "suggest" if actor.person is None else "propose"
    if verb not in reading.offered(actor, PLAN, sheet.one(PLAN)):
        raise Conflict("Their named worker suggests the plan. If the worker stays silent, it comes to you on Today.")
    return _page(request, sheet, forms.blank(**_filled(sheet)))


@router.post("/caseplan/plans/{id}/edit")
async def save(
    id: UUID,
    request: Request,
    actor: Annotated[Actor, Depends(allow("plan.draft"))],
    want: Annotated[Wanted | None, Depends(wanted)],
) -> Response:
    posted = (await forms.posted(request)).items()
    sent = {name: value.strip() for name, value in posted if isinstance(value, str) and not name.startswith("_")}
    form: Form[Any] = forms.blank(**sent)
    if "more" in sent:
        return _page(request, await reading.one(running(request), actor, "plan.draft", PLAN, id), form)
    own = actor.person is not None
    try:
        body = _body(sent, "propose" if own else "suggest")
        await perform(running(request), actor, want, PLAN, id, "propose" if own else "suggest", body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        form.wrong[_place(sent, first["loc"])] = WORDS[lang_for(request, actor)]["mend"]
    except Refused as refused:
        if refused.status not in (409, 422):
            raise
        form.wrong["goal-0"] = _in_words(refused, lang_for(request, actor))
    else:
        where = MINE if own else page_of(id)
        return forms.see_other(where, request, said="saved" if own else "plan-suggested")
    return _page(request, await reading.one(running(request), actor, "plan.draft", PLAN, id), form)


def _in_words(refused: Refused, lang: Lang) -> str:
    rule = refused.guard if isinstance(refused, GuardNotMet) else ""
    return RULES.get(rule, str(refused)) if lang == "es" else str(refused)


def _page(request: Request, sheet: Sheet, form: Form[Any]) -> Response:
    plan, actor = sheet.one(PLAN).state, sheet.actor
    lang, own = lang_for(request, actor), actor.person is not None
    worker = sheet.staff.first(plan.worker, "Your worker" if lang == "en" else "Su trabajador")
    says = {name: text.replace("{worker}", worker) for name, text in WORDS[lang].items()}
    goals = _count(form, "goal-") + (1 if "more" in form.typed or not _count(form, "goal-") else 0)
    rows = [(n, range(min(_count(form, f"step-{n}-") + MORE_STEPS, MOST_STEPS))) for n in range(goals)]
    owners = [("person", says["mine"] if own else says["theirs"]), ("worker", worker if own else says["ours"])]
    return render(
        request,
        "plan_edit.html",
        status=422 if form.wrong else 200,
        form=form,
        says=says,
        rows=rows[:MOST_GOALS],
        owners=owners,
        first=str(sheet.today),
        last=str(sheet.today + timedelta(days=plans.LONGEST_STEP)),
        usual=str(sheet.today + timedelta(days=7)),
        action=f"/caseplan/plans/{plan.id}/edit",
        back=f"{MINE}#plan" if own else page_of(plan.person),
        whose=plan.person,
        may_add=goals < MOST_GOALS,
        **frame(actor, TODAY),
        lang=lang,
    )


def _filled(sheet: Sheet) -> dict[str, str]:
    """What stands there now: the suggestion that waits, else what was agreed."""
    plan = sheet.one(PLAN).state
    waits = plan.proposal is not None and plan.stage in WAITING
    version: Version | None = plan.proposal if waits else plan.agreed
    frame_of = SUGGESTED if waits else ""
    typed: dict[str, str] = {}
    if version is None:
        return typed
    for n, goal in enumerate(version.goals):
        typed[f"goal-{n}"] = sheet.said(PLAN, plan.id, f"{frame_of}goal/{goal.id}")
        typed[f"goal-{n}-id"] = str(goal.id)
        for m, step in enumerate(step for step in version.steps if step.goal == goal.id):
            at = f"step-{n}-{m}"
            typed[at] = sheet.said(PLAN, plan.id, f"{frame_of}step/{step.id}")
            typed[f"{at}-id"], typed[f"{at}-owner"] = str(step.id), str(step.owner)
            typed[f"{at}-due"] = str(_ahead(step.due, sheet.today, done=step.done))
            typed[f"{at}-done"] = "yes" if step.done else ""
    return typed


def _ahead(due: date, today: date, *, done: bool) -> date:
    """An open step whose day has passed begins anew today: a suggestion looks ahead."""
    return due if done or due >= today else today


def _count(form: Form[Any], prefix: str) -> int:
    """How many lines there are: up to the last one that has something in it."""
    places = [
        int(name[len(prefix) :])
        for name, value in form.typed.items()
        if name.startswith(prefix) and name[len(prefix) :].isdecimal() and len(name) < len(prefix) + 3 and value
    ]
    return max(places, default=-1) + 1


def _body(sent: Mapping[str, str], verb: str) -> Base:
    """Goals without words and steps without words were left empty: they are not there."""
    goals, steps = [], []
    for n in range(MOST_GOALS):
        words = sent.get(f"goal-{n}", "")
        if not words:
            continue
        goals.append({"words": words, **_id(sent, f"goal-{n}-id")})
        for m in range(MOST_STEPS):
            at = f"step-{n}-{m}"
            if not sent.get(at):
                continue
            steps.append(
                {
                    "words": sent[at],
                    "goal": len(goals) - 1,
                    "owner": sent.get(f"{at}-owner") or str(Owner.PERSON),
                    "due": sent.get(f"{at}-due") or None,
                    "done": sent.get(f"{at}-done") == "yes",
                    **_id(sent, f"{at}-id"),
                }
            )
    return body_of(PLAN.kind, verb).model_validate({"goals": goals, "steps": steps})


def _id(sent: Mapping[str, str], name: str) -> dict[str, str]:
    return {"id": sent[name]} if sent.get(name) else {}


def _place(sent: Mapping[str, str], loc: tuple[str | int, ...]) -> str:
    """The field on the page that an item of the body came from."""
    if not loc or loc[0] != "steps" or not isinstance(loc[1], int):
        return "goal-0"
    places = [f"step-{n}-{m}" for n in range(MOST_GOALS) if sent.get(f"goal-{n}") for m in range(MOST_STEPS)]
    filled = [place for place in places if sent.get(place)]
    place = filled[loc[1]] if loc[1] < len(filled) else "goal-0"
    return f"{place}-due" if loc[-1] == "due" else place
