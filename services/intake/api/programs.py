"""Programs as JSON: what agencies offer, said by those who answer for it, and found by whoever looks for help."""

import re
from typing import Annotated, Any, Literal
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from services.intake.api.agencies import Limit, Reader, Want, program_json
from services.intake.directory import Openness, Program, ProgramEntry, postcode_of, program_events, withdraw
from services.intake.fitting import Looked, reasons
from services.intake.store import directory as store
from services.intake.store import people, searching
from services.intake.store.directory import Listed
from services.intake.store.searching import Asked, Order
from shared.contracts.kinds import NEEDS
from shared.messaging.outbox import put_events
from shared.runtime.errors import Conflict, Invalid, NotFound
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web.edge import cause_of, command, running, transaction
from shared.web.idempotency import Answer, Wanted, once
from shared.web.words import lang_of

router = APIRouter()
LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
ROOM = ("open", "waitlist", "after_assessment")


class Withdrawal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Literal["ended", "merged", "entered_in_error"]


class Search(BaseModel):
    """What to look for, as an address says it. `near`: a postcode, whose places the directory knows."""

    q: str = ""
    need: str | None = None
    agency: UUID | None = None
    accepting: bool | None = None
    openness: Openness | None = None
    language: str | None = None
    record: Literal["violence", "sexual", "arson", "drugs", "property", "pending"] | None = None
    age: Annotated[int | None, Query(ge=0, le=130)] = None
    no_papers: bool | None = None
    near: str | None = None
    within: Annotated[float, Query(gt=0, le=100)] = 10
    order: Order = "program"


@router.put("/intake/programs/{program_id}")
async def put_program(
    program_id: UUID,
    body: ProgramEntry,
    request: Request,
    actor: Annotated[Actor, Depends(allow("program.manage"))],
    want: Want,
) -> Response:
    """Write what a program offers, all of it. Its agency never changes: list it anew under another one."""
    actor.require("program.manage", actor.relations(agency=body.agency), program_id)
    async with command(running(request)) as tx:

        async def act() -> Answer:
            before = await write_program(tx, actor, want, program_id, body)
            return Answer.json(201 if before is None else 200, {"id": program_id})

        answer = await once(tx, want, actor, act)
    return answer.response()


async def write_program(
    tx: Connection, actor: Actor, want: Wanted | None, id: UUID, body: ProgramEntry
) -> Program | None:
    """Save what a program offers, and tell; what it was before, or None for a new one."""
    today = (await people.now(tx)).date()
    if body.openness_as_of is None:
        body = body.model_copy(update={"openness_as_of": today})
    elif body.openness_as_of > today:
        raise Invalid("openness_as_of", "That day is yet to come. Say when this was true.")
    said = Program(id, body, said_on=today)
    before = await _claim_program(tx, said)
    await store.place_by_postcode(tx, id)
    events = program_events(before, said)
    await put_events(tx, id, events, partitionkey=body.agency, cause=cause_of(actor, want))
    await audit.record(tx, actor, "program.manage", None, f"program/{id}", "directory")
    return before


async def _claim_program(tx: Connection, said: Program) -> Program | None:
    """Save it; what it was before, or None for a new one."""
    before = await store.lock_program(tx, said.id)
    if before is None:
        try:
            await store.find_agency(tx, said.entry.agency)
        except NotFound:
            raise Invalid("agency", "There is no such agency. Write the agency first, then its programs.") from None
        if await store.add_program(tx, said):
            return None
        before = await store.lock_program(tx, said.id)
    if before is not None and before.entry.agency != said.entry.agency:
        raise Conflict("A program stays with its agency. Withdraw this one and list it anew under the other agency.")
    await store.save_program(tx, said)
    return before


@router.post("/intake/programs/{program_id}/withdraw")
async def withdraw_program(
    program_id: UUID,
    body: Withdrawal,
    request: Request,
    actor: Annotated[Actor, Depends(allow("program.manage"))],
    want: Want,
) -> Response:
    """Offer it no more. Referrals under way go on."""
    async with command(running(request)) as tx:

        async def act() -> Answer:
            program = await store.lock_program(tx, program_id)
            if program is None:
                raise NotFound("program", program_id)
            actor.require("program.manage", actor.relations(agency=program.entry.agency), program_id)
            events = withdraw(program, body.reason)
            await store.withdraw_program(tx, program_id, body.reason)
            agency = program.entry.agency
            await put_events(tx, program_id, events, partitionkey=agency, cause=cause_of(actor, want))
            await audit.record(tx, actor, "program.manage", None, f"program/{program_id}", "directory")
            return Answer.json(200, {"id": program_id})

        answer = await once(tx, want, actor, act)
    return answer.response()


@router.get("/intake/programs")
async def list_programs(
    request: Request,
    actor: Reader,
    search: Annotated[Search, Query()],
    after: UUID | None = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """What fits, and `why`: a sentence for each thing that was asked, in the language of the request."""
    async with transaction(running(request)) as tx:
        rows = await searching.search(tx, await _asked(tx, search), order=search.order, after=after, limit=limit)
    looked, lang = _looked(search), lang_of(request)
    found = [listed_json(row) | {"why": reasons(looked, row.program.entry, row.miles, lang)} for row in rows]
    return {"programs": found, "next": found[-1]["id"] if len(found) == limit else None}


def _looked(search: Search) -> Looked:
    near = postcode_of(search.near or "") or ""
    asked = search.q, search.need or "", search.language or "", search.record or "", search.age
    return Looked(*asked, no_papers=bool(search.no_papers), near=near)


async def _asked(tx: Connection, search: Search) -> Asked:
    """Raises Invalid for a word that no entry could have: an empty answer to it would say that there is no help."""
    if search.need and search.need not in NEEDS:
        raise Invalid("need", f"Choose one of these: {', '.join(NEEDS)}.")
    if search.language and not LANGUAGE_CODE.fullmatch(search.language):
        raise Invalid("language", "Write a language as its code, such as en or es.")
    middle = None
    if search.near:
        middle = await searching.middle_of(tx, postcode_of(search.near) or "")
        if middle is None:
            raise Invalid("near", "The directory knows no place with this postcode. Try one beside it.")
    return Asked(
        search.q,
        search.need,
        search.agency,
        _openness(search),
        search.language,
        search.record,
        search.age,
        search.no_papers,
        middle=middle,
        within=search.within,
    )


def _openness(search: Search) -> tuple[str, ...] | None:
    if search.openness:
        return (search.openness,)
    if search.accepting is None:
        return None
    return ROOM if search.accepting else ("closed",)


@router.get("/intake/programs/{program_id}")
async def get_program(program_id: UUID, request: Request, actor: Reader) -> dict[str, Any]:
    async with transaction(running(request)) as tx:
        return listed_json(await store.find_program(tx, program_id))


def listed_json(row: Listed) -> dict[str, Any]:
    miles = {} if row.miles is None else {"miles": round(row.miles, 1)}
    return program_json(row.program) | {"agency_name": row.agency_name} | miles
