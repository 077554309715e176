"""`throughcare workflows`: write the pages of the workflows from their tables, or say which have drifted."""

from pathlib import Path
from typing import Annotated, Any

import typer

from services.caseplan import concerns, plans, promises, referrals, setbacks
from services.intake import arrivals, consents, erasures, first_days, invited, links
from shared.workflow import Workflow, diagrams

FOLDER = Path("docs/workflows")
app = typer.Typer(
    name="workflows", help="State diagrams and tables of the workflows, written from the code.", no_args_is_help=True
)

# In the order in which a person meets them.
WORKFLOWS: tuple[tuple[Workflow[Any], str], ...] = (
    (invited.WORKFLOW, "services/intake/invited.py"),
    (arrivals.WORKFLOW, "services/intake/arrivals.py"),
    (first_days.WORKFLOW, "services/intake/first_days.py"),
    (consents.WORKFLOW, "services/intake/consents/table.py"),
    (plans.WORKFLOW, "services/caseplan/plans/table.py"),
    (promises.WORKFLOW, "services/caseplan/promises.py"),
    (referrals.WORKFLOW, "services/caseplan/referrals/table.py"),
    (setbacks.WORKFLOW, "services/caseplan/setbacks.py"),
    (concerns.WORKFLOW, "services/caseplan/concerns.py"),
    (links.WORKFLOW, "services/intake/links.py"),
    (erasures.WORKFLOW, "services/intake/erasures.py"),
)
Folder = Annotated[Path, typer.Option(help="Where the pages are.", file_okay=False)]


def pages() -> dict[str, str]:
    """Every page by its file name."""
    found = {f"{workflow.name}.md": diagrams.page(workflow, source) for workflow, source in WORKFLOWS}
    return found | {"README.md": diagrams.index([workflow for workflow, _ in WORKFLOWS], "cli/workflows.py")}


def drifted(folder: Path) -> list[str]:
    """Names of pages that are missing, stale or of no workflow."""
    wanted = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


@app.command()
def write(folder: Folder = FOLDER) -> None:
    """Write the pages."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for path in folder.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")
    typer.echo(f"{len(WORKFLOWS)} workflows are written to {folder}.")


@app.command()
def check(folder: Folder = FOLDER) -> None:
    """Fail if a page is not what the code says."""
    stale = drifted(folder)
    for name in stale:
        typer.echo(f"{folder / name} is not what the code says.", err=True)
    if stale:
        typer.echo("Write them with `./throughcare workflows write`.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{len(WORKFLOWS)} workflows are as the code says.")
