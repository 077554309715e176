"""`bench`: how fast the messaging core is beside a named limit, measured in the same run, on servers of its own."""

import asyncio
import json
import os
import platform
from pathlib import Path
from typing import Annotated, Any

import typer

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
NAMES = ("relay", "inbox")


def register(app: typer.Typer) -> None:
    @app.command()
    def bench(
        names: Annotated[list[str] | None, typer.Argument(help="relay, inbox; without a name, both.")] = None,
        events: Annotated[int, typer.Option(min=1000, help="Events a round.")] = 60_000,
        rounds: Annotated[int, typer.Option(min=1, help="Rounds that count, after the warm-up.")] = 5,
        to: Annotated[Path | None, typer.Option("--json", help="Write the results to this file.")] = None,
        write: Annotated[bool, typer.Option("--write", help="Write docs/benchmarks.md.")] = False,
    ) -> None:
        """Events a second, ours and the limit's in turn. Exit code 0 only when every goal is reached."""
        chosen = tuple(names or NAMES)
        if unknown := set(chosen) - set(NAMES):
            raise typer.BadParameter(f"there is no benchmark {sorted(unknown)[0]}; choose of {', '.join(NAMES)}")
        results = asyncio.run(_measure(chosen, events, rounds))
        table = _table(results)
        print(table)
        if to:
            to.write_text(json.dumps({"machine": _machine(), "results": results}, indent=2) + "\n", encoding="utf-8")
        if write:
            command = f"./throughcare bench {' '.join(chosen)} --events {events} --rounds {rounds}"
            PAGE.write_text(f"# Benchmarks\n\n{_machine()}. Command: `{command}`\n\n{table}\n", encoding="utf-8")
        raise typer.Exit(0 if all(result["reached"] for result in results) else 1)


async def _measure(names: tuple[str, ...], events: int, rounds: int) -> list[dict[str, Any]]:
    from bench import inbox, relay
    from bench.network import servers
    from services.reporting.reactions import reactions
    from services.reporting.store import PROJECTIONS

    found = []
    async with servers() as at:
        if "relay" in names:
            found.append(await relay.bench(at, events, rounds, print))
        if "inbox" in names:
            found.append(await inbox.bench(at, events, rounds, print, reactions, PROJECTIONS))
    return [result.as_json() for result in found]


def _table(results: list[dict[str, Any]]) -> str:
    lines = [
        "| bench | events/s | beside | its events/s | ratio | goal | rounds' ratios |",
        "|---|---|---|---|---|---|---|",
    ]
    for result in results:
        for number, limit in enumerate(result["beside"]):
            ours = (result["name"], f"{result['events_per_second']:,}") if number == 0 else ("", "")
            goal = result["goal"] if number == 0 else ""
            ratios = ", ".join(f"{ratio:.2f}" for ratio in limit["ratios"])
            row = (*ours, limit["limit"], f"{limit['events_per_second']:,}", f"{limit['ratio']:.2f}", goal, ratios)
            lines.append(f"| {' | '.join(str(cell) for cell in row)} |")
    return "\n".join(lines)


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return f"{os.cpu_count()} cores, {memory} GiB, Linux, Python {platform.python_version()}"
