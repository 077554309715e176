"""A command that fails says one sentence, and what to do."""

import errno
from pathlib import Path

import pytest

from cli.__main__ import COMMANDS, main
from cli.failing import explain
from shared.local.trouble import Trouble
from shared.runtime.database import DatabaseAway
from shared.security.keys import KeyMissing


def last(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr().err.strip()
    assert "\n" not in said
    assert "Traceback" not in said
    return said


def test_trouble_is_its_own_sentence(capsys):
    assert explain(Trouble("Port 1 is taken: stop it.")) == 1
    assert last(capsys) == "Port 1 is taken: stop it."


def test_a_key_that_is_lost_leads_to_the_runbook(capsys):
    assert explain(KeyMissing("no facts key for person 7")) == 1
    assert last(capsys).startswith("There is no facts key for person 7: docs/runbooks/restore-the-key-store.md")


def test_a_full_disk_says_so(capsys):
    assert explain(OSError(errno.ENOSPC, "No space left on device", "/data/x")) == 1
    assert last(capsys).startswith("The disk is full")


@pytest.mark.parametrize("error", [ConnectionRefusedError(111, "refused"), DatabaseAway("x"), TimeoutError()])
def test_a_network_that_is_down_is_told_how_to_start(capsys, error: Exception):
    assert explain(error) == 1
    assert "`./throughcare up` starts" in last(capsys)


def test_a_home_that_is_a_file_says_so(capsys, monkeypatch, tmp_path: Path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("THROUGHCARE_HOME", str(tmp_path / "file"))
    assert main(["up"]) == 1
    assert last(capsys) == (
        f"Could not use the folder {tmp_path / 'file'}: a file is there; move it, or name another folder with "
        "THROUGHCARE_HOME."
    )


def test_a_kafka_without_its_password_is_named_before_anything_is_asked(capsys, monkeypatch, tmp_path: Path):
    monkeypatch.setenv("THROUGHCARE_HOME", str(tmp_path))
    monkeypatch.setenv("THROUGHCARE_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("THROUGHCARE_DATABASE", "postgresql://a@127.0.0.1:1/x")
    assert main(["prepare"]) == 1
    assert last(capsys).startswith("THROUGHCARE_KAFKA and what goes with it can't be used: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["replay"],
        ["replay", "--all", "--report"],
        ["dlq", "show", "mars", "1"],
        ["erase", "01934b00-0000-7000-8d00-000000000001", "--known", "document", "--take-back"],
    ],
)
def test_a_command_that_can_be_meant_two_ways_does_nothing(capsys, arguments: list[str]):
    assert main(arguments) == 2
    assert last(capsys).startswith("Invalid value")


def test_what_nobody_foresaw_goes_to_a_file(capsys):
    assert explain(ZeroDivisionError("division by zero")) == 1
    path = Path(last(capsys).rpartition(" ")[2].rstrip("."))
    assert "ZeroDivisionError: division by zero" in path.read_text()
    path.unlink()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "abc", "THROUGHCARE_PORT can't be used: "),
        ("PORT", "70000", "THROUGHCARE_PORT can't be used: "),
        ("KAFKA_SECURITY", "none", "THROUGHCARE_KAFKA_SECURITY can't be used: "),
        ("DATABASE", "localhost", "THROUGHCARE_DATABASE looks like "),
        ("KAFKA_CA_FILE", "/no/such.pem", "THROUGHCARE_KAFKA_CA_FILE can't be used: there is no file /no/such.pem"),
        ("ERASURES", "/no/such", "THROUGHCARE_ERASURES names /no/such, and there is none: make it, or mount"),
        ("KAFKA_PASSWORD_FILE", "/no/such", "THROUGHCARE_KAFKA_PASSWORD_FILE names /no/such"),
        ("HOME", "/tmp/a:b", "THROUGHCARE_HOME can't be used: "),
    ],
)
def test_a_wrong_setting_is_named(capsys, monkeypatch, name: str, value: str, said: str):
    monkeypatch.setenv(f"THROUGHCARE_{name}", value)
    assert main(["status"]) == 2
    assert last(capsys).startswith(said)


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["up", "--nonsense"], ["logs"], ["logs", "a", "b", "c"], ["secrets", "rotate", "sealing"]],
)
def test_a_wrong_command_line_points_to_help(capsys, arguments: list[str]):
    assert main(arguments) == 2
    said = last(capsys)
    assert said.endswith("See `./throughcare --help`.")
    assert "Value error" not in said


def test_an_unknown_part_is_told_the_known_ones(capsys):
    assert main(["logs", "mars"]) == 1
    assert "choose one of intake, caseplan" in last(capsys)


def test_reset_asks_before_it_deletes(capsys, monkeypatch, tmp_path: Path):
    monkeypatch.setenv("THROUGHCARE_HOME", str(tmp_path))
    assert main(["reset"]) == 1
    assert "--yes" in last(capsys)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(capsys, command: str):
    assert main([command, "--help"]) == 0
    assert "Usage:" in capsys.readouterr().out
