"""One POST route for each verb of each concept, made from the commands themselves: a new command is a new route.

`POST /caseplan/referrals/{id}/choose-next` says "choose_next"; GET at the same address is its form, where it has one. A
word that an agency gave by phone is written down with `record-answer` and the verb in its body.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import create_model
from starlette.responses import Response

from services.caseplan import copies
from services.caseplan.bodies import Base, body_of
from services.caseplan.commands import ACTIONS, BY_PHONE, perform
from services.caseplan.concepts import CONCEPTS, REFERRAL, Concept
from services.caseplan.pages import saying
from services.caseplan.pages.buttons import path_of
from services.caseplan.pages.frame import MINE, TODAY
from shared.runtime.errors import Invalid
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms
from shared.web.edge import is_form, read, running, takes
from shared.web.forms import Form, back_to
from shared.web.idempotency import Wanted, wanted

router = APIRouter()
Want = Annotated[Wanted | None, Depends(wanted)]
Route = Callable[..., Awaitable[Response]]
RECORD = "record_answer"


async def _say(
    request: Request, actor: Actor, want: Wanted | None, concept: Concept, id: UUID, verb: str, form: Form[Any]
) -> Response:  # fmt: skip
    """What was sent, said; a form that has to be mended comes back with what was typed."""
    recorded = verb == RECORD
    if form.value is None:
        return await saying.page(request, actor, concept, id, verb, form)
    try:
        said, body = _unwrapped(form.value) if recorded else (verb, form.value)
        if is_form(request):
            body = await copies.in_zone_of(running(request).pool, actor.agency, body)
        answer = await perform(running(request), actor, want, concept, id, said, body, recorded=recorded)
    except Invalid as error:
        if not is_form(request):
            raise
        return await saying.page(request, actor, concept, id, verb, form.refuse(error))
    if is_form(request):
        home = MINE if actor.person else TODAY
        return forms.see_other(back_to(form.value.back, home), request, said="saved")
    return answer.response()


def _route(concept: Concept, verb: str) -> tuple[Route, Route]:
    model, action = body_of(concept.kind, verb), ACTIONS[concept.kind][verb]

    async def said(
        id: UUID, request: Request, actor: Annotated[Actor, Depends(allow(action))], want: Want
    ) -> Response:  # fmt: skip
        return await _say(request, actor, want, concept, id, verb, await read(request, model))

    async def asked(id: UUID, request: Request, actor: Annotated[Actor, Depends(allow(action))]) -> Response:
        return await saying.page(request, actor, concept, id, verb)

    said.__name__ = f"{concept.kind}_{verb}"
    said.__doc__ = f"{concept.workflow.verbs[verb]}."
    return said, asked


for _concept in CONCEPTS.values():
    for _verb in ACTIONS[_concept.kind]:
        _said, _asked = _route(_concept, _verb)
        _path = path_of(_concept, "{id}", _verb)
        router.post(_path, openapi_extra=takes(body_of(_concept.kind, _verb)), tags=[_concept.kind])(_said)
        router.get(_path, include_in_schema=False)(_asked)


def _recorded() -> type[Base]:
    """Everything that an agency could say by phone, in one body: the verb says which of it counts."""
    merged: dict[str, Any] = {"verb": (Literal[BY_PHONE], ...)}
    for verb in BY_PHONE:
        for name, field in body_of(REFERRAL.kind, verb).model_fields.items():
            if name not in Base.model_fields:
                merged[name] = (field.annotation | None, None)  # type: ignore[operator]
    return create_model("RecordedAnswer", __base__=Base, __doc__="What an agency answered by phone.", **merged)


RECORDED = _recorded()


def _unwrapped(sent: Base) -> tuple[str, Base]:
    """The verb, and only what it takes; Invalid names what is missing, or does not belong to it."""
    said = sent.model_dump(exclude_none=True, exclude={"back", "way", "seen"})
    verb: str = said.pop("verb")
    model = body_of(REFERRAL.kind, verb)
    for name in said:
        if name not in model.model_fields:
            raise Invalid(name, f"“{name.replace('_', ' ')}” does not belong to this answer.")
    for name, field in model.model_fields.items():
        if field.is_required() and name not in said:
            raise Invalid(name, f"“{name.replace('_', ' ').capitalize()}” is needed for this answer.")
    return verb, model.model_validate(said)


@router.post("/caseplan/referrals/{id}/record-answer", openapi_extra=takes(RECORDED), tags=["referral"])
async def record_answer(
    id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("referral.record_answer"))], want: Want
) -> Response:
    """Write down what the asked agency said by phone: recorded as that, with who wrote it down."""
    return await _say(request, actor, want, REFERRAL, id, RECORD, await read(request, RECORDED))


@router.get("/caseplan/referrals/{id}/record-answer", include_in_schema=False)
async def record_answer_form(
    id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("referral.record_answer"))]
) -> Response:
    return await saying.page(request, actor, REFERRAL, id, RECORD)
