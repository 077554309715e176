"""`faults`: kill everything, many times, and let one history judge what came of it."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def register(app: typer.Typer) -> None:
    @app.command()
    def faults(
        events: Annotated[int, typer.Option(min=100, help="Events to be asked for.")] = 20_000,
        kills: Annotated[int, typer.Option(min=0, help="Processes and servers to be killed meanwhile.")] = 100,
        seed: Annotated[int, typer.Option(help="The same seed, the same chaos.")] = 7,
        mutants: Annotated[
            bool, typer.Option(help="Prove the harness: break a guarantee, expect it to notice.")
        ] = True,
        to: Annotated[Path | None, typer.Option("--json", help="Write the report to this file.")] = None,
    ) -> None:
        """Faults under load, on a network of its own: four services, their servers, a partner's client.

        Exit code 0 only when nothing was lost, doubled, inverted or told too late, and every mutant was caught.
        """
        from shared.messaging.failpoints import MUTANTS
        from tests.faults.run import catch_mutants, run

        async def play() -> tuple[dict[str, Any], bool]:
            report = await run(events, kills, seed, say=_say)
            if mutants:
                report.mutants_caught = await catch_mutants(seed, say=_say)
            return json.loads(report.json()), report.ok and (not mutants or len(report.mutants_caught) == len(MUTANTS))

        report, ok = asyncio.run(play())
        print(json.dumps(report, indent=2))
        if to:
            to.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        raise typer.Exit(0 if ok else 1)


def _say(text: str) -> None:
    """At once, also into a pipe: a run takes minutes. What stands on standard output is the report alone."""
    print(text, file=sys.stderr, flush=True)
