"""Accounts of staff: who works here, inviting, changing what somebody does, and ending their access at once.

An agency's administrator does so for their agency, the network's office for all. Nobody does it to themselves, so that
no agency locks itself out and nobody gives themselves another role.
"""

from typing import Annotated, Any
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from starlette.responses import JSONResponse, Response

from services.intake.account_invitations import prepare
from services.intake.accounts import SIGN_IN, Account, Stage, change, invite, invite_again, leave, stay, walks
from services.intake.known import index_of
from services.intake.pages import accounts as pages
from services.intake.people import assign
from services.intake.store import accounts as store
from services.intake.store import covers, directory, people, sessions
from shared.messaging.outbox import Cause
from shared.runtime.errors import Conflict, Invalid
from shared.runtime.ids import uuid7
from shared.security import audit
from shared.security.edge import allow, look_again
from shared.security.identity import Actor
from shared.security.permissions import Relation, Role
from shared.security.sealing import Erased
from shared.web import forms
from shared.web.accept import wants_html
from shared.web.edge import cause_of, command, is_form, read, running, taken, takes, transaction
from shared.web.idempotency import Answer, Wanted, once, wanted

SHOWN = 500
AT_ONCE = 200  # people handed over in one transaction

router = APIRouter()
Lister = Annotated[Actor, Depends(allow("account.list"))]
Manager = Annotated[Actor, Depends(allow("account.manage"))]
Giver = Annotated[Actor, Depends(allow("leaving.people"))]
Want = Annotated[Wanted | None, Depends(wanted)]


def _lower(typed: object) -> object:
    return typed.strip().lower() if isinstance(typed, str) else typed


class New(BaseModel):
    """Somebody to invite. `agency` is for the network's office to say; an administrator's is their own."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[forms.Line, Field(title="Name", max_length=80)]
    sign_in: Annotated[str, BeforeValidator(_lower), StringConstraints(pattern=SIGN_IN)]
    role: Role
    agency: UUID | None = None
    known_as: forms.Line | None = Field(None, description="By what the OpenID issuer knows them, often an e-mail.")


class NewRole(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: Role


class KnownAs(BaseModel):
    """By what the issuer knows them from now on; nothing, and they can't come in by it."""

    model_config = ConfigDict(extra="forbid")

    known_as: forms.Line | None = None


class HandOver(BaseModel):
    """Who walks from now on with everybody whom this account walked with."""

    model_config = ConfigDict(extra="forbid")

    worker: UUID
    back: forms.Line | None = None


@router.get("/intake/accounts")
async def list_accounts(request: Request, actor: Lister) -> Response:
    """Who works here, how many people each of them walks with, and who has left somebody behind."""
    actor.require("account.list", Relation.SAME_AGENCY)
    async with transaction(running(request)) as tx:
        rows = await store.list_accounts(tx, actor.agency, SHOWN)
        holds = await store.walking_with(tx, [row.account.id for row in rows])
    names = await pages.names_of(request, rows)
    if wants_html(request):
        return await pages.list_page(request, actor, rows, names, holds, forms.blank())
    found = [_told(row, names, holds) for row in rows]
    return JSONResponse({"accounts": found})


@router.get("/intake/accounts/{account_id}")
async def get_account(account_id: UUID, request: Request, actor: Lister) -> Response:
    """One of them, and what still is in their hands."""
    async with transaction(running(request)) as tx:
        row = await store.find_account(tx, account_id)
        actor.require("account.list", actor.relations(agency=row.account.agency), account_id)
        holds = await store.walking_with(tx, [account_id])
    names = await pages.names_of(request, [row])
    if wants_html(request):
        return await pages.account_page(request, actor, row, names[account_id], holds.get(account_id, 0))
    return JSONResponse(_told(row, names, holds))


@router.post("/intake/accounts", openapi_extra=takes(New), status_code=201)
async def invite_somebody(request: Request, actor: Manager) -> Response:
    """Invite a colleague. The answer holds their link, once: it is kept nowhere, so this has no idempotency key."""
    form = await read(request, New, pages.MEND)
    said = form.value
    agency = said.agency if said and said.agency else actor.agency
    actor.require("account.manage", actor.relations(agency=agency))
    if said is None:
        return await _mend(request, actor, form)
    try:
        account = invite(uuid7(), agency, said.role, said.sign_in)
        if agency is not None:
            await _know(request, agency)
        link = await _open(request, actor, account, said)
    except Invalid as error:
        if not is_form(request):
            raise
        return await _mend(request, actor, form.refuse(error))
    if is_form(request):
        return pages.link_page(request, actor, account, link)
    return JSONResponse({"id": str(account.id), "link": link}, 201)


async def _know(request: Request, agency: UUID) -> None:
    async with transaction(running(request)) as tx:
        if not await directory.agency_names(tx, [agency]):
            raise Invalid("agency", "Choose an agency of the network.")


async def _open(request: Request, actor: Actor, account: Account, said: New) -> str:
    here = running(request)
    made = await prepare(here.keys, account.id, said.name)
    index = await _index(request, said.known_as)
    async with command(here) as tx:
        if not await store.add_account(tx, account, made.name, made.totp, made.hash, actor.id, cause_of(actor), index):
            raise Invalid("sign_in", "Somebody signs in by that name already, here or elsewhere. Choose another.")
        await _noted(tx, actor, account)
    return made.link(here.settings)


@router.post("/intake/accounts/{account_id}/invite-again")
async def invite_somebody_again(account_id: UUID, request: Request, actor: Manager) -> Response:
    """A new link, for whoever lost theirs, or phone and codes. Their sessions end, and the old password with them."""
    here = running(request)
    await _see(request, actor, account_id)
    made = await prepare(here.keys, account_id)
    async with command(here) as tx:
        account = invite_again(await _locked(tx, actor, account_id))
        await store.save_invited_again(tx, account, made.totp, made.hash, cause_of(actor))
        await sessions.end_sessions(tx, account_id, "password_changed", cause_of(actor))
        await _noted(tx, actor, account)
    look_again(request)
    link = made.link(here.settings)
    if is_form(request):
        return pages.link_page(request, actor, account, link)
    return JSONResponse({"id": str(account_id), "link": link})


@router.post("/intake/accounts/{account_id}/known-as", openapi_extra=takes(KnownAs))
async def tie_to_issuer(account_id: UUID, request: Request, actor: Manager) -> Response:
    """By what the issuer knows them. What they came in by until now lets nobody in; their sessions end."""
    said = taken(await read(request, KnownAs))
    await _see(request, actor, account_id)
    index = await _index(request, said.known_as)
    async with command(running(request)) as tx:
        account = stay(await _locked(tx, actor, account_id))
        if not await store.save_known_as(tx, account, index, cause_of(actor)):
            raise Invalid("known_as", "Another account is known by that already.")
        await sessions.end_sessions(tx, account_id, "access_ended", cause_of(actor))
        await _noted(tx, actor, account)
    return _answered(request, Answer.json(200, {"id": account_id}), account_id, "account-changed")


async def _index(request: Request, known_as: str | None) -> bytes | None:
    here = running(request)
    if known_as and not here.settings.oidc_issuer:
        raise Invalid("known_as", "Nobody signs in elsewhere in this network. Leave this out.")
    return await index_of(here.keys, known_as) if known_as else None


@router.post("/intake/accounts/{account_id}/role", openapi_extra=takes(NewRole))
async def change_role(account_id: UUID, request: Request, actor: Manager, want: Want) -> Response:
    """They do another work. Tokens with the old role are refused from here on; their session gets new ones."""
    said = taken(await read(request, NewRole))
    async with command(running(request)) as tx:

        async def act() -> Answer:
            before = await _locked(tx, actor, account_id)
            account = change(before, said.role)
            if account != before:
                await store.save_account(tx, account, cause_of(actor, want))
                await _cover_no_more(tx, actor, account, cause_of(actor, want))
            await _noted(tx, actor, account)
            return Answer.json(200, {"id": account_id, "role": account.role})

        answer = await once(tx, want, actor, act)
    return _answered(request, answer, account_id, "account-changed")


@router.post("/intake/accounts/{account_id}/end")
async def end_access(account_id: UUID, request: Request, actor: Manager, want: Want) -> Response:
    """They leave: every session of theirs ends now. What they held is shown until somebody else holds it."""
    async with command(running(request)) as tx:

        async def act() -> Answer:
            account = leave(await _locked(tx, actor, account_id))
            await store.save_account(tx, account, cause_of(actor, want))
            ended = await sessions.end_sessions(tx, account_id, "access_ended", cause_of(actor, want))
            await _cover_no_more(tx, actor, account, cause_of(actor, want))
            holds = await store.walking_with(tx, [account_id])
            await _noted(tx, actor, account)
            return Answer.json(200, {"id": account_id, "sessions": ended, "people": holds.get(account_id, 0)})

        answer = await once(tx, want, actor, act)
    return _answered(request, answer, account_id, "access-ended")


@router.post("/intake/accounts/{account_id}/hand-over", openapi_extra=takes(HandOver))
async def hand_over(account_id: UUID, request: Request, actor: Giver, want: Want) -> Response:
    """Everybody whom they walked with walks with a colleague now, and is told so. No name is shown for it."""
    said = taken(await read(request, HandOver, {"worker": "Choose who walks with them now."}))
    async with command(running(request)) as tx:

        async def act() -> Answer:
            account = await _locked(tx, actor, account_id, "leaving.people")
            worker = await store.find_known(tx, said.worker)
            if worker is None or worker.agency != account.agency or not walks(worker) or worker.id == account.id:
                raise Invalid("worker", "Choose a colleague of the same agency who walks with people.")
            found = await store.walked_with(tx, account_id, AT_ONCE)
            for person_id in found:
                await _hand_one(tx, actor, want, person_id, account, worker)
            left = await store.walking_with(tx, [account_id])
            return Answer.json(200, {"id": account_id, "handed_over": len(found), "people": left.get(account_id, 0)})

        answer = await once(tx, want, actor, act)
    return _answered(request, answer, account_id, "handed-over", said.back)


async def _hand_one(
    tx: Connection, actor: Actor, want: Wanted | None, person_id: UUID, account: Account, worker: Account
) -> None:
    """Where somebody else has named another worker meanwhile, that stands; who was erased walks with nobody."""
    try:
        person = await people.lock_person(tx, person_id)
    except Erased:
        return
    if person.worker != account.id or account.agency is None:
        return
    after, told = assign(person, worker.id, person.agency, "worker_left")
    await people.save_worker(tx, after)
    await people.tell_of(tx, person.id, told, cause_of(actor, want))
    await audit.record(tx, actor, "person.assign", person.id, f"person/{person.id}", "care")


async def _see(request: Request, actor: Actor, id: UUID) -> None:
    """Before anything is sealed for an id that somebody guessed. Raises NotFound."""
    async with transaction(running(request)) as tx:
        row = await store.find_account(tx, id)
    actor.require("account.manage", actor.relations(agency=row.account.agency), id)


async def _locked(tx: Connection, actor: Actor, id: UUID, action: str = "account.manage") -> Account:
    """The account, if it is theirs to change: of their agency, and not their own."""
    account = await store.lock_account(tx, id)
    actor.require(action, actor.relations(agency=account.agency), id)
    if account.id == actor.id:
        raise Conflict("Nobody changes or ends their own access. Ask a colleague, or the network's office.")
    return account


async def _cover_no_more(tx: Connection, actor: Actor, account: Account, cause: Cause) -> None:
    """No person reads that somebody stands in for their worker who does not walk with people any more."""
    if not walks(account):
        for cover in await covers.end_of(tx, account.id, cause):
            await audit.record(tx, actor, "cover.end", None, f"cover/{cover}", "administration")


async def _noted(tx: Connection, actor: Actor, account: Account) -> None:
    await audit.record(tx, actor, "account.manage", None, f"account/{account.id}", "administration")


def _answered(request: Request, answer: Answer, id: UUID, said: str, back: str | None = None) -> Response:
    look_again(request)
    if is_form(request):
        return forms.see_other(forms.back_to(back, f"/intake/accounts/{id}"), request, said=said)
    return answer.response()


async def _mend(request: Request, actor: Actor, form: forms.Form[Any]) -> Response:
    if not is_form(request):
        taken(form)
    async with transaction(running(request)) as tx:
        rows = await store.list_accounts(tx, actor.agency, SHOWN)
        holds = await store.walking_with(tx, [row.account.id for row in rows])
    return await pages.list_page(request, actor, rows, await pages.names_of(request, rows), holds, form)


def _told(row: store.Row, names: dict[UUID, str], holds: dict[UUID, int]) -> dict[str, Any]:
    account = row.account
    return {
        "id": str(account.id),
        "name": names[account.id],
        "sign_in": account.sign_in,
        "agency": str(account.agency) if account.agency else None,
        "role": account.role,
        "stage": account.stage,
        "people": holds.get(account.id, 0),
        "left_behind": account.stage is Stage.LEFT and account.id in holds,
    }
