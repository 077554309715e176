"""docs/permissions.md says what the table says."""

from pathlib import Path

from typer.testing import CliRunner

from cli import permissions
from shared.security.document import document
from shared.security.table import TABLE


def test_the_page_in_docs_is_the_table():
    result = CliRunner().invoke(permissions.app, ["check"])
    assert result.exit_code == 0, result.output


def test_every_action_has_its_row():
    page = document()
    assert [action for action in TABLE if f"| `{action}` |" not in page] == []


def test_a_page_that_says_something_else_is_named(tmp_path: Path, monkeypatch):
    stale = tmp_path / "permissions.md"
    stale.write_text(document() + "| more |\n", encoding="utf-8")
    monkeypatch.setattr(permissions, "PAGE", stale)
    result = CliRunner().invoke(permissions.app, ["check"])
    assert result.exit_code == 1
    assert "permissions write" in result.output
    assert CliRunner().invoke(permissions.app, ["write"]).exit_code == 0
    assert CliRunner().invoke(permissions.app, ["check"]).exit_code == 0
