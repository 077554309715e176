"""What a network says by the way, gathered to be searched: its traces, its topics, what it tells an operator."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from shared.contracts.topics import TOPICS
from shared.messaging.kafka import reader
from tests.security.site import ROOT, Site, all_of

RUN = """
import os, sys
from importlib import import_module
from cli.__main__ import COMMANDS, main
lines = sys.stdin.read().splitlines()
for name in {line.split()[0] for line in lines}:
    import_module(COMMANDS[name])
for line in lines:
    print("$", line, flush=True)
    if child := os.fork():
        os.waitpid(child, 0)
    else:
        main(line.split())
        sys.stdout.flush()
        os._exit(0)
"""  # each in a process of its own, as commands are; what all of them import is imported once


@dataclass
class Collector(ThreadingHTTPServer):
    """Takes traces, as an OpenTelemetry collector does."""

    taken: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.taken.append(self.rfile.read(int(self.headers["content-length"])))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None: ...


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        collector.shutdown()
        collector.server_close()


async def everything_in_topics(site: Site, but: tuple[str, int, int]) -> dict[str, bytes]:
    """The bytes of every record, by topic: key, headers, value. But not of one, by its place."""
    consumer, found = reader(site.administrator), {}
    await consumer.start()
    try:
        for topic in TOPICS:
            parts = []
            for record in await all_of(consumer, topic.name):
                if (record.topic, record.partition, record.offset) != but:
                    named = [part for name, value in record.headers for part in (name.encode(), value or b"")]
                    parts += [record.key or b"", record.value or b"", *named]
            found[topic.name] = b"\n".join(parts)
    finally:
        await consumer.stop()
    return found


def on_the_command_line(site: Site, commands: Iterable[str]) -> str:
    """What an operator reads, of one command after the other."""
    access = site.network.kafka.access.environment()
    assert site.network.databases is not None
    site.ledger.folder.mkdir(exist_ok=True)  # nobody was erased yet, and a ledger that is not there stops a command
    given = {
        "THROUGHCARE_HOME": str(site.network.home),
        "THROUGHCARE_ERASURES": str(site.ledger.folder),
        "THROUGHCARE_ANCHORS": str(site.home / "anchors"),
        "THROUGHCARE_DATABASE": site.network.databases.url(None, site.database.name),
        "THROUGHCARE_KEYS": site.database.keys.url(),
    }
    done = subprocess.run(
        [sys.executable, "-P", "-c", RUN], input="\n".join(commands), capture_output=True, text=True, check=False,
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **access, **given},
    )  # fmt: skip
    return done.stdout + done.stderr
