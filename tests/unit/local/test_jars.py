"""The jars that run are exactly those that were locked, or none."""

import hashlib
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shared.local import jars
from shared.local.jars import Jar
from shared.local.trouble import Trouble

BODIES = {f"part-{n}": f"the code of part {n}".encode() * 50 for n in range(3)}
JARS = tuple(
    Jar("org.example", name, "1.0", hashlib.sha256(body).hexdigest(), len(body)) for name, body in BODIES.items()
)


class Repository(ThreadingHTTPServer):
    """Answers with `bodies`, by artifact; `cut` drops the connection half-way that many times first."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.bodies = dict(BODIES)
        self.cut = 0
        self.asked: list[str] = []


class _Answer(BaseHTTPRequestHandler):
    server: Repository

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.bodies.get(self.path.split("/")[-3])
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.cut:
            self.server.cut -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    server = Repository()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("THROUGHCARE_MAVEN", f"http://127.0.0.1:{server.server_port}/maven/")
    monkeypatch.setattr(jars, "read_lock", lambda: JARS)
    monkeypatch.setattr(jars, "PAUSE", 0.0)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


async def test_every_jar_is_fetched_once_and_found_in_the_cache_afterwards(repository: Repository, tmp_path: Path):
    told: list[tuple[int, int]] = []
    paths = await jars.ensure(tmp_path, lambda done, total: told.append((done, total)))
    assert [path.read_bytes() for path in paths] == list(BODIES.values())
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert await jars.ensure(tmp_path) == paths
    assert len(repository.asked) == 3
    assert repository.asked[0].startswith("/maven/org/example/part-")


async def test_a_connection_cut_half_way_is_tried_again(repository: Repository, tmp_path: Path):
    repository.cut = 2
    assert len(await jars.ensure(tmp_path)) == 3


async def test_a_download_that_is_always_cut_is_named_and_leaves_nothing(repository: Repository, tmp_path: Path):
    repository.cut = 99
    with pytest.raises(Trouble, match=r"Could not fetch org\.example:part-\d:1\.0: .*run the same command again"):
        await jars.ensure(tmp_path)
    assert os.listdir(tmp_path) == []  # noqa: PTH208


async def test_a_shorter_file_that_ends_cleanly_is_called_cut_short(repository: Repository, tmp_path: Path):
    repository.bodies["part-1"] = BODIES["part-1"][:-7]
    with pytest.raises(Trouble, match=r"part-1:1\.0: the download was cut short at 893 of 900 bytes"):
        await jars.ensure(tmp_path)


async def test_a_jar_with_another_sum_is_refused_at_once(repository: Repository, tmp_path: Path):
    repository.bodies = {"part-0": b"x" * len(BODIES["part-0"])}
    with pytest.raises(Trouble, match=r"Refused org\.example:part-0:1\.0: .* another SHA-256"):
        await jars.ensure(tmp_path)
    assert not (tmp_path / "part-0-1.0.jar").exists()


async def test_a_jar_changed_in_the_cache_is_named(repository: Repository, tmp_path: Path):
    await jars.ensure(tmp_path)
    changed = tmp_path / "part-2-1.0.jar"
    changed.write_bytes(changed.read_bytes()[:-1] + b"!")
    with pytest.raises(Trouble, match=rf"{changed} is not the org\.example:part-2:1\.0 .*delete that file"):
        await jars.ensure(tmp_path)


async def test_a_missing_jar_says_what_the_repository_answered(repository: Repository, tmp_path: Path):
    del repository.bodies["part-2"]
    with pytest.raises(Trouble, match=r"part-2:1\.0: the repository answered 404"):
        await jars.ensure(tmp_path)


async def test_a_repository_that_is_away_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(jars, "PAUSE", 0.0)
    monkeypatch.setenv("THROUGHCARE_MAVEN", "http://127.0.0.1:1")
    with pytest.raises(Trouble, match=r"Could not fetch .*the connection failed.*THROUGHCARE_MAVEN"):
        await jars.ensure(tmp_path)


def test_the_lock_names_46_jars_of_one_kafka():
    locked = jars.read_lock()
    assert len(locked) == 46
    assert {jar.version for jar in locked if jar.group == "org.apache.kafka"} == {"4.4.0"}
    assert all(len(jar.sha256) == 64 for jar in locked)


@pytest.mark.parametrize("line", ["a:b:c", "a:b:c zz 1", "a:b 00 1", "a:b:c 00 one"])
def test_a_damaged_lock_is_named_with_its_line(tmp_path: Path, line: str):
    path = tmp_path / "jars.lock"
    path.write_text(f"# comment\n\n{line}\n")
    with pytest.raises(Trouble, match=f"Line 3 of {path}"):
        jars.read_lock(path)


def test_a_missing_lock_says_how_to_get_it_back(tmp_path: Path):
    with pytest.raises(Trouble, match=r"git checkout -- jars\.lock"):
        jars.read_lock(tmp_path / "jars.lock")
