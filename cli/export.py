"""`export`: writes the directory as other directories read it.

It reads with intake's own database role, and what it writes holds no person: agencies and programs are public facts.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated

import typer

from services.intake.hsds import exporting
from services.intake.hsds.exporting import Written
from shared.local.network import Network
from shared.local.trouble import Trouble
from shared.runtime.database import pool
from shared.runtime.reach import SERVICE, act
from shared.runtime.settings import Settings

app = typer.Typer(help="Write the directory as others read it.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keeps `hsds` a command of its own while it is the only one."""


@app.command()
def hsds(
    folder: Annotated[Path, typer.Argument(help="Where organizations.json and services.json are written.")],
    as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False,
) -> None:
    """Agencies and programs as Open Referral HSDS 3 JSON. Victim services are left out, always."""
    if folder.exists() and not folder.is_dir():
        raise typer.BadParameter("name a folder: two files are written into it", param_hint="FOLDER")
    network = Network()
    if network.postgres is not None and network.postgres.pid is None:
        raise Trouble("The network does not run, so there is nothing to export: run ./throughcare up first.")
    os.environ.update(network.environment("intake"))
    written = asyncio.run(_export(folder))
    if as_json:
        print(json.dumps({"folder": str(folder), "agencies": written.agencies, "programs": written.programs}))
    else:
        print(f"Wrote {written.agencies:,} agencies and {written.programs:,} programs to {folder}.")


async def _export(folder: Path) -> Written:
    async with pool(Settings(), "export hsds") as opened:
        act(SERVICE)
        return await exporting.export(opened, folder)
