"""`dlq`: records that a service has parked. Look at them, try them again, drop one, or accept that what came before it
is lost; who decided it, and why, is kept."""

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from cli.inboxes import ServiceName, inbox
from shared.contracts.topics import SERVICES
from shared.local.network import Network
from shared.messaging import deadletters

app = typer.Typer(help="Records that could not be applied: list, show, replay, drop, accept.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="For other programs.")]
Number = Annotated[int, typer.Argument(help="As `dlq list` numbers it.")]
Because = Annotated[str, typer.Option("--because", help="Why, for whoever asks later. Names and contacts stay out.")]


@app.command("list")
def list_(
    settled: Annotated[bool, typer.Option("--settled", help="Those replayed and dropped, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """What waits, in every service."""
    found = asyncio.run(_list(settled))
    if as_json:
        print(json.dumps(found, indent=2, default=str))
        return
    for row in found:
        where = f"{row['topic']}/{row['partition']} at {row['kafka_offset']}"
        holds = "holds up its subject" if row["subject"] else "names no subject, holds up nobody"
        print(f"{row['service']:<14} {row['number']:>6}  {row['reason']:<12} {row['state']:<9} {where}  {holds}")
    if not found:
        print("Nothing is parked.")


@app.command()
def show(service: ServiceName, number: Number, as_json: AsJson = False) -> None:
    """One of them, without what it says about anybody."""
    row = asyncio.run(_show(service, number))
    if as_json:
        print(json.dumps(row, indent=2, default=str))
        return
    for name, value in row.items():
        print(f"{name:<14} {value}")


@app.command()
def replay(service: ServiceName, number: Number) -> None:
    """Try one again, and what waits behind it."""
    state = asyncio.run(_settle(deadletters.replay, service, number))
    print("Applied." if state == "replayed" else "It still can't be applied; it stays parked.")
    raise typer.Exit(0 if state == "replayed" else 1)


@app.command()
def drop(
    service: ServiceName,
    number: Number,
    because: Because,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Give one up for good. What waits behind it goes on."""
    if not yes:
        typer.confirm(f"Letter {number} of {service} will never be applied. Drop it?", abort=True)
    asyncio.run(_settle(deadletters.drop, service, number, because))
    print("Dropped. What waited behind it went on.")


@app.command()
def accept(service: ServiceName, number: Number, because: Because) -> None:
    """Go on without what is missing before this one, once its owner has said that nobody has it any more."""
    state = asyncio.run(_settle(deadletters.accept, service, number, because))
    print("Accepted. " + ("It was applied." if state == "replayed" else "It waits for another reason now."))


@app.command()
def losses(as_json: AsJson = False) -> None:
    """What was accepted as lost: by whom, when and why."""
    found = asyncio.run(_losses())
    if as_json:
        print(json.dumps(found, indent=2, default=str))
        return
    for row in found:
        missing = f"{row['from_sequence']} to {row['to_sequence']} of {row['topic']} {row['subject']}"
        print(f"{row['service']:<14} {missing}  {row['accepted_by']}, {row['accepted_at']:%Y-%m-%d}: {row['because']}")
    if not found:
        print("No loss was accepted.")


async def _list(settled: bool) -> list[dict[str, Any]]:
    network, found = Network(), []
    for service in SERVICES:
        async with inbox(network, service) as opened:
            rows = await deadletters.letters(opened.pool, service, settled=settled)
            found += [{"service": service, **dict(row)} for row in rows]
    return found


async def _show(service: str, number: int) -> dict[str, Any]:
    async with inbox(Network(), service) as opened:
        row = dict(await deadletters.letter(opened.pool, service, number))
    value = row.pop("value")
    for hidden in ("key", "headers"):
        row.pop(hidden)
    return {**row, "bytes": len(value) if value is not None else None}


async def _losses() -> list[dict[str, Any]]:
    network, found = Network(), []
    for service in SERVICES:
        async with inbox(network, service) as opened:
            found += [{"service": service, **dict(row)} for row in await deadletters.accepted(opened.pool, service)]
    return found


async def _settle(act: Callable[..., Awaitable[str]], service: str, number: int, *because: str) -> str:
    by = f"operator:{getpass.getuser()}"
    async with inbox(Network(), service) as opened:
        return await act(opened, number, by, *because)
