"""POST routes that begin something. Each takes an id of the caller's choice, so that asking twice is safe."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.caseplan import creating
from services.caseplan.bodies import NewConcern, NewPromise, NewReferral, NewSetback
from services.caseplan.edge import back_to, is_form, read, running, takes
from shared.process import Running
from shared.runtime.errors import Invalid
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms
from shared.web.idempotency import Answer, Wanted, wanted

router = APIRouter()
Want = Annotated[Wanted | None, Depends(wanted)]
Begin = Callable[[Running, Actor, Wanted | None, Any], Awaitable[Answer]]


async def _begin(request: Request, actor: Actor, want: Wanted | None, model: Any, act: Begin, said: str) -> Response:
    form = await read(request, model)
    if form.value is None:
        field, says = next(iter(form.wrong.items()))
        raise Invalid(field, says)
    answer = await act(running(request), actor, want, form.value)
    if is_form(request):
        return forms.see_other(back_to(form.value.back, "/caseplan/"), request, said=said)
    return answer.response()


@router.post("/caseplan/referrals", openapi_extra=takes(NewReferral), status_code=201)
async def refer(request: Request, actor: Annotated[Actor, Depends(allow("referral.send"))], want: Want) -> Response:
    """Ask a program to help: drafted and, unless `send` is false, sent under the person's consent, at once."""
    return await _begin(request, actor, want, NewReferral, creating.refer, "referral-sent")


@router.post("/caseplan/setbacks", openapi_extra=takes(NewSetback), status_code=201)
async def report(request: Request, actor: Annotated[Actor, Depends(allow("setback.report"))], want: Want) -> Response:
    """Something got hard: the person's own word, and theirs alone."""
    return await _begin(request, actor, want, NewSetback, creating.report, "setback-told")


@router.post("/caseplan/concerns", openapi_extra=takes(NewConcern), status_code=201)
async def worry(request: Request, actor: Annotated[Actor, Depends(allow("concern.raise"))], want: Want) -> Response:
    """Tell the named worker privately of a worry."""
    return await _begin(request, actor, want, NewConcern, creating.worry, "concern-told")


@router.post("/caseplan/promises", openapi_extra=takes(NewPromise), status_code=201)
async def promise(request: Request, actor: Annotated[Actor, Depends(allow("promise.make"))], want: Want) -> Response:
    """Promise somebody something by a time."""
    return await _begin(request, actor, want, NewPromise, creating.promise, "promise-made")
