"""The pages in docs/workflows say what the code decides by."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import workflows as command
from shared.workflow import LAPSE, Party, Workflow
from shared.workflow.checks import faults
from shared.workflow.diagrams import crowded, mermaid, page
from tests.unit.workflow.toy import Stage, lamp, move, with_row

ROOT = Path(__file__).parents[3]
WORKFLOWS = [workflow for workflow, _ in command.WORKFLOWS]
each_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
run = CliRunner()


@each_workflow
def test_no_table_has_a_fault(workflow: Workflow):
    assert faults(workflow) == []


def test_the_pages_are_what_the_code_says():
    assert command.drifted(ROOT / command.FOLDER) == [], "write them with `./throughcare workflows write`"


@pytest.mark.parametrize(("workflow", "source"), command.WORKFLOWS, ids=lambda value: getattr(value, "name", ""))
def test_a_page_names_the_file_to_change(workflow, source):
    assert (ROOT / source).is_file()
    assert source in page(workflow, source)


@each_workflow
def test_a_page_has_every_stage_and_every_move(workflow: Workflow):
    text = page(workflow, "x")
    for stage in workflow.stages:
        assert f"| `{stage}` | {stage.label} | {stage.explanation} |" in text
    assert text.count("\n| `") == len(workflow.stages) + len(list(workflow.rows()))
    assert not re.search(r"\bNone\b", text)


@each_workflow
def test_a_drawing_is_one_that_mermaid_reads(workflow: Workflow):
    lines = mermaid(workflow, aside=crowded(workflow)).splitlines()
    assert lines[0] == "stateDiagram-v2"
    names = {str(stage) for stage in workflow.stages} | {"[*]"}
    for line in lines[1:]:
        arrow = re.fullmatch(r"    (\S+) --> (\S+)(?:: [\w ,]+)?", line)
        label = re.fullmatch(r"    (\w+): [^:;#]+", line)
        assert arrow or label, line
        assert set((arrow or label).groups()) & names


def test_a_drawing_shows_silence_by_its_name():
    assert "    dim --> out: silence" in mermaid(lamp())


def test_a_drawing_leaves_out_what_would_cover_it():
    text = mermaid(lamp(), aside=frozenset({"light"}))
    assert "dim --> lit" not in text


def test_a_move_that_leads_back_is_drawn_to_where_it_may_lead():
    back = lamp(moves=with_row(Stage.DIM, light=move(None, Party.PERSON)), returns_to=frozenset({Stage.LIT}))
    assert "    dim --> lit: light" in mermaid(back)


def test_verbs_that_are_possible_nearly_everywhere_are_told_apart_and_silence_never_is():
    referral = next(workflow for workflow in WORKFLOWS if workflow.name == "referral")
    assert crowded(referral) == {"withdraw", "pause", "mark_error"}
    assert all(LAPSE not in crowded(workflow) for workflow in WORKFLOWS)


def test_check_names_what_has_drifted_and_write_mends_it(tmp_path):
    assert run.invoke(command.app, ["write", "--folder", str(tmp_path)]).exit_code == 0
    assert run.invoke(command.app, ["check", "--folder", str(tmp_path)]).exit_code == 0
    (tmp_path / "referral.md").write_text("something else")
    (tmp_path / "left_over.md").write_text("of a workflow that is gone")
    found = run.invoke(command.app, ["check", "--folder", str(tmp_path)])
    assert found.exit_code == 1
    assert "referral.md" in found.output
    assert "left_over.md" in found.output
    run.invoke(command.app, ["write", "--folder", str(tmp_path)])
    assert command.drifted(tmp_path) == []
