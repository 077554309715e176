"""`./throughcare permissions`: the permission table as a page for people."""

from pathlib import Path

import typer

from shared.security.document import document

PAGE = Path(__file__).parents[1] / "docs" / "permissions.md"

app = typer.Typer(help="Who may do what: the page written from the permission table.", no_args_is_help=True)


@app.command()
def write() -> None:
    """Write docs/permissions.md from the table."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(document(), encoding="utf-8")
    typer.echo(f"Wrote {PAGE.relative_to(PAGE.parents[1])}.")


@app.command()
def check() -> None:
    """Exit 1 where docs/permissions.md says something else than the table."""
    if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != document():
        typer.echo(
            "docs/permissions.md does not say what the table says: run ./throughcare permissions write.", err=True
        )
        raise typer.Exit(1)
    typer.echo("docs/permissions.md says what the table says.")
