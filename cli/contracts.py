"""`throughcare contracts`: write the documents of the contracts, and hold the code to what was published."""

from pathlib import Path
from typing import Annotated

import typer

from shared.contracts.documents import published

app = typer.Typer(
    name="contracts", help="Event schemas, AsyncAPI documents and their compatibility.", no_args_is_help=True
)

Folder = Annotated[Path, typer.Option(help="Where the documents are.", file_okay=False)]
Unreleased = Annotated[
    list[str], typer.Option(metavar="TYPE", help="Forget what was published of types no release has; * matches.")
]


@app.command()
def write(folder: Folder = published.FOLDER, unreleased: Unreleased = []) -> None:  # noqa: B006  typer reads the default
    """Write schemas, AsyncAPI documents, catalogue and golden records, and publish what was added."""
    _tell(published.write(folder, unreleased=unreleased), "Nothing was written.")
    typer.echo(f"{len(published.EVENTS)} event types are written to {folder}.")


@app.command()
def check(folder: Folder = published.FOLDER) -> None:
    """Fail if the documents are not what the code says, or if the code breaks what was published."""
    _tell(published.check(folder), "The contracts do not hold.")
    typer.echo(f"{len(published.EVENTS)} event types hold what was published.")


def _tell(found: published.Findings, conclusion: str) -> None:
    if not found:
        return
    for sentence in found.sentences():
        typer.echo(sentence, err=True)
    typer.echo(conclusion, err=True)
    raise typer.Exit(1)
