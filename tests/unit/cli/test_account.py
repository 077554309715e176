"""`account invite`: a link is announced once there is one, and intake's own role makes it."""

import pytest
from typer.testing import CliRunner

from cli import account
from cli.failing import explain

NAMES = ("DATABASE", "DATABASE_PASSWORD_FILE", "DEMO")
INTAKES = {"THROUGHCARE_DATABASE": "postgresql://intake@127.0.0.1:1/throughcare", "THROUGHCARE_DEMO": "1"}


@pytest.fixture(autouse=True)
def given(monkeypatch):
    """The administrator's settings, as for a Postgres that somebody else runs; put back at the end."""
    admins = ("postgresql://admin@127.0.0.1:1/throughcare", "/run/secrets/admin", "1")
    for name, value in zip(NAMES, admins, strict=True):
        monkeypatch.setenv(f"THROUGHCARE_{name}", value)


def asked(monkeypatch, *words: str):
    """What is typed, and for which services the network's settings were taken."""
    taken: list[str] = []

    class Network:
        def environment(self, service: str) -> dict[str, str]:
            taken.append(service)
            return INTAKES | {"THROUGHCARE_DATABASE_PASSWORD_FILE": ""}

    monkeypatch.setattr(account, "Network", Network)
    return CliRunner().invoke(account.app, ["invite", *words]), taken


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["ab", "--name", "Ruth"], "3 to 61 small letters"),
        (["ruth", "--name", " "], "--name NAME"),
        (["ruth", "--name", "Ruth", "--role", "mentor"], "network_admin, ops and auditor"),
    ],
)
def test_whoever_can_not_be_invited_is_told_why_and_no_link_is_announced(monkeypatch, capsys, words, says):
    said, taken = asked(monkeypatch, *words)
    assert taken == ["intake"], "an administrator's password in a file is not intake's"
    assert said.stdout == ""
    assert said.exception and explain(said.exception) == 1
    assert says in capsys.readouterr().err


def test_in_intakes_own_container_its_settings_are_there_already(monkeypatch):
    monkeypatch.setenv("THROUGHCARE_DATABASE", INTAKES["THROUGHCARE_DATABASE"])
    monkeypatch.setenv("THROUGHCARE_DATABASE_PASSWORD_FILE", "")
    _, taken = asked(monkeypatch, "ab", "--name", "Ruth")
    assert taken == []
