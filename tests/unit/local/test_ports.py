"""Ports: free ones, and whose fault it is when they are not."""

import json
import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.local import portbook, ports
from shared.local.network import Network
from shared.local.settings import LocalSettings
from shared.local.trouble import Trouble


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A meeting place of this test alone."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder / "throughcare"


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


def settled(home: Path) -> dict[str, int]:
    network = Network(LocalSettings(home=home))
    network.settle_ports()
    return dict(network.ports)


def test_two_homes_that_choose_in_the_same_second_choose_different_ports(tmp_path: Path):
    with ThreadPoolExecutor(4) as pool:
        chosen = list(pool.map(settled, [tmp_path / str(n) for n in range(4)]))
    held = [port for found in chosen for port in found.values()]
    assert len(set(held)) == len(held)


def test_the_ports_of_a_home_that_was_deleted_are_free_again(tmp_path: Path):
    first = settled(tmp_path / "first")
    shutil.rmtree(tmp_path / "first")
    assert settled(tmp_path / "second") == first


@pytest.mark.parametrize("text", ["", "[]", "[1]", '{"x": 1}', '{"x": ["y"]}'])
def test_damaged_memory_of_neighbours_counts_as_none(cache: Path, tmp_path: Path, text: str):
    cache.mkdir()
    (cache / "ports.json").write_text(text)
    assert settled(tmp_path)


def test_without_a_cache_folder_ports_are_chosen_all_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert settled(tmp_path / "home")
