"""`import`: loads agencies and programs from a directory that others keep.

It writes through intake's own store with intake's own database role, so what it loads is told like everything else.
"""

import asyncio
import json
import os
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from services.intake.hsds import loading
from services.intake.hsds.loading import Summary
from services.intake.hsds.mapping import Reader
from services.intake.hsds.tables import Package, open_package
from shared.local.network import Network
from shared.local.trouble import Trouble
from shared.runtime.database import pool
from shared.runtime.reach import SERVICE, act
from shared.runtime.settings import Settings
from shared.runtime.zones import known_zone

SHOWN = 20  # problems that are printed; --all prints the rest

app = typer.Typer(help="Load agencies and programs from a directory that others keep.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keeps `hsds` a command of its own while it is the only one."""


@app.command()
def hsds(
    path: Annotated[
        Path, typer.Argument(help="Folder of CSV or JSON files, or one JSON file: HSDS 1 to 3.1, or Ohana.")
    ],
    source: Annotated[
        str, typer.Option(help="What to call it; ids follow from it. The folder's name, if not said.")
    ] = "",
    timezone: Annotated[str, typer.Option(help="Of agencies whose address names no state.")] = "America/New_York",
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 when a row was left out.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Print every problem, not the first twenty.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False,
) -> None:
    """Load agencies and programs into the running network; again updates them and doubles nothing."""
    zone = _zone(timezone)
    package = open_package(path)
    network = Network()
    if network.postgres is not None and network.postgres.pid is None:
        raise Trouble("The network does not run, so there is nowhere to load to: run ./throughcare up first.")
    os.environ.update(network.environment("intake"))
    began = time.monotonic()
    summary = asyncio.run(_load(package, source or package.name, zone, quiet=as_json))
    took = time.monotonic() - began
    if as_json:
        print(json.dumps(_told(summary, took), indent=2))
    else:
        _print(summary, took, every)
    raise typer.Exit(1 if summary.loaded == 0 or (strict and summary.skipped) else 0)


def _zone(name: str) -> str:
    try:
        return known_zone(name)
    except ValueError:
        raise typer.BadParameter("name one such as America/New_York", param_hint="--timezone") from None


async def _load(package: Package, source: str, timezone: str, *, quiet: bool) -> Summary:
    console = Console()
    async with pool(Settings(), "import hsds") as opened:
        act(SERVICE)
        if not await opened.fetchval("SELECT to_regclass('program') IS NOT NULL"):
            raise Trouble("This database has no directory yet: run ./throughcare up, which prepares it.")
        today = await opened.fetchval("SELECT clock()::date")
        reader = Reader(package, source, today, timezone)
        if quiet or not console.is_terminal:
            return await loading.load(opened, reader, _plainly(quiet))
        with console.status("Reading ...") as status:
            return await loading.load(opened, reader, lambda what, count: status.update(f"{count:,} {what} ..."))


def _plainly(quiet: bool) -> loading.Say:
    """A line for every thousand."""
    shown: Counter[str] = Counter()

    def say(what: str, count: int) -> None:
        if not quiet and count // 1000 > shown[what] // 1000:
            print(f"{count:,} {what} ...", flush=True)
        shown[what] = count

    return say


def _print(summary: Summary, took: float, every: bool) -> None:
    print(f"Loaded “{summary.source}” in {took:.1f} s.")
    for one, more, counts in (("agency", "agencies", summary.agencies), ("program", "programs", summary.programs)):
        parts = [f"{counts[key]:,} {word}" for key, word in WORDS.items() if counts[key]]
        print(f"  {counts.total():>6,} {one if counts.total() == 1 else more}: {', '.join(parts) or 'none'}")
    if summary.unvouched:
        print(f"  Nobody vouched for {summary.unvouched:,} of the programs in the last year: pages say so, and")
        print("  show them only when asked.")
    if summary.holds_nobody:
        print(
            f"  {_many(summary.holds_nobody, 'agency is', 'agencies are')} taken for victim services by name: they hold"
        )
        print("  no people here, get no stream, and are never exported.")
    if summary.not_seen:
        print(f"  {summary.not_seen:,} programs of an earlier load are not in it any more; they stay as they were.")
    if not summary.problems:
        return
    cells = len(summary.problems) - summary.skipped
    print(f"  {_many(summary.skipped, 'row was', 'rows were')} left out, and {_many(cells, 'part', 'parts')} of rows:")
    for problem in summary.problems if every else summary.problems[:SHOWN]:
        print(f"    {problem}")
    if not every and len(summary.problems) > SHOWN:
        print(f"    and {len(summary.problems) - SHOWN:,} more: --all prints them.")


WORDS = {
    "new": "new",
    "changed": "changed",
    "same": "as before",
    "kept": "kept as their agency wrote them",
    "own": "this network's own, left as they are",
    "withdrawn": "offered no more",
}


def _many(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"


def _told(summary: Summary, took: float) -> dict[str, Any]:
    return {
        "source": summary.source,
        "seconds": round(took, 2),
        "agencies": dict(summary.agencies),
        "programs": dict(summary.programs),
        "unvouched": summary.unvouched,
        "not_seen": summary.not_seen,
        "holds_nobody": summary.holds_nobody,
        "skipped": summary.skipped,
        "problems": [asdict(problem) for problem in summary.problems],
    }
