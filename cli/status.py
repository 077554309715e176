"""`status`: each part, its state, where it listens. Exit code 0 only when everything runs and no record is parked."""

import asyncio
import json
from typing import Annotated

import typer

from shared.local.network import Network


def register(app: typer.Typer) -> None:
    @app.command()
    def status(as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False) -> None:
        """What runs, and where; and whether records wait for somebody."""
        network = Network()
        found = asyncio.run(network.status())
        if as_json:
            print(json.dumps(found, indent=2))
        else:
            _print(found)
        raise typer.Exit(0 if found["ready"] and not any(found["parked"].values()) else 1)


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
    parked = {service: count for service, count in found["parked"].items() if count}
    if parked:
        told = ", ".join(f"{service} {count}" for service, count in parked.items())
        print(f"Records are parked and wait for somebody ({told}): `./throughcare dlq list` shows them.")
