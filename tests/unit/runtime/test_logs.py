"""Only what is known to be harmless leaves a process, whoever logs it."""

import json
import logging
import subprocess
import sys

import pytest

from shared.runtime.logs import strangers_words

CANARY = "Canary Nightingale"
LOGGING = """
import asyncio, logging, structlog, threading
from shared.runtime.logs import start_logs
start_logs("intake", "debug")
CANARY = "Canary Nightingale"
log, strange = structlog.get_logger("ours"), logging.getLogger("theirs")

async def breaks():
    raise ValueError(CANARY)

async def main():
    asyncio.ensure_future(breaks())
    await asyncio.sleep(0.01)

asyncio.run(main())
try:
    raise ValueError(CANARY)
except ValueError as error:
    log.exception("request.broke")
    log.error("also broke", exc_info=True, name=CANARY, rows=3)
    strange.exception("Fetching %s failed", CANARY)
    strange.warning("Gave up: %s", error)
strange.info("HTTP Request: %s %s %d", "GET", CANARY, 200)
strange.info("%s and %s", CANARY)
threading.Thread(target=lambda: int(CANARY)).start()
class Ends:
    def __del__(self): int(CANARY)
Ends()
int(CANARY)
"""


def test_no_way_of_logging_repeats_what_somebody_wrote():
    done = subprocess.run([sys.executable, "-c", LOGGING], capture_output=True, text=True, check=False)
    assert CANARY not in done.stdout + done.stderr
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 11
    for left in ("Task exception was never retrieved", '"error": "ValueError"', "fields not logged: name",
                 r"Fetching \u2026 failed", "Gave up: ValueError", r"\u2026 \u2026 200",
                 "could not be written", "a thread ended", "broke unheard", "ended by an error"):  # fmt: skip
        assert left in done.stdout


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Traceback (most recent call):\n  File x\nSystemExit: Kafka is away", "SystemExit: Kafka is away"),
        (f"Traceback (most recent call):\n  File x\nValueError: {CANARY}", "ValueError"),
        ("Application startup failed. Exiting.", "Application startup failed. Exiting."),
    ],
)
def test_why_a_process_could_not_start_is_told_in_our_own_words_alone(said, left):
    record = logging.LogRecord("uvicorn.error", logging.ERROR, "x", 1, said, None, None)
    assert strangers_words(None, "", {"_record": record, "event": said})["event"] == left
