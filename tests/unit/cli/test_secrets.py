"""What containers are given lies in a folder that nobody else on the machine can enter; what was there stays."""

import stat
from pathlib import Path

from typer.testing import CliRunner

from cli import secrets
from cli.failing import explain
from shared.security import signing


def make(folder: Path) -> None:
    said = CliRunner().invoke(secrets.app, ["--folder", str(folder)])
    assert said.exit_code == 0, said.output


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_containers_may_read_each_secret_and_other_users_of_the_machine_reach_none(tmp_path: Path):
    folder = tmp_path / "secrets"
    make(folder)
    given = [folder / secrets.FILES / name for name in secrets.names()]
    given += [folder / secrets.TOKENS / half for half in (signing.PRIVATE, signing.PUBLIC)]
    assert {mode(path) for path in given} == {0o644}
    assert mode(folder) == 0o700


def test_secrets_of_an_earlier_version_stay_what_they_were(tmp_path: Path):
    (tmp_path / "sealing").write_text("one of last year")
    make(tmp_path)
    kept = tmp_path / secrets.FILES / "sealing"
    assert kept.read_text() == "one of last year"
    assert not (tmp_path / "sealing").exists()
    before = {path: path.read_text() for path in kept.parent.iterdir()}
    make(tmp_path)
    assert {path: path.read_text() for path in kept.parent.iterdir()} == before


def test_where_no_token_was_ever_signed_nothing_is_rotated(tmp_path: Path, capsys):
    said = CliRunner().invoke(secrets.app, ["rotate", "signing", "--folder", str(tmp_path / "mistyped")])
    assert said.exception and explain(said.exception) == 1
    assert "There are no keys of tokens in" in capsys.readouterr().err
    assert not (tmp_path / "mistyped").exists()
