"""`bench`: how fast the core is, each time beside a named limit measured in the same minute."""

import json
import logging
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    @app.command()
    def bench(
        which: Annotated[
            list[str] | None,
            typer.Argument(
                help="relay, inbox, sealed, commands, page, search, signin, session, front_door, consent, rotation, "
                "audit, duplicates, latency, memory; all of them if none is named."
            ),
        ] = None,
        events: Annotated[
            int | None, typer.Option(min=1_000, help="Instead of the usual number: in a round, or through the memory.")
        ] = None,
        rounds: Annotated[int, typer.Option(min=1, help="Rounds that count; the warm-up comes before.")] = 7,
        to: Annotated[Path | None, typer.Option("--json", help="Write the results to this file.")] = None,
        write: Annotated[bool, typer.Option("--write", help="Put the results into docs/benchmarks.md.")] = False,
    ) -> None:
        """How fast the core is, on servers of its own. Exit code 0 only when every goal is reached."""
        import uvloop

        from bench import suite, table
        from bench.found import Plan

        names = _named(which or [], list(suite.BENCHES))
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a group that is just being made is no news
        plan = Plan(events, rounds, lambda text: print(text, flush=True))
        report = uvloop.run(suite.run(names, plan, _command(which or [], events, rounds)))
        if to:
            to.write_text(json.dumps(report.as_json(), indent=2) + "\n", encoding="utf-8")
        if write:
            table.write(report)
        print()
        for result in report.results:
            for row in result.rows():
                print(table.line(row))
        raise typer.Exit(0 if report.reached else 1)


def _command(which: list[str], events: int | None, rounds: int) -> str:
    """As somebody would type it to see the same."""
    return " ".join(["./throughcare bench", *which, *([f"--events {events}"] if events else []), f"--rounds {rounds}"])


def _named(asked: list[str], known: list[str]) -> list[str]:
    unknown = [name for name in asked if name not in (*known, "all")]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]} is none of {', '.join(known)}, all")
    return [name for name in known if name in asked] if asked and "all" not in asked else known
