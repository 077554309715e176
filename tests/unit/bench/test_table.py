"""The page of results, drawn from the JSON beside it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import table
from bench.found import Row
from bench.memory import Sample, Size, Weight
from bench.suite import Report

MACHINE = {
    "when": "2026-11-22", "processor": "Some", "cores": 2, "memory_gib": 23, "system": "Linux 6",
    "load_before": 0.1, "load_after": 2.0, "versions": {"python": "3.11"},
}  # fmt: skip


AT_REST = Size(60.0, 40.0)


@dataclass
class Found:
    name: str
    ours: str
    reached: bool = True

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "reached": self.reached}

    def rows(self) -> list[Row]:
        return [Row(self.name, "what", self.ours, "a limit", "0.70", "0.6: reached", "1 / 2")]

    def notes(self) -> list[str]:
        return [f"More of {self.name}."]


def written(folder: Path, *found: Found) -> str:
    data, page = folder / "benchmarks.json", folder / "benchmarks.md"
    if not page.exists():
        page.write_text(f"Before.\n{table.BEGIN}\n{table.END}\nAfter.\n", encoding="utf-8")
    table.write(Report("./throughcare bench", MACHINE, found), data, page)
    return page.read_text(encoding="utf-8")


def test_a_run_of_one_benchmark_leaves_the_rows_of_others(tmp_path: Path):
    written(tmp_path, Found("relay", "30,000/s"), Found("inbox", "20,000/s"))
    page = written(tmp_path, Found("inbox", "25,000/s"))
    assert "| relay | what | 30,000/s |" in page
    assert "| inbox | what | 25,000/s |" in page and "20,000/s" not in page
    assert page.startswith("Before.\n") and page.endswith("\nAfter.\n")


def test_the_page_says_on_which_machine_and_by_which_command_once(tmp_path: Path):
    page = written(tmp_path, Found("relay", "1/s"), Found("inbox", "1/s"))
    assert page.count("`./throughcare bench` on 2026-11-22: 2 cores of Some") == 1
    assert "More of relay." in page


def test_what_was_found_is_kept_with_whether_its_goal_was_reached(tmp_path: Path):
    written(tmp_path, Found("relay", "1/s", reached=False))
    assert json.loads((tmp_path / "benchmarks.json").read_text(encoding="utf-8"))["relay"]["reached"] is False


def test_a_process_that_fills_its_caches_first_has_not_grown():
    level = [Sample(events, Size(200.0, 100.0 if events > 1 else 50.0)) for events in range(1, 11)]
    assert Weight("reporting", AT_REST, samples=level).reached


def test_a_process_that_gains_with_every_event_has_grown():
    rising = [Sample(events, Size(200.0, 100.0 + 2 * events)) for events in range(1, 11)]
    assert not Weight("reporting", AT_REST, samples=rising).reached
    assert Weight("kafka", AT_REST, samples=rising).reached  # a server keeps what it is given


def test_a_greater_share_of_common_pages_is_no_growth():
    alone = [Sample(events, Size(100.0 + events, 80.0)) for events in range(1, 11)]
    assert Weight("reporting", AT_REST, samples=alone).reached
