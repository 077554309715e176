"""`account`: the first account of a network, whom nobody is there to invite; later ones are invited on a page."""

import asyncio
import os
import re
from typing import Annotated
from urllib.parse import urlsplit

import typer

from services.intake.account_invitations import open_account
from services.intake.accounts import SIGN_IN, invite
from shared.local.network import Network
from shared.local.trouble import Trouble
from shared.runtime.errors import Invalid
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE
from shared.runtime.settings import Settings
from shared.security.identity import NOBODY
from shared.security.keyed import keyed_pool
from shared.security.permissions import Role

app = typer.Typer(help="Accounts of staff: the first one; the others are invited on a page.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keeps `invite` a command of its own while it is the only one."""


@app.command("invite")
def invite_(
    sign_in: Annotated[str, typer.Argument(help="What they type to sign in: small letters and figures.")],
    name: Annotated[str, typer.Option(help="What colleagues call them.")],
    role: Annotated[Role, typer.Option(help="network_admin, ops or auditor.")] = Role.NETWORK_ADMIN,
    known_as: Annotated[str, typer.Option(help="By what THROUGHCARE_OIDC_ISSUER knows them, often an e-mail.")] = "",
) -> None:
    """Invite somebody of the network's office; prints their link, once."""
    if urlsplit(os.environ.get("THROUGHCARE_DATABASE", "")).username != "intake":  # in its own container it is there
        os.environ.update(Network().environment("intake"))
    link = asyncio.run(_invited(sign_in.strip().lower(), name.strip(), role, known_as))
    typer.echo("Give them this link. It opens for three days, works once, and is kept nowhere:")
    typer.echo(link)


async def _invited(sign_in: str, name: str, role: Role, known_as: str) -> str:
    settings = Settings()
    try:
        account = invite(uuid7(), None, role, sign_in)
    except Invalid:
        raise Trouble("The network's office has network_admin, ops and auditor.") from None
    if not re.fullmatch(SIGN_IN, sign_in):
        raise Trouble(
            "A sign-in name has 3 to 61 small letters, figures, or . _ @ + - in it, and begins with a letter or figure."
        )
    if not name:
        raise Trouble("Say what colleagues call them: --name NAME.")
    async with keyed_pool(settings, "account", reach=SERVICE) as (opened, keys):
        made = await open_account(opened, keys, account, name, NOBODY, known_as)
    if made is None:
        raise Trouble(f"Somebody signs in as {sign_in} already, or is known by the same elsewhere.")
    return made.link(settings)
