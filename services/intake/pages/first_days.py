"""Somebody's first days, on one page for them and for whoever walks with them; what can be written stands beside it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.intake.first_days import WORKFLOW, Condition, Stage, Thing
from services.intake.pages.frame import about, frame, lang_for
from services.intake.places import first_days_page, page_of
from services.intake.says import SAID
from services.intake.says_first_days import CONDITIONS, FIRST_DAYS, STAGES, THINGS
from services.intake.store.first_days import Days
from shared.security.identity import Actor
from shared.security.permissions import Relation
from shared.web import say
from shared.web.forms import Form
from shared.web.menu import PEOPLE
from shared.web.parts import Act, Bead
from shared.web.templates import render
from shared.web.words import Lang, lang_of
from shared.workflow import LAPSE, Party

KINDS = {Stage.THERE: "kept", Stage.ARRANGED: "kept", Stage.PRESSING: "now"}


def page(
    request: Request,
    actor: Actor,
    person: UUID,
    days: Days | None,
    told: Mapping[str, Any],
    things: Sequence[Thing],
    now: datetime,
    form: Form[Any],
    *,
    may_write: bool,
) -> Response:
    lang = lang_for(actor, lang_of(request))
    says = FIRST_DAYS[lang if actor.person else "staff"]
    today = now.astimezone(things[0].begins.tzinfo).date() if things else now.date()
    if not form.typed:
        known = {"day": days.day.isoformat()} if days else {}
        form.typed = {**known, "conditions": list(told["conditions"]), "words": told["words"] or ""}
    return render(
        request,
        "first_days.html",
        status=422 if form.wrong else 200,
        says=says,
        lead=about(actor, {Relation.NAMED_WORKER}, person, says["lead"]),
        said=SAID[lang],
        day=says["day"].format(day=say.on_date(days.day, today, lang)) if days else "",
        things=[(_bead(thing, actor, lang), _acts(thing, person) if may_write else []) for thing in things],
        conditions=[_condition(Condition(code), actor, lang) for code in told["conditions"]],
        words=told["words"],
        may_write=may_write,
        form=form,
        choices=[(code.value, code.label) for code in Condition],
        here=first_days_page(person),
        back=page_of(person, actor),
        **frame(actor, PEOPLE),
        lang=lang,
    )


def _condition(condition: Condition, actor: Actor, lang: Lang) -> str:
    return CONDITIONS[condition].in_lang(lang) if actor.person else condition.label


def _bead(thing: Thing, actor: Actor, lang: Lang) -> Bead:
    kind: Any = KINDS.get(thing.stage, "")
    if actor.person is None:
        return Bead(thing.stage.label, kind, title=thing.thing.label)
    return Bead(STAGES[thing.stage].in_lang(lang), kind, title=THINGS[thing.thing].in_lang(lang))


def _acts(thing: Thing, person: UUID) -> list[Act]:
    url = f"{first_days_page(person)}/{thing.thing.value}"
    offered = WORKFLOW.offers(thing.stage, Party.WORKER)
    return [
        Act(WORKFLOW.verbs[verb], url, True, {"move": verb}, about=thing.thing.label)
        for verb in offered
        if verb not in (LAPSE, "move_day")
    ]
