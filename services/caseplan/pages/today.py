"""What needs a worker today: one row, one ask, one button."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from fastapi import Request
from starlette.responses import Response

from services.caseplan.concepts import PROMISE, REFERRAL, SETBACK
from services.caseplan.pages import asks
from services.caseplan.pages.buttons import button
from services.caseplan.pages.frame import PEOPLE, TODAY, frame, page_of
from services.caseplan.reading import Sheet
from services.caseplan.store import Kept
from services.caseplan.today import Row, Today
from shared.contracts.plan import Load
from shared.contracts.promise import Stage as PromiseStage
from shared.contracts.referral import Stage
from shared.security.permissions import Role
from shared.web import forms, say
from shared.web.forms import Form
from shared.web.names import named
from shared.web.parts import Act, Ask, Line
from shared.web.say import Chip
from shared.web.templates import render

TITLES = {
    "waits": "Someone waits for you",
    "new": "Somebody new waits for you",
    "word": "You gave your word",
    "asked": "You were asked",
    "quiet": "A referral is quiet",
    "together": "Decide together",
    "team": "Your team needs you",
}
SHOWN = 12  # people on the form; the others' pages lead to it
HOW = (("met", "Met"), ("called", "Called"), ("texted", "Texted"), ("tried", "Tried"))
LOADS: Mapping[Load, str] = {
    Load.CROWDED: "Many steps fall in one week.",
    Load.MOVED_OFTEN: "The same plan had to be moved several times.",
    Load.ONE_SIDED: "Nearly all the steps are theirs.",
}
SETBACKS = {
    "reported": (
        "Something got hard, and they asked for you.",
        "Only whoever walks with them can read it.",
        "Open their note",
        "answer",
    ),
    "overdue": ("Something got hard, and nobody was in touch in time.", "They still wait.", "Open their note", None),
    "contacted": ("You have spoken. What could help next time?", "Look at it together.", "Look together", None),
    "reflected": ("They said what could help.", "A lighter plan is yours to offer.", "Open it", None),
}
PLANS = {
    "asked_worker": ("They said how the plan should be.", "It holds once you sign, too.", "Read it"),
    "too_much": ("They say that the plan asks too much.", "Suggest something lighter.", "Make it lighter"),
    "overdue": ("They wait for an answer about the plan.", "Our word is late.", "Read it"),
}
QUIET = {
    Stage.DRAFT: ("is not sent yet.", "Nobody there knows of it.", "Open it"),
    Stage.ESCALATED: ("did not answer in time.", "Its lead holds it now.", "Call them"),
    Stage.STALLED: ("went quiet after its yes.", "Its lead holds it now.", "Call them"),
    Stage.REPORTED: ("says that it is done.", "They have not said so yet. Only they can close it.", "Ask them"),
    Stage.OFFERED: ("did not work out.", "Another door is theirs to choose; it hears nothing until then.", "Ask them"),
    Stage.DECLINED: ("said no.", "Nobody else was found by itself.", "Look together"),
    Stage.EXPIRED: ("and its lead stayed silent.", "Nobody else was found by itself.", "Look together"),
    Stage.ABANDONED: ("fell silent after its yes.", "Nobody else was found by itself.", "Look together"),
}
STOPPED = ("Sharing stopped with {agency}.", "Their place stays theirs until you have asked them.", "Open it")


def page(request: Request, found: Today, form: Form[Any] | None = None) -> Response:
    sheet = found.sheet
    groups = [
        (key.key, TITLES[key.key], [_for_whom(found, row, _ask(sheet, row)) for row in key.rows])
        for key in found.groups
    ]  # fmt: skip
    concerns = [_concern(sheet, row) for row in found.concerns]
    today = sheet.today
    lead = f"{say.DAYS['en'][today.weekday()]}, {say.on_date(today, today)}. {_many(found)}"
    known = request.query_params.get("with", "")
    return render(
        request,
        "today.html",
        status=422 if form is not None else 200,
        groups=groups,
        concerns=concerns,
        lead=lead,
        later=found.later,
        leavings=[(f"/caseplan/leaving/{id}", name) for id, name in found.leavings],
        people=(people := _people(found, known))[:SHOWN],
        more=len(people) > SHOWN,
        known=known,
        form=form or forms.blank(who=known, by=str(_next_day(sheet)), at="16:00"),
        how=HOW,
        mark=sheet.mark,
        walks=bool(found.people),
        waits_elsewhere=sheet.actor.role in (Role.CASE_MANAGER, Role.SUPERVISOR, Role.AGENCY_ADMIN),
        covers=sheet.actor.role in (Role.CASE_MANAGER, Role.SUPERVISOR),
        is_asked=sheet.actor.role is Role.AGENCY_ADMIN or any(group.key == "asked" for group in found.groups),
        **frame(sheet.actor, TODAY),
        lang="en",
    )


def _people(found: Today, known: str) -> list[str]:
    """Whom the form offers: the one it was opened for, then those on this page, then the others."""
    rows = [str(row.person) for group in found.groups for row in group.rows if group.key != "asked"]
    mine = [str(id) for id in found.people]
    return [id for id in dict.fromkeys([known, *rows, *mine]) if id in mine]


def _next_day(sheet: Sheet) -> date:
    """Today as long as four o'clock is ahead, else tomorrow."""
    late = sheet.now.astimezone(sheet.zone).hour >= 15
    return sheet.today + timedelta(days=1) if late else sheet.today


def _many(found: Today) -> str:
    if not found.count:
        return "Nothing needs you right now."
    things = "One thing" if found.count == 1 else f"{say.sentence(say.count(found.count))} things"
    rest = f"{say.sentence(say.count(found.later))} more can wait" if found.later else "What can wait is not here"
    return f"{things}. {rest}."


def _clock(sheet: Sheet, row: Row, verb: str | None = None) -> Chip:
    if row.due is None:
        return Chip("today", "soon")
    began = sheet.clocks.get((f"{row.kind}.lapse", row.id), (None, None))[0]
    return say.due(row.due, sheet.now, sheet.zone, start=began, verb=verb)


def _line(sheet: Sheet, row: Row, text: str, aside: str, act: Act, verb: str | None = None) -> Ask:
    clock = _clock(sheet, row, verb)
    return Ask(named(row.person), text, clock, act, aside, page_of(row.person))


def _for_whom(found: Today, row: Row, ask: Ask) -> Ask:
    """Whoever covers sees whose word it was, and for whom they call."""
    away = found.away.get(row.id)
    return replace(ask, aside=f"{ask.aside} For {away}, whom you cover for.".strip()) if away else ask


def _ask(sheet: Sheet, row: Row) -> Ask:
    return DRAW[row.kind](sheet, row)


def _setback(sheet: Sheet, row: Row) -> Ask:
    if row.group == "team":
        act = Act("Open it", f"/caseplan/setbacks/{row.id}/cover")
        return _line(sheet, row, "They asked for somebody, and nobody came in time.", "You can cover.", act)
    text, aside, words, verb = SETBACKS[row.stage]
    return _line(sheet, row, text, aside, Act(words, f"/caseplan/setbacks/{row.id}"), verb)


def _plan(sheet: Sheet, row: Row) -> Ask:
    if row.group == "together":
        why = " ".join(LOADS[load] for load in row.loads)
        reasons = "".join(f"&loads={load}" for load in row.loads)
        act = Act("Read and send", f"/caseplan/plans/{row.id}/ask-load?back={TODAY}{reasons}")
        return _line(sheet, row, why, "The question “Is this too much?” is written and waits for your yes.", act)
    text, aside, words = PLANS[row.stage]
    return _line(sheet, row, text, aside, Act(words, f"/caseplan/plans/{row.id}"))


def _promise(sheet: Sheet, row: Row) -> Ask:
    assert row.kept is not None, "a promise is one of ours"
    promise, words = row.kept.state, sheet.promised(row.id) or "A promise of yours."
    if promise.stage is PromiseStage.BROKEN:
        act = Act("Own up", f"/caseplan/promises/{row.id}")
        aside = "They say that it did not happen. Tell them so, and promise what mends it."
        line = _line(sheet, row, words, aside, act)
        return replace(line, clock=say.due(promise.due, sheet.now, sheet.zone))
    if promise.stage is PromiseStage.OVERDUE or promise.due <= sheet.now:
        act = Act("Tell them", f"/caseplan/promises/{row.id}")
        line = _line(sheet, row, words, "Tell them first, then set a new time together.", act)
        return replace(line, clock=say.due(promise.due, sheet.now, sheet.zone))
    aside = "You asked for another time; they have yet to say." if promise.stage is PromiseStage.MOVING else ""
    return _line(sheet, row, words, aside, button(sheet, PROMISE, row.kept, "keep", back=TODAY))


def _new(sheet: Sheet, row: Row) -> Ask:
    if row.stage == "unnamed":
        act = Act("Name a worker", PEOPLE)
        return _line(sheet, row, "They asked for help.", "Nobody walks with them yet.", act)
    line = _line(
        sheet, row, "New: meet them.", "Nothing is written or promised yet.", Act("Open it", page_of(row.person))
    )
    return replace(line, clock=Chip("new"))


def _contact(sheet: Sheet, row: Row) -> Ask:
    act = Act("Write it down", f"{TODAY}?with={row.person}#contact")
    return _line(sheet, row, "You said that you speak again by today.", "", act)


def _referral(sheet: Sheet, row: Row) -> Ask:
    assert row.kept is not None, "a referral is one of ours"
    kept, link = row.kept, f"/caseplan/referrals/{row.id}"
    agency = sheet.name(kept.state.agency)
    if row.group == "asked":
        return _asked(sheet, row, kept)
    if row.group == "team" or kept.state.stage in (Stage.PAUSED, Stage.UNASKED):
        text, aside, words = STOPPED
        return _line(sheet, row, text.format(agency=agency), aside, Act(words, link))
    program = sheet.name(kept.state.program, "A program")
    says, aside, words = QUIET.get(kept.state.stage, ("has no answer for you yet.", "", f"Call {agency}"))
    return _line(sheet, row, f"{program}: {agency} {says}", aside or asks.if_quiet(sheet, kept), Act(words, link))


def _asked(sheet: Sheet, row: Row, kept: Kept) -> Ask:
    program = sheet.name(kept.state.program, "A program of yours")
    answered = kept.state.stage not in asks.ANSWER_DUE
    text = f"{program}: {kept.state.stage.label.lower()}." if answered else f"Somebody asks for {program}."
    aside = "They see your answer on their page." if not answered else ""
    words, link = "Open it" if answered else "Read and answer", f"/caseplan/referrals/{row.id}"
    line = _line(sheet, row, text, aside, Act(words, link), None if answered else "answer")
    return replace(line, url=link)  # the person's page is for those who walk with them


def _concern(sheet: Sheet, row: Row) -> Line:
    act = Act("Read it" if row.stage == "raised" else "Open it", f"/caseplan/concerns/{row.id}")
    return Line(
        named(row.person), "An agency worries about them and told you alone.", status=_clock(sheet, row), act=act
    )


DRAW: Mapping[str, Callable[[Sheet, Row], Ask]] = {
    SETBACK.kind: _setback,
    "plan": _plan,
    PROMISE.kind: _promise,
    REFERRAL.kind: _referral,
    "contact": _contact,
    "person": _new,
}
