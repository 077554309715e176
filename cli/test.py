"""`test`: the fast tier first; then everything that needs servers; in two processes, each with servers of its own.

A broken fast tier ends the run: minutes of slower tests would say the same thing less clearly.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from shared.local.settings import ROOT

OURS = ("THROUGHCARE_TEST_", "THROUGHCARE_JARS", "THROUGHCARE_MAVEN")
GIVEN = ("THROUGHCARE_TEST_KAFKA", "THROUGHCARE_TEST_DATABASE")  # servers that two processes would have to share
FAST = ("tests/unit", "tests/contracts")
SLOW = ("tests/faults", "tests/integration", "tests/e2e", "tests/security")
TOGETHER = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")


def register(app: typer.Typer) -> None:
    @app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
    def test(
        context: typer.Context,
        arguments: Annotated[list[str] | None, typer.Argument(metavar="[PYTEST ARGUMENTS]")] = None,
    ) -> None:
        """Run all tests against servers of their own. With arguments it is one pytest run with these."""
        given = [*(arguments or []), *context.args]
        together = () if any(name in os.environ for name in GIVEN) else TOGETHER
        runs = [given] if given else [(*TOGETHER, *FAST), (*together, *SLOW)]
        for run in runs:
            if code := _pytest(run):
                raise typer.Exit(code)


def _pytest(arguments: Sequence[str]) -> int:
    # A network that is up here must not reach into the tests, nor they into it.
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("THROUGHCARE_") or key.startswith(OURS)
    }
    command = [sys.executable, "-P", "-m", "pytest", *arguments]
    try:
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 130  # pytest has said so itself
