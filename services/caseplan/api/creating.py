"""POST routes that begin something. Each takes an id of the caller's choice, so that asking twice is safe.

A form that has to be mended comes back as the page it came from, with what was typed.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.caseplan import contacts, copies, covering, creating, reading, today
from services.caseplan.bodies import NewConcern, NewPromise, NewReferral, NewSetback
from services.caseplan.contacts import NewContact
from services.caseplan.pages import beginning, mine
from services.caseplan.pages import today as today_page
from services.caseplan.pages.frame import MINE, TODAY
from services.caseplan.referrals import AlreadyOpen
from shared.process import Running
from shared.runtime.errors import Invalid
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms
from shared.web.edge import is_form, read, running, takes
from shared.web.forms import Form, back_to
from shared.web.idempotency import Answer, Wanted, wanted
from shared.workflow import GuardNotMet

router = APIRouter()
Want = Annotated[Wanted | None, Depends(wanted)]
Begin = Callable[[Running, Actor, Wanted | None, Any], Awaitable[Answer]]
Again = Callable[[Form[Any]], Awaitable[Response]]


async def _begin(
    request: Request, actor: Actor, want: Wanted | None, form: Form[Any], begin: Begin, again: Again, said: str
) -> Response:  # fmt: skip
    """What was sent, begun; or the page again, with what has to be mended."""
    if form.value is None:
        return await again(form)
    if not is_form(request):
        return (await begin(running(request), actor, want, form.value)).response()
    try:
        body = await copies.in_zone_of(running(request).pool, actor.agency, form.value)
        await begin(running(request), actor, want, body)
    except Invalid as error:
        return await again(form.refuse(error))
    except GuardNotMet as error:
        return await again(form.refuse(Invalid("words", str(error))))
    home = MINE if actor.person else TODAY
    return forms.see_other(back_to(form.value.back, home), request, said=said)


@router.post("/caseplan/referrals", openapi_extra=takes(NewReferral), status_code=201)
async def refer(request: Request, actor: Annotated[Actor, Depends(allow("referral.send"))], want: Want) -> Response:
    """Ask a program to help: drafted and, unless `send` is false, sent under the person's consent, at once."""
    form = await read(request, NewReferral)

    async def again(form: Form[Any]) -> Response:
        person, program = _typed(form, "person"), _typed(form, "program")
        return await beginning.refer(request, actor, person, program, form)

    try:
        return await _begin(request, actor, want, form, creating.refer, again, "referral-sent")
    except AlreadyOpen as open_one:
        where = f"/caseplan/referrals/{open_one.referral}"
        if is_form(request):
            return forms.see_other(where, request, said="referral-open")
        open_one.headers = {"Location": where}  # type: ignore[attr-defined]
        raise


@router.post("/caseplan/setbacks", openapi_extra=takes(NewSetback), status_code=201)
async def report(request: Request, actor: Annotated[Actor, Depends(allow("setback.report"))], want: Want) -> Response:
    """Something got hard: the person's own word, and theirs alone."""
    form = await read(request, NewSetback)
    form.prefix = "hard-"

    async def again(form: Form[Any]) -> Response:
        actor.require("setback.report", actor.relations(person=actor.person))
        assert actor.person is not None, "the table lets the person alone"
        sheet = await reading.around_person(running(request), actor, "mine.read", actor.person)
        return mine.page(request, sheet, form)

    return await _begin(request, actor, want, form, creating.report, again, "setback-told")


@router.post("/caseplan/concerns", openapi_extra=takes(NewConcern), status_code=201)
async def worry(request: Request, actor: Annotated[Actor, Depends(allow("concern.raise"))], want: Want) -> Response:
    """Tell the named worker privately of a worry."""
    form = await read(request, NewConcern)

    async def again(form: Form[Any]) -> Response:
        return await beginning.worry(request, actor, _typed(form, "person"), form)

    return await _begin(request, actor, want, form, creating.worry, again, "concern-told")


@router.post("/caseplan/promises", openapi_extra=takes(NewPromise), status_code=201)
async def promise(request: Request, actor: Annotated[Actor, Depends(allow("promise.make"))], want: Want) -> Response:
    """Promise somebody something by a time."""
    form = await read(request, NewPromise)

    async def again(form: Form[Any]) -> Response:
        return await beginning.promise(request, actor, _typed(form, "person"), form)

    return await _begin(request, actor, want, form, creating.promise, again, "promise-made")


@router.post("/caseplan/contacts", openapi_extra=takes(NewContact), status_code=201)
async def contact(request: Request, actor: Annotated[Actor, Depends(allow("promise.make"))], want: Want) -> Response:
    """Write down that one was in touch, when one speaks again, and what was promised with it."""
    form = await read(request, NewContact, WORDS)
    if form.value is not None and not form.value.promise and is_form(request):
        form.value = form.value.model_copy(update={"by": None, "at": None})

    async def again(form: Form[Any]) -> Response:
        actor.require("promise.make", actor.relations(workers=[actor.id], agency=actor.agency))
        return today_page.page(request, await today.read(running(request), actor), form)

    return await _begin(request, actor, want, form, contacts.write_down, again, "contact-saved")


WORDS = {"who": "Say with whom.", "how": "Say how."}


@router.post("/caseplan/setbacks/{id}/cover", tags=["setback"])
async def cover(
    id: UUID, request: Request, actor: Annotated[Actor, Depends(allow("setback.cover"))], want: Want
) -> Response:
    """A supervisor takes it where the named worker does not answer; the clock runs on until somebody was in touch."""
    answer = await covering.cover(running(request), actor, want, id)
    if is_form(request):
        return forms.see_other(f"/caseplan/setbacks/{id}", request, said="saved")
    return answer.response()


def _typed(form: Form[Any], name: str) -> UUID:
    return beginning.id_in(name, str(form.typed.get(name, "")))
