"""`test`: every tier in one pytest run, the fast one first, so that the last line is its summary."""

import os
import subprocess
import sys
from typing import Annotated

import typer

from shared.local.settings import ROOT

OURS = ("THROUGHCARE_TEST_", "THROUGHCARE_JARS", "THROUGHCARE_MAVEN")


def register(app: typer.Typer) -> None:
    @app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
    def test(
        context: typer.Context,
        arguments: Annotated[list[str] | None, typer.Argument(metavar="[PYTEST ARGUMENTS]")] = None,
    ) -> None:
        """Run all tests against a Kafka and a Postgres of their own. Arguments go to pytest."""
        # A network that is up here must not reach into the tests, nor they into it.
        environment = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith("THROUGHCARE_") or key.startswith(OURS)
        }
        command = [sys.executable, "-P", "-m", "pytest", *(arguments or []), *context.args]
        try:
            done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None  # pytest has said so itself
        raise typer.Exit(done.returncode)
