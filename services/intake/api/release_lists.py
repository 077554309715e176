"""Naming somebody to the agency that could welcome them: one by a form or a program, or a list of them as CSV.

The sender is told what to mend, or that all of it was taken. What becomes of anybody it is never told, by no answer, no
number and no delay: what an answer waits for does not depend on whether they are known here.
"""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from services.intake import naming
from services.intake.directory import Agency
from services.intake.fields import Called, Line
from services.intake.naming import Report
from services.intake.pages import release_lists as pages
from services.intake.places import RELEASE_LISTS
from services.intake.release_lists import Listed, read_row
from services.intake.store import directory
from services.intake.store import invited as store
from shared.contracts.kinds import Language
from shared.runtime.errors import Conflict, Invalid, NotFound
from shared.runtime.ids import uuid7
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms
from shared.web.edge import is_form, read, running, takes, transaction
from shared.web.problems import MEDIA

router = APIRouter(tags=["release lists"])
Sender = Annotated[Actor, Depends(allow("release_list.send"))]
TO_MEND = "urn:throughcare:problem:rows-to-mend"


class Somebody(BaseModel):
    """Whom an agency tells of. They become a person here only by their own yes."""

    model_config = ConfigDict(extra="forbid")

    agency: UUID = Field(description="Who should welcome them; nobody else hears of it.")
    name: Called
    release_date: date | None = Field(None, description="The day on which they come home, where it is known.")
    reference: Line | None = Field(None, max_length=100, description="How you know them: to name them again later.")
    language: Language = "en"
    reach: Line | None = Field(None, description="How word can reach them before that day.")


@router.get(RELEASE_LISTS, include_in_schema=False)
async def show(request: Request, actor: Sender) -> Response:
    return await pages.page(request, actor, forms.blank())


@router.post(RELEASE_LISTS, openapi_extra=takes(Somebody), status_code=202)
async def name_one(request: Request, actor: Sender) -> Response:
    """One of whom you know. Sent again under the same reference, it is the same one, with what is new."""
    form = await read(request, Somebody, pages.MEND)
    if form.value is None:
        return await pages.page(request, actor, form)
    said = form.value
    try:
        sender, welcoming, today = await _between(request, actor, said.agency)
        await naming.take_one(running(request), sender, welcoming.id, _listed(said, today))
    except Invalid as error:
        if not is_form(request):
            raise
        return await pages.page(request, actor, form.refuse(error))
    if is_form(request):
        return forms.see_other(RELEASE_LISTS, request, said="one-named")
    return JSONResponse({"rows": 1}, 202)


def _listed(said: Somebody, today: date) -> Listed:
    """Held to the rules of a row, so that one way in takes nothing that the other refuses."""
    given = {"reference": said.reference or uuid7().hex, "name": said.name, "language": said.language}
    given |= {"release_date": said.release_date.isoformat()} if said.release_date else {}
    given |= {"reach": said.reach} if said.reach else {}
    row = read_row(1, tuple(given), tuple(given.values()), today)
    if isinstance(row, Listed):
        return row
    raise Invalid(row[0].field, row[0].do)


CSV = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}}


@router.post(RELEASE_LISTS + "/{agency_id}", openapi_extra=CSV, status_code=202)
async def take_list(agency_id: UUID, request: Request, actor: Sender) -> Response:
    """A list as CSV, for one agency: all of it, or what to mend row by row. Sending it again doubles nobody."""
    sender, welcoming, today = await _between(request, actor, agency_id)
    report = await naming.take(running(request), sender, welcoming.id, _pieces(request), today)
    if report.wrong:
        return _to_mend(report)
    return JSONResponse({"rows": report.rows}, 202)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    async for piece in request.stream():
        yield piece


def _to_mend(report: Report) -> Response:
    rows = len({wrong.row for wrong in report.wrong})
    said = {
        "type": TO_MEND,
        "title": "Some rows need mending",
        "status": 422,
        "detail": f"Nothing was taken. Mend {rows} row{'s' if rows > 1 else ''}, then send the whole list again.",
        "rows": [wrong.as_json() for wrong in report.wrong],
    }
    return JSONResponse(said, 422, media_type=MEDIA)


async def _between(request: Request, actor: Actor, agency_id: UUID) -> tuple[UUID, Agency, date]:
    """Who sends, who would welcome them, and today. That it was sent is written down; of whom, nowhere."""
    if actor.agency is None:
        raise Conflict("You belong to no agency, so nobody could be told who sent this.")
    async with transaction(running(request)) as tx:
        try:
            await directory.find_agency(tx, actor.agency)
            welcoming = await directory.find_agency(tx, agency_id)
        except NotFound:
            raise Invalid("agency", "Choose an agency of the directory; yours has to stand there too.") from None
        if not welcoming.entry.welcomes or welcoming.entry.holds_no_records or agency_id == actor.agency:
            raise Invalid("agency", "Choose another agency, one that welcomes people who are new.")
        await audit.record(tx, actor, "release_list.send", None, f"agency/{agency_id}", "referral")
        return actor.agency, welcoming, (await store.now(tx)).date()
