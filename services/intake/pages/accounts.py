"""The pages of who works here: a list, one account with what is in its hands, and the link of an invitation."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.intake import staff
from services.intake.accounts import OF_AGENCIES, OF_THE_OFFICE, Account, Stage
from services.intake.pages.frame import frame
from services.intake.places import ACCOUNTS
from services.intake.store import accounts as store
from services.intake.store import directory
from services.intake.store.accounts import Row
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.security.table import ROLES, WALK
from shared.web.edge import running, transaction
from shared.web.forms import Form
from shared.web.templates import render

MEND = {
    "name": "Say their name, as colleagues know them.",
    "sign_in": "Three or more small letters, figures, or . _ @ + -",
    "role": "Choose what they do here.",
}
LISTED = 500  # agencies to choose from
STAGES: Mapping[Stage, str] = {
    Stage.INVITED: "invited, not here yet",
    Stage.ACTIVE: "works here",
    Stage.LEFT: "has left",
}
SAID: Mapping[str, str] = {
    "account-changed": "Saved. It counts from now on, everywhere.",
    "access-ended": "They are signed out everywhere, and can't come in again.",
    "names-changed": "Saved. Everything that people read follows it from now on.",
    "handed-over": "Handed over. Each of these people sees it on their page.",
}


async def names_of(request: Request, rows: Sequence[Row]) -> dict[UUID, str]:
    """What pages call them. A name that does not open is said to be unknown."""
    return await staff.names_of(running(request), [row.account.id for row in rows], "Name not known")


async def list_page(
    request: Request,
    actor: Actor,
    rows: Sequence[Row],
    names: Mapping[UUID, str],
    holds: Mapping[UUID, int],
    form: Form[Any],
) -> Response:
    agencies = await _agencies(request) if actor.agency is None else {}
    return render(
        request,
        "accounts.html",
        status=422 if form.wrong else 200,
        form=form,
        rows=[_shown(row, names[row.account.id], holds.get(row.account.id, 0), agencies) for row in rows],
        roles=_roles(OF_AGENCIES if actor.agency else (*OF_AGENCIES, *OF_THE_OFFICE)),
        agencies=[(str(id), name) for id, name in agencies.items()],
        action=ACCOUNTS,
        issuer=_issuer(request),
        names=await _names_shown(request, actor),
        said=SAID,
        **frame(actor, ACCOUNTS),
    )


async def account_page(request: Request, actor: Actor, row: Row, name: str, holds: int) -> Response:
    account = row.account
    async with transaction(running(request)) as tx:
        found = await store.workers_of(tx, account.agency, WALK) if account.agency and holds else []
    others = [one for one in found if one.account.id != account.id]
    names = await names_of(request, others)
    return render(
        request,
        "account.html",
        name=name,
        account=account,
        stage=STAGES[account.stage],
        role=_called(account.role),
        holds=holds,
        others=sorted(((str(id), called) for id, called in names.items()), key=lambda one: one[1]),
        roles=_roles(OF_AGENCIES if account.agency else OF_THE_OFFICE),
        issuer=_issuer(request),
        is_self=account.id == actor.id,
        has_left=account.stage is Stage.LEFT,
        here=f"{ACCOUNTS}/{account.id}",
        back=ACCOUNTS,
        holds_more=f"/caseplan/leaving/{account.id}" if actor.agency else "",
        said=SAID,
        **frame(actor, ACCOUNTS),
    )


def link_page(request: Request, actor: Actor, account: Account, link: str) -> Response:
    """Shown once: we keep a hash of what opens it."""
    return render(
        request,
        "account_link.html",
        sign_in=account.sign_in,
        link=link,
        back=f"{ACCOUNTS}/{account.id}",
        **frame(actor, ACCOUNTS),
    )


async def _names_shown(request: Request, actor: Actor) -> dict[str, Any] | None:
    """Whether people read names or roles, for whoever may change it for their agency."""
    if actor.agency is None or not actor.may("agency.manage", actor.relations(agency=actor.agency)):
        return None
    async with transaction(running(request)) as tx:
        if not await directory.agency_names(tx, [actor.agency]):
            return None
        known = await directory.find_agency(tx, actor.agency)
    return {"roles": known.entry.shows_roles, "action": f"/intake/agencies/{known.id}/staff-names"}


async def _agencies(request: Request) -> dict[UUID, str]:
    async with transaction(running(request)) as tx:
        return {agency.id: agency.entry.name for agency, _ in await directory.list_agencies(tx, limit=LISTED)}


def _issuer(request: Request) -> str:
    """What pages call the door elsewhere; empty where there is none."""
    settings = running(request).settings
    return settings.oidc_name if settings.oidc_issuer else ""


def _shown(row: Row, name: str, holds: int, agencies: Mapping[UUID, str]) -> dict[str, object]:
    account = row.account
    where = agencies.get(account.agency, "") if account.agency else "The network's office" if agencies else ""
    return {
        "name": name,
        "url": f"{ACCOUNTS}/{account.id}",
        "what": ", ".join(part for part in (_called(account.role), where, STAGES[account.stage]) if part),
        "holds": holds,
        "left_behind": holds > 0 and account.stage is Stage.LEFT,
    }


def _roles(roles: Sequence[Role]) -> list[tuple[str, str]]:
    return [(role.value, f"{_called(role)}: {ROLES[role]}") for role in roles]


def _called(role: Role) -> str:
    return role.value.replace("_", " ").capitalize()
