"""One POST route for each verb of each concept, made from the commands themselves: a new command is a new route.

`POST /caseplan/referrals/{id}/choose-next` says "choose_next". A word that an agency gave by phone is written down
with `record-answer` and the same verb in its body.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import create_model
from starlette.responses import Response

from services.caseplan.bodies import Base, body_of
from services.caseplan.commands import ACTIONS, BY_PHONE, perform
from services.caseplan.concepts import CONCEPTS, REFERRAL, Concept
from services.caseplan.edge import back_to, is_form, read, running, takes
from shared.runtime.errors import Invalid
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms
from shared.web.idempotency import Wanted, wanted

router = APIRouter()
Want = Annotated[Wanted | None, Depends(wanted)]
Route = Callable[..., Awaitable[Response]]
HOME = "/caseplan/"


def _route(concept: Concept, verb: str) -> Route:
    model, action = body_of(concept.kind, verb), ACTIONS[concept.kind][verb]

    async def said(
        id: UUID, request: Request, actor: Annotated[Actor, Depends(allow(action))], want: Want
    ) -> Response:  # fmt: skip
        form = await read(request, model)
        if form.value is None:
            raise Invalid(*next(iter(form.wrong.items())))
        answer = await perform(running(request), actor, want, concept, id, verb, form.value)
        if is_form(request):
            return forms.see_other(back_to(form.value.back, HOME), request, said="saved")
        return answer.response()

    said.__name__ = f"{concept.kind}_{verb}"
    said.__doc__ = f"{concept.workflow.verbs[verb]}."
    return said


def path_of(concept: Concept, verb: str, id: object = "{id}") -> str:
    """Where `verb` is said to an aggregate."""
    return f"/caseplan/{concept.kind}s/{id}/{verb.replace('_', '-')}"


for _concept in CONCEPTS.values():
    for _verb in ACTIONS[_concept.kind]:
        router.post(
            path_of(_concept, _verb),
            openapi_extra=takes(body_of(_concept.kind, _verb)),
            tags=[_concept.kind],
        )(_route(_concept, _verb))


def _recorded() -> type[Base]:
    """Everything that an agency could say by phone, in one body: the verb says which of it counts."""
    merged: dict[str, Any] = {"verb": (Literal[BY_PHONE], ...)}
    for verb in BY_PHONE:
        for name, field in body_of(REFERRAL.kind, verb).model_fields.items():
            if name not in Base.model_fields:
                merged[name] = (field.annotation | None, None)  # type: ignore[operator]
    return create_model("RecordedAnswer", __base__=Base, __doc__="What an agency answered by phone.", **merged)


RECORDED = _recorded()


@router.post("/caseplan/referrals/{id}/record-answer", openapi_extra=takes(RECORDED), tags=["referral"])
async def record_answer(
    id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("referral.record_answer"))], want: Want
) -> Response:
    """Write down what the asked agency said by phone: recorded as that, with who wrote it down."""
    form = await read(request, RECORDED)
    if form.value is None:
        raise Invalid(*next(iter(form.wrong.items())))
    said = form.value.model_dump(exclude_none=True, exclude={"back", "way", "seen"})
    verb = said.pop("verb")
    body = strictly(body_of(REFERRAL.kind, verb), said)
    answer = await perform(running(request), actor, want, REFERRAL, id, verb, body, recorded=True)
    if is_form(request):
        return forms.see_other(back_to(form.value.back, HOME), request, said="saved")
    return answer.response()


def strictly(model: type[Base], said: dict[str, Any]) -> Base:
    """Only what this verb takes; Invalid names the rest, or what is missing."""
    for name in said:
        if name not in model.model_fields:
            raise Invalid(name, f"“{name}” does not belong to this answer.")
    for name, field in model.model_fields.items():
        if field.is_required() and name not in said:
            raise Invalid(name, f"“{name.replace('_', ' ')}” is missing.")
    return model.model_validate(said)
