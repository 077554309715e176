"""The keys of tokens: they rotate while everything runs, and whatever becomes of their files lets nobody in."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from joserfc.errors import UnsupportedKeyOperationError

from shared.process import Service, run
from shared.runtime.settings import Settings
from shared.security import demo, signing
from shared.security.signing import HEARD_WITHIN, LOOK_AGAIN, PRIVATE, PUBLIC, KeyFile
from shared.security.tokens import LIFE, Tokens

DANA = demo.by_id(demo.DANA).actor
SID = UUID(int=9)


class Clock:
    at = 0.0

    def __call__(self) -> float:
        return self.at


def settings_of(folder: Path, *, signs: bool = True) -> Settings:
    return Settings(
        signing_secret="a secret of this test, long enough", sealing_key="x" * 32,
        signing_keys=folder / PRIVATE if signs else None, verifying_keys=folder / PUBLIC,
    )  # fmt: skip


def ids(path: Path) -> list[str]:
    return [key["kid"] for key in json.loads(path.read_text())["keys"]]


def test_the_private_half_is_its_owners_and_the_public_half_holds_no_secret(tmp_path):
    signing.ensure(tmp_path)
    assert (tmp_path / PRIVATE).stat().st_mode & 0o777 == 0o600
    assert ids(tmp_path / PRIVATE) == ids(tmp_path / PUBLIC)
    assert "d" in json.loads((tmp_path / PRIVATE).read_text())["keys"][0]
    assert "d" not in json.loads((tmp_path / PUBLIC).read_text())["keys"][0]


def test_making_them_again_changes_nothing(tmp_path):
    signing.ensure(tmp_path)
    before = (tmp_path / PRIVATE).read_bytes()
    signing.ensure(tmp_path)
    assert (tmp_path / PRIVATE).read_bytes() == before


async def test_a_key_rotates_and_no_token_stops_being_believed_before_its_time(tmp_path, monkeypatch):
    signing.ensure(tmp_path)
    [first] = ids(tmp_path / PUBLIC)
    at = 1_800_000_000.0
    monkeypatch.setattr(signing.time, "time", lambda: at)
    old = Tokens(settings_of(tmp_path), lambda: at).issue_for(DANA, SID)
    slept = []

    async def sleep(seconds: float) -> None:
        """All have read the new key by now, and nobody signs with it yet."""
        slept.append(seconds)
        assert ids(tmp_path / PRIVATE) == [first]
        assert len(ids(tmp_path / PUBLIC)) == 2

    second = await signing.rotate(tmp_path, LIFE, sleep)
    assert slept == [HEARD_WITHIN]
    assert ids(tmp_path / PRIVATE) == [second] != [first]
    reader = Tokens(settings_of(tmp_path, signs=False), lambda: at)
    new = Tokens(settings_of(tmp_path), lambda: at).issue_for(DANA, SID)
    assert reader.read(old).actor == reader.read(new).actor == DANA
    at += LIFE - 1
    assert reader.read(old).actor == DANA, "until its own end"
    at += 10
    forged_later = Tokens(settings_of(tmp_path, signs=False), lambda: at)
    assert forged_later._keys.known(first, at) is None, "a key that leaked is worth nothing from here on"
    assert forged_later._keys.known(second, at) is not None
    await signing.rotate(tmp_path, LIFE, sleep_not)
    assert first not in ids(tmp_path / PUBLIC), "the next rotation sweeps it away"


async def sleep_not(seconds: float) -> None:
    return None


async def test_a_rotation_that_was_ended_half_way_may_be_run_again(tmp_path):
    signing.ensure(tmp_path)

    async def killed(seconds: float) -> None:
        raise KeyboardInterrupt

    before = Tokens(settings_of(tmp_path)).issue_for(DANA, SID)
    with pytest.raises(KeyboardInterrupt):
        await signing.rotate(tmp_path, LIFE, killed)
    between = Tokens(settings_of(tmp_path)).issue_for(DANA, SID)
    await signing.rotate(tmp_path, LIFE, sleep_not)
    after = Tokens(settings_of(tmp_path)).issue_for(DANA, SID)
    reader = Tokens(settings_of(tmp_path, signs=False))
    assert [reader.read(token).actor for token in (before, between, after)] == [DANA] * 3


async def test_a_process_that_runs_reads_the_new_key_within_a_second_or_so(tmp_path):
    signing.ensure(tmp_path)
    clock = Clock()
    file = KeyFile(tmp_path / PUBLIC, clock)
    await signing.rotate(tmp_path, LIFE, sleep_not)
    assert len(file.keys()) == 1, "a request costs no look at the disk"
    clock.at += LOOK_AGAIN
    assert len(file.keys()) == 2


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "x"}]}'])
def test_a_file_that_is_gone_or_broken_changes_nobodys_keys(tmp_path, content):
    signing.ensure(tmp_path)
    clock = Clock()
    file = KeyFile(tmp_path / PUBLIC, clock)
    before = set(file.keys())
    if content is None:
        (tmp_path / PUBLIC).unlink()
    else:
        (tmp_path / PUBLIC).write_text(content)
    clock.at += LOOK_AGAIN
    assert set(file.keys()) == before
    with pytest.raises(SystemExit, match="no keys that can be read"):
        KeyFile(tmp_path / PUBLIC)


def test_a_stranger_with_the_public_half_signs_nothing(tmp_path):
    signing.ensure(tmp_path)
    thief = settings_of(tmp_path).model_copy(update={"signing_keys": tmp_path / PUBLIC})
    with pytest.raises(UnsupportedKeyOperationError):
        Tokens(thief).issue_for(DANA, SID)


def test_a_service_outside_the_demo_does_not_start_without_keys_to_verify_with(monkeypatch):
    for name in ("SIGNING_SECRET", "SEALING_KEY"):
        monkeypatch.setenv(f"THROUGHCARE_{name}", "a secret of this test, long enough")
    with pytest.raises(SystemExit, match="THROUGHCARE_VERIFYING_KEYS"):
        run(lambda settings: Service("intake", Path()))
