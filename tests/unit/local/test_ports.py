"""Ports: free ones, and whose fault it is when they are not."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.local import portbook, ports
from shared.local.network import Network
from shared.local.settings import LocalSettings
from shared.local.trouble import Trouble


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((ports.LOOPBACK, ports.anywhere()))
        server.listen()
        yield server.getsockname()[1]


def test_a_port_in_use_is_passed_over(taken: int):
    assert not ports.is_free(taken)
    assert ports.answers(taken)
    assert ports.near(taken) > taken


def test_two_parts_never_get_the_same_port():
    first = ports.anywhere()
    assert ports.near(first, {first}) != first


def test_ports_are_chosen_once_and_remembered(tmp_path: Path):
    first = Network(LocalSettings(home=tmp_path))
    first.settle_ports()
    assert len(set(first.ports.values())) == len(portbook.FIRST_CHOICE)
    assert Network(LocalSettings(home=tmp_path)).ports == first.ports


def test_a_port_that_was_set_and_is_taken_is_named_with_its_setting(tmp_path: Path, taken: int):
    for setting in ("port", "kafka_port", "postgres_port"):
        there = Network(LocalSettings(home=tmp_path, **{setting: taken}))
        with pytest.raises(Trouble, match=f"Port {taken} is taken .*THROUGHCARE_{setting.upper()}"):
            there.settle_ports()


def test_a_remembered_port_that_was_taken_meanwhile_moves_and_is_told(tmp_path: Path, taken: int):
    settled = Network(LocalSettings(home=tmp_path))
    settled.settle_ports()
    (tmp_path / "network.json").write_text(json.dumps({"ports": {**settled.ports, "kafka": taken}}))
    moved = Network(LocalSettings(home=tmp_path))
    moved.settle_ports()
    assert moved.ports["kafka"] != taken
    assert moved.notes == [f"Port {taken} was taken, so kafka moved to {moved.ports['kafka']}."]
    assert Network(LocalSettings(home=tmp_path)).ports == moved.ports


@pytest.mark.parametrize("text", ["", "[]", "{", '{"ports": {"kafka": "x"}}'])
def test_damaged_memory_says_what_to_delete(tmp_path: Path, text: str):
    (tmp_path / "network.json").write_text(text)
    with pytest.raises(Trouble, match=r"network\.json is damaged: delete it"):
        assert Network(LocalSettings(home=tmp_path)).ports
