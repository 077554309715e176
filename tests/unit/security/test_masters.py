"""Master keys: the newest wraps, all that are known unwrap, and a changed file is noticed while the process runs."""

import asyncio
import os
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.contracts.compartments import Compartment
from shared.runtime.settings import Settings
from shared.security.keys import place_of
from shared.security.masters import (
    LOOK_EVERY,
    Damaged,
    FileMasters,
    LocalMaster,
    Master,
    Masters,
    masters_of,
    sealing_secrets,
)
from tests.unit.security.masters_contract import PLACE, MastersContract


class KeyService:
    """A stand-in for a KMS: the key never leaves it, and every call is a turn over the network."""

    def __init__(self, name: str) -> None:
        self.id = f"kms:keys/{name}/versions/1".encode()
        self._cipher = AESGCM(os.urandom(32))

    async def wrap(self, place: bytes, key: bytes) -> bytes:
        await asyncio.sleep(0)
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, key, place)

    async def unwrap(self, place: bytes, wrapped: bytes) -> bytes:
        await asyncio.sleep(0)
        try:
            return self._cipher.decrypt(wrapped[:12], wrapped[12:], place)
        except (InvalidTag, ValueError) as error:
            raise Damaged("refused") from error


class TestLocalMaster(MastersContract):
    @pytest.fixture
    def master(self) -> Master:
        return LocalMaster("one secret")

    @pytest.fixture
    def stranger(self) -> Master:
        return LocalMaster("another secret")

    def test_the_same_secret_is_the_same_master_key(self):
        assert LocalMaster("one secret").id == LocalMaster("one secret").id

    async def test_what_earlier_versions_wrapped_still_opens(self):
        """Their own words: the derivation is a promise to every key store there is."""
        master = LocalMaster("a sealing key of this test, long enough")
        wrapped = bytes.fromhex(
            "ac76cb3fe6595b30cfe4827eb642ade383e86036f819875df83d95c93789"
            "849b65132fd9cc41d04afb9de617cd31039240cb605e6319da94add19beb"
        )
        assert master.id.hex() == "9526507be4a52f0b"
        assert await master.unwrap(place_of(UUID(int=7), Compartment.CONTACT), wrapped) == bytes(range(32))


class TestKeyService(MastersContract):
    @pytest.fixture
    def master(self) -> Master:
        return KeyService("one")

    @pytest.fixture
    def stranger(self) -> Master:
        return KeyService("another")


def ids(masters: Masters) -> list[bytes]:
    return [master.id for master in masters.all]


def test_the_first_line_wraps_and_every_line_unwraps():
    old, new = LocalMaster("old"), LocalMaster("new")
    masters = Masters.of("new\n\nold\n")
    assert masters.newest.id == new.id
    found = masters.find(old.id)
    assert found is not None and found.id == old.id
    assert masters.find(LocalMaster("nobody's").id) is None


def test_a_line_that_stands_twice_counts_once():
    assert len(Masters.of("a\nb\na\n").all) == 2


@pytest.mark.parametrize("text", ["", "\n", "  \n\n"])
def test_without_any_secret_there_is_no_key_store(text: str):
    with pytest.raises(ValueError, match="master key"):
        Masters.of(text)


async def test_ours_and_a_key_services_stand_side_by_side():
    """How a network moves to one: the service's key first, ours behind it until every row is wrapped anew."""
    ours, service = LocalMaster("ours"), KeyService("theirs")
    key, masters = os.urandom(32), Masters([service, ours])
    old = masters.find(ours.id)
    assert old is not None
    moved = await masters.newest.wrap(PLACE, await old.unwrap(PLACE, await ours.wrap(PLACE, key)))
    assert await service.unwrap(PLACE, moved) == key


class Clock:
    at = 0.0

    def __call__(self) -> float:
        return self.at


def put(path: Path, text: str) -> None:
    """Replaced in one step, as a rotation does it."""
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").replace(path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sealing"
    path.write_text("old")
    return path


def test_a_new_secret_wraps_within_a_second(file: Path):
    clock = Clock()
    masters = FileMasters(file, clock)
    put(file, "new\nold")
    clock.at = LOOK_EVERY / 2
    assert masters.newest.id == LocalMaster("old").id
    clock.at = LOOK_EVERY
    assert masters.newest.id == LocalMaster("new").id
    assert ids(masters) == [LocalMaster("new").id, LocalMaster("old").id]


def test_the_file_is_looked_at_once_a_second_at_most(file: Path, monkeypatch):
    clock, looks = Clock(), []
    masters, stat = FileMasters(file, clock), Path.stat
    monkeypatch.setattr(Path, "stat", lambda path, **more: looks.append(path) or stat(path, **more))
    for _ in range(1000):
        _ = masters.newest
    assert looks == []
    clock.at = LOOK_EVERY
    for _ in range(1000):
        _ = masters.newest
    assert len(looks) == 1


def test_a_master_key_that_nobody_has_heard_of_is_looked_for_at_once(file: Path):
    """Another process may have wrapped with it a moment ago."""
    masters = FileMasters(file, Clock())
    put(file, "new\nold")
    assert masters.find(LocalMaster("new").id) is not None


@pytest.mark.parametrize("text", [None, "", "\n"])
def test_a_file_that_is_away_or_empty_takes_no_master_key_from_us(file: Path, text: str | None):
    clock = Clock()
    masters = FileMasters(file, clock)
    if text is None:
        file.unlink()
    else:
        put(file, text)
    clock.at = LOOK_EVERY
    assert masters.newest.id == LocalMaster("old").id
    put(file, "new")
    clock.at = 2 * LOOK_EVERY
    assert ids(masters) == [LocalMaster("new").id]


def test_a_process_watches_the_file_it_was_given_and_takes_a_value_as_it_is(file: Path):
    by_file = Settings(demo=True, sealing_key="old", sealing_key_file=file)
    by_value = Settings(demo=True, sealing_key="new\nold")
    put(file, "newest\nold")
    assert ids(masters_of(by_file))[0] == LocalMaster("newest").id
    assert sealing_secrets(by_file) == ["newest", "old"]
    assert ids(masters_of(by_value)) == [LocalMaster("new").id, LocalMaster("old").id]
    assert sealing_secrets(by_value) == ["new", "old"]
