"""A home that was opened for real people is never opened as a demo, which has no passwords."""

from pathlib import Path

import pytest

from cli.__main__ import main
from cli.up import bring_up
from shared.local import purpose
from shared.local.network import Network
from shared.local.settings import LocalSettings
from shared.local.trouble import Trouble


def test_a_demo_may_be_started_again_and_may_become_real(tmp_path: Path):
    for demo in (True, True, False, False):
        purpose.settle(tmp_path, demo=demo)


async def test_what_was_real_is_not_opened_as_a_demo_and_nothing_is_started(tmp_path: Path, capsys):
    purpose.settle(tmp_path, demo=False)
    with pytest.raises(Trouble, match=r"no passwords: set THROUGHCARE_DEMO=0 again"):
        await bring_up(Network(LocalSettings(home=tmp_path)))
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "network.json").exists()


@pytest.mark.parametrize("demo", [True, False])
def test_no_story_is_played_among_real_people(monkeypatch, capsys, tmp_path: Path, demo: bool):
    purpose.settle(tmp_path, demo=False)
    monkeypatch.setenv("THROUGHCARE_HOME", str(tmp_path))
    monkeypatch.setenv("THROUGHCARE_DEMO", str(int(demo)))
    assert main(["demo"]) == 1
    assert "for real people" in capsys.readouterr().err
