"""`status`: each part, its state, where it listens. Exit code 0 only when everything runs."""

import asyncio
import json
from typing import Annotated

import typer

from shared.local.network import Network


def register(app: typer.Typer) -> None:
    @app.command()
    def status(as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False) -> None:
        """What runs, and where."""
        network = Network()
        found = asyncio.run(network.status())
        if as_json:
            print(json.dumps(found, indent=2))
        else:
            _print(found)
        raise typer.Exit(0 if found["ready"] else 1)


def _print(found: dict) -> None:
    for part in found["parts"]:
        where = part.get("address") or f"port {part['port']}"
        process = f"pid {part['pid']}, {part['memory_mib']} MiB" if part["pid"] else ""
        print(f"{part['name']:<14} {part['state']:<9} {where:<24} {process}".rstrip())
    print()
    if found["ready"]:
        print(f"Throughcare is running: {found['url']}")
    else:
        print("Not everything runs: `./throughcare up` starts what is missing.")
