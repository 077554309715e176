"""Who somebody is, as they told it: the page of it, and the questions of one group on a page of their own."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.intake import portrait_words as words
from services.intake import staff
from services.intake.pages.frame import about, frame, lang_for
from services.intake.pages.shared import zone_of
from services.intake.places import page_of, portrait_page, reach_page
from services.intake.portrait import (
    PACE,
    QUESTIONS,
    Answer,
    Change,
    Clash,
    Question,
    Section,
    State,
    next_of,
    questions_of,
    sittings,
)
from services.intake.says import SAID
from services.intake.says_portrait import PORTRAIT
from services.intake.sittings import Whole
from services.intake.store import directory
from shared.security.identity import Actor
from shared.security.permissions import Relation, may
from shared.web import say
from shared.web.edge import running, transaction
from shared.web.forms import Form
from shared.web.menu import PEOPLE
from shared.web.templates import render
from shared.web.words import Lang, lang_of

LATEST = 5  # sittings that a page shows


async def page(request: Request, actor: Actor, whole: Whole) -> Response:
    lang = lang_for(actor, lang_of(request))
    names = await _agencies(request, whole.history)
    person, is_own = whole.row.person, actor.person is not None
    answers = whole.last_words()
    offered = next_of(whole.opened)
    ties = person.ties(actor)
    return render(
        request,
        "portrait.html",
        says=PORTRAIT[lang],
        name=answers["called"].says if "called" in answers else whole.name,
        sections=[
            _section(section, answers, whole, names, actor, lang) | {"first": section is offered} for section in PACE
        ],
        changes=await _changes(request, whole, actor, lang),
        retellings=whole.retellings,
        here=portrait_page(person.id),
        may_edit=may(actor, "portrait.edit", ties or {Relation.RECEIVING_AGENCY}),
        ways=reach_page(person.id) if may(actor, "ways.read", ties) else "",
        back=page_of(person.id, actor) if is_own or ties else "",
        said={"told": PORTRAIT[lang]["told"], "person-added": SAID[lang]["person-added"]},
        **frame(actor, PEOPLE),
        lang=lang,
    )


def _section(
    section: Section, answers: dict[str, Answer], whole: Whole, names: dict[UUID, str], actor: Actor, lang: Lang
) -> dict[str, Any]:
    told, skipped = [], []
    for question in questions_of(section):
        answer = answers.get(question.code)
        if answer is None or answer.state is State.TAKEN_BACK:
            continue
        if answer.state is State.SKIPPED:
            skipped.append(words.asks(question, lang).rstrip("?").lstrip("¿"))
        elif answer.says:
            elsewhere = names.get(answer.agency, "") if answer.agency != whole.agency else ""
            text = words.shown(question, answer.says, lang)
            told.append({"asks": words.asks(question, lang), "text": text, "agency": elsewhere})
    return {
        "code": section.value,
        "title": words.title(section, lang),
        "lead": words.LEADS[section].in_lang(lang),
        "told": told,
        "skipped": say.listed([f"“{one}”" for one in skipped], lang) if skipped else "",
        "opened": section in whole.opened or actor.person is not None,
    }


async def _changes(request: Request, whole: Whole, actor: Actor, lang: Lang) -> list[dict[str, Any]]:
    """The latest sittings, each with what it changed."""
    latest = [one for one in sittings(whole.history) if _meaningful(one[1])][:LATEST]
    workers = await staff.names_of(running(request), (head.worker for head, _ in latest))
    async with transaction(running(request)) as tx:
        zone = await zone_of(tx, whole.row.person.id)
    return [
        {
            "who": _who(head, workers, actor, lang),
            "when": say.moment(head.at, whole.at, zone, lang),
            "lines": [_line(change, lang) for change in changes],
        }
        for head, changes in latest
    ]


def _meaningful(changes: Sequence[Change]) -> bool:
    return any(change.before is not None for change in changes)


def _who(head: Answer, workers: dict[UUID, str], actor: Actor, lang: Lang) -> str:
    says = PORTRAIT[lang]
    if head.by == "worker" and head.worker is not None:
        return says["by_worker"].format(name=workers[head.worker])
    if head.by == "referral":
        return says["by_referral"]
    return says["by_you"] if actor.person else says["by_person"]


def _line(change: Change, lang: Lang) -> dict[str, str]:
    question = QUESTIONS[change.after.question]
    before = change.before.says if change.before and question.code != "called" else None  # a former name is not shown
    was = PORTRAIT[lang]["was"].format(before=words.shown(question, before, lang)) if before else ""
    return {"asks": words.asks(question, lang), "now": _now(change.after, question, lang), "was": was}


def _now(answer: Answer, question: Question, lang: Lang) -> str:
    if answer.state is State.SKIPPED:
        return words.SKIP.in_lang(lang)
    return words.shown(question, answer.says, lang) if answer.says else words.TAKEN_BACK.in_lang(lang)


def drawn(whole: Whole, section: Section) -> Form[Any]:
    """The form as it stands before anybody types: what they told before, and which version of it this is."""
    now = whole.now()
    asked = [question.code for question in whole.asked(section)]
    typed: dict[str, str | list[str]] = {code: now[code].says or "" for code in asked if code in now}
    typed["skip"] = [code for code in asked if code in now and now[code].state is State.SKIPPED]
    return Form(typed=typed | {"seen": _seen(asked, now)})


def _seen(asked: Iterable[str], now: dict[str, Answer]) -> str:
    return " ".join(f"{code}:{now[code].version if code in now else 0}" for code in asked)


async def ask_page(
    request: Request, actor: Actor, whole: Whole, section: Section, form: Form[Any], clashes: Sequence[Clash] = ()
) -> Response:
    """What clashes is shown beside what was typed; sent again, what was typed comes after it."""
    lang = lang_for(actor, lang_of(request))
    person = whole.row.person
    ties = actor.relations(person=person.id, workers=[person.worker], agency=person.agency)
    lead = words.LEADS[section].in_lang(lang)
    asked = whole.asked(section)
    if clashes:
        form.typed["seen"] = _seen([question.code for question in asked], whole.now())
    names = await _agencies(request, whole.history)
    workers = await staff.names_of(running(request), (clash.theirs.worker for clash in clashes))
    known = whole.elsewhere()
    return render(
        request,
        "portrait_ask.html",
        status=409 if clashes else 422 if form.wrong else 200,
        says=PORTRAIT[lang],
        section={
            "title": words.title(section, lang),
            "lead": about(actor, ties or {Relation.RECEIVING_AGENCY}, person.id, lead),
        },
        questions=[
            {
                "code": question.code,
                "asks": words.asks(question, lang),
                "hint": words.hint(question, lang),
                "choices": words.choices(question, lang),
                "short": question.code in ("called", "pronouns", "speaks"),
            }
            for question in asked
        ],
        known=[
            _known(question, known[question.code], names, lang)
            for question in questions_of(section)
            if question.code in known
        ],
        clashes={clash.question: _clash(clash, workers, actor, lang) for clash in clashes},
        is_open=section in whole.opened or actor.person is not None,
        form=form,
        action=f"{portrait_page(person.id)}/{section.value}",
        back=portrait_page(person.id),
        **frame(actor, PEOPLE),
        lang=lang,
    )


def _known(question: Question, answer: Answer, names: dict[UUID, str], lang: Lang) -> dict[str, str]:
    text = words.shown(question, answer.says, lang) if answer.says else words.SKIP.in_lang(lang)
    says = PORTRAIT[lang]["known"].format(agency=names.get(answer.agency, "?"))
    return {"asks": words.asks(question, lang), "text": text, "says": says}


def _clash(clash: Clash, workers: dict[UUID, str], actor: Actor, lang: Lang) -> dict[str, str]:
    says, theirs = PORTRAIT[lang], clash.theirs
    question = QUESTIONS[theirs.question]
    if theirs.says:
        text = says["they_wrote"].format(text=words.shown(question, theirs.says, lang))
    else:
        text = says["they_skipped" if theirs.state is State.SKIPPED else "they_emptied"]
    return {"who": says["clash"].format(who=_who(theirs, workers, actor, lang)), "text": text}


async def _agencies(request: Request, history: Iterable[Answer]) -> dict[UUID, str]:
    """What those are called whom it was told to."""
    async with transaction(running(request)) as tx:
        return await directory.agency_names(tx, {answer.agency for answer in history})
