"""`dlq`: what is given up is given up in writing, in the operator's own words."""

import getpass
from contextlib import asynccontextmanager

import pytest
from typer.testing import CliRunner

from cli import dlq
from shared.messaging import deadletters


@pytest.fixture
def acts(monkeypatch):
    """What is done with letters, and the state they are in afterwards."""
    done = []

    @asynccontextmanager
    async def inbox(network, service):
        yield service

    async def act(*what):
        done.append(what)
        return "replayed"

    monkeypatch.setattr(dlq, "inbox", inbox)
    monkeypatch.setattr(dlq, "Network", lambda: None)
    for name in ("accept", "drop"):
        monkeypatch.setattr(deadletters, name, act)
    return done


@pytest.mark.parametrize("command", [["accept"], ["drop", "--yes"]], ids=["accept", "drop"])
def test_who_gives_something_up_says_why(acts, command: list[str]):
    words = [*command, "intake", "7"]
    assert CliRunner().invoke(dlq.app, words).exit_code == 2
    assert acts == []
    assert CliRunner().invoke(dlq.app, [*words, "--because", "known gone"]).exit_code == 0
    assert acts == [("intake", 7, f"operator:{getpass.getuser()}", "known gone")]
