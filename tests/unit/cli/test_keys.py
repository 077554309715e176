"""`keys` says which master key may go, and is content only when everything is under the newest."""

import json

import pytest
from typer.testing import CliRunner

from cli import keys

NEW, OLD = {"id": "5d4c", "state": "newest"}, {"id": "9526", "state": "known"}


def found(monkeypatch, *masters: dict, **more) -> None:
    rows = {"finished": not any(one["rows"] for one in masters[1:]), "erased": 1, "in_the_ledger": 1}
    spent = [one["id"] for one in masters if one["state"] == "known" and not one["rows"]]
    said = {"at": "2026-11-23T00:00:00+00:00", "masters": list(masters), "may_be_dropped": spent, **rows, **more}
    monkeypatch.setattr(keys, "_as_owner", lambda work: said)


def test_the_old_one_may_go_once_it_wraps_nothing_and_no_backup_needs_it(monkeypatch):
    found(monkeypatch, NEW | {"rows": 8, "people": 2}, OLD | {"rows": 0, "people": 0})
    said = CliRunner().invoke(keys.app, ["status"])
    assert said.exit_code == 0
    assert "9526 wraps nothing as of 2026-11-23" in said.output
    assert "no backup of the key store" in said.output


@pytest.mark.parametrize(("state", "says"), [("known", "keys rotate"), ("unknown", "unknown master key")])
def test_keys_under_another_one_are_told_with_what_to_do(monkeypatch, state, says):
    found(monkeypatch, NEW | {"rows": 8, "people": 2}, OLD | {"rows": 3, "people": 1, "state": state})
    for command in ("status", "rotate"):
        said = CliRunner().invoke(keys.app, [command])
        assert said.exit_code == 1
        assert says in said.output
        assert "wraps nothing" not in said.output


def test_keys_that_no_rotation_can_wrap_anew_are_told_as_damaged_and_not_to_be_rotated_again(monkeypatch):
    anew = {"rows": 5, "people": 1, "partner_passwords": 0}
    masters = NEW | {"rows": 8, "people": 2}, OLD | {"rows": 3, "people": 1}
    found(monkeypatch, *masters, made=False, wrapped_anew=anew, damaged=3)
    said = CliRunner().invoke(keys.app, ["rotate"])
    assert said.exit_code == 1
    assert "3 keys are damaged" in said.output and keys.RUNBOOK in said.output
    assert "wraps them anew" not in said.output


@pytest.mark.parametrize(("named", "warns"), [(0, True), (1, False), (2, False)])
def test_a_ledger_that_names_fewer_than_are_erased_is_no_help_after_a_restore(monkeypatch, named, warns):
    found(monkeypatch, NEW | {"rows": 8, "people": 2}, in_the_ledger=named)
    said = CliRunner().invoke(keys.app, ["status"])
    assert ("a restore would bring them back" in said.output) is warns


def test_a_program_reads_the_same_as_json_and_nothing_else(monkeypatch):
    anew = {"rows": 8, "people": 2, "partner_passwords": 0}
    found(monkeypatch, NEW | {"rows": 8, "people": 2}, made=True, wrapped_anew=anew, damaged=0)
    said = CliRunner().invoke(keys.app, ["rotate", "--json"])
    assert said.exit_code == 0
    assert json.loads(said.output)["wrapped_anew"] == anew
