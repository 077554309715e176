"""Portraits and needs: what somebody tells of who they are, asked in their order and at their pace.

One address answers programs with JSON and browsers with the page of the same.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.responses import JSONResponse, Response

from services.intake import sittings
from services.intake.fields import Called, Told, one_of
from services.intake.pages import portraits as pages
from services.intake.pages.frame import lang_for
from services.intake.places import portrait_page
from services.intake.portrait import QUESTIONS, STANDS, Answer, Question, Section, State, Wanted
from services.intake.says import START
from services.intake.sittings import Whole
from shared.runtime.errors import Invalid, NotFound
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms
from shared.web.accept import wants_html
from shared.web.edge import is_form, read, takes
from shared.web.forms import Form
from shared.web.idempotency import Wanted as Key
from shared.web.idempotency import wanted
from shared.web.words import lang_of

router = APIRouter(tags=["portrait"])
Reader = Annotated[Actor, Depends(allow("portrait.read"))]
Writer = Annotated[Actor, Depends(allow("portrait.edit"))]
Want = Annotated[Key | None, Depends(wanted)]
Code = Annotated[str, one_of(QUESTIONS, "a question")]


class _Telling(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    skip: tuple[Code, ...] = Field((), max_length=16, description="Questions that they would rather not answer.")
    seen: str | None = Field(
        None,
        max_length=600,
        pattern=r"^[a-z_]{1,40}:\d{1,9}( [a-z_]{1,40}:\d{1,9})*$",
        description="Which version of each answer they had before them (`joys:2 proud_of:0`). One that is named here "
        "and left out is taken back; nobody's later word is written over.",
    )


def _kind(question: Question) -> Any:
    if question.choices:
        return Annotated[str, one_of(question.choices, "a choice")]
    return Called if question.code == "called" else Told


FIELDS: dict[str, Any] = {code: (_kind(question) | None, None) for code, question in QUESTIONS.items()}
DOC = "One sitting: what somebody told, by question. Nothing in it is needed."
Telling = create_model("Telling", __base__=_Telling, __doc__=DOC, **FIELDS)


@router.get("/intake/people/{person_id}/portrait")
async def show(person_id: UUID, request: Request, actor: Reader) -> Response:
    """Who somebody is, as far as they told and whoever reads may know."""
    whole = await sittings.load(request, actor, person_id, "portrait.read")
    if wants_html(request):
        return await pages.page(request, actor, whole)
    return JSONResponse(_json(whole))


@router.get("/intake/people/{person_id}/portrait/{section}")
async def ask(person_id: UUID, section: str, request: Request, actor: Writer) -> Response:
    """The questions of one group; before they are open, the question whether they want to go on."""
    group = _group(section)
    whole = await sittings.load(request, actor, person_id, "portrait.edit")
    if wants_html(request):
        return await pages.ask_page(request, actor, whole, group, pages.drawn(whole, group))
    questions = [{"question": q.code, "choices": q.choices} for q in whole.asked(group)]
    return JSONResponse({"open": group in whole.opened or actor.person is not None, "questions": questions})


@router.post("/intake/people/{person_id}/portrait/{section}/open")
async def open_section(person_id: UUID, section: str, request: Request, actor: Writer, key: Want) -> Response:
    """They want to go on with these questions."""
    group = _group(section)
    answer = await sittings.open_questions(request, actor, key, person_id, group)
    if is_form(request):
        return forms.see_other(f"{portrait_page(person_id)}/{group}", request)
    return answer.response()


@router.post("/intake/people/{person_id}/portrait/{section}", openapi_extra=takes(Telling))
async def tell(person_id: UUID, section: str, request: Request, actor: Writer, key: Want) -> Response:
    """One sitting: what they told, what they would rather not say, what they take back."""
    form: Form[Any] = await read(request, Telling)
    group = _group(section)
    whole = await sittings.load(request, actor, person_id, "portrait.edit")
    try:
        if form.value is None:
            return await pages.ask_page(request, actor, whole, group, form)
        seen = versions(form.value.seen)
        want = wanted_of(form.value, group, whole, seen)
        whole, merged, answer = await sittings.save(request, actor, key, person_id, group, want, seen)
    except Invalid as error:
        if not is_form(request):
            raise
        form = form.refuse(error, lang_for(actor, lang_of(request)))
        return await pages.ask_page(request, actor, whole, group, form)
    if answer is None and is_form(request):
        return await pages.ask_page(request, actor, whole, group, form, merged.clashes)
    if answer is None:
        both = [{"question": c.question, "version": c.theirs.version, "theirs": c.theirs.says} for c in merged.clashes]
        return JSONResponse({"title": "Somebody else wrote here too", "status": 409, "clashes": both}, 409)
    if is_form(request):
        return forms.see_other(portrait_page(person_id), request, said="told")
    return answer.response()


def _group(section: str) -> Section:
    if section not in set(Section):
        raise NotFound("section", "of that name")
    return Section(section)


def versions(seen: str | None) -> dict[str, int] | None:
    """`{"joys": 2}` of `joys:2`; None where no form was drawn."""
    if seen is None:
        return None
    return {code: int(number) for code, _, number in (one.partition(":") for one in seen.split())}


def wanted_of(said: Any, section: Section, whole: Whole, seen: dict[str, int] | None) -> dict[str, Wanted]:
    """What was typed, by question. What was typed beats a tick beside it, unless it stood there before."""
    found: dict[str, Wanted] = {}
    for code, question in QUESTIONS.items():
        value: str | None = getattr(said, code)
        if (value is not None or code in said.skip) and (question.section is not section or _is_homes(whole, code)):
            raise Invalid(code, "That is asked elsewhere. Leave it out here.", "Eso se pregunta en otra parte.")
        base = whole.version(code, seen[code]) if seen and code in seen else None
        if code in said.skip and value in (None, base.says if base else None):
            found[code] = Wanted(skip=True)
        elif value is not None:
            found[code] = Wanted(value)
        elif seen is not None and code in seen and question.section is section and not _is_fact(question, base):
            found[code] = Wanted()
    named = found.get("called")
    if named is not None and not named.value:
        raise Invalid("called", START["en"]["mend_name"], START["es"]["mend_name"])
    return found


def _is_homes(whole: Whole, code: str) -> bool:
    """By what name they go, every agency reads: it is changed by themselves, or where they are at home."""
    return code == "called" and not whole.is_home


def _is_fact(question: Question, base: Answer | None) -> bool:
    """What a referral told of a need can't be pressed, so a form without it takes nothing back."""
    return question.is_need and base is not None and base.says is not None and base.says not in STANDS


def _json(whole: Whole) -> dict[str, Any]:
    return {
        "id": str(whole.row.person.id),
        "opened": sorted(whole.opened),
        "answers": [_answer(answer) for answer in whole.last_words().values() if answer.state is not State.TAKEN_BACK],
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "question": answer.question,
        "state": answer.state.value,
        "answer": answer.says,
        "agency": str(answer.agency),
        "version": answer.version,
        "by": answer.by,
        "at": answer.at.isoformat(),
    }
