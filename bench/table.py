"""The page of results: drawn from the JSON beside it, so that a run of one benchmark leaves the others be."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.found import Row
from bench.suite import BENCHES, Report

DOCS = Path(__file__).parents[1] / "docs"
PAGE, DATA = DOCS / "benchmarks.md", DOCS / "benchmarks.json"
BEGIN, END = "<!-- from benchmarks.json: begin -->", "<!-- end -->"
HEAD = "| bench | what | ours | beside | ratio, middle (range) | goal | µs of processor an event, ours / theirs |"


def write(report: Report, data: Path = DATA, page: Path = PAGE) -> None:
    """Keep the results of this run, and draw the table anew."""
    kept: dict[str, Any] = json.loads(data.read_text(encoding="utf-8")) if data.exists() else {}
    for result in report.results:
        kept[result.name] = {
            "command": report.command,
            "machine": dict(report.machine),
            **result.as_json(),
            "rows": [row._asdict() for row in result.rows()],
            "notes": result.notes(),
        }
    data.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{draw(kept)}{END}{rest.partition(END)[2]}", encoding="utf-8")


def draw(kept: Mapping[str, Any]) -> str:
    shown = [kept[name] for name in BENCHES if name in kept]
    lines = [HEAD, "|-|-|-|-|-|-|-|"]
    lines += [f"| {' | '.join(str(cell) for cell in row.values())} |" for found in shown for row in found["rows"]]
    notes = [line for found in shown for note in found["notes"] for line in (note, "")]
    return "\n".join([*lines, "", *notes, *dict.fromkeys(map(_where, shown)), ""])


def line(row: Row) -> str:
    """The row for a terminal."""
    beside = f"  beside {row.limit}" if row.limit else ""
    goal = f"  goal {row.goal.replace('*', '')}" if row.goal else ""
    return f"{row.bench:<11}{row.what}: {row.ours}{beside}  {row.ratio}{goal}"


def _where(found: Mapping[str, Any]) -> str:
    machine = found["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return (
        f"`{found['command']}` on {machine['when']}: {machine['cores']} cores of {machine['processor']}, "
        f"{machine['memory_gib']} GiB, {machine['system']}; {versions}. "
        f"Load of the machine before and after: {machine['load_before']} and {machine['load_after']}.\n"
    )
