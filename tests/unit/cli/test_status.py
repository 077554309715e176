"""`status` says that all is well only when it is."""

import json
import warnings

import pytest
import typer
from typer.testing import CliRunner

from cli import status
from shared.local.network import Network
from shared.local.settings import LocalSettings
from shared.local.trouble import Trouble

PART = {"name": "caseplan", "state": "running", "pid": 7, "port": 8002, "memory_mib": 90}


def told(monkeypatch, *args: str, ready: bool = True, **parked: int | None):
    async def found(self):
        return {"home": "/h", "url": "http://127.0.0.1:1", "ready": ready, "parked": parked, "parts": [PART]}

    monkeypatch.setattr(Network, "status", found)
    app = typer.Typer()
    status.register(app)
    return CliRunner().invoke(app, list(args))


def test_all_is_well_when_everything_runs_and_nothing_is_parked(monkeypatch):
    said = told(monkeypatch, caseplan=0, intake=None)
    assert said.exit_code == 0
    assert "Throughcare is running" in said.output
    assert "parked" not in said.output


def test_parked_records_are_counted_and_the_way_to_them_is_named(monkeypatch):
    said = told(monkeypatch, caseplan=2, intake=0)
    assert said.exit_code == 1
    assert "(caseplan 2): `./throughcare dlq list`" in said.output


def test_programs_are_told_the_same(monkeypatch):
    said = told(monkeypatch, "--json", caseplan=2, intake=0)
    assert said.exit_code == 1
    assert json.loads(said.output)["parked"] == {"caseplan": 2, "intake": 0}


async def test_what_is_in_the_way_of_telling_is_all_that_is_told(monkeypatch, tmp_path):
    network = Network(LocalSettings(home=tmp_path))

    def no_ports(self):
        raise Trouble("network.json can't be read.")

    monkeypatch.setattr(Network, "services", property(no_ports))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Trouble):
            await network.status()
