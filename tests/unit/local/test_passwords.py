"""A secret is made once, and only its owner reads it."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.local.passwords import Passwords
from shared.local.trouble import Trouble


def test_a_secret_stays_the_same_and_differs_from_every_other(tmp_path: Path):
    passwords = Passwords(tmp_path / "secrets")
    first = passwords.of("kafka.caseplan")
    assert Passwords(tmp_path / "secrets").of("kafka.caseplan") == first
    assert passwords.of("kafka.intake") != first
    assert len(first) >= 43


def test_only_the_owner_may_read_it(tmp_path: Path):
    path = Passwords(tmp_path / "secrets").path("signing")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [found.name for found in path.parent.iterdir()] == ["signing"]


def test_many_who_ask_at_once_agree_on_one_secret(tmp_path: Path):
    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(lambda _: Passwords(tmp_path).of("sealing"), range(40)))
    assert len(seen) == 1


def test_a_rotated_secret_takes_the_place_of_the_old_one(tmp_path: Path):
    passwords = Passwords(tmp_path)
    passwords.of("kafka.hope")
    passwords.keep("kafka.hope", "another")
    assert passwords.of("kafka.hope") == "another"
    passwords.forget("kafka.hope")
    assert passwords.of("kafka.hope") not in ("another", "")


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "A", "a b"])
def test_a_name_that_could_leave_the_folder_is_refused(tmp_path: Path, name: str):
    with pytest.raises(ValueError, match="can't name a secret"):
        Passwords(tmp_path).of(name)


def test_a_place_that_is_no_folder_is_one_sentence(tmp_path: Path):
    (tmp_path / "secrets").write_text("a file")
    with pytest.raises(Trouble, match="Could not write a secret into"):
        Passwords(tmp_path / "secrets").of("signing")
