"""The lock of Kafka's jars says what it was made from, and is written the same way each time."""

from shared.local import jars, relock
from shared.local.jars import Jar


def test_the_lock_names_the_roots_it_was_made_from():
    roots = relock.roots_of(jars.LOCK)
    held = {f"{jar}" for jar in jars.read_lock()}
    assert roots
    assert set(roots) <= held


def test_writing_what_stands_in_the_lock_changes_nothing():
    text = relock.text_of(relock.roots_of(jars.LOCK), reversed(jars.read_lock()))
    assert text == jars.LOCK.read_text(encoding="utf-8")


def test_a_jar_that_two_roots_need_is_locked_once(tmp_path):
    jar = Jar("a.b", "c", "1", "00" * 32, 7)
    lock = tmp_path / "jars.lock"
    lock.write_text(relock.text_of(["a.b:c:1"], [jar, jar]))
    assert jars.read_lock(lock) == (jar,)
    assert relock.roots_of(lock) == ["a.b:c:1"]
